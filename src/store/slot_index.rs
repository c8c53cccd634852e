//! `SlotIndex`: which keys are in which hash slot, on a node of a cluster.
//!
//! Slots move from node to node, so a node has to find the keys of one without going through all. The
//! index stands beside the sub-tables, and holds for each slot the *hashes* of its keys: a hash is what
//! the keyspace finds an entry by, and it stays the same wherever entries and sub-tables move.
//!
//! ```text
//! slot 0      -> hashes  [ . . . . ]
//! slot 1      -> hashes  [ . . ] [ . . ]      in parts, when there are many
//! ...
//! slot 16383  -> (none)
//! ```
//!
//! The other way would be a sub-table for each slot. With a million keys spread evenly that takes 6 bytes a
//! key, where the index takes 16. But whoever gives many keys the same hash tag has them all in one
//! slot, and the size of a sub-table bounds how long everybody waits while it grows or is copied for a
//! snapshot: with a million keys in one, 88 ms and 68 ms were measured, with ten million a second. With
//! the index, sub-tables are as even as ever, `find` costs what it did, and only what adds or removes
//! a key pays, 60 ns with a million keys. Ordered trees of hashes, in place of hash tables, take as much
//! memory and three times as long.
//!
//! A slot's hashes are in parts of bounded size, by *linear hashing* (Litwin, 1980): when there are too many
//! for the parts, one more part comes and takes half of another's, so adding a key never moves more.

use hashbrown::HashTable;

use super::hash_slot::HASH_SLOTS;

/// Hashes that a part has on average before there is one more. Moving them takes a tenth of a
/// millisecond.
const PART: usize = 16 * 1024;

/// The hashes of all keys, by slot.
#[derive(Debug)]
pub(super) struct SlotIndex(Vec<Hashes>);

/// The hashes of one slot's keys. Two keys of a slot may have the same hash, though hardly ever: it stands
/// here once, for both.
#[derive(Debug, Default)]
struct Hashes {
    parts: Vec<HashTable<u64>>,
    /// How many keys they stand for.
    keys: usize,
}

impl Default for SlotIndex {
    fn default() -> Self {
        SlotIndex((0..HASH_SLOTS).map(|_| Hashes::default()).collect())
    }
}

impl SlotIndex {
    /// Notes a new key.
    pub(super) fn add(&mut self, slot: u16, hash: u64) {
        self.0[usize::from(slot)].add(hash);
    }

    /// Forgets a key. Its hash stays if it is `shared`: another key of the slot has the same.
    pub(super) fn remove(&mut self, slot: u16, hash: u64, shared: bool) {
        self.0[usize::from(slot)].remove(hash, shared);
    }

    /// How many keys a slot has.
    pub(super) fn count(&self, slot: u16) -> usize {
        self.0[usize::from(slot)].keys
    }

    /// The hashes of a slot's keys, in no order.
    pub(super) fn hashes(&self, slot: u16) -> impl Iterator<Item = u64> {
        self.0[usize::from(slot)].parts.iter().flatten().copied()
    }

    /// Bytes allocated.
    pub(super) fn heap_size(&self) -> usize {
        let parts = self.0.iter().flat_map(|hashes| &hashes.parts);
        self.0.capacity() * size_of::<Hashes>()
            + self.0.iter().map(|hashes| hashes.parts.capacity()).sum::<usize>()
                * size_of::<HashTable<u64>>()
            + parts.map(HashTable::allocation_size).sum::<usize>()
    }
}

impl Hashes {
    fn add(&mut self, hash: u64) {
        if self.keys >= self.parts.len() * PART {
            self.split();
        }
        self.keys += 1;
        let part = part_of(hash, self.parts.len());
        let part = &mut self.parts[part];
        if part.find(hash, |other| *other == hash).is_none() {
            part.insert_unique(hash, hash, |hash| *hash);
        }
    }

    fn remove(&mut self, hash: u64, shared: bool) {
        self.keys -= 1;
        if self.keys == 0 {
            self.parts = Vec::new();
            return;
        }
        if !shared {
            let part = part_of(hash, self.parts.len());
            let part = &mut self.parts[part];
            let found = part.find_entry(hash, |other| *other == hash);
            found.expect("every key's hash is in the index").remove();
            if part.len() < part.capacity() / 4 {
                part.shrink_to(part.len() * 2, |hash| *hash);
            }
        }
        if self.keys < (self.parts.len() - 1) * PART / 2 {
            self.merge();
        }
    }

    /// Adds a part, and moves what belongs there from the one that had it.
    fn split(&mut self) {
        let new = self.parts.len();
        self.parts.push(HashTable::new());
        if new > 0 {
            let old = std::mem::take(&mut self.parts[parent(new)]);
            old.into_iter().for_each(|hash| self.put(hash));
        }
    }

    /// Removes the last part, and moves what it has to where it came from.
    fn merge(&mut self) {
        let last = self.parts.pop();
        last.into_iter().flatten().for_each(|hash| self.put(hash));
    }

    fn put(&mut self, hash: u64) {
        let part = part_of(hash, self.parts.len());
        self.parts[part].insert_unique(hash, hash, |hash| *hash);
    }
}

/// The part that a hash belongs to, of so many. It is told by bits that `HashTable` uses neither for its
/// buckets nor for its tags.
fn part_of(hash: u64, parts: usize) -> usize {
    let place = (hash >> 32) as usize % parts.next_power_of_two();
    if place < parts { place } else { parent(place) }
}

/// The part that part `new` is split from: its number without the highest bit.
fn parent(new: usize) -> usize {
    new - (1 << new.ilog2())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::system::random::Random;

    #[test]
    fn a_slot_has_the_hashes_of_its_keys() {
        let mut index = SlotIndex::default();
        let empty = index.heap_size();
        let mut random = Random::from_seed(3);
        let hashes: Vec<u64> = (0..20 * PART).map(|_| random.next_u64()).collect();
        let model: BTreeSet<u64> = hashes.iter().copied().collect();
        index.add(0, 1);
        hashes.iter().for_each(|hash| index.add(5, *hash));
        assert_eq!((index.count(0), index.count(5), index.count(6)), (1, hashes.len(), 0));
        assert_eq!(index.hashes(5).collect::<BTreeSet<u64>>(), model);
        let parts = &index.0[5].parts;
        assert!(parts.iter().all(|part| part.len() < 3 * PART), "a part is bounded");
        assert!(index.heap_size() < empty + 24 * hashes.len());
        let (gone, left) = hashes.split_at(19 * PART + 100);
        gone.iter().for_each(|hash| index.remove(5, *hash, false));
        let left: BTreeSet<u64> = left.iter().copied().collect();
        assert_eq!(index.hashes(5).collect::<BTreeSet<u64>>(), left);
        assert!(index.heap_size() < empty + 80 * left.len(), "memory is given back");
        left.iter().for_each(|hash| index.remove(5, *hash, false));
        index.remove(0, 1, false);
        assert_eq!((index.count(5), index.heap_size()), (0, empty));
    }

    #[test]
    fn keys_with_the_same_hash_are_counted_one_by_one() {
        let mut index = SlotIndex::default();
        (0..3).for_each(|_| index.add(9, 7));
        assert_eq!((index.count(9), index.hashes(9).count()), (3, 1));
        index.remove(9, 7, true);
        assert_eq!((index.count(9), index.hashes(9).count()), (2, 1));
        index.remove(9, 7, true);
        index.remove(9, 7, false);
        assert_eq!((index.count(9), index.hashes(9).count()), (0, 0));
    }

    #[test]
    fn a_part_is_split_from_the_one_that_had_its_hashes() {
        for parts in 1..100 {
            for place in 0..500u64 {
                let (before, after) =
                    (part_of(place << 32, parts), part_of(place << 32, parts + 1));
                assert!(before < parts);
                assert!(after == before || (after == parts && before == parent(parts)));
            }
        }
    }
}
