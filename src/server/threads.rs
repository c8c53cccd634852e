//! How many threads there may be. A thread that can't have its stack ends the whole process, so
//! the limit has to be known before it is reached.
//!
//! Linux lets a process have `vm.max_map_count` areas of memory, 65,530 unless somebody raised it.
//! A thread takes four: its stack, the stack on which an overflow of the first is reported, and a
//! guard page beside each. That is enough for 10,000 connections and some thousand writers of
//! [outboxes](super::outbox); for 10,000 subscribers, `sysctl vm.max_map_count=131072`.

use std::sync::atomic::{AtomicUsize, Ordering};

use once_cell::sync::Lazy;

/// Areas of memory that a thread takes.
const AREAS_EACH: usize = 4;
/// Areas that everything else may take: libraries, the heap, large values.
const AREAS_RESERVED: usize = 4000;
/// What the kernel allows, if it doesn't say.
const DEFAULT_AREAS: usize = 65_530;

static LIMIT: Lazy<usize> = Lazy::new(|| {
    let text = std::fs::read_to_string("/proc/sys/vm/max_map_count").unwrap_or_default();
    let areas: usize = text.trim().parse().unwrap_or(DEFAULT_AREAS);
    areas.saturating_sub(AREAS_RESERVED) / AREAS_EACH
});
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// The right to run some threads; given back when it is dropped.
#[derive(Debug)]
pub struct Permit(usize);

impl Permit {
    /// The right to run `count` threads more, if there may be so many.
    pub fn take(count: usize) -> Option<Permit> {
        let more = |running: usize| Some(running + count).filter(|sum| *sum <= *LIMIT);
        RUNNING.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok().map(|_| Permit(count))
    }

    /// Makes it the right to run `count` threads. False: there may not be so many.
    pub fn resize(&mut self, count: usize) -> bool {
        if count <= self.0 {
            RUNNING.fetch_sub(self.0 - count, Ordering::Relaxed);
        } else if let Some(more) = Permit::take(count - self.0) {
            std::mem::forget(more);
        } else {
            return false;
        }
        self.0 = count;
        true
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        RUNNING.fetch_sub(self.0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permits_are_limited_and_come_back() {
        assert!(Permit::take(*LIMIT + 1).is_none());
        let mut permit = Permit::take(10).unwrap();
        assert!(!permit.resize(*LIMIT + 1));
        assert!(permit.resize(20) && permit.resize(5));
        drop(permit);
        // Other tests of this process may hold a few.
        assert!(Permit::take(*LIMIT - 1000).is_some());
    }
}
