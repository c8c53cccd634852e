//! Clients that wait for a key: BLPOP and its relatives, and reads of streams with BLOCK.
//!
//! ```text
//! session A                         engine                        session B
//! BLPOP q 0  ── execute ──> nothing there: block_on([q])
//!   Flow::Blocked <───────  A waits in the queue of q
//!   sends what it has,
//!   waits on its Condvar                              RPUSH q x ── execute
//!                           key_modified(q): q is ready ......... │ the handler
//!                           serve: A's own request, tried again ..│ after it: LPOP q
//!   answer, notify  <─────  A leaves the queue, its answer is     │
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
//! make other keys ready, so this goes on until none is. [`Wait::sees_removal`] is for those who
//! want to hear that their key is no more (XREADGROUP).
//!
//! Nothing polls. A thread that waits for a client costs its stack; whether the peer is still there
//! is looked up for all waiting clients at once, by `cron`, and for one just before it is served:
//! an element must not be taken for a client that has gone.
//!
//! [`Context::may_take_from`]: crate::command::Context::may_take_from

use std::collections::{HashSet, VecDeque};
use std::net::TcpStream;
use std::sync::{Arc, Condvar};
use std::time::Instant;

use super::ClientKey;
use super::Engine;
use super::interest::Interest;
use super::role;
use crate::resp::{Reply, Request};
use crate::store::Bytes;

/// What a client waits for.
#[derive(Debug)]
pub struct Wait {
    /// The request, to be tried again.
    pub request: Request,
    /// The database of the keys.
    pub db: usize,
    /// The keys, any of which will do.
    pub keys: Vec<Bytes>,
    /// When it gives up; None: never.
    pub deadline: Option<Instant>,
    /// It is also tried again when its key has been removed.
    pub sees_removal: bool,
    /// It waits for replicas instead (WAIT).
    pub acknowledgements: Option<Acknowledgements>,
}

/// What WAIT waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledgements {
    /// The replication offset that has to be reached,
    pub offset: u64,
    /// by so many replicas.
    pub wanted: i64,
}

/// All waiting clients, by the keys that they wait for.
#[derive(Debug, Default)]
pub struct Blocking {
    waiting: Interest,
    clients: HashSet<ClientKey>,
    /// Keys that have changed since clients were last served, in order and without repetition.
    ready: VecDeque<(usize, Bytes)>,
    marked: HashSet<(usize, Bytes)>,
    /// The key for which a client is being served.
    pub serving: Option<Bytes>,
    removal_watchers: usize,
    with_deadline: usize,
}

impl Blocking {
    /// How many clients wait.
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    /// How many of them give up some day.
    pub fn with_deadline(&self) -> usize {
        self.with_deadline
    }

    /// Whether nobody waits for anything.
    #[inline]
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether clients have to be served.
    #[inline]
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// A key has changed: whoever waits for it is served when the running command has ended.
    pub fn key_changed(&mut self, db: usize, key: &[u8]) {
        if self.waiting.contains(db, key) && self.marked.insert((db, Bytes::new(key))) {
            self.ready.push_back((db, Bytes::new(key)));
        }
    }

    /// A database was emptied or has got other contents.
    pub fn database_changed(&mut self, db: usize) {
        for key in self.waiting.keys(db) {
            self.key_changed(db, &key);
        }
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
    wait.keys.iter().for_each(|key| blocking.waiting.add(wait.db, key, client));
    blocking.removal_watchers += usize::from(wait.sees_removal);
    blocking.with_deadline += usize::from(wait.deadline.is_some());
    blocking.clients.insert(client);
    let client = engine.clients.get_mut(client);
    client.wait = Some(Box::new(wait));
    client.wakeup.get_or_insert_with(|| Arc::new(Condvar::new()));
}

/// Ends a wait without an answer: the client takes itself out of all queues.
pub fn leave(engine: &mut Engine, client: ClientKey) {
    let Some(wait) = engine.clients.get_mut(client).wait.take() else { return };
    if wait.acknowledgements.is_some() {
        engine.replication.waiters.retain(|waiter| *waiter != client);
    }
    let blocking = &mut engine.blocking;
    wait.keys.iter().for_each(|key| blocking.waiting.remove(wait.db, key, client));
    blocking.removal_watchers -= usize::from(wait.sees_removal);
    blocking.with_deadline -= usize::from(wait.deadline.is_some());
    blocking.clients.remove(&client);
}

/// Ends a wait with an answer, and wakes the thread that will send it.
pub fn answer(engine: &mut Engine, client: ClientKey, answer: Vec<u8>) {
    leave(engine, client);
    let Engine { clients, config, .. } = engine;
    let client = clients.get_mut(client);
    client.answer = answer;
    if client.outbox.is_some() {
        client.hand_over_answer(&config.client_output_buffer_limit);
    }
    client.wake();
}

/// Ends a wait because its time is over. False: the client wasn't waiting. Whoever waits for
/// replicas learns how many there were.
pub fn time_out(engine: &mut Engine, client: ClientKey) -> bool {
    let wait = engine.clients.get(client).wait.as_ref();
    if let Some(Acknowledgements { offset, .. }) = wait.and_then(|wait| wait.acknowledgements) {
        let count = role::count_acknowledged(engine, offset);
        return end_with(engine, client, |reply| reply.count(count));
    }
    end_with(engine, client, Reply::null_array)
}

/// Ends a wait with an error. False: the client wasn't waiting.
pub fn interrupt(engine: &mut Engine, client: ClientKey, error: &str) -> bool {
    engine.stats.error(error.split(' ').next().unwrap_or_default().as_bytes());
    end_with(engine, client, |reply| reply.error(error.as_bytes()))
}

fn end_with(engine: &mut Engine, client: ClientKey, write: impl FnOnce(&mut Reply)) -> bool {
    let state = engine.clients.get(client);
    if state.wait.is_none() {
        return false;
    }
    let mut reply = Reply::new(state.protocol);
    if state.sends_replies() {
        write(&mut reply);
    }
    answer(engine, client, reply.take());
    true
}

/// Serves the clients that wait for keys that have changed, until no key is ready any more.
/// `try_again` executes a client's request once more and says whether that has ended its wait.
pub fn serve(engine: &mut Engine, mut try_again: impl FnMut(&mut Engine, ClientKey) -> bool) {
    while let Some((db, key)) = engine.blocking.next_ready() {
        let mut place = 0;
        while let Some(client) = engine.blocking.waiting.at(db, &key, place) {
            let is_gone = engine.databases[db].find(&key).is_err();
            if is_gone && engine.blocking.removal_watchers == 0 {
                break;
            }
            let state = engine.clients.get_mut(client);
            let wanted = !is_gone || state.wait.as_ref().is_some_and(|wait| wait.sees_removal);
            if wanted && state.stream.as_deref().is_some_and(is_gone_peer) {
                leave(engine, client);
                engine.clients.get_mut(client).disconnect();
                continue;
            }
            engine.blocking.serving = Some(key.clone());
            place += usize::from(!wanted || !try_again(engine, client));
            engine.blocking.serving = None;
        }
    }
}

/// The sockets of waiting clients, with what is needed to find them again.
pub fn sockets(engine: &Engine) -> Vec<(u64, Arc<TcpStream>)> {
    let clients = engine.blocking.clients.iter().map(|client| engine.clients.get(*client));
    clients.filter_map(|client| Some((client.id, client.stream.clone()?))).collect()
}

fn is_gone_peer(stream: &TcpStream) -> bool {
    crate::system::peers::are_gone([stream])[0]
}
