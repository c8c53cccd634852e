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
        if epoch < self.current_epoch {
            return false;
        }
        self.current_epoch = epoch;
        let voted_ms = self.voted_ms.get(master_of_asker);
        let is_too_soon = voted_ms.is_some_and(|voted_ms| now_ms - voted_ms < self.apart_ms);
        if self.last_vote_epoch >= epoch || !self.failed.contains(master_of_asker) || is_too_soon {
            return false;
        }
        self.last_vote_epoch = epoch;
        self.voted_ms.insert(master_of_asker, now_ms);
        self.disk =
            Disk { current_epoch: self.current_epoch, last_vote_epoch: self.last_vote_epoch };
        true
    }

    pub fn restart(self) -> Master {
        Master {
            current_epoch: self.disk.current_epoch,
            last_vote_epoch: self.disk.last_vote_epoch,
            disk: self.disk,
            ..Master::default()
        }
    }
}
