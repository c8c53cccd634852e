//! SCAN: a walk through all keys in many steps, which misses none that is there all the time.
//!
//! It walks each sub-table from its end to its beginning. An entry only ever moves towards the beginning,
//! from a place that was visited already or along with one that was not: no key that is there during the
//! whole scan is missed, however the tables grow and shrink meanwhile. When their number has changed
//! ([`resize`](super::resize)), it begins again with the sub-table that it is at, and reports some keys twice.
//!
//! ```text
//! cursor   [ entries of the sub-table not visited yet | times resized, mod 256 | place of the sub-table ]
//!            46 bits                                    8 bits                   10 bits
//! ```

use super::keyspace::{Entry, Keyspace, TABLE_BITS, TABLES};

/// Where the count of unvisited entries begins.
const UNVISITED_BIT: u32 = TABLE_BITS + u8::BITS;

impl Keyspace {
    /// Calls `report` for at least `count` entries from `cursor` on, as long as there are, and
    /// returns where to go on: 0 is both the beginning and the end.
    pub fn scan(&self, cursor: u64, count: usize, mut report: impl FnMut(&Entry)) -> u64 {
        let mut table = (cursor as usize % TABLES) >> self.shift;
        let is_same = (cursor >> TABLE_BITS) as u8 == self.resized;
        let mut unvisited = if is_same { (cursor >> UNVISITED_BIT) as usize } else { 0 };
        let mut reported = 0;
        while let Some(sub) = self.tables.get(table) {
            // 0 entries left to visit: the walk through this table has not begun.
            let end = if unvisited == 0 { sub.entries.len() } else { unvisited };
            let end = end.min(sub.entries.len());
            let start = end.saturating_sub(count - reported);
            (start..end).rev().for_each(|index| report(&sub.entries[index]));
            reported += end - start;
            (table, unvisited) = if start == 0 { (table + 1, 0) } else { (table, start) };
            if reported >= count && table < self.tables.len() {
                let place = (table << self.shift) as u64;
                let resized = u64::from(self.resized) << TABLE_BITS;
                return (unvisited as u64) << UNVISITED_BIT | resized | place;
            }
        }
        0
    }
}
