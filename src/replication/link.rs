//! The link: the thread that follows a master.
//!
//! ```text
//! down ── connect ── handshake ─┬─ +CONTINUE ───────────────────────────> up: apply the stream
//!  ^                            └─ +FULLRESYNC ── load the snapshot ────>     │
//!  '──────── any error: wait a little, a little longer each time ────────────'
//! ```
//!
//! The thread exists as long as the server, and sleeps while there is no master. REPLICAOF only
//! changes what it has to do: it counts the epoch up and shuts the socket; whatever the thread does
//! next under the lock, it first looks whether the epoch is still its own.
//!
//! The snapshot is decoded as it arrives, into fresh keyspaces. They replace the old ones when the
//! checksum and every value were right; until then the old data is served
//! (`replica-serve-stale-data`), and after an error it stays.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use super::apply;
use super::failover;
use super::handshake::{Answer, Handshake, Introduction};
use super::retry::{Ended, Retry};
use crate::config::system_text;
use crate::engine::ClientKey;
use crate::engine::append_only::AofState;
use crate::engine::role::{self, Link, Master};
use crate::engine::scripting::STACK_SIZE;
use crate::engine::{Engine, EngineGuard, SharedEngine};
use crate::persistence::aof;
use crate::persistence::disk::{self, Reading};
use crate::persistence::history;
use crate::persistence::load::LoadedData;
use crate::rdb::{Decoder, Reason};
use crate::system::clock::{Clock, Tick, machine_now};
use crate::system::outgoing;
use crate::system::random::secure_hex;
use crate::system::service::essential;
use crate::system::stream::Stream;
use crate::system::supervisor;
use crate::system::tls::Outgoing;

/// How long a connection may take to be accepted.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A blocking read returns this often, so that the thread can look around.
const TICK: Duration = Duration::from_millis(250);
/// How long the thread sleeps when it follows nobody.
const SLEEP: Duration = Duration::from_secs(3600);
/// The mark at the end of a snapshot of unknown length.
const MARK: usize = 40;

/// Starts the thread. It ends when the server does.
pub fn start(shared: Arc<SharedEngine>) -> io::Result<JoinHandle<()>> {
    // A master's stream may have scripts, and its snapshot libraries of functions.
    let thread = Builder::new().name("replication".into()).stack_size(STACK_SIZE);
    thread.spawn(essential(move || run(&shared)))
}

fn run(shared: &SharedEngine) {
    let (mut retry, mut epoch) = (Retry::default(), 0);
    while let Some(order) = next_order(shared) {
        if std::mem::replace(&mut epoch, order.epoch) != order.epoch {
            retry = Retry::default();
        }
        let attempt =
            Attempt { shared, order, up_since: Cell::default(), fruitless: Cell::default() };
        let error = attempt.run().err().map(|error| system_text(&error));
        if let Some(error) = &error {
            crate::warning!("{error}");
        }
        let mut engine = shared.lock();
        let now = engine.clock.tick();
        let same = engine.replication.epoch == attempt.order.epoch;
        if same && let Some(master) = &mut engine.replication.master {
            if std::mem::replace(&mut master.link, Link::Down) == Link::Up {
                master.down_since = Some(now);
            }
            master.stream = None;
            master.last_error = error.unwrap_or_default();
        }
        if same {
            let pause = retry.pause_after(attempt.ended());
            if pause > Duration::from_secs(1) {
                crate::warning!("Asking the master for another snapshot in {pause:?}");
            }
            wait_for_change(shared, engine, pause);
        }
    }
}

/// Waits, unless there is another master before the time is over.
fn wait_for_change<'a>(shared: &'a SharedEngine, mut engine: EngineGuard<'a>, pause: Duration) {
    let (epoch, deadline) = (engine.replication.epoch, machine_now() + pause);
    let changed = Arc::clone(&engine.replication.role_changed);
    while engine.replication.epoch == epoch && !shared.is_stopping() {
        let left = deadline.saturating_duration_since(machine_now());
        if left.is_zero() {
            return;
        }
        engine = shared.wait(&changed, engine, left);
    }
}

/// What the thread is to do.
struct Order {
    epoch: u64,
    host: String,
    port: u16,
    /// Where the connection is to come from; empty for anywhere.
    source: String,
    /// How it is to be encrypted, if it is.
    tls: Option<Outgoing>,
    introduction: Introduction,
    timeout: Duration,
    /// The history that we have, if there is one.
    known: Option<(String, u64)>,
    takes_over: bool,
}

/// Waits until there is a master to follow. None: the server ends.
fn next_order(shared: &SharedEngine) -> Option<Order> {
    let mut engine = shared.lock();
    loop {
        if shared.is_stopping() {
            return None;
        }
        let (port, tls) = (engine.announced_port(), engine.tls_to_master());
        let Engine { replication, config, .. } = &mut *engine;
        let Some(master) = &mut replication.master else {
            let changed = Arc::clone(&replication.role_changed);
            engine = shared.wait(&changed, engine, SLEEP);
            continue;
        };
        master.link = Link::Connecting;
        let known = replication.active.then(|| (replication.id.clone(), replication.backlog.end()));
        return Some(Order {
            epoch: replication.epoch,
            host: master.host.clone(),
            port: master.port,
            source: config.bind_source_addr.clone(),
            tls,
            introduction: Introduction::new(config, port),
            timeout: Duration::from_secs(u64::from(config.repl_timeout)),
            known,
            takes_over: master.takes_over,
        });
    }
}

/// One attempt to follow a master; the whole life of a connection.
pub struct Attempt<'s> {
    shared: &'s SharedEngine,
    order: Order,
    /// Since when the link is up.
    up_since: Cell<Option<Instant>>,
    /// A snapshot, or the stream, was not what we can go on from.
    fruitless: Cell<bool>,
}

/// Reads from the master's socket, and gives up when it should: `repl-timeout` counts as it is now.
pub struct LinkReader<'s> {
    stream: Arc<Stream>,
    shared: &'s SharedEngine,
    epoch: u64,
    clock: Clock,
    heard: Tick,
    /// Whether a read goes on waiting, instead of returning `WouldBlock` after a tick.
    patient: bool,
}

impl Read for LinkReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match (&*self.stream).read(buffer) {
                Err(error) if is_timeout(&error) => {
                    let engine = self.shared.lock();
                    let limit = Duration::from_secs(u64::from(engine.config.repl_timeout));
                    if engine.replication.epoch != self.epoch {
                        return Err(other_master());
                    }
                    drop(engine);
                    if self.clock.since(self.heard) > limit {
                        return Err(io::Error::other(
                            "MASTER timeout: no data nor PING received...",
                        ));
                    }
                    if !self.patient {
                        return Err(io::ErrorKind::WouldBlock.into());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) => return Ok(0),
                result => {
                    self.heard = self.clock.tick();
                    return result;
                }
            }
        }
    }
}

/// Counts what is taken from a reader.
struct Counting<R> {
    reader: R,
    counter: Arc<AtomicU64>,
}

impl<R: BufRead> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.counter.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counting<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.counter.fetch_add(count as u64, Ordering::Relaxed);
        self.reader.consume(count);
    }
}

/// Whether a read has merely found nothing.
pub fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

fn other_master() -> io::Error {
    io::Error::other("this link is not wanted any more")
}

impl Attempt<'_> {
    /// The lock, if the thread still does what it was told.
    pub fn lock(&self) -> io::Result<EngineGuard<'_>> {
        let engine = self.shared.lock_in_turn();
        if engine.replication.epoch == self.order.epoch && !self.shared.is_stopping() {
            Ok(engine)
        } else {
            Err(other_master())
        }
    }

    fn set_link(&self, link: Link) -> io::Result<()> {
        let mut engine = self.lock()?;
        let now = engine.clock.tick();
        if let Some(master) = &mut engine.replication.master {
            master.link = link;
            master.last_heard = now;
        }
        Ok(())
    }

    fn run(&self) -> io::Result<()> {
        let stream = Arc::new(self.connect()?);
        if let Some(master) = &mut self.lock()?.replication.master {
            master.link = Link::Handshake;
            master.stream = Some(Arc::clone(&stream));
        }
        let clock = self.lock()?.clock.clone();
        let mut reader = BufReader::new(LinkReader {
            stream: Arc::clone(&stream),
            shared: self.shared,
            epoch: self.order.epoch,
            heard: clock.tick(),
            clock,
            patient: true,
        });
        let mut handshake = Handshake { reader: &mut reader, writer: &mut &*stream };
        handshake.introduce(&self.order.introduction)?;
        let known = self.order.known.as_ref().map(|(id, offset)| (id.as_str(), *offset));
        let answer = handshake.synchronise(known, self.order.takes_over);
        if answer.is_err() && self.order.takes_over {
            failover::abort(&mut *self.lock()?, "the replica refused to take over");
        }
        match answer? {
            Answer::Continue { id } => {
                crate::notice!("Successful partial resynchronization with master.");
                crate::notice!(
                    "MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization."
                );
                supervisor::tell(
                    "STATUS=MASTER <-> REPLICA sync: Partial Resynchronization accepted. Ready to \
                     accept connections in read-write mode.",
                );
                self.go_on(id)?;
            }
            Answer::Full { id, offset } => {
                crate::notice!("Full resync from master: {id}:{offset}");
                self.set_link(Link::Syncing)?;
                let data = self.receive(&mut reader)?;
                self.replace(data, id, offset)?;
            }
        }
        let early = reader.buffer().to_vec();
        let mut rest = reader.into_inner();
        rest.patient = false;
        apply::follow(self, &stream, io::Cursor::new(early).chain(rest))
    }

    fn connect(&self) -> io::Result<Stream> {
        let Order { host, port, source, tls, timeout, .. } = &self.order;
        crate::notice!("Connecting to MASTER {host}:{port}");
        let stream = outgoing::connect(host, *port, source, CONNECT_TIMEOUT, tls.as_ref())
            .map_err(|error| {
                io::Error::new(error.kind(), format!("Error condition on socket for SYNC: {error}"))
            })?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TICK))?;
        stream.set_write_timeout(Some(*timeout))?;
        crate::notice!("MASTER <-> REPLICA sync started");
        Ok(stream)
    }

    /// The stream goes on. Under a new id, our replicas have to learn of it.
    fn go_on(&self, id: Option<String>) -> io::Result<()> {
        let mut engine = self.lock()?;
        if let Some(id) = id.filter(|id| *id != engine.replication.id) {
            engine.replication.branch_off(id);
            role::disconnect_replicas(&mut engine);
        }
        Ok(())
    }

    /// The snapshot, into fresh keyspaces.
    fn receive<R: BufRead>(&self, reader: &mut R) -> io::Result<LoadedData> {
        let mut nowhere = io::sink();
        let header = Handshake { reader: &mut *reader, writer: &mut nowhere }.line()?;
        let invalid = || {
            let shown = header[..header.len().min(64)].escape_ascii().to_string();
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!(
                    "Bad protocol from MASTER, the first byte is not '$' (we received '{shown}')"
                ),
            )
        };
        let reading = Reading::of(&*self.lock()?);
        let begun = machine_now();
        crate::notice!("MASTER <-> REPLICA sync: Loading DB in memory");
        let data = if let Some(mark) = header.strip_prefix(b"$EOF:") {
            let data = self.decode(&reading, self.counting(&mut *reader, None)?)?;
            let mut end = [0; MARK];
            reader.read_exact(&mut end)?;
            if end != mark {
                return Err(io::Error::other("Replication stream EOF marker is broken"));
            }
            data
        } else {
            let digits = header.strip_prefix(b"$").and_then(|d| std::str::from_utf8(d).ok());
            let length: u64 = digits.and_then(|text| text.parse().ok()).ok_or_else(invalid)?;
            let mut limited = reader.take(length);
            let data = self.decode(&reading, self.counting(&mut limited, Some(length))?)?;
            if limited.limit() > 0 {
                return Err(io::Error::other("the snapshot is shorter than announced"));
            }
            data
        };
        crate::notice!(
            "MASTER <-> REPLICA sync: {} keys received and checked in {:.3} seconds",
            data.keys,
            begun.elapsed().as_secs_f64()
        );
        Ok(data)
    }

    /// A snapshot; nothing behind its end is taken from `reader`.
    fn decode<R: BufRead>(&self, reading: &Reading, reader: R) -> io::Result<LoadedData> {
        let data =
            Decoder::new(reader, reading.limits).and_then(|mut decoder| reading.read(&mut decoder));
        data.map_err(|error| {
            let is_wrong = matches!(error.reason, Reason::Damaged(_) | Reason::Unsupported(_));
            self.fruitless.set(is_wrong);
            let text = format!("Failed trying to load the MASTER synchronization DB: {error}");
            io::Error::new(io::ErrorKind::InvalidData, text)
        })
    }

    /// Lets INFO show how far the snapshot has come.
    fn counting<R: BufRead>(&self, reader: R, expected: Option<u64>) -> io::Result<Counting<R>> {
        let mut engine = self.lock()?;
        let counter: Arc<AtomicU64> = Arc::default();
        if let Some(master) = &mut engine.replication.master {
            (master.received, master.expected) = (Arc::clone(&counter), expected);
        }
        Ok(Counting { reader, counter })
    }

    /// Everything was right: the new data replaces the old, and with it its history.
    fn replace(&self, data: LoadedData, id: String, offset: u64) -> io::Result<()> {
        let mut engine = self.lock()?;
        let db = history::stream_db(&data);
        disk::install(&mut engine, data).inspect_err(|_| self.fruitless.set(true))?;
        engine.expiry.own.clear();
        if engine.aof.state != AofState::Off {
            // Its files tell of other data; a new base is written.
            aof::set_enabled(&mut engine, false);
            aof::set_enabled(&mut engine, true);
        }
        role::disconnect_replicas(&mut engine);
        let replication = &mut engine.replication;
        replication.id = id;
        (replication.second_id, replication.second_end) = ("0".repeat(40), None);
        replication.backlog.restart(offset);
        replication.active = true;
        if let Some(master) = &mut replication.master {
            master.db = db;
        }
        crate::notice!("MASTER <-> REPLICA sync: Finished with success");
        supervisor::tell(
            "STATUS=MASTER <-> REPLICA sync: Finished with success. Ready to accept connections in \
             read-write mode.",
        );
        Ok(())
    }

    /// The link is up from now on.
    pub fn is_up(&self) {
        self.up_since.set(Some(machine_now()));
    }

    fn ended(&self) -> Ended {
        let up_for = self.up_since.get().map(|at| at.elapsed());
        Ended { up_for, fruitless: self.fruitless.get() }
    }

    /// What the master sent makes no sense here, so we are not what we thought: everything anew.
    pub fn distrust(&self) {
        self.fruitless.set(true);
        if let Ok(mut engine) = self.lock() {
            engine.replication.id = secure_hex(40);
            (engine.replication.second_end, engine.replication.active) = (None, false);
            role::disconnect_replicas(&mut engine);
        }
    }

    /// The client as which the stream was executed is to go. The lock is returned.
    pub fn end(&self, client: ClientKey) -> EngineGuard<'_> {
        let mut engine = self.shared.lock();
        if let Some(master) = &mut engine.replication.master {
            master.client = master.client.filter(|current| *current != client);
        }
        engine
    }

    /// The master as the engine knows it.
    pub fn master<'e>(&self, engine: &'e mut Engine) -> Option<&'e mut Master> {
        engine.replication.master.as_mut()
    }
}
