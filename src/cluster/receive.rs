//! What others say, understood.
//!
//! Packets of nodes that this one doesn't know are answered if they are pings, so that the other one sees
//! that somebody is here, and change nothing; only a MEET adds a node, and only an administrator causes one.

use super::id::NodeId;
use super::key::{LinkKey, NodeKey};
use super::node::{Address, Flags, Node};
use super::output::{Order, Save};
use super::packet::{Body, Gossip, Header, Kind, Packet};
use super::state::Cluster;

/// So many nodes may there be that haven't told their names: each is connected to.
const MOST_HANDSHAKES: usize = 1000;

impl Cluster {
    /// A packet has come on a connection. One that is not understood counts for nothing.
    #[cfg(feature = "internals")] // for tests
    pub fn receive(&mut self, link: LinkKey, bytes: &[u8]) {
        if let Some(packet) = Packet::parse(bytes) {
            self.understand(link, packet);
        }
    }

    /// A packet has come, and was parsed.
    pub fn understand(&mut self, link: LinkKey, packet: Packet) {
        if !self.links.contains_key(&link) {
            return; // it was ended meanwhile
        }
        let Packet { kind, mut header, body } = packet;
        header.current_epoch = self.believe(header.current_epoch);
        header.config_epoch = self.believe(header.config_epoch);
        self.stats.count_received(kind);
        let sender = self.table.find(&header.sender);
        let sender = sender.filter(|key| *key != self.myself && self.table[*key].is_known());
        if let Some(sender) = sender {
            self.hear_of_itself(sender, link, &header);
        }
        match (kind, body) {
            (Kind::Ping | Kind::Pong | Kind::Meet, Body::Gossip { entries, hostname }) => {
                if kind != Kind::Pong {
                    self.answer(link, kind, sender, &header);
                }
                self.hear_gossip(link, kind, sender, &header, &entries, hostname);
            }
            (_, body) => {
                let Some(sender) = sender else { return };
                self.hear_matter(sender, link, kind, &header, body);
            }
        }
    }

    /// What a node that is known says of itself in every packet.
    fn hear_of_itself(&mut self, sender: NodeKey, link: LinkKey, header: &Header) {
        let now = self.now();
        self.bind_inbound(link, sender);
        self.current_epoch = self.current_epoch.max(header.current_epoch);
        let node = &mut self.table[sender];
        node.data_received_ms = now;
        (node.offset, node.offset_at_ms) = (header.offset, now);
        // A replica tells its master's.
        if node.is_master() && header.master.is_none() && header.config_epoch > node.config_epoch {
            node.config_epoch = header.config_epoch;
            self.save(Save::Synced);
            self.recheck();
        }
        if self.myself().master == Some(sender) {
            self.hear_of_pause(header);
        }
    }

    /// Answers a ping. One that wants to be added is, for now without a name.
    fn answer(&mut self, link: LinkKey, kind: Kind, sender: Option<NodeKey>, header: &Header) {
        let meets = kind == Kind::Meet;
        if self.settings.announced_ip.is_empty() && (meets || self.myself().address.ip.is_empty()) {
            let local_ip = self.links[&link].local_ip.clone();
            if !local_ip.is_empty() && local_ip != self.myself().address.ip {
                crate::notice!("IP address for this node updated to {local_ip}");
                self.table[self.myself].address.ip = local_ip;
                self.save(Save::Written);
            }
        }
        if meets && sender.is_none() && header.sender != self.myself().id && self.takes_strangers()
        {
            let address = self.address_of(link, header);
            self.start_handshake(address, Flags::default());
        }
        self.send_gossip(link, Kind::Pong);
    }

    /// Whether there is room for another node that wants to be added.
    fn takes_strangers(&self) -> bool {
        let unnamed = self.table.iter().filter(|(_, node)| !node.is_known()).count();
        !self.table.is_full() && unnamed < MOST_HANDSHAKES
    }

    /// Where a node is that speaks here: what it announces, or where it comes from.
    fn address_of(&self, link: LinkKey, header: &Header) -> Address {
        let mut address = header.address.clone();
        if address.ip.is_empty() {
            address.ip = self.links[&link].peer_ip.clone();
        }
        address
    }

    /// Adds a node without a name, to which a connection will be made. False: that is under way.
    pub(super) fn start_handshake(&mut self, address: Address, flags: Flags) -> bool {
        let is_under_way = self.table.iter().any(|(_, node)| {
            !node.is_known()
                && node.address.ip == address.ip
                && node.address.bus_port == address.bus_port
        });
        if is_under_way {
            return false;
        }
        let id = NodeId::draw(&mut self.random);
        let mut node = Node::new(id, flags | Flags::HANDSHAKE, self.now());
        node.address = address;
        self.table.add(node);
        true
    }

    fn hear_gossip(
        &mut self,
        link: LinkKey,
        kind: Kind,
        mut sender: Option<NodeKey>,
        header: &Header,
        entries: &[Gossip],
        hostname: String,
    ) {
        let Link { node, inbound } = Link::of(self, link);
        if let Some(node) = node.filter(|_| !inbound) {
            if !self.table[node].is_known() {
                if self.table.find(&header.sender).is_some() {
                    // By a second address, or it has been met twice, or it is this node itself.
                    if let Some(known) = sender {
                        self.update_address(known, link, header);
                    }
                    self.forget(node);
                    return;
                }
                self.finish_handshake(node, header);
                sender = Some(node);
            } else if self.table[node].id != header.sender {
                crate::notice!("PONG contains mismatching sender ID: the address has another node");
                let node = &mut self.table[node];
                node.flags.set(Flags::NOADDR);
                node.address = Address::default();
                self.close(link);
                self.save(Save::Written);
                return;
            }
        }
        if let Some(sender) = sender.filter(|_| kind == Kind::Ping) {
            self.update_address(sender, link, header);
        }
        if let Some(node) = node.filter(|_| !inbound && kind == Kind::Pong) {
            self.hear_pong(node);
        }
        let Some(sender) = sender else { return };
        self.hear_role(sender, header);
        self.hear_claims(sender, header);
        self.resolve_collision(sender);
        for entry in entries {
            self.hear_of_other(sender, entry);
        }
        let node = &mut self.table[sender];
        if node.hostname != hostname {
            node.hostname = hostname;
            self.save(Save::Written);
        }
    }

    /// The first answer of a node that has been met tells its name.
    fn finish_handshake(&mut self, key: NodeKey, header: &Header) {
        self.table.rename(key, header.sender);
        let node = &mut self.table[key];
        node.flags.clear(Flags::HANDSHAKE | Flags::MEET);
        node.flags.set(Flags(header.flags.0 & (Flags::MASTER | Flags::REPLICA).0));
        if !node.flags.any(Flags::MASTER | Flags::REPLICA) {
            node.flags.set(Flags::MASTER);
        }
        crate::verbose!("Handshake with node {} completed.", header.sender);
        self.save(Save::Written);
        self.recheck();
    }

    fn hear_pong(&mut self, key: NodeKey) {
        let now = self.now();
        let node = &mut self.table[key];
        (node.pong_received_ms, node.ping_sent_ms) = (now, 0);
        if node.flags.has(Flags::PFAIL) {
            node.flags.clear(Flags::PFAIL);
            self.save(Save::Written);
            self.recheck();
        } else if node.has_failed() {
            self.forgive(key);
        }
    }

    fn hear_role(&mut self, sender: NodeKey, header: &Header) {
        let node = &mut self.table[sender];
        node.flags.clear(Flags::NOFAILOVER);
        node.flags.set(Flags(header.flags.0 & Flags::NOFAILOVER.0));
        match header.master {
            None => self.becomes_master(sender),
            Some(master) => {
                let master = self.table.find(&master).filter(|master| *master != sender);
                self.becomes_replica(sender, master);
            }
        }
        // What it told of its epoch before it was known to be a master.
        let node = &mut self.table[sender];
        if node.is_master() && header.config_epoch > node.config_epoch {
            node.config_epoch = header.config_epoch;
            self.save(Save::Synced);
        }
    }

    /// A node has moved: it speaks from another address, or listens at another port.
    fn update_address(&mut self, key: NodeKey, link: LinkKey, header: &Header) {
        let address = self.address_of(link, header);
        let node = &mut self.table[key];
        // On a connection that was made to its old address it can't tell that it has moved.
        if node.link == Some(link) || address.ip.is_empty() || node.address == address {
            return;
        }
        crate::notice!("Address updated for node {}, now {}:{}", node.id, address.ip, address.port);
        node.address = address;
        node.flags.clear(Flags::NOADDR);
        self.close_link_to(key);
        if self.myself().master == Some(key) {
            self.order_to_follow(key);
        }
        self.save(Save::Written);
        self.recheck();
    }

    /// Everything but gossip; the sender is known.
    fn hear_matter(
        &mut self,
        sender: NodeKey,
        link: LinkKey,
        kind: Kind,
        header: &Header,
        body: Body,
    ) {
        match (kind, body) {
            (Kind::Fail, Body::Fail(id)) => self.hear_failure(&id),
            (Kind::Publish | Kind::PublishShard, Body::Message { channel, message }) => {
                let shard = kind == Kind::PublishShard;
                self.order(Order::Publish { channel, message, shard });
            }
            (Kind::Update, Body::Update { id, config_epoch, slots }) => {
                let config_epoch = self.believe(config_epoch);
                let owner = self.table.find(&id);
                let Some(owner) = owner.filter(|key| self.table[*key].config_epoch < config_epoch)
                else {
                    return;
                };
                if owner != self.myself {
                    self.becomes_master(owner);
                    self.table[owner].config_epoch = config_epoch;
                    self.save(Save::Synced);
                    self.apply_claims(owner, config_epoch, &slots);
                }
            }
            (Kind::AuthRequest, _) => self.consider_vote(sender, header),
            (Kind::AuthAck, _) => self.count_vote(sender, header),
            (Kind::ManualStart, _) => self.begin_to_step_down(sender, link),
            _ => {}
        }
    }
}

/// What has to be known of a connection here.
struct Link {
    node: Option<NodeKey>,
    inbound: bool,
}

impl Link {
    fn of(cluster: &Cluster, key: LinkKey) -> Link {
        let link = cluster.links.get(&key);
        Link {
            node: link.and_then(|link| link.node),
            inbound: link.is_none_or(|link| link.inbound),
        }
    }
}
