//! Lists: push and pop at both ends, read and change what is between.
//!
//! The work at the ends is written as functions that know no reply format of their own
//! ([`pop_one`], [`pop_many`], [`pop_first_of`] and, in [`moving`], `move_element`), because each serves
//! two commands: one that answers at once, and one that waits when there is nothing yet ([`blocking`]).
//!
//! A list that has lost its last element goes away as a key; there is no empty list. What a
//! command does to a list is told first (`lpop`), that the key is gone is told after it (`del`).

pub mod blocking;
pub mod moving;

use super::args::{Options, count, integer, is, range};
use super::context::Context;
use super::error::{self, Error, Result};
use super::multi_pop::MultiPop;
use crate::config::EventClasses;
use crate::number::format_i64;
use crate::resp::{Args, Reply};
use crate::store::list::End;
use crate::store::{Bytes, Element, List};

/// `LPUSH key element [element ...]`
pub fn lpush(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    push(ctx, args, reply, End::Front, true)
}

/// `RPUSH key element [element ...]`
pub fn rpush(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    push(ctx, args, reply, End::Back, true)
}

/// `LPUSHX key element [element ...]`
pub fn lpushx(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    push(ctx, args, reply, End::Front, false)
}

/// `RPUSHX key element [element ...]`
pub fn rpushx(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    push(ctx, args, reply, End::Back, false)
}

fn push(
    ctx: &mut Context<'_>,
    args: Args<'_>,
    reply: &mut Reply,
    end: End,
    create: bool,
) -> Result {
    let key = args.at(1);
    if !create && ctx.write_as::<List>(key)?.is_none() {
        reply.integer(0);
        return Ok(());
    }
    let list = ctx.write_or_create::<List>(key)?;
    args.iter().skip(2).for_each(|element| list.push(end, element));
    reply.count(list.len());
    ctx.modified(EventClasses::LIST, pushed(end), key);
    Ok(())
}

/// The event of a push.
pub fn pushed(end: End) -> &'static str {
    match end {
        End::Front => "lpush",
        End::Back => "rpush",
    }
}

/// The event of a pop.
pub fn popped(end: End) -> &'static str {
    match end {
        End::Front => "lpop",
        End::Back => "rpop",
    }
}

/// `LEFT` or `RIGHT`.
pub fn end_argument(word: &[u8]) -> Result<End> {
    match word {
        word if is(word, "LEFT") => Ok(End::Front),
        word if is(word, "RIGHT") => Ok(End::Back),
        _ => Err(error::SYNTAX),
    }
}

/// `LPOP key [count]`
pub fn lpop(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    pop(ctx, args, reply, End::Front)
}

/// `RPOP key [count]`
pub fn rpop(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    pop(ctx, args, reply, End::Back)
}

fn pop(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply, end: End) -> Result {
    match args.len() {
        2 => reply.bulk_or_null(pop_one(ctx, &args[1], end)?),
        3 => {
            if pop_many(ctx, &args[1], end, count(&args[2])?, reply)?.is_none() {
                reply.null_array();
            }
        }
        _ => return Err(Error::arity(crate::catalogue::row(ctx.command).name)),
    }
    Ok(())
}

/// Takes the element at an end; None if there is no list.
pub fn pop_one(ctx: &mut Context<'_>, key: &[u8], end: End) -> Result<Option<Bytes>> {
    let Some(element) = ctx.write_as::<List>(key)?.and_then(|list| list.pop(end)) else {
        return Ok(None);
    };
    ctx.modified(EventClasses::LIST, popped(end), key);
    ctx.remove_if_gone::<List>(key);
    Ok(Some(element))
}

/// Takes up to `count` elements from an end, and writes them as an array. Returns how many; None,
/// and nothing written, if there is no list.
pub fn pop_many(
    ctx: &mut Context<'_>,
    key: &[u8],
    end: End,
    count: usize,
    reply: &mut Reply,
) -> Result<Option<usize>> {
    let Some(list) = ctx.write_as::<List>(key)? else { return Ok(None) };
    let len = list.len();
    let count = count.min(len);
    reply.array(count);
    if count == 0 {
        return Ok(Some(0));
    }
    match end {
        End::Front => {
            list.range(0..count).for_each(|each| each.with_bytes(|text| reply.bulk(text)));
            list.trim(count..len);
        }
        End::Back => {
            let popped = list.iter_back().take(count);
            popped.for_each(|each| each.with_bytes(|text| reply.bulk(text)));
            list.trim(0..len - count);
        }
    }
    ctx.modified(EventClasses::LIST, popped(end), key);
    ctx.remove_if_gone::<List>(key);
    Ok(Some(count))
}

/// Takes up to `count` elements from the first of several lists that exists, and writes the key
/// and the elements. False, and nothing written, if none exists. The effect is an LPOP or RPOP.
pub fn pop_first_of(
    ctx: &mut Context<'_>,
    keys: Args<'_>,
    end: End,
    count: usize,
    reply: &mut Reply,
) -> Result<bool> {
    for key in keys.iter() {
        if ctx.write_as::<List>(key)?.is_none() {
            continue;
        }
        reply.array(2);
        reply.bulk(key);
        let popped = pop_many(ctx, key, end, count, reply)?.unwrap_or(0);
        let command = if end == End::Front { b"LPOP" } else { b"RPOP" };
        ctx.propagate(&[command, key, format_i64(popped as i64).as_bytes()]);
        return Ok(true);
    }
    Ok(false)
}

/// `LMPOP numkeys key [key ...] <LEFT|RIGHT> [COUNT count]`
pub fn lmpop(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let MultiPop { keys, end, count } = MultiPop::parse(args, 1, end_argument)?;
    if !pop_first_of(ctx, keys, end, count, reply)? {
        reply.null_array();
    }
    Ok(())
}

/// `LLEN key`
pub fn llen(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply.count(ctx.read_as::<List>(&args[1])?.map_or(0, List::len));
    Ok(())
}

/// `LRANGE key start stop`
pub fn lrange(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (start, stop) = (integer(&args[2])?, integer(&args[3])?);
    let Some(list) = ctx.read_as::<List>(&args[1])? else {
        reply.array(0);
        return Ok(());
    };
    let range = range(start, stop, list.len());
    reply.array(range.len());
    reply.each(list.range(range), |reply, each| each.with_bytes(|text| reply.bulk(text)));
    Ok(())
}

/// The place of the element that `index` means, counted from the end if negative. It may lie
/// behind the last one, but never before the first.
fn place(index: i64, len: usize) -> Option<usize> {
    let index = if index < 0 { index.checked_add(len as i64)? } else { index };
    usize::try_from(index).ok()
}

/// `LINDEX key index`
pub fn lindex(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let Some(list) = ctx.read_as::<List>(&args[1])? else {
        reply.null();
        return Ok(());
    };
    let index = integer(&args[2])?;
    match place(index, list.len()).and_then(|index| list.get(index)) {
        Some(element) => element.with_bytes(|text| reply.bulk(text)),
        None => reply.null(),
    }
    Ok(())
}

/// `LSET key index element`
pub fn lset(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let key = args.at(1);
    let list = ctx.write_as::<List>(key)?.ok_or(error::NO_SUCH_KEY)?;
    let index = integer(&args[2])?;
    if !place(index, list.len()).is_some_and(|index| list.set(index, &args[3])) {
        return Err(error::INDEX_OUT_OF_RANGE);
    }
    ctx.modified(EventClasses::LIST, "lset", key);
    reply.ok();
    Ok(())
}

/// `LINSERT key <BEFORE|AFTER> pivot element`
pub fn linsert(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let key = args.at(1);
    let behind = match args.at(2) {
        word if is(word, "BEFORE") => 0,
        word if is(word, "AFTER") => 1,
        _ => return Err(error::SYNTAX),
    };
    let Some(list) = ctx.write_as::<List>(key)? else {
        reply.integer(0);
        return Ok(());
    };
    let Some(pivot) = list.find(&args[3]) else {
        reply.integer(-1);
        return Ok(());
    };
    list.insert(pivot + behind, &args[4]);
    reply.count(list.len());
    ctx.modified(EventClasses::LIST, "linsert", key);
    Ok(())
}

/// `LREM key count element`
pub fn lrem(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let key = args.at(1);
    let count = integer(&args[2])?;
    if count == i64::MIN && ctx.compat().checks_all_arguments() {
        return Err(error::NOT_BELOW_MIN);
    }
    let nearest = if count < 0 { End::Back } else { End::Front };
    let limit = if count == 0 { usize::MAX } else { count.unsigned_abs() as usize };
    let list = ctx.write_as::<List>(key)?;
    let removed = list.map_or(0, |list| list.remove_equal(&args[3], limit, nearest));
    if removed > 0 {
        ctx.modified(EventClasses::LIST, "lrem", key);
        ctx.remove_if_gone::<List>(key);
    }
    reply.count(removed);
    Ok(())
}

/// `LTRIM key start stop`
pub fn ltrim(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let key = args.at(1);
    let (start, stop) = (integer(&args[2])?, integer(&args[3])?);
    let Some(list) = ctx.write_as::<List>(key)? else {
        reply.ok();
        return Ok(());
    };
    let len = list.len();
    let keep = range(start, stop, len);
    let nothing_goes = keep.len() == len;
    list.trim(keep);
    ctx.modified(EventClasses::LIST, "ltrim", key);
    if nothing_goes {
        // The event is published all the same, as Redis does.
        ctx.propagate_nothing();
    }
    ctx.remove_if_gone::<List>(key);
    reply.ok();
    Ok(())
}

/// `LPOS key element [RANK rank] [COUNT num-matches] [MAXLEN len]`
pub fn lpos(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (mut rank, mut wanted, mut maxlen) = (1, None, 0);
    let mut options = Options::new(args, 3);
    while let Some(option) = options.next() {
        match option {
            _ if is(option, "RANK") => {
                rank = options.integer()?;
                if rank == 0 {
                    return Err(RANK_ZERO);
                }
            }
            _ if is(option, "COUNT") => {
                wanted = Some(not_negative(options.value()?, "ERR COUNT can't be negative")?);
            }
            _ if is(option, "MAXLEN") => {
                maxlen = not_negative(options.value()?, "ERR MAXLEN can't be negative")?;
            }
            _ => return Err(error::SYNTAX),
        }
    }
    let unlimited = |limit: usize| if limit == 0 { usize::MAX } else { limit };
    let limit = wanted.map_or(1, unlimited);
    let element = args.at(2);
    let list = ctx.read_as::<List>(&args[1])?;
    let places = list.map(|list| places(list, element, rank, limit, unlimited(maxlen)));
    let places = places.unwrap_or_default();
    if wanted.is_some() {
        reply.array(places.len());
        places.iter().for_each(|place| reply.count(*place));
    } else {
        match places.first() {
            Some(place) => reply.count(*place),
            None => reply.null(),
        }
    }
    Ok(())
}

const RANK_ZERO: Error = Error::new(
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use \
     negative to start from the end of the list",
);

fn not_negative(text: &[u8], message: &'static str) -> Result<usize> {
    count(text).map_err(|_| Error::new(message))
}

/// The places of `element`, beginning with match number `rank` (negative: from the back), among
/// the first `maxlen` elements on that way.
fn places(list: &List, element: &[u8], rank: i64, limit: usize, maxlen: usize) -> Vec<usize> {
    let skip = rank.unsigned_abs() as usize - 1;
    let element = Element::of(element);
    let matches = |(place, each)| (each == element).then_some(place);
    if rank > 0 {
        let looked_at = list.iter().enumerate().take(maxlen);
        looked_at.filter_map(matches).skip(skip).take(limit).collect()
    } else {
        let looked_at = (0..list.len()).rev().zip(list.iter_back()).take(maxlen);
        looked_at.filter_map(matches).skip(skip).take(limit).collect()
    }
}
