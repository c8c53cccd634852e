//! A snapshot of all databases: begun under the lock, copied piece by piece, used outside of it.
//!
//! ```text
//! begin   under the lock: marks every database (see `store::snapshot`)
//! next    lock -> copy one sub-table, less than a millisecond -> unlock
//!         and the caller encodes and writes it, while everybody goes on
//! ```
//!
//! BGSAVE, BGREWRITEAOF and whoever else needs all the data as it was at one moment share this.
//! Databases come in order and each in one piece, as the files have them. There is one snapshot at
//! a time in a server; to begin another one ends it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::engine::{Engine, SharedEngine};
use crate::store::snapshot::{Mark, Saved};

/// A database that was not empty when the snapshot began.
#[derive(Clone, Copy, Debug)]
pub struct Database {
    /// Its number then.
    pub db: usize,
    /// How many keys it had.
    pub keys: usize,
    /// How many of them had a time to live.
    pub expiring: usize,
}

/// All data as it was when this was begun.
#[derive(Debug)]
pub struct Snapshot {
    id: u64,
    /// Whether there were hashes whose fields expire.
    fields_expire: bool,
    databases: Vec<Database>,
    /// The database that is being copied, as an index into `databases`.
    current: usize,
    /// Sub-tables of it that have been copied.
    cursor: usize,
}

/// Another snapshot was begun, so this one can't go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Superseded;

impl From<Superseded> for std::io::Error {
    fn from(_: Superseded) -> Self {
        std::io::Error::other("another snapshot was begun meanwhile")
    }
}

impl Snapshot {
    /// Begins a snapshot: of this moment, whatever happens before it is copied.
    pub fn begin(engine: &mut Engine) -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let id = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        let mut databases = Vec::new();
        for (db, keyspace) in engine.databases.iter_mut().enumerate() {
            keyspace.begin_snapshot(Mark { snapshot: id, db });
            if !keyspace.is_empty() {
                let (keys, expiring) = (keyspace.len(), keyspace.expiring());
                databases.push(Database { db, keys, expiring });
            }
        }
        let fields_expire = engine.fields_expire();
        Snapshot { id, fields_expire, databases, current: 0, cursor: 0 }
    }

    /// Whether it has hashes whose fields expire.
    pub fn fields_expire(&self) -> bool {
        self.fields_expire && !self.databases.is_empty()
    }

    /// How many keys it holds.
    pub fn keys(&self) -> usize {
        self.databases.iter().map(|database| database.keys).sum()
    }

    /// Copies the next keys: a database, and a sub-table of it. None: that was all.
    pub fn next(
        &mut self,
        shared: &SharedEngine,
    ) -> Result<Option<(Database, Vec<Saved>)>, Superseded> {
        shared.yield_lock();
        let mut engine = shared.lock();
        while let Some(database) = self.databases.get(self.current).copied() {
            let mark = Mark { snapshot: self.id, db: database.db };
            let mut found = engine.databases.iter_mut();
            let keyspace = found.find(|found| found.mark() == Some(mark)).ok_or(Superseded)?;
            if let Some(copied) = keyspace.copy_next(&mut self.cursor) {
                return Ok(Some((database, copied)));
            }
            keyspace.end_snapshot();
            (self.current, self.cursor) = (self.current + 1, 0);
        }
        Ok(None)
    }

    /// Leaves all keys out: what is to be written is only what stands beside them.
    pub fn leave_out_data(&mut self, engine: &mut Engine) {
        let rest = Snapshot { databases: std::mem::take(&mut self.databases), ..*self };
        rest.abandon(engine);
    }

    /// Ends a snapshot that is not wanted any more, so that writes need not keep what they change.
    pub fn abandon(self, engine: &mut Engine) {
        for keyspace in &mut engine.databases {
            if keyspace.mark().is_some_and(|mark| mark.snapshot == self.id) {
                keyspace.end_snapshot();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::store::{Str, Value};

    fn set(engine: &mut Engine, db: usize, key: &str, number: i64) {
        let keyspace = &mut engine.databases[db];
        let value = Value::Str(Str::Int(number));
        match keyspace.find(key.as_bytes()) {
            Ok(slot) => keyspace.entry_mut(slot).value = value,
            Err(vacant) => _ = keyspace.insert(vacant, key.as_bytes(), value, 0),
        }
    }

    fn rest(snapshot: &mut Snapshot, shared: &SharedEngine) -> Vec<(usize, String, i64)> {
        let mut all = Vec::new();
        while let Some((database, keys)) = snapshot.next(shared).unwrap() {
            for saved in keys {
                let Value::Str(text) = &saved.value else { unreachable!() };
                let key = String::from_utf8_lossy(&saved.key).into_owned();
                all.push((database.db, key, text.integer().unwrap()));
            }
        }
        all
    }

    #[test]
    fn databases_that_change_places_or_contents_stay_apart() {
        let (mut engine, _garbage) =
            Engine::new(Config::default(), crate::engine::execution::Execution::none());
        for number in 0..100 {
            set(&mut engine, 0, &format!("a{number}"), 0);
            set(&mut engine, 1, &format!("b{number}"), 1);
            set(&mut engine, 2, &format!("c{number}"), 2);
        }
        let shared = SharedEngine::new(engine);
        let mut snapshot = Snapshot::begin(&mut shared.lock());
        assert_eq!((snapshot.keys(), snapshot.databases.len()), (300, 3));
        let first = snapshot.next(&shared).unwrap().unwrap();
        let mut engine = shared.lock();
        engine.swap_databases(0, 1);
        set(&mut engine, 0, "b1", 7);
        set(&mut engine, 0, "new", 7);
        engine.empty_database(2);
        set(&mut engine, 2, "c1", 7);
        engine.swap_databases(2, 9);
        let mut other = crate::store::Keyspace::default();
        let Err(vacant) = other.find(b"other") else { unreachable!() };
        other.insert(vacant, b"other", Value::Str(Str::Int(7)), 0);
        engine.replace_database(1, other);
        drop(engine);
        let copied = rest(&mut snapshot, &shared);
        assert_eq!(first.1.len() + copied.len(), 300);
        for (db, key, number) in &copied {
            assert_eq!(*number, *db as i64);
            assert_eq!(key.as_bytes()[0], b'a' + *db as u8);
        }
        assert!(copied.is_sorted_by_key(|(db, ..)| *db), "each database comes in one piece");
        assert!(shared.lock().databases.iter().all(|db| db.mark().is_none() || db.is_empty()));
    }

    #[test]
    fn a_snapshot_never_goes_on_with_the_marks_of_another() {
        let (mut engine, _garbage) =
            Engine::new(Config::default(), crate::engine::execution::Execution::none());
        set(&mut engine, 0, "k", 1);
        let shared = SharedEngine::new(engine);
        let mut old = Snapshot::begin(&mut shared.lock());
        let new = Snapshot::begin(&mut shared.lock());
        assert_eq!(old.next(&shared).unwrap_err(), Superseded);
        new.abandon(&mut shared.lock());
        assert!(shared.lock().databases[0].mark().is_none());
    }
}
