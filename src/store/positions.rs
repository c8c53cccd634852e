//! `Positions`: where the entries of a sub-table lie, by the hashes of their keys.
//!
//! ```text
//! Narrow   | tag 1 | position 2 |    up to 65,536 entries: a database of up to 67 million keys
//! Wide     | tag 1 | position 4 |    more
//! ```
//!
//! A hash table doubles, so on average a third of its places are empty, and after it has doubled more than
//! half. With three bytes for a place instead of five, a key of a million has 6 bytes here and not 10,
//! and more of the table is in the processor's cache.
//!
//! Left out on purpose: going back. Who has had so many keys has the memory.

use hashbrown::HashTable;

/// The positions of entries; see the module documentation.
#[derive(Clone, Debug)]
pub(super) enum Positions {
    Narrow(HashTable<u16>),
    Wide(HashTable<u32>),
}

/// Calls what both tables can do, each with positions of its own width.
macro_rules! both {
    ($positions:expr, $table:ident => $call:expr) => {
        match $positions {
            Positions::Narrow($table) => $call,
            Positions::Wide($table) => $call,
        }
    };
}

impl Positions {
    /// An empty table, without an allocation.
    pub(super) const fn new() -> Self {
        Positions::Narrow(HashTable::new())
    }

    /// The position that has this hash and `is_it`.
    #[inline]
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        match self {
            Positions::Narrow(table) => {
                table.find(hash, |position| is_it((*position).into())).map(|found| (*found).into())
            }
            Positions::Wide(table) => table.find(hash, |position| is_it(*position)).copied(),
        }
    }

    /// The positions that may have this hash.
    pub(super) fn with_hash(&self, hash: u64) -> impl Iterator<Item = u32> {
        let (narrow, wide) = match self {
            Positions::Narrow(table) => (Some(table), None),
            Positions::Wide(table) => (None, Some(table)),
        };
        let narrow = narrow.into_iter().flat_map(move |table| table.iter_hash(hash));
        let wide = wide.into_iter().flat_map(move |table| table.iter_hash(hash));
        narrow.map(|position| u32::from(*position)).chain(wide.copied())
    }

    /// Adds a position that is not there. `hash_of` tells the hash of one that is.
    #[inline]
    pub(super) fn add(&mut self, hash: u64, position: u32, hash_of: impl Fn(u32) -> u64) {
        if let Positions::Narrow(table) = self {
            if let Ok(narrow) = u16::try_from(position) {
                table.insert_unique(hash, narrow, |other| hash_of((*other).into()));
                return;
            }
            *self = Positions::Wide(widened(table, &hash_of));
        }
        if let Positions::Wide(table) = self {
            table.insert_unique(hash, position, |other| hash_of(*other));
        }
    }

    /// Removes a position that is there.
    pub(super) fn remove(&mut self, hash: u64, position: u32) {
        const THERE: &str = "every entry has a position";
        match self {
            Positions::Narrow(table) => {
                let found = table.find_entry(hash, |other| u32::from(*other) == position);
                found.expect(THERE).remove();
            }
            Positions::Wide(table) => {
                let found = table.find_entry(hash, |other| *other == position);
                found.expect(THERE).remove();
            }
        }
    }

    /// What lay at position `from` lies at `to` now, which is nearer to the front.
    pub(super) fn replace(&mut self, hash: u64, from: u32, to: u32) {
        match self {
            Positions::Narrow(table) => {
                let found = table.find_mut(hash, |other| u32::from(*other) == from);
                *found.expect("every entry has a position") = to as u16;
            }
            Positions::Wide(table) => {
                let found = table.find_mut(hash, |other| *other == from);
                *found.expect("every entry has a position") = to;
            }
        }
    }

    /// How many there is room for.
    pub(super) fn capacity(&self) -> usize {
        both!(self, table => table.capacity())
    }

    /// How many places the table has, empty ones included.
    pub(super) fn places(&self) -> usize {
        both!(self, table => table.num_buckets())
    }

    /// Gives memory back, but for that of `room` positions.
    pub(super) fn shrink_to(&mut self, room: usize, hash_of: impl Fn(u32) -> u64) {
        match self {
            Positions::Narrow(table) => {
                table.shrink_to(room, |position| hash_of((*position).into()))
            }
            Positions::Wide(table) => table.shrink_to(room, |position| hash_of(*position)),
        }
    }

    /// Bytes allocated.
    pub(super) fn heap_size(&self) -> usize {
        both!(self, table => table.allocation_size())
    }
}

fn widened(narrow: &HashTable<u16>, hash_of: impl Fn(u32) -> u64) -> HashTable<u32> {
    let mut wide = HashTable::with_capacity(narrow.len() + 1);
    for position in narrow {
        let position = u32::from(*position);
        wide.insert_unique(hash_of(position), position, |other| hash_of(*other));
    }
    wide
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So that neighbours collide, as bad luck would have it.
    fn hash_of(position: u32) -> u64 {
        u64::from(position / 2).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn has(positions: &Positions, position: u32) -> bool {
        positions.find(hash_of(position), |other| other == position) == Some(position)
            && positions.with_hash(hash_of(position)).any(|other| other == position)
    }

    #[test]
    fn finds_all_before_and_after_it_has_become_wide() {
        let mut positions = Positions::new();
        for (count, is_narrow) in [(65_536, true), (66_000, false)] {
            let from = if is_narrow { 0 } else { 65_536 };
            (from..count).for_each(|it| positions.add(hash_of(it), it, hash_of));
            assert_eq!(matches!(positions, Positions::Narrow(_)), is_narrow);
            assert!((0..count).all(|position| has(&positions, position)));
            assert!(!has(&positions, count));
            assert!(positions.capacity() >= count as usize);
        }
        assert_eq!(positions.places() * 5 / 1000, positions.heap_size() / 1000);
    }

    #[test]
    fn a_removed_one_is_gone_and_a_moved_one_is_elsewhere() {
        for count in [100, 70_000] {
            let mut positions = Positions::new();
            (0..count).for_each(|position| positions.add(hash_of(position), position, hash_of));
            positions.remove(hash_of(7), 7);
            assert!(!has(&positions, 7) && has(&positions, 6), "its neighbour has the same hash");
            positions.replace(hash_of(count - 1), count - 1, 7);
            let moved = positions.find(hash_of(count - 1), |position| position == 7);
            assert_eq!(moved, Some(7));
            assert!(!has(&positions, count - 1));
        }
    }

    #[test]
    fn memory_is_given_back() {
        let mut positions = Positions::new();
        (0..10_000).for_each(|position| positions.add(hash_of(position), position, hash_of));
        let full = positions.heap_size();
        (100..10_000).for_each(|position| positions.remove(hash_of(position), position));
        positions.shrink_to(200, hash_of);
        assert!(positions.heap_size() < full / 20);
        assert!((0..100).all(|position| has(&positions, position)));
    }
}
