//! What threads share, wait for and write to, where the order in which they do it matters most.
//!
//! The files that make sure that no reply leaves before its bytes are safe, and that replies and pushes
//! leave in order, take their locks, threads, channels, files and clock from here: `engine/outbox.rs`,
//! `engine/writers.rs`, `engine/delegation.rs`, `journal/group_commit.rs`, `journal/turns.rs`, and the lock itself,
//! `system/lock.rs`. In the server these are the standard library's and the system's. The models (`tests/models`) compile the same files with another `sync` in this
//! one's place, whose threads take turns as a scheduler wants that looks for the one order in a
//! million in which something goes wrong.

pub use std::fs::File;
pub use std::sync::{Condvar, Mutex, MutexGuard, TryLockError, atomic};
pub use std::thread;
pub use std::time::Instant;

pub use super::clock::machine_now;

pub use crossbeam::channel;
pub use rustix::event::poll;

/// Looks until something is seen, for a few microseconds at most.
pub fn look_for_a_moment<T>(look: impl Fn() -> Option<T>) -> Option<T> {
    for _ in 0..100 {
        let seen = look();
        if seen.is_some() {
            return seen;
        }
        std::hint::spin_loop();
    }
    None
}

/// Sleeping until a word changes.
pub mod futex {
    use std::sync::atomic::AtomicU32;
    use std::time::Duration;

    use rustix::thread::futex::{self, Flags};

    /// Sleeps as long as `word` is `expected`, until it is woken or the time is over; or returns earlier.
    pub fn wait(word: &AtomicU32, expected: u32, at_most: Option<Duration>) {
        let at_most = at_most.and_then(|time| time.try_into().ok());
        // Whatever it says, the caller looks again.
        let _ = futex::wait(word, Flags::PRIVATE, expected, at_most.as_ref());
    }

    /// Wakes so many of those who sleep.
    pub fn wake(word: &AtomicU32, count: u32) {
        let _ = futex::wake(word, Flags::PRIVATE, count);
    }
}
