//! What has to be true: always, and when all is calm.

use std::collections::{BTreeMap, BTreeSet};

use cacheflow::cluster::packet::{Kind, Packet};
use cacheflow::cluster::{Health, NodeId, SLOTS, Slot};

use super::world::World;

/// Sees every packet, and who becomes a master.
#[derive(Default)]
pub struct Witness {
    /// The voters of each epoch.
    votes: BTreeSet<(u64, NodeId)>,
    winners: BTreeMap<u64, NodeId>,
    pub promotions: usize,
    /// Somebody has become a master without asking anybody. Before all have heard of it there are more voters than
    /// masters: two parts of the cluster may have a majority each.
    pub had_takeover: bool,
}

impl Witness {
    /// A node votes once in an epoch.
    pub fn sees_packet(&mut self, bytes: &[u8]) {
        let kind = u16::from_be_bytes([bytes[12], bytes[13]]);
        if kind != Kind::AuthAck as u16 {
            return;
        }
        let header = Packet::parse(bytes).expect("nodes send what is right").header;
        let is_first = self.votes.insert((header.current_epoch, header.sender));
        assert!(is_first, "{} votes twice in epoch {}", header.sender, header.current_epoch);
    }

    /// An epoch has one winner, as long as nobody becomes a voter without an election.
    pub fn sees_winner(&mut self, epoch: u64, id: NodeId) {
        self.promotions += 1;
        if self.had_takeover {
            return;
        }
        let winner = *self.winners.entry(epoch).or_insert(id);
        assert!(winner == id, "{winner} and {id} have both won epoch {epoch}");
    }
}

impl World {
    /// Everything is in order before the time is over.
    pub fn expect_order(&mut self, when: &str, within_ms: u64) {
        let end = self.now_ms + within_ms;
        loop {
            match self.disorder() {
                None => return,
                Some(disorder) if self.now_ms >= end => {
                    panic!("{when}: {disorder}\n{}", self.describe())
                }
                Some(_) => self.run_for(500),
            }
        }
    }

    /// What isn't in order.
    fn disorder(&self) -> Option<String> {
        let owners = |host: usize| -> Vec<Option<NodeId>> {
            let node = self.hosts[host].running();
            let id = |slot| node.owner(slot).map(|key| node.node(key).id);
            (0..SLOTS as Slot).map(id).collect()
        };
        let agreed = owners(0);
        if let Some(slot) = agreed.iter().position(Option::is_none) {
            return Some(format!("slot {slot} is nobody's"));
        }
        let mut epochs = BTreeSet::new();
        for (index, host) in self.hosts.iter().enumerate() {
            let node = host.running();
            let me = node.myself();
            if node.health() != Health::Ok {
                return Some(format!("{} doesn't serve", host.ip));
            }
            if owners(index) != agreed {
                return Some(format!("{} and {} disagree", host.ip, self.hosts[0].ip));
            }
            if let Some((_, other)) = node.nodes().find(|(_, node)| node.is_suspect()) {
                return Some(format!("{} suspects {}", host.ip, other.id));
            }
            if node.nodes().count() != self.hosts.len() {
                return Some(format!("{} doesn't know all", host.ip));
            }
            if me.is_master() && !epochs.insert(me.config_epoch) {
                return Some(format!("two masters have epoch {}", me.config_epoch));
            }
            match node.my_master() {
                Some(master) if !node.node(master).is_master() => {
                    return Some(format!("{} copies a replica", host.ip));
                }
                Some(master) if host.master.as_ref() != Some(&node.node(master).address.ip) => {
                    return Some(format!("{} copies {:?}", host.ip, host.master));
                }
                None if node.is_replica() || host.master.is_some() => {
                    return Some(format!("{} doesn't know whom it copies", host.ip));
                }
                _ => {}
            }
        }
        None
    }

    fn describe(&self) -> String {
        let hosts = self.hosts.iter();
        hosts.map(|host| format!("{}:\n{}", host.ip, host.running().to_file())).collect()
    }

    /// So many replicas have taken their masters' places, and those who are there serve.
    pub fn expect_new_masters(&self, count: usize) {
        assert_eq!(self.witness.promotions, count);
        for host in self.hosts.iter().filter(|host| host.node.is_some()) {
            assert_eq!(host.running().health(), Health::Ok, "{}", host.ip);
        }
    }
}
