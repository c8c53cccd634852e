//! Who is a master and who copies whom, as this node sees it.

use super::key::NodeKey;
use super::node::Flags;
use super::output::{Order, Save};
use super::state::Cluster;
use super::underway::Election;

impl Cluster {
    /// A node has slots of its own, or may have.
    pub(super) fn becomes_master(&mut self, key: NodeKey) {
        if self.table[key].is_master() {
            return;
        }
        let had_master = self.table[key].master.is_some();
        self.table.set_master(key, None);
        let is_other = key != self.myself;
        let node = &mut self.table[key];
        if had_master && is_other {
            // Replicas of the old master may move here.
            node.flags.set(Flags::MIGRATE_TO);
        }
        node.flags.clear(Flags::REPLICA);
        node.flags.set(Flags::MASTER);
        self.save(Save::Written);
        self.recheck();
    }

    /// Another node copies a master, as far as it tells.
    pub(super) fn becomes_replica(&mut self, key: NodeKey, master: Option<NodeKey>) {
        if self.table[key].is_master() {
            self.release_all(key);
            let node = &mut self.table[key];
            node.flags.clear(Flags::MASTER | Flags::MIGRATE_TO);
            node.flags.set(Flags::REPLICA);
            self.save(Save::Written);
            self.recheck();
        }
        if let Some(master) = master
            && self.table[key].master != Some(master)
        {
            self.table.set_master(key, Some(master));
            self.save(Save::Written);
        }
    }

    /// What a node owned is nobody's.
    pub(super) fn release_all(&mut self, key: NodeKey) {
        for slot in self.table[key].slots.clone().iter() {
            self.table.unassign(slot);
        }
    }

    /// This node copies a master from now on.
    pub(super) fn follow(&mut self, master: NodeKey) {
        let me = self.myself;
        if self.table[me].is_master() {
            self.table[me].flags.clear(Flags::MASTER | Flags::MIGRATE_TO);
            self.table[me].flags.set(Flags::REPLICA);
            self.migrating.clear();
            self.importing.clear();
        }
        self.table.set_master(me, Some(master));
        self.order_to_follow(master);
        self.election = Election::default();
        self.reset_manual();
        self.slots_moved();
        self.save(Save::Written);
        self.recheck();
    }

    pub(super) fn order_to_follow(&mut self, master: NodeKey) {
        let address = &self.table[master].address;
        let (ip, port) = (address.ip.clone(), address.port_for(self.settings.follows_plainly));
        self.order(Order::Follow { ip, port });
    }

    /// Whether two nodes have, or copy, the same slots.
    pub(super) fn master_of(&self, key: NodeKey) -> Option<NodeKey> {
        let node = &self.table[key];
        if node.is_master() { Some(key) } else { node.master }
    }
}
