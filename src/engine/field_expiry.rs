//! Fields whose time is over: how they go, and going through them though nobody asks.
//!
//! The fields that are due stand at the front of an index (`src/store/expiring_hashes.rs`), so nothing is looked for,
//! and a server whose hashes have no times does nothing. What one taking of the lock may cost is bounded by
//! the number of fields, in whichever hashes they are. Databases come in turn, and within one the field that has
//! been due for longest: a hash with a million of them keeps nobody's field waiting that was due before.

use super::Engine;
use crate::config::EventClasses;
use crate::store::hash::is_over;
use crate::store::{Bytes, Hash, Value, fields_expire};

/// Fields that are removed under one taking of the lock: about 0.1 ms if they are small.
const REMOVED_AT_ONCE: usize = 200;

/// Removes some of the fields that are due. False: those were all.
pub(super) fn expire_some(engine: &mut Engine, now_ms: i64) -> bool {
    let count = engine.databases.len();
    let (first, mut left) = (engine.expiry.next_for_fields, REMOVED_AT_ONCE);
    for db in (first..first + count).map(|place| place % count) {
        while left > 0
            && let Some(key) = engine.databases[db].hash_due(now_ms)
        {
            let key = Bytes::new(key);
            left -= remove_due(engine, db, &key, now_ms, left).max(1);
        }
        if left == 0 {
            engine.expiry.next_for_fields = db + 1;
            break;
        }
    }
    left == 0
}

/// Removes at most so many fields of a hash whose time is over; returns how many.
pub fn remove_due(
    engine: &mut Engine,
    db: usize,
    key: &[u8],
    now_ms: i64,
    at_most: usize,
) -> usize {
    remove(engine, db, key, |hash| {
        std::iter::from_fn(|| hash.remove_due(now_ms)).take(at_most).collect()
    })
}

/// Removes those of these fields whose time is over; returns how many.
pub fn remove_those_due<'f>(
    engine: &mut Engine,
    db: usize,
    key: &[u8],
    now_ms: i64,
    fields: impl Iterator<Item = &'f [u8]>,
) -> usize {
    remove(engine, db, key, |hash| {
        let due =
            fields.filter(|field| is_over(hash.expiry_of(field), now_ms) && hash.remove(field));
        due.map(Bytes::new).collect()
    })
}

/// Lets `take` remove fields of a hash, and makes it known. A hash that has none left goes, too.
fn remove(
    engine: &mut Engine,
    db: usize,
    key: &[u8],
    take: impl FnOnce(&mut Hash) -> Vec<Bytes>,
) -> usize {
    let Ok(slot) = engine.databases[db].find(key) else { return 0 };
    let removed = engine.databases[db].change_hash(slot, take).unwrap_or_default();
    if removed.is_empty() {
        return 0;
    }
    engine.fields_expired(db, key, &removed);
    let is_gone = |value: &Value| matches!(value, Value::Hash(hash) if hash.is_empty());
    if is_gone(&engine.databases[db].entry(slot).value) {
        let entry = engine.databases[db].remove(slot);
        engine.free_lazily(entry.value);
        engine.notify(EventClasses::GENERIC, "del", key, db);
    }
    removed.len()
}

impl Engine {
    /// Whether there are hashes whose fields expire.
    pub fn fields_expire(&self) -> bool {
        fields_expire(&self.databases)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::engine::execution::Execution;
    use crate::store::packed::PackedLimits;

    const LIMITS: PackedLimits = PackedLimits { entries: 128, value: 64 };

    fn add(engine: &mut Engine, db: usize, key: &str, fields: i64, at: i64) {
        let mut hash = Hash::new();
        for field in 0..fields {
            hash.set(field.to_string().as_bytes(), b"v", LIMITS);
            hash.set_expiry(field.to_string().as_bytes(), at + field);
        }
        let keyspace = &mut engine.databases[db];
        let Err(vacant) = keyspace.find(key.as_bytes()) else { unreachable!() };
        keyspace.insert(vacant, key.as_bytes(), Value::Hash(hash), 0);
    }

    fn left(engine: &Engine, db: usize, key: &str) -> usize {
        let keyspace = &engine.databases[db];
        let Ok(slot) = keyspace.find(key.as_bytes()) else { return 0 };
        let Value::Hash(hash) = &keyspace.entry(slot).value else { unreachable!() };
        hash.len()
    }

    #[test]
    fn a_step_is_bounded_and_nobody_is_kept_waiting() {
        let (mut engine, _garbage) = Engine::new(Config::default(), Execution::none());
        add(&mut engine, 0, "flood", 20_000, 1000);
        add(&mut engine, 0, "sooner", 10, 0);
        add(&mut engine, 5, "other", 100, 2000);
        add(&mut engine, 5, "stays", 10, 1_000_000);
        assert!(expire_some(&mut engine, 200_000));
        // The one that was due first, then the rest of the step.
        assert_eq!((left(&engine, 0, "sooner"), left(&engine, 0, "flood")), (0, 19_810));
        assert!(expire_some(&mut engine, 200_000), "the other database comes next");
        assert_eq!((left(&engine, 5, "other"), left(&engine, 0, "flood")), (0, 19_710));
        let mut steps = 2;
        while expire_some(&mut engine, 200_000) {
            steps += 1;
        }
        assert_eq!(engine.databases.iter().map(|db| db.len()).sum::<usize>(), 1);
        assert_eq!(left(&engine, 5, "stays"), 10);
        assert_eq!(steps, 20_110 / REMOVED_AT_ONCE);
        assert_eq!(engine.stats.expired_subkeys, 20_110);
    }

    #[test]
    fn only_what_is_over_goes() {
        let (mut engine, _garbage) = Engine::new(Config::default(), Execution::none());
        add(&mut engine, 0, "h", 10, 100);
        let named = [&b"3"[..], b"7", b"nosuch"];
        assert_eq!(remove_those_due(&mut engine, 0, b"h", 105, named.into_iter()), 1);
        assert_eq!(left(&engine, 0, "h"), 9);
        assert!(!expire_some(&mut engine, 105));
        assert_eq!(left(&engine, 0, "h"), 5); // 105 to 109: a time is over when the clock is past it
        assert_eq!(remove_due(&mut engine, 0, b"h", 200, 2), 2);
        assert_eq!(remove_due(&mut engine, 0, b"nosuch", 200, 2), 0);
        assert_eq!((left(&engine, 0, "h"), engine.databases[0].expiring_hashes()), (3, 1));
    }
}
