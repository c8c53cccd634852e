//! Clients that wait for a key: BLPOP and its relatives, and reads of streams with BLOCK.
//!
//! ```text
//! session A                         engine                        session B
//! BLPOP q 0  ── execute ──> nothing there: block_on([q])
//!   Flow::Blocked <───────  A waits in the queue of q
//!   sends what it has,
//!   sleeps on its Wakeup                              RPUSH q x ── execute
//!                           key_modified(q): q is ready ......... │ the handler
//!                           serve: A's own request, tried again ..│ after it: LPOP q
//!   answer, wake  <───────  A leaves the queue, its answer is     │
//!   sends the answer        written into `Client::answer`         ▼ +reply
//! ```
//!
//! A command that may wait is an ordinary handler. When it finds nothing it calls
//! [`Context::block_on`](crate::command::Context::block_on) and replies nothing. When one of its
//! keys has changed, `execute` calls it again with [`Origin::Unblocked`](super::execution::Origin);
//! now it either replies, which ends the wait, or calls `block_on` again, which keeps its place in
//! the queue. Three rules for such handlers:
//!
//! * It takes only from keys for which [`Context::may_take_from`] says yes: the key that is ready
//!   decides, not the order in the request.
//! * Tried again, a key of the wrong type is a missing key: a client waits for what it can take.
//! * Its effect is the command that doesn't wait.
//!
//! Clients are served after the command, transaction or script that made the key ready has ended,
//! first come first served for each key, until the key is gone. What they do (BLMOVE pushes) may
//! make other keys ready, so this goes on until none is. They stand in a queue for each type of
//! value ([`Awaited`]): who waits for a list isn't asked when a sorted set comes.
//!
//! Nothing polls. The thread of a client that waits sleeps on its socket as well as on what others
//! wake it by ([`Wakeup`]): it goes on reading, so it comes to the end of the stream, however much lies
//! before that, and takes its client out of the queue (`server/waiting.rs`). Between the moment at
//! which a peer hangs up and the one at which that thread has the lock, others may run. So whoever is
//! about to take an element for a client looks at its socket once more: one system call for an element
//! that would be lost.
//!
//! [`Context::may_take_from`]: crate::command::Context::may_take_from

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::Arc;

use crossbeam::channel::Sender;

use super::ClientKey;
use super::Engine;
use super::acknowledgements::Acknowledgements;
use super::interest::{Interest, KEEP_CAPACITY, shrink};
use crate::resp::{Reply, Request};
use crate::store::{Bytes, Value};
use crate::system::clock::{Tick, Turn};
use crate::system::peers;
use crate::system::wakeup::Wakeup;

/// What a client waits for.
#[derive(Debug)]
pub struct Wait {
    /// What has to come.
    pub awaited: Awaited,
    /// The request, to be tried again.
    pub request: Request,
    /// The database of the keys.
    pub db: usize,
    /// The keys, any of which will do.
    pub keys: Vec<Bytes>,
    /// When it gives up; None: never.
    pub deadline: Option<Tick>,
}

/// What has to come, so that a client need not wait any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// A list, under one of the keys.
    List,
    /// A sorted set.
    SortedSet,
    /// An entry in a stream.
    Stream,
    /// An entry for a consumer group, or the news that its stream is no more.
    GroupEntry,
    /// Replicas and files that have what was written (WAIT, WAITAOF).
    Acknowledgements(Acknowledgements),
    /// The end, or its abortion (SHUTDOWN).
    Shutdown,
    /// What another server answers (MIGRATE). The client's own thread listens to that.
    Exchange,
    /// The end of what its own thread does to the clock (DEBUG CLOCK).
    Turn(Turn),
    /// The end of a pause; the request may write, or not.
    Resumption {
        /// It may.
        writes: bool,
    },
}

/// How many queues there may be for one key.
const QUEUES: usize = 4;

impl Awaited {
    /// Which of the queues of a key it stands in.
    fn queue(self) -> usize {
        match self {
            Awaited::List => 0,
            Awaited::SortedSet => 1,
            Awaited::Stream => 2,
            _ => 3,
        }
    }

    /// What this value is to those who wait.
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::List(_) => Some(Awaited::List),
            Value::SortedSet(_) => Some(Awaited::SortedSet),
            Value::Stream(_) => Some(Awaited::Stream),
            Value::Str(_) | Value::Set(_) | Value::Hash(_) => None,
        }
    }

    /// Whether clients may end such a wait (CLIENT UNBLOCK), and a change of the server's role does.
    pub fn is_for_data(self) -> bool {
        !matches!(
            self,
            Awaited::Shutdown | Awaited::Exchange | Awaited::Turn(_) | Awaited::Resumption { .. }
        )
    }
}

/// All waiting clients, by the keys that they wait for.
#[derive(Debug, Default)]
pub struct Blocking {
    waiting: [Interest; QUEUES],
    clients: HashSet<ClientKey>,
    /// Keys that have changed since clients were last served, in order and without repetition.
    ready: VecDeque<(usize, Bytes)>,
    marked: HashSet<(usize, Bytes)>,
    /// The key for which a client is being served.
    pub serving: Option<Bytes>,
    with_keys: usize,
    with_deadline: usize,
    /// What who is answered gets, while the clock is being turned.
    pub receipt: Option<Receipt>,
}

/// Held from the moment at which a client is answered until its thread has written that. Who has the other
/// end of the channel learns when the last one is dropped.
#[derive(Clone, Debug)]
pub struct Receipt {
    _sender: Sender<()>,
}

impl Receipt {
    /// One that is dropped together with its clones.
    pub fn new(sender: Sender<()>) -> Self {
        Receipt { _sender: sender }
    }
}

impl Blocking {
    /// The clients that wait, in no order.
    pub fn iter(&self) -> impl Iterator<Item = ClientKey> {
        self.clients.iter().copied()
    }

    /// How many clients wait.
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    /// The clients that wait for a key of a database.
    pub fn waiting_for_keys(&self, db: usize) -> BTreeSet<ClientKey> {
        let clients = self.waiting.iter().flat_map(|queues| {
            queues.keys(db).into_iter().flat_map(|key| queues.clients(db, &key))
        });
        clients.collect()
    }

    /// How many keys they wait for, and for how many of these by commands that go on if the key goes.
    pub fn count_keys(&self) -> (usize, usize) {
        let all = self.waiting.iter().map(Interest::len).sum();
        (all, self.waiting[Awaited::GroupEntry.queue()].len())
    }

    /// How many of them give up some day.
    pub fn with_deadline(&self) -> usize {
        self.with_deadline
    }

    /// Whether nobody waits for a key.
    #[inline]
    pub fn is_idle(&self) -> bool {
        self.with_keys == 0
    }

    /// Whether clients have to be served.
    #[inline]
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// A key has changed: whoever waits for it is served when the running command has ended.
    pub fn key_changed(&mut self, db: usize, key: &[u8]) {
        let is_awaited = self.waiting.iter().any(|queues| queues.contains(db, key));
        if is_awaited && self.marked.insert((db, Bytes::new(key))) {
            self.ready.push_back((db, Bytes::new(key)));
        }
    }

    /// A database was emptied or has got other contents.
    pub fn database_changed(&mut self, db: usize) {
        let keys: Vec<Bytes> = self.waiting.iter().flat_map(|queues| queues.keys(db)).collect();
        keys.iter().for_each(|key| self.key_changed(db, key));
    }

    /// The next key whose clients are to be served.
    pub fn next_ready(&mut self) -> Option<(usize, Bytes)> {
        let key = self.ready.pop_front()?;
        self.marked.remove(&key);
        Some(key)
    }
}

/// Lets a client wait; one that waits already keeps its place.
pub fn block(engine: &mut Engine, client: ClientKey, wait: Wait) {
    if engine.clients.get(client).wait.is_some() {
        return;
    }
    let blocking = &mut engine.blocking;
    let queues = &mut blocking.waiting[wait.awaited.queue()];
    wait.keys.iter().for_each(|key| queues.add(wait.db, key, client));
    blocking.with_keys += usize::from(!wait.keys.is_empty());
    blocking.with_deadline += usize::from(wait.deadline.is_some());
    blocking.clients.insert(client);
    let client = engine.clients.get_mut(client);
    client.wait = Some(Box::new(wait));
    client.wakeup.get_or_insert_with(|| Arc::new(Wakeup::default()));
}

/// Ends a wait without an answer: the client takes itself out of all queues.
pub fn leave(engine: &mut Engine, client: ClientKey) {
    let state = engine.clients.get_mut(client);
    let Some(wait) = state.wait.take() else { return };
    state.activity.note(); // it was not idle
    match wait.awaited {
        Awaited::Acknowledgements(_) => {
            engine.replication.waiters.retain(|waiter| *waiter != client)
        }
        Awaited::Resumption { .. } => engine.pause.forget(client),
        _ => {}
    }
    let blocking = &mut engine.blocking;
    let queues = &mut blocking.waiting[wait.awaited.queue()];
    wait.keys.iter().for_each(|key| queues.remove(wait.db, key, client));
    blocking.with_keys -= usize::from(!wait.keys.is_empty());
    blocking.with_deadline -= usize::from(wait.deadline.is_some());
    blocking.clients.remove(&client);
    shrink(&mut blocking.clients);
}

/// Ends a wait with an answer, and wakes the thread that will send it.
pub fn answer(engine: &mut Engine, client: ClientKey, answer: Vec<u8>) {
    leave(engine, client);
    let Engine { clients, config, blocking, .. } = engine;
    let client = clients.get_mut(client);
    client.answer = answer;
    client.receipt = blocking.receipt.clone();
    if client.outbox.is_some() {
        client.hand_over_answer(&config.client_output_buffer_limit);
    }
    client.wake();
}

/// Ends a wait because its time is over. False: the client wasn't waiting. Whoever waits for
/// replicas learns how many there were.
pub fn time_out(engine: &mut Engine, client: ClientKey) -> bool {
    let awaited = engine.clients.get(client).wait.as_ref().map(|wait| wait.awaited);
    if let Some(Awaited::Acknowledgements(acknowledgements)) = awaited {
        return end_with_more(engine, client, |engine, reply| acknowledgements.tell(engine, reply));
    }
    end_with(engine, client, Reply::null_array)
}

/// Ends a wait with an error. False: the client wasn't waiting.
pub fn interrupt(engine: &mut Engine, client: ClientKey, error: &str) -> bool {
    let interrupted = end_with(engine, client, |reply| reply.error(error.as_bytes()));
    if interrupted {
        engine.stats.error(error.split(' ').next().unwrap_or_default().as_bytes());
    }
    interrupted
}

/// Ends a wait with a reply. False: the client wasn't waiting.
pub fn end_with(engine: &mut Engine, client: ClientKey, write: impl FnOnce(&mut Reply)) -> bool {
    end_with_more(engine, client, |_, reply| write(reply))
}

fn end_with_more(
    engine: &mut Engine,
    client: ClientKey,
    write: impl FnOnce(&Engine, &mut Reply),
) -> bool {
    let state = engine.clients.get_mut(client);
    if state.wait.is_none() {
        return false;
    }
    if engine.config.compat_version.counts_waits_at_their_end()
        && let Some(command) = state.last_command
    {
        engine.stats.command(command).calls += 1;
        engine.stats.total_commands_processed += 1;
    }
    let mut reply = Reply::new(state.protocol);
    if state.takes_reply() {
        write(engine, &mut reply);
    }
    answer(engine, client, reply.take());
    true
}

/// Serves the clients that wait for keys that have changed, until no key is ready any more.
/// `try_again` executes a client's request once more and says whether that has ended its wait.
pub fn serve(engine: &mut Engine, try_again: impl Fn(&mut Engine, ClientKey) -> bool) {
    while let Some((db, key)) = engine.blocking.next_ready() {
        if let Some(awaited) = there(engine, db, &key) {
            serve_queue(engine, db, &key, awaited, &try_again);
        }
        serve_queue(engine, db, &key, Awaited::GroupEntry, &try_again);
    }
    let Blocking { marked, ready, .. } = &mut engine.blocking;
    shrink(marked);
    ready.shrink_to(KEEP_CAPACITY);
}

/// Who could use what there is under a key now.
fn there(engine: &Engine, db: usize, key: &[u8]) -> Option<Awaited> {
    let slot = engine.databases[db].find(key).ok()?;
    Awaited::of(&engine.databases[db].entry(slot).value)
}

/// Serves those who wait for one type of value under one key.
fn serve_queue(
    engine: &mut Engine,
    db: usize,
    key: &Bytes,
    awaited: Awaited,
    try_again: &impl Fn(&mut Engine, ClientKey) -> bool,
) {
    let mut place = 0;
    while let Some(client) = engine.blocking.waiting[awaited.queue()].at(db, key, place) {
        // A stream has entries for all who read it, so nothing of it is lost.
        let takes = awaited != Awaited::Stream;
        let state = engine.clients.get_mut(client);
        if takes && state.stream.as_deref().is_some_and(peers::is_gone) {
            state.disconnect();
            leave(engine, client);
            continue;
        }
        engine.blocking.serving = Some(key.clone());
        place += usize::from(!try_again(engine, client));
        engine.blocking.serving = None;
        // A group hears it, too, when there is nothing left.
        if awaited != Awaited::GroupEntry && there(engine, db, key) != Some(awaited) {
            return;
        }
    }
}
