//! ZRANGE, in all its forms.
//!
//! Since Redis 6.2 one command does what took eight: BYSCORE, BYLEX and REV are options, and the
//! old commands fix some of them. Here they are all one function, [`select`], which is told what
//! is fixed. Whatever the range is, it comes down to a range of ranks, of which the length is
//! known before the first member is written.

use std::ops::Range;

use super::bounds::{By, Selection};
use super::{Args, Context, Reply, Result, SortedSet, limits, members_header, reply_member, store};
use crate::command::args::{Options, is};
use crate::command::error::{self, Error};
use crate::store::sorted_set::page;

/// `ZRANGE key from to [BYSCORE|BYLEX] [REV] [LIMIT offset count] [WITHSCORES]`
pub fn zrange(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    select(ctx, args, Fixed { by: None, reverse: None }, reply)
}

/// `ZREVRANGE key start stop [WITHSCORES]`
pub fn zrevrange(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    select(ctx, args, Fixed { by: Some(By::Rank), reverse: Some(true) }, reply)
}

/// `ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]`
pub fn zrangebyscore(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    select(ctx, args, Fixed { by: Some(By::Score), reverse: Some(false) }, reply)
}

/// `ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count]`
pub fn zrevrangebyscore(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    select(ctx, args, Fixed { by: Some(By::Score), reverse: Some(true) }, reply)
}

/// `ZRANGEBYLEX key min-member max-member [LIMIT offset count]`
pub fn zrangebylex(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    select(ctx, args, Fixed { by: Some(By::Lex), reverse: Some(false) }, reply)
}

/// `ZREVRANGEBYLEX key max-member min-member [LIMIT offset count]`
pub fn zrevrangebylex(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    select(ctx, args, Fixed { by: Some(By::Lex), reverse: Some(true) }, reply)
}

/// What the command's name has decided already.
struct Fixed {
    by: Option<By>,
    reverse: Option<bool>,
}

/// A range as it was asked for.
struct Query<'a> {
    selection: Selection<'a>,
    reverse: bool,
    /// Offset and count; a negative count means all.
    limit: Option<(i64, i64)>,
    with_scores: bool,
}

impl<'a> Query<'a> {
    /// Parses `min max [option ...]`, which begin at argument `start`.
    fn parse(args: Args<'a>, start: usize, fixed: Fixed, storing: bool) -> Result<Self> {
        let Fixed { mut by, mut reverse } = fixed;
        let (mut with_scores, mut limit) = (false, None);
        let mut options = Options::new(args, start + 2);
        while let Some(option) = options.next() {
            match option {
                _ if is(option, "WITHSCORES") && !storing => with_scores = true,
                _ if is(option, "LIMIT") && options.left() >= 2 => {
                    limit = Some((options.integer()?, options.integer()?));
                }
                _ if is(option, "REV") && reverse.is_none() => reverse = Some(true),
                _ if is(option, "BYLEX") && by.is_none() => by = Some(By::Lex),
                _ if is(option, "BYSCORE") && by.is_none() => by = Some(By::Score),
                _ => return Err(error::SYNTAX),
            }
        }
        let by = by.unwrap_or(By::Rank);
        let reverse = reverse.unwrap_or(false);
        // A count of -1 is the same as no limit, and passes for that.
        if by == By::Rank && limit.is_some_and(|(_, count)| count != -1) {
            return Err(Error::new(
                "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or \
                 BYLEX",
            ));
        }
        if with_scores && by == By::Lex {
            return Err(Error::new(
                "ERR syntax error, WITHSCORES not supported in combination with BYLEX",
            ));
        }
        let (mut min, mut max) = (args.at(start), args.at(start + 1));
        if reverse && by != By::Rank {
            std::mem::swap(&mut min, &mut max); // written with the higher one first
        }
        let limit = limit.filter(|_| by != By::Rank);
        Ok(Query { selection: Selection::parse(by, min, max)?, reverse, limit, with_scores })
    }

    fn ranks(&self, zset: &SortedSet) -> Range<usize> {
        let ranks = self.selection.ranks(zset, self.reverse);
        match self.limit {
            None => ranks,
            Some((..0, _)) => 0..0,
            Some((offset, count)) => {
                let count = usize::try_from(count).unwrap_or(usize::MAX);
                page(ranks, self.reverse, offset as usize, count)
            }
        }
    }
}

fn select(ctx: &mut Context<'_>, args: Args<'_>, fixed: Fixed, reply: &mut Reply) -> Result {
    let query = Query::parse(args, 2, fixed, false)?;
    let Some(zset) = ctx.read_as::<SortedSet>(&args[1])? else {
        reply.array(0);
        return Ok(());
    };
    let ranks = query.ranks(zset);
    members_header(reply, ranks.len(), query.with_scores);
    let each = |reply: &mut Reply, (member, score): (&[u8], f64)| {
        reply_member(reply, member, score, query.with_scores);
    };
    if query.reverse {
        reply.each(zset.range(ranks).rev(), each);
    } else {
        reply.each(zset.range(ranks), each);
    }
    Ok(())
}

/// `ZRANGESTORE destination source from to [BYSCORE|BYLEX] [REV] [LIMIT offset count]`
pub fn zrangestore(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let query = Query::parse(args, 3, Fixed { by: None, reverse: None }, true)?;
    let mut limits = limits(ctx);
    let mut result = SortedSet::new();
    if let Some(zset) = ctx.read_as::<SortedSet>(&args[2])? {
        let ranks = query.ranks(zset);
        if matches!(query.selection, Selection::Ranks(..)) && ranks.len() > limits.entries {
            // Indexed from the first member on. Other ranges Redis begins packed even if they turn
            // out to be long, which shows: a packed set has no -0.
            limits.entries = 0;
        }
        for (member, score) in zset.range(ranks) {
            result.insert(member, score, limits);
        }
    }
    store(ctx, &args[1], result, "zrangestore", reply);
    Ok(())
}

/// `ZCOUNT key min max`
pub fn zcount(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    count(ctx, args, By::Score, reply)
}

/// `ZLEXCOUNT key min-member max-member`
pub fn zlexcount(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    count(ctx, args, By::Lex, reply)
}

fn count(ctx: &mut Context<'_>, args: Args<'_>, by: By, reply: &mut Reply) -> Result {
    let selection = Selection::parse(by, args.at(2), args.at(3))?;
    let zset: Option<&SortedSet> = ctx.read_as(&args[1])?;
    reply.count(zset.map_or(0, |zset| selection.ranks(zset, false).len()));
    Ok(())
}
