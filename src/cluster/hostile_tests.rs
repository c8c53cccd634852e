//! Packets that are right in form and wrong in everything else: whatever comes, the state stays one that can
//! be written and read, and its size stays bounded.

use proptest::prelude::*;

use super::key::LinkKey;
use super::node::{Address, Flags};
use super::packet::{Body, Gossip, Header, Kind, Packet};
use super::settings::Settings;
use super::state::Local;
use super::table::MOST_NODES;
use super::*;
use crate::system::random::Random;

/// Names of nodes: the first is the node's own, the next few it knows.
fn id(number: u8) -> NodeId {
    NodeId::parse(format!("{number:040}").as_bytes()).expect("forty digits")
}

/// A node that knows two masters and a replica, and two connections of them and a stranger.
fn cluster() -> (Cluster, Vec<LinkKey>) {
    let text = format!(
        "{} 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5000 [7->-{2}] [6000-<-{2}]\n\
         {} 10.0.0.2:7000@17000 master - 0 0 2 connected 5001-10000\n\
         {} 10.0.0.3:7000@17000 master - 0 0 3 connected 10001-16383\n\
         {} 10.0.0.4:7000@17000 slave {0} 0 0 1 connected\nvars currentEpoch 3 lastVoteEpoch 0\n",
        id(0),
        id(1),
        id(2),
        id(3)
    );
    let random = Random::from_seed(1);
    let mut cluster = Cluster::from_file(&text, Settings::default(), random, 1_000_000).unwrap();
    cluster.begin(Local { now_ms: 1_000_000, ..Local::default() });
    let links = (2..6).map(|n| cluster.accepted("10.0.0.1".into(), format!("10.0.0.{n}")));
    let links = links.collect();
    (cluster, links)
}

/// What has to be true after anything.
fn check(cluster: &Cluster) {
    let text = cluster.to_file();
    let read = Cluster::from_file(&text, Settings::default(), Random::from_seed(1), 1);
    let read = read.unwrap_or_else(|| panic!("can't be read again:\n{text}"));
    let slots = |cluster: &Cluster| {
        let owner = |slot| cluster.owner(slot).map(|key| cluster.node(key).id);
        (0..SLOTS as Slot).map(owner).collect::<Vec<_>>()
    };
    assert!(slots(&read) == slots(cluster));
    for (key, node) in cluster.nodes() {
        assert!(node.slots.iter().all(|slot| cluster.owner(slot) == Some(key)));
        assert!(node.master.is_none_or(|master| cluster.nodes().any(|(other, _)| other == master)));
    }
    assert_eq!(cluster.myself().id, id(0));
    assert!(cluster.nodes().count() <= MOST_NODES);
}

fn slots() -> impl Strategy<Value = SlotSet> {
    prop_oneof![
        Just(SlotSet::default()),
        Just(SlotSet::from_bytes(&[255; 2048])),
        (0..SLOTS as Slot, 0..200u16).prop_map(|(first, count)| {
            let mut slots = SlotSet::default();
            (first..(first + count).min(SLOTS as Slot)).for_each(|slot| _ = slots.insert(slot));
            slots
        }),
    ]
}

fn address() -> impl Strategy<Value = Address> {
    ("[0-9.:]{0,12}", any::<u16>(), any::<u16>()).prop_map(|(ip, port, bus_port)| Address {
        ip,
        port,
        bus_port,
        plain_port: 0,
    })
}

fn epoch() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 0..9u64, 1 => Just(1 << 62), 1 => Just(u64::MAX)]
}

fn header() -> impl Strategy<Value = Header> {
    let numbers = (epoch(), epoch(), epoch());
    let ids = (0..9u8, prop::option::of(0..9u8));
    (numbers, ids, slots(), any::<u16>(), address(), any::<[bool; 3]>()).prop_map(
        |((current_epoch, config_epoch, offset), (sender, master), slots, flags, address, bits)| {
            Header {
                address,
                current_epoch,
                config_epoch,
                offset,
                sender: id(sender),
                slots,
                master: master.map(id),
                flags: Flags(flags),
                is_down: bits[0],
                paused: bits[1],
                force_vote: bits[2],
            }
        },
    )
}

fn gossip() -> impl Strategy<Value = Body> {
    let entry =
        (0..60u8, any::<(u32, u32, u16)>(), address()).prop_map(|(number, times, address)| {
            let (ping_sent_s, pong_received_s, flags) = times;
            Gossip { id: id(number), ping_sent_s, pong_received_s, address, flags: Flags(flags) }
        });
    (prop::collection::vec(entry, 0..20), "[a-z.]{0,10}")
        .prop_map(|(entries, hostname)| Body::Gossip { entries, hostname })
}

fn packet() -> impl Strategy<Value = Packet> {
    let kind = prop::sample::select(&[Kind::Ping, Kind::Pong, Kind::Meet]);
    let silent = prop::sample::select(&[Kind::AuthRequest, Kind::AuthAck, Kind::ManualStart]);
    let said = prop_oneof![
        4 => (kind, gossip()),
        1 => (0..9u8).prop_map(|number| (Kind::Fail, Body::Fail(id(number)))),
        1 => (0..9u8, 0..9u64, slots()).prop_map(|(number, config_epoch, slots)| {
            (Kind::Update, Body::Update { id: id(number), config_epoch, slots })
        }),
        2 => silent.prop_map(|kind| (kind, Body::Nothing)),
    ];
    (header(), said).prop_map(|(header, (kind, body))| Packet { kind, header, body })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_comes_the_state_is_one(packets in prop::collection::vec((packet(), 0..4usize), 1..20)) {
        let (mut cluster, links) = cluster();
        for (index, (packet, link)) in packets.into_iter().enumerate() {
            let now_ms = 1_000_000 + index as u64 * 700;
            cluster.begin(Local { now_ms, ..Local::default() });
            cluster.receive(links[link], &packet.encode());
            cluster.settle();
            cluster.tick();
            cluster.settle();
            // Every other connection that is asked for is made.
            for action in cluster.take_outputs().network {
                if let output::Network::Connect { link, ip, .. } = action {
                    match link.0 % 2 {
                        0 => cluster.connected(link, "10.0.0.1".into(), ip),
                        _ => cluster.disconnected(link),
                    }
                }
            }
            check(&cluster);
        }
    }
}

/// A header of a node, about which there is nothing special.
fn header_of(number: u8) -> Header {
    Header {
        address: Address::default(),
        current_epoch: 3,
        config_epoch: 2,
        offset: 0,
        sender: id(number),
        slots: SlotSet::default(),
        master: None,
        flags: Flags::MASTER,
        is_down: false,
        paused: false,
        force_vote: false,
    }
}

/// A packet of a node that is known, and nothing else about it.
fn ping(header: Header) -> Vec<u8> {
    let body = Body::Gossip { entries: Vec::new(), hostname: String::new() };
    Packet { kind: Kind::Ping, header, body }.encode()
}

/// However high the epoch is that somebody tells, there is one above it: others can still be elected.
#[test]
fn no_epoch_that_is_told_is_the_last_one() {
    let (mut cluster, links) = cluster();
    let failed = Packet { kind: Kind::Fail, header: header_of(1), body: Body::Fail(id(2)) };
    for told in [1 << 62, u64::MAX, u64::MAX, 1 << 62] {
        let epoch = Header { current_epoch: told, config_epoch: told, ..header_of(1) };
        cluster.receive(links[0], &ping(epoch));
        assert!(
            cluster.current_epoch >= told.min(1 << 62)
                && cluster.current_epoch < u64::MAX / 2 + 100_000_000
        );
        assert_eq!(
            cluster.table[cluster.find(id(1).as_bytes()).unwrap()].config_epoch,
            cluster.current_epoch
        );
    }
    cluster.receive(links[0], &failed.encode());
    // The replica of the third one asks in the next epoch, and gets a vote in it.
    let mut replica = Header { flags: Flags::REPLICA, master: Some(id(2)), ..header_of(3) };
    cluster.receive(links[2], &ping(replica.clone()));
    replica.current_epoch = cluster.current_epoch + 1;
    cluster.tick();
    for action in cluster.take_outputs().network {
        if let output::Network::Connect { link, ip, .. } = action {
            cluster.connected(link, "10.0.0.1".into(), ip);
        }
    }
    let asks = Packet { kind: Kind::AuthRequest, header: replica.clone(), body: Body::Nothing };
    cluster.receive(links[2], &asks.encode());
    let votes = cluster.take_outputs().network.into_iter().filter(|action| {
        matches!(action, output::Network::Send { packet, .. } if packet[13] == Kind::AuthAck as u8)
    });
    assert_eq!((votes.count(), cluster.last_vote_epoch), (1, replica.current_epoch));
}

/// A packet that comes again, when its sender has a later epoch, is no reason to take another one.
#[test]
fn what_a_node_said_before_is_no_collision() {
    let (mut cluster, links) = cluster();
    for config_epoch in [2, 1, 0, 1] {
        cluster.receive(links[0], &ping(Header { config_epoch, ..header_of(1) }));
        assert_eq!((cluster.myself().config_epoch, cluster.current_epoch), (1, 3));
    }
    // A node that really has this node's epoch, and the larger name, keeps it.
    let other = cluster.find(id(1).as_bytes()).unwrap();
    cluster.table[other].config_epoch = 1;
    cluster.receive(links[0], &ping(Header { config_epoch: 1, ..header_of(1) }));
    assert_eq!(cluster.myself().config_epoch, 4);
}

#[test]
fn gossip_about_a_million_nodes_takes_bounded_memory() {
    let (mut cluster, links) = cluster();
    let mut random = Random::from_seed(2);
    let header = header_of(1);
    for _ in 0..20 {
        let entries = (0..50_000).map(|_| Gossip {
            id: NodeId::draw(&mut random),
            ping_sent_s: 0,
            pong_received_s: 0,
            address: Address { ip: "10.9.9.9".into(), port: 1, bus_port: 2, plain_port: 0 },
            flags: Flags::MASTER,
        });
        let body = Body::Gossip { entries: entries.collect(), hostname: String::new() };
        let packet = Packet { kind: Kind::Ping, header: header.clone(), body };
        cluster.receive(links[1], &packet.encode());
        cluster.tick();
    }
    assert_eq!(cluster.nodes().count(), MOST_NODES);
    let connecting = cluster.links().filter(|link| !link.is_up).count();
    assert!(connecting <= 100, "{connecting}");
}

#[test]
fn strangers_do_not_crowd_nodes_out() {
    let (mut cluster, links) = cluster();
    (0..5000).for_each(|_| _ = cluster.accepted("10.0.0.1".into(), "10.6.6.6".into()));
    assert!(cluster.links().count() <= 1001, "{}", cluster.links().count());
    // The first ones were of nobody who had said anything.
    assert!(!cluster.links.contains_key(&links[0]));
}

#[test]
fn who_reads_no_answers_gets_no_more_of_them() {
    let (mut cluster, links) = cluster();
    let ping = ping(Header { sender: id(9), ..header_of(1) });
    let mut waits = 0;
    for _ in 0..20 {
        cluster.note_unsent(links[3], waits);
        cluster.tick();
        (0..1000).for_each(|_| cluster.receive(links[3], &ping));
        for action in cluster.take_outputs().network {
            if let output::Network::Send { link, packet } = action
                && link == links[3]
            {
                waits += packet.len();
            }
        }
        assert!(waits > 0 && waits < 200_000, "{waits}");
    }
    // When it has read them it is answered again.
    cluster.note_unsent(links[3], 0);
    cluster.tick();
    cluster.receive(links[3], &ping);
    let mut sent = cluster.take_outputs().network.into_iter();
    assert!(
        sent.any(|action| matches!(action, output::Network::Send { link, .. } if link == links[3]))
    );
}
