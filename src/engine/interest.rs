//! Which clients care about which keys, in order of arrival.
//!
//! WATCH and the blocking commands ask the same question after every change: is there anybody who
//! cares about this key? Nearly always the answer is no, so [`Interest::is_empty`] is a single
//! comparison, and only a server on which somebody watches or waits pays for more.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;

use super::ClientKey;
use crate::store::Bytes;

/// Tables that are not larger than this are kept.
pub const KEEP_CAPACITY: usize = 1024;

/// Whether a table was made for far more than it holds: many were waiting once, and no longer are.
fn is_too_large(capacity: usize, len: usize) -> bool {
    capacity > KEEP_CAPACITY && capacity / 8 > len
}

/// Gives memory back that a set doesn't need any more.
pub fn shrink<T: Eq + Hash>(set: &mut HashSet<T>) {
    if is_too_large(set.capacity(), set.len()) {
        set.shrink_to(2 * set.len());
    }
}

/// The same for a map.
pub fn shrink_map<K: Eq + Hash, V>(map: &mut HashMap<K, V>) {
    if is_too_large(map.capacity(), map.len()) {
        map.shrink_to(2 * map.len());
    }
}

/// An index from keys to the clients that care about them.
#[derive(Debug, Default)]
pub struct Interest {
    /// One map per database, as far as they were ever needed.
    databases: Vec<HashMap<Bytes, VecDeque<ClientKey>>>,
    keys: usize,
}

impl Interest {
    /// Whether nobody cares about any key.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.keys == 0
    }

    /// How many keys somebody cares about.
    pub fn len(&self) -> usize {
        self.keys
    }

    /// Adds a client behind those that came before it. It must not be there yet.
    pub fn add(&mut self, db: usize, key: &[u8], client: ClientKey) {
        if self.databases.len() <= db {
            self.databases.resize_with(db + 1, HashMap::new);
        }
        let clients = self.databases[db].entry(Bytes::new(key)).or_default();
        self.keys += usize::from(clients.is_empty());
        clients.push_back(client);
    }

    /// Removes a client from a key's queue; it need not be there.
    pub fn remove(&mut self, db: usize, key: &[u8], client: ClientKey) {
        let Some(keys) = self.databases.get_mut(db) else { return };
        let Some(clients) = keys.get_mut(key) else { return };
        // Mostly the first one: it has waited longest, and was served.
        if let Some(place) = clients.iter().position(|other| *other == client) {
            clients.remove(place);
        }
        if clients.is_empty() {
            keys.remove(key);
            self.keys -= 1;
            shrink_map(keys);
        }
    }

    /// Whether anybody cares about this key.
    #[inline]
    pub fn contains(&self, db: usize, key: &[u8]) -> bool {
        self.databases.get(db).is_some_and(|keys| keys.contains_key(key))
    }

    /// The client at `place` of the key's queue.
    pub fn at(&self, db: usize, key: &[u8], place: usize) -> Option<ClientKey> {
        self.databases.get(db)?.get(key)?.get(place).copied()
    }

    /// The keys of a database that somebody cares about.
    pub fn keys(&self, db: usize) -> Vec<Bytes> {
        self.databases.get(db).map_or_else(Vec::new, |keys| keys.keys().cloned().collect())
    }

    /// The clients that care about a key.
    pub fn clients(&self, db: usize, key: &[u8]) -> Vec<ClientKey> {
        let clients = self.databases.get(db).and_then(|keys| keys.get(key));
        clients.map_or_else(Vec::new, |clients| clients.iter().copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::client::{Client, Clients};

    #[test]
    fn clients_are_kept_in_order_and_keys_only_while_somebody_cares() {
        let mut clients = Clients::default();
        let [a, b] = [(); 2].map(|()| clients.add(Client::internal));
        let mut interest = Interest::default();
        interest.add(3, b"k", b);
        interest.add(3, b"k", a);
        interest.add(0, b"k", a);
        assert_eq!((interest.keys, interest.clients(3, b"k")), (2, vec![b, a]));
        assert!(interest.contains(0, b"k") && !interest.contains(1, b"k"));
        interest.remove(3, b"k", b);
        assert_eq!((interest.at(3, b"k", 0), interest.at(3, b"k", 1)), (Some(a), None));
        interest.remove(3, b"k", a);
        interest.remove(0, b"k", a);
        assert!(interest.is_empty() && interest.keys(3).is_empty());
    }
}
