//! Entries drawn at random: for RANDOMKEY exactly, for eviction fast.

use super::keyspace::{Entry, Keyspace, SubTable};

impl Keyspace {
    /// An entry chosen by the random number, each as likely as any other.
    pub fn random(&self, random: u64) -> Option<&Entry> {
        let mut rest = (random % self.len.max(1) as u64) as usize;
        for sub in &self.tables {
            match sub.entries.get(rest) {
                Some(entry) => return Some(entry),
                None => rest -= sub.entries.len(),
            }
        }
        None
    }

    /// An entry to look at for eviction. Sub-tables are about equally long, so drawing one of them
    /// and then one of its entries is nearly fair, and takes no time.
    pub fn sample(&self, random: u64) -> Option<(&Entry, Option<i64>)> {
        let sub = self.draw(random, |sub| !sub.entries.is_empty())?;
        let entry = &sub.entries[(random >> 32) as usize % sub.entries.len()];
        Some((entry, sub.deadlines.get(entry.ttl as usize).map(|deadline| deadline.at)))
    }

    /// The same, of the entries that expire.
    pub fn sample_expiring(&self, random: u64) -> Option<(&Entry, Option<i64>)> {
        let sub = self.draw(random, |sub| !sub.deadlines.is_empty())?;
        let deadline = &sub.deadlines[(random >> 32) as usize % sub.deadlines.len()];
        Some((&sub.entries[deadline.entry as usize], Some(deadline.at)))
    }

    /// A sub-table with the wanted property: one drawn by the random number, or the next.
    fn draw(&self, random: u64, wanted: impl Fn(&SubTable) -> bool) -> Option<&SubTable> {
        let start = random as usize % self.tables.len().max(1);
        let (before, from) = self.tables.split_at(start);
        from.iter().chain(before).find(|sub| wanted(sub))
    }
}
