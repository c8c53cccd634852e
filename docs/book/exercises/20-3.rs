//! A cache that is never wrong.
//!
//! The other side: a client that keeps what it reads. What arrives on its connection, in this order, are
//! replies to its GETs, in the order in which they were sent, and invalidations at any place between them.
//! Write the cache.
//!
//! - `get` answers from the cache if it can. Otherwise it notes that a GET was sent (the test sends it).
//! - `reply` is the reply to the oldest GET that has none yet: keep it.
//! - `invalidate` says that a key has changed; None, that all have.
//!
//! Beware: the reply that arrives *behind* an invalidation was read after the change, and may be kept. What
//! was asked for before and arrived before may not. And a connection that was lost (`lost`) may have lost
//! invalidations.

use std::collections::{HashMap, VecDeque};

#[derive(Default)]
pub struct Cache {
    // What do you need?
}

impl Cache {
    /// The value, if it is known: `Some(None)` means that there is no such key.
    pub fn get(&mut self, key: &str) -> Option<Option<String>> {
        None
    }

    pub fn reply(&mut self, value: Option<&str>) {}

    pub fn invalidate(&mut self, key: Option<&str>) {}

    pub fn lost(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(value: &str) -> Option<Option<String>> {
        Some(Some(value.to_owned()))
    }

    #[test]
    fn what_was_read_is_known() {
        let mut cache = Cache::default();
        assert_eq!(cache.get("a"), None);
        assert_eq!(cache.get("b"), None);
        cache.reply(Some("1"));
        cache.reply(None);
        assert_eq!([cache.get("a"), cache.get("b")], [known("1"), Some(None)]);
    }

    #[test]
    fn what_has_changed_is_not() {
        let mut cache = Cache::default();
        ["a", "b"].iter().for_each(|key| assert_eq!(cache.get(key), None));
        cache.reply(Some("1"));
        cache.reply(Some("2"));
        cache.invalidate(Some("a"));
        assert_eq!(cache.get("b"), known("2"));
        assert_eq!(cache.get("a"), None, "asked again");
        cache.reply(Some("3"));
        assert_eq!(cache.get("a"), known("3"));
        cache.invalidate(None);
        assert_eq!([cache.get("a"), cache.get("b")], [None, None]);
    }

    #[test]
    fn the_order_of_arrival_decides() {
        let mut cache = Cache::default();
        assert_eq!(cache.get("a"), None);
        cache.invalidate(Some("a")); // of an earlier reading: before this GET was executed
        cache.reply(Some("new"));
        assert_eq!(cache.get("a"), known("new"));
    }

    #[test]
    fn a_lost_connection_loses_everything() {
        let mut cache = Cache::default();
        assert_eq!(cache.get("a"), None);
        cache.reply(Some("1"));
        assert_eq!(cache.get("b"), None);
        cache.lost();
        assert_eq!(cache.get("c"), None);
        cache.reply(Some("3"));
        assert_eq!(cache.get("c"), known("3"), "nobody answers the GET of b any more");
        assert_eq!(cache.get("a"), None);
    }
}
