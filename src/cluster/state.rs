//! The cluster as a node sees it, and what others ask of it.

use std::collections::BTreeMap;

use super::id::NodeId;
use super::key::{LinkKey, NodeKey};
use super::link::Link;
use super::node::{Flags, Node};
use super::output::{Network, Order, Outputs, Save};
use super::settings::Settings;
use super::slots::{SLOTS, Slot};
use super::stats::Stats;
use super::table::Table;
use super::underway::{Election, HealthTimer, ManualFailover};
use crate::system::random::Random;

/// Whether the cluster serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It does.
    Ok,
    /// Slots are missing, or this node is among a minority.
    Fail,
}

impl Health {
    /// Its name in CLUSTER INFO.
    pub fn name(self) -> &'static str {
        match self {
            Health::Ok => "ok",
            Health::Fail => "fail",
        }
    }
}

/// What the node knows of its own data; told anew before each input.
#[derive(Clone, Copy, Debug, Default)]
pub struct Local {
    /// Unix time in milliseconds.
    pub now_ms: u64,
    /// How far the data has come.
    pub offset: u64,
    /// Whether it copies a master's.
    pub is_following: bool,
    /// A replica: for how long it hasn't heard of its master; None: it never has.
    pub data_age_ms: Option<u64>,
}

/// The state of a node of the cluster.
#[derive(Debug)]
pub struct Cluster {
    /// The parameters.
    pub settings: Settings,
    pub(super) table: Table,
    pub(super) myself: NodeKey,
    pub(super) local: Local,
    /// Slots of this node that move away, and whereto.
    pub(super) migrating: BTreeMap<Slot, NodeKey>,
    /// Slots that move here, and where from.
    pub(super) importing: BTreeMap<Slot, NodeKey>,
    pub(super) health: Health,
    pub(super) health_timer: HealthTimer,
    pub(super) election: Election,
    pub(super) manual: ManualFailover,
    /// A replica has something to do for its election before the next tick.
    pub(super) failover_soon: bool,
    /// Masters with slots: those who vote.
    pub(super) size: usize,
    pub(super) current_epoch: u64,
    /// The last epoch in which this node has voted.
    pub(super) last_vote_epoch: u64,
    /// Nodes that were forgotten by command, and until when nobody's gossip brings them back.
    pub(super) banned: BTreeMap<NodeId, u64>,
    pub(super) links: BTreeMap<LinkKey, Link>,
    pub(super) next_link: u64,
    /// To which node a connection was made last.
    pub(super) last_connected: NodeKey,
    pub(super) ticks: u64,
    /// Packets, counted.
    pub stats: Stats,
    /// The address that was announced at the last tick.
    pub(super) announced_ip: String,
    pub(super) outputs: Outputs,
    /// States that were written.
    version: u64,
    pub(super) random: Random,
}

impl Cluster {
    /// A node that knows nobody else.
    pub fn new(settings: Settings, mut random: Random, now_ms: u64) -> Cluster {
        let mut table = Table::default();
        let id = NodeId::draw(&mut random);
        let myself = table.add(Node::new(id, Flags::MYSELF | Flags::MASTER, now_ms));
        Cluster {
            settings,
            table,
            myself,
            local: Local { now_ms, ..Local::default() },
            migrating: BTreeMap::new(),
            importing: BTreeMap::new(),
            health: Health::Fail,
            health_timer: HealthTimer::default(),
            election: Election::default(),
            manual: ManualFailover::default(),
            failover_soon: false,
            ticks: 0,
            next_link: 0,
            last_connected: myself,
            size: 1,
            current_epoch: 0,
            last_vote_epoch: 0,
            banned: BTreeMap::new(),
            links: BTreeMap::new(),
            stats: Stats::default(),
            outputs: Outputs { save: Save::Synced, ..Outputs::default() },
            announced_ip: String::new(),
            version: 0,
            random,
        }
    }

    /// Whether the cluster serves.
    #[inline]
    pub fn health(&self) -> Health {
        self.health
    }

    /// This node.
    #[inline]
    pub fn myself(&self) -> &Node {
        &self.table[self.myself]
    }

    /// The key of this node.
    #[inline]
    pub fn my_key(&self) -> NodeKey {
        self.myself
    }

    /// Whether this node copies a master.
    pub fn is_replica(&self) -> bool {
        self.myself().is_replica()
    }

    /// Who has the slots that this node serves: its master, or itself.
    pub fn my_shard(&self) -> NodeKey {
        self.master_of(self.myself).unwrap_or(self.myself)
    }

    /// The master of this node, if it has one.
    pub fn my_master(&self) -> Option<NodeKey> {
        self.myself().master
    }

    /// A node.
    pub fn node(&self, key: NodeKey) -> &Node {
        &self.table[key]
    }

    /// All nodes, this one and those without a name included.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeKey, &Node)> {
        self.table.iter()
    }

    /// The node of this name, as a command spells it.
    pub fn find(&self, id: &[u8]) -> Option<NodeKey> {
        self.table.find(&NodeId::parse(id)?)
    }

    /// The owner of a slot.
    #[inline]
    pub fn owner(&self, slot: Slot) -> Option<NodeKey> {
        self.table.owner(slot)
    }

    /// Whether a slot is this node's own.
    #[inline]
    pub fn is_mine(&self, slot: Slot) -> bool {
        self.table.owner(slot) == Some(self.myself)
    }

    /// Whether a slot is that of the master that this node copies.
    pub fn is_of_my_master(&self, slot: Slot) -> bool {
        let owner = self.table.owner(slot);
        owner.is_some() && owner == self.my_master()
    }

    /// Where a slot of this node moves, if it does.
    #[inline]
    pub fn migrating_to(&self, slot: Slot) -> Option<NodeKey> {
        self.migrating.get(&slot).copied()
    }

    /// Where a slot comes from that moves here, if it does.
    #[inline]
    pub fn importing_from(&self, slot: Slot) -> Option<NodeKey> {
        self.importing.get(&slot).copied()
    }

    /// The replicas of a node.
    pub fn replicas(&self, master: NodeKey) -> impl Iterator<Item = (NodeKey, &Node)> {
        self.table.replicas(master)
    }

    /// How many masters have slots.
    #[cfg(feature = "internals")] // for tests
    pub fn size(&self) -> usize {
        self.size
    }

    /// Each run of slots with one owner.
    pub fn owned_ranges(&self) -> Vec<(Slot, Slot, NodeKey)> {
        let mut ranges: Vec<(Slot, Slot, NodeKey)> = Vec::new();
        for slot in 0..SLOTS as Slot {
            let Some(owner) = self.owner(slot) else { continue };
            match ranges.last_mut() {
                Some((_, last, same)) if *same == owner && *last + 1 == slot => *last = slot,
                _ => ranges.push((slot, slot, owner)),
            }
        }
        ranges
    }

    /// The connections to other nodes.
    pub fn links(&self) -> impl Iterator<Item = &Link> {
        self.links.values()
    }

    /// Bytes that connections take, those included that wait to be sent.
    pub fn link_memory(&self) -> usize {
        self.links().map(|link| size_of::<Link>() + link.unsent).sum()
    }

    /// Tells the time and how this node's data is, before anything else is told.
    pub fn begin(&mut self, local: Local) {
        self.local = local;
    }

    /// Draws the consequences of what was told, before others see the state again.
    pub fn settle(&mut self) {
        while self.failover_soon && self.is_replica() {
            self.run_manual();
            self.run_election(); // takes a step; the last one ends with waiting
        }
        if self.health_timer.is_stale {
            self.update_health();
        }
    }

    /// What is to be done; it is taken over.
    #[cfg(feature = "internals")] // for tests
    pub fn take_outputs(&mut self) -> Outputs {
        std::mem::take(&mut self.outputs)
    }

    /// What is to be done about connections; it is taken over.
    pub fn take_network(&mut self) -> Vec<Network> {
        std::mem::take(&mut self.outputs.network)
    }

    /// What is to be done about the data; it is taken over.
    pub fn take_orders(&mut self) -> Vec<Order> {
        std::mem::take(&mut self.outputs.orders)
    }

    /// Whether the state has to be written; the caller does it.
    pub fn take_save(&mut self) -> Save {
        std::mem::take(&mut self.outputs.save)
    }

    /// A number for the state as it is now: a later one has a higher number.
    pub fn next_version(&mut self) -> u64 {
        self.version += 1;
        self.version
    }

    /// What is to be done.
    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// The state has changed, and is to be written to its file.
    pub(super) fn save(&mut self, save: Save) {
        self.outputs.save = self.outputs.save.max(save);
    }

    pub(super) fn order(&mut self, order: Order) {
        self.outputs.orders.push(order);
    }

    /// Slots have other owners: who waits for a key may wait in vain.
    pub(super) fn slots_moved(&mut self) {
        if !self.outputs.orders.contains(&Order::SlotsMoved) {
            self.order(Order::SlotsMoved);
        }
    }

    pub(super) fn now(&self) -> u64 {
        self.local.now_ms
    }
}
