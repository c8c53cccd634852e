//! What a database knows of fields that expire: which hash has the next, and that this stays true.
//!
//! [`Keyspace::insert`], [`Keyspace::remove`] and `Keyspace::replace_value` look at what comes and goes. A
//! hash that is in the keyspace is changed by [`Keyspace::change_hash`], and by nothing else.

#[cfg(feature = "internals")]
use super::expiring_hashes::next_expiry;
use super::keyspace::{Keyspace, Slot};
use super::{Hash, Value};

/// Whether there are hashes whose fields expire, which not every version of the RDB format can say.
pub fn fields_expire(databases: &[Keyspace]) -> bool {
    databases.iter().any(|keyspace| keyspace.expiring_hashes() > 0)
}

impl Keyspace {
    /// How many hashes have fields that expire.
    pub fn expiring_hashes(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there are fields whose time is over.
    #[inline]
    pub fn has_fields_due(&self, now: i64) -> bool {
        self.hashes.first().is_some_and(|(at, _)| at < now)
    }

    /// When the next field of all expires.
    pub fn next_field_deadline(&self) -> Option<i64> {
        self.hashes.first().map(|(at, _)| at)
    }

    /// The hash whose next field has expired first.
    pub fn hash_due(&self, now: i64) -> Option<&[u8]> {
        self.hashes.first().filter(|(at, _)| *at < now).map(|(_, key)| key)
    }

    /// The way to change a hash that is in the keyspace. None: it is no hash.
    pub fn change_hash<T>(&mut self, slot: Slot, change: impl FnOnce(&mut Hash) -> T) -> Option<T> {
        let entry = self.entry_mut(slot);
        let Value::Hash(hash) = &mut entry.value else { return None };
        let before = hash.next_expiry();
        let result = change(hash);
        let after = hash.next_expiry();
        if before != after {
            let key = entry.key.clone();
            self.hashes.change(key, before, after);
        }
        Some(result)
    }

    /// Puts another value in the place of a key's and returns that.
    #[cfg(feature = "internals")] // for tests
    pub fn replace_value(&mut self, slot: Slot, value: Value) -> Value {
        let entry = self.entry_mut(slot);
        let old = std::mem::replace(&mut entry.value, value);
        let (before, after) = (next_expiry(&old), next_expiry(&entry.value));
        if before != after {
            let key = entry.key.clone();
            self.hashes.change(key, before, after);
        }
        old
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;
    use crate::store::packed::PackedLimits;
    use crate::store::{Bytes, Str};

    const LIMITS: PackedLimits = PackedLimits { entries: 4, value: 64 };

    proptest! {
        /// Whatever is done with keys and fields, the index says what the hashes say.
        #[test]
        fn the_index_is_exact(
            ops in prop::collection::vec((0..8u8, 0..6u8, 0..8u8, 1..20i64), 0..300),
        ) {
            let mut keyspace = Keyspace::default();
            for (op, key, field, at) in ops {
                let (key, field) = ([b'k', key], [b'f', field]);
                let slot = match keyspace.find(&key) {
                    Ok(slot) => slot,
                    Err(vacant) => {
                        let mut hash = Hash::new();
                        hash.set(&field, b"v", LIMITS);
                        if op % 2 == 0 { hash.set_expiry(&field, at); }
                        keyspace.insert(vacant, &key, Value::Hash(hash), 0)
                    }
                };
                match op {
                    0 | 1 => keyspace.change_hash(slot, |hash| { hash.set(&field, b"v", LIMITS); }),
                    2 | 3 => keyspace.change_hash(slot, |hash| { hash.set_expiry(&field, at); }),
                    4 => keyspace.change_hash(slot, |hash| { hash.clear_expiry(&field); }),
                    5 => keyspace.change_hash(slot, |hash| { hash.remove(&field); }),
                    6 => { keyspace.remove(slot); None }
                    _ => { keyspace.replace_value(slot, Value::Str(Str::Int(at))); None }
                };
                let hashes = keyspace.iter().filter_map(|entry| {
                    next_expiry(&entry.value).map(|at| (at, entry.key.clone()))
                });
                let model: BTreeSet<(i64, Bytes)> = hashes.collect();
                prop_assert!(keyspace.hashes.iter().eq(&model));
                prop_assert_eq!(keyspace.expiring_hashes(), model.len());
                let due = model.first().filter(|(at, _)| *at < 10);
                prop_assert_eq!(keyspace.hash_due(10), due.map(|(_, key)| &key[..]));
                prop_assert_eq!(keyspace.has_fields_due(10), due.is_some());
            }
            let taken = keyspace.take_all();
            prop_assert_eq!(keyspace.expiring_hashes(), 0);
            let count = taken.expiring_hashes();
            keyspace.fill(taken);
            prop_assert_eq!(keyspace.expiring_hashes(), count);
        }
    }

    #[test]
    fn fields_come_in_the_order_of_their_times() {
        for fields in [3, 500] {
            let (mut hash, mut model) = (Hash::new(), BTreeMap::new());
            for number in 0..fields {
                let (name, at) = (format!("f{number}"), number * 7919 % 1000);
                hash.set(name.as_bytes(), b"v", LIMITS);
                hash.set_expiry(name.as_bytes(), at);
                model.insert(at, name);
            }
            for (at, name) in model {
                assert_eq!(hash.next_expiry(), Some(at));
                assert_eq!(hash.next_to_expire(), Some(name.as_bytes()));
                assert!(hash.remove(name.as_bytes()));
            }
            assert!(hash.is_empty() && hash.next_expiry().is_none());
        }
    }
}
