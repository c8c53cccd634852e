//! Which hashes have fields that expire, in the order in which the first of each does.
//!
//! ```text
//! (when its next field expires, key), ...       one for each hash that has times; most databases: none
//! ```
//!
//! Whoever removes fields whose time is over finds the next one at the front, and reads that look for
//! such fields learn from it that there are none, with one comparison.
//!
//! It is exact, since a hash that is deleted and made again a million times must not leave a million
//! entries. The keyspace keeps it so (see [`field_expiry`](super::field_expiry)).

use std::collections::BTreeSet;

use super::{Bytes, Value};

/// What a B-tree takes for each entry beside itself: it is two thirds full, on average.
const SHARE: usize = size_of::<(i64, Bytes)>() / 2;

/// The index; see the module documentation.
#[derive(Clone, Debug, Default)]
pub(super) struct ExpiringHashes(BTreeSet<(i64, Bytes)>);

impl ExpiringHashes {
    /// The value of a key has come, or goes.
    #[inline]
    pub(super) fn add(&mut self, key: &[u8], value: &Value) {
        if let Some(at) = next_expiry(value) {
            self.0.insert((at, Bytes::new(key)));
        }
    }

    #[inline]
    pub(super) fn remove(&mut self, key: &[u8], value: &Value) {
        if let Some(at) = next_expiry(value) {
            self.0.remove(&(at, Bytes::new(key)));
        }
    }

    /// The next field of a hash is another one, or there is none.
    pub(super) fn change(&mut self, key: Bytes, before: Option<i64>, after: Option<i64>) {
        if let Some(at) = before {
            self.0.remove(&(at, key.clone()));
        }
        after.map(|at| self.0.insert((at, key)));
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// When the next field of all expires, and the key of its hash.
    #[inline]
    pub(super) fn first(&self) -> Option<(i64, &[u8])> {
        self.0.first().map(|(at, key)| (*at, &key[..]))
    }

    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = &(i64, Bytes)> {
        self.0.iter()
    }

    /// Bytes allocated, without those of long keys.
    pub(super) fn heap_size(&self) -> usize {
        self.0.len() * (size_of::<(i64, Bytes)>() + SHARE)
    }
}

/// When the next field of a value expires, if it is a hash that has any.
#[inline]
pub(super) fn next_expiry(value: &Value) -> Option<i64> {
    if let Value::Hash(hash) = value { hash.next_expiry() } else { None }
}
