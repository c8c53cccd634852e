//! The keys of a hash slot: what a node of a cluster asks its keyspace for.
//!
//! The keyspace of such a node keeps an [index](super::slot_index) beside its sub-tables. That of any other
//! server has none.

use super::hash_slot::hash_slot;
use super::hashing::hash;
use super::keyspace::{Entry, Keyspace};
use super::slot_index::SlotIndex;

impl Keyspace {
    /// Knows the keys of each slot from now on.
    pub fn index_slots(&mut self) {
        if self.slots.is_none() {
            let mut slots: Box<SlotIndex> = Box::default();
            self.iter().for_each(|entry| slots.add(hash_slot(&entry.key), hash(&entry.key)));
            self.slots = Some(slots);
        }
    }

    /// How many keys a slot has.
    pub fn count_in_slot(&self, slot: u16) -> usize {
        self.slots.as_ref().map_or(0, |slots| slots.count(slot))
    }

    /// The entries of a slot, in no order.
    pub fn entries_in_slot(&self, slot: u16) -> impl Iterator<Item = &Entry> {
        let hashes = self.slots.iter().flat_map(move |slots| slots.hashes(slot));
        let entries = hashes.flat_map(|hash| self.tables[self.table_of(hash)].with_hash(hash));
        // Keys of two slots may have the same hash.
        entries.filter(move |entry| hash_slot(&entry.key) == slot)
    }

    /// After an entry was removed: forgets which slot it was in.
    pub(super) fn forget_slot(&mut self, key: &[u8]) {
        let (slot, hash) = (hash_slot(key), hash(key));
        let mut others = self.tables[self.table_of(hash)].with_hash(hash);
        let shared = others.any(|other| hash_slot(&other.key) == slot);
        if let Some(slots) = &mut self.slots {
            slots.remove(slot, hash, shared);
        }
    }

    /// Bytes that the index takes.
    pub fn slots_size(&self) -> usize {
        self.slots.as_ref().map_or(0, |slots| size_of::<SlotIndex>() + slots.heap_size())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;
    use crate::store::snapshot::Mark;
    use crate::store::{Str, Value};

    fn put(keyspace: &mut Keyspace, key: &[u8]) {
        if let Err(vacant) = keyspace.find(key) {
            keyspace.insert(vacant, key, Value::Str(Str::Int(1)), 0);
        }
    }

    /// What the index says, against a look at all keys.
    fn check(keyspace: &Keyspace) {
        let mut by_slot: BTreeMap<u16, BTreeSet<&[u8]>> = BTreeMap::new();
        for entry in keyspace.iter() {
            by_slot.entry(hash_slot(&entry.key)).or_default().insert(&entry.key);
        }
        let mut sum = 0;
        for slot in 0..16_384 {
            let expected = by_slot.remove(&slot).unwrap_or_default();
            assert_eq!(keyspace.count_in_slot(slot), expected.len());
            let listed: Vec<&[u8]> = keyspace.entries_in_slot(slot).map(|e| &*e.key).collect();
            assert_eq!(listed.len(), expected.len(), "each once");
            assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), expected);
            sum += keyspace.count_in_slot(slot);
        }
        assert_eq!(sum, keyspace.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        /// Whatever comes and goes, in whatever way: the index has what the database has.
        #[test]
        fn the_index_has_what_the_database_has(
            steps in prop::collection::vec((0..20u8, 0..5000u32), 1..60),
        ) {
            let mut keyspace = Keyspace::default();
            keyspace.index_slots();
            for (what, number) in steps {
                let name = |number| format!("key:{}:{{{}}}", number, number % 7).into_bytes();
                match what {
                    0 => { keyspace.take_all(); }
                    1 => {
                        let mut other = Keyspace::default();
                        (0..number % 100).for_each(|n| put(&mut other, &name(n)));
                        keyspace.take_all();
                        keyspace.fill(other);
                    }
                    2 => keyspace.begin_snapshot(Mark { snapshot: 1, db: 0 }),
                    3 => keyspace.end_snapshot(),
                    4..9 => for number in number..number + 500 {
                        if let Ok(slot) = keyspace.find(&name(number)) {
                            keyspace.remove(slot);
                        }
                    },
                    _ => (number..number + 200).for_each(|n| put(&mut keyspace, &name(n))),
                }
            }
            check(&keyspace);
        }
    }

    #[test]
    fn a_server_that_is_no_node_keeps_no_index() {
        let mut keyspace = Keyspace::default();
        put(&mut keyspace, b"k");
        assert_eq!((keyspace.count_in_slot(hash_slot(b"k")), keyspace.slots_size()), (0, 0));
        assert_eq!(keyspace.entries_in_slot(hash_slot(b"k")).count(), 0);
        keyspace.index_slots();
        check(&keyspace);
    }
}
