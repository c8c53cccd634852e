//! What happens by itself, ten times a second: pings, and what follows from their answers not coming.

use super::key::NodeKey;
use super::node::Flags;
use super::packet::Kind;
use super::settings::Settings;
use super::state::{Cluster, Health};

/// How often [`Cluster::tick`] is to be called.
pub const TICK_MS: u64 = 100;
/// Once a second, of so many random nodes the one whose answer is oldest is pinged.
const SAMPLE: usize = 5;
const TICKS_A_SECOND: u64 = 1000 / TICK_MS;
/// A node without a name has so long to tell it, at least.
const SHORTEST_HANDSHAKE_MS: u64 = 1000;

impl Cluster {
    /// Does what is due.
    pub fn tick(&mut self) {
        self.ticks += 1;
        self.links.values_mut().for_each(|link| link.answered = 0);
        self.describe_itself();
        self.end_handshakes();
        self.reconnect();
        if self.ticks.is_multiple_of(TICKS_A_SECOND) {
            self.ping_one();
        }
        self.table.keys().into_iter().for_each(|key| self.watch(key));
        self.expire_manual();
        self.follow_masters_master();
        if self.is_replica() {
            self.follow_at_last();
            self.run_manual();
            self.run_election();
            self.consider_moving();
        }
        if self.health == Health::Fail {
            self.recheck();
        }
    }

    /// Takes over what the configuration says, and is shown so.
    pub fn configure(&mut self, settings: Settings) {
        self.settings = settings;
        self.describe_itself();
    }

    /// What this node announces may have been changed by command.
    fn describe_itself(&mut self) {
        let settings = self.settings.clone();
        let node = &mut self.table[self.myself];
        if !settings.announced_ip.is_empty() {
            node.address.ip = settings.announced_ip.clone();
        } else if !self.announced_ip.is_empty() {
            node.address.ip.clear(); // the next ping tells it
        }
        self.announced_ip = settings.announced_ip;
        let address = &mut node.address;
        (address.port, address.bus_port) = (settings.port, settings.bus_port);
        address.plain_port = settings.plain_port;
        node.hostname = settings.hostname;
        node.flags.clear(Flags::NOFAILOVER);
        if settings.no_failover {
            node.flags.set(Flags::NOFAILOVER);
        }
    }

    /// After the start a replica has to be told to copy its master, when it is known where that is.
    fn follow_at_last(&mut self) {
        let master = self.my_master().filter(|_| !self.local.is_following);
        if let Some(master) = master.filter(|master| !self.table[*master].address.ip.is_empty()) {
            self.order_to_follow(master);
        }
    }

    /// Forgets nodes that haven't told their names in time.
    fn end_handshakes(&mut self) {
        let timeout = self.settings.node_timeout_ms.max(SHORTEST_HANDSHAKE_MS);
        let now = self.now();
        for key in self.table.keys() {
            let node = &self.table[key];
            if !node.is_known() && now.saturating_sub(node.created_ms) > timeout {
                self.forget(key);
            }
        }
    }

    /// Pings a node that hasn't answered for long, among a few picked at random.
    fn ping_one(&mut self) {
        let keys = self.table.keys();
        let mut oldest: Option<NodeKey> = None;
        for _ in 0..SAMPLE {
            let key = keys[self.random.next_u64() as usize % keys.len()];
            let node = &self.table[key];
            let is_idle = node.link.is_some()
                && node.ping_sent_ms == 0
                && !node.flags.any(Flags::MYSELF | Flags::HANDSHAKE);
            let is_older = oldest
                .is_none_or(|other| node.pong_received_ms < self.table[other].pong_received_ms);
            if is_idle && is_older {
                oldest = Some(key);
            }
        }
        if let Some(link) = oldest.and_then(|key| self.table[key].link) {
            self.send_gossip(link, Kind::Ping);
        }
    }

    /// Pings a node in time, and draws conclusions if it doesn't answer.
    fn watch(&mut self, key: NodeKey) {
        let (now, timeout) = (self.now(), self.settings.node_timeout_ms);
        let node = &self.table[key];
        if node.flags.any(Flags::MYSELF | Flags::NOADDR | Flags::HANDSHAKE) {
            return;
        }
        let since_ping = now.saturating_sub(node.ping_sent_ms);
        let since_data = now.saturating_sub(node.data_received_ms);
        let is_asked = node.ping_sent_ms != 0;
        let link_age = node.link.and_then(|link| self.links.get(&link));
        let link_age = link_age.map(|link| now.saturating_sub(link.created_ms));
        // The connection may be broken, and the node well.
        if link_age.is_some_and(|age| age > timeout)
            && is_asked
            && since_ping > timeout / 2
            && since_data > timeout / 2
        {
            self.close_link_to(key);
        }
        let node = &self.table[key];
        if let Some(link) = node.link {
            let is_quiet = now.saturating_sub(node.pong_received_ms) > timeout / 2;
            let steps_down = self.manual.is_on() && self.manual.replica == Some(key);
            if !is_asked && is_quiet || steps_down && self.myself().is_master() {
                return self.send_gossip(link, Kind::Ping);
            }
        }
        if is_asked && since_ping.min(since_data) > timeout {
            self.suspect(key);
        }
    }
}
