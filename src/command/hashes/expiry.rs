//! When fields of a hash expire: HEXPIRE and HTTL, each in four forms, and HPERSIST.
//!
//! All of them end in `FIELDS numfields field [field ...]` and answer for each of the fields, whether there is a
//! hash or not. A time is not negative, and at most [`MAX_EXPIRY`]; one that has passed deletes the field at
//! once. [`FieldList`] and [`parse_time`] serve HGETEX and its like as well.

use crate::catalogue::{Command, row};
use crate::command::args::{integer, is};
use crate::command::context::Context;
use crate::command::error::{Error, Result};
use crate::command::keys::expiry::Unit;
use crate::config::EventClasses;
use crate::number::{Digits, parse_i64};
use crate::resp::{Args, Reply};
use crate::store::Hash;
use crate::store::hash::{MAX_EXPIRY, is_over};

/// What is answered for a field that isn't there.
const NO_FIELD: i64 = -2;
/// For one that doesn't expire.
const NO_TIME: i64 = -1;
/// For one whose condition isn't met.
const UNCHANGED: i64 = 0;
/// For one that has got its time.
const SET: i64 = 1;
/// For one that was deleted, since its time is over.
const DELETED: i64 = 2;

/// The fields at the end of a request.
pub(super) struct FieldList<'a>(pub(super) Args<'a>);

impl<'a> FieldList<'a> {
    /// `FIELDS numfields field [field ...]`, from argument `start` to the last.
    pub(super) fn parse(args: Args<'a>, start: usize, wrong_number: Error) -> Result<Self> {
        if !args.get(start).is_some_and(|word| is(word, "FIELDS")) {
            return Err(Error::new(
                "ERR Mandatory argument FIELDS is missing or not at the right position",
            ));
        }
        let number = args.get(start + 1).and_then(parse_i64).filter(|number| *number > 0);
        let number = number.ok_or(wrong_number)?;
        let fields = args.from(args.len().min(start + 2));
        if fields.len() as i64 != number {
            return Err(Error::new(
                "ERR The `numfields` parameter must match the number of arguments",
            ));
        }
        Ok(FieldList(fields))
    }

    /// The fields, in the order of the request.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.0.iter()
    }
}

/// The error of most commands whose number of fields is none.
pub(super) const NOT_POSITIVE: Error =
    Error::new("ERR Number of fields must be a positive integer");

/// A time argument, as a moment in Unix milliseconds.
pub(super) fn parse_time(ctx: &Context<'_>, text: &[u8], unit: Unit) -> Result<i64> {
    let value = integer(text)?;
    if value < 0 {
        return Err(Error::new("ERR invalid expire time, must be >= 0"));
    }
    let at = unit.deadline(value, ctx.now_ms).filter(|at| *at <= MAX_EXPIRY);
    at.ok_or_else(|| Error::expire_time(row(ctx.command).name))
}

/// `HEXPIRE key seconds [NX|XX|GT|LT] FIELDS numfields field [field ...]`
pub fn hexpire(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    set_expiry(ctx, args, reply, Unit::Seconds)
}

/// `HPEXPIRE key milliseconds [NX|XX|GT|LT] FIELDS numfields field [field ...]`
pub fn hpexpire(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    set_expiry(ctx, args, reply, Unit::Millis)
}

/// `HEXPIREAT key unix-time-seconds [NX|XX|GT|LT] FIELDS numfields field [field ...]`
pub fn hexpireat(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    set_expiry(ctx, args, reply, Unit::UnixSeconds)
}

/// `HPEXPIREAT key unix-time-milliseconds [NX|XX|GT|LT] FIELDS numfields field [field ...]`
pub fn hpexpireat(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    set_expiry(ctx, args, reply, Unit::UnixMillis)
}

/// Under which condition a field gets a time.
#[derive(Clone, Copy)]
enum Condition {
    None,
    Nx,
    Xx,
    Gt,
    Lt,
}

impl Condition {
    fn parse(text: &[u8]) -> Self {
        match text {
            _ if is(text, "NX") => Condition::Nx,
            _ if is(text, "XX") => Condition::Xx,
            _ if is(text, "GT") => Condition::Gt,
            _ if is(text, "LT") => Condition::Lt,
            _ => Condition::None,
        }
    }

    /// A field without a time stays for ever: nothing is greater, everything is less.
    fn allows(self, current: Option<i64>, at: i64) -> bool {
        match self {
            Condition::None => true,
            Condition::Nx => current.is_none(),
            Condition::Xx => current.is_some(),
            Condition::Gt => current.is_some_and(|current| at > current),
            Condition::Lt => current.is_none_or(|current| at < current),
        }
    }
}

fn set_expiry(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply, unit: Unit) -> Result {
    const TOO_FEW: Error = Error::new("ERR Parameter `numFields` should be greater than 0");
    let key = &args[1];
    ctx.find_as::<Hash>(key)?;
    let at = parse_time(ctx, &args[2], unit)?;
    let condition = Condition::parse(&args[3]);
    let start = 3 + usize::from(!matches!(condition, Condition::None));
    let fields = FieldList::parse(args, start, TOO_FEW)?;
    let deletes = at <= ctx.now_ms && ctx.deletes_past_deadlines();
    let answers = change_each(ctx, key, &fields, |hash, field| match hash.expiry_of(field) {
        _ if !hash.contains(field) => NO_FIELD,
        current if !condition.allows(current, at) => UNCHANGED,
        _ if deletes => {
            hash.remove(field);
            DELETED
        }
        _ => {
            hash.set_expiry(field, at);
            SET
        }
    })?;
    let changed: Vec<&[u8]> = fields
        .iter()
        .zip(&answers)
        .filter(|(_, answer)| matches!(**answer, SET | DELETED))
        .map(|(field, _)| field)
        .collect();
    if !changed.is_empty() && deletes {
        ctx.fields_deleted(key);
        propagate_deletion(ctx, key, changed.iter().copied());
    } else if !changed.is_empty() {
        ctx.modified(EventClasses::HASH, "hexpire", key);
        if ctx.command != Command::Hpexpireat || changed.len() < fields.0.len() {
            let condition = (start > 3).then(|| args.at(3));
            propagate_expiry(ctx, key, at, condition, args.at(start), &changed);
        }
    }
    reply_each(&answers, reply);
    Ok(())
}

/// HPEXPIREAT, with the words of the request.
pub(super) fn propagate_expiry(
    ctx: &mut Context<'_>,
    key: &[u8],
    at: i64,
    condition: Option<&[u8]>,
    fields_word: &[u8],
    fields: &[&[u8]],
) {
    let (at, number) = (Digits::of(at), Digits::of(fields.len() as i64));
    let mut effect: Vec<&[u8]> = vec![b"HPEXPIREAT", key, at.as_bytes()];
    effect.extend(condition);
    effect.extend([fields_word, number.as_bytes()]);
    effect.extend(fields);
    ctx.propagate(&effect);
}

/// One HDEL for each field, as Redis writes it.
pub(super) fn propagate_deletion<'a>(
    ctx: &mut Context<'_>,
    key: &[u8],
    fields: impl Iterator<Item = &'a [u8]>,
) {
    ctx.propagate_nothing();
    fields.for_each(|field| ctx.propagate(&[b"HDEL", key, field]));
}

/// Changes fields one by one, and collects what became of them.
fn change_each(
    ctx: &mut Context<'_>,
    key: &[u8],
    fields: &FieldList<'_>,
    mut change: impl FnMut(&mut Hash, &[u8]) -> i64,
) -> Result<Vec<i64>> {
    let answers = ctx.change_hash(key, |hash| {
        fields.iter().map(|field| change(hash, field)).collect::<Vec<_>>()
    })?;
    Ok(answers.unwrap_or_else(|| vec![NO_FIELD; fields.0.len()]))
}

fn reply_each(answers: &[i64], reply: &mut Reply) {
    reply.array(answers.len());
    answers.iter().for_each(|answer| reply.integer(*answer));
}

/// `HPERSIST key FIELDS numfields field [field ...]`
pub fn hpersist(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let key = &args[1];
    ctx.find_as::<Hash>(key)?;
    let fields = FieldList::parse(args, 2, NOT_POSITIVE)?;
    let clock = ctx.field_clock();
    let answers = change_each(ctx, key, &fields, |hash, field| {
        if hash.get_live(field, clock).is_none() {
            NO_FIELD
        } else if hash.clear_expiry(field) {
            SET
        } else {
            NO_TIME
        }
    })?;
    if answers.contains(&SET) {
        ctx.modified(EventClasses::HASH, "hpersist", key);
    }
    reply_each(&answers, reply);
    Ok(())
}

/// `HTTL key FIELDS numfields field [field ...]`
pub fn httl(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply_expiry(ctx, args, reply, |at, now| seconds((at - now).max(0)))
}

/// `HPTTL key FIELDS numfields field [field ...]`
pub fn hpttl(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply_expiry(ctx, args, reply, |at, now| (at - now).max(0))
}

/// `HEXPIRETIME key FIELDS numfields field [field ...]`
pub fn hexpiretime(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply_expiry(ctx, args, reply, |at, _| seconds(at))
}

/// `HPEXPIRETIME key FIELDS numfields field [field ...]`
pub fn hpexpiretime(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply_expiry(ctx, args, reply, |at, _| at)
}

/// Rounded up, unlike those of keys.
fn seconds(ms: i64) -> i64 {
    (ms + 999) / 1000
}

fn reply_expiry(
    ctx: &mut Context<'_>,
    args: Args<'_>,
    reply: &mut Reply,
    show: fn(i64, i64) -> i64,
) -> Result {
    let (now, clock) = (ctx.now_ms, ctx.field_clock());
    let hash: Option<&Hash> = ctx.read_as(&args[1])?;
    let fields = FieldList::parse(args, 2, NOT_POSITIVE)?;
    reply.array(fields.0.len());
    for field in fields.iter() {
        let found = hash.filter(|hash| hash.contains(field)).map(|hash| hash.expiry_of(field));
        reply.integer(match found.filter(|expiry| !is_over(*expiry, clock)) {
            None => NO_FIELD,
            Some(None) => NO_TIME,
            Some(Some(at)) => show(at, now),
        });
    }
    Ok(())
}
