//! What this node says to others.

use std::sync::Arc;

use super::id::NodeId;
use super::key::{LinkKey, NodeKey};
use super::node::{Address, Flags};
use super::output::Network;
use super::packet::{Body, Gossip, Header, Kind, Packet};
use super::state::{Cluster, Health};

/// The fewest nodes to tell of in a ping,
const FEWEST_ENTRIES: usize = 3;
/// and which part of all nodes: then within a node timeout enough of them come around to make a majority.
const SHARE: usize = 10;
/// Who doesn't read its answers gets no more of them when so many bytes wait.
const MOST_UNREAD_ANSWERS: usize = 128 * 1024;

impl Cluster {
    /// What it says of itself.
    fn header(&self) -> Header {
        let myself = self.myself();
        let master = myself.master;
        // A replica speaks for its master, whose place it may want to take.
        let owner = &self.table[master.unwrap_or(self.myself)];
        Header {
            address: Address {
                ip: self.settings.announced_ip.clone(),
                port: self.settings.port,
                bus_port: self.settings.bus_port,
                plain_port: self.settings.plain_port,
            },
            current_epoch: self.current_epoch,
            config_epoch: owner.config_epoch,
            offset: self.local.offset,
            sender: myself.id,
            slots: owner.slots.clone(),
            master: master.map(|master| self.table[master].id),
            flags: myself.flags,
            is_down: self.health == Health::Fail,
            paused: myself.is_master() && self.manual.is_on(),
            force_vote: false,
        }
    }

    fn send(&mut self, link: LinkKey, kind: Kind, bytes: Arc<[u8]>) {
        let Some(to) = self.links.get_mut(&link).filter(|to| to.is_up) else { return };
        if to.inbound {
            if to.unsent + to.answered > MOST_UNREAD_ANSWERS {
                return;
            }
            to.answered += bytes.len();
        }
        self.stats.count_sent(kind);
        self.outputs.network.push(Network::Send { link, packet: bytes });
    }

    /// Sends a ping, a pong or a meet.
    pub(super) fn send_gossip(&mut self, link: LinkKey, kind: Kind) {
        if !self.links.get(&link).is_some_and(|link| link.is_up) {
            return;
        }
        let entries = self.pick_gossip();
        let hostname = self.myself().hostname.clone();
        let body = Body::Gossip { entries, hostname };
        let packet = Packet { kind, header: self.header(), body };
        self.send(link, kind, packet.encode().into());
        let asks = kind != Kind::Pong;
        if let Some(Some(node)) = self.links.get(&link).map(|link| link.node)
            && asks
            && self.table[node].link == Some(link)
        {
            self.table[node].ping_sent_ms = self.now();
        }
    }

    /// Some nodes at random, and all that are suspected: those who agree are to find each other soon.
    /// The receiver may be among them: it learns when it was heard of.
    fn pick_gossip(&mut self) -> Vec<Gossip> {
        let fresh = self.table.len().saturating_sub(2);
        let wanted = (self.table.len() / SHARE).max(FEWEST_ENTRIES).min(fresh);
        let mut candidates: Vec<NodeKey> = Vec::new();
        let mut suspects: Vec<NodeKey> = Vec::new();
        for (key, node) in self.table.iter() {
            if key == self.myself || node.flags.any(Flags::HANDSHAKE | Flags::NOADDR) {
                continue;
            }
            if node.flags.has(Flags::PFAIL) {
                suspects.push(key);
            } else if node.link.is_some() || !node.slots.is_empty() {
                candidates.push(key);
            }
        }
        let picked = wanted.min(candidates.len());
        for index in 0..picked {
            let other = index + self.random.next_u64() as usize % (candidates.len() - index);
            candidates.swap(index, other);
        }
        candidates.truncate(picked);
        candidates.extend(suspects);
        candidates.truncate(u16::MAX.into());
        candidates.iter().map(|key| self.gossip_of(*key)).collect()
    }

    fn gossip_of(&self, key: NodeKey) -> Gossip {
        let node = &self.table[key];
        Gossip {
            id: node.id,
            ping_sent_s: (node.ping_sent_ms / 1000) as u32,
            pong_received_s: (node.pong_received_ms / 1000) as u32,
            address: node.address.clone(),
            flags: node.flags,
        }
    }

    /// Sends a packet without gossip on one connection.
    pub(super) fn send_body(&mut self, link: LinkKey, kind: Kind, body: Body) {
        let packet = Packet { kind, header: self.header(), body };
        self.send(link, kind, packet.encode().into());
    }

    /// The nodes that can be told something, and the connections to them.
    fn reachable(&self) -> Vec<LinkKey> {
        let others =
            self.table.iter().filter(|(_, node)| !node.flags.any(Flags::MYSELF | Flags::HANDSHAKE));
        others.filter_map(|(_, node)| node.link).collect()
    }

    /// Sends a packet without gossip to all.
    pub(super) fn broadcast(&mut self, kind: Kind, body: Body) {
        self.broadcast_with(kind, body, |_| {});
    }

    fn broadcast_with(&mut self, kind: Kind, body: Body, change: impl FnOnce(&mut Header)) {
        let mut header = self.header();
        change(&mut header);
        let bytes: Arc<[u8]> = Packet { kind, header, body }.encode().into();
        for link in self.reachable() {
            self.send(link, kind, Arc::clone(&bytes));
        }
    }

    /// Tells everybody how this node is now.
    pub(super) fn broadcast_pong(&mut self) {
        self.reachable().into_iter().for_each(|link| self.send_gossip(link, Kind::Pong));
    }

    /// Tells the other replicas of this node's master how it is, so that they know their rank.
    pub(super) fn tell_siblings(&mut self) {
        let Some(master) = self.myself().master else { return };
        let siblings = self.table.replicas(master);
        let links: Vec<LinkKey> = siblings.filter_map(|(_, sibling)| sibling.link).collect();
        links.into_iter().for_each(|link| self.send_gossip(link, Kind::Pong));
    }

    /// Asks everybody for a vote: masters give one, others learn of the epoch.
    pub(super) fn request_votes(&mut self) {
        let force = self.manual.is_on();
        self.broadcast_with(Kind::AuthRequest, Body::Nothing, |header| header.force_vote = force);
    }

    /// Tells everybody that a node has failed.
    pub(super) fn broadcast_failure(&mut self, id: NodeId) {
        self.broadcast(Kind::Fail, Body::Fail(id));
    }

    /// Tells a node that what it claims is another one's.
    pub(super) fn send_update(&mut self, to: NodeKey, owner: NodeKey) {
        let Some(link) = self.table[to].link else { return };
        let Self { table, .. } = &*self;
        let owner = &table[owner];
        let (id, config_epoch, slots) = (owner.id, owner.config_epoch, owner.slots.clone());
        self.send_body(link, Kind::Update, Body::Update { id, config_epoch, slots });
    }

    /// Sends a message to those who listen at other nodes: all of them, or those of this node's shard.
    pub fn publish(&mut self, channel: &[u8], message: &[u8], shard: bool) {
        let body = Body::Message { channel: channel.to_vec(), message: message.to_vec() };
        if !shard {
            return self.broadcast(Kind::Publish, body);
        }
        let master = self.myself().master.unwrap_or(self.myself);
        let nodes = self.table.iter().filter(|(key, node)| {
            *key != self.myself && (*key == master || node.master == Some(master))
        });
        let links: Vec<LinkKey> = nodes.filter_map(|(_, node)| node.link).collect();
        let packet = Packet { kind: Kind::PublishShard, header: self.header(), body };
        let bytes: Arc<[u8]> = packet.encode().into();
        for link in links {
            self.send(link, Kind::PublishShard, Arc::clone(&bytes));
        }
    }
}
