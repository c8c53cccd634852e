//! Sorted sets, waiting: BZPOPMIN, BZPOPMAX and BZMPOP.
//!
//! Each does what its twin in [`pop`] does, as soon as there is something to take;
//! [`command::blocking`](crate::command::blocking) has what they share with lists.

use super::pop::{self, ScoreEnd};
use super::{Args, Context, Reply, Result, SortedSet};
use crate::command::blocking::{first_of, timeout, wait};
use crate::command::multi_pop::MultiPop;
use crate::engine::blocking::Awaited;

/// `BZPOPMIN key [key ...] timeout`
pub fn bzpopmin(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    pop_member(ctx, args, reply, ScoreEnd::Min)
}

/// `BZPOPMAX key [key ...] timeout`
pub fn bzpopmax(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    pop_member(ctx, args, reply, ScoreEnd::Max)
}

fn pop_member(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply, end: ScoreEnd) -> Result {
    let keys = args.from(1).first(args.len() - 2);
    let deadline = timeout(ctx, &args[args.len() - 1])?;
    let Some(place) = first_of::<SortedSet>(ctx, keys)? else {
        wait(ctx, Awaited::SortedSet, args, keys, deadline, reply);
        return Ok(());
    };
    pop::pop(ctx, keys.at(place), end, 1, pop::Shape::KeyAndOne, reply)?;
    ctx.propagate(&[end.command(), keys.at(place)]);
    Ok(())
}

/// `BZMPOP timeout numkeys key [key ...] <MIN|MAX> [COUNT count]`
pub fn bzmpop(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let MultiPop { keys, end, count } = MultiPop::parse(args, 2, ScoreEnd::parse)?;
    let deadline = timeout(ctx, &args[1])?;
    match first_of::<SortedSet>(ctx, keys)? {
        Some(place) => {
            pop::pop_first_of(ctx, keys.from(place).first(1), end, count, reply)?;
        }
        None => wait(ctx, Awaited::SortedSet, args, keys, deadline, reply),
    }
    Ok(())
}
