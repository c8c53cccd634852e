//! How much memory there is, and how much of it is ours.
//!
//! `maxmemory` needs a figure that falls at once when a key is deleted. What the kernel reports
//! (resident memory) doesn't: an allocator keeps freed pages for the next allocation. So the
//! allocator has to count. What was weighed:
//!
//! | way                         | exact | cost                                                |
//! |-----------------------------|-------|-----------------------------------------------------|
//! | resident memory             | no    | a read of `/proc` for each look                     |
//! | jemalloc's statistics       | late  | each thread's cache is counted when it is flushed;  |
//! |                             |       | merging the arenas takes microseconds for a look    |
//! | `cap` around one (this)     | yes   | one atomic addition for each allocation             |
//!
//! The counter costs 1.4 ns an allocation where a SET takes a microsecond. Nearly all allocations
//! happen under the engine's lock, one thread at a time, so its cache line seldom moves.
//!
//! Around which allocator? A thread per connection decides: with 5,000 idle connections, after one
//! PING each, a connection cost 26 KB with the system's allocator, 62 KB with jemalloc and 1 MB
//! with mimalloc, which gives every thread a heap of its own. (Smaller buffers have since made 12 KB
//! of the 26; what a heap costs stays.) Short strings lie inside their entries, so the faster two
//! have little to be faster at.
//!
//! The figure is the sum of the sizes asked for; what the allocator rounds up or keeps in reserve
//! shows as fragmentation, the ratio of resident to used memory.
//!
//! The program installs the allocator (`main.rs`). A program that embeds [`crate::Server`] may
//! keep its own: then there is nothing that counts, and resident memory has to do.

use std::alloc::System;

use once_cell::sync::OnceCell;

/// The allocator of the `cacheflow` program.
pub type Allocator = cap::Cap<System>;

/// How INFO names it.
pub const ALLOCATOR_NAME: &str = "libc";

/// Makes the allocator; it counts, and limits nothing.
pub const fn allocator() -> Allocator {
    cap::Cap::new(System, usize::MAX)
}

/// Where the count comes from, once somebody counts.
static COUNTER: OnceCell<fn() -> usize> = OnceCell::new();

/// From now on, `counter` tells how many bytes are allocated.
pub fn count_with(counter: fn() -> usize) {
    let _ = COUNTER.set(counter); // the first one stays: there is one global allocator
}

/// Bytes that the program has allocated and not freed.
pub fn used() -> u64 {
    COUNTER.get().map_or_else(resident, |counter| counter() as u64)
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
