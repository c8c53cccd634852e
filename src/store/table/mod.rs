//! `Table`: the hash table behind large sets and hashes and the member index of sorted sets.
//!
//! It is an *extendible hash table* (Fagin, Nievergelt, Pippenger, Strong, 1979): small buckets,
//! and a directory that leads from the leading bits of a hash to its bucket.
//!
//! ```text
//! hash bits   directory        buckets
//!      00..   | 0 | ---------> 0: entries 00.. (depth 2)
//!      01..   | 2 | ---------> 2: entries 01.. (depth 2)
//!      10..   | 1 | -----+
//!      11..   | 1 | -----+---> 1: entries 1..  (depth 1: two directory slots lead here)
//! ```
//!
//! A full bucket splits in two by the next bit of the hashes; if it was as deep as the directory,
//! the directory doubles first, which copies four bytes per slot. Two neighbours that have become
//! nearly empty merge again. Why not one large array, as in most hash tables:
//!
//! * **Growth never stalls.** An array of a million entries moves all of them when it is full; a
//!   split moves one bucket's.
//! * **A clone is cheap, and stays cheap.** The buckets are behind `Arc`s: a clone copies pointers,
//!   and a later write copies the one bucket it changes. Snapshots rest on this.
//! * **SCAN is simple.** Going through the directory is going through the hashes in ascending
//!   order, whatever has split or merged meanwhile. A cursor is a place in that order.
//!
//! The price is one more indirection per lookup. Left out on purpose: any order the caller could
//! rely on, and protection from an `Eq` that disagrees with itself; keys are plain bytes.

mod bucket;

use std::fmt;
use std::sync::Arc;

use super::Bytes;
use super::chains::Chains;
use super::hashing::hash;
use bucket::{Bucket, CAPACITY};

/// What can be stored in a [`Table`]: something with a key in it.
pub trait Keyed {
    /// The key. It must not change while the entry is in a table.
    fn key(&self) -> &[u8];

    /// Bytes that the entry has allocated outside itself.
    fn heap_size(&self) -> usize {
        0
    }
}

impl Keyed for Bytes {
    fn key(&self) -> &[u8] {
        self
    }

    fn heap_size(&self) -> usize {
        Bytes::heap_size(self)
    }
}

/// Neighbours merge when they would fill a quarter of a bucket. Much less than the half at which
/// a split leaves them, so that a table can't be made to split and merge in turns.
const MERGE_BELOW: usize = CAPACITY / 4;

/// The directory has at most this many slots per bucket. Evenly spread hashes need two to four; the
/// limit is there for the case that hundreds agree in so many bits that splitting doesn't part
/// them. Their bucket then grows past its capacity instead.
const MAX_SLOTS_PER_BUCKET: usize = 64;

/// Bits in a scan cursor: few enough that every client's integers hold it, JavaScript's included.
pub const CURSOR_BITS: u32 = 48;

/// The place of an entry in a scan.
fn place_of(hash: u64) -> u64 {
    hash >> (64 - CURSOR_BITS)
}

/// [`Table::scan`] of a few keys that stand in no table yet: the cursor goes on when they do.
pub fn scan_list<'k>(
    keys: impl Iterator<Item = &'k [u8]>,
    cursor: u64,
    count: usize,
    report: &mut impl FnMut(&[u8]),
) -> u64 {
    let with_place = keys.map(|key| (place_of(hash(key)), key));
    let mut left: Vec<_> = with_place.filter(|(place, _)| *place >= cursor).collect();
    left.sort_unstable_by_key(|(place, _)| *place);
    let mut last = None;
    for (index, (place, key)) in left.into_iter().enumerate() {
        if index >= count.max(1) && last != Some(place) {
            return place;
        }
        report(key);
        last = Some(place);
    }
    0
}

/// A hash table of entries that carry their key; see the module documentation.
#[derive(Clone)]
pub struct Table<T> {
    /// Leading `depth` bits of a hash -> index into `buckets`; 2^depth slots.
    directory: Vec<u32>,
    depth: u32,
    /// In no order. Each is listed once, so its `Arc` is shared exactly when a clone shares it.
    buckets: Vec<Arc<Bucket<T>>>,
    /// How many buckets are as deep as the directory. When none is, the directory can halve.
    deepest: usize,
    len: usize,
    /// No bucket has ever been longer: the range that random positions are drawn from.
    widest: usize,
}

impl<T: Keyed + Clone> Table<T> {
    /// An empty table.
    pub fn new() -> Self {
        let buckets = vec![Arc::new(Bucket::new(0, 0, 0))];
        Table { directory: vec![0], depth: 0, buckets, deepest: 1, len: 0, widest: CAPACITY }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The entry with this key.
    pub fn get(&self, key: &[u8]) -> Option<&T> {
        self.get_hashed(hash(key), key)
    }

    /// The entry with this key, whose [`hash()`] is known: who looks one key up in several tables
    /// hashes it once.
    pub fn get_hashed(&self, hash: u64, key: &[u8]) -> Option<&T> {
        let bucket = &self.buckets[self.bucket_of(hash)];
        bucket.find(hash, key).map(|position| &bucket.entries()[position])
    }

    /// The entries whose keys have this [`hash()`]: one, nearly always.
    pub fn with_hash(&self, hash: u64) -> impl Iterator<Item = &T> {
        self.buckets[self.bucket_of(hash)].with_hash(hash)
    }

    /// The entry with this key, to be changed in anything but the key.
    pub fn get_mut(&mut self, key: &[u8]) -> Option<&mut T> {
        let hash = hash(key);
        let index = self.bucket_of(hash);
        // Look before making the bucket our own: a miss must not copy it.
        let position = self.buckets[index].find(hash, key)?;
        Some(Arc::make_mut(&mut self.buckets[index]).entry_mut(position))
    }

    /// Puts an entry in. If there was one with the same key, it is replaced and returned.
    pub fn insert(&mut self, entry: T) -> Option<T> {
        let hash = hash(entry.key());
        let mut index = self.bucket_of(hash);
        if let Some(position) = self.buckets[index].find(hash, entry.key()) {
            let old = Arc::make_mut(&mut self.buckets[index]).entry_mut(position);
            return Some(std::mem::replace(old, entry));
        }
        while self.buckets[index].len() >= CAPACITY && self.split(index) {
            index = self.bucket_of(hash);
        }
        let bucket = Arc::make_mut(&mut self.buckets[index]);
        bucket.push(hash, entry);
        self.widest = self.widest.max(bucket.len());
        self.len += 1;
        None
    }

    /// Takes the entry with this key out.
    pub fn remove(&mut self, key: &[u8]) -> Option<T> {
        let hash = hash(key);
        let index = self.bucket_of(hash);
        let position = self.buckets[index].find(hash, key)?;
        Some(self.remove_at(index, position))
    }

    /// All entries, in no particular order.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { buckets: self.buckets.iter(), entries: [].iter(), left: self.len }
    }

    /// An entry drawn at random, each with the same probability.
    pub fn random(&self, rng: &mut impl FnMut() -> u64) -> Option<&T> {
        let (index, position) = self.random_place(rng)?;
        Some(&self.buckets[index].entries()[position])
    }

    /// Takes out an entry drawn at random.
    pub fn pop(&mut self, rng: &mut impl FnMut() -> u64) -> Option<T> {
        let (index, position) = self.random_place(rng)?;
        Some(self.remove_at(index, position))
    }

    /// Reports at least `count` entries, if so many are left, beginning at `cursor`, and returns
    /// the cursor to go on with, below 2^[`CURSOR_BITS`]. 0 begins a scan, and 0 ends it.
    ///
    /// The cursor is a place in the order of the hashes, which no write to the table can move: an
    /// entry that is there during a whole scan is reported exactly once, however many others
    /// come and go. More than `count` are reported only when hashes agree in all of those bits.
    pub fn scan(&self, cursor: u64, count: usize, report: &mut impl FnMut(&T)) -> u64 {
        let end = 1u64 << CURSOR_BITS;
        let (mut place, mut reported) = (cursor, 0);
        while place < end {
            let bucket = &self.buckets[self.bucket_of(place << (64 - CURSOR_BITS))];
            let with_place = bucket.entries().iter().map(|e| (place_of(hash(e.key())), e));
            let mut batch: Vec<_> = with_place.filter(|(p, _)| *p >= place).collect();
            batch.sort_unstable_by_key(|(p, _)| *p);
            for (p, entry) in batch {
                if reported >= count.max(1) && p != place {
                    return p;
                }
                place = p;
                report(entry);
                reported += 1;
            }
            place = place_of(bucket.first) + (end >> bucket.depth);
            if reported >= count.max(1) && place < end {
                return place;
            }
        }
        0
    }

    /// How many entries each bucket holds.
    pub fn chains(&self) -> Chains {
        let mut chains = Chains::default();
        self.buckets.iter().for_each(|bucket| chains.add(bucket.len()));
        chains
    }

    /// Bytes allocated, entries included: measured on the first buckets, until `samples` entries
    /// have been seen, and extrapolated. 0 measures all.
    pub fn heap_size(&self, samples: usize) -> usize {
        let samples = if samples == 0 { usize::MAX } else { samples };
        let (mut buckets, mut entries, mut bytes) = (0, 0, 0);
        for bucket in &self.buckets {
            buckets += 1;
            entries += bucket.len();
            bytes += bucket.heap_size();
            if entries >= samples {
                break;
            }
        }
        let pointers = self.buckets.capacity() * size_of::<usize>();
        let in_buckets = bytes as u128 * self.buckets.len() as u128 / buckets as u128;
        self.directory.capacity() * size_of::<u32>() + pointers + in_buckets as usize
    }

    /// The index of the bucket where this hash belongs.
    #[inline]
    fn bucket_of(&self, hash: u64) -> usize {
        self.directory[self.slot(hash)] as usize
    }

    #[inline]
    fn slot(&self, hash: u64) -> usize {
        // With depth 0 there is one slot, and a shift by all 64 bits would overflow.
        hash.checked_shr(64 - self.depth).unwrap_or(0) as usize
    }

    /// Splits one bucket in two. False if the directory would grow out of proportion.
    fn split(&mut self, index: usize) -> bool {
        if self.buckets[index].depth == self.depth {
            if self.directory.len() >= MAX_SLOTS_PER_BUCKET * self.buckets.len() {
                return false;
            }
            self.directory = self.directory.iter().flat_map(|&index| [index, index]).collect();
            self.depth += 1;
            self.deepest = 0;
        }
        let upper = Arc::make_mut(&mut self.buckets[index]).split();
        if upper.depth == self.depth {
            self.deepest += 2;
        }
        self.buckets.push(Arc::new(upper));
        self.link(self.buckets.len() - 1);
        true
    }

    /// Makes the directory slots of a bucket lead to it.
    fn link(&mut self, index: usize) {
        let bucket = &self.buckets[index];
        let start = self.slot(bucket.first);
        let slots = 1 << (self.depth - bucket.depth);
        self.directory[start..start + slots].fill(index as u32);
    }

    fn remove_at(&mut self, index: usize, position: usize) -> T {
        let bucket = Arc::make_mut(&mut self.buckets[index]);
        let entry = bucket.swap_remove(position);
        let first = bucket.first;
        self.len -= 1;
        while self.merge(self.bucket_of(first)) {}
        entry
    }

    /// Merges a bucket with its neighbour, the other half of the bucket it was split from, if
    /// that half is not split further and both are nearly empty.
    fn merge(&mut self, index: usize) -> bool {
        let bucket = &self.buckets[index];
        if bucket.depth == 0 || bucket.len() > MERGE_BELOW {
            return false;
        }
        let (first, depth) = (bucket.first, bucket.depth);
        let other = self.bucket_of(first ^ 1 << (64 - depth));
        let neighbour = &self.buckets[other];
        if neighbour.depth != depth || bucket.len() + neighbour.len() > MERGE_BELOW {
            return false;
        }
        let (kept, gone) = (index.min(other), index.max(other));
        // The last bucket moves to the free place, so its slots need a new index. It is not `kept`,
        // which is smaller than `gone`.
        let taken = Arc::unwrap_or_clone(self.buckets.swap_remove(gone));
        if gone < self.buckets.len() {
            self.link(gone);
        }
        Arc::make_mut(&mut self.buckets[kept]).merge(taken);
        self.link(kept);
        if depth == self.depth {
            self.deepest -= 2;
            self.shrink_directory();
        }
        true
    }

    /// Halves the directory until some bucket needs its depth. Amortized over the hundreds of
    /// removals that empty a bucket.
    fn shrink_directory(&mut self) {
        while self.deepest == 0 {
            self.depth -= 1;
            self.directory = self.directory.iter().step_by(2).copied().collect();
            self.deepest = self.buckets.iter().filter(|b| b.depth == self.depth).count();
            self.buckets.shrink_to(self.buckets.len() * 2);
        }
    }

    /// The place of an entry drawn at random. Buckets differ in length, so drawing a bucket and
    /// then one of its entries would favour the entries of short ones. Drawing a position that
    /// the longest would have, and trying again if this one doesn't, is fair.
    fn random_place(&self, rng: &mut impl FnMut() -> u64) -> Option<(usize, usize)> {
        // With buckets a quarter full, where the emptiest tables are, 1 draw in 10,000 gives up.
        const DRAWS: usize = 32;
        if self.len == 0 {
            return None;
        }
        for _ in 0..DRAWS {
            let index = (rng() % self.buckets.len() as u64) as usize;
            let position = (rng() % self.widest as u64) as usize;
            if position < self.buckets[index].len() {
                return Some((index, position));
            }
        }
        let mut position = (rng() % self.len as u64) as usize;
        for (index, bucket) in self.buckets.iter().enumerate() {
            if position < bucket.len() {
                return Some((index, position));
            }
            position -= bucket.len();
        }
        None
    }
}

impl<T: Keyed + Clone> Default for Table<T> {
    fn default() -> Self {
        Table::new()
    }
}

impl<T: Keyed + Clone + PartialEq> PartialEq for Table<T> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().all(|entry| other.get(entry.key()) == Some(entry))
    }
}

impl<T: Keyed + Clone + Eq> Eq for Table<T> {}

impl<T: Keyed + Clone + fmt::Debug> fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<'a, T: Keyed + Clone> IntoIterator for &'a Table<T> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;
    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

/// All entries of a [`Table`].
pub struct Iter<'a, T> {
    buckets: std::slice::Iter<'a, Arc<Bucket<T>>>,
    entries: std::slice::Iter<'a, T>,
    left: usize,
}

impl<'a, T: Keyed> Iterator for Iter<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        loop {
            if let Some(entry) = self.entries.next() {
                self.left -= 1;
                return Some(entry);
            }
            self.entries = self.buckets.next()?.entries().iter();
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T: Keyed> ExactSizeIterator for Iter<'_, T> {}

#[cfg(test)]
mod tests;
