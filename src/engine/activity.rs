//! When bytes went over a connection last, in either direction: what `timeout` goes by.
//!
//! A value that takes minutes to come is no sign of idleness, nor is a reply that takes minutes to be
//! read. So the threads that read and write note the time themselves, without THE lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::system::clock::Tick;

/// A moment, which all threads see that have to do with a connection.
#[derive(Debug)]
pub struct Activity(AtomicU64);

impl Default for Activity {
    fn default() -> Self {
        Activity(AtomicU64::new(Tick::now().as_ns()))
    }
}

impl Activity {
    /// Bytes went over the connection just now.
    #[inline]
    pub fn note(&self) {
        self.0.store(Tick::now().as_ns(), Ordering::Relaxed);
    }

    /// For how long none have.
    pub fn idle(&self) -> Duration {
        let last_ns = self.0.load(Ordering::Relaxed);
        Duration::from_nanos(Tick::now().as_ns().saturating_sub(last_ns))
    }
}
