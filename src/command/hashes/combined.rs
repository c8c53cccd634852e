//! Values and times in one: HGETDEL, HGETEX and HSETEX.

use super::expiry::{FieldList, NOT_POSITIVE, parse_time, propagate_deletion, propagate_expiry};
use super::limits;
use crate::catalogue::row;
use crate::command::args::{Options, is};
use crate::command::context::Context;
use crate::command::error::{Error, Result, until_nul};
use crate::command::keys::expiry::Unit;
use crate::config::EventClasses;
use crate::number::{Digits, parse_i64};
use crate::resp::{Args, Reply};
use crate::store::Hash;

/// `HGETDEL key FIELDS numfields field [field ...]`
pub fn hgetdel(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (key, clock) = (&args[1], ctx.field_clock());
    ctx.find_as::<Hash>(key)?;
    let fields = FieldList::parse(args, 2, NOT_POSITIVE)?;
    ctx.forget_expired(key, fields.iter());
    reply.array(fields.0.len());
    let removed = ctx.change_hash(key, |hash| {
        let mut removed = false;
        for field in fields.iter() {
            let value = hash.get_live(field, clock);
            let is_there = value.is_some();
            reply.bulk_or_null(value);
            removed |= is_there && hash.remove(field);
        }
        removed
    })?;
    match removed {
        Some(true) => {
            ctx.fields_deleted(key);
            let mut effect: Vec<&[u8]> = vec![b"HDEL", key];
            effect.extend(fields.iter());
            ctx.propagate(&effect);
        }
        Some(false) => {}
        None => fields.iter().for_each(|_| reply.null()),
    }
    Ok(())
}

/// What HGETEX does to the times of the fields that it reads.
enum Change {
    Nothing,
    Persist,
    Expire(i64),
}

/// `HGETEX key [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|PERSIST] FIELDS numfields field [field ...]`
pub fn hgetex(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (key, clock) = (&args[1], ctx.field_clock());
    ctx.find_as::<Hash>(key)?;
    let (change, start) = match Unit::of_option(&args[2]) {
        Some(unit) => {
            let at = parse_time(ctx, &args[3], unit)?;
            if args.len() < 6 {
                return Err(Error::arity(row(ctx.command).name));
            }
            (Change::Expire(at), 4)
        }
        None if is(&args[2], "PERSIST") => (Change::Persist, 3),
        None => (Change::Nothing, 2),
    };
    let fields = FieldList::parse(args, start, NOT_POSITIVE)?;
    ctx.forget_expired(key, fields.iter());
    reply.array(fields.0.len());
    let deletes =
        matches!(change, Change::Expire(at) if at <= ctx.now_ms) && ctx.deletes_past_deadlines();
    let mut changed: Vec<&[u8]> = Vec::new();
    let found = ctx.change_hash(key, |hash| {
        for field in fields.iter() {
            let value = hash.get_live(field, clock);
            let is_there = value.is_some();
            reply.bulk_or_null(value);
            let has_changed = is_there
                && match change {
                    Change::Nothing => false,
                    Change::Persist => hash.clear_expiry(field),
                    Change::Expire(_) if deletes => hash.remove(field),
                    Change::Expire(at) => hash.set_expiry(field, at),
                };
            changed.extend(has_changed.then_some(field));
        }
    })?;
    if found.is_none() {
        fields.iter().for_each(|_| reply.null());
    }
    let all: Vec<&[u8]> = fields.iter().collect();
    match change {
        _ if changed.is_empty() => {}
        Change::Expire(at) if !deletes => {
            ctx.modified(EventClasses::HASH, "hexpire", key);
            propagate_expiry(ctx, key, at, None, args.at(start), &all);
        }
        Change::Expire(_) => {
            ctx.fields_deleted(key);
            propagate_deletion(ctx, key, changed.into_iter());
        }
        Change::Persist | Change::Nothing => {
            ctx.modified(EventClasses::HASH, "hpersist", key);
            let mut effect: Vec<&[u8]> = vec![b"HPERSIST", key];
            effect.extend(args.iter().skip(start));
            ctx.propagate(&effect);
        }
    }
    Ok(())
}

/// The options of HSETEX.
#[derive(Default)]
struct SetOptions {
    /// `FNX`: only if none of the fields is there, `FXX`: only if all of them are.
    fields_exist: Option<bool>,
    keeps_expiry: bool,
    expiry: Option<i64>,
    /// Where the time's option stands in the request.
    expiry_at: usize,
    /// Where the first field does.
    pairs: usize,
}

impl SetOptions {
    fn parse(ctx: &Context<'_>, args: Args<'_>) -> Result<Self> {
        const ONE_CONDITION: Error =
            Error::new("ERR Only one of FXX or FNX arguments can be specified");
        const ONE_TIME: Error =
            Error::new("ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified");
        let mut set = SetOptions::default();
        let mut options = Options::new(args, 2);
        while let Some(option) = options.next() {
            let has_time = set.keeps_expiry || set.expiry.is_some();
            match option {
                _ if is(option, "FIELDS") => {
                    if options.left() < 3 {
                        return Err(Error::arity(row(ctx.command).name));
                    }
                    let number = parse_i64(options.value()?);
                    let number = number.filter(|number| (1..=i64::from(i32::MAX)).contains(number));
                    let number = number.ok_or(Error::new("ERR invalid number of fields"))?;
                    if options.left() as i64 != 2 * number {
                        return Err(Error::arity(row(ctx.command).name));
                    }
                    set.pairs = options.position();
                    return Ok(set);
                }
                _ if is(option, "FNX") || is(option, "FXX") => {
                    if set.fields_exist.replace(is(option, "FXX")).is_some() {
                        return Err(ONE_CONDITION);
                    }
                }
                _ if is(option, "KEEPTTL") && !has_time => set.keeps_expiry = true,
                _ if is(option, "KEEPTTL") => return Err(ONE_TIME),
                _ => match Unit::of_option(option) {
                    Some(_) if has_time => return Err(ONE_TIME),
                    Some(unit) if options.left() > 0 => {
                        set.expiry_at = options.position() - 1;
                        set.expiry = Some(parse_time(ctx, options.value()?, unit)?);
                    }
                    _ => {
                        return Err(Error::text(
                            [b"ERR unknown argument: ", until_nul(option)].concat(),
                        ));
                    }
                },
            }
        }
        Err(Error::arity(row(ctx.command).name))
    }
}

/// `HSETEX key [FNX|FXX] [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL] FIELDS numfields field value [field value ...]`
pub fn hsetex(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let key = &args[1];
    let options = SetOptions::parse(ctx, args)?;
    let fields = || (options.pairs..args.len()).step_by(2);
    let clock = ctx.field_clock();
    if let Some(wanted) = options.fields_exist {
        // As far as the first that decides.
        let mut looked_at: Vec<&[u8]> = Vec::new();
        let hash = ctx.write_as::<Hash>(key)?;
        let is_met = fields().map(|index| args.at(index)).all(|field| {
            looked_at.push(field);
            hash.as_ref().is_some_and(|hash| hash.get_live(field, clock).is_some()) == wanted
        });
        ctx.forget_expired(key, looked_at);
        if !is_met {
            reply.integer(0);
            return Ok(());
        }
    }
    let limits = limits(ctx);
    let deletes = options.expiry.is_some_and(|at| at <= ctx.now_ms) && ctx.deletes_past_deadlines();
    ctx.change_or_create_hash(key, |hash| {
        for index in fields() {
            let (field, value) = (&args[index], &args[index + 1]);
            if deletes {
                hash.remove(field);
            } else if options.keeps_expiry || options.expiry.is_some() {
                hash.set_keeping_expiry(field, value, limits);
            } else {
                hash.set(field, value, limits);
            }
            if let Some(at) = options.expiry.filter(|_| !deletes) {
                hash.set_expiry(field, at);
            }
        }
    })?;
    ctx.modified(EventClasses::HASH, "hset", key);
    match options.expiry {
        None => {}
        Some(_) if deletes => {
            ctx.fields_deleted(key);
            propagate_deletion(ctx, key, fields().map(|index| args.at(index)));
        }
        Some(at) => {
            ctx.notify(EventClasses::HASH, "hexpire", key);
            propagate_with_moment(ctx, args, options.expiry_at, at);
        }
    }
    reply.integer(1);
    Ok(())
}

/// The request itself, but with a moment in the place of a duration.
fn propagate_with_moment(ctx: &mut Context<'_>, args: Args<'_>, option: usize, at: i64) {
    if is(&args[option], "PXAT") {
        return;
    }
    let at = Digits::of(at);
    let mut effect: Vec<&[u8]> = args.iter().collect();
    (effect[0], effect[option], effect[option + 1]) = (b"HSETEX", b"PXAT", at.as_bytes());
    ctx.propagate(&effect);
}
