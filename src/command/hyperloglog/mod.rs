//! HyperLogLog: PFADD, PFCOUNT, PFMERGE, and the two commands that look inside.
//!
//! A sketch is a string with a certain header ([`crate::store::hyperloglog`]). It can be read with
//! GET and written with SET, so every command here has to tell three things apart: no string at all
//! (`WRONGTYPE`), a string that is no sketch (`WRONGTYPE` with another text), and a sketch whose body
//! makes no sense (`INVALIDOBJ`).
//!
//! PFCOUNT only reads, yet it writes: it keeps the estimate in the header for the next time. That
//! is a change of the key like any other, so whoever watches it learns of it, and so do replicas.

use super::args::is;
use super::context::Context;
use super::error::{self, Error, Result};
use crate::config::EventClasses;
use crate::resp::{Args, Reply};
use crate::store::hyperloglog as hll;
use crate::store::hyperloglog::{Corrupted, REGISTERS, Registers};
use crate::store::value::Kind;
use crate::store::{Str, Value};

const NO_SKETCH: Error = Error::new("WRONGTYPE Key is not a valid HyperLogLog string value.");
const CORRUPTED: Error = Error::new("INVALIDOBJ Corrupted HLL object detected");

impl From<Corrupted> for Error {
    fn from(_: Corrupted) -> Self {
        CORRUPTED
    }
}

/// Runs `read` on the sketch in a value.
fn with_sketch<T>(value: &Value, read: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
    Str::of(value)?
        .with_bytes(|text| if hll::is_sketch(text) { read(text) } else { Err(NO_SKETCH) })
}

/// The sketch to change; None if there is no key.
fn sketch_mut<'c>(ctx: &'c mut Context<'_>, key: &[u8]) -> Result<Option<&'c mut Vec<u8>>> {
    let Some(text) = ctx.write_as::<Str>(key)? else { return Ok(None) };
    if text.with_bytes(hll::is_sketch) { Ok(Some(text.raw())) } else { Err(NO_SKETCH) }
}

/// The same, but a missing key becomes an empty sketch; and whether it did.
fn sketch_or_new<'c>(ctx: &'c mut Context<'_>, key: &[u8]) -> Result<(&'c mut Vec<u8>, bool)> {
    let created = sketch_mut(ctx, key)?.is_none();
    if created {
        ctx.set(key, Value::Str(Str::Raw(hll::create().into())));
    }
    let sketch = sketch_mut(ctx, key)?.ok_or(error::NO_SUCH_KEY)?;
    Ok((sketch, created))
}

/// `PFADD key [element [element ...]]`
pub fn pfadd(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let key = args.at(1);
    let sparse_max = ctx.engine.config.hll_sparse_max_bytes;
    let (sketch, mut changed) = sketch_or_new(ctx, key)?;
    for element in args.iter().skip(2) {
        changed |= hll::add(sketch, element, sparse_max)?;
    }
    if changed {
        ctx.modified(EventClasses::STRING, "pfadd", key);
    }
    reply.integer(changed.into());
    Ok(())
}

/// `PFCOUNT key [key ...]`
pub fn pfcount(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let count = if args.len() == 2 {
        count_one(ctx, args.at(1))?
    } else {
        hll::count_registers(&union_of(ctx, args.from(1))?.registers)
    };
    reply.integer(count as i64);
    Ok(())
}

/// The estimate of one key: the one that its header keeps, or a new one, which is then kept there.
fn count_one(ctx: &mut Context<'_>, key: &[u8]) -> Result<u64> {
    let Some(value) = ctx.read(key) else { return Ok(0) };
    let (cached, count) = with_sketch(value, |sketch| match hll::cached_count(sketch) {
        Some(count) => Ok((true, count)),
        None => Ok((false, hll::count(sketch)?)),
    })?;
    if !cached && let Some(sketch) = sketch_mut(ctx, key)? {
        hll::cache_count(sketch, count);
        ctx.modified_quietly(key);
        ctx.propagate(&[b"PFCOUNT", key]);
    }
    Ok(count)
}

/// Several sketches as one.
struct Union {
    registers: Box<Registers>,
    /// One of them was dense, so the result will be.
    dense: bool,
}

/// Unites the sketches that exist.
fn union_of(ctx: &mut Context<'_>, keys: Args<'_>) -> Result<Union> {
    let mut union = Union { registers: Box::new([0; REGISTERS]), dense: false };
    for key in keys.iter() {
        let Some(value) = ctx.read(key) else { continue };
        with_sketch(value, |sketch| {
            union.dense |= hll::is_dense(sketch);
            Ok(hll::merge(&mut union.registers, sketch)?)
        })?;
    }
    Ok(union)
}

/// `PFMERGE destkey sourcekey [sourcekey ...]`
pub fn pfmerge(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let key = args.at(1);
    let sparse_max = ctx.engine.config.hll_sparse_max_bytes;
    // What the destination holds takes part.
    let union = union_of(ctx, args.from(1))?;
    let (sketch, _) = sketch_or_new(ctx, key)?;
    if union.dense {
        hll::to_dense(sketch)?;
    }
    hll::store_union(sketch, &union.registers, sparse_max)?;
    ctx.modified(EventClasses::STRING, "pfadd", key);
    reply.ok();
    Ok(())
}

/// `PFDEBUG subcommand key`
pub fn pfdebug(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (action, key) = (args.at(1), args.at(2));
    let Some(sketch) = sketch_mut(ctx, key)? else {
        return Err(Error::new("ERR The specified key does not exist"));
    };
    let mut converted = false;
    if is(action, "GETREG") {
        converted = hll::to_dense(sketch)?;
        reply.array(REGISTERS);
        hll::registers(sketch)?.iter().for_each(|value| reply.integer((*value).into()));
    } else if is(action, "DECODE") {
        let runs = hll::decode(sketch).ok_or(Error::new("ERR HLL encoding is not sparse"))?;
        reply.bulk(runs.as_bytes());
    } else if is(action, "ENCODING") {
        reply.simple(hll::encoding_name(sketch));
    } else if is(action, "TODENSE") {
        converted = hll::to_dense(sketch)?;
        reply.integer(converted.into());
    } else {
        let action = super::error::until_nul(action);
        return Err(Error::text([b"ERR Unknown PFDEBUG subcommand '", action, b"'"].concat()));
    }
    if converted {
        // No event: what the sketch counts is the same.
        ctx.modified_quietly(key);
    }
    Ok(())
}

/// Elements that PFSELFTEST counts: enough for every kind of register to occur, in half a second.
const SELFTEST_ELEMENTS: u64 = 100_000;

/// `PFSELFTEST`
///
/// Counts known numbers of elements, sparse and dense, and compares.
pub fn pfselftest(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    let sparse_max = ctx.engine.config.hll_sparse_max_bytes;
    let (mut sparse, mut dense) = (hll::create(), hll::create());
    hll::to_dense(&mut dense)?;
    for n in 1..=SELFTEST_ELEMENTS {
        let element = n.to_le_bytes();
        let changed = hll::add(&mut sparse, &element, sparse_max)?;
        if changed != hll::add(&mut dense, &element, 0)? {
            return Err(Error::text(format!("TESTFAILED sparse and dense disagree at {n}")));
        }
        if n.is_power_of_two() || n == SELFTEST_ELEMENTS {
            check_estimate(n, hll::count(&sparse)?)?;
            check_estimate(n, hll::count(&dense)?)?;
        }
    }
    reply.ok();
    Ok(())
}

/// Four times the standard error is what the estimate never exceeds in practice; small numbers may be
/// one off.
fn check_estimate(expected: u64, got: u64) -> Result {
    let error = 1.04 / (REGISTERS as f64).sqrt();
    if expected.abs_diff(got) as f64 > (4.0 * error * expected as f64).max(1.0) {
        return Err(Error::text(format!("TESTFAILED counted {got} of {expected} elements")));
    }
    Ok(())
}
