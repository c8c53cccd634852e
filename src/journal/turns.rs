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

use std::sync::Arc;
use std::time::Duration;

use crate::system::sync::atomic::{AtomicU8, Ordering};
use crate::system::sync::thread::{self, Thread};
use crate::system::sync::{Instant, Mutex, MutexGuard};

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
    /// Who wait for it to end, in the order in which they came.
    pub(super) waiting: Vec<Arc<Waiter>>,
    /// Whose turn it is, while it gathers.
    gathering: Option<Thread>,
    /// How many will take part in the next turn, if all come who came to the last.
    pub(super) expected: usize,
    /// How long a turn takes, on average of the last few.
    pub(super) usual: Duration,
}

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
        loop {
            if gather {
                state = self.gather(state);
            }
            let here = state.waiting.len() + 1;
            drop(state);
            let begun = Instant::now();
            work();
            let took = begun.elapsed();
            state = self.lock();
            state.usual = (state.usual * 3 + took) / 4;
            let reached = done();
            let served = state.waiting.extract_if(.., |waiter| waiter.target <= reached);
            served.for_each(|waiter| waiter.tell(SERVED));
            state.expected = here + state.waiting.len();
            if reached >= target {
                break;
            }
        }
        state.taken = !state.waiting.is_empty();
        if state.taken {
            state.waiting.remove(0).tell(YOUR_TURN);
        }
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
        if state.waiting.len() + 1 >= state.expected
            && let Some(leader) = state.gathering.take()
        {
            leader.unpark();
        }
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
        let deadline = Instant::now() + state.usual.min(LONGEST_WAIT);
        while state.waiting.len() + 1 < state.expected {
            let left = deadline.saturating_duration_since(Instant::now());
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
