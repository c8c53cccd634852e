//! OBJECT: how a value is kept, and how recently or how often it was used. Asking is no use.

use super::encoding::encoding;
use crate::command::context::Context;
use crate::command::error::{Error, Result};
use crate::engine::eviction;
use crate::resp::{Args, Reply};
use crate::store::keyspace::Entry;
use crate::store::{Str, Value};

/// What Redis says of values that it shares: the integers from 0 to 9999.
const SHARED: i64 = i32::MAX as i64;

const LFU_IS_OFF: Error = Error::new(
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that \
     when switching between policies at runtime LRU and LFU data will take some time to adjust.",
);
const LFU_IS_ON: Error = Error::new(
    "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when \
     switching between policies at runtime LRU and LFU data will take some time to adjust.",
);

/// Looks the key of the subcommand up; a missing one is null. Counts as a hit or a miss.
fn entry<'c>(ctx: &'c mut Context<'_>, key: &[u8], reply: &mut Reply) -> Option<&'c Entry> {
    if !ctx.exists(key) {
        ctx.engine.stats.keyspace_misses += 1;
        reply.null();
        return None;
    }
    ctx.engine.stats.keyspace_hits += 1;
    let slot = ctx.keyspace().find(key).ok()?;
    Some(ctx.keyspace().entry(slot))
}

/// `OBJECT ENCODING key`
pub fn object_encoding(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    if entry(ctx, &args[2], reply).is_some()
        && let Ok(slot) = ctx.keyspace().find(&args[2])
    {
        reply.bulk(encoding(ctx, slot).as_bytes());
    }
    Ok(())
}

/// `OBJECT REFCOUNT key`
///
/// Nothing here counts references to a value, so the answer is what Redis would say. 7.0 shares small
/// integers, unless keys may be evicted by their use: then each has to have a value of its own.
pub fn object_refcount(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let config = &ctx.engine.config;
    let shares = config.compat_version.shares_integers()
        && (config.maxmemory == 0 || !config.maxmemory_policy.is_by_use());
    if let Some(entry) = entry(ctx, &args[2], reply) {
        let shared = shares && matches!(entry.value, Value::Str(Str::Int(0..=9999)));
        reply.integer(if shared { SHARED } else { 1 });
    }
    Ok(())
}

/// `OBJECT IDLETIME key`
pub fn object_idletime(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let now = ctx.now_ms;
    let Some(access) = entry(ctx, &args[2], reply).map(|entry| entry.access) else { return Ok(()) };
    if eviction::counts_uses(ctx.engine.config.maxmemory_policy) {
        return Err(LFU_IS_ON);
    }
    reply.integer(eviction::idle_seconds(access, now).into());
    Ok(())
}

/// `OBJECT FREQ key`
pub fn object_freq(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let now = ctx.now_ms;
    let Some(access) = entry(ctx, &args[2], reply).map(|entry| entry.access) else { return Ok(()) };
    let config = &ctx.engine.config;
    if !eviction::counts_uses(config.maxmemory_policy) {
        return Err(LFU_IS_OFF);
    }
    reply.integer(eviction::frequency(config, access, now).into());
    Ok(())
}
