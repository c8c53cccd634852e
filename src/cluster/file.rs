//! The state as a file, `nodes.conf`: the lines of CLUSTER NODES, and two numbers.
//!
//! ```text
//! 07c3... 127.0.0.1:7001@17001 myself,master - 0 1700000000000 2 connected 5461-10922 [93->-67ed...]
//! 67ed... 127.0.0.1:7002@17002 slave 07c3... 0 1700000000000 2 connected
//! vars currentEpoch 6 lastVoteEpoch 0
//! ```
//!
//! It is this node's memory of what it has promised. It is not for people to edit, and one that is
//! damaged ends the start: a node that has forgotten its epoch would vote twice.

use super::id::NodeId;
use super::key::NodeKey;
use super::node::{Address, Flags, Node, is_address, is_hostname};
use super::output::Save;
use super::settings::Settings;
use super::slots::{SLOTS, Slot};
use super::state::Cluster;
use super::table::Table;
use crate::system::random::Random;

/// Fields before the slots.
const FIELDS: usize = 8;

impl Cluster {
    /// The text of the file.
    pub fn to_file(&self) -> String {
        let vars = format!(
            "vars currentEpoch {} lastVoteEpoch {}\n",
            self.current_epoch, self.last_vote_epoch
        );
        self.describe_nodes(false, false) + &vars
    }

    /// The node that a file tells of. None: the file is damaged.
    pub fn from_file(
        text: &str,
        settings: Settings,
        random: Random,
        now_ms: u64,
    ) -> Option<Cluster> {
        let mut cluster = Cluster::new(settings, random, now_ms);
        cluster.table = Table::default();
        let mut myself = None;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if let Some(vars) = line.strip_prefix("vars") {
                cluster.read_vars(vars)?;
                continue;
            }
            let key = cluster.read_node(line, now_ms)?;
            if cluster.table[key].flags.has(Flags::MYSELF) {
                if myself.replace(key).is_some() {
                    return None;
                }
                cluster.myself = key;
            }
        }
        myself?;
        cluster.current_epoch = cluster.current_epoch.max(cluster.table.highest_epoch());
        cluster.outputs = Default::default();
        Some(cluster)
    }

    fn read_vars(&mut self, vars: &str) -> Option<()> {
        let words: Vec<&str> = vars.split_whitespace().collect();
        for pair in words.chunks(2) {
            let [name, value] = pair else { return None };
            match *name {
                "currentEpoch" => self.current_epoch = value.parse().ok()?,
                "lastVoteEpoch" => self.last_vote_epoch = value.parse().ok()?,
                _ => {} // of a newer version
            }
        }
        Some(())
    }

    fn read_node(&mut self, line: &str, now_ms: u64) -> Option<NodeKey> {
        let fields: Vec<&str> = line.split(' ').filter(|field| !field.is_empty()).collect();
        let (fixed, slots) = fields.split_at_checked(FIELDS)?;
        let key = self.named(fixed[0], now_ms)?;
        let (address, hostname) = read_address(fixed[1])?;
        let flags = Flags::parse(fixed[2])?;
        let master = match fixed[3] {
            "-" => None,
            id => Some(self.named(id, now_ms)?),
        };
        let [ping, pong, epoch] =
            [fixed[4], fixed[5], fixed[6]].map(|text| text.parse::<u64>().ok());
        let node = &mut self.table[key];
        (node.address, node.hostname, node.flags) = (address, hostname, flags);
        if ping? != 0 {
            node.ping_sent_ms = now_ms;
        }
        if pong? != 0 {
            node.pong_received_ms = now_ms;
        }
        if node.has_failed() {
            node.failed_ms = now_ms;
        }
        // A replica's is its master's, which stands in that one's line.
        node.config_epoch = if flags.has(Flags::REPLICA) { 0 } else { epoch? };
        self.table.set_master(key, master);
        for text in slots {
            self.read_slots(key, text, now_ms)?;
        }
        Some(key)
    }

    /// The node of this name; lines may name nodes that come later.
    fn named(&mut self, id: &str, now_ms: u64) -> Option<NodeKey> {
        let id = NodeId::parse(id.as_bytes())?;
        Some(match self.table.find(&id) {
            Some(key) => key,
            None => self.table.add(Node::new(id, Flags::default(), now_ms)),
        })
    }

    /// `5`, `1-3`, `[5->-id]` or `[5-<-id]`.
    fn read_slots(&mut self, key: NodeKey, text: &str, now_ms: u64) -> Option<()> {
        if let Some(moving) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            let (slot, rest) = moving.split_once('-')?;
            let (slot, other) = (read_slot(slot)?, self.named(rest.get(2..)?, now_ms)?);
            match rest.get(..2)? {
                ">-" => self.migrating.insert(slot, other),
                "<-" => self.importing.insert(slot, other),
                _ => return None,
            };
            return Some(());
        }
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        for slot in read_slot(first)?..=read_slot(last)? {
            // Of two lines that name a slot the first one counts, as in Redis.
            if self.table.owner(slot).is_none() {
                self.table.assign(slot, key);
            }
        }
        Some(())
    }

    /// Keys lie here whose slots are not this node's: they were loaded from a file of other times. A slot
    /// that is nobody's is taken; one of another node is to be imported.
    pub fn adopt_slots(&mut self, with_keys: &[Slot]) {
        if self.is_replica() {
            return;
        }
        for slot in with_keys.iter().copied() {
            match self.owner(slot) {
                Some(owner) if owner == self.myself => continue,
                _ if self.importing.contains_key(&slot) => continue,
                None => {
                    crate::notice!(
                        "I have keys for unassigned slot {slot}. Taking responsibility for it."
                    );
                    self.table.assign(slot, self.myself);
                }
                Some(owner) => {
                    crate::notice!(
                        "I have keys for slot {slot}, but the slot is assigned to another node. \
                         Setting it to importing state."
                    );
                    self.importing.insert(slot, owner);
                }
            }
            self.save(Save::Synced);
        }
    }
}

fn read_slot(text: &str) -> Option<Slot> {
    text.parse().ok().filter(|slot| usize::from(*slot) < SLOTS)
}

/// `ip:port@bus-port,hostname`, where the last two may be absent.
fn read_address(text: &str) -> Option<(Address, String)> {
    let mut parts = text.split(','); // later versions have more of them
    let (address, hostname) = (parts.next()?, parts.next().unwrap_or_default());
    let (ip, ports) = address.rsplit_once(':')?;
    let (port, bus_port) = match ports.split_once('@') {
        Some((port, bus_port)) => (port.parse().ok()?, bus_port.parse().ok()?),
        None => {
            let port: u16 = ports.parse().ok()?;
            (port, port.saturating_add(10_000))
        }
    };
    let is_right = is_address(ip) && is_hostname(hostname);
    let address = Address { ip: ip.to_owned(), port, bus_port, plain_port: 0 };
    is_right.then(|| (address, hostname.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "07c37dfeb235213a872192d90877d0cd55635b91";
    const B: &str = "67ed2db8d677e59ec4a4cefb06858cf2a1a89fa1";

    fn read(text: &str) -> Option<Cluster> {
        Cluster::from_file(text, Settings::default(), Random::from_seed(1), 1000)
    }

    #[test]
    fn what_is_written_is_read() {
        let text = format!(
            "{A} 127.0.0.1:7001@17001,a.example myself,master - 0 0 2 connected 0-100 103 \
             [7->-{B}] [9-<-{B}]\n{B} ::1:7002@17002 slave {A} 0 0 2 disconnected\n\
             vars currentEpoch 6 lastVoteEpoch 5\n"
        );
        let cluster = read(&text).unwrap();
        assert_eq!(cluster.to_file(), text);
        assert_eq!((cluster.current_epoch, cluster.last_vote_epoch), (6, 5));
        let replica = cluster.find(B.as_bytes()).unwrap();
        assert_eq!(cluster.node(replica).address.ip, "::1");
        assert_eq!(cluster.node(replica).master, Some(cluster.my_key()));
        assert!(cluster.is_mine(100) && cluster.is_mine(103) && !cluster.is_mine(101));
    }

    #[test]
    fn old_and_empty_lines_are_understood() {
        let cluster = read(&format!("\n{A} 127.0.0.1:7001 myself,master - 0 0 0 connected\n\n"));
        assert_eq!(cluster.unwrap().myself().address.bus_port, 17_001);
        let later =
            format!("{A} ::1:7001@17001,a.example,shard-id={B} myself,master - 0 0 0 connected");
        assert_eq!(read(&later).unwrap().myself().hostname, "a.example");
    }

    #[test]
    fn of_two_owners_the_first_one_counts() {
        let text = format!(
            "{A} 127.0.0.1:7001@17001 myself,master - 0 0 2 connected 0-100\n\
             {B} 127.0.0.1:7002@17002 master - 0 0 3 connected 50-200\n"
        );
        let cluster = read(&text).unwrap();
        assert!(cluster.is_mine(0) && cluster.is_mine(100) && !cluster.is_mine(101));
    }

    #[test]
    fn a_damaged_file_is_none() {
        let right = format!("{A} 127.0.0.1:7001@17001 myself,master - 0 0 2 connected");
        assert!(read(&right).is_some());
        for wrong in [
            "nonsense".to_owned(),
            String::new(),
            right.replace("myself,", ""),
            right.replace("07c3", "!!!!"),
            right.replace("connected", ""),
            right.replace("master", "king"),
            format!("{right} 16384"),
            format!("{right} 3-x"),
            format!("{right}\nvars currentEpoch"),
            format!("{right}\nvars currentEpoch x lastVoteEpoch 0"),
            format!("{right}\n{}", right.replace(A, B)),
        ] {
            assert!(read(&wrong).is_none(), "{wrong}");
        }
    }
}
