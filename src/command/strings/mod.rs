//! Strings: set, get, and change in place.
//!
//! Counters are here too: a string that looks like an integer is one. The other files: [`many`] reads and
//! writes several keys at once, [`compare`] holds what depends on the old value, and LCS, which compares
//! two strings, has [`mod@lcs`] to itself.

pub mod compare;
pub mod lcs;
pub mod many;

use std::sync::Arc;

use super::args::{Options, integer, is, range};
use super::context::Context;
use super::error::{self, Error, Result};
use crate::command::keys::expiry::{Unit, positive_deadline};
use crate::config::EventClasses;
use crate::number::{Digits, LongDouble};
use crate::resp::{Args, Reply};
use crate::store::{Str, Value};
use compare::{Condition, Test};

/// `GET key`
pub fn get(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply_string(ctx.read_as(&args[1])?, reply);
    Ok(())
}

fn reply_string(value: Option<&Str>, reply: &mut Reply) {
    match value {
        Some(text) => text.with_bytes(|bytes| reply.bulk(bytes)),
        None => reply.null(),
    }
}

fn string(ctx: &mut Context<'_>, text: &[u8]) -> Value {
    Value::Str(ctx.engine.prepared.take(text).unwrap_or_else(|| Str::new(text)))
}

/// What the options of SET ask for.
#[derive(Default)]
struct SetOptions<'a> {
    only_new: bool,
    only_existing: bool,
    get: bool,
    condition: Option<Condition<'a>>,
    lifetime: Lifetime<'a>,
}

/// For how long a value is set: EX and its relatives, or KEEPTTL; for ever, if neither.
#[derive(Default)]
struct Lifetime<'a> {
    keep: bool,
    expiry: Option<(Unit, &'a [u8])>,
}

impl<'a> Lifetime<'a> {
    /// Takes an option that nobody else knows.
    fn take(&mut self, option: &[u8], options: &mut Options<'a>) -> Result {
        if is(option, "KEEPTTL") && self.expiry.is_none() {
            self.keep = true;
            return Ok(());
        }
        let unit = Unit::of_option(option).ok_or(error::SYNTAX)?;
        // The same unit may come twice, and the last one counts; two units may not.
        if self.keep || self.expiry.is_some_and(|(other, _)| other != unit) {
            return Err(error::SYNTAX);
        }
        self.expiry = Some((unit, options.value()?));
        Ok(())
    }

    /// The moment at which it ends, if it does.
    fn deadline(&self, ctx: &Context<'_>) -> Result<Option<i64>> {
        self.expiry.map(|(unit, text)| positive_deadline(ctx, text, unit)).transpose()
    }
}

impl<'a> SetOptions<'a> {
    fn parse(args: Args<'a>) -> Result<Self> {
        let mut set = SetOptions::default();
        let mut options = Options::new(args, 3);
        while let Some(option) = options.next() {
            let compares = set.condition.is_some();
            match option {
                _ if is(option, "NX") && !set.only_existing && !compares => set.only_new = true,
                _ if is(option, "XX") && !set.only_new && !compares => set.only_existing = true,
                _ if is(option, "GET") => set.get = true,
                _ => match Test::of_option(option) {
                    Some(test) if !compares && !set.only_new && !set.only_existing => {
                        set.condition = Some(Condition { test, with: options.value()? });
                    }
                    Some(_) => return Err(error::SYNTAX),
                    None => set.lifetime.take(option, &mut options)?,
                },
            }
        }
        Ok(set)
    }

    /// Whether the key is what the options want it to be.
    fn allow(&self, ctx: &mut Context<'_>, key: &[u8]) -> Result<bool> {
        if let Some(condition) = self.condition {
            return Ok(condition.holds_of(ctx, key)?.unwrap_or(condition.holds_of_nothing()));
        }
        let depends = self.only_new || self.only_existing;
        Ok(!depends || ctx.find(key).is_ok() == self.only_existing)
    }
}

/// `SET key value [NX|XX|IFEQ ifeq-value|IFNE ifne-value|IFDEQ ifdeq-digest|IFDNE ifdne-digest]
/// [GET] [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]`
pub fn set(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let options = if args.len() == 3 { SetOptions::default() } else { SetOptions::parse(args)? };
    let (key, value) = (args.at(1), args.at(2));
    let expiry = options.lifetime.deadline(ctx)?;
    if options.get {
        reply_string(ctx.read_as(key)?, reply);
    }
    if !options.allow(ctx, key)? {
        if !options.get {
            reply.null();
        }
        return Ok(());
    }
    if options.lifetime.keep {
        let stored = string(ctx, value);
        ctx.set_keeping_ttl(key, stored);
        ctx.modified(EventClasses::STRING, "set", key);
    } else {
        set_until(ctx, key, value, expiry);
    }
    if !options.get {
        reply.ok();
    }
    if expiry.is_none() && options.condition.is_some() {
        // That the condition was met is known now, also to a copy that can't compare.
        let keep: &[&[u8]] = if options.lifetime.keep { &[b"KEEPTTL"] } else { &[] };
        ctx.propagate(&[&[b"SET", key, value], keep].concat());
    } else if expiry.is_none() && options.get {
        let options = args.from(3).iter().filter(|option| !is(option, "GET"));
        let effect: Vec<&[u8]> = args.first(3).iter().chain(options).collect();
        ctx.propagate(&effect);
    }
    Ok(())
}

/// Sets a key that expires or doesn't. A relative time becomes an absolute one in the journal.
fn set_until(ctx: &mut Context<'_>, key: &[u8], value: &[u8], expiry: Option<i64>) {
    let stored = string(ctx, value);
    let slot = ctx.set(key, stored);
    ctx.modified(EventClasses::STRING, "set", key);
    if let Some(deadline) = expiry {
        ctx.set_deadline(slot, deadline);
        ctx.notify(EventClasses::GENERIC, "expire", key);
        ctx.propagate(&[b"SET", key, value, b"PXAT", Digits::of(deadline).as_bytes()]);
    }
}

/// `SETEX key seconds value`
pub fn setex(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    set_with_expiry(ctx, args, reply, Unit::Seconds)
}

/// `PSETEX key milliseconds value`
pub fn psetex(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    set_with_expiry(ctx, args, reply, Unit::Millis)
}

fn set_with_expiry(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply, unit: Unit) -> Result {
    let deadline = positive_deadline(ctx, &args[2], unit)?;
    set_until(ctx, &args[1], &args[3], Some(deadline));
    reply.ok();
    Ok(())
}

/// `SETNX key value`
pub fn setnx(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let key = args.at(1);
    let vacant = ctx.find(key).err();
    if let Some(vacant) = vacant {
        let value = string(ctx, &args[2]);
        ctx.add(vacant, key, value);
        ctx.modified(EventClasses::STRING, "set", key);
    }
    reply.integer(vacant.is_some().into());
    Ok(())
}

/// `GETSET key value`
pub fn getset(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let key = args.at(1);
    reply_string(ctx.read_as(key)?, reply);
    let value = string(ctx, &args[2]);
    ctx.set(key, value);
    ctx.modified(EventClasses::STRING, "set", key);
    ctx.propagate(&[b"SET", key, &args[2]]);
    Ok(())
}

/// `GETDEL key`
pub fn getdel(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let key = args.at(1);
    reply_string(ctx.read_as(key)?, reply);
    // On a replica, a key whose time is over shows nobody its value, but it can be removed.
    if ctx.remove(key) {
        ctx.modified(EventClasses::GENERIC, "del", key);
        ctx.propagate(&[b"DEL", key]);
    }
    Ok(())
}

/// `GETEX key [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT
/// unix-time-milliseconds|PERSIST]`
pub fn getex(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let key = args.at(1);
    let mut expiry: Option<(Unit, &[u8])> = None;
    let mut persist = false;
    let mut options = Options::new(args, 2);
    while let Some(option) = options.next() {
        match Unit::of_option(option) {
            Some(unit) if !persist && expiry.is_none_or(|(other, _)| other == unit) => {
                expiry = Some((unit, options.value()?));
            }
            None if is(option, "PERSIST") && expiry.is_none() => persist = true,
            _ => return Err(error::SYNTAX),
        }
    }
    let value: Option<&Str> = ctx.read_as(key)?;
    let exists = value.is_some();
    reply_string(value, reply);
    if !exists {
        // The time is checked only when there is a key to give it to.
        return Ok(());
    }
    let expiry = expiry.map(|(unit, text)| positive_deadline(ctx, text, unit)).transpose()?;
    let Ok(slot) = ctx.find(key) else { return Ok(()) };
    match expiry {
        Some(deadline) if deadline <= ctx.now_ms && ctx.deletes_past_deadlines() => {
            ctx.remove(key);
            ctx.modified(EventClasses::GENERIC, "del", key);
            ctx.propagate(&[b"DEL", key]);
        }
        Some(deadline) => {
            ctx.set_deadline(slot, deadline);
            ctx.modified(EventClasses::GENERIC, "expire", key);
            ctx.propagate(&[b"PEXPIREAT", key, Digits::of(deadline).as_bytes()]);
        }
        None if persist && ctx.keyspace().clear_deadline(slot) => {
            ctx.modified(EventClasses::GENERIC, "persist", key);
            ctx.propagate(&[b"PERSIST", key]);
        }
        None => {}
    }
    Ok(())
}

/// `APPEND key value`
pub fn append(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (key, tail) = (args.at(1), args.at(2));
    let len = match ctx.write_as::<Str>(key)?.map(|text| text.len()) {
        None => {
            ctx.set(key, Value::Str(Str::new(tail)));
            tail.len()
        }
        Some(len) => {
            ctx.check_string_length(len + tail.len())?;
            if let Some(text) = ctx.write_as::<Str>(key)? {
                text.raw().extend_from_slice(tail);
            }
            len + tail.len()
        }
    };
    ctx.modified(EventClasses::STRING, "append", key);
    reply.count(len);
    Ok(())
}

/// `STRLEN key`
pub fn strlen(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply.count(ctx.read_as::<Str>(&args[1])?.map_or(0, Str::len));
    Ok(())
}

/// `GETRANGE key start end`
///
/// `SUBSTR key start end`
pub fn getrange(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (start, end) = (integer(&args[2])?, integer(&args[3])?);
    match ctx.read_as::<Str>(&args[1])? {
        // Both from the end and in the wrong order: nothing, even where clamping would find some.
        Some(_) if start < 0 && end < 0 && start > end => reply.bulk(b""),
        Some(text) => text.with_bytes(|bytes| {
            let last = if end < 0 { end.saturating_add(bytes.len() as i64).max(0) } else { end };
            reply.bulk(&bytes[range(start, last, bytes.len())]);
        }),
        None => reply.bulk(b""),
    }
    Ok(())
}

/// `SETRANGE key offset value`
pub fn setrange(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (key, patch) = (args.at(1), args.at(3));
    let offset = integer(&args[2])?;
    if offset < 0 {
        return Err(Error::new("ERR offset is out of range"));
    }
    let len = ctx.write_as::<Str>(key)?.map(|text| text.len());
    if patch.is_empty() {
        reply.count(len.unwrap_or(0));
        return Ok(());
    }
    let offset = offset as usize;
    let end = offset.checked_add(patch.len()).ok_or(error::TOO_LONG)?;
    ctx.check_string_length(end)?;
    if len.is_none() {
        ctx.set(key, Value::Str(Str::Raw(Arc::new(Vec::new()))));
    }
    let mut len = 0;
    if let Some(text) = ctx.write_as::<Str>(key)? {
        let bytes = text.raw();
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        bytes[offset..end].copy_from_slice(patch);
        len = bytes.len();
    }
    ctx.modified(EventClasses::STRING, "setrange", key);
    reply.count(len);
    Ok(())
}

/// `INCR key`
pub fn incr(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    increment(ctx, &args[1], 1, reply)
}

/// `DECR key`
pub fn decr(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    increment(ctx, &args[1], -1, reply)
}

/// `INCRBY key increment`
pub fn incrby(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    increment(ctx, &args[1], integer(&args[2])?, reply)
}

/// `DECRBY key decrement`
pub fn decrby(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let decrement = integer(&args[2])?;
    let increment_by = decrement.checked_neg().ok_or(Error::new("ERR decrement would overflow"))?;
    increment(ctx, &args[1], increment_by, reply)
}

fn increment(ctx: &mut Context<'_>, key: &[u8], by: i64, reply: &mut Reply) -> Result {
    let value = match ctx.write_as::<Str>(key)? {
        Some(text) => {
            let value = text.integer().ok_or(error::NOT_INTEGER)?;
            let value = value.checked_add(by).ok_or(error::OVERFLOW)?;
            *text = Str::Int(value);
            value
        }
        None => {
            ctx.set(key, Value::Str(Str::Int(by)));
            by
        }
    };
    ctx.modified(EventClasses::STRING, "incrby", key);
    reply.integer(value);
    Ok(())
}

/// `INCRBYFLOAT key amount`
pub fn incrbyfloat(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let key = args.at(1);
    let value = ctx.write_as::<Str>(key)?.map(|text| text.with_bytes(LongDouble::parse));
    let value = value.unwrap_or_else(|| LongDouble::parse(b"0")).ok_or(error::NOT_FLOAT)?;
    let by = LongDouble::parse(&args[2]).ok_or(error::NOT_FLOAT)?;
    let sum = value.checked_add(by).ok_or(error::NAN_OR_INFINITY)?.to_string();
    ctx.replace(key, Value::Str(Str::text(sum.as_bytes())));
    ctx.modified(EventClasses::STRING, "incrbyfloat", key);
    ctx.propagate(&[b"SET", key, sum.as_bytes(), b"KEEPTTL"]);
    reply.bulk(sum.as_bytes());
    Ok(())
}
