//! LMOVE and RPOPLPUSH: an element goes from the end of one list to an end of another, in one step.
//!
//! That makes a list a queue whose consumers lose nothing: what a consumer works on is in a second
//! list until it is done. Source and destination may be the same list, which then rotates.

use super::{end_argument, popped, pushed};
use crate::command::context::Context;
use crate::command::error::Result;
use crate::config::EventClasses;
use crate::resp::{Args, Reply};
use crate::store::list::End;
use crate::store::{Bytes, List};

/// `LMOVE source destination <LEFT|RIGHT> <LEFT|RIGHT>`
pub fn lmove(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (from, to) = (end_argument(&args[3])?, end_argument(&args[4])?);
    reply.bulk_or_null(move_element(ctx, &args[1], from, &args[2], to)?);
    Ok(())
}

/// `RPOPLPUSH source destination`
pub fn rpoplpush(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply.bulk_or_null(move_element(ctx, &args[1], End::Back, &args[2], End::Front)?);
    Ok(())
}

/// Moves one element and returns it; None if there is no source.
pub fn move_element(
    ctx: &mut Context<'_>,
    source: &[u8],
    from: End,
    destination: &[u8],
    to: End,
) -> Result<Option<Bytes>> {
    if ctx.write_as::<List>(source)?.is_none() {
        return Ok(None);
    }
    // Nothing may be taken before it is known that the destination will have it.
    ctx.write_as::<List>(destination)?;
    let Some(element) = ctx.write_as::<List>(source)?.and_then(|list| list.pop(from)) else {
        return Ok(None);
    };
    ctx.write_or_create::<List>(destination)?.push(to, &element);
    ctx.modified(EventClasses::LIST, pushed(to), destination);
    ctx.notify(EventClasses::LIST, popped(from), source);
    ctx.remove_if_gone::<List>(source);
    ctx.modified_quietly(source);
    Ok(Some(element))
}
