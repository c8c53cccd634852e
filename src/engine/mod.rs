//! The engine: everything behind THE lock.
//!
//! One mutex guards all data and all state that commands share. A connection's thread takes it
//! once for all requests that have arrived, and never waits, writes to a socket or syncs a file
//! while it holds it. So no command ever sees another half done, and a command's code needs no locks,
//! no atomics and no thought about order. What threads share beside this lock is little, and each
//! says what keeps it in order: outboxes and their writers, the inbox of the append-only file, the
//! backlog of replicas, and figures that somebody shows while another thread counts.
//!
//! A panic while the lock is held leaves the data in doubt, so it ends the process with a report:
//! what the disk has is better than what memory may have become. A panic elsewhere costs only the
//! connection it happens in.
//!
//! | files                                              | what is behind the lock                |
//! |----------------------------------------------------|----------------------------------------|
//! | [`client`], [`meter`], [`weight`], [`activity`], [`transaction`], [`pause`] | connections and their state |
//! | [`interest`], [`watch`], [`blocking`], [`tracking`] | who watches, waits for, caches a key  |
//! | [`migration`]                                      | keys on their way to another server    |
//! | [`pubsub`], [`monitor`]                            | who listens                            |
//! | [`outbox`], [`writers`], [`output`]                | how a connection gets what it hasn't asked for |
//! | [`expiry`], [`field_expiry`], [`eviction`], [`slots`] | keys and fields that go by themselves |
//! | [`append_only`], [`saving`], [`background`], [`progress`], [`shutdown`] | what is known of files |
//! | [`role`], [`oom_score`]                            | master or replica, and of whom         |
//! | [`cluster`](mod@cluster)                           | the cluster that this server is a node of |
//! | [`stats`], [`slowlog`], [`latency`], [`contention`] | what is counted                        |
//! | [`timers`]                                         | what is due, when tests turn the clock |
//! | `lock`                                             | THE lock, and what is done when it is released |
//! | [`delegation`], [`busy`]                           | how others are served while a script holds it for long |
//! | [`scripting`]                                      | scripts and functions that clients have brought |
//! | [`execution`]                                      | how requests are executed from below   |
//! | [`journey`]                                        | what EXPLAIN is told of a command      |
//! | [`prepared`]                                       | large values, copied in advance        |
//!
//! The engine knows nobody above it: commands, persistence, replication and the server call it. What
//! they need to have kept under the lock is a plain struct here, and what is done about it there.

pub mod acknowledgements;
pub mod activity;
pub mod append_only;
pub mod background;
pub mod blocking;
pub mod busy;
pub mod client;
mod client_key;
pub mod cluster;
pub mod contention;
pub mod debugging;
pub mod delegation;
pub mod eviction;
pub mod execution;
pub mod expiry;
pub mod field_expiry;
pub mod interest;
pub mod journey;
pub mod latency;
pub mod lazy_free;
pub mod libraries;
pub mod listening;
mod lock;
pub mod meter;
pub mod migration;
pub mod monitor;
pub mod oom_score;
pub mod outbox;
#[cfg(test)]
mod outbox_tests;
pub mod output;
pub mod pause;
pub mod prepared;
pub mod progress;
pub mod pubsub;
pub mod role;
pub mod routing;
pub mod saving;
pub mod scripting;
pub mod shutdown;
pub mod slot_stats;
pub mod slots;
pub mod slowlog;
pub mod stats;
pub mod timers;
pub mod tls;
pub mod tracking;
pub mod transaction;
pub mod watch;
pub mod weight;
pub mod writers;

use std::sync::Arc;
use std::time::Duration;

use crossbeam::channel::Receiver;

use crate::acl::Acl;
use crate::cluster::Cluster;
use crate::config::{Config, EventClasses};
use crate::journal::{Effect, Journal};
use crate::resp::Request;
use crate::store::keyspace::Keyspace;
use crate::store::{Bytes, Value};
use crate::system::clock::{Clock, Tick};
use crate::system::lock::Condition;
use crate::system::random::{Random, secure_hex};
use crate::system::tls::Tls;
use append_only::AppendOnly;
use background::Background;
use blocking::Blocking;
use client::Clients;
pub use client_key::ClientKey;
use contention::Contention;
use debugging::Debugging;
use delegation::Delegation;
use execution::Execution;
use expiry::Expiry;
use interest::Interest;
use journey::Journey;
use latency::LatencyMonitor;
use lazy_free::{Garbage, LazyFree};
use listening::Listen;
pub use lock::{EngineGuard, SharedEngine};
use migration::Migrations;
use pause::Pause;
use prepared::Prepared;
use progress::Progress;
use pubsub::PubSub;
use role::Replication;
use saving::Saving;
use scripting::Scripting;
use shutdown::{Leaving, ShutdownRequest};
use slowlog::CommandLogs;
use stats::Stats;
use tracking::Tracking;
use writers::Writers;

/// Everything that commands work on.
pub struct Engine {
    /// The configuration in force.
    pub config: Config,
    /// The databases, by number.
    pub databases: Vec<Keyspace>,
    /// Every connection.
    pub clients: Clients,
    /// Users, and what they may do.
    pub acl: Acl,
    /// Who listens to what.
    pub pubsub: PubSub,
    /// The threads that write what is in outboxes.
    pub writers: Arc<Writers>,
    /// Clients that see what others ask for.
    pub monitors: Vec<ClientKey>,
    /// Clients that are told of changes to keys they keep.
    pub tracking: Tracking,
    /// The client whose command is being executed.
    pub executing: Option<ClientKey>,
    /// Clients that wait for a key.
    pub blocking: Blocking,
    /// The keys that WATCH watches.
    pub watched: Interest,
    /// What INFO counts.
    pub stats: Stats,
    /// Requests that were slow, or large.
    pub command_logs: CommandLogs,
    /// What made everybody wait.
    pub latency: LatencyMonitor,
    /// What the running command changed.
    pub journal: Journal,
    /// Scripts and functions.
    pub scripting: Scripting,
    /// How others are served while a script holds the lock for long.
    pub delegation: Arc<Delegation<Engine>>,
    /// The journey of the command that EXPLAIN executes.
    pub journey: Option<Box<Journey>>,
    /// Who has the same data.
    pub replication: Replication,
    /// The cluster that this server is a node of, if it is one.
    pub cluster: Option<Box<Cluster>>,
    /// The file that keeps it, once the bus has opened it.
    pub cluster_file: Option<Box<dyn cluster::SaveNodes>>,
    /// Signalled when the cluster's bus has something to send or to save.
    pub bus_wanted: Arc<Condition>,
    /// Changes since the last snapshot.
    pub dirty: u64,
    /// What is on disk.
    pub saving: Saving,
    /// The append-only file.
    pub aof: AppendOnly,
    /// What is being saved or rewritten.
    pub background: Background,
    /// How far loading has come.
    pub progress: Arc<Progress>,
    /// Numbers that need not be secret.
    pub random: Random,
    /// CLIENT PAUSE.
    pub pause: Pause,
    /// Keys on their way to other servers.
    pub migrations: Migrations,
    /// The data set is being loaded from disk.
    pub loading: bool,
    /// What tests have switched.
    pub debugging: Debugging,
    /// What active expiry remembers.
    pub expiry: Expiry,
    /// Forty hexadecimal digits, new at every start.
    pub run_id: String,
    /// When the server started.
    pub started: Tick,
    /// Bytes that were in use before there was any data.
    pub startup_memory: u64,
    /// The port that clients connect to.
    pub port: u16,
    /// Certificates and what else TLS needs, if it is spoken.
    pub tls: Option<Arc<Tls>>,
    /// The server's sockets, if it has any.
    pub listening: Option<Box<dyn Listen>>,
    /// A SHUTDOWN that waits for replicas.
    pub leaving: Option<Leaving>,
    /// The process ends with this server.
    pub ends_process: bool,
    /// A SHUTDOWN that is settled: nothing is executed any more.
    pub shutdown: Option<ShutdownRequest>,
    /// A large value that the executing connection has copied already.
    pub prepared: Prepared,
    /// What eviction remembers.
    pub eviction: eviction::EvictionState,
    /// How requests are executed: what stands above the engine, as far as it has to call it.
    pub execution: Execution,
    /// What everything asks that looks at time.
    pub clock: Clock,
    /// What has been since the lock was taken.
    since_taken: SinceTaken,
    /// How long the lock is held and waited for.
    pub contention: Contention,
    /// What is freed where nobody waits for it.
    pub lazy_free: LazyFree,
}

/// What has been since the lock was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SinceTaken {
    /// No command has ended.
    Nothing,
    /// The same, and the lock had to be waited for.
    Waited,
    /// The last command ended then.
    Ended(Tick),
}

impl Engine {
    /// An engine without data, and the end of the channel on which it sends what is to be freed.
    pub fn new(config: Config, execution: Execution) -> (Self, Receiver<Garbage>) {
        Engine::with_clock(config, execution, Clock::machine())
    }

    /// The same, with a clock of its own.
    pub fn with_clock(
        config: Config,
        execution: Execution,
        clock: Clock,
    ) -> (Self, Receiver<Garbage>) {
        let (lazy_free, garbage) = LazyFree::new();
        let mut databases: Vec<_> = (0..config.databases).map(|_| Keyspace::default()).collect();
        if config.cluster_enabled {
            databases[0].index_slots();
        }
        let mut acl = Acl::default();
        acl.set_default_password(&config.requirepass);
        let engine = Engine {
            port: config.port,
            tls: None,
            listening: None,
            aof: AppendOnly::new(&config),
            background: Background::default(),
            progress: Arc::default(),
            replication: Replication::new(&config, &clock),
            scripting: Scripting::new(&config),
            cluster: cluster::new(&config, clock.unix_ms() as u64),
            cluster_file: None,
            bus_wanted: Arc::default(),
            config,
            databases,
            clients: Clients::new(clock.clone()),
            acl,
            pubsub: PubSub::default(),
            writers: Arc::default(),
            monitors: Vec::new(),
            tracking: Tracking::default(),
            executing: None,
            blocking: Blocking::default(),
            watched: Interest::default(),
            stats: Stats::default(),
            command_logs: CommandLogs::default(),
            latency: LatencyMonitor::default(),
            journal: Journal::new(role::is_newer),
            delegation: Arc::default(),
            journey: None,
            dirty: 0,
            saving: Saving::new(clock.unix_ms()),
            random: Random::from_system(),
            pause: Pause::new(clock.clone()),
            migrations: Migrations::default(),
            loading: false,
            debugging: Debugging::default(),
            expiry: Expiry::default(),
            run_id: secure_hex(40),
            started: clock.tick(),
            startup_memory: crate::system::memory::used(),
            leaving: None,
            ends_process: false,
            shutdown: None,
            prepared: Prepared::default(),
            eviction: eviction::EvictionState::default(),
            execution,
            clock,
            since_taken: SinceTaken::Nothing,
            contention: Contention::default(),
            lazy_free,
        };
        engine.debugging.delays.configure(&engine.config);
        (engine, garbage)
    }

    /// Unix time in milliseconds.
    pub fn unix_ms(&self) -> i64 {
        self.clock.unix_ms()
    }

    /// Unix time in microseconds at `tick`.
    #[inline]
    pub fn unix_us_at(&self, tick: Tick) -> i64 {
        self.clock.unix_us(tick)
    }

    /// The time for a command that begins now. The end of the command before it will do, if the lock
    /// was held since: reading the clock costs as much as a small command.
    #[inline]
    pub fn begin_command(&mut self) -> Tick {
        match self.since_taken {
            SinceTaken::Ended(tick) => {
                self.since_taken = SinceTaken::Nothing;
                tick
            }
            SinceTaken::Nothing | SinceTaken::Waited => {
                let tick = self.clock.tick();
                self.contention.looked(tick);
                tick
            }
        }
    }

    /// The time at which a command ends.
    #[inline]
    pub fn end_command(&mut self) -> Tick {
        let tick = self.clock.tick();
        self.since_taken = SinceTaken::Ended(tick);
        tick
    }

    /// When the last command ended that ran under this taking of the lock.
    #[inline]
    pub fn last_reading(&self) -> Option<Tick> {
        match self.since_taken {
            SinceTaken::Ended(tick) => Some(tick),
            SinceTaken::Nothing | SinceTaken::Waited => None,
        }
    }

    /// For how many nanoseconds THE lock was waited for, as the first command under it can tell.
    pub fn lock_wait_ns(&self) -> u64 {
        match self.since_taken {
            SinceTaken::Waited => self.contention.waited_ns(),
            SinceTaken::Nothing | SinceTaken::Ended(_) => 0,
        }
    }

    /// Tells the latency monitor how long something has held everybody up.
    pub fn note_latency(&mut self, event: &'static str, took: Duration) {
        let time_s = self.unix_ms() / 1000;
        self.latency.add(event, took, time_s, self.config.latency_monitor_threshold);
    }

    /// Whether this server copies another one, and leaves expiry to it.
    pub fn is_replica(&self) -> bool {
        self.replication.master.is_some()
    }

    /// What kind of server this is, for those who connect.
    pub fn mode(&self) -> &'static str {
        if self.cluster.is_some() { "cluster" } else { "standalone" }
    }

    /// Frees a value: at once if it is small, otherwise where nobody waits for it.
    pub fn free_lazily(&self, value: Value) {
        self.lazy_free.free(value);
    }

    /// Empties a database; its memory is freed where nobody waits for it.
    pub fn empty_database(&mut self, db: usize) -> usize {
        self.about_to_replace(db, None);
        let all: usize = self.databases.iter().map(Keyspace::len).sum();
        let keyspace = self.databases[db].take_all();
        let removed = keyspace.len();
        // Its share of everything that was allocated since the start, by number of keys.
        let used = crate::system::memory::used()
            .saturating_sub(self.startup_memory + self.lazy_free.pending_bytes());
        let bytes = (used as f64 * removed as f64 / all.max(1) as f64) as u64;
        self.lazy_free.send(keyspace, bytes, removed as u64);
        removed
    }

    /// Puts other data in the place of a database.
    pub fn replace_database(&mut self, db: usize, keyspace: Keyspace) {
        self.empty_database(db);
        self.databases[db].fill(keyspace);
    }

    /// Exchanges two databases. Whoever watches a key sees the other database's.
    pub fn swap_databases(&mut self, a: usize, b: usize) {
        self.about_to_replace(a, Some(b));
        self.about_to_replace(b, Some(a));
        self.databases.swap(a, b);
    }

    /// Tells those who watch that a database will hold what another one holds, or nothing.
    fn about_to_replace(&mut self, db: usize, by: Option<usize>) {
        if !self.watched.is_empty() {
            let now_ms = self.unix_ms();
            watch::database_replaced(self, db, by, now_ms);
        }
        self.blocking.database_changed(db);
    }

    /// Whether a client has to say who it is before anything else.
    #[inline]
    pub fn must_log_in(&self, client: ClientKey) -> bool {
        !self.clients.get(client).authenticated && !self.acl.default_user().is_open()
    }

    /// Forgets a client whose connection has ended, and everything it has asked for.
    pub fn remove_client(&mut self, client: ClientKey) {
        pause::leave(self, client);
        role::remove_client(self, client);
        self.release_client(client);
        if let Some(client) = self.clients.remove(client) {
            self.stats.closed_for_output += u64::from(client.was_too_slow);
        }
    }

    /// Ends everything that a client has asked for beyond the moment: its transaction, what it
    /// watches, tracks and listens to.
    pub fn release_client(&mut self, client: ClientKey) {
        transaction::abandon(self, client);
        migration::abandon(self, client);
        pubsub::unsubscribe_all(self, client);
        tracking::disable(self, client);
        monitor::stop(self, client);
    }

    /// The access bits of a new key.
    pub fn initial_access(&self, now_ms: i64) -> u32 {
        eviction::initial(self.config.maxmemory_policy, now_ms)
    }

    /// The access bits of a key that was used once more.
    pub fn next_access(&mut self, old: u32, now_ms: i64) -> u32 {
        let Engine { config, random, .. } = self;
        eviction::used(config, old, now_ms, || random.next_u64())
    }

    /// A key has changed: whoever watches it learns of it, whoever waits for it is tried again.
    #[inline]
    pub fn key_modified(&mut self, db: usize, key: &[u8]) {
        self.key_changed(db, key, self.executing);
    }

    #[inline]
    fn key_changed(&mut self, db: usize, key: &[u8], by: Option<ClientKey>) {
        if !self.watched.is_empty() {
            watch::key_changed(self, db, key);
        }
        if self.tracking.is_on() {
            tracking::key_changed(self, key, by);
        }
        if !self.blocking.is_idle() {
            self.blocking.key_changed(db, key);
        }
    }

    /// Publishes a keyspace event, if its class is wanted.
    #[inline]
    pub fn notify(&mut self, class: EventClasses, event: &str, key: &[u8], db: usize) {
        if self.config.notify_keyspace_events.contains(class) {
            pubsub::publish_event(self, event, key, db);
        }
    }

    /// A key was removed because its time was over.
    pub fn key_expired(&mut self, db: usize, key: &[u8]) {
        self.stats.expired_keys += 1;
        self.notify(EventClasses::EXPIRED, "expired", key, db);
        self.key_gone(db, key, self.config.lazyfree_lazy_expire);
    }

    /// Fields of a hash were removed because their time was over.
    fn fields_expired(&mut self, db: usize, key: &[u8], fields: &[Bytes]) {
        self.stats.expired_subkeys += fields.len() as u64;
        if self.journal.is_needed() {
            for field in fields {
                let request = Request::new([&b"HDEL"[..], key, field]);
                self.journal.add_for_everybody(Effect { db, request });
            }
        }
        self.key_changed(db, key, None); // not by whoever happens to be executing
        self.notify(EventClasses::HASH, "hexpired", key, db);
    }

    /// A key was removed because its memory was needed.
    pub fn key_evicted(&mut self, db: usize, key: &[u8]) {
        self.stats.evicted_keys += 1;
        self.key_gone(db, key, self.config.lazyfree_lazy_eviction);
        self.notify(EventClasses::EVICTED, "evicted", key, db);
    }

    /// What was executed under this taking of the lock is told to those who hear of it in one piece.
    #[inline]
    fn about_to_unlock(&mut self) {
        if let Some(since) = self.contention.held_since() {
            let now = self.last_reading().unwrap_or_else(|| self.clock.tick());
            self.contention.held.add(now.since(since));
        }
        if self.tracking.has_broadcasts() {
            tracking::broadcast(self);
        }
    }

    /// A key was removed by the server itself. Copies are told to free it in the background, if that
    /// is how it is wanted here: for a server without threads it makes a difference.
    fn key_gone(&mut self, db: usize, key: &[u8], lazily: bool) {
        if self.journal.is_needed() {
            let name = if lazily { &b"UNLINK"[..] } else { b"DEL" };
            let effect = Effect { db, request: Request::new([name, key]) };
            self.journal.add_for_everybody(effect);
        }
        self.key_changed(db, key, None); // not by whoever happens to be executing
    }
}
