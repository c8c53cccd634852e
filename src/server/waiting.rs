//! How a connection waits in the midst of its requests: for a key, for replicas, for the end of a pause.
//!
//! What has been written so far is sent, and then the thread sleeps on two things at once, its socket and
//! what others wake it by ([`Wakeup`](crate::system::wakeup::Wakeup)).
//!
//! ```text
//!            ┌──────────────────────── sleep ────────────────────────┐
//!   bytes    │        the end, an error              woken, late     │
//!   behind the request  │                                   │        │
//!   in hand, up to      v                                   v        │
//!   a limit           lock: leave the queue;         lock: answered? killed? my turn?
//!            │        nothing was taken                 the time over? ── none of it ──┘
//!            └──> sleep
//! ```
//!
//! It goes on reading because the end of a stream lies behind everything that was sent before: a peer that
//! has pipelined a hundred requests and hung up would otherwise be waited for for ever, and be given what
//! it can't get any more. What it reads is kept for later, at most `client-query-buffer-limit` bytes of it,
//! and then the connection is closed, as in Redis.

use super::session::Session;
use crate::engine::EngineGuard;
use crate::engine::blocking::{self, Awaited};
use crate::engine::pause;
use crate::resp::ProtocolError;
use crate::system::clock::Tick;

/// How a wait has ended.
pub enum Ended {
    /// The answer is written; the connection goes on.
    Answered,
    /// The answer is written, and is the last one.
    AnsweredAndClosed,
    /// The pause is over, and it is this client's turn.
    Resumed,
    /// There is nobody any more who could be answered.
    Gone,
}

impl<'s> Session<'s> {
    /// Sleeps until the client, which waits since request `index` of its batch, need not wait any more.
    pub fn wait(&mut self, mut engine: EngineGuard<'s>, index: usize) -> (EngineGuard<'s>, Ended) {
        loop {
            if let Some(ended) = self.has_ended(&mut engine) {
                self.receipt = engine.clients.get_mut(self.client).receipt.take();
                return (engine, ended);
            }
            let deadline = self.deadline(&engine);
            let clock = engine.clock.clone();
            let wakeup = engine.clients.get(self.client).wakeup.clone().unwrap_or_default();
            drop(engine);
            self.receipt = None; // all that comes before is written
            let mut is_there = true;
            loop {
                let left = clock.sleep_until(deadline);
                let woken = wakeup.sleep(&self.stream, left);
                if woken.by_socket {
                    is_there = self.read_ahead(index);
                }
                if !is_there || woken.otherwise || left.is_zero() {
                    break;
                }
            }
            engine = self.shared.engine.lock();
            if !is_there {
                pause::leave(&mut engine, self.client);
                return (engine, Ended::Gone);
            }
        }
    }

    /// Whether the wait is over, now that the lock is held.
    fn has_ended(&mut self, engine: &mut EngineGuard<'s>) -> Option<Ended> {
        let client = self.client;
        let state = engine.clients.get(client);
        if let Some(wait) = &state.wait
            && !state.close_after_reply
        {
            if let Awaited::Resumption { .. } = wait.awaited {
                (engine.pause.next() == Some(client)).then_some(())?;
                pause::leave(engine, client);
                return Some(Ended::Resumed);
            }
            // While the clock stands, who turns it ends the wait.
            let clock = &engine.clock;
            wait.deadline.filter(|at| !clock.is_frozen() && *at <= clock.tick())?;
            blocking::time_out(engine, client);
        }
        if engine.clients.get(client).wait.is_some() {
            pause::leave(engine, client); // somebody has ended the connection
            return Some(Ended::Gone);
        }
        let state = engine.clients.get_mut(client);
        self.output.reply.raw(&std::mem::take(&mut state.answer));
        let closes = state.close_after_reply;
        Some(if closes { Ended::AnsweredAndClosed } else { Ended::Answered })
    }

    /// When it has to look again, though nobody has woken it.
    fn deadline(&self, engine: &EngineGuard<'s>) -> Option<Tick> {
        let wait = engine.clients.get(self.client).wait.as_ref()?;
        match wait.awaited {
            // If the time is over, others come first, or it waits for something else than the time.
            Awaited::Resumption { writes } => {
                engine.pause.end(writes).filter(|end| *end > engine.clock.tick())
            }
            _ => wait.deadline,
        }
    }

    /// Takes in what has arrived behind request `index`. False: there will be no more, or it is too much.
    fn read_ahead(&mut self, index: usize) -> bool {
        if !self.take_in() {
            return false;
        }
        let behind = self.reader.behind(index);
        self.weigh_input(behind, 0);
        let is_too_much = behind > self.limits.query_buffer;
        if is_too_much {
            let _ = self.refuse(ProtocolError::QueryBufferLimit); // of this one nobody is told
        }
        !is_too_much
    }
}
