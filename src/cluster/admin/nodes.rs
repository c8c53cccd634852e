//! CLUSTER MEET, FORGET, REPLICATE, RESET and others: who is a node, and of what kind, by command.

use std::net::IpAddr;

use super::Outcome;
use crate::cluster::id::NodeId;
use crate::cluster::key::NodeKey;
use crate::cluster::node::{Address, Flags};
use crate::cluster::output::{Order, Save};
use crate::cluster::state::Cluster;

/// For so long nobody's gossip brings back a node that was forgotten.
const BAN_MS: u64 = 60_000;

impl Cluster {
    /// Gets to know a node, and those whom it knows.
    pub fn meet(&mut self, ip: &str, port: i64, bus_port: i64) -> Outcome {
        let refused = || format!("Invalid node address specified: {ip}:{port}");
        let parsed: IpAddr = ip.parse().map_err(|_| refused())?;
        let valid = |port: i64| u16::try_from(port).ok().filter(|port| *port > 0);
        let (client, bus) =
            (valid(port).ok_or_else(refused)?, valid(bus_port).ok_or_else(refused)?);
        let address =
            Address { ip: parsed.to_string(), port: client, bus_port: bus, plain_port: 0 };
        self.start_handshake(address, Flags::MEET);
        Ok(())
    }

    /// The node that a command names.
    pub fn known(&self, id: &[u8]) -> Outcome<NodeKey> {
        let unknown = || format!("Unknown node {}", String::from_utf8_lossy(id));
        self.find(id).filter(|key| self.table[*key].is_known()).ok_or_else(unknown)
    }

    /// Whether a node was forgotten a moment ago, and isn't to be brought back.
    pub fn has_forgotten(&mut self, id: &[u8]) -> bool {
        NodeId::parse(id).is_some_and(|id| self.is_banned(&id))
    }

    /// Forgets a node, by command.
    pub fn forget_by_command(&mut self, id: &[u8]) -> Outcome {
        let key = self.known(id)?;
        if key == self.myself {
            return Err("I tried hard but I can't forget myself...".into());
        }
        if self.is_replica() && self.my_master() == Some(key) {
            return Err("Can't forget my master!".into());
        }
        let until = self.now() + BAN_MS;
        self.banned.insert(self.table[key].id, until);
        self.forget(key);
        self.save(Save::Written);
        Ok(())
    }

    /// Forgets a node, and all that there is of it.
    pub(in crate::cluster) fn forget(&mut self, key: NodeKey) {
        let node = &self.table[key];
        let links = [node.link, node.inbound];
        links.into_iter().flatten().for_each(|link| self.close(link));
        self.migrating.retain(|_, to| *to != key);
        self.importing.retain(|_, from| *from != key);
        if self.manual.replica == Some(key) {
            self.reset_manual();
        }
        self.election.voters.retain(|voter| *voter != key);
        let had_slots = !self.table[key].slots.is_empty();
        self.table.remove(key);
        if had_slots {
            self.slots_moved();
        }
        self.recheck();
    }

    /// Becomes a replica. A master has to be without slots, and without keys.
    pub fn replicate(&mut self, id: &[u8], has_keys: bool) -> Outcome {
        let key = self.known(id)?;
        if key == self.myself {
            return Err("Can't replicate myself".into());
        }
        if self.table[key].is_replica() {
            return Err("I can only replicate a master, not a replica.".into());
        }
        let myself = self.myself();
        if myself.is_master() && (!myself.slots.is_empty() || has_keys) {
            let text = "To set a master the node must be empty and without assigned slots.";
            return Err(text.into());
        }
        self.follow(key);
        Ok(())
    }

    /// Forgets the whole cluster; hard: even who this node was. The caller has emptied a replica.
    pub fn reset(&mut self, hard: bool) {
        if self.is_replica() {
            self.becomes_master(self.myself);
            self.order(Order::Promote);
        }
        self.migrating.clear();
        self.importing.clear();
        self.reset_manual();
        self.release_all(self.myself);
        let others = self.table.keys();
        let others = others.into_iter().filter(|key| *key != self.myself).collect::<Vec<_>>();
        others.into_iter().for_each(|key| self.forget(key));
        if hard {
            (self.current_epoch, self.last_vote_epoch) = (0, 0);
            self.table[self.myself].config_epoch = 0;
            let id = NodeId::draw(&mut self.random);
            crate::notice!("Node hard reset, now I'm {id}");
            self.table.rename(self.myself, id);
        }
        self.slots_moved();
        self.save(Save::Synced);
        self.recheck();
    }

    /// Sets the epoch of a node that is new.
    pub fn set_config_epoch(&mut self, epoch: i64) -> Outcome {
        let epoch =
            u64::try_from(epoch).map_err(|_| format!("Invalid config epoch specified: {epoch}"))?;
        if self.table.len() > 1 {
            let text = "The user can assign a config epoch only when the node does not know any \
                        other node.";
            return Err(text.into());
        }
        if self.myself().config_epoch != 0 {
            return Err("Node config epoch is already non-zero".into());
        }
        self.table[self.myself].config_epoch = epoch;
        self.current_epoch = self.current_epoch.max(epoch);
        self.save(Save::Synced);
        self.recheck();
        Ok(())
    }

    /// Has the state written, even if it hasn't changed.
    pub fn save_by_command(&mut self) {
        self.save(Save::Synced);
    }
}
