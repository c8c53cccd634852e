//! Hashes: fields and their values.
//!
//! Numbers are kept as texts, and are read and written as such by HINCRBY and HINCRBYFLOAT. The
//! journal gets the sum of the latter and not the summand, so that a copy need not add floats in
//! exactly the same way.

use std::collections::HashSet;

use super::args::integer;
use super::context::Context;
use super::error::{self, Error, Result};
use super::sampling::{self, Draws};
use crate::catalogue::row;
use crate::command::keys::scan::{ScanOptions, parse_cursor, reply_found, reply_nothing};
use crate::config::EventClasses;
use crate::number::{Digits, LongDouble, parse_i64};
use crate::resp::{Args, Protocol, Reply};
use crate::store::Hash;
use crate::store::packed::PackedLimits;

/// How large a hash may be in its packed form.
fn limits(ctx: &Context<'_>) -> PackedLimits {
    let config = &ctx.engine.config;
    PackedLimits {
        entries: config.hash_max_listpack_entries,
        value: config.hash_max_listpack_value,
    }
}

/// `HSET key field value [field value ...]`
pub fn hset(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let added = set_fields(ctx, args)?;
    reply.count(added);
    Ok(())
}

/// `HMSET key field value [field value ...]`
pub fn hmset(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    set_fields(ctx, args)?;
    reply.ok();
    Ok(())
}

/// Sets fields; returns how many are new.
fn set_fields(ctx: &mut Context<'_>, args: Args<'_>) -> Result<usize> {
    if args.len() % 2 == 1 {
        return Err(Error::arity(row(ctx.command).name));
    }
    let limits = limits(ctx);
    let hash: &mut Hash = ctx.write_or_create(&args[1])?;
    let mut added = 0;
    for field in (2..args.len()).step_by(2) {
        added += usize::from(hash.set(&args[field], &args[field + 1], limits));
    }
    ctx.modified(EventClasses::HASH, "hset", &args[1]);
    Ok(added)
}

/// `HSETNX key field value`
pub fn hsetnx(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let limits = limits(ctx);
    let hash: &mut Hash = ctx.write_or_create(&args[1])?;
    let added = !hash.contains(&args[2]);
    if added {
        hash.set(&args[2], &args[3], limits);
        ctx.modified(EventClasses::HASH, "hset", &args[1]);
    }
    reply.integer(added.into());
    Ok(())
}

/// `HGET key field`
pub fn hget(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let hash: Option<&Hash> = ctx.read_as(&args[1])?;
    reply.bulk_or_null(hash.and_then(|hash| hash.get(&args[2])));
    Ok(())
}

/// `HMGET key field [field ...]`
pub fn hmget(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let hash: Option<&Hash> = ctx.read_as(&args[1])?;
    reply.array(args.len() - 2);
    for field in args.iter().skip(2) {
        reply.bulk_or_null(hash.and_then(|hash| hash.get(field)));
    }
    Ok(())
}

/// `HDEL key field [field ...]`
pub fn hdel(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let mut removed = 0;
    if let Some(hash) = ctx.write_as::<Hash>(&args[1])? {
        removed = args.iter().skip(2).filter(|field| hash.remove(field)).count();
    }
    if removed > 0 {
        ctx.modified(EventClasses::HASH, "hdel", &args[1]);
        ctx.remove_if_gone::<Hash>(&args[1]);
    }
    reply.count(removed);
    Ok(())
}

/// `HLEN key`
pub fn hlen(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply.count(ctx.read_as::<Hash>(&args[1])?.map_or(0, Hash::len));
    Ok(())
}

/// `HSTRLEN key field`
pub fn hstrlen(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let hash: Option<&Hash> = ctx.read_as(&args[1])?;
    reply.count(hash.map_or(0, |hash| hash.value_len(&args[2])));
    Ok(())
}

/// `HEXISTS key field`
pub fn hexists(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let hash: Option<&Hash> = ctx.read_as(&args[1])?;
    reply.integer(hash.is_some_and(|hash| hash.contains(&args[2])).into());
    Ok(())
}

/// `HGETALL key`
pub fn hgetall(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let hash: Option<&Hash> = ctx.read_as(&args[1])?;
    reply.map(hash.map_or(0, Hash::len));
    reply.each(hash.into_iter().flatten(), |reply, (field, value)| {
        reply.bulk(field);
        reply.bulk(value);
    });
    Ok(())
}

/// `HKEYS key`
pub fn hkeys(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let hash: Option<&Hash> = ctx.read_as(&args[1])?;
    reply.array(hash.map_or(0, Hash::len));
    reply.each(hash.into_iter().flatten(), |reply, (field, _)| reply.bulk(field));
    Ok(())
}

/// `HVALS key`
pub fn hvals(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let hash: Option<&Hash> = ctx.read_as(&args[1])?;
    reply.array(hash.map_or(0, Hash::len));
    reply.each(hash.into_iter().flatten(), |reply, (_, value)| reply.bulk(value));
    Ok(())
}

/// `HINCRBY key field increment`
pub fn hincrby(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    const NO_INTEGER: Error = Error::new("ERR hash value is not an integer");
    let by = integer(&args[3])?;
    let limits = limits(ctx);
    let hash: &mut Hash = ctx.write_or_create(&args[1])?;
    let old = hash.get(&args[2]).map_or(Ok(0), |text| parse_i64(text).ok_or(NO_INTEGER))?;
    let sum = old.checked_add(by).ok_or(error::OVERFLOW)?;
    hash.set(&args[2], Digits::of(sum).as_bytes(), limits);
    ctx.modified(EventClasses::HASH, "hincrby", &args[1]);
    reply.integer(sum);
    Ok(())
}

/// `HINCRBYFLOAT key field amount`
pub fn hincrbyfloat(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    const NO_FLOAT: Error = Error::new("ERR hash value is not a float");
    let by = LongDouble::parse(&args[3]).ok_or(error::NOT_FLOAT)?;
    if by.is_infinite() {
        return Err(Error::new("ERR value is NaN or Infinity"));
    }
    let limits = limits(ctx);
    let hash: &mut Hash = ctx.write_or_create(&args[1])?;
    let old = hash.get(&args[2]).unwrap_or(b"0");
    let old = LongDouble::parse(old).ok_or(NO_FLOAT)?;
    let sum = old.checked_add(by).ok_or(error::NAN_OR_INFINITY)?.to_string();
    hash.set(&args[2], sum.as_bytes(), limits);
    ctx.modified(EventClasses::HASH, "hincrbyfloat", &args[1]);
    ctx.propagate(&[b"HSET", &args[1], &args[2], sum.as_bytes()]);
    reply.bulk(sum.as_bytes());
    Ok(())
}

/// `HRANDFIELD key [count [WITHVALUES]]`
pub fn hrandfield(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let mut random = sampling::generator(ctx);
    if args.len() == 2 {
        let hash: Option<&Hash> = ctx.read_as(&args[1])?;
        let drawn = hash.and_then(|hash| hash.random(&mut || random.next_u64()));
        reply.bulk_or_null(drawn.map(|(field, _)| field));
        return Ok(());
    }
    let (draws, with_values) = Draws::parse_with(args, "WITHVALUES")?;
    let Some(hash) = ctx.read_as::<Hash>(&args[1])? else {
        reply.array(0);
        return Ok(());
    };
    match draws {
        Draws::Any(count) => {
            pairs_header(reply, count, with_values);
            reply.each(0..count, |reply, _| {
                let drawn = hash.random(&mut || random.next_u64());
                drawn.into_iter().for_each(|pair| reply_pair(reply, pair, with_values));
            });
        }
        Draws::Different(count) if sampling::is_small_part(count, hash.len()) => {
            pairs_header(reply, count, with_values);
            let mut seen = HashSet::new();
            while seen.len() < count {
                let drawn = hash.random(&mut || random.next_u64());
                let new = drawn.filter(|(field, _)| seen.insert(*field));
                new.into_iter().for_each(|pair| reply_pair(reply, pair, with_values));
            }
        }
        Draws::Different(count) => {
            let count = count.min(hash.len());
            pairs_header(reply, count, with_values);
            let chosen = sampling::choose(hash.iter(), count, &mut random);
            reply.each(chosen, |reply, pair| reply_pair(reply, pair, with_values));
        }
    }
    Ok(())
}

/// Pairs stand one after the other in RESP2, and in arrays of their own in RESP3.
fn pairs_header(reply: &mut Reply, count: usize, with_values: bool) {
    let flat = with_values && reply.protocol == Protocol::Resp2;
    reply.array(if flat { 2 * count } else { count });
}

fn reply_pair(reply: &mut Reply, (field, value): (&[u8], &[u8]), with_values: bool) {
    if with_values && reply.protocol == Protocol::Resp3 {
        reply.array(2);
    }
    reply.bulk(field);
    if with_values {
        reply.bulk(value);
    }
}

/// `HSCAN key cursor [MATCH pattern] [COUNT count]`
pub fn hscan(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let cursor = parse_cursor(&args[2])?;
    let Some(hash) = ctx.read_as::<Hash>(&args[1])? else {
        reply_nothing(reply);
        return Ok(());
    };
    let options = ScanOptions::parse(args, 3, false)?;
    reply_found(reply, |reply| {
        let mut found = 0;
        let next = hash.scan(cursor, options.count, &mut |field, value| {
            if options.matches(field) {
                found += 2;
                reply.bulk(field);
                reply.bulk(value);
            }
        });
        (next, found)
    });
    Ok(())
}
