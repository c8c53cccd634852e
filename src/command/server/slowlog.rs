//! SLOWLOG and COMMANDLOG, and what gets into the logs: requests that were slow, or large, or whose replies were.

use std::time::Duration;

use crate::catalogue::Row;
use crate::catalogue::spec::Flags;
use crate::command::args::{integer_in, is};
use crate::command::context::{Context, wrong_subcommand};
use crate::command::error::{Error, Result};
use crate::config::Config;
use crate::engine::execution::Origin;
use crate::engine::monitor::is_secret;
use crate::engine::slot_stats::encoded_len;
use crate::engine::slowlog::{CommandLog, CommandLogs, Entry, cut};
use crate::resp::{Args, Reply};

/// How many entries SLOWLOG GET shows, if it isn't told.
const DEFAULT_COUNT: usize = 10;

/// The logs, by the names that COMMANDLOG has for them.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Slow,
    LargeRequest,
    LargeReply,
}

const KINDS: [(Kind, &str); 3] = [
    (Kind::Slow, "slow"),
    (Kind::LargeRequest, "large-request"),
    (Kind::LargeReply, "large-reply"),
];

impl Kind {
    fn parse(name: &[u8]) -> Result<Self> {
        const UNKNOWN: Error =
            Error::new("ERR type should be one of the following: slow, large-request, large-reply");
        let named = KINDS.iter().find(|(_, text)| is(name, text));
        named.map(|(kind, _)| *kind).ok_or(UNKNOWN)
    }

    fn log(self, logs: &mut CommandLogs) -> &mut CommandLog {
        match self {
            Kind::Slow => &mut logs.slow,
            Kind::LargeRequest => &mut logs.large_requests,
            Kind::LargeReply => &mut logs.large_replies,
        }
    }

    /// From which cost on a command is kept (negative: never), and how many are.
    fn limits(self, config: &Config) -> (i64, u64) {
        match self {
            Kind::Slow => (config.slowlog_log_slower_than, config.slowlog_max_len),
            Kind::LargeRequest => {
                (config.commandlog_request_larger_than, config.commandlog_large_request_max_len)
            }
            Kind::LargeReply => {
                (config.commandlog_reply_larger_than, config.commandlog_large_reply_max_len)
            }
        }
    }
}

/// Notes a call that was slow or large, in the logs and for the latency monitor. What happens on every
/// call are comparisons.
#[inline]
pub fn note(
    ctx: &mut Context<'_>,
    row: &Row,
    args: Args<'_>,
    took_ns: u64,
    replied: usize,
    waits: bool,
) {
    let config = &ctx.engine.config;
    let threshold_ms = config.latency_monitor_threshold;
    let exceeds = |kind: Kind, cost: u64| {
        u64::try_from(kind.limits(config).0).is_ok_and(|threshold| cost >= threshold)
    };
    let is_slow = exceeds(Kind::Slow, took_ns / 1000);
    // What a script calls is neither sent nor received.
    let is_sent = ctx.origin.is_a_request() || ctx.origin == Origin::Exec;
    // Adding up all lengths is left out where the result is known to be too small.
    let could_be_large = is_sent && exceeds(Kind::LargeRequest, at_most(args));
    let request = if could_be_large { encoded_len(args) } else { 0 };
    let is_large = could_be_large && exceeds(Kind::LargeRequest, request);
    let replies_much = is_sent && exceeds(Kind::LargeReply, replied as u64);
    if threshold_ms > 0 && took_ns / 1_000_000 >= threshold_ms {
        let event = if row.is(Flags::FAST) { "fast-command" } else { "command" };
        ctx.engine.note_latency(event, Duration::from_nanos(took_ns));
    }
    // A client that waits has its request logged when it is answered.
    if (is_slow || is_large || replies_much) && !waits && !row.is(Flags::SKIP_SLOWLOG) {
        let costs = [
            (is_slow, Kind::Slow, took_ns / 1000),
            (is_large, Kind::LargeRequest, request),
            (replies_much, Kind::LargeReply, replied as u64),
        ];
        for (_, kind, cost) in costs.into_iter().filter(|(exceeds, ..)| *exceeds) {
            log(ctx, row, args, kind, cost);
        }
    }
}

/// No fewer bytes than a request has on its way: each argument has a line with its length, and two ends.
#[inline]
fn at_most(args: Args<'_>) -> u64 {
    const AROUND: usize = 32;
    (args.extent() + AROUND * (args.len() + 1)) as u64
}

#[cold]
fn log(ctx: &mut Context<'_>, row: &Row, args: Args<'_>, kind: Kind, cost: u64) {
    let shown: Vec<&[u8]> = (0..args.len())
        .map(|index| if hides(row, args, index) { b"(redacted)" } else { args.at(index) })
        .collect();
    let nobody = ctx.compat().address_of_nobody();
    let client = ctx.engine.clients.get(ctx.client);
    let entry = Entry {
        id: 0, // the log counts
        time_s: ctx.engine.unix_us_at(ctx.engine.clock.tick()) / 1_000_000,
        cost,
        args: cut(shown.into_iter()),
        peer: client.peer.as_ref().map_or_else(|| nobody.to_owned(), |peer| peer.to_string()),
        client_name: client.name.clone(),
        waited_us: ctx.engine.contention.waited_ns() / 1000,
    };
    let (_, max_len) = kind.limits(&ctx.engine.config);
    kind.log(&mut ctx.engine.command_logs).add(entry, max_len as usize);
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
///
/// With WAITED behind the count, which Redis doesn't know, entries have a seventh part: the microseconds that
/// their batch had waited for the lock.
pub fn slowlog_get(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let shows_waiting = args.len() == 4 && is(args.at(3), "waited");
    if args.len() > 3 && !shows_waiting {
        return Err(wrong_subcommand(args));
    }
    let count = args.get(2).map_or(Ok(DEFAULT_COUNT), parse_count)?;
    write_entries(&ctx.engine.command_logs.slow, count, shows_waiting, reply);
    Ok(())
}

/// `COMMANDLOG GET count <SLOW|LARGE-REQUEST|LARGE-REPLY>`
pub fn commandlog_get(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let kind = Kind::parse(args.at(3))?;
    let count = parse_count(args.at(2))?;
    write_entries(kind.log(&mut ctx.engine.command_logs), count, false, reply);
    Ok(())
}

/// How many entries; -1 is all of them.
fn parse_count(text: &[u8]) -> Result<usize> {
    let error = Error::new("ERR count should be greater than or equal to -1");
    Ok(usize::try_from(integer_in(text, -1, i64::MAX, error)?).unwrap_or(usize::MAX))
}

fn write_entries(log: &CommandLog, count: usize, shows_waiting: bool, reply: &mut Reply) {
    let entries = log.entries();
    reply.array(entries.len().min(count));
    for entry in entries.take(count) {
        reply.array(6 + usize::from(shows_waiting));
        reply.integer(entry.id as i64);
        reply.integer(entry.time_s);
        reply.integer(entry.cost as i64);
        reply.array(entry.args.len());
        entry.args.iter().for_each(|arg| reply.bulk(arg));
        reply.bulk(entry.peer.as_bytes());
        reply.bulk(&entry.client_name);
        if shows_waiting {
            reply.integer(entry.waited_us as i64);
        }
    }
}

/// `SLOWLOG LEN`
pub fn slowlog_len(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    reply.count(ctx.engine.command_logs.slow.entries().len());
    Ok(())
}

/// `COMMANDLOG LEN <SLOW|LARGE-REQUEST|LARGE-REPLY>`
pub fn commandlog_len(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let log = Kind::parse(args.at(2))?.log(&mut ctx.engine.command_logs);
    reply.count(log.entries().len());
    Ok(())
}

/// `SLOWLOG RESET`
pub fn slowlog_reset(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    ctx.engine.command_logs.slow.reset();
    reply.ok();
    Ok(())
}

/// `COMMANDLOG RESET <SLOW|LARGE-REQUEST|LARGE-REPLY>`
pub fn commandlog_reset(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    Kind::parse(args.at(2))?.log(&mut ctx.engine.command_logs).reset();
    reply.ok();
    Ok(())
}
