//! How many threads there may be. A thread that can't have its stack ends the whole process, so
//! the limit has to be known before it is reached.
//!
//! Linux lets a process have `vm.max_map_count` areas of memory, 65,530 unless somebody raised it.
//! A thread takes four, its stack and the one on which an overflow of the first is reported, each with
//! a guard page, and up to two for its heap. That is enough for 10,000 connections.

use std::sync::atomic::{AtomicUsize, Ordering};

use once_cell::sync::Lazy;
use rustix::process::{Resource, getrlimit};

/// Areas of memory that a thread takes.
const AREAS_EACH: usize = 6;
/// Areas that everything else may take: libraries, the heap, large values.
const AREAS_RESERVED: usize = 4000;
/// Where a container's limit stands.
const CGROUP_LIMIT: &str = "/sys/fs/cgroup/pids.max";
/// What the kernel allows, if it doesn't say.
const DEFAULT_AREAS: usize = 65_530;

static LIMIT: Lazy<usize> = Lazy::new(|| {
    let areas = number_in("/proc/sys/vm/max_map_count").unwrap_or(DEFAULT_AREAS);
    let areas = areas.saturating_sub(AREAS_RESERVED) / AREAS_EACH;
    // Other processes need some of these, too.
    let shared = ["/proc/sys/kernel/threads-max", "/proc/sys/kernel/pid_max", CGROUP_LIMIT];
    let tasks = shared.iter().filter_map(|path| number_in(path)).min().unwrap_or(usize::MAX);
    let processes = getrlimit(Resource::Nproc).current.map_or(usize::MAX, |most| most as usize);
    areas.min(tasks / 4 * 3).min(processes / 4 * 3)
});

/// The number that a file of the kernel's consists of.
fn number_in(path: &str) -> Option<usize> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

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
        drop(Permit::take(10).unwrap());
        // Other tests of this process may hold a few.
        assert!(Permit::take(*LIMIT / 2).is_some());
    }
}
