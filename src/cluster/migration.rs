//! Replicas move to masters that have none left.
//!
//! If one master has three replicas and another one has lost its only one, the next failure of that one
//! would cost slots. So a replica of the master with most of them moves there, that with the smallest name,
//! so that it is one only; `cluster-migration-barrier` stay behind.

use std::collections::BTreeMap;

use super::key::NodeKey;
use super::node::Flags;
use super::state::{Cluster, Health};

/// A master has to be without replicas for so long: one may be about to come back.
const PATIENCE_MS: u64 = 5000;

/// How many replicas that work each master has.
type Counts = BTreeMap<NodeKey, usize>;

impl Cluster {
    /// Looks whether this replica is the one to move.
    pub(super) fn consider_moving(&mut self) {
        let Some(mine) = self.my_master().filter(|_| self.is_replica()) else { return };
        let mut counts = Counts::new();
        for (_, node) in self.table.iter().filter(|(_, node)| !node.has_failed()) {
            if let Some(master) = node.master {
                *counts.entry(master).or_default() += 1;
            }
        }
        let Some(target) = self.find_orphaned(&counts) else { return };
        let most = counts.values().copied().max().unwrap_or(0);
        let here = counts.get(&mine).copied().unwrap_or(0);
        let may_move = self.settings.replica_migration
            && self.health == Health::Ok
            && !self.myself().flags.has(Flags::NOFAILOVER)
            && most >= 2
            && here == most
            && here > self.settings.migration_barrier
            && self.is_first_to_move(&counts, most);
        let since = self.now().saturating_sub(self.table[target].orphaned_ms);
        if may_move && since > PATIENCE_MS {
            crate::notice!("Migrating to orphaned master {}", self.table[target].id);
            self.follow(target);
        }
    }

    /// The first master with slots that works, has had replicas, and has none now that work.
    fn find_orphaned(&mut self, counts: &Counts) -> Option<NodeKey> {
        let (now, myself) = (self.now(), self.myself);
        let mut first = None;
        for key in self.table.keys() {
            let node = &mut self.table[key];
            let is_orphaned = node.is_voter()
                && key != myself
                && !node.has_failed()
                && node.flags.has(Flags::MIGRATE_TO)
                && !counts.contains_key(&key);
            node.orphaned_ms = match (is_orphaned, node.orphaned_ms) {
                (false, _) => 0,
                (true, 0) => now,
                (true, since) => since,
            };
            if is_orphaned && first.is_none() {
                first = Some(key);
            }
        }
        first
    }

    /// Whether this node has the smallest name of all replicas of masters with as many as that.
    fn is_first_to_move(&self, counts: &Counts, most: usize) -> bool {
        let mine = self.myself().id;
        let replicas = self.table.iter().filter(|(_, node)| {
            node.master.is_some_and(|master| counts.get(&master) == Some(&most))
        });
        replicas.filter(|(_, node)| !node.has_failed()).all(|(_, node)| node.id >= mine)
    }
}
