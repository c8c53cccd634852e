//! Nodes that don't answer.
//!
//! Whoever gets no answer for the node timeout suspects a node (`fail?`), and says so in its gossip. When a
//! majority of the masters with slots have said so, it has failed (`fail`), and everybody is told at once. It comes
//! back when it answers, a master only after a while: its slots may be about to be another one's.

use super::id::NodeId;
use super::key::NodeKey;
use super::node::{Flags, Node, Report};
use super::output::Save;
use super::packet::Gossip;
use super::state::Cluster;

/// Reports count for so many node timeouts.
const REPORT_VALIDITY: u64 = 2;
/// A master that answers again is taken back after so many node timeouts.
const FORGIVEN_AFTER: u64 = 2;
/// Others' clocks may be ahead of this one's by so much.
const CLOCK_TOLERANCE_MS: u64 = 500;

/// What a node may say of another one; the rest is for itself to say.
const FLAGS_OF_OTHERS: Flags = Flags(
    Flags::MASTER.0
        | Flags::REPLICA.0
        | Flags::PFAIL.0
        | Flags::FAIL.0
        | Flags::MIGRATE_TO.0
        | Flags::NOFAILOVER.0,
);

impl Cluster {
    /// A node says something of another one.
    pub(super) fn hear_of_other(&mut self, sender: NodeKey, entry: &Gossip) {
        let Some(key) = self.table.find(&entry.id) else { return self.learn_of(entry) };
        if key == sender {
            return;
        }
        let says_it_fails = entry.flags.any(Flags::PFAIL | Flags::FAIL);
        // What others say of this node is only shown: when they have heard of it.
        if self.table[sender].is_master() && key != self.myself {
            if says_it_fails {
                self.add_report(key, sender);
                self.fail_if_agreed(key);
            } else {
                self.table[key].reports.retain(|report| report.from != sender);
            }
        }
        self.drop_old_reports(key);
        let now = self.now();
        let node = &mut self.table[key];
        // Others hear of it: no need to ask it as often.
        if !says_it_fails && node.ping_sent_ms == 0 && node.reports.is_empty() {
            let heard_ms = u64::from(entry.pong_received_s) * 1000;
            if heard_ms <= now + CLOCK_TOLERANCE_MS && heard_ms > node.pong_received_ms {
                node.pong_received_ms = heard_ms;
            }
        }
        // It isn't there for this node, but it is for others, and elsewhere.
        let has_moved = key != self.myself
            && node.is_suspect()
            && !says_it_fails
            && !entry.flags.has(Flags::NOADDR)
            && !entry.address.ip.is_empty()
            && node.address != entry.address;
        if has_moved {
            node.address = entry.address.clone();
            node.flags.clear(Flags::NOADDR);
            self.close_link_to(key);
            if self.myself().master == Some(key) {
                self.order_to_follow(key);
            }
            self.save(Save::Written);
        }
    }

    /// A node that isn't known yet, said by one that is.
    fn learn_of(&mut self, entry: &Gossip) {
        let is_welcome = !entry.flags.has(Flags::NOADDR)
            && !entry.flags.has(Flags::HANDSHAKE)
            && !entry.address.ip.is_empty()
            && !self.is_banned(&entry.id)
            && !self.table.is_full();
        if !is_welcome {
            return;
        }
        let flags = Flags(entry.flags.0 & FLAGS_OF_OTHERS.0);
        let mut node = Node::new(entry.id, flags, self.now());
        node.address = entry.address.clone();
        self.table.add(node);
        self.save(Save::Written);
    }

    pub(in crate::cluster) fn is_banned(&mut self, id: &NodeId) -> bool {
        let now = self.now();
        self.banned.retain(|_, until| *until > now);
        self.banned.contains_key(id)
    }

    fn add_report(&mut self, key: NodeKey, from: NodeKey) {
        let at_ms = self.now();
        let reports = &mut self.table[key].reports;
        match reports.iter_mut().find(|report| report.from == from) {
            Some(report) => report.at_ms = at_ms,
            None => reports.push(Report { from, at_ms }),
        }
    }

    fn drop_old_reports(&mut self, key: NodeKey) {
        let oldest = self.now().saturating_sub(self.settings.node_timeout_ms * REPORT_VALIDITY);
        self.table[key].reports.retain(|report| report.at_ms >= oldest);
    }

    /// How many masters say that a node doesn't answer.
    pub fn count_reports(&mut self, key: NodeKey) -> usize {
        self.drop_old_reports(key);
        self.table[key].reports.len()
    }

    /// A node hasn't answered for the node timeout.
    pub(super) fn suspect(&mut self, key: NodeKey) {
        if self.table[key].is_suspect() {
            return;
        }
        crate::verbose!("*** NODE {} possibly failing", self.table[key].id);
        self.table[key].flags.set(Flags::PFAIL);
        self.recheck();
    }

    /// A majority, this node included, agrees that a node doesn't answer: it has failed.
    fn fail_if_agreed(&mut self, key: NodeKey) {
        let node = &self.table[key];
        if !node.flags.has(Flags::PFAIL) || node.has_failed() {
            return;
        }
        let own = usize::from(self.myself().is_master());
        if self.count_reports(key) + own < self.quorum() {
            return;
        }
        let id = self.table[key].id;
        crate::notice!("Marking node {id} as failing (quorum reached).");
        self.mark_failed(key);
        self.broadcast_failure(id);
    }

    fn mark_failed(&mut self, key: NodeKey) {
        let now = self.now();
        let node = &mut self.table[key];
        node.flags.clear(Flags::PFAIL);
        node.flags.set(Flags::FAIL);
        node.failed_ms = now;
        self.save(Save::Written);
        self.recheck();
    }

    /// Somebody says that a majority agrees.
    pub(super) fn hear_failure(&mut self, id: &NodeId) {
        let Some(key) = self.table.find(id) else { return };
        if key != self.myself && !self.table[key].has_failed() {
            crate::notice!("FAIL message received about {id}");
            self.mark_failed(key);
        }
    }

    /// A node that has failed answers.
    pub(super) fn forgive(&mut self, key: NodeKey) {
        let now = self.now();
        let node = &mut self.table[key];
        let patience = self.settings.node_timeout_ms * FORGIVEN_AFTER;
        // A master that still has slots after so long: nobody could be elected.
        if node.is_voter() && now.saturating_sub(node.failed_ms) <= patience {
            return;
        }
        crate::notice!("Clear FAIL state for node {}: it is reachable again.", node.id);
        node.flags.clear(Flags::FAIL);
        self.save(Save::Written);
        self.recheck();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::node::Address;
    use crate::cluster::output::Order;
    use crate::cluster::settings::Settings;
    use crate::system::random::Random;

    /// A replica hears from others where its master is now, before that one has spoken to it.
    #[test]
    fn a_replica_follows_its_master_to_another_address() {
        let [a, b, c] = ["a", "b", "c"].map(|digit| digit.repeat(40));
        let text = format!(
            "{a} 10.0.0.1:7000@17000 myself,slave {b} 0 0 1 connected\n\
             {b} 10.0.0.2:7000@17000 master,fail? - 0 0 1 connected 0-100\n\
             {c} 10.0.0.3:7000@17000 master - 0 0 2 connected 101-16383\n"
        );
        let random = Random::from_seed(1);
        let mut cluster = Cluster::from_file(&text, Settings::default(), random, 1000).unwrap();
        let [b, c] = [b, c].map(|id| cluster.find(id.as_bytes()).unwrap());
        let (ip, port) = ("10.9.9.9".to_owned(), 7001);
        let address = Address { ip: ip.clone(), port, bus_port: 17_001, plain_port: 0 };
        let id = cluster.node(b).id;
        let flags = Flags::MASTER;
        let entry = Gossip { id, ping_sent_s: 0, pong_received_s: 0, address, flags };
        cluster.hear_of_other(c, &entry);
        assert_eq!(cluster.take_orders(), [Order::Follow { ip, port }]);
        cluster.hear_of_other(c, &entry);
        assert_eq!(cluster.take_orders(), [], "it is there already");
    }
}
