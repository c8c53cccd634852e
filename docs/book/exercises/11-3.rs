//! Who has what.
//!
//! A group hands entries out, and keeps for each who has it and how often it was handed out, until it is
//! acknowledged; and for each consumer the IDs that he has. Write the functions, so that the two always
//! agree:
//!
//! - `read` gives a consumer the next entries of `0..len` that nobody has been given, at most `count`
//! - `ack` takes an entry off the lists; false: nobody has it
//! - `claim` gives an entry that somebody has to a consumer; it counts as handed out once more. False: nobody
//!   has it
//! - `delete` removes a consumer, and what he has with him. It tells how much that was
//!
//! A consumer is there from his first `read` that gives him something, or his first successful `claim`.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub struct Group {
    /// The next entry to be handed out.
    pub next: u64,
    /// Who has an entry, and how often it was handed out.
    pub pending: BTreeMap<u64, (String, u32)>,
    pub consumers: BTreeMap<String, BTreeSet<u64>>,
}

impl Group {
    pub fn read(&mut self, consumer: &str, len: u64, count: u64) -> Vec<u64> {
        Vec::new()
    }

    pub fn ack(&mut self, id: u64) -> bool {
        self.pending.remove(&id).is_some()
    }

    pub fn claim(&mut self, id: u64, consumer: &str) -> bool {
        false
    }

    pub fn delete(&mut self, consumer: &str) -> usize {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(group: &Group) {
        let by_id: Vec<(u64, &str)> = group.pending.iter().map(|(id, it)| (*id, &*it.0)).collect();
        let each = group.consumers.iter();
        let mut by_consumer: Vec<(u64, &str)> =
            each.flat_map(|(name, ids)| ids.iter().map(|id| (*id, &**name))).collect();
        by_consumer.sort_unstable();
        assert_eq!(by_id, by_consumer);
    }

    #[test]
    fn each_entry_is_given_once() {
        let mut group = Group::default();
        assert_eq!(group.read("ann", 5, 2), [0, 1]);
        assert_eq!(group.read("bob", 5, 10), [2, 3, 4]);
        assert!(group.read("cid", 5, 10).is_empty());
        assert_eq!(group.read("ann", 7, 10), [5, 6]);
        check(&group);
        assert_eq!(group.consumers.keys().collect::<Vec<_>>(), ["ann", "bob"]);
        assert_eq!(group.pending[&3], ("bob".to_owned(), 1));
    }

    #[test]
    fn what_is_done_is_gone() {
        let mut group = Group::default();
        group.read("ann", 3, 3);
        assert!(group.ack(1) && !group.ack(1) && !group.ack(9));
        check(&group);
        assert_eq!(group.pending.keys().collect::<Vec<_>>(), [&0, &2]);
        assert!(group.consumers.contains_key("ann"));
    }

    #[test]
    fn entries_change_hands() {
        let mut group = Group::default();
        group.read("bob", 3, 3);
        assert!(group.claim(1, "ann") && group.claim(1, "ann") && group.claim(2, "bob"));
        assert!(!group.claim(7, "cid"));
        check(&group);
        assert_eq!(group.pending[&1], ("ann".to_owned(), 3));
        assert_eq!(group.pending[&2], ("bob".to_owned(), 2));
        assert!(!group.consumers.contains_key("cid"));
    }

    #[test]
    fn who_goes_takes_his_along() {
        let mut group = Group::default();
        group.read("ann", 5, 2);
        group.read("bob", 5, 3);
        assert_eq!((group.delete("bob"), group.delete("bob")), (3, 0));
        check(&group);
        assert_eq!(group.pending.len(), 2);
        assert!(group.read("ann", 5, 9).is_empty(), "they are not given out again");
    }
}
