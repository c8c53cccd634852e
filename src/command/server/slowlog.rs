//! SLOWLOG, and what gets into the slow log.

use std::time::Duration;

use crate::catalogue::Row;
use crate::catalogue::spec::Flags;
use crate::command::args::{integer_in, is};
use crate::command::context::{Context, wrong_subcommand};
use crate::command::error::{Error, Result};
use crate::engine::execution::Origin;
use crate::engine::monitor::is_secret;
use crate::engine::slowlog::{Entry, cut};
use crate::resp::{Args, Reply};
use crate::system::clock::Tick;

/// How many entries SLOWLOG GET shows, if it isn't told.
const DEFAULT_COUNT: usize = 10;

/// Notes a call that was slow, in the slow log and for the latency monitor. What happens on every
/// call is two comparisons.
#[inline]
pub fn note(ctx: &mut Context<'_>, row: &Row, args: Args<'_>, took_ns: u64, waits: bool) {
    let config = &ctx.engine.config;
    let threshold_ms = config.latency_monitor_threshold;
    let is_slow = u64::try_from(config.slowlog_log_slower_than)
        .is_ok_and(|slower_than| took_ns / 1000 >= slower_than);
    if threshold_ms > 0 && took_ns / 1_000_000 >= threshold_ms {
        let event = if row.is(Flags::FAST) { "fast-command" } else { "command" };
        ctx.engine.note_latency(event, Duration::from_nanos(took_ns));
    }
    // A client that waits has its request logged when it is answered.
    if is_slow && !waits && !row.is(Flags::SKIP_SLOWLOG) && ctx.origin != Origin::Loader {
        log(ctx, row, args, took_ns / 1000);
    }
}

#[cold]
fn log(ctx: &mut Context<'_>, row: &Row, args: Args<'_>, duration_us: u64) {
    let shown: Vec<&[u8]> = (0..args.len())
        .map(|index| if hides(row, args, index) { b"(redacted)" } else { args.at(index) })
        .collect();
    let client = ctx.engine.clients.get(ctx.client);
    let entry = Entry {
        id: 0, // the log counts
        time_s: ctx.engine.unix_us_at(Tick::now()) / 1_000_000,
        duration_us,
        args: cut(shown.into_iter()),
        peer: client.peer.as_ref().map_or_else(|| "?:0".to_owned(), |peer| peer.to_string()),
        client_name: client.name.clone(),
    };
    let max_len = ctx.engine.config.slowlog_max_len as usize;
    ctx.engine.slowlog.add(entry, max_len);
}

/// Parameters whose value is nobody's business.
const SECRET_PARAMETERS: [&str; 5] =
    ["requirepass", "masterauth", "masteruser", "tls-key-file-pass", "tls-client-key-file-pass"];

/// Whether an argument must not be kept: passwords, and all that is said about a user.
fn hides(row: &Row, args: Args<'_>, index: usize) -> bool {
    match row.name {
        "acl|setuser" => index >= 2,
        "config|set" => {
            let is_value = index >= 3 && index % 2 == 1;
            is_value && SECRET_PARAMETERS.iter().any(|name| is(args.at(index - 1), name))
        }
        _ => is_secret(row.command, args, index),
    }
}

/// `SLOWLOG GET [count]`
pub fn slowlog_get(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    if args.len() > 3 {
        return Err(wrong_subcommand(args));
    }
    let error = Error::new("ERR count should be greater than or equal to -1");
    let count = match args.get(2) {
        None => DEFAULT_COUNT,
        // -1 is all of them.
        Some(text) => usize::try_from(integer_in(text, -1, i64::MAX, error)?).unwrap_or(usize::MAX),
    };
    let entries = ctx.engine.slowlog.entries();
    reply.array(entries.len().min(count));
    for entry in entries.take(count) {
        reply.array(6);
        reply.integer(entry.id as i64);
        reply.integer(entry.time_s);
        reply.integer(entry.duration_us as i64);
        reply.array(entry.args.len());
        entry.args.iter().for_each(|arg| reply.bulk(arg));
        reply.bulk(entry.peer.as_bytes());
        reply.bulk(&entry.client_name);
    }
    Ok(())
}

/// `SLOWLOG LEN`
pub fn slowlog_len(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    reply.count(ctx.engine.slowlog.entries().len());
    Ok(())
}

/// `SLOWLOG RESET`
pub fn slowlog_reset(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    ctx.engine.slowlog.reset();
    reply.ok();
    Ok(())
}
