//! Taking turns at a slow thing that one can do for all: the heart of group commit.
//!
//! ```text
//! thread 1   ──> its turn: gathers ── syncs for 1, 2, 3 ──> done, and wakes 2, 3; 4 is next
//! thread 2     ──> waits ............................... ──> done
//! thread 3         ──> waits ........................... ──> done
//! thread 4                           ──> waits ........ ──> its turn ...
//! ```
//!
//! Whoever comes while nobody is at it does it; the others wait, and are woken when they are served or
//! when it is their turn, one of them, and never to find that they have to wait again.
//!
//! That alone halves what a disk could do. When a sync ends, all whom it served send their replies, and
//! the first new request that comes back takes the next turn, alone; the others come too late by
//! a moment, and wait for two syncs. So whoever's turn it is waits for those who are expected, all who
//! took part in the last turn or came during it, but never for longer than a turn takes. One client
//! alone expects nobody, and waits for nobody. (PostgreSQL has the same idea in `commit_delay`, where
//! it has to be configured.)
//!
//! Who has nothing to do once it is served but to pass something on, as a connection has to send its
//! reply, needn't be woken for that. It leaves an errand ([`Turns::leave`]), and whoever's turn it is runs it.
//! Only the first who comes while the work is done has to stay, for somebody must take the next turn:
//!
//! ```text
//! thread 1   ──> its turn: syncs ──> done; 2 is next; runs the errands that were left for it
//! thread 2           ──> waits ........ ──> its turn: syncs for 2 and 3 ──> done; runs 3's errand
//! thread 3             ──> leaves an errand, and is gone
//! ```

use std::sync::Arc;
use std::time::Duration;

use crate::system::sync::atomic::{AtomicU8, Ordering};
use crate::system::sync::thread::{self, Thread};
use crate::system::sync::{Mutex, MutexGuard, machine_now};

/// The longest time to wait for others: a client that has stopped asking is missed once.
pub(super) const LONGEST_WAIT: Duration = Duration::from_millis(5);
/// Turns so short are done sooner than others could be waited for.
const SHORT_TURN: Duration = Duration::from_micros(200);

const WAITING: u8 = 0;
const SERVED: u8 = 1;
const YOUR_TURN: u8 = 2;

/// Who is at it, and who waits.
#[derive(Default)]
pub(super) struct Turns(Mutex<State>);

#[derive(Default)]
pub(super) struct State {
    /// It is somebody's turn.
    pub(super) taken: bool,
    /// And the work has begun: who comes now is too late for it.
    begun: bool,
    /// Who wait for it to end, in the order in which they came.
    pub(super) waiting: Vec<Arc<Waiter>>,
    /// What was left by those who don't wait, and what has to be done before.
    pub(super) errands: Vec<(u64, Errand)>,
    /// Whose turn it is, while it gathers.
    gathering: Option<Thread>,
    /// How many will take part in the next turn, if all come who came to the last.
    pub(super) expected: usize,
    /// How long a turn takes, on average of the last few.
    pub(super) usual: Duration,
}

/// What is to be done for somebody who is served and isn't there. It must not wait for anything.
pub type Errand = Box<dyn FnOnce() + Send>;

pub(super) struct Waiter {
    thread: Thread,
    /// What it waits for.
    target: u64,
    verdict: AtomicU8,
}

impl Waiter {
    fn tell(&self, verdict: u8) {
        self.verdict.store(verdict, Ordering::Release);
        self.thread.unpark();
    }
}

impl State {
    /// How many take part, if the turn begins now.
    fn present(&self) -> usize {
        1 + self.waiting.len() + self.errands.len()
    }

    /// Somebody has come: if nobody else is expected, the turn may begin.
    fn tell_who_gathers(&mut self) {
        if self.present() >= self.expected
            && let Some(leader) = self.gathering.take()
        {
            leader.unpark();
        }
    }
}

impl Turns {
    /// Returns when `done` has reached `target`. Until then `work` is done, by this thread or by
    /// another one, for all who wait: it gets as far as anybody wants who is here when it begins.
    /// With `gather` it begins when those who are expected are there.
    pub fn take(&self, target: u64, gather: bool, done: impl Fn() -> u64, mut work: impl FnMut()) {
        let mut state = self.lock();
        if done() >= target {
            return;
        }
        if state.taken {
            match self.wait(state, target) {
                None => return,
                Some(locked) => state = locked,
            }
        }
        state.taken = true;
        let mut errands = Vec::new();
        loop {
            if gather {
                state = self.gather(state);
            }
            let here = state.present();
            state.begun = true;
            drop(state);
            let begun = machine_now();
            work();
            let took = begun.elapsed();
            state = self.lock();
            state.begun = false;
            state.usual = (state.usual * 3 + took) / 4;
            let reached = done();
            let served = state.waiting.extract_if(.., |waiter| waiter.target <= reached);
            served.for_each(|waiter| waiter.tell(SERVED));
            errands.extend(state.errands.extract_if(.., |(target, _)| *target <= reached));
            state.expected = here + state.present() - 1;
            // An errand can't take the next turn.
            let has_next = !state.waiting.is_empty() || state.errands.is_empty();
            if reached >= target && has_next {
                break;
            }
        }
        state.taken = !state.waiting.is_empty();
        if state.taken {
            state.waiting.remove(0).tell(YOUR_TURN);
        }
        drop(state);
        errands.into_iter().for_each(|(_, errand)| errand());
    }

    /// Leaves an errand with whoever's turn it is, to be run when `done` has reached `target`. False:
    /// there is none, or nobody is there to run it, or all is done already.
    pub fn leave(
        &self,
        target: u64,
        done: impl Fn() -> u64,
        errand: impl FnOnce() -> Option<Errand>,
    ) -> bool {
        let mut state = self.lock();
        let somebody_will = state.taken && (!state.begun || !state.waiting.is_empty());
        if !somebody_will || done() >= target {
            return false;
        }
        let Some(errand) = errand() else { return false };
        state.errands.push((target, errand));
        state.tell_who_gathers();
        true
    }

    /// Waits until this thread is served, or its turn has come; then with the lock.
    fn wait<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        target: u64,
    ) -> Option<MutexGuard<'a, State>> {
        let (thread, verdict) = (thread::current(), AtomicU8::new(WAITING));
        let waiter = Arc::new(Waiter { thread, target, verdict });
        state.waiting.push(Arc::clone(&waiter));
        state.tell_who_gathers();
        drop(state);
        loop {
            match waiter.verdict.load(Ordering::Acquire) {
                SERVED => return None,
                YOUR_TURN => return Some(self.lock()),
                _ => thread::park(),
            }
        }
    }

    /// Waits for those who are expected.
    fn gather<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        if state.usual < SHORT_TURN {
            return state;
        }
        let deadline = machine_now() + state.usual.min(LONGEST_WAIT);
        while state.present() < state.expected {
            let left = deadline.saturating_duration_since(machine_now());
            if left.is_zero() {
                break;
            }
            state.gathering = Some(thread::current());
            drop(state);
            thread::park_timeout(left);
            state = self.lock();
        }
        state.gathering = None;
        state
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
