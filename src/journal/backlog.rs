//! The backlog: the newest part of the replication stream, shared by all who read it.
//!
//! ```text
//!           start            a reader's position               end
//!             v                      v                          v
//!  ... gone ] [ block ][ block ][ block ][ block ][ block   ] <── append, under the engine's lock
//!             '------------- repl-backlog-size --------'
//! ```
//!
//! The journal appends; a feeder thread for each replica copies from its own position, without the
//! engine's lock, and waits on a condition variable when it has everything. Positions count the
//! bytes of the stream since its beginning, so a replica that comes back asks for one.
//!
//! Blocks leave at the start once they are older than `repl-backlog-size` allows and every reader
//! has passed them. A reader that is slow keeps blocks alive, up to the limit that
//! `client-output-buffer-limit replica` sets: then it is dropped. So a full synchronisation needs
//! no buffer of its own, and ten slow replicas cost as much memory as one.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use super::Sink;
use crate::config::BufferLimit;
use crate::system::clock::{Clock, Tick, machine_now};
use crate::system::mutex::locked;

/// Blocks are this large, or a multiple of it: small beside the smallest backlog, large beside a unit. The
/// allocator has all these sizes, so that what is counted here is what is taken there. Eviction leaves it
/// out, and would take what is missing for data.
const BLOCK: usize = 8 * 1024;
/// No block is larger. A unit of half a gigabyte in one piece would stay for as long as anybody needs
/// its last byte, and every reader would copy it as a whole.
const LARGEST_BLOCK: usize = 64 * 1024;
/// What a reader copies at once, up to a block more.
const READ: usize = 64 * 1024;

/// The stream's newest part; see the module's documentation.
#[derive(Debug)]
pub struct Backlog {
    ring: Mutex<Ring>,
    /// Signalled when there is more to read, or a reader was dropped.
    grown: Condvar,
    /// Bytes that the blocks take, for those who hold no lock of ours.
    memory: AtomicU64,
}

#[derive(Debug)]
struct Ring {
    blocks: VecDeque<Vec<u8>>,
    /// The position of the first byte that is there.
    start: u64,
    /// The position behind the last byte.
    end: u64,
    /// How much is kept without readers.
    size: u64,
    limit: BufferLimit,
    readers: HashMap<u64, Place>,
    clock: Clock,
    /// Bytes of all blocks.
    allocated: usize,
}

/// How far a reader is.
#[derive(Debug)]
struct Place {
    position: u64,
    above_soft_limit: Option<Tick>,
}

/// What a reader finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// There were bytes.
    Bytes,
    /// There were none for as long as it wanted to wait.
    Nothing,
    /// It is no reader any more: too slow, or gone.
    Dropped,
}

impl Backlog {
    /// An empty backlog at the beginning of a stream; by `clock`, a reader is too slow for too long.
    pub fn new(size: u64, limit: BufferLimit, clock: Clock) -> Self {
        let (blocks, readers) = (VecDeque::new(), HashMap::new());
        let ring = Ring { blocks, start: 0, end: 0, size, limit, readers, clock, allocated: 0 };
        Backlog { ring: Mutex::new(ring), grown: Condvar::new(), memory: AtomicU64::new(0) }
    }

    /// Bytes that it takes, and whoever reads from it.
    pub fn memory(&self) -> u64 {
        self.memory.load(Ordering::Relaxed)
    }

    fn note_memory(&self, ring: &Ring) {
        let list = ring.blocks.capacity() * size_of::<Vec<u8>>();
        self.memory.store((ring.allocated + list) as u64, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        locked(&self.ring)
    }

    /// Sets how much is kept, and how far a reader may fall behind.
    pub fn set_limits(&self, size: u64, limit: BufferLimit) {
        let mut ring = self.lock();
        (ring.size, ring.limit) = (size, limit);
        ring.trim();
        self.note_memory(&ring);
    }

    /// The position behind the last byte: the replication offset.
    pub fn end(&self) -> u64 {
        self.lock().end
    }

    /// The position of the first byte, and how many there are.
    pub fn range(&self) -> (u64, u64) {
        let ring = self.lock();
        (ring.start, ring.end - ring.start)
    }

    /// Adds bytes to the stream.
    pub fn append(&self, bytes: &[u8]) {
        let mut ring = self.lock();
        ring.append(bytes);
        ring.drop_slow_readers();
        ring.trim();
        self.note_memory(&ring);
        drop(ring);
        self.grown.notify_all();
    }

    /// Forgets everything; the stream goes on at `position`. Readers are dropped.
    pub fn restart(&self, position: u64) {
        let mut ring = self.lock();
        ring.blocks = VecDeque::new();
        ring.allocated = 0;
        ring.readers.clear();
        (ring.start, ring.end) = (position, position);
        self.note_memory(&ring);
        drop(ring);
        self.grown.notify_all();
    }

    /// Adds a reader that has everything before `position`. False: that part of the stream is gone,
    /// or has not come yet.
    pub fn attach(&self, reader: u64, position: u64) -> bool {
        let mut ring = self.lock();
        let possible = (ring.start..=ring.end).contains(&position);
        if possible {
            ring.readers.insert(reader, Place { position, above_soft_limit: None });
        }
        possible
    }

    /// Removes a reader.
    pub fn detach(&self, reader: u64) {
        let mut ring = self.lock();
        ring.readers.remove(&reader);
        ring.trim();
        self.note_memory(&ring);
        drop(ring);
        self.grown.notify_all();
    }

    /// How many bytes a reader has not taken yet.
    pub fn lag(&self, reader: u64) -> u64 {
        let ring = self.lock();
        ring.readers.get(&reader).map_or(0, |place| ring.end - place.position)
    }

    /// Copies what comes next for a reader, after waiting for it if need be.
    pub fn read(&self, reader: u64, buffer: &mut Vec<u8>, at_most: Duration) -> Next {
        buffer.clear();
        let mut ring = self.lock();
        let deadline = machine_now() + at_most;
        loop {
            let Some(place) = ring.readers.get(&reader) else { return Next::Dropped };
            if place.position < ring.end {
                break;
            }
            let left = deadline.saturating_duration_since(machine_now());
            if left.is_zero() {
                return Next::Nothing;
            }
            let waited = self.grown.wait_timeout(ring, left);
            ring = waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0;
        }
        ring.copy(reader, buffer);
        Next::Bytes
    }
}

impl Ring {
    fn append(&mut self, bytes: &[u8]) {
        let last = self.blocks.back_mut();
        let spare = last.as_ref().map_or(0, |block| block.capacity() - block.len());
        let (first, rest) = bytes.split_at(spare.min(bytes.len()));
        if let Some(block) = last {
            block.extend_from_slice(first);
        }
        for part in rest.chunks(LARGEST_BLOCK) {
            let mut block = Vec::with_capacity(part.len().next_multiple_of(BLOCK));
            block.extend_from_slice(part);
            self.allocated += block.capacity();
            self.blocks.push_back(block);
        }
        self.end += bytes.len() as u64;
    }

    fn drop_slow_readers(&mut self) {
        let Ring { readers, end, limit, size, clock, .. } = self;
        readers.retain(|_, place| {
            let lag = *end - place.position;
            // The backlog is there anyway, so using it is never too much.
            if lag <= *size {
                place.above_soft_limit = None;
                return true;
            }
            if limit.hard > 0 && lag > limit.hard {
                return false;
            }
            if limit.soft == 0 || lag <= limit.soft {
                place.above_soft_limit = None;
                return true;
            }
            let since = *place.above_soft_limit.get_or_insert_with(|| clock.tick());
            clock.since(since).as_secs() <= limit.soft_seconds
        });
    }

    fn trim(&mut self) {
        let slowest = self.readers.values().map(|place| place.position).min();
        let needed = self.end.saturating_sub(self.size).min(slowest.unwrap_or(u64::MAX));
        while let Some(first) = self.blocks.front() {
            let next = self.start + first.len() as u64;
            if next > needed {
                break;
            }
            self.start = next;
            self.allocated -= self.blocks.pop_front().map_or(0, |block| block.capacity());
        }
        if self.blocks.len() < self.blocks.capacity() / 4 {
            self.blocks.shrink_to(2 * self.blocks.len());
        }
    }

    fn copy(&mut self, reader: u64, buffer: &mut Vec<u8>) {
        let Some(place) = self.readers.get_mut(&reader) else { return };
        // Readers are near the end as a rule, so the search begins there.
        let (mut index, mut block_start) = (self.blocks.len(), self.end);
        while block_start > place.position {
            index -= 1;
            block_start -= self.blocks[index].len() as u64;
        }
        let mut skip = (place.position - block_start) as usize;
        for block in self.blocks.range(index..) {
            buffer.extend_from_slice(&block[skip..]);
            skip = 0;
            if buffer.len() >= READ {
                break;
            }
        }
        place.position += buffer.len() as u64;
    }
}

/// The journal's end of the backlog.
#[derive(Debug)]
pub struct Feed(pub std::sync::Arc<Backlog>);

impl Sink for Feed {
    fn append(&mut self, unit: &[u8]) {
        self.0.append(unit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_LIMIT: BufferLimit = BufferLimit { hard: 0, soft: 0, soft_seconds: 0 };
    const NOW: Duration = Duration::ZERO;

    #[test]
    fn readers_get_every_byte_from_their_position() {
        let backlog = Backlog::new(1 << 20, NO_LIMIT, Clock::machine());
        let stream: Vec<u8> = (0..300_000u32).map(|number| (number % 251) as u8).collect();
        for piece in stream.chunks(777) {
            backlog.append(piece);
        }
        for start in [0usize, 1, 776, 777, 4096, 250_000, stream.len()] {
            assert!(backlog.attach(1, start as u64));
            let (mut got, mut buffer) = (Vec::new(), Vec::new());
            while backlog.read(1, &mut buffer, NOW) == Next::Bytes {
                got.extend_from_slice(&buffer);
            }
            assert!(got == stream[start..], "from {start}");
        }
        assert!(!backlog.attach(1, stream.len() as u64 + 1), "the future");
    }

    #[test]
    fn the_old_part_goes_unless_somebody_still_reads_it() {
        let backlog = Backlog::new(16 << 10, NO_LIMIT, Clock::machine());
        assert!(backlog.attach(7, 0));
        (0..100).for_each(|_| backlog.append(&[b'x'; 1000]));
        assert_eq!(backlog.range(), (0, 100_000));
        assert!(backlog.memory() < 110_000, "blocks are filled up: {}", backlog.memory());
        assert_eq!(backlog.lag(7), 100_000);
        backlog.detach(7);
        let (start, len) = backlog.range();
        assert!((16 << 10..(16 << 10) + 2 * BLOCK as u64).contains(&len), "{len}");
        assert!(!backlog.attach(7, start - 1) && backlog.attach(7, start));
        backlog.restart(5);
        assert_eq!(backlog.read(7, &mut Vec::new(), NOW), Next::Dropped);
        assert_eq!((backlog.range(), backlog.end()), ((5, 0), 5));
    }

    #[test]
    fn a_huge_unit_is_neither_copied_nor_kept_in_one_piece() {
        const HUGE: usize = 20 << 20;
        let backlog = Backlog::new(1 << 20, NO_LIMIT, Clock::machine());
        backlog.append(b"before");
        assert!(backlog.attach(7, 3));
        let unit: Vec<u8> = (0..HUGE).map(|number| (number % 251) as u8).collect();
        backlog.append(&unit);
        assert!((HUGE as u64..HUGE as u64 * 11 / 10).contains(&backlog.memory()));
        let (mut got, mut buffer) = (0, Vec::new());
        while backlog.read(7, &mut buffer, NOW) == Next::Bytes {
            let expected = b"ore".iter().chain(&unit).skip(got).take(buffer.len());
            assert!(buffer.iter().eq(expected), "at {got}");
            got += buffer.len();
        }
        assert_eq!(got, 3 + HUGE);
        assert!(buffer.capacity() <= 4 * READ, "{}", buffer.capacity());
        backlog.append(b"after");
        assert!(backlog.memory() < 11 << 17, "{}", backlog.memory());
        backlog.restart(0);
        assert_eq!(backlog.memory(), 0);
    }

    #[test]
    fn a_reader_that_falls_too_far_behind_is_dropped() {
        let limit = BufferLimit { hard: 50_000, soft: 0, soft_seconds: 0 };
        let backlog = Backlog::new(16 << 10, limit, Clock::machine());
        assert!(backlog.attach(1, 0));
        (0..50).for_each(|_| backlog.append(&[b'x'; 1000]));
        assert_eq!(backlog.lag(1), 50_000);
        backlog.append(b"y");
        assert_eq!(backlog.read(1, &mut Vec::new(), NOW), Next::Dropped);
    }
}
