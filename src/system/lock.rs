//! A lock that many threads want and nobody keeps.
//!
//! ```text
//!                        take, after having waited
//!    ┌──────────────────────────────────────────┐
//!    │       take                 wait          v
//!   FREE ───────────> TAKEN ───────────────> AWAITED
//!    ^                  │ release               │ release: wakes one
//!    └──────────────────┴───────────────────────┘
//! ```
//!
//! Who finds it taken looks for as long as such holds take, since the holder is mostly at work on another core,
//! and then sleeps until whoever releases it wakes one of those who sleep. That is the second mutex of Ulrich
//! Drepper's *Futexes Are Tricky*; the one of the standard library is made of it, too, but can't be waited for with
//! a time-out.
//!
//! What matters is what isn't done here. Nobody gives the processor away in place of looking: that costs a whole
//! slice of time (`sched_yield` on Linux from 6.18 on), so among two hundred threads a lock that was free after a
//! microsecond was waited for during milliseconds. And a lock isn't handed over to the one that has waited longest:
//! all others would wait until that one has a core again. Whoever comes first takes it.
//!
//! Those who sleep are woken in the order in which they came. Left out on purpose: that nobody may come before them.
//! Who comes again and again lets others in by itself (`engine/lock.rs`).

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use super::sync::atomic::{AtomicU32, Ordering};
use super::sync::{Mutex, MutexGuard, TryLockError, futex, look_for_a_moment};

const FREE: u32 = 0;
const TAKEN: u32 = 1;
/// Taken, and there may be threads that sleep until it is released.
const AWAITED: u32 = 2;

/// A lock, and what it guards; see the module documentation.
pub struct Lock<T> {
    word: AtomicU32,
    /// Locked by whoever has taken `word`, so nobody ever waits for it.
    guarded: Mutex<T>,
}

/// The lock, held.
pub struct Held<'a, T> {
    guarded: MutexGuard<'a, T>,
    /// Behind `guarded`: fields are dropped in this order.
    _release: Release<'a>,
}

struct Release<'a>(&'a AtomicU32);

impl<T> Lock<T> {
    /// A lock that is free.
    pub fn new(guarded: T) -> Self {
        Lock { word: AtomicU32::new(FREE), guarded: Mutex::new(guarded) }
    }

    /// Takes it, if it is free.
    #[inline]
    pub fn try_lock(&self) -> Option<Held<'_, T>> {
        let taken = self.word.compare_exchange(FREE, TAKEN, Ordering::Acquire, Ordering::Relaxed);
        taken.is_ok().then(|| self.held())
    }

    /// Takes it, however long that takes.
    pub fn lock(&self) -> Held<'_, T> {
        loop {
            if let Some(held) = self.wait(None) {
                return held;
            }
        }
    }

    /// Takes it, if that takes no longer than about this; or gives up earlier, when others are faster.
    pub fn try_lock_for(&self, at_most: Duration) -> Option<Held<'_, T>> {
        self.wait(Some(at_most))
    }

    /// Looks, and sleeps once.
    fn wait(&self, at_most: Option<Duration>) -> Option<Held<'_, T>> {
        let seen = look_for_a_moment(|| {
            let is_free = self.word.load(Ordering::Relaxed) == FREE;
            if is_free { self.try_lock() } else { None }
        });
        seen.or_else(|| self.take_for_all()).or_else(|| {
            futex::wait(&self.word, AWAITED, at_most);
            self.take_for_all()
        })
    }

    /// Takes it, or sees to it that whoever has it wakes one who sleeps. Who has slept does this before anything
    /// else: it was woken in place of another one, and can't know whether there is one. So the release may wake
    /// nobody.
    fn take_for_all(&self) -> Option<Held<'_, T>> {
        let before = self.word.swap(AWAITED, Ordering::Acquire);
        (before == FREE).then(|| self.held())
    }

    fn held(&self) -> Held<'_, T> {
        let guarded = match self.guarded.try_lock() {
            Ok(guarded) => guarded,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => unreachable!("who has the word has the lock"),
        };
        Held { guarded, _release: Release(&self.word) }
    }
}

impl Drop for Release<'_> {
    fn drop(&mut self) {
        if self.0.swap(FREE, Ordering::Release) == AWAITED {
            futex::wake(self.0, 1);
        }
    }
}

impl<T> Deref for Held<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        &self.guarded
    }
}

impl<T> DerefMut for Held<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guarded
    }
}

/// Something behind a lock that can be waited for. It changes while the lock is held.
#[derive(Debug, Default)]
pub struct Condition {
    changes: AtomicU32,
    /// How many threads wait.
    waiting: AtomicU32,
}

impl Condition {
    /// It has changed.
    pub fn notify_all(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        // Who counts itself after this has seen the change, or is told of it when it goes to sleep.
        if self.waiting.load(Ordering::SeqCst) > 0 {
            futex::wake(&self.changes, u32::MAX >> 1);
        }
    }

    /// How often it has changed: for who holds the lock and is going to wait.
    pub fn changes(&self) -> u32 {
        self.changes.load(Ordering::Acquire)
    }

    /// Waits, without the lock, until it has changed more often or the time is over; or returns earlier.
    pub fn wait_beyond(&self, changes: u32, at_most: Duration) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        futex::wait(&self.changes, changes, Some(at_most));
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
