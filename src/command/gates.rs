//! The gates between a request and its execution, in Redis' order: the first that refuses decides what
//! the client is told.
//!
//! | gate            | refuses                                                                  |
//! |-----------------|--------------------------------------------------------------------------|
//! | [`look_up`]     | a name that is no command, a wrong number of arguments                   |
//! | authentication  | clients that have not said who they are                                  |
//! | transaction     | what may not stand inside MULTI                                          |
//! | permission      | what the client's user may not do ([`permission`])                       |
//! | cluster         | what belongs to another node ([`redirection`])                           |
//! | memory          | what needs memory when there is none                                     |
//! | disk            | writes that could not be kept                                            |
//! | replication     | writes on a replica, or without enough replicas                          |
//! | connection      | what a subscriber, a monitor or a replica's connection can't do          |
//! | loading         | what needs the data before it is there                                   |
//! | script          | nearly everything while a script runs too long                           |
//!
//! Who wants to see a request come to each of them is a [`Walker`]. Only EXPLAIN is one; for all others there is
//! [`Nobody`], of whom the compiler leaves nothing.

use super::context::unknown_subcommand;
use super::error::{self, Error, Result};
use super::permission;
use super::pubsub::is_subscription;
use super::redirection;
use super::transactions::queue::{all_have, effective_flags, is_queued};
use crate::catalogue::spec::Flags;
use crate::catalogue::{Command, Names, Row};
use crate::config::Config;
use crate::engine::ClientKey;
use crate::engine::Engine;
use crate::engine::client::Client;
use crate::engine::eviction::evict::{Outcome, make_room};
use crate::engine::execution::Origin;
use crate::engine::role;
use crate::resp::{Args, Protocol};

/// Finds the row, or says what is wrong with the name or the number of arguments.
#[inline]
pub fn look_up(config: &Config, args: Args<'_>, origin: Origin) -> Result<&'static Row> {
    let row = find_row(&config.command_names, args, origin).ok_or_else(|| unknown_command(args))?;
    if row.is(Flags::CONTAINER) && args.len() > 1 {
        return Err(unknown_subcommand(args));
    }
    if row.accepts(args.len()) || config.compat_version.accepts(row, args.len()) {
        return Ok(row);
    }
    Err(Error::arity(row.name))
}

/// What a request asks for. Copies use the commands' own names, clients those that they were given.
#[inline]
pub fn find_row(names: &Names, args: Args<'_>, origin: Origin) -> Option<&'static Row> {
    match origin {
        Origin::Loader | Origin::Master => names.lookup_recorded(args),
        Origin::Client | Origin::Exec | Origin::Script | Origin::Unblocked | Origin::Resumed => {
            names.lookup(args)
        }
    }
}

/// The gates, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// The client has said who it is, or need not.
    Authentication,
    /// The command may stand inside MULTI.
    Transaction,
    /// The client's user may do this.
    Permission,
    /// The keys are this node's.
    Cluster,
    /// There is memory.
    Memory,
    /// The disk takes what is written.
    Disk,
    /// A replica's data, and a master that has enough replicas.
    Replication,
    /// The connection is free for this.
    Subscription,
    /// The data is there.
    Loading,
    /// No script runs too long.
    Script,
    /// The connection is no monitor's and no replica's.
    Connection,
}

/// Sees a request come to its gates.
pub trait Walker {
    /// It comes to a gate, which stands at this place in the source. If the gate refuses it, there is no next one.
    fn comes_to(&mut self, gate: Gate, place: &'static str);
}

/// Sees nothing.
pub struct Nobody;

impl Walker for Nobody {
    #[inline(always)]
    fn comes_to(&mut self, _: Gate, _: &'static str) {}
}

/// The gates between a known command and its execution, in Redis' order. Returns the flags by which they
/// have judged it.
#[inline]
pub fn check(
    engine: &mut Engine,
    key: ClientKey,
    row: &Row,
    args: Args<'_>,
    origin: Origin,
) -> Result<Flags> {
    walk(engine, key, row, args, origin, &mut Nobody)
}

/// The same, seen by a walker.
#[inline]
pub fn walk(
    engine: &mut Engine,
    key: ClientKey,
    row: &Row,
    args: Args<'_>,
    origin: Origin,
    walker: &mut impl Walker,
) -> Result<Flags> {
    // A copy does what the original did, whatever a client would be told now.
    if matches!(origin, Origin::Loader | Origin::Master) {
        return Ok(effective_flags(engine, key, row, args));
    }
    walker.comes_to(Gate::Authentication, here!());
    let client = engine.clients.get(key);
    if !client.authenticated && engine.must_log_in(key) && !row.is(Flags::NO_AUTH) {
        return Err(error::NO_AUTH);
    }
    walker.comes_to(Gate::Transaction, here!());
    if client.transaction.is_some() && row.is(Flags::NO_MULTI) {
        return Err(NOT_IN_MULTI);
    }
    walker.comes_to(Gate::Permission, here!());
    if !client.unrestricted {
        permission::check(engine, key, row, args)?;
    }
    let flags = effective_flags(engine, key, row, args);
    walker.comes_to(Gate::Cluster, here!());
    if engine.cluster.is_some() {
        redirection::check(engine, key, row, args, flags)?;
    }
    walker.comes_to(Gate::Memory, here!());
    if !engine.scripting.is_slow() {
        engine.scripting.out_of_memory = false; // else it is about the script
    }
    if engine.config.maxmemory > 0 && !engine.scripting.is_slow() {
        let is_out = make_room(engine) == Outcome::OutOfMemory;
        engine.scripting.out_of_memory = is_out;
        if is_out && needs_memory(engine.clients.get(key), row, flags) {
            return Err(OUT_OF_MEMORY);
        }
    }
    walker.comes_to(Gate::Disk, here!());
    let client = engine.clients.get(key);
    let writes = flags.any(Flags::WRITE);
    if (writes || row.command == Command::Ping)
        && let Some(error) = disk_failure(engine)
    {
        return Err(error);
    }
    walker.comes_to(Gate::Replication, here!());
    if matches!(origin, Origin::Client | Origin::Resumed) {
        check_replication(engine, client, row, flags)?;
    }
    walker.comes_to(Gate::Subscription, here!());
    if client.protocol == Protocol::Resp2
        && !client.subscriptions.is_empty()
        && !is_allowed_to_subscribers(row.command)
    {
        return Err(Error::text(format!(
            "ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET \
             are allowed in this context",
            row.name
        )));
    }
    walker.comes_to(Gate::Loading, here!());
    if engine.loading && !all_have(client, row, row.flags, Flags::LOADING) {
        return Err(LOADING);
    }
    walker.comes_to(Gate::Script, here!());
    if let Some(running) = &engine.scripting.running
        && !row.is(Flags::ALLOW_BUSY)
    {
        return Err(error::busy(running.is_function));
    }
    walker.comes_to(Gate::Connection, here!());
    if (client.monitors || client.is_replica())
        && row.is(Flags::WRITE | Flags::MAY_REPLICATE | Flags::READ)
    {
        return Err(Error::new("ERR Replica can't interact with the keyspace"));
    }
    Ok(flags)
}

/// Whether a command may not run while memory is short. Queueing takes memory, too, but a
/// transaction must be able to end.
#[inline]
fn needs_memory(client: &Client, row: &Row, flags: Flags) -> bool {
    let is_to_be_queued = client.transaction.is_some() && is_queued(row.command);
    is_to_be_queued || flags.has(Flags::DENYOOM)
}

/// What only a master with enough good replicas may do, and what only a replica whose master is
/// there.
#[inline]
fn check_replication(engine: &Engine, client: &Client, row: &Row, flags: Flags) -> Result {
    let writes = flags.any(Flags::WRITE);
    let config = &engine.config;
    if engine.is_replica() {
        if writes && config.replica_read_only {
            return Err(READ_ONLY);
        }
        let may_be_stale = all_have(client, row, flags, Flags::STALE);
        if denial(engine) == Some(Denial::Stale) && !may_be_stale {
            return Err(MASTER_DOWN);
        }
    } else if writes && config.min_replicas_to_write > 0 && config.min_replicas_max_lag > 0 {
        let wanted = config.min_replicas_to_write as usize;
        if role::count_good(engine) < wanted {
            return Err(NO_REPLICAS);
        }
    }
    Ok(())
}

/// Why some commands are refused, whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The master is away, and old data isn't served.
    Stale,
}

/// What stands against commands that a script calls.
pub fn denial(engine: &Engine) -> Option<Denial> {
    let is_stale = engine.is_replica()
        && !engine.config.replica_serve_stale_data
        && !engine.replication.link_is_up();
    is_stale.then_some(Denial::Stale)
}

/// Refuses writes that a script makes where they are not allowed, or could not be kept.
pub fn check_writable(engine: &Engine) -> Result {
    if engine.is_replica() && engine.config.replica_read_only {
        return Err(READ_ONLY);
    }
    if let Some(error) = disk_failure(engine) {
        return Err(error);
    }
    let config = &engine.config;
    let wanted = config.min_replicas_to_write as usize;
    let counts = wanted > 0 && config.min_replicas_max_lag > 0 && !engine.is_replica();
    if counts && role::count_good(engine) < wanted { Err(NO_REPLICAS) } else { Ok(()) }
}

const READ_ONLY: Error = Error::new("READONLY You can't write against a read only replica.");
/// The master is away, and old data isn't served.
pub const MASTER_DOWN: Error =
    Error::new("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.");
const NO_REPLICAS: Error = Error::new("NOREPLICAS Not enough good replicas to write.");

fn is_allowed_to_subscribers(command: Command) -> bool {
    is_subscription(command) || matches!(command, Command::Ping | Command::Quit | Command::Reset)
}

const NOT_IN_MULTI: Error = Error::new("ERR Command not allowed inside a transaction");
/// There is no memory, and nothing can be evicted.
pub const OUT_OF_MEMORY: Error =
    Error::new("OOM command not allowed when used memory > 'maxmemory'.");
const LOADING: Error = Error::new("LOADING Redis is loading the dataset in memory");

/// Why writes are refused, and PING with them so that whoever watches the server learns of it: the
/// disk doesn't take what is to be kept.
#[inline]
fn disk_failure(engine: &Engine) -> Option<Error> {
    let config = &engine.config;
    if !engine.saving.last_ok && config.stop_writes_on_bgsave_error && !config.save.is_empty() {
        return Some(SAVING_FAILED);
    }
    if engine.journal.aof.is_none() || !engine.aof.writer.is_failing() {
        return None;
    }
    let reason = engine.aof.writer.error()?;
    Some(Error::text(format!("MISCONF Errors writing to the AOF file: {reason}")))
}

const SAVING_FAILED: Error = Error::new(
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to \
     disk. Commands that may modify the data set are disabled, because this instance is configured \
     to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error \
     option). Please check the Redis logs for details about the RDB error.",
);

/// Names and arguments are shown only in part: they may be anything, and of any length.
const SHOWN: usize = 128;

fn unknown_command(args: Args<'_>) -> Error {
    let name = args.at(0);
    let mut text = b"ERR unknown command '".to_vec();
    text.extend_from_slice(error::until_nul(&name[..name.len().min(SHOWN)]));
    text.extend_from_slice(b"', with args beginning with: ");
    let mut shown = Vec::new();
    for arg in args.iter().skip(1) {
        if shown.len() >= SHOWN {
            break;
        }
        let arg = &arg[..arg.len().min(SHOWN - shown.len())];
        shown.push(b'\'');
        shown.extend_from_slice(error::until_nul(arg));
        shown.extend_from_slice(b"' ");
    }
    text.extend_from_slice(&shown);
    Error::text(text)
}
