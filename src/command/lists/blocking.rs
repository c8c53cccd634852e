//! Lists, waiting: BLPOP, BRPOP, BLMPOP, BLMOVE and BRPOPLPUSH.
//!
//! Each does what its twin does that doesn't wait, as soon as there is something to take;
//! [`command::blocking`](crate::command::blocking) has what they share with sorted sets.

use super::moving::move_element;
use super::{end_argument, pop_first_of, pop_one};
use crate::command::blocking::{first_of, timeout, wait};
use crate::command::context::Context;
use crate::command::error::Result;
use crate::command::multi_pop::MultiPop;
use crate::engine::blocking::Awaited;
use crate::engine::execution::Origin;
use crate::resp::{Args, Reply};
use crate::store::List;
use crate::store::list::End;
use crate::system::clock::Tick;

/// `BLPOP key [key ...] timeout`
pub fn blpop(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    pop_element(ctx, args, reply, End::Front, b"LPOP")
}

/// `BRPOP key [key ...] timeout`
pub fn brpop(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    pop_element(ctx, args, reply, End::Back, b"RPOP")
}

fn pop_element(
    ctx: &mut Context<'_>,
    args: Args<'_>,
    reply: &mut Reply,
    end: End,
    effect: &[u8],
) -> Result {
    let keys = args.from(1).first(args.len() - 2);
    let deadline = timeout(ctx, &args[args.len() - 1])?;
    let Some(place) = first_of::<List>(ctx, keys)? else {
        wait(ctx, Awaited::List, args, keys, deadline, reply);
        return Ok(());
    };
    let key = keys.at(place);
    reply.array(2);
    reply.bulk(key);
    reply.bulk_or_null(pop_one(ctx, key, end)?);
    ctx.propagate(&[effect, key]);
    Ok(())
}

/// `BLMPOP timeout numkeys key [key ...] <LEFT|RIGHT> [COUNT count]`
pub fn blmpop(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let MultiPop { keys, end, count } = MultiPop::parse(args, 2, end_argument)?;
    let deadline = timeout(ctx, &args[1])?;
    match first_of::<List>(ctx, keys)? {
        Some(place) => {
            pop_first_of(ctx, keys.from(place).first(1), end, count, reply)?;
        }
        None => wait(ctx, Awaited::List, args, keys, deadline, reply),
    }
    Ok(())
}

/// `BLMOVE source destination <LEFT|RIGHT> <LEFT|RIGHT> timeout`
pub fn blmove(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (from, to) = (end_argument(&args[3])?, end_argument(&args[4])?);
    if move_or_wait(ctx, args, from, to, timeout(ctx, &args[5])?, reply)? {
        // Redis keeps the client's spelling unless it has waited; so do we, byte for byte.
        let (from, to) = match ctx.origin {
            Origin::Unblocked => (side(from), side(to)),
            _ => (args.at(3), args.at(4)),
        };
        ctx.propagate(&[b"LMOVE", args.at(1), args.at(2), from, to]);
    }
    Ok(())
}

fn side(end: End) -> &'static [u8] {
    match end {
        End::Front => b"left",
        End::Back => b"right",
    }
}

/// `BRPOPLPUSH source destination timeout`
pub fn brpoplpush(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    if move_or_wait(ctx, args, End::Back, End::Front, timeout(ctx, &args[3])?, reply)? {
        ctx.propagate(&[b"RPOPLPUSH", args.at(1), args.at(2)]);
    }
    Ok(())
}

/// True: an element was moved.
fn move_or_wait(
    ctx: &mut Context<'_>,
    args: Args<'_>,
    from: End,
    to: End,
    deadline: Option<Tick>,
    reply: &mut Reply,
) -> Result<bool> {
    let source = args.from(1).first(1);
    if first_of::<List>(ctx, source)?.is_none() {
        if !ctx.block_on(Awaited::List, args, source, deadline) {
            reply.null();
        }
        return Ok(false);
    }
    reply.bulk_or_null(move_element(ctx, args.at(1), from, args.at(2), to)?);
    Ok(true)
}
