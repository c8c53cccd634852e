//! Snapshots: the keyspace as it was at one moment, while it goes on changing. No fork.
//!
//! ```text
//! begin    marks every sub-table: each gets an empty `undo`
//! a write  to a marked sub-table first puts the entry's old state into `undo`
//! copy     entries of one sub-table, with the old states in place of the new; the mark goes
//! ```
//!
//! A copy is made under the lock but is one of pointers and small values: a sub-table of ten
//! thousand keys takes a millisecond, and what is done with the copy (encoding,
//! compressing, writing) is done outside. A write costs one more look-up while its sub-table is
//! marked. Memory grows by what really changes before it is copied.
//!
//! Large collections are behind counted pointers and chunked inside, so keeping an old state holds a pointer, and a
//! write to a large collection copies the chunk that it changes.
//!
//! A database keeps the number that it had when the snapshot began ([`Mark`]), for SWAPDB may give it
//! another one meanwhile.
//!
//! Left out on purpose: two snapshots at once. Whoever wants one waits for the other to end.

use hashbrown::HashTable;

use super::hashing::hash;
use super::keyspace::{Deadline, Entry, Keyspace, SubTable};
use super::segments::Segments;
use super::{Bytes, Value};

/// A key as it was when the snapshot began.
#[derive(Clone, Debug)]
pub struct Saved {
    /// The key.
    pub key: Bytes,
    /// Its value.
    pub value: Value,
    /// When it expires, in Unix milliseconds.
    pub deadline: Option<i64>,
    /// When or how often it was used.
    pub access: u32,
}

impl Saved {
    pub(super) fn new(entry: &Entry, deadlines: &Segments<Deadline>) -> Self {
        Saved {
            key: entry.key.clone(),
            value: entry.value.clone(),
            deadline: deadlines.get(entry.ttl as usize).map(|deadline| deadline.at),
            access: entry.access,
        }
    }
}

/// What a database is to a snapshot that has not copied all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The snapshot.
    pub snapshot: u64,
    /// The number that the database had when the snapshot began.
    pub db: usize,
}

/// What has changed in a marked sub-table, by key. This is what a snapshot costs in memory while
/// everything is overwritten, so it holds each key once.
#[derive(Debug, Default)]
pub(super) struct Undo(HashTable<Old>);

/// An entry before its first change.
#[derive(Debug)]
enum Old {
    /// It was this.
    State(Saved),
    /// There was no such key.
    Absent(Bytes),
}

impl Old {
    fn key(&self) -> &[u8] {
        match self {
            Old::State(saved) => &saved.key,
            Old::Absent(key) => key,
        }
    }

    fn state(self) -> Option<Saved> {
        if let Old::State(saved) = self { Some(saved) } else { None }
    }
}

impl Undo {
    /// Keeps the old state of `key`, if this is its first change.
    pub(super) fn keep(&mut self, key: &[u8], old: impl FnOnce() -> Option<Saved>) {
        let hash_of_key = hash(key);
        if self.0.find(hash_of_key, |old| old.key() == key).is_none() {
            let old = old().map_or_else(|| Old::Absent(Bytes::new(key)), Old::State);
            self.0.insert_unique(hash_of_key, old, |old| hash(old.key()));
        }
    }

    /// Parts it in two, as the sub-table is: by the hashes of the keys.
    pub(super) fn split(self, is_high: impl Fn(u64) -> bool) -> [Undo; 2] {
        let mut halves = <[Undo; 2]>::default();
        for old in self.0 {
            let hash_of_key = hash(old.key());
            let Undo(half) = &mut halves[usize::from(is_high(hash_of_key))];
            half.insert_unique(hash_of_key, old, |old| hash(old.key()));
        }
        halves
    }

    fn take(&mut self, key: &[u8]) -> Option<Old> {
        if self.0.is_empty() {
            return None;
        }
        let found = self.0.find_entry(hash(key), |old| old.key() == key).ok()?;
        Some(found.remove().0)
    }
}

impl Keyspace {
    /// Marks everything for a snapshot. One that was not finished is forgotten.
    pub fn begin_snapshot(&mut self, mark: Mark) {
        self.end_snapshot();
        self.mark = Some(mark);
        for table in self.tables.iter_mut().filter(|table| !table.entries.is_empty()) {
            table.undo = Some(Box::default());
        }
        // An empty sub-table needs no copy, and what is added to it is not in the snapshot.
    }

    /// Copies one sub-table that has not been copied yet; sub-tables before `cursor` have been.
    pub fn copy_next(&mut self, cursor: &mut usize) -> Option<Vec<Saved>> {
        if let Some(mut orphan) = self.orphans.pop() {
            return Some(orphan.copy());
        }
        while let Some(table) = self.tables.get_mut(*cursor) {
            *cursor += 1;
            if table.undo.is_some() {
                return Some(table.copy());
            }
        }
        None
    }

    /// The snapshot that has not copied everything.
    pub fn mark(&self) -> Option<Mark> {
        self.mark
    }

    /// Removes all marks.
    pub fn end_snapshot(&mut self) {
        self.mark = None;
        self.orphans.clear();
        self.tables.iter_mut().for_each(|table| table.undo = None);
    }

    /// Empties the database and returns what it held, to be freed elsewhere. What a snapshot still
    /// has to copy stays with this keyspace.
    pub fn take_all(&mut self) -> Keyspace {
        let mut taken = std::mem::take(self);
        self.mark = taken.mark.take();
        self.orphans = std::mem::take(&mut taken.orphans);
        let marked = taken.tables.extract_if(.., |table| table.undo.is_some());
        self.orphans.extend(marked);
        self.slots = taken.slots.as_ref().map(|_| Box::default());
        taken
    }

    /// Puts other contents into a database that [`take_all`](Self::take_all) has emptied. What a
    /// snapshot still has to copy stays.
    pub fn fill(&mut self, mut contents: Keyspace) {
        contents.mark = self.mark.take();
        contents.orphans = std::mem::take(&mut self.orphans);
        if self.slots.is_some() {
            contents.index_slots();
        }
        *self = contents;
    }
}

impl Keyspace {
    /// The same database once more. What a snapshot still has to copy stays with this one.
    pub fn duplicate(&self) -> Keyspace {
        Keyspace {
            tables: self.tables.iter().map(SubTable::duplicate).collect(),
            shift: self.shift,
            resized: self.resized,
            len: self.len,
            expiring: self.expiring,
            hashes: self.hashes.clone(),
            orphans: Vec::new(),
            mark: None,
            slots: None,
        }
    }
}

impl SubTable {
    fn copy(&mut self) -> Vec<Saved> {
        let mut undo = self.undo.take().map(|undo| *undo).unwrap_or_default();
        let mut copy = Vec::with_capacity(self.entries.len() + undo.0.len());
        for entry in self.entries.iter() {
            match undo.take(&entry.key) {
                None => copy.push(Saved::new(entry, &self.deadlines)),
                Some(old) => copy.extend(old.state()),
            }
        }
        copy.extend(undo.0.into_iter().filter_map(Old::state)); // removed since
        copy
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::store::Str;

    type Model = BTreeMap<Vec<u8>, (i64, Option<i64>)>;

    fn put(keyspace: &mut Keyspace, key: u8, number: i64) {
        let value = Value::Str(Str::Int(number));
        match keyspace.find(&[key]) {
            Ok(slot) => keyspace.entry_mut(slot).value = value,
            Err(vacant) => {
                keyspace.insert(vacant, &[key], value, 0);
            }
        }
    }

    fn number(value: &Value) -> i64 {
        let Value::Str(text) = value else { unreachable!() };
        text.integer().unwrap()
    }

    fn contents(keyspace: &Keyspace) -> Model {
        let entries = keyspace.iter_with_deadlines();
        entries.map(|(e, deadline)| (e.key.to_vec(), (number(&e.value), deadline))).collect()
    }

    proptest! {
        /// Whatever happens between the copies, together they are the state at the beginning.
        #[test]
        fn a_snapshot_is_one_moment(
            before in prop::collection::vec((any::<u8>(), any::<i64>()), 0..150),
            during in prop::collection::vec((0..6u8, any::<u8>(), any::<i64>()), 0..300),
        ) {
            let mut keyspace = Keyspace::default();
            before.iter().for_each(|(key, number)| put(&mut keyspace, *key, *number));
            let expected = contents(&keyspace);
            keyspace.begin_snapshot(Mark { snapshot: 1, db: 0 });
            let (mut copied, mut cursor) = (Model::new(), 0);
            let mut collect = |saved: Option<Vec<Saved>>| {
                let done = saved.is_none();
                for saved in saved.into_iter().flatten() {
                    let old = copied.insert(saved.key.to_vec(), (number(&saved.value), saved.deadline));
                    assert!(old.is_none(), "a key is copied once");
                }
                done
            };
            for (what, key, number) in during {
                match (what, keyspace.find(&[key])) {
                    (0 | 1, _) => put(&mut keyspace, key, number),
                    (2, Ok(slot)) => { keyspace.remove(slot); }
                    (3, Ok(slot)) => keyspace.set_deadline(slot, number),
                    (4, Ok(slot)) => { keyspace.clear_deadline(slot); }
                    (5, _) if key < 5 => { keyspace.take_all(); }
                    _ => { collect(keyspace.copy_next(&mut cursor)); }
                }
            }
            while !collect(keyspace.copy_next(&mut cursor)) {}
            prop_assert_eq!(copied, expected);
        }
    }
}
