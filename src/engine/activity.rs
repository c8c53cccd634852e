//! When bytes went over a connection last, in either direction: what `timeout` goes by.
//!
//! A value that takes minutes to come is no sign of idleness, nor is a reply that takes minutes to be
//! read. So the threads that read and write note the time themselves, without THE lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::system::clock::{Clock, Tick};

/// A moment, which all threads see that have to do with a connection.
#[derive(Debug, Default)]
pub struct Activity {
    last_ns: AtomicU64,
    clock: Clock,
}

impl Activity {
    /// Bytes go over a connection from now on.
    pub fn new(clock: Clock) -> Self {
        Activity { last_ns: AtomicU64::new(clock.tick().as_ns()), clock }
    }

    /// Bytes went over the connection just now.
    #[inline]
    pub fn note(&self) {
        self.last_ns.store(self.clock.tick().as_ns(), Ordering::Relaxed);
    }

    /// For how long none have.
    pub fn idle(&self) -> Duration {
        self.clock.since(Tick::from_ns(self.last_ns.load(Ordering::Relaxed)))
    }
}
