//! How many sub-tables a database has: few while it has few keys, and then [`TABLES`].
//!
//! A sub-table costs some 500 bytes before it is of use. A thousand of them are nothing to a database
//! of a million keys, but as much as all the data of one with a thousand. So a database begins with one.
//! When each has [`KEYS_EACH`] on average, every one is split in two; when few keys are left,
//! every two become one again. With eight thousand keys there are [`TABLES`], and from then on
//! only each sub-table grows by itself: the largest split moves that many entries, in half a
//! millisecond.
//!
//! ```text
//! place among 1024     0 ........ 255  256 ....... 511  512 ....... 767  768 ...... 1023
//! 4 sub-tables       [      0       ][      1        ][      2        ][      3        ]
//! 2 sub-tables       [              0                ][              1                 ]
//! ```
//!
//! The halves of a sub-table lie where it lay, so whoever walks over the places in order (SCAN) has seen the
//! same keys before and after. A snapshot may be under way when a sub-table is split: what it has kept
//! of old states is split with it. Sub-tables are not put together while it is, for it counts how
//! many it has copied.

use super::hashing::hash;
use super::keyspace::{Entry, Keyspace, NO_TTL, SubTable, TABLE_BITS, TABLES, place_of};

/// Keys that a sub-table has on average before there are twice as many.
const KEYS_EACH: usize = 16;
/// With a quarter of the keys that each has after a split, there are half as many again.
const KEYS_LEFT: usize = KEYS_EACH / 2 / 4;

impl Keyspace {
    /// Whether the next key needs more sub-tables.
    #[inline]
    pub(super) fn has_too_few_tables(&self) -> bool {
        self.len >= self.tables.len() * KEYS_EACH && self.tables.len() < TABLES
    }

    /// Whether so few keys are left that fewer will do.
    #[inline]
    pub(super) fn has_too_many_tables(&self) -> bool {
        self.len < self.tables.len() * KEYS_LEFT && self.mark.is_none() && self.tables.len() > 1
    }

    /// Splits every sub-table, or makes the first one.
    #[cold]
    pub(super) fn grow(&mut self) {
        self.resized = self.resized.wrapping_add(1);
        if self.tables.is_empty() {
            self.tables = vec![SubTable::new()];
            self.shift = TABLE_BITS;
            return;
        }
        self.shift -= 1;
        let (shift, tables) = (self.shift, std::mem::take(&mut self.tables));
        let is_high = |hash| place_of(hash) >> shift & 1 == 1;
        self.tables.reserve_exact(2 * tables.len());
        tables.into_iter().for_each(|table| self.tables.extend(table.split(is_high)));
    }

    /// Puts every two sub-tables together.
    #[cold]
    pub(super) fn shrink(&mut self) {
        self.resized = self.resized.wrapping_add(1);
        self.shift += 1;
        let mut tables = std::mem::take(&mut self.tables).into_iter();
        self.tables.reserve_exact(tables.len() / 2);
        while let (Some(mut table), Some(high)) = (tables.next(), tables.next()) {
            high.pour(std::slice::from_mut(&mut table), |_| 0);
            self.tables.push(table);
        }
    }
}

impl SubTable {
    fn split(mut self, is_high: impl Fn(u64) -> bool + Copy) -> [SubTable; 2] {
        let undo = self.undo.take();
        let mut halves = [(); 2].map(|()| SubTable::new());
        self.pour(&mut halves, |hash| usize::from(is_high(hash)));
        // Only now are the halves marked: moving an entry is no change.
        if let Some(undo) = undo {
            let [low, high] = undo.split(is_high).map(|undo| Some(Box::new(undo)));
            (halves[0].undo, halves[1].undo) = (low, high);
        }
        halves
    }

    /// Moves all entries with their deadlines, each to where its hash says.
    fn pour(self, targets: &mut [SubTable], target: impl Fn(u64) -> usize) {
        let deadlines = self.deadlines;
        for entry in self.entries.into_iter() {
            let hash = hash(&entry.key);
            let at = deadlines.get(entry.ttl as usize).map(|deadline| deadline.at);
            let table = &mut targets[target(hash)];
            let index = table.add(hash, Entry { ttl: NO_TTL, ..entry });
            at.map(|at| table.set_deadline(index, at));
        }
    }
}
