//! Removing entries that groups may refer to: XDELEX, and XACKDEL, which acknowledges them first.
//!
//! What a removal means for groups is said by one of three words ([`References`]): with KEEPREF, the default, an
//! entry goes as with XDEL and stays on the groups' lists; with DELREF it goes from there, too; with ACKED it
//! goes only if no group needs it any more. So whoever is the last to acknowledge, removes.

use super::trim::references_of;
use super::{StreamId, strict_ids};
use crate::command::args::{Options, integer_in, is};
use crate::command::context::Context;
use crate::command::error::{self, Error, Result};
use crate::config::EventClasses;
use crate::resp::{Args, Reply};
use crate::store::Stream;
use crate::store::stream::{References, Removal};

/// What the arguments from `start` on ask for: `[KEEPREF|DELREF|ACKED] IDS numids id [id ...]`, in any order.
fn parse(args: Args<'_>, start: usize) -> Result<(References, Args<'_>)> {
    const NOT_POSITIVE: Error = Error::new("ERR Number of IDs must be a positive integer");
    let (mut references, mut ids) = (None, None);
    let mut options = Options::new(args, start);
    while let Some(option) = options.next() {
        match references_of(option) {
            Some(word) if references.is_none() => references = Some(word),
            None if is(option, "IDS") && options.left() > 0 => {
                let count = integer_in(options.value()?, 1, i64::MAX, NOT_POSITIVE)? as usize;
                if count > options.left() {
                    let text = "ERR The `numids` parameter must match the number of arguments";
                    return Err(Error::new(text));
                }
                ids = Some(options.take_many(count));
            }
            _ => return Err(error::SYNTAX),
        }
    }
    Ok((references.unwrap_or_default(), ids.ok_or(error::SYNTAX)?))
}

/// `XDELEX key [KEEPREF|DELREF|ACKED] IDS numids id [id ...]`
pub fn xdelex(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let is_there = ctx.write_as::<Stream>(args.at(1))?.is_some();
    let (references, ids) = parse(args, 2)?;
    if !is_there {
        reply_nothing(ids, reply);
        return Ok(());
    }
    remove_each(ctx, args.at(1), ids, reply, |stream, id| stream.remove(id, references))
}

/// `XACKDEL key group [KEEPREF|DELREF|ACKED] IDS numids id [id ...]`
pub fn xackdel(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (key, group) = (args.at(1), args.at(2));
    let stream = ctx.write_as::<Stream>(key)?;
    let is_there = stream.is_some_and(|stream| stream.group(group).is_some());
    let (references, ids) = parse(args, 3)?;
    if !is_there {
        reply_nothing(ids, reply);
        return Ok(());
    }
    remove_each(ctx, key, ids, reply, |stream, id| {
        stream.acknowledge_and_remove(group, id, references)
    })
}

/// Where there is nothing, there is nothing of any ID; not even whether they are IDs is looked at.
fn reply_nothing(ids: Args<'_>, reply: &mut Reply) {
    reply.array(ids.len());
    ids.iter().for_each(|_| reply.integer(-1));
}

/// Removes entries, and replies what came of each.
fn remove_each(
    ctx: &mut Context<'_>,
    key: &[u8],
    ids: Args<'_>,
    reply: &mut Reply,
    remove: impl Fn(&mut Stream, StreamId) -> Removal,
) -> Result {
    let ids = strict_ids(ids)?;
    let Some(stream) = ctx.write_as::<Stream>(key)? else { return Ok(()) };
    let (len, pending) = (stream.len(), stream.pending());
    reply.array(ids.len());
    for id in ids {
        reply.integer(match remove(stream, id) {
            Removal::Nothing => -1,
            Removal::Done => 1,
            Removal::Needed => 2,
        });
    }
    let (gone, forgotten) = (len - stream.len(), pending - stream.pending());
    if gone > 0 {
        ctx.modified(EventClasses::STREAM, "xdel", key);
        ctx.engine.dirty += gone as u64 - 1;
    }
    // What only groups knew of is a change as well, but none for those who watch the stream.
    ctx.engine.dirty += forgotten as u64;
    Ok(())
}
