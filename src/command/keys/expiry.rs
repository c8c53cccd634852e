//! Times to live: the ten expiry commands, and the time options that SET and GETEX share.

use crate::catalogue::{Command, row};
use crate::command::args::{Options, integer, is};
use crate::command::context::Context;
use crate::command::error::{self, Error, Result};
use crate::config::EventClasses;
use crate::number::Digits;
use crate::resp::{Args, Reply};

/// How a time argument is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds from now.
    Seconds,
    /// Milliseconds from now.
    Millis,
    /// Unix time in seconds.
    UnixSeconds,
    /// Unix time in milliseconds.
    UnixMillis,
}

impl Unit {
    /// The unit that an option of SET or GETEX names.
    pub fn of_option(word: &[u8]) -> Option<Unit> {
        let units = [
            ("EX", Unit::Seconds),
            ("PX", Unit::Millis),
            ("EXAT", Unit::UnixSeconds),
            ("PXAT", Unit::UnixMillis),
        ];
        units.into_iter().find(|(name, _)| is(word, name)).map(|(_, unit)| unit)
    }

    /// The moment in Unix milliseconds, or None if it can't be expressed.
    pub fn deadline(self, value: i64, now_ms: i64) -> Option<i64> {
        let millis = match self {
            Unit::Seconds | Unit::UnixSeconds => value.checked_mul(1000)?,
            Unit::Millis | Unit::UnixMillis => value,
        };
        match self {
            Unit::Seconds | Unit::Millis => millis.checked_add(now_ms),
            Unit::UnixSeconds | Unit::UnixMillis => Some(millis),
        }
    }
}

/// The deadline that a positive time argument of SET, SETEX or GETEX means.
pub fn positive_deadline(ctx: &Context<'_>, text: &[u8], unit: Unit) -> Result<i64> {
    let invalid = || Error::expire_time(row(ctx.command).name);
    let value = integer(text)?;
    if value <= 0 {
        return Err(invalid());
    }
    unit.deadline(value, ctx.now_ms).ok_or_else(invalid)
}

/// `EXPIRE key seconds [NX|XX|GT|LT]`
pub fn expire(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    set_expiry(ctx, args, reply, Unit::Seconds)
}

/// `PEXPIRE key milliseconds [NX|XX|GT|LT]`
pub fn pexpire(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    set_expiry(ctx, args, reply, Unit::Millis)
}

/// `EXPIREAT key unix-time-seconds [NX|XX|GT|LT]`
pub fn expireat(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    set_expiry(ctx, args, reply, Unit::UnixSeconds)
}

/// `PEXPIREAT key unix-time-milliseconds [NX|XX|GT|LT]`
pub fn pexpireat(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    set_expiry(ctx, args, reply, Unit::UnixMillis)
}

/// Under which conditions a deadline is set.
#[derive(Default)]
struct Conditions {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
}

impl Conditions {
    fn parse(args: Args<'_>) -> Result<Self> {
        let mut conditions = Conditions::default();
        let mut options = Options::new(args, 3);
        while let Some(option) = options.next() {
            match option {
                _ if is(option, "NX") => conditions.nx = true,
                _ if is(option, "XX") => conditions.xx = true,
                _ if is(option, "GT") => conditions.gt = true,
                _ if is(option, "LT") => conditions.lt = true,
                _ => {
                    let option = error::until_nul(option);
                    return Err(Error::text([b"ERR Unsupported option ", option].concat()));
                }
            }
        }
        let Conditions { nx, xx, gt, lt } = conditions;
        if nx && (xx || gt || lt) {
            return Err(Error::new(
                "ERR NX and XX, GT or LT options at the same time are not compatible",
            ));
        }
        if gt && lt {
            return Err(Error::new("ERR GT and LT options at the same time are not compatible"));
        }
        Ok(conditions)
    }

    /// A key without a deadline lives for ever: nothing is greater, everything is less.
    fn allow(&self, current: Option<i64>, deadline: i64) -> bool {
        !(self.nx && current.is_some()
            || self.xx && current.is_none()
            || self.gt && current.is_none_or(|current| deadline <= current)
            || self.lt && current.is_some_and(|current| deadline >= current))
    }
}

fn set_expiry(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply, unit: Unit) -> Result {
    let conditions = Conditions::parse(args)?;
    let value = integer(&args[2])?;
    let deadline = unit.deadline(value, ctx.now_ms);
    let deadline = deadline.ok_or_else(|| Error::expire_time(row(ctx.command).name))?;
    let key = &args[1];
    let Ok(slot) = ctx.find(key) else {
        reply.integer(0);
        return Ok(());
    };
    let current = ctx.keyspace().deadline(slot);
    if !conditions.allow(current, deadline) {
        reply.integer(0);
        return Ok(());
    }
    if deadline <= ctx.now_ms && ctx.deletes_past_deadlines() {
        ctx.remove(key);
        ctx.modified(EventClasses::GENERIC, "del", key);
        ctx.propagate(&[b"DEL", key]);
    } else {
        ctx.set_deadline(slot, deadline);
        ctx.modified(EventClasses::GENERIC, "expire", key);
        if ctx.command != Command::Pexpireat {
            let deadline = Digits::of(deadline);
            let effect: [&[u8]; 3] = [b"PEXPIREAT", key, deadline.as_bytes()];
            if args.len() == effect.len() {
                ctx.propagate(&effect);
            } else {
                // The conditions hold elsewhere, too.
                ctx.propagate(&effect.into_iter().chain(args.iter().skip(3)).collect::<Vec<_>>());
            }
        }
    }
    reply.integer(1);
    Ok(())
}

/// `PERSIST key`
pub fn persist(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let key = &args[1];
    let cleared = match ctx.find(key) {
        Ok(slot) => ctx.keyspace().clear_deadline(slot),
        Err(_) => false,
    };
    if cleared {
        ctx.modified(EventClasses::GENERIC, "persist", key);
    }
    reply.integer(cleared.into());
    Ok(())
}

/// `TTL key`
pub fn ttl(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply_deadline(ctx, args, reply, |at, now| ((at - now).max(0) + 500) / 1000)
}

/// `PTTL key`
pub fn pttl(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply_deadline(ctx, args, reply, |at, now| (at - now).max(0))
}

/// `EXPIRETIME key`
pub fn expiretime(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply_deadline(ctx, args, reply, |at, _| at.saturating_add(500) / 1000)
}

/// `PEXPIRETIME key`
pub fn pexpiretime(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply_deadline(ctx, args, reply, |at, _| at)
}

/// -2 for a missing key, -1 for one that stays, or what `show` makes of its deadline.
fn reply_deadline(
    ctx: &mut Context<'_>,
    args: Args<'_>,
    reply: &mut Reply,
    show: fn(i64, i64) -> i64,
) -> Result {
    if ctx.look(&args[1]).is_none() {
        reply.integer(-2);
        return Ok(());
    }
    let now = ctx.now_ms;
    let slot = ctx.keyspace().find(&args[1]).ok();
    let deadline = slot.and_then(|slot| ctx.keyspace().deadline(slot));
    reply.integer(deadline.map_or(-1, |at| show(at, now)));
    Ok(())
}
