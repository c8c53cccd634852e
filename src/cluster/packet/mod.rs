//! Packets of the bus: what nodes say to each other, as bytes. Numbers are big-endian.
//!
//! ```text
//!    0 "RCmb"   4 length   8 version 1   10 client port   12 type   14 gossip entries
//!   16 current epoch      24 configuration epoch         32 replication offset
//!   40 sender's name (40)             80 slots, a bit each (2048)
//! 2128 master's name (40)           2168 announced address (46)
//! 2214 extensions       2246 plain port   2248 bus port   2250 flags   2252 state   2253 message flags
//! 2256 body
//! ```
//!
//! | body of              | what it is                                                     |
//! |----------------------|----------------------------------------------------------------|
//! | ping, pong, meet     | entries of gossip, 104 bytes each, and extensions              |
//! | fail                 | the name of the node that has failed                           |
//! | publish, publishshard | two lengths, channel, message                                 |
//! | update               | an epoch, a name, the slots that this node has since then       |
//! | others               | nothing                                                        |
//!
//! What comes from the network is not trusted: whatever doesn't look as it should in any part is dropped
//! as a whole ([`Packet::parse`]), and memory grows with the bytes that have come, never with a length
//! that was told ([`framing`]).

mod decode;
mod encode;
pub mod framing;

use super::id::NodeId;
use super::node::{Address, Flags};
use super::slots::SlotSet;

/// What a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Are you there?
    Ping = 0,
    /// I am.
    Pong = 1,
    /// Are you there? And add me to your table.
    Meet = 2,
    /// A node has failed.
    Fail = 3,
    /// A message for subscribers.
    Publish = 4,
    /// A replica wants to be elected.
    AuthRequest = 5,
    /// A vote for it.
    AuthAck = 6,
    /// What you claim is another node's.
    Update = 7,
    /// A replica asks its master to step down.
    ManualStart = 8,
    /// Something between modules.
    Module = 9,
    /// A message for subscribers of a shard.
    PublishShard = 10,
}

impl Kind {
    /// How many there are.
    pub const COUNT: usize = 11;
    /// All of them, in the order in which they are listed.
    pub const ALL: [Kind; Kind::COUNT] = [
        Kind::Ping,
        Kind::Pong,
        Kind::Meet,
        Kind::Fail,
        Kind::Publish,
        Kind::AuthRequest,
        Kind::AuthAck,
        Kind::Update,
        Kind::ManualStart,
        Kind::Module,
        Kind::PublishShard,
    ];

    /// Its name in CLUSTER INFO.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Ping => "ping",
            Kind::Pong => "pong",
            Kind::Meet => "meet",
            Kind::Fail => "fail",
            Kind::Publish => "publish",
            Kind::AuthRequest => "auth-req",
            Kind::AuthAck => "auth-ack",
            Kind::Update => "update",
            Kind::ManualStart => "mfstart",
            Kind::Module => "module",
            Kind::PublishShard => "publishshard",
        }
    }

    fn of(number: u16) -> Option<Kind> {
        Kind::ALL.get(usize::from(number)).copied()
    }
}

/// What a node says of itself in every packet.
#[derive(Clone, Debug)]
pub struct Header {
    /// Where it listens; without an address, if it doesn't announce one.
    pub address: Address,
    /// The highest epoch that it knows.
    pub current_epoch: u64,
    /// The epoch of the slots that follow.
    pub config_epoch: u64,
    /// How far its data has come.
    pub offset: u64,
    /// Its name.
    pub sender: NodeId,
    /// Its slots, or its master's.
    pub slots: SlotSet,
    /// Its master.
    pub master: Option<NodeId>,
    /// What it is.
    pub flags: Flags,
    /// It takes the cluster to be down.
    pub is_down: bool,
    /// It holds writes, so its offset stands still.
    pub paused: bool,
    /// Vote even if the master works: it has agreed.
    pub force_vote: bool,
}

/// What a node says of another one.
#[derive(Clone, Debug)]
pub struct Gossip {
    /// Which.
    pub id: NodeId,
    /// When it was pinged, in seconds, if it hasn't answered.
    pub ping_sent_s: u32,
    /// When it answered last, in seconds.
    pub pong_received_s: u32,
    /// Where it listens.
    pub address: Address,
    /// What it is.
    pub flags: Flags,
}

/// What a packet says beyond its header.
#[derive(Clone, Debug)]
pub enum Body {
    /// Ping, pong, meet.
    Gossip {
        /// Some other nodes.
        entries: Vec<Gossip>,
        /// What the sender is called; may be empty.
        hostname: String,
    },
    /// Fail.
    Fail(NodeId),
    /// Publish, publishshard.
    Message {
        /// Where subscribers listen.
        channel: Vec<u8>,
        /// What they get.
        message: Vec<u8>,
    },
    /// Update.
    Update {
        /// Whose slots.
        id: NodeId,
        /// Since which epoch.
        config_epoch: u64,
        /// Which.
        slots: SlotSet,
    },
    /// Everything else.
    Nothing,
}

/// A packet.
#[derive(Clone, Debug)]
pub struct Packet {
    /// What it is.
    pub kind: Kind,
    /// Who sends it.
    pub header: Header,
    /// What it says.
    pub body: Body,
}

const SIGNATURE: &[u8; 4] = b"RCmb";
const VERSION: u16 = 1;
/// Bytes of the header.
pub const HEADER: usize = 2256;
const GOSSIP: usize = 104;
const IP: usize = 46;
const PAUSED: u8 = 1;
const FORCE_VOTE: u8 = 2;
const HAS_EXTENSIONS: u8 = 4;
/// The type of the extension that is a host name.
const HOSTNAME: u16 = 0;
/// Bytes before an extension's data.
const EXTENSION: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::random::Random;
    use proptest::prelude::*;

    fn header(random: &mut Random) -> Header {
        let mut slots = SlotSet::default();
        slots.insert(5);
        slots.insert(16_383);
        Header {
            address: Address { ip: "10.0.0.1".into(), port: 7000, bus_port: 17_000, plain_port: 0 },
            current_epoch: 7,
            config_epoch: 6,
            offset: 1234,
            sender: NodeId::draw(random),
            slots,
            master: Some(NodeId::draw(random)),
            flags: Flags::REPLICA | Flags::MYSELF,
            is_down: true,
            paused: false,
            force_vote: true,
        }
    }

    fn packets() -> Vec<Packet> {
        let mut random = Random::from_seed(3);
        let entry = Gossip {
            id: NodeId::draw(&mut random),
            ping_sent_s: 1,
            pong_received_s: 2,
            address: Address { ip: "::1".into(), port: 1, bus_port: 2, plain_port: 3 },
            flags: Flags::MASTER,
        };
        let bodies = [
            (
                Kind::Ping,
                Body::Gossip { entries: vec![entry.clone(), entry], hostname: "a.example".into() },
            ),
            (Kind::Meet, Body::Gossip { entries: vec![], hostname: String::new() }),
            (Kind::Fail, Body::Fail(NodeId::draw(&mut random))),
            (Kind::PublishShard, Body::Message { channel: b"c".to_vec(), message: vec![0; 300] }),
            (
                Kind::Update,
                Body::Update {
                    id: NodeId::draw(&mut random),
                    config_epoch: 9,
                    slots: SlotSet::default(),
                },
            ),
            (Kind::AuthRequest, Body::Nothing),
        ];
        let header = header(&mut random);
        bodies.map(|(kind, body)| Packet { kind, header: header.clone(), body }).into()
    }

    #[test]
    fn what_is_written_is_read() {
        for packet in packets() {
            let bytes = packet.encode();
            let read = Packet::parse(&bytes).expect("it is right");
            assert_eq!(format!("{read:?}"), format!("{packet:?}"));
            assert_eq!(read.encode(), bytes);
        }
    }

    #[test]
    fn a_ping_has_the_size_it_has_in_redis() {
        let packets = packets();
        // Header, two entries, and an extension: eight bytes and the name in eights, with its zero.
        assert_eq!(packets[0].encode().len(), 2256 + 2 * 104 + 8 + 16);
        assert_eq!(packets[1].encode().len(), 2256);
        assert_eq!(packets[2].encode().len(), 2256 + 40);
        assert_eq!(packets[4].encode().len(), 2256 + 8 + 40 + 2048);
    }

    #[test]
    fn a_packet_that_is_cut_is_dropped() {
        for packet in packets() {
            let bytes = packet.encode();
            for len in 0..bytes.len() {
                assert!(Packet::parse(&bytes[..len]).is_none());
            }
        }
    }

    proptest! {
        #[test]
        fn changed_bytes_do_no_harm(which in 0..6usize, changes in prop::collection::vec(
            (any::<prop::sample::Index>(), any::<u8>()), 1..20)) {
            let mut bytes = packets()[which].encode();
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Some(packet) = Packet::parse(&bytes) {
                prop_assert!(Packet::parse(&packet.encode()).is_some());
            }
        }
    }
}
