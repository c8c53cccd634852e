//! How evenly a hash table has spread its entries: how many share each place.
//!
//! A lookup compares with whatever shares the place of the key, so long chains are slow ones. No table
//! here has chains as such; an entry that finds its place taken goes to the next one, or has been put
//! beside it from the beginning. What is counted is how many would like to be in the same place.

use std::collections::BTreeMap;

/// The places of a table, by how many entries are at home there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chains(BTreeMap<usize, usize>);

impl Chains {
    /// Adds a place that so many entries share.
    pub fn add(&mut self, entries: usize) {
        self.add_many(entries, 1);
    }

    /// Adds places that so many entries share each.
    pub fn add_many(&mut self, entries: usize, places: usize) {
        if places > 0 {
            *self.0.entry(entries).or_default() += places;
        }
    }

    /// How many places there are.
    pub fn places(&self) -> usize {
        self.0.values().sum()
    }

    /// How many of them are taken.
    pub fn taken(&self) -> usize {
        self.0.range(1..).map(|(_, places)| places).sum()
    }

    /// How many entries there are.
    pub fn entries(&self) -> usize {
        self.0.iter().map(|(entries, places)| entries * places).sum()
    }

    /// Lengths of chains, ascending, and how many there are of each.
    pub fn lengths(&self) -> impl DoubleEndedIterator<Item = (usize, usize)> {
        self.0.iter().map(|(length, places)| (*length, *places))
    }
}

#[cfg(test)]
mod tests {
    use crate::store::{Hash, Keyspace, Set, SortedSet, Str, Value, packed::PackedLimits};

    #[test]
    fn every_entry_is_counted_once() {
        let mut keyspace = Keyspace::default();
        for number in 0..5000 {
            let key = format!("k{number}");
            let Err(vacant) = keyspace.find(key.as_bytes()) else { unreachable!() };
            let slot = keyspace.insert(vacant, key.as_bytes(), Value::Str(Str::Int(number)), 0);
            if number < 100 {
                keyspace.set_deadline(slot, 1);
            }
        }
        let chains = keyspace.chains();
        assert_eq!(chains.entries(), 5000);
        assert!(chains.taken() <= 5000 && chains.taken() <= chains.places());
        assert_eq!(chains.lengths().map(|(_, places)| places).sum::<usize>(), chains.places());
        assert_eq!(keyspace.chains_of_deadlines().entries(), 100);
        assert_eq!(Keyspace::default().chains().places(), 0);
    }

    #[test]
    fn collections_tell_how_they_spread_members_if_they_do() {
        let limits = PackedLimits { entries: 2, value: 64 };
        let (mut set, mut hash, mut zset) = (Set::new(), Hash::default(), SortedSet::default());
        let mut entries = Vec::new();
        for number in 0..1000 {
            let member = format!("m{number}");
            set.add(member.as_bytes(), 512);
            hash.set(member.as_bytes(), b"v", limits);
            zset.insert(member.as_bytes(), 1.0, limits);
            let all = [set.chains(), hash.chains(), zset.chains()];
            entries.push(all.map(|chains| chains.map(|chains| chains.entries())));
        }
        assert_eq!(entries[0], [Some(1), None, None]);
        assert_eq!(entries[999], [Some(1000); 3]);
    }
}
