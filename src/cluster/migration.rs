//! Replicas move to masters that have none left.
//!
//! If one master has three replicas and another one has lost its only one, the next failure of that one
//! would cost slots. So a replica of the master with most of them moves there, that with the smallest name,
//! so that it is one only; `cluster-migration-barrier` stay behind.

use super::key::NodeKey;
use super::node::Flags;
use super::state::{Cluster, Health};

/// A master has to be without replicas for so long: one may be about to come back.
const PATIENCE_MS: u64 = 5000;

impl Cluster {
    /// Looks whether this replica is the one to move.
    pub(super) fn consider_moving(&mut self) {
        let Some(mine) = self.my_master().filter(|_| self.is_replica()) else { return };
        let masters: Vec<NodeKey> = self.table.iter().map(|(key, _)| key).collect();
        let most = masters.iter().map(|key| self.table.working_replicas(*key)).max().unwrap_or(0);
        let here = self.table.working_replicas(mine);
        let now = self.now();
        let mut target = None;
        for key in masters {
            let is_orphaned = self.is_orphaned(key);
            let node = &mut self.table[key];
            node.orphaned_ms = match (is_orphaned, node.orphaned_ms) {
                (false, _) => 0,
                (true, 0) => now,
                (true, since) => since,
            };
            if is_orphaned && target.is_none() {
                target = Some(key);
            }
        }
        let may_move = self.settings.replica_migration
            && self.health == Health::Ok
            && !self.myself().flags.has(Flags::NOFAILOVER)
            && most >= 2
            && here == most
            && here > self.settings.migration_barrier;
        let Some(target) = target.filter(|_| may_move && self.is_first_to_move(most)) else {
            return;
        };
        if now.saturating_sub(self.table[target].orphaned_ms) > PATIENCE_MS {
            crate::notice!("Migrating to orphaned master {}", self.table[target].id);
            self.follow(target);
        }
    }

    /// A master with slots that works, has had replicas, and has none now that work.
    fn is_orphaned(&self, key: NodeKey) -> bool {
        let node = &self.table[key];
        node.is_voter()
            && key != self.myself
            && !node.has_failed()
            && node.flags.has(Flags::MIGRATE_TO)
            && self.table.working_replicas(key) == 0
    }

    /// Whether this node has the smallest name of all replicas of masters with as many as that.
    fn is_first_to_move(&self, most: usize) -> bool {
        let mine = self.myself().id;
        let replicas = self.table.iter().filter(|(_, node)| {
            node.master.is_some_and(|master| self.table.working_replicas(master) == most)
        });
        replicas.filter(|(_, node)| !node.has_failed()).all(|(_, node)| node.id >= mine)
    }
}
