//! Whether the cluster serves, as far as this node can see.
//!
//! All slots have to be served (`cluster-require-full-coverage`), and a majority of the masters with slots
//! has to be there: behind a partition, the smaller part stops, so that its clients don't write what
//! nobody will have kept. A master that comes back, or out of a minority, waits a little before it
//! serves again: others may have elected another one, and it is to hear of that first.

use super::slots::SLOTS;
use super::state::{Cluster, Health};

/// A master that has just started waits so long.
const AFTER_START_MS: u64 = 2000;
/// One that was among a minority waits for the node timeout, but so long at least,
const SHORTEST_REJOIN_MS: u64 = 500;
/// and so long at most.
const LONGEST_REJOIN_MS: u64 = 5000;

impl Cluster {
    /// Something has changed: the health is looked at before others see the state again.
    pub(super) fn recheck(&mut self) {
        self.health_timer.is_stale = true;
    }

    /// Looks at the health again.
    pub(super) fn update_health(&mut self) {
        let now = self.now();
        let timer = &mut self.health_timer;
        timer.is_stale = false;
        if timer.first_ms == 0 {
            timer.first_ms = now;
        }
        let is_master = self.table[self.myself].is_master();
        let begins = now < timer.first_ms + AFTER_START_MS;
        if is_master && self.health == Health::Fail && begins {
            return;
        }
        let voters = self.table.iter().filter(|(_, node)| node.is_voter());
        let (mut size, mut reachable) = (0, 0);
        for (_, node) in voters {
            size += 1;
            reachable += usize::from(!node.is_suspect());
        }
        self.size = size;
        let is_majority = reachable >= self.quorum();
        if !is_majority {
            self.health_timer.minority_ms = now;
        }
        let health = match is_majority && (!self.settings.full_coverage || self.is_covered()) {
            true => Health::Ok,
            false => Health::Fail,
        };
        let rejoin = self.settings.node_timeout_ms.clamp(SHORTEST_REJOIN_MS, LONGEST_REJOIN_MS);
        let is_early = now < self.health_timer.minority_ms + rejoin;
        if health == Health::Ok && is_master && is_early {
            return;
        }
        if self.health != health {
            crate::notice!("Cluster state changed: {}", health.name());
            self.health = health;
        }
    }

    /// Votes that are a majority.
    pub(super) fn quorum(&self) -> usize {
        self.size / 2 + 1
    }

    /// Whether every slot has an owner that has not failed.
    fn is_covered(&self) -> bool {
        let working = self.table.iter().filter(|(_, node)| !node.has_failed());
        working.map(|(_, node)| node.slots.len()).sum::<usize>() == SLOTS
    }
}
