//! One bucket of a [`super::Table`]: a few hundred entries, found by a one-byte tag.
//!
//! ```text
//! tags     | 3f | a0 | 07 | 3f | ...      lowest byte of each entry's hash
//! entries  | e0 | e1 | e2 | e3 | ...      the entries themselves, in the same order
//! ```
//!
//! A lookup searches the tags with `memchr`, which compares 16 or 32 of them per instruction, and
//! then compares the keys of the entries whose tag fits: with 256 entries about one that isn't
//! the right one. That is as fast as a second hash table in here would be, takes one byte per
//! entry where that takes three to six, never rehashes, and a removal is two `swap_remove`s.

use std::mem;

use super::Keyed;
use crate::store::blob::size_class;
use crate::store::hashing::hash;

/// A bucket that holds this many entries is split before the next one enters.
///
/// It bounds three things at once: what one split costs, what one write to a shared bucket has
/// to copy, and the tags that a lookup reads (four cache lines).
pub(super) const CAPACITY: usize = 256;

#[derive(Clone)]
pub(super) struct Bucket<T> {
    /// How many leading bits the hashes of all its entries have in common.
    pub depth: u32,
    /// The smallest hash that belongs here: the common bits, followed by zeros.
    pub first: u64,
    tags: Vec<u8>,
    entries: Vec<T>,
}

/// How many entries fit into what the allocator gives for so many.
fn room_for<T>(entries: usize) -> usize {
    size_class(entries * size_of::<T>()) / size_of::<T>()
}

fn tag(hash: u64) -> u8 {
    hash as u8
}

impl<T: Keyed> Bucket<T> {
    pub fn new(depth: u32, first: u64, capacity: usize) -> Self {
        let (tags, entries) = (Vec::with_capacity(capacity), Vec::with_capacity(capacity));
        Bucket { depth, first, tags, entries }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn entries(&self) -> &[T] {
        &self.entries
    }

    pub fn entry_mut(&mut self, position: usize) -> &mut T {
        &mut self.entries[position]
    }

    pub fn find(&self, hash: u64, key: &[u8]) -> Option<usize> {
        memchr::memchr_iter(tag(hash), &self.tags).find(|&at| self.entries[at].key() == key)
    }

    pub fn with_hash(&self, wanted: u64) -> impl Iterator<Item = &T> {
        let tagged = memchr::memchr_iter(tag(wanted), &self.tags).map(|at| &self.entries[at]);
        tagged.filter(move |entry| hash(entry.key()) == wanted)
    }

    /// Adds an entry whose key is not there yet. Grows to the next of the allocator's sizes, not by doubling:
    /// the unused rest is most of what an entry costs beyond itself.
    pub fn push(&mut self, hash: u64, entry: T) {
        let len = self.entries.len();
        if len == self.entries.capacity() {
            let room = room_for::<T>((len + len / 8).max(len + 4));
            // A full bucket is split, so it needs no more, but for those that can't be.
            let room = if len < CAPACITY { room.min(CAPACITY) } else { room };
            self.entries.reserve_exact(room - len);
            self.tags.reserve_exact(room - len);
        }
        self.tags.push(tag(hash));
        self.entries.push(entry);
    }

    /// Removes the entry at `position`; the last one takes its place.
    pub fn swap_remove(&mut self, position: usize) -> T {
        self.tags.swap_remove(position);
        let entry = self.entries.swap_remove(position);
        let len = self.entries.len();
        if self.entries.capacity() > 2 * len + 8 {
            self.entries.shrink_to(len + len / 4);
            self.tags.shrink_to(len + len / 4);
        }
        entry
    }

    /// Moves the entries whose next bit is 1 into a new bucket; both are one bit deeper then.
    pub fn split(&mut self) -> Self {
        let depth = self.depth + 1;
        let bit = 1u64 << (64 - depth);
        let capacity = room_for::<T>(self.len() / 2 + self.len() / 16);
        let mut upper = Bucket::new(depth, self.first | bit, capacity);
        let lower = Bucket::new(depth, self.first, capacity);
        let whole = mem::replace(self, lower);
        for entry in whole.entries {
            let hash = hash(entry.key());
            let half = if hash & bit == 0 { &mut *self } else { &mut upper };
            half.push(hash, entry);
        }
        upper
    }

    /// The reverse of [`Bucket::split`]: takes the entries of the bucket beside this one.
    pub fn merge(&mut self, mut other: Self) {
        self.depth -= 1;
        self.first = self.first.min(other.first);
        self.tags.append(&mut other.tags);
        self.entries.append(&mut other.entries);
    }

    /// Bytes of the bucket and of what its entries own.
    pub fn heap_size(&self) -> usize {
        let counts_of_arc = 2 * size_of::<usize>();
        let owned: usize = self.entries.iter().map(Keyed::heap_size).sum();
        let reserved = self.entries.capacity() * size_of::<T>() + self.tags.capacity();
        counts_of_arc + size_of::<Self>() + reserved + owned
    }
}
