//! The state as text: CLUSTER NODES, whose lines are those of the file, too, and CLUSTER INFO.

use std::fmt::Write;

use super::key::NodeKey;
use super::node::{Flags, Node};
use super::slots::{SLOTS, Slot};
use super::state::Cluster;

impl Cluster {
    /// Every node as a line: CLUSTER NODES. Nodes without a name are left out of the file. Who comes without
    /// TLS to a cluster that speaks it is `plain`.
    pub fn describe_nodes(&self, with_handshakes: bool, plain: bool) -> String {
        let nodes = self.table.iter().filter(|(_, node)| with_handshakes || node.is_known());
        nodes.map(|(key, node)| self.describe_node(key, node, plain) + "\n").collect()
    }

    /// A node as a line.
    ///
    /// ```text
    /// id ip:port@bus-port[,hostname] flags master|- ping-sent pong-received epoch connected slots...
    /// ```
    pub fn describe_node(&self, key: NodeKey, node: &Node, plain: bool) -> String {
        let (address, port) = (&node.address, node.address.port_for(plain));
        let mut line = format!("{} {}:{port}@{}", node.id, address.ip, address.bus_port);
        if !node.hostname.is_empty() {
            _ = write!(line, ",{}", node.hostname); // to a string: never fails
        }
        let master = node.master.map_or("-", |master| self.table[master].id.as_str());
        let is_connected = key == self.myself || self.is_connected(node);
        // A replica's epoch is its master's.
        let epoch = node.master.map_or(node.config_epoch, |key| self.table[key].config_epoch);
        _ = write!(
            line,
            " {} {master} {} {} {epoch} {}",
            node.flags.names(),
            node.ping_sent_ms,
            node.pong_received_ms,
            if is_connected { "connected" } else { "disconnected" }
        );
        for (first, last) in node.slots.ranges() {
            _ = match first == last {
                true => write!(line, " {first}"),
                false => write!(line, " {first}-{last}"),
            };
        }
        if node.flags.has(Flags::MYSELF) {
            for (slot, to) in &self.migrating {
                _ = write!(line, " [{slot}->-{}]", self.table[*to].id);
            }
            for (slot, from) in &self.importing {
                _ = write!(line, " [{slot}-<-{}]", self.table[*from].id);
            }
        }
        line
    }

    /// Whether the connection that this node opened to another one is there.
    fn is_connected(&self, node: &Node) -> bool {
        node.link.is_some_and(|link| self.links.contains_key(&link))
    }

    /// `cluster_*` fields: CLUSTER INFO.
    pub fn describe_info(&self) -> String {
        let owners = (0..SLOTS as Slot).filter_map(|slot| self.owner(slot));
        let (mut assigned, mut suspect, mut failed) = (0, 0, 0);
        for owner in owners {
            let node = &self.table[owner];
            assigned += 1;
            if node.has_failed() {
                failed += 1;
            } else if node.is_suspect() {
                suspect += 1;
            }
        }
        // A replica serves under its master's epoch.
        let master = self.myself().master.unwrap_or(self.myself);
        let mut fields = vec![
            ("cluster_state".to_owned(), self.health.name().to_owned()),
            ("cluster_slots_assigned".to_owned(), assigned.to_string()),
            ("cluster_slots_ok".to_owned(), (assigned - suspect - failed).to_string()),
            ("cluster_slots_pfail".to_owned(), suspect.to_string()),
            ("cluster_slots_fail".to_owned(), failed.to_string()),
            ("cluster_known_nodes".to_owned(), self.table.len().to_string()),
            ("cluster_size".to_owned(), self.size.to_string()),
            ("cluster_current_epoch".to_owned(), self.current_epoch.to_string()),
            ("cluster_my_epoch".to_owned(), self.table[master].config_epoch.to_string()),
        ];
        for (direction, (by_kind, all)) in
            [("sent", self.stats.sent()), ("received", self.stats.received())]
        {
            for (kind, count) in by_kind {
                let name = format!("cluster_stats_messages_{kind}_{direction}");
                fields.push((name, count.to_string()));
            }
            fields.push((format!("cluster_stats_messages_{direction}"), all.to_string()));
        }
        let over = self.stats.links_over_limit.to_string();
        fields.push(("total_cluster_links_buffer_limit_exceeded".to_owned(), over));
        fields.iter().map(|(name, value)| format!("{name}:{value}\r\n")).collect()
    }
}
