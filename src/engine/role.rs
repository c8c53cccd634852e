//! The engine's side of replication: ids, role, replicas, and how these change.
//!
//! A server's history has an id and an offset. The id changes when a history branches off: a
//! promoted replica takes a new one, and keeps the old as its second id, which is valid up to the
//! offset of the promotion.
//!
//! | event             | id             | second id, valid to | own replicas               |
//! |-------------------|----------------|---------------------|----------------------------|
//! | first replica     | new            | -                   |                            |
//! | full sync         | the master's   | -                   | disconnected, full sync    |
//! | partial sync, new id | the master's | the old, offset    | disconnected, partial sync |
//! | REPLICAOF NO ONE  | new            | the old, offset     | disconnected, partial sync |

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::ClientKey;
use super::Engine;
use super::blocking;
use crate::catalogue;
use crate::config::{Config, RdbVersion};
use crate::journal::backlog::{Backlog, Feed};
use crate::system::clock::{Clock, Tick};
use crate::system::lock::Condition;
use crate::system::logging;
use crate::system::random::secure_hex;
use crate::system::stream::Stream;

/// What replication knows, behind the lock.
#[derive(Debug)]
pub struct Replication {
    /// The id of the history that our data has.
    pub id: String,
    /// The id that it had before.
    pub second_id: String,
    /// Up to here the history was that of the second id; None: there is none.
    pub second_end: Option<u64>,
    /// The stream. Its end is the replication offset.
    pub backlog: Arc<Backlog>,
    /// Whether the backlog is kept; so that there is a history that others may share.
    pub active: bool,
    /// The connections of replicas: those that have sent PSYNC or SYNC.
    pub replicas: Vec<ClientKey>,
    /// Whom we follow.
    pub master: Option<Master>,
    /// Counts changes of the master, so that the link's thread can tell that it has the wrong one.
    pub epoch: u64,
    /// Signalled when the link's thread should look again.
    pub role_changed: Arc<Condition>,
    /// Signalled when a replica has acknowledged something.
    pub acknowledged: Arc<Condition>,
    /// Whether the thread that sends snapshots is there.
    pub syncing: bool,
    /// Whether it is sending one: there is one snapshot at a time.
    pub transferring: bool,
    /// Clients in WAIT and WAITAOF.
    pub waiters: Vec<ClientKey>,
    /// Up to here replicas have been asked to acknowledge at once.
    pub asked_up_to: u64,
    /// Since when there has been no replica.
    pub alone_since: Tick,
    /// A FAILOVER that is going on.
    pub failover: Option<Failover>,
    /// Commands of masters that have failed here.
    pub stream_errors: u64,
    /// When replicas were given a command last that Redis 7.0 doesn't know.
    pub newer_at: Option<Tick>,
    /// The offset behind that.
    pub newer_end: u64,
    /// When the log was told of a replica that can't read what there is.
    pub told_of_unreadable: Option<Tick>,
    /// INFO: full synchronisations.
    pub sync_full: u64,
    /// INFO: partial ones.
    pub sync_partial_ok: u64,
    /// INFO: partial ones that were not possible.
    pub sync_partial_err: u64,
}

/// A connection that introduced itself as a replica, as its client has it.
#[derive(Debug)]
pub struct Replica {
    /// Its place in the life of a replica.
    pub phase: Phase,
    /// The port on which it listens (REPLCONF listening-port).
    pub port: u16,
    /// The address under which it wants to be known (REPLCONF ip-address).
    pub announced_ip: Vec<u8>,
    /// It can find the end of a snapshot of unknown length (REPLCONF capa eof).
    pub knows_eof: bool,
    /// It can change the id that it follows (REPLCONF capa psync2).
    pub knows_psync2: bool,
    /// What it can read, as far as it says (REPLCONF capa, REPLCONF version).
    pub reads: Reads,
    /// It wants a snapshot and nothing else (REPLCONF rdb-only).
    pub rdb_only: bool,
    /// It wants only the functions of it (REPLCONF rdb-filter-only functions).
    pub functions_only: bool,
    /// It sent SYNC, so it acknowledges nothing.
    pub is_old: bool,
    /// The offset that it has acknowledged.
    pub acknowledged: u64,
    /// The offset up to which its append-only file is synced (REPLCONF ACK offset FACK offset).
    pub synced: u64,
    /// When it acknowledged something.
    pub acknowledged_at: Option<Tick>,
    /// When it was heard of last, or got to where it is.
    pub seen: Tick,
}

impl Replica {
    /// One that introduces itself now.
    pub fn new(now: Tick) -> Self {
        Replica {
            phase: Phase::Introducing,
            port: 0,
            announced_ip: Vec::new(),
            knows_eof: false,
            knows_psync2: false,
            reads: Reads::Redis7,
            rdb_only: false,
            functions_only: false,
            is_old: false,
            acknowledged: 0,
            synced: 0,
            acknowledged_at: None,
            seen: now,
        }
    }
}

/// What a replica can read. What it is decided by, see `replication::reader`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// What Redis 7.0 can; it has said nothing else.
    Redis7,
    /// RDB of version 12, and a stream in which fields of hashes expire.
    Redis8,
    /// The same, with snapshots in the version of Valkey 9.0.
    Valkey9,
}

/// The life of a replica, as its master sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It has only told about itself.
    Introducing,
    /// Its PSYNC was accepted; once the reply is out, its thread lets it continue from the backlog.
    Continuing,
    /// It needs a snapshot, and its thread has to say so.
    Requesting,
    /// It waits for a snapshot to begin.
    Waiting,
    /// One is being written to a file for it.
    Saving,
    /// It is being sent one.
    Receiving,
    /// It gets the stream.
    Online,
    /// It has got the snapshot, and wanted nothing else.
    Served,
}

impl Phase {
    /// Its name in INFO.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Introducing | Phase::Requesting | Phase::Waiting | Phase::Saving => {
                "wait_bgsave"
            }
            Phase::Receiving => "send_bulk",
            Phase::Continuing | Phase::Online | Phase::Served => "online",
        }
    }
}

/// Whom we follow, and how that is going.
#[derive(Debug)]
pub struct Master {
    /// Where it is.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The state of the link.
    pub link: Link,
    /// The socket, to end the link.
    pub stream: Option<Arc<Stream>>,
    /// The client as which the stream is executed, while there is one.
    pub client: Option<ClientKey>,
    /// The database that the stream has selected.
    pub db: usize,
    /// Bytes of the snapshot that have come.
    pub received: Arc<AtomicU64>,
    /// How many there will be, if it has told.
    pub expected: Option<u64>,
    /// When something came from it.
    pub last_heard: Tick,
    /// Since when the link has been down; None: it is up, or never was.
    pub down_since: Option<Tick>,
    /// It has asked for an acknowledgement.
    pub wants_ack: bool,
    /// Ask it to step down in our favour first (FAILOVER, seen from the other side).
    pub takes_over: bool,
    /// What the last attempt to follow it ended with; empty: there was none.
    pub last_error: String,
}

/// The state of the link to a master.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// To be connected.
    Down,
    /// Being connected.
    Connecting,
    /// Introducing ourselves.
    Handshake,
    /// Receiving a snapshot.
    Syncing,
    /// Following the stream.
    Up,
}

impl Link {
    /// Its name in ROLE.
    pub fn name(self) -> &'static str {
        match self {
            Link::Down => "connect",
            Link::Connecting => "connecting",
            Link::Handshake => "handshake",
            Link::Syncing => "sync",
            Link::Up => "connected",
        }
    }
}

/// A failover that is going on.
#[derive(Clone, Debug)]
pub struct Failover {
    /// Address and port of the replica that is to take over; None: the first that has everything.
    pub target: Option<(Vec<u8>, u16)>,
    /// When to give up waiting.
    pub deadline: Option<Tick>,
    /// Go on nevertheless.
    pub force: bool,
    /// We have become a replica, and ask the other one to take over.
    pub in_progress: bool,
}

impl Failover {
    /// Its state in INFO.
    pub fn name(&self) -> &'static str {
        if self.in_progress { "failover-in-progress" } else { "waiting-for-sync" }
    }
}

const GETACK: &[u8] = b"*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n";

impl Replication {
    /// A server without history; the configuration may name its master.
    pub fn new(config: &Config, clock: &Clock) -> Self {
        let limit = config.client_output_buffer_limit.replica;
        Replication {
            id: secure_hex(40),
            second_id: "0".repeat(40),
            second_end: None,
            backlog: Arc::new(Backlog::new(config.repl_backlog_size, limit, clock.clone())),
            active: false,
            replicas: Vec::new(),
            master: config
                .replicaof
                .clone()
                .map(|(host, port)| Master::new(host, port, clock.tick())),
            epoch: 0,
            role_changed: Arc::default(),
            acknowledged: Arc::default(),
            syncing: false,
            transferring: false,
            waiters: Vec::new(),
            asked_up_to: 0,
            alone_since: clock.tick(),
            failover: None,
            stream_errors: 0,
            newer_at: None,
            newer_end: 0,
            told_of_unreadable: None,
            sync_full: 0,
            sync_partial_ok: 0,
            sync_partial_err: 0,
        }
    }

    /// The replication offset.
    pub fn offset(&self) -> u64 {
        self.backlog.end()
    }

    /// Whether the link to the master is up.
    pub fn link_is_up(&self) -> bool {
        self.master.as_ref().is_some_and(|master| master.link == Link::Up)
    }

    /// Asks all replicas to say at once how far they are.
    pub fn ask_for_acknowledgement(&mut self) {
        self.asked_up_to = self.backlog.end();
        if self.active && self.master.is_none() {
            self.backlog.append(GETACK);
        }
    }

    /// The second id becomes what the first one was, valid up to now.
    pub fn branch_off(&mut self, id: String) {
        self.second_end = Some(self.backlog.end());
        self.second_id = std::mem::replace(&mut self.id, id);
    }

    /// Whether `position` of the history `id` is in our own history as well.
    pub fn shares(&self, id: &[u8], position: u64) -> bool {
        let is_second = self.second_end.is_some_and(|end| position <= end);
        id == self.id.as_bytes() || is_second && id == self.second_id.as_bytes()
    }

    /// A new history, which nobody shares.
    pub fn forget_history(&mut self) {
        self.id = secure_hex(40);
        self.second_id = "0".repeat(40);
        self.second_end = None;
    }
}

impl Master {
    /// A master that is yet to be connected, named now.
    pub fn new(host: String, port: u16, now: Tick) -> Self {
        Master {
            host,
            port,
            link: Link::Down,
            stream: None,
            client: None,
            db: 0,
            received: Arc::default(),
            expected: None,
            last_heard: now,
            down_since: None,
            wants_ack: false,
            takes_over: false,
            last_error: String::new(),
        }
    }
}

/// Whether this may be the id of a history: forty visible characters.
pub fn is_id(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The highest offset that anybody is believed to be at: no server writes as much, and what follows
/// still has to be a number for others, for whom it is an `i64`.
const HIGHEST_OFFSET: u64 = 1 << 62;

/// An offset that another server, or a file, tells.
pub fn parse_offset(text: &str) -> Option<u64> {
    text.parse().ok().filter(|offset| *offset <= HIGHEST_OFFSET)
}

/// Begins to keep a backlog. What a master executes goes into it from now on.
pub fn activate(engine: &mut Engine) {
    let replication = &mut engine.replication;
    if !replication.active {
        // Before, changes were not counted, so the old id would promise what isn't true.
        replication.forget_history();
        replication.active = true;
        replication.backlog.restart(replication.backlog.end());
    }
    connect_journal(engine);
}

/// A master's journal feeds the backlog; a replica's doesn't, for there the master's bytes do.
pub fn connect_journal(engine: &mut Engine) {
    let replication = &engine.replication;
    let feeds = replication.active && replication.master.is_none();
    if !feeds {
        engine.journal.replication = None;
    } else if engine.journal.replication.is_none() {
        engine.journal.replication = Some(Box::new(Feed(Arc::clone(&replication.backlog))));
        engine.journal.forget_selected();
    }
}

/// Gives the backlog up, when there has been no replica for long.
pub fn deactivate(engine: &mut Engine) {
    engine.replication.active = false;
    engine.replication.forget_history();
    let end = engine.replication.backlog.end();
    engine.replication.backlog.restart(end);
    connect_journal(engine);
}

/// Follows a master from now on.
pub fn follow(engine: &mut Engine, host: String, port: u16) {
    hang_up(engine);
    let was_master = engine.replication.master.is_none();
    engine.config.replicaof = Some((host.clone(), port));
    let now = engine.clock.tick();
    let mut master = Master::new(host, port, now);
    if let Some(old) = engine.replication.master.take() {
        master.db = old.db;
        master.down_since = if old.link == Link::Up { Some(now) } else { old.down_since };
    }
    engine.replication.master = Some(master);
    logging::set_role(logging::Role::Replica);
    engine.adjust_oom_score_to_role();
    connect_journal(engine);
    if was_master {
        let waiting = engine.clients.connections();
        for client in waiting {
            // They are to look for the new master, and do so when their connections end.
            let wait = engine.clients.get(client).wait.as_ref();
            if wait.is_some_and(|wait| wait.awaited.is_for_data()) {
                engine.clients.get_mut(client).close_after_reply = true;
                blocking::interrupt(engine, client, INSTANCE_CHANGED);
            }
        }
    }
    engine.replication.role_changed.notify_all();
}

const INSTANCE_CHANGED: &str =
    "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)";

/// Becomes a master: REPLICAOF NO ONE.
pub fn promote(engine: &mut Engine) {
    hang_up(engine);
    engine.config.replicaof = None;
    if engine.replication.master.take().is_none() {
        return;
    }
    engine.expiry.own.clear(); // as all others from now on
    engine.replication.branch_off(secure_hex(40));
    // They come back at once, and learn the new id.
    disconnect_replicas(engine);
    engine.replication.alone_since = engine.clock.tick();
    logging::set_role(logging::Role::Master);
    engine.adjust_oom_score_to_role();
    connect_journal(engine);
    engine.replication.role_changed.notify_all();
}

/// Whether Redis 7.0 doesn't know this command. Most that write have shorter names.
pub fn is_newer(name: &[u8]) -> bool {
    name.len() >= SHORTEST_NEWER
        && catalogue::by_name(name).is_some_and(|row| row.doc.since > "7.0.15")
}

/// The shortest name of a command that writes and came after 7.0: DELEX.
const SHORTEST_NEWER: usize = 5;

impl Replica {
    /// Whether it may not know what came after Redis 7.0, for all that it says; `rdb-version` may say that
    /// all do.
    pub fn may_be_old(&self, config: &Config) -> bool {
        let vouched = matches!(config.rdb_version, RdbVersion::Redis74 | RdbVersion::Valkey9);
        self.reads == Reads::Redis7 && !self.rdb_only && !vouched
    }
}

/// Replicas were given a command that Redis 7.0 doesn't know. Who hasn't said that it does can't have
/// executed it, so it differs from now on.
pub fn part_with_old_replicas(engine: &mut Engine) {
    engine.replication.newer_at = Some(engine.clock.tick());
    engine.replication.newer_end = engine.replication.offset();
    for key in engine.replication.replicas.clone() {
        let client = engine.clients.get(key);
        if client.replica.as_ref().is_some_and(|replica| replica.may_be_old(&engine.config)) {
            crate::warning!(
                "Disconnecting replica {}: it was sent a command that it may not know",
                client.replica_name()
            );
            engine.clients.get_mut(key).disconnect();
        }
    }
}

/// Ends the link, so that its thread looks what is to be done now.
pub fn hang_up(engine: &mut Engine) {
    engine.replication.epoch += 1;
    if let Some(stream) = engine.replication.master.as_mut().and_then(|m| m.stream.take()) {
        let _ = stream.shutdown(std::net::Shutdown::Both); // fails if it has ended already
    }
}

/// Disconnects all replicas: what they follow is not what it was.
pub fn disconnect_replicas(engine: &mut Engine) {
    for key in engine.replication.replicas.clone() {
        engine.clients.get_mut(key).disconnect();
    }
}

/// A connection has ended. If it was a replica's, its place in the backlog is given up.
pub fn remove_client(engine: &mut Engine, client: ClientKey) {
    let replication = &mut engine.replication;
    replication.waiters.retain(|waiter| *waiter != client);
    let before = replication.replicas.len();
    replication.replicas.retain(|replica| *replica != client);
    if replication.replicas.len() < before {
        let (id, name) = (engine.clients.get(client).id, engine.clients.get(client).replica_name());
        engine.replication.backlog.detach(id);
        engine.replication.acknowledged.notify_all();
        if engine.replication.replicas.is_empty() {
            engine.replication.alone_since = engine.clock.tick();
        }
        crate::warning!("Connection with replica {name} lost.");
    }
}

/// How many replicas have not acknowledged everything up to `offset`.
pub fn count_behind(engine: &Engine, offset: u64) -> usize {
    let replicas = engine.replication.replicas.iter();
    let replicas = replicas.filter_map(|key| engine.clients.get(*key).replica.as_ref());
    let online = replicas.filter(|replica| replica.phase == Phase::Online && !replica.is_old);
    online.filter(|replica| replica.acknowledged < offset).count()
}

/// How many replicas are close behind: what `min-replicas-to-write` asks for.
pub fn count_good(engine: &Engine) -> usize {
    let max_lag = u64::from(engine.config.min_replicas_max_lag);
    let replicas = engine.replication.replicas.iter();
    let replicas = replicas.filter_map(|key| engine.clients.get(*key).replica.as_ref());
    let online = replicas.filter(|replica| replica.phase == Phase::Online);
    online.filter(|replica| replica.lag_s(&engine.clock).is_some_and(|lag| lag <= max_lag)).count()
}

impl Replica {
    /// Seconds since the last acknowledgement; None before the first.
    pub fn lag_s(&self, clock: &Clock) -> Option<u64> {
        self.acknowledged_at.map(|at| clock.since(at).as_secs())
    }

    /// Whether PSYNC or SYNC has made it one.
    pub fn is_established(&self) -> bool {
        self.phase != Phase::Introducing
    }
}
