//! BITFIELD: several reads and writes of small integers inside one string, in one command.
//!
//! The whole request is parsed before anything is done, since it is done all or not at all. A request
//! that writes makes the string long enough for all its writes first; so does Redis, even if
//! `OVERFLOW FAIL` then refuses every one of them. (Redis forgets to tell its replicas in that
//! case. Here the new length is a change like any other.)

use super::{bitmap_of_length, checked_offset};
use crate::command::args::{Options, is};
use crate::command::context::Context;
use crate::command::error::{self, Error, Result};
use crate::config::EventClasses;
use crate::number::parse_i64;
use crate::resp::{Args, Reply};
use crate::store::Str;
use crate::store::bitfield::{FieldType, Overflow};

/// One operation of a request.
struct Operation {
    action: Action,
    field: FieldType,
    offset: u64,
}

/// What is done with a field.
#[derive(Clone, Copy)]
enum Action {
    Get,
    Set(i64, Overflow),
    Increment(i64, Overflow),
}

impl Operation {
    /// The first bit behind the field, if it is written.
    fn end_of_write(&self) -> u64 {
        match self.action {
            Action::Get => 0,
            _ => self.offset + u64::from(self.field.width()),
        }
    }
}

/// `BITFIELD key [<GET encoding offset|[OVERFLOW <WRAP|SAT|FAIL>] <SET encoding offset value|INCRBY
/// encoding offset increment>> [...]]`
pub fn bitfield(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let operations = parse(ctx, args)?;
    if operations.iter().all(|operation| operation.end_of_write() == 0) {
        return read_fields(ctx, args.at(1), &operations, reply);
    }
    let key = args.at(1);
    let bits = operations.iter().map(Operation::end_of_write).max().unwrap_or(0);
    let (bitmap, grown) = bitmap_of_length(ctx, key, bits)?;
    let mut changed = false;
    reply.array(operations.len());
    for Operation { action, field, offset } in operations {
        let old = field.get(bitmap, offset);
        let answer = match action {
            Action::Get => Some(old),
            Action::Set(value, overflow) => field.set(bitmap, offset, value, overflow),
            Action::Increment(by, overflow) => field.increment(bitmap, offset, by, overflow),
        };
        changed |= match action {
            Action::Get => false,
            _ => answer.is_some() && (grown || field.get(bitmap, offset) != old),
        };
        match answer {
            Some(value) => reply.integer(value),
            None => reply.null(),
        }
    }
    if changed {
        ctx.modified(EventClasses::STRING, "setbit", key);
    } else if grown {
        ctx.modified_quietly(key);
    }
    Ok(())
}

/// `BITFIELD_RO key [GET encoding offset [GET encoding offset ...]]`
pub fn bitfield_ro(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let operations = parse(ctx, args)?;
    if operations.iter().any(|operation| operation.end_of_write() > 0) {
        return Err(Error::new("ERR BITFIELD_RO only supports the GET subcommand"));
    }
    read_fields(ctx, args.at(1), &operations, reply)
}

fn read_fields(
    ctx: &mut Context<'_>,
    key: &[u8],
    operations: &[Operation],
    reply: &mut Reply,
) -> Result {
    let text = ctx.read_as::<Str>(key)?;
    let mut read = |bitmap: &[u8]| {
        reply.array(operations.len());
        operations.iter().for_each(|each| reply.integer(each.field.get(bitmap, each.offset)));
    };
    match text {
        Some(text) => text.with_bytes(read),
        None => read(b""),
    }
    Ok(())
}

fn parse(ctx: &Context<'_>, args: Args<'_>) -> Result<Vec<Operation>> {
    let mut operations = Vec::new();
    let mut overflow = Overflow::Wrap;
    let mut options = Options::new(args, 2);
    while let Some(option) = options.next() {
        let (values, action): (_, fn(i64, Overflow) -> Action) = match option {
            _ if is(option, "GET") => (2, |_, _| Action::Get),
            _ if is(option, "SET") => (3, Action::Set),
            _ if is(option, "INCRBY") => (3, Action::Increment),
            _ if is(option, "OVERFLOW") && options.left() >= 1 => {
                overflow = parse_overflow(options.value()?)?;
                continue;
            }
            _ => return Err(error::SYNTAX),
        };
        if options.left() < values {
            return Err(error::SYNTAX);
        }
        let field = FieldType::parse(options.value()?).ok_or(INVALID_TYPE)?;
        let offset = field_offset(ctx, options.value()?, field)?;
        let value = if values == 3 { options.integer()? } else { 0 };
        operations.push(Operation { action: action(value, overflow), field, offset });
    }
    Ok(operations)
}

const INVALID_TYPE: Error = Error::new(
    "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 \
     is.",
);

fn parse_overflow(word: &[u8]) -> Result<Overflow> {
    match word {
        word if is(word, "WRAP") => Ok(Overflow::Wrap),
        word if is(word, "SAT") => Ok(Overflow::Saturate),
        word if is(word, "FAIL") => Ok(Overflow::Fail),
        _ => Err(Error::new("ERR Invalid OVERFLOW type specified")),
    }
}

/// An offset in bits, or `#n`: the place of field number n, if all have this type.
fn field_offset(ctx: &Context<'_>, text: &[u8], field: FieldType) -> Result<u64> {
    let offset = match text.strip_prefix(b"#") {
        Some(number) => parse_i64(number).and_then(|n| n.checked_mul(field.width().into())),
        None => parse_i64(text),
    };
    checked_offset(ctx, offset)
}
