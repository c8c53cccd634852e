//! Turning the clock: what is due happens, and is written, before the turn is over.
//!
//! ```text
//!   who turns                     THE lock                    the thread of a client in BLPOP
//!   the clock stands at 5 s
//!       run ────────────────────> answers the client,
//!                                 gives it a receipt ───────> wakes, writes the answer,
//!       waits for all receipts <───────────────────────────── drops the receipt, reads on
//!       writes out the outboxes
//!   the clock goes on
//! ```
//!
//! What is done ten times a second is done once at the end of a turn, whatever the time that has passed.

use std::time::Instant;

use crossbeam::channel::bounded;

use super::{Shared, cron};
use crate::engine::blocking::{self, Awaited, Receipt};
use crate::engine::outbox::Outbox;
use crate::engine::{ClientKey, EngineGuard, timers};
use crate::system::clock::{OutOfRange, Tick, Timers, machine_now};

impl Timers for Shared {
    fn next(&self) -> Option<Tick> {
        timers::next(&mut self.engine.lock())
    }

    fn run(&self, until: Instant) {
        let (receipt, all_dropped) = bounded(0);
        let mut engine = self.engine.lock();
        engine.blocking.receipt = Some(Receipt::new(receipt));
        timers::run(&mut engine);
        engine.blocking.receipt = None;
        drop(engine);
        let _ = all_dropped.recv_deadline(until); // it never gets anything but the end
        self.write_out(until);
    }

    fn turned(&self) {
        timers::wake_sleepers(&self.engine.lock());
        cron::round(self);
    }
}

impl Shared {
    /// Writes what others have been told.
    fn write_out(&self, until: Instant) {
        let mut engine = self.engine.lock();
        let outboxes = engine.clients.iter_mut().filter_map(|client| client.outbox.clone());
        let unwritten: Vec<Outbox> = outboxes.filter(|outbox| outbox.backlog() > 0).collect();
        drop(engine);
        for outbox in unwritten {
            outbox.flush();
            outbox.wait_for_backlog(0, until.saturating_duration_since(machine_now()));
        }
    }
}

/// If that is what the client waits for (DEBUG CLOCK), its thread turns the clock. Nobody has the lock
/// meanwhile, since those need it who are concerned.
pub fn turn_if_asked<'s>(
    shared: &'s Shared,
    mut engine: EngineGuard<'s>,
    client: ClientKey,
) -> EngineGuard<'s> {
    let wait = engine.clients.get(client).wait.as_ref();
    let Some(Awaited::Turn(turn)) = wait.map(|wait| wait.awaited) else { return engine };
    let clock = engine.clock.clone();
    drop(engine);
    let turned = clock.turn(turn);
    engine = shared.engine.lock();
    match turned {
        Ok(()) => blocking::end_with(&mut engine, client, |reply| reply.ok()),
        Err(OutOfRange) => blocking::interrupt(&mut engine, client, OUT_OF_RANGE),
    };
    engine
}

const OUT_OF_RANGE: &str = "ERR the clock goes from 1970 to 2286";
