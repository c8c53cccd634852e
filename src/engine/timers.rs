//! What is due at which time of the clock, as far as it is behind the lock.
//!
//! Most of the day nobody asks: threads sleep until a moment of theirs, and expiry goes round. When the clock
//! is turned ([`Clock::advance`](crate::system::clock::Clock::advance)) the same things happen one by one,
//! each at its time:
//!
//! | what                                   | is due                           | and then                         |
//! |----------------------------------------|----------------------------------|----------------------------------|
//! | a key, a field of a hash               | past its deadline                | goes, with its event             |
//! | a wait: BLPOP, XREAD, WAIT, ...        | at its deadline                  | is answered that there is nothing |
//! | a pause                                | at its end                       | those go on that it has held     |

use super::{ClientKey, Engine, blocking, expiry, pause};
use crate::system::clock::Tick;

/// When the next thing is due; it may have been for long.
pub fn next(engine: &mut Engine) -> Option<Tick> {
    let now = engine.clock.tick();
    let wait = first_wait(engine).map(|(deadline, ..)| deadline);
    let pause = engine.pause.end(true).filter(|end| *end > now);
    let expiry = expiry::next(engine).map(|at| engine.clock.when_past(at));
    [wait, pause, expiry].into_iter().flatten().min()
}

/// Does what is due now. Who is answered holds a [receipt](blocking::Receipt), if there is one.
pub fn run(engine: &mut Engine) {
    let now = engine.clock.tick();
    while let Some((_, _, client)) = first_wait(engine).filter(|(deadline, ..)| *deadline <= now) {
        blocking::time_out(engine, client);
    }
    for client in engine.pause.free_to_go() {
        engine.clients.get_mut(client).receipt = engine.blocking.receipt.clone();
    }
    pause::resume(engine);
    expiry::expire_next(engine);
}

/// The wait that ends first by itself: when, the number of its client, and that. Of several, the oldest
/// connection's.
fn first_wait(engine: &Engine) -> Option<(Tick, u64, ClientKey)> {
    let waits = engine.blocking.iter().filter_map(|key| {
        let client = engine.clients.get(key);
        let deadline = client.wait.as_ref()?.deadline?;
        Some((deadline, client.id, key))
    });
    waits.min_by_key(|(deadline, id, _)| (*deadline, *id))
}

/// The clock was turned: whoever sleeps by it looks again.
pub fn wake_sleepers(engine: &Engine) {
    engine.blocking.iter().for_each(|client| engine.clients.get(client).wake());
}
