//! The commands of replication: those of operators, and those that servers say to each other.
//!
//! What they do to the server is in [`crate::replication`].

use std::time::Duration;

use super::args::{Options, integer, integer_in, is};
use super::context::Context;
use super::error::{self, Error, Result};
use crate::command::connection::client_list::describe;
use crate::engine::acknowledgements::{self, Acknowledgements, NO_FILE, OnDisk};
use crate::engine::append_only::AofState;
use crate::engine::blocking::{self, Awaited, Wait};
use crate::engine::execution::Origin;
use crate::engine::role::{self, Failover, Phase, Reads, Replica};
use crate::number::leading_integer;
use crate::replication::failover::{self, address_of};
use crate::replication::reader;
use crate::resp::{Args, Reply, Request};
use crate::system::clock::{Clock, Tick};

/// `REPLICAOF <host port|NO ONE>`
pub fn replicaof(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    if ctx.is_in_cluster() {
        return Err(Error::new("ERR REPLICAOF not allowed in cluster mode."));
    }
    if ctx.engine.replication.failover.is_some() {
        return Err(Error::new("ERR REPLICAOF not allowed while failing over."));
    }
    let (host, port) = (args.at(1), args.at(2));
    if is(host, "no") && is(port, "one") {
        if ctx.engine.replication.master.is_some() {
            crate::notice!("MASTER MODE enabled (user request from '{}')", described(ctx));
        }
        role::promote(ctx.engine);
        reply.ok();
        return Ok(());
    }
    if ctx.client().replica.as_ref().is_some_and(|replica| replica.is_established()) {
        return Err(Error::new("ERR Command is not valid when client is a replica."));
    }
    const INVALID: Error = Error::new("ERR Invalid master port");
    let port = integer_in(port, 0, i64::from(u16::MAX), INVALID)? as u16;
    let host = String::from_utf8_lossy(host).into_owned();
    let same = ctx.engine.replication.master.as_ref();
    if same.is_some_and(|master| master.host == host && master.port == port) {
        reply.simple("OK Already connected to specified master");
        return Ok(());
    }
    crate::notice!("REPLICAOF {host}:{port} enabled (user request from '{}')", described(ctx));
    role::follow(ctx.engine, host, port);
    reply.ok();
    Ok(())
}

/// `SLAVEOF <host port|NO ONE>`
pub fn slaveof(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    replicaof(ctx, args, reply)
}

/// `ROLE`
pub fn role(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    let engine = &ctx.engine;
    if let Some(master) = &engine.replication.master {
        let offset =
            if engine.replication.link_is_up() { engine.replication.offset() as i64 } else { -1 };
        reply.array(5);
        reply.bulk(b"slave");
        reply.bulk(master.host.as_bytes());
        reply.integer(i64::from(master.port));
        reply.bulk(master.link.name().as_bytes());
        reply.integer(offset);
        return Ok(());
    }
    reply.array(3);
    reply.bulk(b"master");
    reply.integer(engine.replication.offset() as i64);
    reply.array_of(|reply| {
        let mut count = 0;
        for key in &engine.replication.replicas {
            let client = engine.clients.get(*key);
            let Some(replica) = &client.replica else { continue };
            if replica.phase == Phase::Online {
                let (ip, port) = address_of(client);
                reply.array(3);
                reply.bulk(&ip);
                reply.bulk(port.to_string().as_bytes());
                reply.bulk(replica.acknowledged.to_string().as_bytes());
                count += 1;
            }
        }
        count
    });
    Ok(())
}

/// `WAIT numreplicas milliseconds`
///
/// How many replicas have everything that this connection has written; waits until they are enough.
pub fn wait(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    if ctx.engine.is_replica() {
        return Err(Error::new(
            "ERR WAIT cannot be used with replica instances. Please also note that since Redis \
             4.0 if a replica is configured to be writable (which is not the default) writes to \
             replicas are just local and are not propagated.",
        ));
    }
    let wanted = integer(args.at(1))?;
    let deadline = deadline(ctx, args.at(2))?;
    let offset = ctx.client().last_write;
    wait_for(ctx, Acknowledgements { offset, wanted, on_disk: None }, deadline, reply);
    Ok(())
}

/// `WAITAOF numlocal numreplicas milliseconds`
///
/// Whether everything that this connection has written is on our disk, and on those of how many
/// replicas; waits until it is there and they are enough.
pub fn waitaof(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    const NOT_0_OR_1: Error = Error::new("ERR value is out of range, value must between 0 and 1");
    const NEGATIVE: Error = Error::new("ERR value is out of range, must be positive");
    let ours = integer(args.at(1))?;
    if ours != 0 && ours != 1 {
        return Err(NOT_0_OR_1);
    }
    let wanted = integer_in(args.at(2), 0, i64::MAX, NEGATIVE)?;
    let deadline = deadline(ctx, args.at(3))?;
    if ctx.engine.is_replica() {
        return Err(Error::new(
            "ERR WAITAOF cannot be used with replica instances. Please also note that writes to \
             replicas are just local and are not propagated.",
        ));
    }
    if ours == 1 && ctx.engine.aof.state == AofState::Off {
        return Err(Error::new(NO_FILE));
    }
    let client = ctx.client();
    let on_disk = Some(OnDisk { appended: client.last_append, ours: ours == 1 });
    let awaited = Acknowledgements { offset: client.last_write, wanted, on_disk };
    wait_for(ctx, awaited, deadline, reply);
    Ok(())
}

/// Until when WAIT and WAITAOF wait; None: for as long as it takes.
fn deadline(ctx: &Context<'_>, timeout_ms: &[u8]) -> Result<Option<Tick>> {
    const NO_TIMEOUT: Error = Error::new("ERR timeout is not an integer or out of range");
    let timeout_ms = integer(timeout_ms).map_err(|_| NO_TIMEOUT)?;
    let timeout = u64::try_from(timeout_ms).map_err(|_| Error::new("ERR timeout is negative"))?;
    Ok((timeout > 0).then(|| ctx.engine.clock.after(Duration::from_millis(timeout))))
}

/// Replies at once if there is nothing to wait for, or this is no place to wait.
fn wait_for(
    ctx: &mut Context<'_>,
    awaited: Acknowledgements,
    deadline: Option<Tick>,
    reply: &mut Reply,
) {
    if awaited.are_there(ctx.engine) || ctx.origin != Origin::Client {
        awaited.tell(ctx.engine, reply);
        return;
    }
    let offset = awaited.offset;
    let wait = Wait {
        awaited: Awaited::Acknowledgements(awaited),
        request: Request::default(),
        db: ctx.db,
        keys: Vec::new(),
        deadline,
    };
    blocking::block(ctx.engine, ctx.client, wait);
    let replication = &mut ctx.engine.replication;
    replication.waiters.push(ctx.client);
    // One question will do for all who have written before it.
    if replication.asked_up_to < offset || replication.asked_up_to == 0 {
        replication.ask_for_acknowledgement();
    }
}

/// `REPLCONF [option value [option value ...]]`
///
/// Only servers use it. ACK and GETACK are not replied to.
pub fn replconf(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    if args.len().is_multiple_of(2) {
        return Err(error::SYNTAX);
    }
    let mut options = Options::new(args, 1);
    while let Some(option) = options.next() {
        let value = options.value()?;
        match option {
            _ if is(option, "ACK") => {
                let synced = if options.take("FACK") { options.next() } else { None };
                return acknowledge(ctx, value, synced);
            }
            _ if is(option, "GETACK") => {
                if let Some(master) = &mut ctx.engine.replication.master {
                    master.wants_ack = true;
                }
                return Ok(());
            }
            _ => introduce(ctx.client().as_replica(), option, value)?,
        }
    }
    reply.ok();
    Ok(())
}

/// What a connection says about itself before it becomes a replica.
fn introduce(replica: &mut Replica, option: &[u8], value: &[u8]) -> Result {
    match option {
        _ if is(option, "listening-port") => {
            replica.port = integer_in(value, 0, i64::from(u16::MAX), error::NOT_INTEGER)? as u16;
        }
        _ if is(option, "ip-address") => {
            if value.len() > LONGEST_ADDRESS {
                return Err(Error::text(format!(
                    "ERR REPLCONF ip-address provided by replica instance is too long: {} bytes",
                    value.len()
                )));
            }
            replica.announced_ip = value.to_vec();
        }
        _ if is(option, "capa") => {
            replica.knows_eof |= is(value, "eof");
            replica.knows_psync2 |= is(value, "psync2");
            if is(value, "rdb-12") || is(value, "rdb-channel-repl") {
                replica.reads = Reads::Redis8;
            }
        }
        // Only Valkey says it.
        _ if is(option, "version") => {
            if leading_integer(value) >= 9 {
                replica.reads = Reads::Valkey9;
            }
        }
        _ if is(option, "rdb-only") => replica.rdb_only = integer(value)? != 0,
        _ if is(option, "rdb-filter-only") => {
            replica.functions_only = false;
            for word in value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
                if !is(word, "functions") {
                    let text = [b"ERR Unsupported rdb-filter-only option: ", word].concat();
                    return Err(Error::text(text));
                }
                replica.functions_only = true;
            }
        }
        _ => {
            let text = [&b"ERR Unrecognized REPLCONF option: "[..], option].concat();
            return Err(Error::text(text));
        }
    }
    Ok(())
}

/// A host name fits.
const LONGEST_ADDRESS: usize = 255;

/// A replica says how far it is, and perhaps its file: whoever waits for that is answered.
fn acknowledge(ctx: &mut Context<'_>, offset: &[u8], synced: Option<&[u8]>) -> Result {
    ctx.propagate_nothing();
    let now = ctx.engine.clock.tick();
    let Some(replica) = ctx.client().replica.as_mut().filter(|r| r.is_established()) else {
        return Ok(());
    };
    // What isn't a number acknowledges nothing, and isn't replied to either.
    if let Some(offset) = crate::number::parse_i64(offset) {
        replica.acknowledged = replica.acknowledged.max(offset.max(0) as u64);
        replica.acknowledged_at = Some(now);
    }
    if let Some(synced) = synced.and_then(crate::number::parse_i64) {
        replica.synced = replica.synced.max(synced.max(0) as u64);
    }
    ctx.engine.replication.acknowledged.notify_all();
    acknowledgements::answer_waiters(ctx.engine);
    Ok(())
}

/// `SYNC`
pub fn sync(ctx: &mut Context<'_>, _args: Args<'_>, _reply: &mut Reply) -> Result {
    if !may_become_replica(ctx)? {
        return Ok(());
    }
    let replica = ctx.client().as_replica();
    (replica.is_old, replica.phase) = (true, Phase::Requesting);
    ctx.engine.replication.replicas.push(ctx.client);
    Ok(())
}

/// `PSYNC replicationid offset`
///
/// A master that hands its role over to this replica adds FAILOVER.
pub fn psync(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    if args.get(3).is_some_and(|word| is(word, "failover")) {
        if ctx.engine.replication.master.is_none() {
            return Err(Error::new("ERR PSYNC FAILOVER can't be sent to a master."));
        }
        if args.at(1) != ctx.engine.replication.id.as_bytes() {
            return Err(Error::new("ERR PSYNC FAILOVER replid must match my replid."));
        }
        next_byte(args.at(2))?; // before anything is changed
        crate::notice!("MASTER MODE enabled (failover request from '{}')", described(ctx));
        role::promote(ctx.engine);
    }
    if !may_become_replica(ctx)? {
        return Ok(());
    }
    let next = next_byte(args.at(2))?;
    let id = ctx.engine.clients.get(ctx.client).id;
    let position = next.checked_sub(1);
    let position = position.filter(|at| reader::may_continue(ctx.engine, ctx.client, *at));
    let replication = &mut ctx.engine.replication;
    let position = position.filter(|_| replication.active);
    let position = position.filter(|position| replication.shares(args.at(1), *position));
    let continues = position.is_some_and(|position| replication.backlog.attach(id, position));
    if continues {
        replication.sync_partial_ok += 1;
    } else if args.at(1) != b"?" {
        replication.sync_partial_err += 1;
    }
    replication.replicas.push(ctx.client);
    let our_id = replication.id.clone();
    let name = ctx.client().replica_name();
    crate::notice!("Replica {name} asks for synchronization");
    let replica = ctx.client().as_replica();
    if continues {
        replica.phase = Phase::Continuing;
        crate::notice!(
            "Partial resynchronization request from {name} accepted, starting from offset {next}."
        );
        match replica.knows_psync2 {
            true => reply.simple(&format!("CONTINUE {our_id}")),
            false => reply.simple("CONTINUE"),
        }
    } else {
        replica.phase = Phase::Requesting;
        crate::notice!("Full resync requested by replica {name}");
    }
    Ok(())
}

/// Who asks, for the log.
fn described(ctx: &mut Context<'_>) -> String {
    let mut line = Vec::new();
    describe(ctx.engine, ctx.client, None, &mut line);
    String::from_utf8_lossy(line.trim_ascii_end()).into_owned()
}

/// The first byte that a replica lacks; 0 is nothing that anybody has. A number that is no offset
/// of ours tells what a replica has as little as -1 does, and a full resynchronisation helps it.
fn next_byte(text: &[u8]) -> Result<u64> {
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    match crate::number::parse_i64(text) {
        Some(next) => Ok(u64::try_from(next).unwrap_or(0)),
        None if is_number => Ok(0),
        None => Err(error::NOT_INTEGER),
    }
}

/// Whether the connection may become a replica. False: it is one already.
fn may_become_replica(ctx: &mut Context<'_>) -> Result<bool> {
    if ctx.client().replica.as_ref().is_some_and(|replica| replica.is_established()) {
        return Ok(false);
    }
    let replication = &ctx.engine.replication;
    if replication.master.is_some() && !replication.link_is_up() {
        return Err(Error::new("NOMASTERLINK Can't SYNC while not connected with my master"));
    }
    reader::check(ctx.engine, ctx.client).map_err(|reason| Error::new(reason.0))?;
    Ok(ctx.client().stream.is_some())
}

/// `FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]`
pub fn failover(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    if ctx.is_in_cluster() {
        let text =
            "ERR FAILOVER not allowed in cluster mode. Use CLUSTER FAILOVER command instead.";
        return Err(Error::new(text));
    }
    if args.len() == 2 && is(args.at(1), "ABORT") {
        if ctx.engine.replication.failover.is_none() {
            return Err(Error::new("ERR No failover in progress."));
        }
        failover::abort(ctx.engine, "Failover manually aborted");
        reply.ok();
        return Ok(());
    }
    let failover = parse_failover(&ctx.engine.clock, args)?;
    let replication = &ctx.engine.replication;
    if replication.failover.is_some() {
        return Err(Error::new("ERR FAILOVER already in progress."));
    }
    if replication.master.is_some() {
        return Err(Error::new("ERR FAILOVER is not valid when server is a replica."));
    }
    if replication.replicas.is_empty() {
        return Err(Error::new("ERR FAILOVER requires connected replicas."));
    }
    if failover.force && (failover.deadline.is_none() || failover.target.is_none()) {
        return Err(Error::new(
            "ERR FAILOVER with force option requires both a timeout and target HOST and IP.",
        ));
    }
    if let Some(target) = &failover.target {
        let mut clients = replication.replicas.iter().map(|key| ctx.engine.clients.get(*key));
        if !clients.any(|client| address_of(client) == *target) {
            return Err(Error::new("ERR FAILOVER target HOST and PORT is not a replica."));
        }
        if failover::find(ctx.engine, Some(target), |_| true).is_none() {
            return Err(Error::new("ERR FAILOVER target replica is not online."));
        }
    }
    failover::begin(ctx.engine, failover);
    reply.ok();
    Ok(())
}

fn parse_failover(clock: &Clock, args: Args<'_>) -> Result<Failover> {
    let mut failover = Failover { target: None, deadline: None, force: false, in_progress: false };
    let mut options = Options::new(args, 1);
    while let Some(option) = options.next() {
        let left = options.left();
        match option {
            _ if is(option, "TIMEOUT") && left >= 1 && failover.deadline.is_none() => {
                let timeout = options.integer()?;
                if timeout <= 0 {
                    return Err(Error::new("ERR FAILOVER timeout must be greater than 0"));
                }
                failover.deadline = Some(clock.after(Duration::from_millis(timeout as u64)));
            }
            _ if is(option, "TO") && left >= 2 && failover.target.is_none() => {
                let host = options.value()?.to_vec();
                let port = integer_in(options.value()?, 0, 65535, error::NOT_INTEGER)? as u16;
                failover.target = Some((host, port));
            }
            _ if is(option, "FORCE") && !failover.force => failover.force = true,
            _ => return Err(error::SYNTAX),
        }
    }
    Ok(failover)
}
