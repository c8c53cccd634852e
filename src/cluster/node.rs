//! A node, as another one knows it.

use super::id::NodeId;
use super::key::{LinkKey, NodeKey};
use super::slots::SlotSet;

/// What a node is, as bits; sent to others as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u16);

impl Flags {
    /// It may own slots.
    pub const MASTER: Flags = Flags(1);
    /// It copies a master.
    pub const REPLICA: Flags = Flags(2);
    /// It doesn't answer this node.
    pub const PFAIL: Flags = Flags(4);
    /// A majority of masters agree that it doesn't answer.
    pub const FAIL: Flags = Flags(8);
    /// The node whose table this is.
    pub const MYSELF: Flags = Flags(16);
    /// Its name isn't known yet.
    pub const HANDSHAKE: Flags = Flags(32);
    /// Its address isn't known any more.
    pub const NOADDR: Flags = Flags(64);
    /// It is to be told to add this node, too.
    pub const MEET: Flags = Flags(128);
    /// A master that has had replicas, so that others may move to it.
    pub const MIGRATE_TO: Flags = Flags(256);
    /// A replica that never wants to be elected.
    pub const NOFAILOVER: Flags = Flags(512);

    /// Whether all of these bits are set.
    pub fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether one of these bits is set.
    pub fn any(self, other: Flags) -> bool {
        self.0 & other.0 != 0
    }

    /// Sets bits.
    pub fn set(&mut self, other: Flags) {
        self.0 |= other.0;
    }

    /// Clears bits.
    pub fn clear(&mut self, other: Flags) {
        self.0 &= !other.0;
    }

    /// Their names in CLUSTER NODES and in the file.
    pub fn names(self) -> String {
        let names = FLAG_NAMES.iter().filter(|(flag, _)| self.has(*flag));
        let names = names.map(|(_, name)| *name).collect::<Vec<_>>().join(",");
        if names.is_empty() { "noflags".to_owned() } else { names }
    }

    /// The bits that these names mean. None: there is no such name.
    pub fn parse(names: &str) -> Option<Flags> {
        let mut flags = Flags::default();
        for name in names.split(',').filter(|name| *name != "noflags") {
            flags.set(FLAG_NAMES.iter().find(|(_, known)| *known == name)?.0);
        }
        Some(flags)
    }
}

impl std::ops::BitOr for Flags {
    type Output = Flags;
    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

const FLAG_NAMES: [(Flags, &str); 8] = [
    (Flags::MYSELF, "myself"),
    (Flags::MASTER, "master"),
    (Flags::REPLICA, "slave"),
    (Flags::PFAIL, "fail?"),
    (Flags::FAIL, "fail"),
    (Flags::HANDSHAKE, "handshake"),
    (Flags::NOADDR, "noaddr"),
    (Flags::NOFAILOVER, "nofailover"),
];

/// Where a node listens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// Its IP address, or whatever it announces; empty if that isn't known yet.
    pub ip: String,
    /// The port for clients.
    pub port: u16,
    /// The port for other nodes.
    pub bus_port: u16,
    /// The port for clients without TLS, if `port` is one with it.
    pub plain_port: u16,
}

impl Address {
    /// The port for a client, with TLS or without it.
    pub fn port_for(&self, plain: bool) -> u16 {
        if plain && self.plain_port != 0 { self.plain_port } else { self.port }
    }
}

/// Bytes of the longest address that a packet holds.
pub const LONGEST_ADDRESS: usize = 45;

/// Whether this may be an address: it goes into replies and into a file of lines.
pub fn is_address(text: &str) -> bool {
    text.len() <= LONGEST_ADDRESS
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".:-_%".contains(&b))
}

/// Whether this may be a host name.
pub fn is_hostname(text: &str) -> bool {
    text.len() < 256 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b))
}

/// A master has said that a node doesn't answer it.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// Who.
    pub from: NodeKey,
    /// When it was heard last.
    pub at_ms: u64,
}

/// A node. Times are Unix time in milliseconds; 0 is never.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its name; a random one during the handshake.
    pub id: NodeId,
    /// What it is.
    pub flags: Flags,
    /// Where it listens.
    pub address: Address,
    /// What it is called; may be empty.
    pub hostname: String,
    /// The epoch of its claims to slots: the higher one wins.
    pub config_epoch: u64,
    /// What it owns; empty for a replica.
    pub slots: SlotSet,
    /// Whom it copies.
    pub master: Option<NodeKey>,
    /// How far its data has come.
    pub offset: u64,
    /// When it told that.
    pub offset_at_ms: u64,
    /// When it was added.
    pub created_ms: u64,
    /// When the ping was sent that has not been answered yet.
    pub ping_sent_ms: u64,
    /// When its last answer came.
    pub pong_received_ms: u64,
    /// When anything came from it.
    pub data_received_ms: u64,
    /// Since when it has failed.
    pub failed_ms: u64,
    /// When this node voted for one of its replicas.
    pub voted_ms: u64,
    /// Since when it has been a master without replicas that work.
    pub orphaned_ms: u64,
    /// The connection that was opened here.
    pub link: Option<LinkKey>,
    /// The connection that was opened there.
    pub inbound: Option<LinkKey>,
    /// Who says that it doesn't answer.
    pub reports: Vec<Report>,
}

impl Node {
    /// A node that is known since `now_ms`.
    pub fn new(id: NodeId, flags: Flags, now_ms: u64) -> Node {
        Node {
            id,
            flags,
            address: Address::default(),
            hostname: String::new(),
            config_epoch: 0,
            slots: SlotSet::default(),
            master: None,
            offset: 0,
            offset_at_ms: 0,
            created_ms: now_ms,
            ping_sent_ms: 0,
            pong_received_ms: 0,
            data_received_ms: 0,
            failed_ms: 0,
            voted_ms: 0,
            orphaned_ms: 0,
            link: None,
            inbound: None,
            reports: Vec::new(),
        }
    }

    /// Whether it may own slots.
    pub fn is_master(&self) -> bool {
        self.flags.has(Flags::MASTER)
    }

    /// Whether it copies a master.
    pub fn is_replica(&self) -> bool {
        self.flags.has(Flags::REPLICA)
    }

    /// Whether a majority agrees that it doesn't answer.
    pub fn has_failed(&self) -> bool {
        self.flags.has(Flags::FAIL)
    }

    /// Whether it doesn't answer, here or at a majority.
    pub fn is_suspect(&self) -> bool {
        self.flags.any(Flags::PFAIL | Flags::FAIL)
    }

    /// Whether it has a name already.
    pub fn is_known(&self) -> bool {
        !self.flags.has(Flags::HANDSHAKE)
    }

    /// Whether its vote counts: masters without slots have none.
    pub fn is_voter(&self) -> bool {
        self.is_master() && !self.slots.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_have_the_names_of_the_file() {
        let flags = Flags::MYSELF | Flags::REPLICA | Flags::NOFAILOVER;
        assert_eq!(flags.names(), "myself,slave,nofailover");
        assert_eq!(Flags::parse("myself,slave,nofailover"), Some(flags));
        assert_eq!(Flags::parse("noflags"), Some(Flags::default()));
        assert_eq!(Flags::default().names(), "noflags");
        assert_eq!(Flags::parse("master,unheard-of"), None);
        // Never shown: others need not know.
        assert_eq!((Flags::MASTER | Flags::MEET | Flags::MIGRATE_TO).names(), "master");
    }

    #[test]
    fn addresses_and_names_can_not_end_a_line() {
        assert!(is_address("10.0.0.1") && is_address("::1") && is_address("fe80::1%eth0"));
        assert!(!is_address("a b") && !is_address("a\nb") && !is_address("1@2"));
        assert!(is_hostname("a.example-1.org") && !is_hostname("a,b") && !is_hostname("a\n"));
    }
}
