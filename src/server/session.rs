//! A session: one connection, from its first byte to its last.
//!
//! ```text
//! read what has arrived ──> parse ──> lock ──> execute all of it ──> unlock ──> one write
//!        ^                                                                         |
//!        '-------------------------------------------------------------------------'
//! ```
//!
//! The lock is held only while commands run. Reading, parsing and writing happen outside of it, so
//! that is what many connections do at the same time.
//!
//! Some things may come between. A command that waits ([`Flow::Blocked`], [`Flow::Paused`]) sends what was
//! written so far and sleeps until it is answered, or may be tried again (`server/waiting.rs`). One that moves keys to another
//! server ([`Flow::Exchange`]) talks to that, and is executed again with what came of it. And a connection that has an [outbox](crate::engine::outbox) hands each reply over to it, under the lock,
//! so that replies and pushes keep the order in which they came about.

use std::io::{self, Read};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use super::Shared;
use super::ahead::{self, Ahead};
use super::input::Input;
use super::timers::turn_if_asked;
use super::waiting::Ended;
use crate::command::execute;
use crate::command::keys::migrate;
use crate::engine::ClientKey;
use crate::engine::acknowledgements;
use crate::engine::blocking::Receipt;
use crate::engine::eviction::clients::client_changed;
use crate::engine::execution::{Flow, Origin};
use crate::engine::meter::Meter;
use crate::engine::migration;
use crate::engine::outbox::{Outbox, Pen};
use crate::engine::pause;
use crate::engine::role::Phase;
use crate::engine::{Engine, EngineGuard};
use crate::replication;
use crate::resp::{KEEP_CAPACITY, ProtocolError, Reader, Reply, RequestLimits};
use crate::system::stream::Stream;
use crate::system::tasks::Task;

/// How long a connection that ends waits for the last bytes of its outbox to be taken.
const LAST_BYTES_PATIENCE: Duration = Duration::from_secs(5);
/// Replies of this size are sent before the batch goes on: memory is bounded, others get the lock.
const SEND_REPLY_SIZE: usize = 256 * 1024;
/// Requests that take long don't keep the lock together for longer than about this.
const LONGEST_HOLD_NS: u64 = 5_000_000;
/// When input buffers have grown by so much, even if no request is complete, it is looked whether all
/// clients together have too much.
const GROWTH_TO_WEIGH: usize = 256 * 1024;

/// The thread's side of a connection.
pub struct Session<'s> {
    pub(super) shared: &'s Shared,
    pub(super) stream: Arc<Stream>,
    pub(super) client: ClientKey,
    pub(super) reader: Reader<Input>,
    pub(super) output: Replies,
    /// What the peer may send, as of the last batch.
    pub(super) limits: RequestLimits,
    /// What the buffers hold, for others to see.
    meter: Arc<Meter>,
    pub(super) received: usize,
    /// Memory of the input buffers when it was last looked whether all clients have too much.
    weighed: usize,
    /// The connection has just become a replica's.
    is_new_replica: bool,
    /// Dropped when what was answered is written.
    pub(super) receipt: Option<Receipt>,
}

/// Replies on their way to the peer.
pub(super) struct Replies {
    pub(super) pen: Arc<Pen>,
    /// Where they go, if the connection has one.
    pub(super) outbox: Option<Outbox>,
    /// What was left to be sent by the thread that wrote to the append-only file.
    pub(super) left: Option<Outbox>,
    pub(super) reply: Reply,
    sent: usize,
    /// Bytes given to the outbox since it was last waited for.
    pub(super) handed_over: usize,
}

/// How a batch, or a request of it, ended.
pub(super) enum BatchEnd {
    /// Everything was executed.
    Done,
    /// The connection is to be closed, after what was written has been sent.
    Close,
    /// The connection is to be closed at once.
    Abort,
}

/// Serves a connection whose client is registered already, until it is to be closed. Returns whether this
/// client has ended the process: the connection is to last as long as that then.
pub fn serve(shared: &Shared, stream: Arc<Stream>, client: ClientKey) -> bool {
    let task = Task::current();
    let (limits, pen, meter, activity) = shared.engine.visit(move |engine| {
        let limits = limits_of(engine, client);
        let state = engine.clients.get_mut(client);
        state.task = Some(task);
        (limits, Arc::clone(&state.pen), Arc::clone(&state.meter), Arc::clone(&state.activity))
    });
    let input = Input::new(Arc::clone(&stream), Arc::clone(&meter), activity);
    let reply = Reply::default();
    let output = Replies { pen, outbox: None, left: None, reply, sent: 0, handed_over: 0 };
    let mut session = Session {
        shared,
        reader: Reader::with_pool(input, Arc::clone(&shared.buffers)),
        meter,
        stream,
        client,
        output,
        limits,
        received: 0,
        weighed: 0,
        is_new_replica: false,
        receipt: None,
    };
    // A connection that breaks is the peer's business: there is nobody to tell.
    let _ = session.run();
    session.wait_for_left();
    let (outbox, asked_for_end) = shared.engine.visit(move |engine| {
        let client = engine.clients.get(client);
        (client.outbox.clone(), client.asked_for_end)
    });
    send_rest(outbox);
    asked_for_end
}

/// Waits until all that is in the outbox, if there is one, was taken, though not for ever.
fn send_rest(outbox: Option<Outbox>) {
    if let Some(outbox) = outbox {
        outbox.flush();
        outbox.wait_for_backlog(0, LAST_BYTES_PATIENCE);
    }
}

impl<'s> Session<'s> {
    fn run(&mut self) -> io::Result<()> {
        loop {
            match self.reader.batch(&self.limits) {
                Ok(batch) if batch.is_empty() => {
                    self.weigh_incomplete_request();
                    // Everything that came is answered: one write for all of it.
                    let received = self.received;
                    match self.receipt.take() {
                        Some(_until_written) => self.write()?,
                        None => self.write_or_leave()?,
                    }
                    if self.received > received {
                        continue; // more has come while it was written
                    }
                    self.received += match self.reader.fill()? {
                        0 => return Ok(()),
                        count => count,
                    };
                }
                Ok(_) => match self.execute_batch()? {
                    BatchEnd::Done if self.is_new_replica => self.begin_replication()?,
                    BatchEnd::Done => {}
                    BatchEnd::Close => return self.write(),
                    BatchEnd::Abort => return Ok(()),
                },
                Err(error) => return self.refuse(error),
            }
        }
    }

    /// Executes the requests that have arrived, under one taking of the lock if they don't take long.
    fn execute_batch(&mut self) -> io::Result<BatchEnd> {
        self.wait_for_left();
        let mut done_before = Some(Ahead::of(&self.reader.parsed()));
        let (shared, len) = (self.shared, self.reader.parsed().len());
        let mut next = 0;
        loop {
            let end = match shared.engine.enter() {
                Some(mut engine) => {
                    if let Some(done_before) = done_before.take() {
                        done_before.hand_over(&mut engine);
                        self.account(&mut engine);
                    }
                    self.execute_from(engine, &mut next)?
                }
                None => self.delegate_from(&mut next)?,
            };
            if next == len || !matches!(end, BatchEnd::Done) {
                return Ok(end);
            }
            shared.engine.yield_lock();
        }
    }

    /// Executes requests while the lock is held, until there are no more, or others have waited for
    /// long enough.
    pub(super) fn execute_from(
        &mut self,
        mut engine: EngineGuard<'s>,
        next: &mut usize,
    ) -> io::Result<BatchEnd> {
        self.output.begin(&engine, self.client);
        let mut first_ended = None;
        while *next < self.reader.parsed().len() {
            ahead::look(&engine, self.client, &self.reader.parsed(), *next);
            let end;
            (engine, end) = self.request(engine, *next)?;
            self.output.hand_over(&mut engine, self.client);
            if !matches!(end, BatchEnd::Done) {
                return Ok(end);
            }
            *next += 1;
            let ended = engine.last_reading();
            let held_ns = ended.zip(first_ended).map_or(0, |(last, first)| last.since(first));
            first_ended = first_ended.or(ended);
            let is_long = self.output.is_long() || held_ns > LONGEST_HOLD_NS;
            if is_long && *next < self.reader.parsed().len() {
                self.output.note_what_waits(&mut engine, self.client);
                drop(engine);
                if self.output.may_be_sent_in_parts() {
                    self.write_and_wait()?;
                }
                return Ok(BatchEnd::Done);
            }
        }
        self.is_new_replica = is_new_replica(&engine, self.client);
        self.limits = limits_of(&engine, self.client);
        self.output.note_what_waits(&mut engine, self.client);
        drop(engine);
        if self.output.outbox.is_some() {
            self.write_and_wait()?;
        }
        self.output.pen.help_writers();
        Ok(BatchEnd::Done)
    }

    /// Executes one request, however long that takes.
    fn request(
        &mut self,
        mut engine: EngineGuard<'s>,
        index: usize,
    ) -> io::Result<(EngineGuard<'s>, BatchEnd)> {
        let (shared, client) = (self.shared, self.client);
        let mut has_sent = false;
        let mut origin = Origin::Client;
        loop {
            let args = self.reader.parsed().request(index);
            let flow = execute(&mut engine, client, args, &mut self.output.reply, origin);
            if origin == Origin::Resumed && !matches!(flow, Flow::Exchange | Flow::Paused { .. }) {
                migration::abandon(&mut engine, client); // what was refused before it could go on
            }
            match flow {
                Flow::Continue => return Ok((engine, BatchEnd::Done)),
                Flow::Close => return Ok((engine, BatchEnd::Close)),
                Flow::Abort => return Ok((engine, BatchEnd::Abort)),
                Flow::Paused { writes } if has_sent => pause::join(&mut engine, client, writes),
                Flow::Paused { .. } | Flow::Blocked | Flow::Exchange => {
                    self.output.hand_over(&mut engine, client);
                    self.output.note_what_waits(&mut engine, client);
                    drop(engine);
                    self.write()?;
                    has_sent = true;
                    if flow == Flow::Exchange {
                        engine = migrate::exchange(&shared.engine, client);
                        origin = Origin::Resumed;
                        continue;
                    }
                    engine = shared.engine.lock();
                    if flow != Flow::Blocked {
                        continue; // it gets in line when it is free to go, for others stand behind it
                    }
                    // Writing may have synced what it waits for.
                    acknowledgements::answer_if_there(&mut engine, client);
                    engine = turn_if_asked(shared, engine, client);
                }
            }
            let ended;
            (engine, ended) = self.wait(engine, index);
            match ended {
                Ended::Answered => return Ok((engine, BatchEnd::Done)),
                Ended::AnsweredAndClosed => return Ok((engine, BatchEnd::Close)),
                Ended::Gone => return Ok((engine, BatchEnd::Abort)),
                Ended::Resumed => {}
            }
        }
    }

    /// After PSYNC: once its reply is out, the stream follows. What the replica says is still read.
    fn begin_replication(&mut self) -> io::Result<()> {
        self.is_new_replica = false;
        self.write()?;
        self.drain();
        replication::master::begin(&self.shared.engine, self.client)
    }

    /// Waits until all that this connection gets was taken.
    fn drain(&self) {
        let client = self.client;
        send_rest(
            self.shared.engine.visit(move |engine| engine.clients.get(client).outbox.clone()),
        );
    }

    /// Tells the registry what this connection has been doing.
    fn account(&mut self, engine: &mut EngineGuard<'_>) {
        let received = std::mem::take(&mut self.received) as u64;
        let sent = std::mem::take(&mut self.output.sent) as u64;
        let traffic = &mut engine.clients.get_mut(self.client).traffic;
        traffic.received += received;
        traffic.sent += sent;
        let stats = &mut engine.stats;
        stats.total_net_input_bytes += received;
        stats.total_net_output_bytes += sent;
        stats.total_reads_processed += 1;
        stats.total_writes_processed += 1;
        self.weighed = self.reader.memory();
        self.meter.begin_batch(self.reader.complete(), self.reader.incomplete(), self.weighed);
        client_changed(engine, self.client);
    }

    /// Shows what has arrived of a request. If it grows large, `maxmemory-clients` may have something
    /// to say about it long before it is complete.
    fn weigh_incomplete_request(&mut self) {
        let parsed = self.reader.in_progress();
        self.weigh_input(self.reader.incomplete() - parsed, parsed);
    }

    /// Shows what has arrived and isn't executed, and looks whether all clients have too much if it has grown.
    pub(super) fn weigh_input(&mut self, unparsed: usize, arguments: usize) {
        if self.show_input(unparsed, arguments) {
            let client = self.client;
            self.shared.engine.visit(move |engine| client_changed(engine, client));
            self.weighed = self.reader.memory();
        }
    }

    /// The same, by who has the lock.
    pub(super) fn weigh(&mut self, engine: &mut Engine) {
        client_changed(engine, self.client);
        self.weighed = self.reader.memory();
    }

    /// Shows what has arrived and isn't executed. True: it has grown by so much that it is to be weighed.
    pub(super) fn show_input(&mut self, unparsed: usize, arguments: usize) -> bool {
        let memory = self.reader.memory();
        self.meter.set_input(unparsed, arguments, memory);
        memory > self.weighed + GROWTH_TO_WEIGH
    }

    /// Takes in what has arrived behind the requests in hand. False: there will be no more.
    pub(super) fn take_in(&mut self) -> bool {
        match self.reader.read_ahead() {
            Ok(0) => return false,
            Ok(count) => self.received += count,
            Err(error) => return error.kind() == io::ErrorKind::Interrupted,
        }
        true
    }

    /// The peer doesn't speak the protocol: it is told why, if it can be, and closed.
    pub(super) fn refuse(&mut self, error: ProtocolError) -> io::Result<()> {
        self.wait_for_left();
        if error == ProtocolError::QueryBufferLimit {
            let mut engine = self.shared.engine.lock();
            engine.stats.closed_for_input += 1;
            let peer = engine.clients.get(self.client).peer.clone();
            drop(engine);
            let peer = peer.map_or_else(String::new, |peer| peer.to_string());
            crate::warning!("Closing client that reached max query buffer length: addr={peer}");
            return Ok(());
        }
        let (client, mut output) = (self.client, self.output.fork());
        output.reply.error(format!("ERR {error}").as_bytes());
        self.output.join(self.shared.engine.visit(move |engine| {
            output.hand_over(engine, client);
            output
        }));
        self.write()?;
        self.drain();
        discard_input(&self.stream);
        Ok(())
    }
}

/// Unread input would turn the close into a reset, which can overtake the error reply.
///
/// Not inlined: the copy has 8 KB on its stack, which every waiting connection would pay for.
#[inline(never)]
fn discard_input(stream: &Stream) {
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.set_read_timeout(Some(Duration::from_millis(100)));
    let _ = io::copy(&mut stream.take(1 << 20), &mut io::sink());
}

impl Replies {
    /// Another one for the same connection, for replies that another thread writes.
    pub(super) fn fork(&self) -> Replies {
        Replies {
            pen: Arc::clone(&self.pen),
            outbox: self.outbox.clone(),
            left: None,
            reply: Reply::default(),
            sent: 0,
            handed_over: 0,
        }
    }

    /// Takes in what [another one](Self::fork) has become.
    pub(super) fn join(&mut self, other: Replies) {
        self.outbox = other.outbox;
        self.sent += other.sent;
        self.handed_over += other.handed_over;
        self.reply.raw(other.reply.as_bytes());
    }

    /// Before a batch: replies are written as the client has asked for, and as much as it may have.
    pub(super) fn begin(&mut self, engine: &Engine, client: ClientKey) {
        let client = engine.clients.get(client);
        self.reply.protocol = client.protocol;
        self.reply.precision = engine.config.compat_version.precision();
        self.reply.set_limit(client.reply_limit(&engine.config.client_output_buffer_limit));
    }

    /// Whether the replies of a batch may be sent before all of them are there. With a limit they may
    /// not: it is about all that a client gets at once, and not about how fast it can be sent.
    fn may_be_sent_in_parts(&self) -> bool {
        self.reply.is_unlimited()
    }

    /// Whether so much waits to be sent that the rest of the batch can wait, too.
    fn is_long(&self) -> bool {
        self.reply.len() + self.handed_over > SEND_REPLY_SIZE && self.may_be_sent_in_parts()
    }

    /// Lets the lock be released: others see what this connection has, and since when it has too much.
    pub(super) fn note_what_waits(&self, engine: &mut Engine, client: ClientKey) {
        let Engine { clients, config, .. } = engine;
        let state = clients.get_mut(client);
        state.meter.set_output(self.reply.capacity());
        state.activity.note(); // however long its commands have taken
        state.note_unsent(self.reply.len(), &config.client_output_buffer_limit);
        client_changed(engine, client);
    }

    /// Gives what there is to the outbox, if the connection has one, then what was held back until
    /// the reply is complete.
    pub(super) fn hand_over(&mut self, engine: &mut Engine, client: ClientKey) {
        let Engine { clients, config, .. } = engine;
        let client = clients.get_mut(client);
        client.holds_pushes = false;
        let Some(outbox) = &client.outbox else { return };
        if self.outbox.is_none() {
            self.outbox = Some(outbox.clone());
        }
        if !self.reply.is_empty() || !client.held_back.is_empty() {
            self.handed_over += self.reply.len();
            client.hand_over(self.reply.as_bytes(), &config.client_output_buffer_limit);
            self.forget_sent();
        }
    }

    pub(super) fn forget_sent(&mut self) {
        self.sent += self.reply.len();
        self.reply.clear(KEEP_CAPACITY);
    }
}

fn is_new_replica(engine: &Engine, client: ClientKey) -> bool {
    let replica = engine.clients.get(client).replica.as_ref();
    replica.is_some_and(|replica| matches!(replica.phase, Phase::Continuing | Phase::Requesting))
}

pub(super) fn limits_of(engine: &Engine, client: ClientKey) -> RequestLimits {
    RequestLimits {
        bulk: engine.config.proto_max_bulk_len as usize,
        query_buffer: engine.config.client_query_buffer_limit as usize,
        authenticated: !engine.must_log_in(client),
    }
}
