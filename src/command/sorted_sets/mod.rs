//! Sorted sets: members in the order of their scores.
//!
//! | file        | commands                                                                 |
//! |-------------|--------------------------------------------------------------------------|
//! | here        | one member, one number: ZSCORE, ZRANK, ZCARD, ..., and drawing at random |
//! | [`add`]     | ZADD and ZINCRBY                                                         |
//! | [`bounds`]  | what a range is: of ranks, of scores, of members                         |
//! | [`range`]   | ZRANGE and the seven commands that it replaces, ZRANGESTORE, ZCOUNT      |
//! | [`remove`]  | ZREM and ZREMRANGEBY...                                                  |
//! | [`pop`]     | ZPOPMIN, ZPOPMAX, ZMPOP                                                  |
//! | [`algebra`] | union, intersection, difference                                          |
//! | [`blocking`] | BZPOPMIN, BZPOPMAX, BZMPOP: the same, once there is something           |
//!
//! Members with their scores are one flat array in RESP2 and an array of pairs in RESP3, where the
//! scores are doubles.

pub mod add;
pub mod algebra;
pub mod blocking;
pub mod bounds;
pub mod pop;
pub mod range;
pub mod remove;

use super::args::is;
use super::context::Context;
use super::error::{self, Error, Result};
use super::sampling::{self, Draws};
use crate::catalogue::{Command, row};
use crate::command::keys::scan::{ScanOptions, parse_cursor, reply_found, reply_nothing};
use crate::config::EventClasses;
use crate::number::format_f64;
use crate::resp::{Args, Protocol, Reply};
use crate::store::packed::PackedLimits;
use crate::store::value::Kind;
use crate::store::{SortedSet, Value};

/// How large a sorted set may be in its packed form.
fn limits(ctx: &Context<'_>) -> PackedLimits {
    let config = &ctx.engine.config;
    PackedLimits {
        entries: config.zset_max_listpack_entries,
        value: config.zset_max_listpack_value,
    }
}

/// Begins an array of members, with or without their scores.
fn members_header(reply: &mut Reply, count: usize, with_scores: bool) {
    let flat = with_scores && reply.protocol == Protocol::Resp2;
    reply.array(if flat { 2 * count } else { count });
}

/// Writes one of them.
fn reply_member(reply: &mut Reply, member: &[u8], score: f64, with_scores: bool) {
    if with_scores && reply.protocol == Protocol::Resp3 {
        reply.array(2);
    }
    reply.bulk(member);
    if with_scores {
        reply.double(score);
    }
}

/// Stores a result, which replaces whatever was there. An empty one removes the key.
fn store(ctx: &mut Context<'_>, key: &[u8], result: SortedSet, event: &str, reply: &mut Reply) {
    reply.count(result.len());
    if !result.is_empty() {
        ctx.set(key, result.into_value());
        ctx.modified(EventClasses::ZSET, event, key);
    } else if ctx.remove(key) {
        ctx.modified(EventClasses::GENERIC, "del", key);
    }
}

/// `ZCARD key`
pub fn zcard(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply.count(ctx.read_as::<SortedSet>(&args[1])?.map_or(0, SortedSet::len));
    Ok(())
}

/// `ZSCORE key member`
pub fn zscore(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let zset: Option<&SortedSet> = ctx.read_as(&args[1])?;
    reply_score(reply, zset.and_then(|zset| zset.score(&args[2])));
    Ok(())
}

/// `ZMSCORE key member [member ...]`
pub fn zmscore(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let zset: Option<&SortedSet> = ctx.read_as(&args[1])?;
    reply.array(args.len() - 2);
    for member in args.iter().skip(2) {
        reply_score(reply, zset.and_then(|zset| zset.score(member)));
    }
    Ok(())
}

fn reply_score(reply: &mut Reply, score: Option<f64>) {
    match score {
        Some(score) => reply.double(score),
        None => reply.null(),
    }
}

/// `ZRANK key member [WITHSCORE]`
pub fn zrank(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    rank(ctx, args, false, reply)
}

/// `ZREVRANK key member [WITHSCORE]`
pub fn zrevrank(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    rank(ctx, args, true, reply)
}

fn rank(ctx: &mut Context<'_>, args: Args<'_>, reverse: bool, reply: &mut Reply) -> Result {
    let with_score = match args.get(3) {
        _ if args.len() > 4 => return Err(Error::arity(row(ctx.command).name)),
        Some(option) if !is(option, "WITHSCORE") => return Err(error::SYNTAX),
        option => option.is_some(),
    };
    let zset: Option<&SortedSet> = ctx.read_as(&args[1])?;
    let found = zset.and_then(|zset| Some((zset, zset.rank(&args[2], reverse)?)));
    match found {
        Some((zset, rank)) if with_score => {
            reply.array(2);
            reply.count(rank);
            reply.double(zset.score(&args[2]).unwrap_or_default());
        }
        Some((_, rank)) => reply.count(rank),
        None if with_score => reply.null_array(),
        None => reply.null(),
    }
    Ok(())
}

/// `ZRANDMEMBER key [count [WITHSCORES]]`
pub fn zrandmember(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let mut random = sampling::generator(ctx);
    let mut random = || random.next_u64();
    if args.len() == 2 {
        let zset: Option<&SortedSet> = ctx.read_as(&args[1])?;
        let drawn = zset.and_then(|zset| zset.random(&mut random));
        reply.bulk_or_null(drawn.map(|(member, _)| member));
        return Ok(());
    }
    let (draws, with_scores) = Draws::parse_with(args, "WITHSCORES")?;
    let Some(zset) = ctx.read_as::<SortedSet>(&args[1])? else {
        reply.array(0);
        return Ok(());
    };
    match draws {
        Draws::Any(count) => {
            members_header(reply, count, with_scores);
            reply.each(0..count, |reply, _| {
                let drawn = zset.random(&mut random);
                drawn.into_iter().for_each(|(m, score)| reply_member(reply, m, score, with_scores));
            });
        }
        Draws::Different(count) => {
            let drawn = zset.sample(count, &mut random);
            members_header(reply, drawn.len(), with_scores);
            reply.each(drawn, |reply, (m, score)| reply_member(reply, m, score, with_scores));
        }
    }
    Ok(())
}

/// `ZSCAN key cursor [MATCH pattern] [COUNT count] [NOSCORES]`
pub fn zscan(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let compat = ctx.compat();
    let cursor = parse_cursor(&args[2], compat)?;
    let Some(zset) = ctx.read_as::<SortedSet>(&args[1])? else {
        reply_nothing(reply);
        return Ok(());
    };
    let options = ScanOptions::parse(args, 3, Command::Zscan, compat)?;
    let packed = zset.encoding() == "listpack";
    reply_found(reply, |reply| {
        let mut found = 0;
        let next = zset.scan(cursor, options.count, &mut |member, score| {
            if options.matches(member) {
                found += 1;
                reply.bulk(member);
                if !options.no_values {
                    found += 1;
                    reply_scanned_score(reply, score, packed);
                }
            }
        });
        (next, found)
    });
    Ok(())
}

/// Scores of a scan are texts even in RESP3. Redis shows them as it has stored them: a listpack
/// holds whole numbers as integers, of which no digit is replaced by an exponent.
fn reply_scanned_score(reply: &mut Reply, score: f64, packed: bool) {
    const LARGEST: f64 = (1u64 << 62) as f64;
    if packed && score.trunc() == score && score.abs() <= LARGEST {
        reply.bulk_integer(score as i64);
    } else if packed {
        reply.bulk_double(score);
    } else {
        reply.bulk(format_f64(score).as_bytes()); // written out anew, by Redis 8.2, too
    }
}
