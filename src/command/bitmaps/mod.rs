//! Bitmaps: strings whose bits are set, counted, searched and combined one by one.
//!
//! A bitmap is not a type of its own, and a key that SETBIT has written can be read with GET. What
//! the bits mean is in [`crate::store::bits`]. BITFIELD, which sees integers instead of bits, has
//! [`mod@bitfield`] to itself.

pub mod bitfield;

use std::sync::Arc;

use super::args::{integer, is};
use super::context::Context;
use super::error::{self, Error, Result};
use crate::config::EventClasses;
use crate::engine::execution::Origin;
use crate::number::parse_i64;
use crate::resp::{Args, Reply};
use crate::store::bits::{self, Operation, Unit};
use crate::store::{Str, Value};

/// Parses the offset of a bit.
///
/// A string may be `proto-max-bulk-len` bytes long, 512 MB unless configured otherwise. What a
/// master or the append-only file says is done even so: it has been done elsewhere already.
pub fn bit_offset(ctx: &Context<'_>, text: &[u8]) -> Result<u64> {
    checked_offset(ctx, parse_i64(text))
}

/// The offset, if it is one and lies within the limit.
pub fn checked_offset(ctx: &Context<'_>, offset: Option<i64>) -> Result<u64> {
    let trusted = matches!(ctx.origin, Origin::Master | Origin::Loader);
    let limit = ctx.engine.config.proto_max_bulk_len;
    offset
        .and_then(|offset| u64::try_from(offset).ok())
        .filter(|offset| trusted || offset / 8 < limit)
        .ok_or(Error::new("ERR bit offset is not an integer or out of range"))
}

/// The bitmap to change, made long enough for `bits` bits, and whether that changed it. From now
/// on the string is a raw one, whatever it looked like before.
pub fn bitmap_of_length<'c>(
    ctx: &'c mut Context<'_>,
    key: &[u8],
    bits: u64,
) -> Result<(&'c mut Vec<u8>, bool)> {
    let created = ctx.write_as::<Str>(key)?.is_none();
    if created {
        ctx.set(key, raw(Vec::new()));
    }
    let Some(text) = ctx.write_as::<Str>(key)? else { return Err(error::WRONG_TYPE) };
    let bitmap = text.raw();
    let before = bitmap.len();
    bits::grow(bitmap, bits);
    let grown = bitmap.len() != before;
    Ok((bitmap, created || grown))
}

fn raw(bytes: Vec<u8>) -> Value {
    Value::Str(Str::Raw(Arc::new(bytes)))
}

/// `SETBIT key offset bit`
pub fn setbit(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let key = args.at(1);
    let offset = bit_offset(ctx, &args[2])?;
    let bit = match parse_i64(&args[3]) {
        Some(bit @ (0 | 1)) => bit == 1,
        _ => return Err(Error::new("ERR bit is not an integer or out of range")),
    };
    let (bitmap, grown) = bitmap_of_length(ctx, key, offset + 1)?;
    let before = bits::set_bit(bitmap, offset, bit);
    if grown || before != bit {
        ctx.modified(EventClasses::STRING, "setbit", key);
    }
    reply.integer(before.into());
    Ok(())
}

/// `GETBIT key offset`
pub fn getbit(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let offset = bit_offset(ctx, &args[2])?;
    let text = ctx.read_as::<Str>(&args[1])?;
    let bit = text.is_some_and(|text| text.with_bytes(|bitmap| bits::get_bit(bitmap, offset)));
    reply.integer(bit.into());
    Ok(())
}

/// `BYTE` or `BIT`.
fn unit(word: &[u8]) -> Result<Unit> {
    match word {
        word if is(word, "BYTE") => Ok(Unit::Byte),
        word if is(word, "BIT") => Ok(Unit::Bit),
        _ => Err(error::SYNTAX),
    }
}

/// `BITCOUNT key [start end [BYTE|BIT]]`
pub fn bitcount(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    // Redis 7.0 looks at options only where there is something to count.
    let checks_all = ctx.compat().checks_all_arguments();
    if checks_all {
        counted_range(args, checks_all)?;
    }
    let Some(text) = ctx.read_as::<Str>(&args[1])? else {
        reply.integer(0);
        return Ok(());
    };
    let (start, end, unit) = counted_range(args, checks_all)?;
    let ones = text.with_bytes(|bitmap| bits::count(bitmap, start, end, unit));
    reply.integer(ones as i64);
    Ok(())
}

/// The range of BITCOUNT. With `checks_all` false, a unit is not looked at if it can't matter.
fn counted_range(args: Args<'_>, checks_all: bool) -> Result<(i64, i64, Unit)> {
    Ok(match args.len() {
        2 => (0, -1, Unit::Byte),
        4 => (integer(&args[2])?, integer(&args[3])?, Unit::Byte),
        5 => match (integer(&args[2])?, integer(&args[3])?) {
            // What counts from the end and is the wrong way round needs no unit to be nothing.
            (start, end) if end < start && start < 0 && !checks_all => (start, end, Unit::Byte),
            (start, end) => (start, end, unit(&args[4])?),
        },
        _ => return Err(error::SYNTAX),
    })
}

/// `BITPOS key bit [start [end [BYTE|BIT]]]`
pub fn bitpos(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let bit = match integer(&args[2])? {
        bit @ (0 | 1) => bit == 1,
        _ => return Err(Error::new("ERR The bit argument must be 1 or 0.")),
    };
    if ctx.compat().checks_all_arguments() {
        searched_range(args)?;
    }
    let Some(text) = ctx.read_as::<Str>(&args[1])? else {
        // A key that isn't there is an endless row of zeros.
        reply.integer(if bit { -1 } else { 0 });
        return Ok(());
    };
    let (start, end, unit) = searched_range(args)?;
    let position = text.with_bytes(|bitmap| bits::position(bitmap, bit, start, end, unit));
    reply.integer(position);
    Ok(())
}

/// The range of BITPOS.
fn searched_range(args: Args<'_>) -> Result<(i64, Option<i64>, Unit)> {
    if args.len() > 6 {
        return Err(error::SYNTAX);
    }
    let start = args.get(3).map_or(Ok(0), integer)?;
    let unit = args.get(5).map_or(Ok(Unit::Byte), unit)?;
    let end = args.get(4).map(integer).transpose()?;
    Ok((start, end, unit))
}

/// `BITOP <AND|OR|XOR|NOT|DIFF|DIFF1|ANDOR|ONE> destination key [key ...]`
pub fn bitop(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let operation = match args.at(1) {
        word if is(word, "AND") => Operation::And,
        word if is(word, "OR") => Operation::Or,
        word if is(word, "XOR") => Operation::Xor,
        word if is(word, "NOT") => Operation::Not,
        word if is(word, "DIFF") => Operation::Diff,
        word if is(word, "DIFF1") => Operation::Diff1,
        word if is(word, "ANDOR") => Operation::AndOr,
        word if is(word, "ONE") => Operation::One,
        _ => return Err(error::SYNTAX),
    };
    if operation == Operation::Not && args.len() != 4 {
        return Err(Error::new("ERR BITOP NOT must be called with a single source key."));
    }
    let compares = matches!(operation, Operation::Diff | Operation::Diff1 | Operation::AndOr);
    if compares && args.len() < 5 {
        let name = args.at(1).to_ascii_uppercase();
        let text = b" must be called with at least two source keys.";
        return Err(Error::text([b"ERR BITOP ", &name[..], text].concat()));
    }
    let destination = args.at(2);
    let mut sources = Vec::with_capacity(args.len() - 3);
    for key in args.iter().skip(3) {
        // Cheap for what is long: the bytes themselves are shared.
        sources.push(ctx.read_as::<Str>(key)?.cloned().unwrap_or(Str::text(b"")));
    }
    let sources: Vec<_> = sources.iter().map(Str::bytes).collect();
    let sources: Vec<&[u8]> = sources.iter().map(|source| &**source).collect();
    let result = bits::combine(operation, &sources);
    reply.count(result.len());
    if !result.is_empty() {
        ctx.set(destination, raw(result));
        ctx.modified(EventClasses::STRING, "set", destination);
    } else if ctx.remove(destination) {
        ctx.modified(EventClasses::GENERIC, "del", destination);
    }
    Ok(())
}
