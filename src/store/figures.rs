//! Figures about a database: what INFO, MEMORY and DEBUG show of it.

use std::collections::HashMap;

use super::chains::Chains;
use super::hashing::hash;
use super::keyspace::{Keyspace, SubTable};

impl Keyspace {
    /// The average time that expiring keys have left, from a sample.
    pub fn average_ttl_ms(&self, now: i64) -> i64 {
        let (sum, count) = self
            .tables
            .iter()
            .flat_map(|sub| sub.deadlines.iter().take(4))
            .fold((0i128, 0), |(sum, n), deadline| (sum + i128::from(deadline.at - now), n + 1));
        if count == 0 { 0 } else { (sum / count).clamp(0, i64::MAX.into()) as i64 }
    }

    /// How many keys are at home in each place of the sub-tables.
    pub fn chains(&self) -> Chains {
        let mut chains = Chains::default();
        for sub in &self.tables {
            let places = sub.positions.places();
            let mut homes: HashMap<usize, usize> = HashMap::new();
            for entry in sub.entries.iter() {
                *homes.entry(hash(&entry.key) as usize % places.max(1)).or_default() += 1;
            }
            homes.values().for_each(|entries| chains.add(*entries));
            chains.add_many(0, places.saturating_sub(homes.len()));
        }
        chains
    }

    /// The same for times to live, which stand side by side: each has a place of its own.
    pub fn chains_of_deadlines(&self) -> Chains {
        let mut chains = Chains::default();
        chains.add_many(1, self.expiring);
        chains
    }

    /// Bytes held by the tables themselves, beyond what values have allocated.
    pub fn table_size(&self) -> usize {
        let sizes = self.tables.iter().map(|sub| {
            sub.entries.heap_size() + sub.positions.heap_size() + sub.deadlines.heap_size()
        });
        sizes.sum::<usize>()
            + self.tables.capacity() * size_of::<SubTable>()
            + self.slots_size()
            + self.hashes.heap_size()
    }
}
