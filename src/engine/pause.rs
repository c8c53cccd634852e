//! Pauses: commands wait, all of them or only those that write.
//!
//! CLIENT PAUSE is for a time, and CLIENT UNPAUSE ends it. The server itself holds writes until a
//! matter of its own is settled, and no client can end that.
//!
//! Who is held waits as a client of BLPOP does ([`blocking`]), in a queue of its own. When the pause is
//! over they go on in the order in which they came: the first one executes its request, and lets the
//! next one go as it leaves the queue. One that hangs up in a pause leaves the queue, and what it asked
//! for is not executed.
//!
//! Replicas and monitors are never held: a replica that could not say that it is there would be given up.

use std::collections::VecDeque;

use super::ClientKey;
use super::Engine;
use super::blocking::{self, Awaited, Wait};
use crate::resp::Request;
use crate::system::clock::{Clock, Tick};

/// Why the server itself holds writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A replica is to have everything before it takes over.
    Failover,
    /// Replicas are to have everything before the server ends, and then nothing may change.
    Shutdown,
    /// Keys that changed each time while they were sent to another server are sent once more.
    Migration,
}

/// What is paused, and until when.
#[derive(Debug, Default)]
pub struct Pause {
    until: Option<Tick>,
    /// Only commands that may write wait.
    only_writes: bool,
    held: Vec<Reason>,
    /// Who waits for the end, and whether their requests may write, in order of arrival.
    queue: VecDeque<(ClientKey, bool)>,
    clock: Clock,
}

impl Pause {
    /// Nothing is paused; `clock` says until when something will be.
    pub fn new(clock: Clock) -> Self {
        Pause { clock, ..Pause::default() }
    }

    /// Pauses up to a moment. A pause in force is never shortened, nor made milder.
    pub fn begin(&mut self, until: Tick, only_writes: bool) {
        let running = self.until.filter(|until| *until > self.clock.tick());
        self.only_writes = only_writes && (running.is_none() || self.only_writes);
        self.until = Some(running.map_or(until, |running| running.max(until)));
    }

    /// Writes wait until this reason is gone.
    pub fn hold(&mut self, reason: Reason) {
        if !self.held.contains(&reason) {
            self.held.push(reason);
        }
    }

    /// Whether the server itself holds writes.
    pub fn is_held(&self) -> bool {
        !self.held.is_empty()
    }

    /// Whether a command has to wait.
    #[inline]
    pub fn holds(&self, writes: bool) -> bool {
        let is_over = |until: Tick| until <= self.clock.tick();
        writes && self.is_held() || self.end(writes).is_some_and(|until| !is_over(until))
    }

    /// Whether the offset of the stream has to stand still, for replicas are to reach it.
    pub fn holds_offset(&self) -> bool {
        self.held.iter().any(|reason| *reason != Reason::Migration)
    }

    /// Whether it has to wait though it is one of those that others wait for ([`Reason::Migration`]).
    pub fn holds_migration(&self) -> bool {
        self.holds_offset() || self.end(true).is_some_and(|until| until > self.clock.tick())
    }

    /// When the time of a pause for such commands is over, if it has one.
    #[inline]
    pub fn end(&self, writes: bool) -> Option<Tick> {
        self.until.filter(|_| writes || !self.only_writes)
    }

    /// Whether expiry and eviction have to wait, so that the data stands still.
    pub fn holds_writes(&self) -> bool {
        self.holds(true)
    }

    /// The client whose turn it is, if there is one that need not wait any more.
    pub fn next(&self) -> Option<ClientKey> {
        self.queue.iter().find(|(_, writes)| !self.holds(*writes)).map(|(client, _)| *client)
    }

    /// All of them.
    pub fn free_to_go(&self) -> Vec<ClientKey> {
        let free = self.queue.iter().filter(|(_, writes)| !self.holds(*writes));
        free.map(|(client, _)| *client).collect()
    }

    /// A client waits no more. Who comes behind it has to be woken; see [`resume`].
    pub fn forget(&mut self, client: ClientKey) {
        self.queue.retain(|(held, _)| *held != client);
    }
}

/// The client waits for the end of the pause.
pub fn join(engine: &mut Engine, client: ClientKey, writes: bool) {
    let awaited = Awaited::Resumption { writes };
    let request = Request::default(); // its thread has it
    blocking::block(engine, client, Wait { awaited, request, db: 0, keys: vec![], deadline: None });
    engine.pause.queue.push_back((client, writes));
}

/// The client need not wait any more: it was its turn, or its connection has ended.
pub fn leave(engine: &mut Engine, client: ClientKey) {
    blocking::leave(engine, client);
    resume(engine);
}

/// Ends the pause.
pub fn end(engine: &mut Engine) {
    engine.pause.until = None;
    resume(engine);
}

/// The reason is gone.
pub fn release(engine: &mut Engine, reason: Reason) {
    engine.pause.held.retain(|held| *held != reason);
    resume(engine);
}

/// Wakes the client whose turn it is. The others are woken one by the other, as they leave.
pub fn resume(engine: &Engine) {
    if let Some(next) = engine.pause.next() {
        engine.clients.get(next).wake();
    }
}
