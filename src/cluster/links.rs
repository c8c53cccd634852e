//! Connections: opened, answered, lost.

use super::key::{LinkKey, NodeKey};
use super::link::Link;
use super::node::Flags;
use super::output::Network;
use super::packet::Kind;
use super::state::Cluster;

/// So many connections are being made at a time; each takes a thread that waits.
const MOST_CONNECTING: usize = 100;
/// So many connections may there be of who hasn't said yet that it is a node; who comes then takes the place
/// of the oldest of them.
const MOST_STRANGERS: usize = 1000;

impl Cluster {
    /// Connects to every node to which there is no connection; to each in its turn, if there are many.
    pub(super) fn reconnect(&mut self) {
        let connecting = self.links.values().filter(|link| !link.is_up).count();
        let mut keys = self.table.keys();
        let first = keys.partition_point(|key| *key <= self.last_connected);
        keys.rotate_left(first);
        let wanted = keys.into_iter().filter(|key| {
            let node = &self.table[*key];
            !node.flags.any(Flags::MYSELF | Flags::NOADDR) && node.link.is_none()
        });
        let left = MOST_CONNECTING.saturating_sub(connecting);
        let wanted: Vec<NodeKey> = wanted.take(left).collect();
        for key in wanted {
            self.last_connected = key;
            self.connect(key);
        }
    }

    fn connect(&mut self, key: NodeKey) {
        let link = self.new_link(Some(key), false);
        let node = &mut self.table[key];
        node.link = Some(link);
        let (ip, port) = (node.address.ip.clone(), node.address.bus_port);
        self.outputs.network.push(Network::Connect { link, ip, port });
    }

    fn new_link(&mut self, node: Option<NodeKey>, inbound: bool) -> LinkKey {
        let key = LinkKey(self.next_link);
        self.next_link += 1;
        let link = Link {
            node,
            inbound,
            created_ms: self.now(),
            is_up: inbound,
            peer_ip: String::new(),
            local_ip: String::new(),
            unsent: 0,
            answered: 0,
        };
        self.links.insert(key, link);
        key
    }

    /// Another node has connected.
    pub fn accepted(&mut self, local_ip: String, peer_ip: String) -> LinkKey {
        let strangers = self.links.iter().filter(|(_, link)| link.inbound && link.node.is_none());
        let oldest = strangers.map(|(key, _)| *key).collect::<Vec<_>>();
        if oldest.len() >= MOST_STRANGERS {
            self.close(oldest[0]);
        }
        let key = self.new_link(None, true);
        if let Some(link) = self.links.get_mut(&key) {
            (link.local_ip, link.peer_ip) = (local_ip, peer_ip);
        }
        key
    }

    /// The connection that was to be made is there. The first thing to say is a ping, or a meet.
    pub fn connected(&mut self, key: LinkKey, local_ip: String, peer_ip: String) {
        let Some(link) = self.links.get_mut(&key) else { return };
        (link.is_up, link.local_ip, link.peer_ip) = (true, local_ip, peer_ip);
        let Some(node) = link.node else { return };
        // An older ping that was not answered still counts: a node that only takes connections is not
        // well.
        let unanswered = self.table[node].ping_sent_ms;
        let meets = self.table[node].flags.has(Flags::MEET);
        self.send_gossip(key, if meets { Kind::Meet } else { Kind::Ping });
        let node = &mut self.table[node];
        if unanswered != 0 {
            node.ping_sent_ms = unanswered;
        }
        node.flags.clear(Flags::MEET);
    }

    /// A connection has ended, or could not be made.
    pub fn disconnected(&mut self, key: LinkKey) {
        let Some(link) = self.links.remove(&key) else { return };
        let now = self.now();
        let Some(node) = link.node.filter(|node| self.table.get(*node).is_some()) else { return };
        let node = &mut self.table[node];
        if node.link == Some(key) {
            node.link = None;
            // The time runs as if it had been asked.
            if !link.is_up && node.ping_sent_ms == 0 {
                node.ping_sent_ms = now;
            }
        }
        if node.inbound == Some(key) {
            node.inbound = None;
        }
    }

    /// A node speaks on a connection that it has opened. It needs one, so an older one is ended.
    pub(super) fn bind_inbound(&mut self, key: LinkKey, node: NodeKey) {
        let Some(link) = self.links.get_mut(&key) else { return };
        if !link.inbound || link.node.is_some() {
            return;
        }
        link.node = Some(node);
        if let Some(old) = self.table[node].inbound.replace(key) {
            self.close(old);
        }
        self.table[node].inbound = Some(key);
    }

    /// Whether a node that is known is at the other end.
    pub fn knows(&self, key: LinkKey) -> bool {
        let node = self.links.get(&key).and_then(|link| link.node);
        node.and_then(|node| self.table.get(node)).is_some_and(|node| node.is_known())
    }

    /// Ends a connection.
    pub(super) fn close(&mut self, key: LinkKey) {
        if self.links.contains_key(&key) {
            self.disconnected(key);
            self.outputs.network.push(Network::Close { link: key });
        }
    }

    /// Ends the connection to a node; a new one will be made.
    pub(super) fn close_link_to(&mut self, node: NodeKey) {
        if let Some(link) = self.table[node].link {
            self.close(link);
        }
    }

    /// So many bytes wait on a connection; too many end it.
    pub fn note_unsent(&mut self, key: LinkKey, unsent: usize) {
        let limit = self.settings.link_limit;
        let Some(link) = self.links.get_mut(&key) else { return };
        link.unsent = unsent;
        if limit > 0 && unsent > limit {
            crate::warning!("Freeing outbound cluster link: too much waits to be sent");
            self.stats.links_over_limit += 1;
            self.close(key);
        }
    }
}
