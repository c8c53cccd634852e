//! `execute`: the one way in which anything is executed.
//!
//! A request is looked up in the table, passes the gates in order, is dispatched to its handler,
//! and what it changed is recorded. Clients, EXEC, scripts, the loader of the append-only file and
//! the link to a master all come through here, told apart by their [`Origin`].
//!
//! ```text
//! lookup -> arity -> authentication -> ... -> pause -> call -> statistics -> effects
//!    '--------'------------'-----------'--------> error reply, nothing called
//! ```

use std::sync::atomic::{AtomicU64, Ordering};

use super::context::{Context, Propagation};
use super::dispatch::dispatch;
use super::error::Error;
use super::gates::{check, find_row, look_up};
use super::pubsub::is_subscription;
use super::redirection::is_redirection;
use super::server::clock::turns_clock;
use super::server::monitor;
use super::server::slowlog;
use super::transactions::queue::{is_queued, queue};
use crate::catalogue::spec::{Flags, KeyFlags};
use crate::catalogue::{Command, Row};
use crate::engine::ClientKey;
use crate::engine::Engine;
use crate::engine::blocking;
use crate::engine::client::Client;
use crate::engine::execution::{Execution, Flow, Origin};
use crate::engine::migration;
use crate::engine::role;
use crate::engine::routing::Asking;
use crate::engine::slot_stats::encoded_len;
use crate::engine::tracking;
use crate::engine::transaction;
use crate::resp::{Args, Protocol, Reply};
use crate::system::clock::Tick;

/// Executes one request of a client and writes its reply.
#[inline]
pub fn execute(
    engine: &mut Engine,
    client: ClientKey,
    args: Args<'_>,
    reply: &mut Reply,
    origin: Origin,
) -> Flow {
    let start = reply.len();
    let state = engine.clients.get(client);
    if state.close_after_reply && origin != Origin::Resumed {
        return Flow::Close; // killed while its requests were on their way
    }
    if engine.shutdown.is_some() && !state.is_replica() {
        return Flow::Abort; // what is executed now would not be saved any more
    }
    let passed = look_up(&engine.config, args, origin)
        .and_then(|row| check(engine, client, row, args, origin).map(|flags| (row, flags)));
    let (row, flags) = match passed {
        Ok(passed) => passed,
        Err(error) if is_http(args.at(0)) && error.as_bytes().starts_with(b"ERR unknown") => {
            report_attack();
            return Flow::Abort;
        }
        Err(error) => {
            reject(engine, client, args, reply, origin, &error);
            return after_reply(engine, client, None, reply, start);
        }
    };
    let Engine { clients, pause, .. } = engine;
    let state = clients.get_mut(client);
    state.last_command = Some(row.command);
    if origin == Origin::Client {
        let writes = flags.any(Flags::WRITE.with(Flags::MAY_REPLICATE));
        if pause.holds(writes)
            && !state.is_replica()
            && !state.monitors
            && !turns_clock(row.command, args)
        {
            if state.routing.asking == Asking::Now {
                state.routing.asking = Asking::Next; // the same request comes again
            }
            return Flow::Paused { writes };
        }
    } else if origin == Origin::Resumed && pause.holds_migration() {
        migration::step_aside(engine, client);
        return Flow::Paused { writes: true };
    }
    if state.transaction.is_some() && is_queued(row.command) {
        queue(state, row, flags, args, reply);
        note_slot(engine, client, args, reply.len() - start);
        return after_reply(engine, client, None, reply, start);
    }
    if state.protocol == Protocol::Resp3
        && !state.subscriptions.is_empty()
        && engine.config.compat_version.replies_before_own_messages()
    {
        state.holds_pushes = true; // until the reply is handed over
    }
    run_and_serve(engine, client, row, args, reply, origin);
    after_reply(engine, client, Some(row.command), reply, start)
}

/// Executes what has passed the gates, closes the unit, and serves those who have waited for it.
#[inline(always)]
fn run_and_serve(
    engine: &mut Engine,
    client: ClientKey,
    row: &Row,
    args: Args<'_>,
    reply: &mut Reply,
    origin: Origin,
) {
    let start = reply.len();
    run(engine, client, row, args, reply, origin);
    note_slot(engine, client, args, reply.len().saturating_sub(start));
    if engine.blocking.has_ready() && engine.executing.is_none() {
        // What this does to others may concern the client, too: after the reply that is written.
        engine.clients.get_mut(client).holds_pushes = true;
        engine.serve_waiting();
    }
}

/// The same for EXPLAIN, which is itself being executed, and shows what another command does.
#[cold]
pub(super) fn run_explained(ctx: &mut Context<'_>, row: &Row, args: Args<'_>, reply: &mut Reply) {
    let explaining = ctx.engine.executing.take();
    run_and_serve(ctx.engine, ctx.client, row, args, reply, Origin::Exec);
    ctx.engine.executing = explaining;
}

/// Executes what has passed the gates, and closes the unit of what it changed.
#[inline]
fn run(
    engine: &mut Engine,
    client: ClientKey,
    row: &Row,
    args: Args<'_>,
    reply: &mut Reply,
    origin: Origin,
) {
    let db = engine.clients.get(client).db;
    let begun = engine.begin_command();
    let now_ms = engine.unix_us_at(begun) / 1000;
    let mut ctx = Context {
        engine,
        client,
        db,
        now_ms,
        begun,
        origin,
        command: row.command,
        propagation: Propagation::AsSent,
    };
    // Somebody else's command goes on after this one, if that is a slow script: its unit stays open.
    let interrupted = ctx.engine.executing.replace(client);
    let (replicated, filed) = (ctx.engine.journal.replicated, ctx.engine.journal.filed);
    call(&mut ctx, row, args, reply);
    if interrupted.is_none() {
        engine.close_unit();
        if std::mem::take(&mut engine.journal.has_newer) {
            role::part_with_old_replicas(engine);
        }
    }
    engine.executing = interrupted;
    end_caching(engine.clients.get_mut(client), Some(row));
    if engine.journal.replicated != replicated {
        engine.clients.get_mut(client).last_write = engine.replication.offset();
    }
    if engine.journal.filed != filed {
        engine.clients.get_mut(client).last_append = engine.aof.writer.appended();
    }
}

/// The way in for whoever stands below the commands.
pub const EXECUTION: Execution = Execution { execute, retry: try_again };

/// Executes the request of a waiting client again. True: that has ended the wait.
fn try_again(engine: &mut Engine, client: ClientKey) -> bool {
    let state = engine.clients.get_mut(client);
    let limit = state.reply_limit(&engine.config.client_output_buffer_limit);
    let mut reply = Reply::limited(state.protocol, limit);
    reply.precision = engine.config.compat_version.precision();
    let Some(wait) = &mut state.wait else { return true };
    let request = std::mem::take(&mut wait.request);
    let names = &engine.config.command_names;
    let Some(row) = names.lookup(request.args()) else { return true };
    run(engine, client, row, request.args(), &mut reply, Origin::Unblocked);
    if reply.is_empty() && !reply.is_over_limit() {
        if let Some(wait) = &mut engine.clients.get_mut(client).wait {
            wait.request = request;
        }
        return false;
    }
    blocking::leave(engine, client);
    if after_reply(engine, client, Some(row.command), &mut reply, 0) == Flow::Abort {
        return true;
    }
    blocking::answer(engine, client, reply.take());
    true
}

/// Runs the handler and records what it did.
pub fn call(ctx: &mut Context<'_>, row: &Row, args: Args<'_>, reply: &mut Reply) {
    let start = reply.len();
    let dirty = ctx.engine.dirty;
    ctx.propagation = Propagation::AsSent;
    let result = dispatch(row.command, ctx, args, reply);
    let elapsed_ns = ctx.engine.end_command().since(ctx.begun);
    let state = ctx.engine.clients.get(ctx.client);
    let waits = state.wait.is_some() && reply.len() == start && result.is_ok();
    if ctx.origin != Origin::Loader {
        count(ctx, row.command, waits, elapsed_ns, result.as_ref().err());
    }
    if let Err(error) = result {
        reply.truncate(start);
        reply.error(error.as_bytes());
        // Also within a transaction, in whose reply it would be hard to find.
        ctx.engine.replication.stream_errors += u64::from(ctx.origin == Origin::Master);
    }
    if ctx.origin != Origin::Loader {
        let replied = reply.len().saturating_sub(start);
        slowlog::note(ctx, row, args, elapsed_ns, replied, waits);
    }
    let changed = ctx.engine.dirty != dirty;
    if changed
        && ctx.propagation == Propagation::AsSent
        && row.is(Flags::WRITE.with(Flags::MAY_REPLICATE))
    {
        ctx.journal_as_sent(args);
    }
    monitor::show_executed(ctx, row, args);
    if ctx.engine.tracking.is_on() {
        remember_keys(ctx, row, args);
    }
}

/// Counts a call for INFO. What is loaded was counted when it was executed first; what has waited, when
/// it began to. How long it took is known only when it is executed at last.
#[inline]
fn count(
    ctx: &mut Context<'_>,
    command: Command,
    waits: bool,
    elapsed_ns: u64,
    error: Option<&Error>,
) {
    if ctx.engine.config.latency_tracking && !waits {
        ctx.engine.stats.record_latency(command, elapsed_ns);
    }
    let calls = match ctx.compat().counts_waits_at_their_end() {
        true => u64::from(!waits && ctx.origin != Origin::Resumed),
        false => u64::from(!matches!(ctx.origin, Origin::Unblocked | Origin::Resumed)),
    };
    ctx.client().traffic.commands += calls;
    let stats = &mut ctx.engine.stats;
    stats.total_commands_processed += calls;
    let counters = stats.command(command);
    counters.calls += calls;
    counters.time_ns += elapsed_ns;
    if let Some(error) = error {
        counters.failed_calls += 1;
        stats.error(error.code());
    }
    // What a transaction or a script calls is part of its own time.
    if ctx.engine.config.cluster_slot_stats_enabled
        && ctx.origin.is_a_request()
        && let Some(slot) = ctx.engine.clients.get(ctx.client).routing.slot
    {
        stats.slots.of_mut(slot).busy_ns += elapsed_ns;
    }
}

/// Notes what a client that keeps values has read.
fn remember_keys(ctx: &mut Context<'_>, row: &Row, args: Args<'_>) {
    if row.is(Flags::READ) {
        let keys = row.keys.iter().filter(|spec| !spec.flags.has(KeyFlags::NOT_KEY));
        let keys = keys.flat_map(|spec| spec.find(args).unwrap_or_default());
        // What a script reads, its caller has read.
        let reader = match ctx.origin {
            Origin::Script => ctx.engine.executing.unwrap_or(ctx.client),
            _ => ctx.client,
        };
        tracking::remember(ctx.engine, reader, keys.map(|index| args.at(index)));
    }
}

/// Replies an error for a request that was not called. A transaction it would have been part of
/// can't be executed any more; if it was EXEC itself, the transaction ends here.
pub(super) fn reject(
    engine: &mut Engine,
    client: ClientKey,
    args: Args<'_>,
    reply: &mut Reply,
    origin: Origin,
    error: &Error,
) {
    let row = find_row(&engine.config.command_names, args, origin);
    if let Some(row) = row {
        engine.stats.command(row.command).rejected_calls += 1;
    }
    if row.is_some_and(|row| row.command == Command::Exec) {
        transaction::abandon(engine, client);
        end_caching(engine.clients.get_mut(client), row);
        if is_redirection(error) {
            engine.stats.error(error.code());
            reply.error(error.as_bytes()); // clients act on the first word
            return;
        }
        let reason = error.as_bytes().strip_prefix(b"ERR ").unwrap_or(error.as_bytes());
        let text = [&b"EXECABORT Transaction discarded because of: "[..], reason].concat();
        engine.stats.error(b"EXECABORT");
        reply.error(&text);
        monitor::show_refused_exec(engine, client, args);
        return;
    }
    let state = engine.clients.get_mut(client);
    match &mut state.transaction {
        Some(transaction) => transaction.aborted = true,
        None => state.routing.asking = Asking::No,
    }
    end_caching(engine.clients.get_mut(client), row);
    engine.stats.error(error.code());
    reply.error(error.as_bytes());
}

/// CLIENT CACHING is about the next command, whatever comes of it, or about the next transaction.
#[inline]
fn end_caching(client: &mut Client, row: Option<&Row>) {
    if let Some(mode) = &mut client.tracking
        && client.transaction.is_none()
        && row.and_then(Row::container) != Some("client")
    {
        mode.caching = false;
    }
}

/// Counts a request and its reply for the slot of its keys, if a node of a cluster is to count.
#[inline]
fn note_slot(engine: &mut Engine, client: ClientKey, args: Args<'_>, sent: usize) {
    if !engine.config.cluster_slot_stats_enabled {
        return;
    }
    if let Some(slot) = engine.clients.get(client).routing.slot {
        let usage = engine.stats.slots.of_mut(slot);
        usage.received += encoded_len(args);
        usage.sent += sent as u64;
    }
}

/// After a reply was written: is it to be sent, and does the connection go on?
#[inline]
fn after_reply(
    engine: &mut Engine,
    client: ClientKey,
    command: Option<Command>,
    reply: &mut Reply,
    start: usize,
) -> Flow {
    let client = engine.clients.get_mut(client);
    if client.wait.is_some() {
        return if client.migration.is_some() { Flow::Exchange } else { Flow::Blocked };
    }
    let is_wanted = client.takes_reply();
    // Confirmations are pushes, which CLIENT REPLY is not about.
    if !is_wanted && !command.is_some_and(is_subscription) {
        reply.forget_since(start);
    }
    if reply.is_over_limit() {
        client.close_for_output();
        return Flow::Abort;
    }
    if client.close_after_reply { Flow::Close } else { Flow::Continue }
}

/// Tells the log of a browser that was lured into talking to us, once a minute at the most.
fn report_attack() {
    static NEXT_NS: AtomicU64 = AtomicU64::new(0);
    let now_ns = Tick::of_machine().as_ns();
    if NEXT_NS.load(Ordering::Relaxed) <= now_ns {
        NEXT_NS.store(now_ns + 60_000_000_000, Ordering::Relaxed);
        crate::warning!(
            "Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: \
             commands to Redis. This is likely due to an attacker attempting to use Cross Protocol \
             Scripting to compromise your Redis instance. Connection aborted."
        );
    }
}

/// Whether this is how an HTTP request begins: a browser lured into talking to us.
fn is_http(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"post") || name.eq_ignore_ascii_case(b"host:")
}
