//! ZADD and ZINCRBY: giving members scores, under conditions.
//!
//! | condition | a new member | a member that is there                      |
//! |-----------|--------------|---------------------------------------------|
//! | NX        | added        | left alone                                  |
//! | XX        | not added    | updated                                     |
//! | GT        | added        | updated, unless the new score isn't greater |
//! | LT        | added        | updated, unless the new score isn't less    |
//!
//! INCR takes the score as what is added to the old one, and replies the sum, or null where a
//! condition forbids it. ZINCRBY is ZADD INCR: it even takes the conditions for ones.

use super::{Args, Context, EventClasses, Reply, Result, SortedSet, limits};
use crate::command::args::{Options, float, is};
use crate::command::error::{self, Error};
use crate::store::sorted_set::Inserted;

/// `ZADD key [NX|XX] [GT|LT] [CH] [INCR] score member [score member ...]`
pub fn zadd(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    add(ctx, args, Conditions::default(), reply)
}

/// `ZINCRBY key amount member`
pub fn zincrby(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    add(ctx, args, Conditions { incr: true, ..Conditions::default() }, reply)
}

#[derive(Default)]
struct Conditions {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
    /// Count updates, too.
    ch: bool,
    incr: bool,
}

fn add(
    ctx: &mut Context<'_>,
    args: Args<'_>,
    mut conditions: Conditions,
    reply: &mut Reply,
) -> Result {
    let pairs = conditions.parse(args)?;
    // All have to be right before anything changes. One, as is usual, needs no vector.
    let first = float(pairs.at(0))?;
    let others: Vec<f64> = pairs.iter().step_by(2).skip(1).map(float).collect::<Result<_>>()?;
    let key = args.at(1);
    let limits = limits(ctx);
    let (mut added, mut updated, mut sum) = (0, 0, None);
    if !conditions.xx || ctx.write_as::<SortedSet>(key)?.is_some() {
        let zset: &mut SortedSet = ctx.write_or_create(key)?;
        let scores = std::iter::once(first).chain(others);
        for (score, member) in scores.zip(pairs.iter().skip(1).step_by(2)) {
            let Some(score) = conditions.score(zset, member, score)? else { continue };
            sum = Some(score);
            match zset.insert(member, score, limits) {
                Inserted::Added => added += 1,
                Inserted::Updated(_) => updated += 1,
                Inserted::Same => {}
            }
        }
    }
    if added + updated > 0 {
        let event = if conditions.incr { "zincr" } else { "zadd" };
        ctx.modified(EventClasses::ZSET, event, key);
    }
    match sum {
        Some(sum) if conditions.incr => reply.double(sum),
        None if conditions.incr => reply.null(),
        _ if conditions.ch => reply.count(added + updated),
        _ => reply.count(added),
    }
    Ok(())
}

impl Conditions {
    /// Reads the conditions, and returns the scores and members that follow them.
    fn parse<'a>(&mut self, args: Args<'a>) -> Result<Args<'a>> {
        let mut options = Options::new(args, 2);
        while let Some(option) = options.peek() {
            match option {
                _ if is(option, "NX") => self.nx = true,
                _ if is(option, "XX") => self.xx = true,
                _ if is(option, "GT") => self.gt = true,
                _ if is(option, "LT") => self.lt = true,
                _ if is(option, "CH") => self.ch = true,
                _ if is(option, "INCR") => self.incr = true,
                _ => break,
            }
            options.next();
        }
        let pairs = options.rest();
        if pairs.len() == 0 || pairs.len() % 2 == 1 {
            return Err(error::SYNTAX);
        }
        if self.nx && self.xx {
            return Err(Error::new("ERR XX and NX options at the same time are not compatible"));
        }
        if self.nx && (self.gt || self.lt) || self.gt && self.lt {
            return Err(Error::new(
                "ERR GT, LT, and/or NX options at the same time are not compatible",
            ));
        }
        if self.incr && pairs.len() > 2 {
            return Err(Error::new("ERR INCR option supports a single increment-element pair"));
        }
        Ok(pairs)
    }

    /// The score that a member is to get, if it is to get one.
    fn score(&self, zset: &SortedSet, member: &[u8], score: f64) -> Result<Option<f64>> {
        if !(self.nx || self.xx || self.gt || self.lt || self.incr) {
            return Ok(Some(score)); // no need to look the member up
        }
        let Some(old) = zset.score(member) else { return Ok((!self.xx).then_some(score)) };
        let score = if self.incr { old + score } else { score };
        if self.nx {
            return Ok(None);
        }
        if score.is_nan() {
            return Err(Error::new("ERR resulting score is not a number (NaN)"));
        }
        let forbidden = self.gt && score <= old || self.lt && score >= old;
        Ok((!forbidden).then_some(score))
    }
}
