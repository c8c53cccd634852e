//! Taking members from one end: ZPOPMIN, ZPOPMAX and ZMPOP.
//!
//! Their blocking relatives wait until there is something, and then do just the same: [`pop`] and
//! [`pop_first_of`] serve them, too.

use super::{Args, Context, EventClasses, Reply, Result, SortedSet};
use crate::command::args::{count, is};
use crate::command::error;
use crate::command::multi_pop::MultiPop;
use crate::number::format_i64;
use crate::resp::Protocol;

/// The end to take from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreEnd {
    /// The lowest scores first.
    Min,
    /// The highest scores first.
    Max,
}

impl ScoreEnd {
    /// `MIN` or `MAX`.
    pub fn parse(word: &[u8]) -> Result<ScoreEnd> {
        match word {
            _ if is(word, "MIN") => Ok(ScoreEnd::Min),
            _ if is(word, "MAX") => Ok(ScoreEnd::Max),
            _ => Err(error::SYNTAX),
        }
    }

    /// The command that takes from this end.
    pub fn command(self) -> &'static [u8] {
        match self {
            ScoreEnd::Min => b"ZPOPMIN",
            ScoreEnd::Max => b"ZPOPMAX",
        }
    }

    fn event(self) -> &'static str {
        match self {
            ScoreEnd::Min => "zpopmin",
            ScoreEnd::Max => "zpopmax",
        }
    }
}

/// How the members are replied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `member score member score`: ZPOPMIN.
    Flat,
    /// `[member score] [member score]`: ZPOPMIN with a count, in RESP3.
    Pairs,
    /// `key member score`: BZPOPMIN.
    KeyAndOne,
    /// `key [[member score] [member score]]`: ZMPOP and BZMPOP.
    KeyAndPairs,
}

/// `ZPOPMIN key [count]`
pub fn zpopmin(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    pop_from_key(ctx, args, ScoreEnd::Min, reply)
}

/// `ZPOPMAX key [count]`
pub fn zpopmax(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    pop_from_key(ctx, args, ScoreEnd::Max, reply)
}

fn pop_from_key(ctx: &mut Context<'_>, args: Args<'_>, end: ScoreEnd, reply: &mut Reply) -> Result {
    let (wanted, shape) = match args.len() {
        2 => (1, Shape::Flat),
        3 if reply.protocol == Protocol::Resp3 => (count(&args[2])?, Shape::Pairs),
        3 => (count(&args[2])?, Shape::Flat),
        _ => return Err(error::SYNTAX),
    };
    if pop(ctx, &args[1], end, wanted, shape, reply)? == 0 {
        reply.array(0);
    }
    Ok(())
}

/// Takes up to `count` members from one end and replies them. Returns how many; if it is 0, for
/// want of a set or of a count, nothing is written.
pub fn pop(
    ctx: &mut Context<'_>,
    key: &[u8],
    end: ScoreEnd,
    count: usize,
    shape: Shape,
    reply: &mut Reply,
) -> Result<usize> {
    let Some(zset) = ctx.write_as::<SortedSet>(key)? else { return Ok(0) };
    let len = zset.len();
    let count = count.min(len);
    if count == 0 {
        return Ok(0);
    }
    match shape {
        Shape::Flat => reply.array(2 * count),
        Shape::Pairs => reply.array(count),
        Shape::KeyAndOne => {
            reply.array(3);
            reply.bulk(key);
        }
        Shape::KeyAndPairs => {
            reply.array(2);
            reply.bulk(key);
            reply.array(count);
        }
    }
    let each = |(member, score): (&[u8], f64)| {
        if matches!(shape, Shape::Pairs | Shape::KeyAndPairs) {
            reply.array(2);
        }
        reply.bulk(member);
        reply.double(score);
    };
    let ranks = match end {
        ScoreEnd::Min => 0..count,
        ScoreEnd::Max => len - count..len,
    };
    match end {
        ScoreEnd::Min => zset.range(ranks.clone()).for_each(each),
        ScoreEnd::Max => zset.range(ranks.clone()).rev().for_each(each),
    }
    if count < len {
        zset.remove_range(ranks);
    }
    ctx.modified(EventClasses::ZSET, end.event(), key);
    if count == len {
        // The whole value: freed where nobody waits for it.
        ctx.remove(key);
        ctx.notify(EventClasses::GENERIC, "del", key);
    }
    Ok(count)
}

/// Pops from the first key that has members; false if none has. The journal gets the command that
/// names this one key.
pub fn pop_first_of(
    ctx: &mut Context<'_>,
    keys: Args<'_>,
    end: ScoreEnd,
    count: usize,
    reply: &mut Reply,
) -> Result<bool> {
    for key in keys.iter() {
        let popped = pop(ctx, key, end, count, Shape::KeyAndPairs, reply)?;
        if popped > 0 {
            ctx.propagate(&[end.command(), key, format_i64(popped as i64).as_bytes()]);
            return Ok(true);
        }
    }
    Ok(false)
}

/// `ZMPOP numkeys key [key ...] <MIN|MAX> [COUNT count]`
pub fn zmpop(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let MultiPop { keys, end, count } = MultiPop::parse(args, 1, ScoreEnd::parse)?;
    if !pop_first_of(ctx, keys, end, count, reply)? {
        reply.null_array();
    }
    Ok(())
}
