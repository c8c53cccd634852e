//! Hashes: fields and their values.
//!
//! Numbers are kept as texts, and are read and written as such by HINCRBY and HINCRBYFLOAT. The
//! journal gets the sum of the latter and not the summand, so that a copy need not add floats in
//! exactly the same way.
//!
//! | file          | holds                                                                    |
//! |---------------|--------------------------------------------------------------------------|
//! | this          | the commands of Redis 7.0                                                |
//! | [`expiry`]    | when fields expire: HEXPIRE, HTTL and their relatives                    |
//! | [`combined`]  | values and times in one: HGETDEL, HGETEX, HSETEX                         |
//! | [`lifetime`]  | what becomes of a field whose time is over, and how hashes are changed   |

pub mod combined;
pub mod expiry;
mod lifetime;

use std::borrow::Cow;
use std::collections::HashSet;

use super::args::integer;
use super::context::Context;
use super::error::{self, Error, Result};
use super::sampling::{self, Draws};
use crate::catalogue::{Command, row};
use crate::command::keys::scan::{ScanOptions, parse_cursor, reply_found, reply_nothing};
use crate::config::EventClasses;
use crate::number::{Digits, LongDouble, parse_i64};
use crate::resp::{Args, Protocol, Reply};
use crate::store::Hash;
use crate::store::hash::is_over;
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

/// Sets fields, which ends their times to live; returns how many are new.
fn set_fields(ctx: &mut Context<'_>, args: Args<'_>) -> Result<usize> {
    if args.len() % 2 == 1 {
        return Err(Error::arity(row(ctx.command).name));
    }
    let limits = limits(ctx);
    let added = ctx.change_or_create_hash(&args[1], |hash| {
        let pairs = (2..args.len()).step_by(2);
        pairs.filter(|field| hash.set(&args[*field], &args[field + 1], limits)).count()
    })?;
    ctx.modified(EventClasses::HASH, "hset", &args[1]);
    Ok(added)
}

/// `HSETNX key field value`
pub fn hsetnx(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (limits, clock) = (limits(ctx), ctx.field_clock());
    ctx.forget_expired(&args[1], [&args[2]]);
    let added = ctx.change_or_create_hash(&args[1], |hash| {
        let is_vacant = hash.get_live(&args[2], clock).is_none();
        if is_vacant {
            hash.set(&args[2], &args[3], limits);
        }
        is_vacant
    })?;
    if added {
        ctx.modified(EventClasses::HASH, "hset", &args[1]);
    }
    reply.integer(added.into());
    Ok(())
}

/// `HGET key field`
pub fn hget(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply.bulk_or_null(read_field(ctx, args)?);
    Ok(())
}

/// The value of the field that the request names.
fn read_field<'c>(ctx: &'c mut Context<'_>, args: Args<'_>) -> Result<Option<&'c [u8]>> {
    ctx.forget_expired(&args[1], [&args[2]]);
    let clock = ctx.field_clock();
    let hash: Option<&Hash> = ctx.read_as(&args[1])?;
    Ok(hash.and_then(|hash| hash.get_live(&args[2], clock)))
}

/// `HMGET key field [field ...]`
pub fn hmget(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    ctx.forget_expired(&args[1], args.iter().skip(2));
    let clock = ctx.field_clock();
    let hash: Option<&Hash> = ctx.read_as(&args[1])?;
    reply.array(args.len() - 2);
    for field in args.iter().skip(2) {
        reply.bulk_or_null(hash.and_then(|hash| hash.get_live(field, clock)));
    }
    Ok(())
}

/// `HDEL key field [field ...]`
pub fn hdel(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let removed = ctx.change_hash(&args[1], |hash| {
        args.iter().skip(2).filter(|field| hash.remove(field)).count()
    })?;
    let removed = removed.unwrap_or(0);
    if removed > 0 {
        ctx.fields_deleted(&args[1]);
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
    reply.count(read_field(ctx, args)?.map_or(0, <[u8]>::len));
    Ok(())
}

/// `HEXISTS key field`
pub fn hexists(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply.integer(read_field(ctx, args)?.is_some().into());
    Ok(())
}

/// `HGETALL key`
pub fn hgetall(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let clock = ctx.field_clock();
    let hash: Option<&Hash> = ctx.read_as(&args[1])?;
    reply.map(hash.map_or(0, |hash| hash.live_len(clock)));
    reply.each(hash.iter().flat_map(|hash| hash.live(clock)), |reply, (field, value)| {
        reply.bulk(field);
        reply.bulk(value);
    });
    Ok(())
}

/// `HKEYS key`
pub fn hkeys(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let clock = ctx.field_clock();
    let hash: Option<&Hash> = ctx.read_as(&args[1])?;
    reply.array(hash.map_or(0, |hash| hash.live_len(clock)));
    let pairs = hash.iter().flat_map(|hash| hash.live(clock));
    reply.each(pairs, |reply, (field, _)| reply.bulk(field));
    Ok(())
}

/// `HVALS key`
pub fn hvals(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let clock = ctx.field_clock();
    let hash: Option<&Hash> = ctx.read_as(&args[1])?;
    reply.array(hash.map_or(0, |hash| hash.live_len(clock)));
    let pairs = hash.iter().flat_map(|hash| hash.live(clock));
    reply.each(pairs, |reply, (_, value)| reply.bulk(value));
    Ok(())
}

/// `HINCRBY key field increment`
pub fn hincrby(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    const NO_INTEGER: Error = Error::new("ERR hash value is not an integer");
    let by = integer(&args[3])?;
    let (sum, _) = add(ctx, args, |old| {
        let old = old.map_or(Ok(0), |text| parse_i64(text).ok_or(NO_INTEGER))?;
        let sum = old.checked_add(by).ok_or(error::OVERFLOW)?;
        Ok((sum, Digits::of(sum)))
    })?;
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
    let (sum, expires) = add(ctx, args, |old| {
        let old = LongDouble::parse(old.unwrap_or(b"0")).ok_or(NO_FLOAT)?;
        let sum = old.checked_add(by).ok_or(error::NAN_OR_INFINITY)?.to_string();
        Ok((sum.clone(), sum.into_bytes()))
    })?;
    let (key, field, sum) = (&args[1], &args[2], sum.as_bytes());
    ctx.modified(EventClasses::HASH, "hincrbyfloat", key);
    if expires {
        ctx.propagate(&[b"HSETEX", key, b"KEEPTTL", b"FIELDS", b"1", field, sum]);
    } else {
        ctx.propagate(&[b"HSET", key, field, sum]); // which any version understands
    }
    reply.bulk(sum);
    Ok(())
}

/// Replaces the value of a field by what `sum` makes of it; a time to live stays. Returns the sum, and whether
/// the field expires.
fn add<T, Text: AsRef<[u8]>>(
    ctx: &mut Context<'_>,
    args: Args<'_>,
    sum: impl FnOnce(Option<&[u8]>) -> Result<(T, Text)>,
) -> Result<(T, bool)> {
    let (key, field) = (&args[1], &args[2]);
    let (limits, clock) = (limits(ctx), ctx.field_clock());
    ctx.forget_expired(key, [field]);
    ctx.change_or_create_hash(key, |hash| {
        let old = hash.get_live(field, clock);
        let is_live = old.is_some();
        let (sum, text) = sum(old)?;
        if is_live {
            hash.set_keeping_expiry(field, text.as_ref(), limits);
        } else {
            hash.set(field, text.as_ref(), limits);
        }
        Ok((sum, hash.expiry_of(field).is_some()))
    })?
}

/// `HRANDFIELD key [count [WITHVALUES]]`
pub fn hrandfield(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let mut random = sampling::generator(ctx);
    let clock = ctx.field_clock();
    if args.len() == 2 {
        ctx.forget_all_expired(&args[1]);
        let hash = ctx.read_as(&args[1])?.map(|hash| live_part(hash, clock));
        let drawn = hash.as_ref().and_then(|hash| hash.random(&mut || random.next_u64()));
        reply.bulk_or_null(drawn.map(|(field, _)| field));
        return Ok(());
    }
    let (draws, with_values) = Draws::parse_with(args, "WITHVALUES")?;
    ctx.forget_all_expired(&args[1]);
    let hash = ctx.read_as(&args[1])?.map(|hash| live_part(hash, clock));
    let Some(hash) = hash.filter(|hash| !hash.is_empty()) else {
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

/// A hash without the fields whose time is over, which a replica may not remove: a copy, in which they are.
fn live_part(hash: &Hash, clock: i64) -> Cow<'_, Hash> {
    if !is_over(hash.next_expiry(), clock) {
        return Cow::Borrowed(hash);
    }
    let mut live = hash.clone();
    while live.remove_due(clock).is_some() {}
    Cow::Owned(live)
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

/// `HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]`
pub fn hscan(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let compat = ctx.compat();
    let cursor = parse_cursor(&args[2], compat)?;
    let clock = ctx.field_clock();
    let Some(hash) = ctx.read_as::<Hash>(&args[1])? else {
        reply_nothing(reply);
        return Ok(());
    };
    let options = ScanOptions::parse(args, 3, Command::Hscan, compat)?;
    reply_found(reply, |reply| {
        let mut found = 0;
        let next = hash.scan(cursor, options.count, &mut |(field, value, expiry)| {
            if options.matches(field) && !is_over(expiry, clock) {
                found += 1;
                reply.bulk(field);
                if !options.no_values {
                    found += 1;
                    reply.bulk(value);
                }
            }
        });
        (next, found)
    });
    Ok(())
}
