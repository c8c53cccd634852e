//! One vote in an epoch.
//!
//! A master is asked for its vote. Write `ask`, which gives back whether it votes, and `restart`, which is what
//! is left after a crash: what was on the disk. A vote must be on the disk (`disk`) before it is given.
//!
//! It votes if all of this holds:
//!
//! - the request's epoch is not below the highest that it has heard of (the request's own counts as heard,
//!   whether it votes or not), and it hasn't voted in that epoch, nor in a later one;
//! - the master of who asks has failed, as far as this node knows;
//! - the last vote for a replica of that same master is at least `apart_ms` ago. (After a restart
//!   nobody remembers when it was; that is all right.)

use std::collections::{BTreeMap, BTreeSet};

/// What survives a crash.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Disk {
    pub current_epoch: u64,
    pub last_vote_epoch: u64,
}

#[derive(Default)]
pub struct Master {
    pub disk: Disk,
    pub current_epoch: u64,
    pub last_vote_epoch: u64,
    /// The masters that have failed.
    pub failed: BTreeSet<&'static str>,
    /// When it voted for a replica of a master.
    pub voted_ms: BTreeMap<&'static str, u64>,
    pub apart_ms: u64,
}

impl Master {
    pub fn ask(&mut self, epoch: u64, master_of_asker: &'static str, now_ms: u64) -> bool {
        true
    }

    pub fn restart(self) -> Master {
        Master::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn master() -> Master {
        let failed = BTreeSet::from(["a", "b"]);
        let mut master = Master { failed, apart_ms: 1000, ..Master::default() };
        assert!(master.ask(1, "b", 0));
        master
    }

    #[test]
    fn once_in_an_epoch() {
        let mut master = master();
        assert!(!master.ask(1, "a", 10), "it has voted");
        assert!(master.ask(2, "a", 20));
        assert!(!master.ask(1, "a", 5000), "an old epoch");
        assert!(!master.ask(2, "a", 5000));
        assert!(master.ask(9, "a", 6000) && !master.ask(8, "b", 7000));
    }

    #[test]
    fn only_for_the_failed_and_not_too_often() {
        let mut master = master();
        assert!(!master.ask(2, "c", 10), "it lives");
        assert!(!master.ask(1, "a", 20), "epoch 2 has begun");
        assert!(!master.ask(3, "b", 999), "too soon after the first");
        assert!(master.ask(3, "b", 1000), "nobody has got the vote of epoch 3");
        assert!(!master.ask(4, "b", 1500));
    }

    #[test]
    fn a_crash_changes_nothing() {
        let mut master = master();
        assert!(master.ask(7, "a", 20));
        assert_eq!(master.disk, Disk { current_epoch: 7, last_vote_epoch: 7 });
        let failed = master.failed.clone();
        let mut master = Master { failed, apart_ms: 1000, ..master.restart() };
        assert!(!master.ask(7, "b", 20) && !master.ask(6, "b", 20));
        assert!(master.ask(8, "a", 20));
    }
}
