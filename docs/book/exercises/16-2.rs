//! A snapshot of one moment.
//!
//! The keyspace has two tables. A snapshot marks both (`begin`), and copies one at a time (`copy`). What it
//! copies must be what there was when it began, whatever was set or removed in between, each key once. Write
//! `set`, `remove`, `begin` and `copy` so that this is so, and use `undo`: for a marked table, the old states
//! of the keys that have changed since (None: there was no such key). Don't copy a table before its turn, and
//! keep no old states in a table that isn't marked.

use std::collections::HashMap;

#[derive(Default)]
pub struct Table {
    pub entries: HashMap<String, i64>,
    /// Some: it is marked.
    pub undo: Option<HashMap<String, Option<i64>>>,
}

#[derive(Default)]
pub struct Keyspace {
    pub tables: [Table; 2],
}

impl Keyspace {
    fn table(&mut self, key: &str) -> &mut Table {
        &mut self.tables[key.len() % 2]
    }

    pub fn set(&mut self, key: &str, value: i64) {
        self.table(key).entries.insert(key.to_owned(), value);
    }

    pub fn remove(&mut self, key: &str) {
        self.table(key).entries.remove(key);
    }

    pub fn begin(&mut self) {}

    /// What table `index` was when the snapshot began. Its mark goes.
    pub fn copy(&mut self, index: usize) -> Vec<(String, i64)> {
        self.tables[index].entries.iter().map(|(key, value)| (key.clone(), *value)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyspace() -> Keyspace {
        let mut keyspace = Keyspace::default();
        for (key, value) in [("a", 1), ("bb", 2), ("c", 3), ("dd", 4)] {
            keyspace.set(key, value);
        }
        keyspace
    }

    fn sorted(mut copied: Vec<(String, i64)>) -> Vec<(String, i64)> {
        copied.sort();
        copied
    }

    fn pairs(of: &[(&str, i64)]) -> Vec<(String, i64)> {
        of.iter().map(|(key, value)| (key.to_string(), *value)).collect()
    }

    #[test]
    fn what_changes_before_it_is_copied_is_copied_as_it_was() {
        let mut keyspace = keyspace();
        keyspace.begin();
        keyspace.set("a", 10);
        keyspace.set("a", 11);
        keyspace.remove("c");
        keyspace.set("eee", 5);
        assert_eq!(sorted(keyspace.copy(1)), pairs(&[("a", 1), ("c", 3)]));
        keyspace.set("c", 30);
        keyspace.remove("bb");
        keyspace.set("bb", 20);
        keyspace.set("ff", 6);
        keyspace.remove("ff");
        assert_eq!(sorted(keyspace.copy(0)), pairs(&[("bb", 2), ("dd", 4)]));
        assert_eq!(keyspace.tables[1].entries["a"], 11);
    }

    #[test]
    fn old_states_are_kept_only_while_they_are_needed() {
        let mut keyspace = keyspace();
        keyspace.set("a", 5);
        assert!(keyspace.tables.iter().all(|table| table.undo.is_none()));
        keyspace.begin();
        keyspace.set("bb", 7);
        let kept = |keyspace: &Keyspace| {
            let undo = keyspace.tables.iter().map(|table| table.undo.as_ref().map(HashMap::len));
            undo.collect::<Vec<_>>()
        };
        assert_eq!(kept(&keyspace), [Some(1), Some(0)]);
        keyspace.copy(0);
        keyspace.set("bb", 8);
        assert_eq!(kept(&keyspace), [None, Some(0)]);
    }

    #[test]
    fn the_next_snapshot_is_another_moment() {
        let mut keyspace = keyspace();
        keyspace.begin();
        keyspace.set("a", 10);
        keyspace.copy(0);
        keyspace.copy(1);
        keyspace.begin();
        keyspace.set("a", 20);
        assert_eq!(sorted(keyspace.copy(1)), pairs(&[("a", 10), ("c", 3)]));
    }
}
