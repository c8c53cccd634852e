//! Several strings at once: MGET, MSET and its relatives.
//!
//! All that are set are set, or none of them: conditions are checked for every key before the first is
//! touched.

use super::{Lifetime, string};
use crate::command::args::{Options, integer_in, is};
use crate::command::context::Context;
use crate::command::error::{Error, Result};
use crate::config::EventClasses;
use crate::number::Digits;
use crate::resp::{Args, Reply};
use crate::store::Value;

/// `MGET key [key ...]`
pub fn mget(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply.array(args.len() - 1);
    reply.each(args.iter().skip(1), |reply, key| match ctx.read(key) {
        Some(Value::Str(text)) => text.with_bytes(|bytes| reply.bulk(bytes)),
        _ => reply.null(),
    });
    Ok(())
}

/// `MSET key value [key value ...]`
pub fn mset(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    set_pairs(ctx, pairs(ctx, args)?);
    reply.ok();
    Ok(())
}

/// `MSETNX key value [key value ...]`
pub fn msetnx(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let pairs = pairs(ctx, args)?;
    if (0..pairs.len()).step_by(2).any(|index| ctx.find(&pairs[index]).is_ok()) {
        reply.integer(0);
        return Ok(());
    }
    set_pairs(ctx, pairs);
    reply.integer(1);
    Ok(())
}

/// Keys and values that take turns, behind the name.
fn pairs<'a>(ctx: &Context<'_>, args: Args<'a>) -> Result<Args<'a>> {
    let name = crate::catalogue::row(ctx.command).name;
    if args.len() % 2 == 1 { Ok(args.from(1)) } else { Err(Error::arity(name)) }
}

fn set_pairs(ctx: &mut Context<'_>, pairs: Args<'_>) {
    for index in (0..pairs.len()).step_by(2) {
        let value = string(ctx, &pairs[index + 1]);
        ctx.set(&pairs[index], value);
        ctx.modified(EventClasses::STRING, "set", &pairs[index]);
    }
}

const NUMKEYS: Error = Error::new("ERR invalid numkeys value");

/// `MSETEX numkeys key value [key value ...] [NX|XX] [EX seconds|PX milliseconds|EXAT
/// unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]`
pub fn msetex(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let count = integer_in(&args[1], 1, i32::MAX.into(), NUMKEYS)? as usize;
    if count > (args.len() - 2) / 2 {
        return Err(Error::new("ERR wrong number of key-value pairs"));
    }
    let pairs = args.from(2).first(2 * count);
    let (mut only_new, mut only_existing, mut lifetime) = (false, false, Lifetime::default());
    let mut options = Options::new(args, 2 + 2 * count);
    let mut expiry_at = 0;
    while let Some(option) = options.next() {
        match option {
            _ if is(option, "NX") && !only_existing => only_new = true,
            _ if is(option, "XX") && !only_new => only_existing = true,
            _ => {
                expiry_at = options.position() - 1;
                lifetime.take(option, &mut options)?;
            }
        }
    }
    let deadline = lifetime.deadline(ctx)?;
    let keys = || pairs.iter().step_by(2);
    let depends = only_new || only_existing;
    if depends && keys().any(|key| ctx.find(key).is_ok() != only_existing) {
        reply.integer(0);
        return Ok(());
    }
    for (key, text) in keys().zip(pairs.iter().skip(1).step_by(2)) {
        let value = string(ctx, text);
        match lifetime.keep {
            true => ctx.set_keeping_ttl(key, value),
            false => ctx.set(key, value),
        };
        ctx.modified(EventClasses::STRING, "set", key);
        if let (Some(deadline), Ok(slot)) = (deadline, ctx.find(key)) {
            ctx.set_deadline(slot, deadline);
            ctx.notify(EventClasses::GENERIC, "expire", key);
        }
    }
    if let Some(deadline) = deadline {
        let deadline = Digits::of(deadline);
        let mut effect: Vec<&[u8]> = args.iter().collect();
        effect[expiry_at] = b"PXAT";
        effect[expiry_at + 1] = deadline.as_bytes();
        ctx.propagate(&effect);
    }
    reply.integer(1);
    Ok(())
}
