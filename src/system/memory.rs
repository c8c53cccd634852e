//! How much memory there is, and how much of it is ours.
//!
//! `maxmemory` needs a figure that falls at once when a key is deleted. What the kernel reports
//! (resident memory) doesn't: an allocator keeps freed pages for the next allocation. So the
//! allocator has to count. What was weighed:
//!
//! | way                            | exact | cost                                               |
//! |--------------------------------|-------|----------------------------------------------------|
//! | resident memory                | no    | a read of `/proc` for each look                    |
//! | jemalloc's statistics          | late  | each thread's cache is counted when it is flushed; |
//! |                                |       | merging the arenas takes microseconds for a look   |
//! | `cap` around the allocator     | nearly| one atomic addition for each allocation            |
//! | both (this)                    | yes   | the last, and the second a few times a second      |
//!
//! `cap` counts what is asked for. The allocator hands out a little more, since it has only some sizes:
//! how much more in all, its statistics say. That changes slowly, so it is looked up
//! now and then ([`look`]), and added. The counter costs 1.4 ns an allocation where a SET takes a microsecond.
//! Nearly all allocations happen under the engine's lock, one thread at a time, so its cache line seldom moves.
//!
//! Around which allocator? With a thread for each connection, what an allocator keeps for each thread
//! decides, and what it gives back to the system once the data has gone:
//!
//! | allocator                       | an idle   | of 177 MB, kept | adding a hash |
//! |                                 | connection| after FLUSHALL  | of 5 fields   |
//! |---------------------------------|-----------|-----------------|---------------|
//! | the system's (glibc)            | 12 KB     | 177 MB          | 1.20 µs       |
//! | jemalloc, as it comes           | 54 KB     | 7 MB            | 1.00 µs       |
//! | jemalloc, without thread caches | 15 KB     | 2 MB            | 1.28 µs       |
//! | jemalloc, with small ones (this)| 20 KB     | 2 MB            | 0.98 µs       |
//! | mimalloc                        | 1 MB      |                 |               |
//!
//! The system's gives back only what lies behind the last byte in use, and some small thing that was allocated
//! late (the histogram of a command's latency) is always there. It can be told to look further (`malloc_trim`), but
//! not without `unsafe`. jemalloc has a thread of its own that gives back every page that was unused for a second.
//! How large its caches are is told when it is built (`.cargo/config.toml`).
//!
//! The program installs the allocator (`main.rs`). A program that embeds [`crate::Server`] may
//! keep its own: then there is nothing that counts, and resident memory has to do.

use std::sync::atomic::{AtomicUsize, Ordering};

use once_cell::sync::OnceCell;
use tikv_jemalloc_ctl::stats_print::{Options, stats_print};
use tikv_jemalloc_ctl::{Access, AsName, arenas, epoch, stats};
use tikv_jemallocator::Jemalloc;

/// The allocator of the `cacheflow` program.
pub type Allocator = cap::Cap<Jemalloc>;

/// How INFO names it.
pub const ALLOCATOR_NAME: &str = "jemalloc-5.3.0";

/// Makes the allocator; it counts, and limits nothing.
pub const fn allocator() -> Allocator {
    cap::Cap::new(Jemalloc, usize::MAX)
}

/// Where the count comes from, once somebody counts.
static COUNTER: OnceCell<fn() -> usize> = OnceCell::new();

/// From now on, `counter` tells how many bytes are allocated.
pub fn count_with(counter: fn() -> usize) {
    let _ = COUNTER.set(counter); // the first one stays: there is one global allocator
}

/// Bytes that the allocator had handed out beyond what it was asked for, when somebody last looked.
static ROUNDED_UP: AtomicUsize = AtomicUsize::new(0);
/// What it was asked for by then.
static LOOKED_AT: AtomicUsize = AtomicUsize::new(0);
/// What the caches of a few threads hold counts as handed out. It comes and goes, and is nobody's data: a limit of
/// some hundred kilobytes would be about nothing else.
const IN_CACHES: usize = 512 * 1024;
/// It takes this much more or less than by then to be worth another look.
const WORTH_A_LOOK: usize = 256 * 1024;

/// Bytes that the program has allocated and not freed.
pub fn used() -> u64 {
    let Some(asked_for) = COUNTER.get().map(|counter| counter()) else { return resident() };
    (asked_for + ROUNDED_UP.load(Ordering::Relaxed)) as u64
}

/// Asks the allocator how much it has handed out. For whoever comes by a few times a second.
pub fn look() {
    let Some(asked_for) = COUNTER.get().map(|counter| counter()) else { return };
    let seen = LOOKED_AT.load(Ordering::Relaxed);
    if asked_for.abs_diff(seen) < WORTH_A_LOOK || epoch::advance().is_err() {
        return;
    }
    if let Ok(handed_out) = stats::allocated::read() {
        ROUNDED_UP.store(handed_out.saturating_sub(asked_for + IN_CACHES), Ordering::Relaxed);
        LOOKED_AT.store(asked_for, Ordering::Relaxed);
    }
}

/// Gives all unused pages back to the system, and doesn't wait until they were unused for a second.
pub fn purge() {
    let count = COUNTER.get().and_then(|_| arenas::narenas::read().ok()).unwrap_or(0);
    for arena in 0..count {
        let name = format!("arena.{arena}.dirty_decay_ms\0");
        // An arena that nobody has used yet has no such name.
        let patience_ms: Result<isize, _> = name.name().read();
        if let Ok(patience_ms) = patience_ms {
            // With no time left, what is unused goes at once.
            let _ = name.name().write(0isize);
            let _ = name.name().write(patience_ms);
        }
    }
}

/// What the allocator tells about itself; None: it isn't the one that counts.
pub fn statistics() -> Option<Vec<u8>> {
    COUNTER.get()?;
    let mut text = Vec::new();
    let mut options = Options::default();
    options.skip_per_arena = true;
    stats_print(&mut text, options).ok()?;
    Some(text)
}

/// Bytes of the process that are in physical memory; 0 where there is no `/proc`.
pub fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * rustix::param::page_size() as u64
}

/// Bytes of physical memory that the machine has.
pub fn of_machine() -> u64 {
    let info = rustix::system::sysinfo();
    // The width of these fields differs from one platform to another.
    #[allow(clippy::unnecessary_cast)]
    let total = info.totalram as u64 * u64::from(info.mem_unit);
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_memory_and_some_of_it_is_ours() {
        let resident = resident();
        assert!(resident > 100_000);
        assert!(resident < of_machine());
        // Tests run on the system's allocator, which doesn't count.
        assert!(used() > 100_000);
    }
}
