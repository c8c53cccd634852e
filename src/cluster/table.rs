//! The table: all nodes that are known, and whose each slot is.

use std::collections::BTreeMap;
use std::ops::{Index, IndexMut};

use super::id::NodeId;
use super::key::NodeKey;
use super::node::{Flags, Node};
use super::slots::{SLOTS, Slot, SlotSet};

/// So many nodes at the most, whatever others tell: a cluster is recommended to have up to a thousand.
pub const MOST_NODES: usize = 4096;

/// Nodes and slots.
#[derive(Clone, Debug)]
pub struct Table {
    nodes: BTreeMap<NodeKey, Node>,
    by_id: BTreeMap<NodeId, NodeKey>,
    next: u32,
    /// The owner of each slot.
    owners: Box<[Option<NodeKey>]>,
    /// Slots whose owner doesn't claim them any more, and nobody else does yet.
    unclaimed: SlotSet,
}

impl Default for Table {
    fn default() -> Self {
        Table {
            nodes: BTreeMap::new(),
            by_id: BTreeMap::new(),
            next: 0,
            owners: vec![None; SLOTS].into(),
            unclaimed: SlotSet::default(),
        }
    }
}

impl Index<NodeKey> for Table {
    type Output = Node;
    /// Of a node that is there: keys of nodes that are forgotten are kept nowhere.
    fn index(&self, key: NodeKey) -> &Node {
        &self.nodes[&key]
    }
}

impl IndexMut<NodeKey> for Table {
    fn index_mut(&mut self, key: NodeKey) -> &mut Node {
        self.nodes.get_mut(&key).expect("keys of nodes that are forgotten are kept nowhere")
    }
}

impl Table {
    /// How many nodes are known, this one included.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no node, not even this one.
    #[cfg(feature = "internals")] // for tests
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Whether no more nodes can be added.
    pub fn is_full(&self) -> bool {
        self.nodes.len() >= MOST_NODES
    }

    /// All nodes.
    pub fn iter(&self) -> impl Iterator<Item = (NodeKey, &Node)> {
        self.nodes.iter().map(|(key, node)| (*key, node))
    }

    /// The keys of all nodes.
    pub fn keys(&self) -> Vec<NodeKey> {
        self.nodes.keys().copied().collect()
    }

    /// The node of this name.
    pub fn find(&self, id: &NodeId) -> Option<NodeKey> {
        self.by_id.get(id).copied()
    }

    /// A node, if it is still there.
    pub fn get(&self, key: NodeKey) -> Option<&Node> {
        self.nodes.get(&key)
    }

    /// Adds a node.
    pub fn add(&mut self, node: Node) -> NodeKey {
        let key = NodeKey(self.next);
        self.next += 1;
        self.by_id.insert(node.id, key);
        self.nodes.insert(key, node);
        key
    }

    /// Gives a node another name.
    pub fn rename(&mut self, key: NodeKey, id: NodeId) {
        let old = std::mem::replace(&mut self[key].id, id);
        self.by_id.remove(&old);
        self.by_id.insert(id, key);
    }

    /// Forgets a node: what it owned is nobody's, who copied it copies nobody, what it said is forgotten.
    pub fn remove(&mut self, key: NodeKey) -> Option<Node> {
        self.set_master(key, None);
        for slot in self[key].slots.clone().iter() {
            self.unassign(slot);
        }
        let node = self.nodes.remove(&key)?;
        self.by_id.remove(&node.id);
        for other in self.nodes.values_mut() {
            other.reports.retain(|report| report.from != key);
            if other.master == Some(key) {
                other.master = None;
            }
        }
        Some(node)
    }

    /// The owner of a slot.
    #[inline]
    pub fn owner(&self, slot: Slot) -> Option<NodeKey> {
        self.owners[usize::from(slot)]
    }

    /// Gives a slot to a node.
    pub fn assign(&mut self, slot: Slot, key: NodeKey) {
        self.unassign(slot);
        self.owners[usize::from(slot)] = Some(key);
        self[key].slots.insert(slot);
    }

    /// The slot is nobody's.
    pub fn unassign(&mut self, slot: Slot) {
        if let Some(owner) = self.owners[usize::from(slot)].take() {
            self[owner].slots.remove(slot);
        }
        self.unclaimed.remove(slot);
    }

    /// The owner of a slot doesn't claim it any more. It stays the owner until another one does:
    /// clients are better off with a redirection too many than with an error.
    pub fn drop_claim(&mut self, slot: Slot) {
        self.unclaimed.insert(slot);
    }

    /// Whether nobody claims a slot.
    pub fn is_unclaimed(&self, slot: Slot) -> bool {
        self.owner(slot).is_none() || self.unclaimed.contains(slot)
    }

    /// The replicas of a node.
    pub fn replicas(&self, master: NodeKey) -> impl Iterator<Item = (NodeKey, &Node)> {
        self.iter().filter(move |(_, node)| node.master == Some(master))
    }

    /// Says whom a node copies. A master that has had replicas is one to which others may move.
    pub fn set_master(&mut self, key: NodeKey, master: Option<NodeKey>) {
        let old = std::mem::replace(&mut self[key].master, master);
        if let Some(old) = old.filter(|old| Some(*old) != master)
            && self.replicas(old).next().is_none()
        {
            self[old].flags.clear(Flags::MIGRATE_TO);
        }
        if let Some(master) = master {
            self[master].flags.set(Flags::MIGRATE_TO);
        }
    }

    /// The highest epoch of all.
    pub fn highest_epoch(&self) -> u64 {
        self.nodes.values().map(|node| node.config_epoch).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::random::Random;

    fn table() -> (Table, NodeKey, NodeKey) {
        let (mut table, mut random) = (Table::default(), Random::from_seed(1));
        let mut add = |flags| table.add(Node::new(NodeId::draw(&mut random), flags, 0));
        let (a, b) = (add(Flags::MASTER), add(Flags::REPLICA));
        (table, a, b)
    }

    #[test]
    fn owners_and_their_sets_agree() {
        let (mut table, a, b) = table();
        table.assign(5, a);
        table.assign(6, a);
        table.assign(5, b);
        assert_eq!((table.owner(5), table.owner(6), table.owner(7)), (Some(b), Some(a), None));
        assert_eq!(table[a].slots.iter().collect::<Vec<_>>(), [6]);
        table.drop_claim(6);
        assert!(table.is_unclaimed(6) && table.owner(6) == Some(a));
        table.assign(6, b);
        assert!(!table.is_unclaimed(6));
        table.remove(b);
        assert_eq!((table.owner(5), table.owner(6)), (None, None));
    }

    #[test]
    fn who_is_forgotten_is_nobodys_master() {
        let (mut table, a, b) = table();
        table.set_master(b, Some(a));
        assert!(table[a].flags.has(Flags::MIGRATE_TO));
        assert_eq!(table.replicas(a).count(), 1);
        table.set_master(b, None);
        assert!(!table[a].flags.has(Flags::MIGRATE_TO));
        table.set_master(b, Some(a));
        let id = table[a].id;
        table.remove(a);
        assert_eq!((table.len(), table[b].master, table.find(&id)), (1, None, None));
    }
}
