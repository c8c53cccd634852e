//! Who has read it?
//!
//! Write the table of tracking. `read` remembers that a client has read a key. `changed` gives the clients
//! to be told, in order, and forgets the key; with `no_loop`, the one who has changed it isn't told. A
//! client that has gone (`gone`) is never told of anything, and its entries need not be looked for: only
//! `changed` may go through readers. If the table would have more than `limit` keys after a `read`, others
//! are forgotten, and `read` gives back who has to be told of which key, as if they had changed.

use std::collections::{BTreeMap, BTreeSet};

pub struct Tracking {
    limit: usize,
    // What else?
}

impl Tracking {
    pub fn new(limit: usize) -> Self {
        Tracking { limit }
    }

    pub fn read(&mut self, client: u64, key: &str) -> Vec<(u64, String)> {
        Vec::new()
    }

    pub fn changed(&mut self, by: u64, key: &str, no_loop: bool) -> Vec<u64> {
        Vec::new()
    }

    pub fn gone(&mut self, client: u64) {}

    /// How many keys are remembered.
    pub fn keys(&self) -> usize {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reader_is_told_once() {
        let mut tracking = Tracking::new(100);
        for client in [9, 7, 7, 8] {
            assert_eq!(tracking.read(client, "k"), []);
        }
        assert_eq!(tracking.changed(1, "other", false), [0u64; 0]);
        assert_eq!(tracking.changed(1, "k", false), [7, 8, 9]);
        assert_eq!(tracking.changed(1, "k", false), [0u64; 0]);
        assert_eq!(tracking.keys(), 0);
    }

    #[test]
    fn ones_own_changes() {
        let mut tracking = Tracking::new(100);
        tracking.read(1, "k");
        assert_eq!(tracking.changed(1, "k", false), [1]);
        tracking.read(1, "k");
        tracking.read(2, "k");
        assert_eq!(tracking.changed(1, "k", true), [2]);
    }

    #[test]
    fn who_has_gone_is_not_told() {
        let mut tracking = Tracking::new(100);
        tracking.read(1, "k");
        tracking.read(2, "k");
        tracking.gone(1);
        assert_eq!(tracking.changed(3, "k", false), [2]);
    }

    #[test]
    fn the_table_has_a_limit() {
        let mut tracking = Tracking::new(3);
        let mut told = Vec::new();
        for number in 0..10 {
            told.extend(tracking.read(1, &number.to_string()));
            assert!(tracking.keys() <= 3);
        }
        assert_eq!(tracking.keys(), 3);
        assert!(told.iter().all(|(client, _)| *client == 1));
        let mut keys: Vec<String> = told.into_iter().map(|(_, key)| key).collect();
        keys.extend(
            (0..10)
                .map(|n| n.to_string())
                .filter(|key| !tracking.changed(2, key, false).is_empty()),
        );
        keys.sort_unstable();
        assert_eq!(keys.len(), 10, "told of each, now or later: {keys:?}");
        keys.dedup();
        assert_eq!(keys.len(), 10);
    }
}
