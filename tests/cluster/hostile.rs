//! Whoever reaches the bus can say anything on it: garbage, lies about lengths, packets of other versions, cut
//! ones and repeated ones, claims to every slot. The node goes on serving what is its own, knows whom it
//! knew, and takes no memory for what was only promised.
//!
//! Needs no redis-server. What is right in form and wrong in everything else is tried on the state machine
//! itself, in larger numbers (`src/cluster/hostile_tests.rs`).

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use cacheflow::cluster::node::{Address, Flags};
use cacheflow::cluster::packet::{Body, Gossip, Header, Kind as Says, Packet};
use cacheflow::cluster::{NodeId, SlotSet};

use super::nodes::{Kind, Node, text, wait_until};

/// A node that has all slots.
fn node() -> Node {
    let node = Node::start(Kind::Cacheflow);
    assert_eq!(node.ask("CLUSTER ADDSLOTSRANGE 0 16383"), "OK");
    wait_until("it serves", || node.field("CLUSTER INFO", "cluster_state") == "ok");
    assert_eq!(node.ask("SET foo mine"), "OK");
    node
}

fn connect(node: &Node) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, node.port + 10_000)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

fn id(letter: char) -> NodeId {
    NodeId::parse(letter.to_string().repeat(40).as_bytes()).unwrap()
}

/// What a master says that claims every slot, of a later epoch than all others.
fn header(sender: NodeId) -> Header {
    Header {
        address: Address { ip: String::new(), port: 1, bus_port: 2, plain_port: 0 },
        current_epoch: 99,
        config_epoch: 99,
        offset: 0,
        sender,
        slots: SlotSet::from_bytes(&[255; 2048]),
        master: None,
        flags: Flags::MASTER | Flags::MYSELF,
        is_down: false,
        paused: false,
        force_vote: true,
    }
}

fn gossip(entries: Vec<Gossip>) -> Body {
    Body::Gossip { entries, hostname: String::new() }
}

fn packet(kind: Says, sender: NodeId, body: Body) -> Vec<u8> {
    Packet { kind, header: header(sender), body }.encode()
}

/// It answers a ping on another connection, serves what it served, and knows nobody new.
fn is_well(node: &Node) {
    let mut stream = connect(node);
    stream.write_all(&packet(Says::Ping, id('a'), gossip(vec![]))).unwrap();
    let mut answer = [0; 2256];
    stream.read_exact(&mut answer).unwrap();
    let answer = Packet::parse(&answer).expect("a packet");
    assert_eq!((answer.kind, answer.header.sender.to_string()), (Says::Pong, node.id()));
    assert_eq!(node.ask("GET foo"), "mine");
    assert_eq!(node.field("CLUSTER INFO", "cluster_known_nodes"), "1");
    assert_eq!(node.field("CLUSTER INFO", "cluster_current_epoch"), "0");
}

/// The connection is ended, and nothing was said on it.
fn is_closed(mut stream: TcpStream) {
    let mut rest = Vec::new();
    // A reset is as good as an end.
    let _ = stream.read_to_end(&mut rest);
    assert!(rest.is_empty(), "{} bytes", rest.len());
}

fn memory(node: &Node) -> usize {
    bytes(node, "VmRSS:")
}

/// A figure of the process.
fn bytes(node: &Node, name: &str) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", node.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

#[test]
fn what_is_no_packet_ends_its_connection_and_nothing_else() {
    let node = node();
    let right = packet(Says::Ping, id('a'), gossip(vec![]));
    let change = |at: usize, bytes: &[u8]| {
        let mut wrong = right.clone();
        wrong[at..at + bytes.len()].copy_from_slice(bytes);
        wrong
    };
    for garbage in [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        b"*1\r\n$4\r\nPING\r\n".to_vec(),
        vec![0; 5000],
        change(0, b"RCMB"),
        change(4, &2255u32.to_be_bytes()),
        change(4, &u32::MAX.to_be_bytes()),
    ] {
        let mut stream = connect(&node);
        let _ = stream.write_all(&garbage); // it may have ended already
        is_closed(stream);
    }
    // What only isn't understood is dropped, and the next packet of the same connection is answered.
    let mut stream = connect(&node);
    for dropped in [
        change(8, &2u16.to_be_bytes()),
        change(12, &77u16.to_be_bytes()),
        change(14, &500u16.to_be_bytes()),
        change(40, &[0xff; 40]),
        change(2168, b"1.1.1.1\n2.2.2.2"),
    ] {
        stream.write_all(&dropped).unwrap();
    }
    stream.write_all(&right).unwrap();
    let mut answer = [0; 2256];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(Packet::parse(&answer).unwrap().kind, Says::Pong);
    is_well(&node);
}

#[test]
fn lengths_that_lie_take_no_memory() {
    let node = node();
    let before = memory(&node);
    let mut open = Vec::new();
    for _ in 0..200 {
        let mut bytes = packet(Says::Publish, id('a'), Body::Nothing);
        bytes[4..8].copy_from_slice(&(1u32 << 29).to_be_bytes());
        let mut stream = connect(&node);
        stream.write_all(&bytes).unwrap();
        open.push(stream);
    }
    is_well(&node);
    let more = memory(&node).saturating_sub(before);
    // A hundred gigabytes were promised.
    assert!(more < 100 << 20, "{more} bytes");
    drop(open);
    is_well(&node);
}

/// A few megabytes that name all slots again and again.
#[test]
fn ranges_that_repeat_take_no_memory() {
    let node = Node::start(Kind::Cacheflow);
    let most = || bytes(&node, "VmHWM:");
    let before = most();
    let range = ["0", "16383"];
    for subcommand in ["ADDSLOTSRANGE", "DELSLOTSRANGE"] {
        let command: Vec<&str> =
            ["CLUSTER", subcommand].into_iter().chain(range.repeat(100_000)).collect();
        let mut client = node.connect().unwrap();
        let refused = text(&client.call(&command, Duration::from_secs(30)).unwrap());
        assert!(refused.starts_with("ERR Slot 0 "), "{refused}");
    }
    let more = most() - before;
    assert!(more < 200 << 20, "{more} bytes");
}

#[test]
fn who_is_not_known_changes_nothing_whatever_it_claims() {
    let node = node();
    let stranger = id('b');
    let entries: Vec<Gossip> = ('c'..='z')
        .map(|letter| Gossip {
            id: id(letter),
            ping_sent_s: 0,
            pong_received_s: u32::MAX,
            address: Address { ip: "10.9.9.9".into(), port: 1, bus_port: 2, plain_port: 0 },
            flags: Flags::MASTER,
        })
        .collect();
    let me = NodeId::parse(node.id().as_bytes()).unwrap();
    let said = [
        packet(Says::Ping, stranger, gossip(entries.clone())),
        packet(Says::Pong, stranger, gossip(entries)),
        packet(Says::Fail, stranger, Body::Fail(me)),
        packet(Says::Publish, stranger, Body::Message { channel: vec![1], message: vec![2] }),
        packet(Says::AuthRequest, stranger, Body::Nothing),
        packet(Says::AuthAck, stranger, Body::Nothing),
        packet(Says::ManualStart, stranger, Body::Nothing),
        packet(
            Says::Update,
            stranger,
            Body::Update {
                id: stranger,
                config_epoch: 9,
                slots: SlotSet::from_bytes(&[255; 2048]),
            },
        ),
        // As the node itself, which doesn't speak to itself.
        packet(Says::Ping, me, gossip(vec![])),
        packet(Says::Fail, me, Body::Fail(me)),
    ];
    let mut stream = connect(&node);
    for _ in 0..50 {
        said.iter().for_each(|packet| stream.write_all(packet).unwrap());
    }
    is_well(&node);
    assert!(node.ask("CLUSTER NODES").lines().count() == 1);
    assert_eq!(node.ask("SET foo mine"), "OK", "writes aren't held for a stranger");
    // A packet that is cut, and then silence.
    stream.write_all(&said[0][..1000]).unwrap();
    is_well(&node);
}

/// A node's file is one node's, and one that is damaged ends the start.
#[test]
fn a_file_that_is_anothers_or_damaged_ends_the_start() {
    let mut first = node();
    let file = first.directory().join("nodes.conf");
    let path = file.to_str().unwrap();
    let log = refused(&["--cluster-config-file", path]);
    assert!(log.contains("is already used by a different Redis Cluster node"), "{log}");
    let id = first.id();
    first.restart();
    assert_eq!((first.id(), first.ask("CLUSTER MYID")), (id.clone(), id));
    first.kill();
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, &text[..text.len() / 2]).unwrap();
    let log = refused(&["--cluster-config-file", path]);
    assert!(log.contains("Unrecoverable error: corrupted cluster config file."), "{log}");
    let log = refused(&["--replicaof", "127.0.0.1 1"]);
    assert!(log.contains("replicaof directive not allowed in cluster mode"), "{log}");
}

/// What a node says that doesn't start.
fn refused(args: &[&str]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let port = super::nodes::free_port().to_string();
    let output = std::process::Command::new(super::nodes::cacheflow())
        .args(["--port", &port, "--bind", "127.0.0.1", "--cluster-enabled", "yes"])
        .args(args)
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert!(!output.status.success());
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// Killed again and again while its state changes, a node finds the old state or the new one.
#[test]
fn who_is_killed_while_it_saves_starts_again() {
    let mut node = node();
    let id = node.id();
    for round in 0..6 {
        std::thread::scope(|scope| {
            let mut client = node.connect().unwrap();
            let changes = scope.spawn(move || {
                let patience = Duration::from_secs(5);
                // Each of them is written before it is answered; the last one isn't.
                while client.call(&["CLUSTER", "BUMPEPOCH"], patience).is_ok()
                    && client.call(&["CLUSTER", "SAVECONFIG"], patience).is_ok()
                {}
            });
            std::thread::sleep(Duration::from_millis(30 + 17 * round));
            node.signal("KILL");
            changes.join().unwrap();
        });
        node.restart();
        assert_eq!(node.id(), id);
        wait_until("it serves", || node.field("CLUSTER INFO", "cluster_state") == "ok");
        assert_eq!(node.field("CLUSTER INFO", "cluster_my_epoch"), "1");
    }
}

/// What is published for a node that reads nothing waits, up to the limit; then its connection is ended.
#[test]
fn a_node_that_reads_nothing_costs_no_more_than_the_limit() {
    let (node, other) = (node(), Node::start(Kind::Cacheflow));
    assert_eq!(node.ask(&format!("CLUSTER MEET 127.0.0.1 {}", other.port)), "OK");
    let knows = |node: &Node| node.field("CLUSTER INFO", "cluster_known_nodes") == "2";
    wait_until("they know each other", || {
        let is_met = |node: &Node| !node.ask("CLUSTER NODES").contains("handshake");
        [&node, &other].into_iter().all(|node| knows(node) && is_met(node))
    });
    assert_eq!(node.ask("CONFIG SET cluster-link-sendbuf-limit 1mb"), "OK");
    other.signal("STOP");
    let before = memory(&node);
    let message = "x".repeat(1 << 20);
    let exceeded = || node.field("CLUSTER INFO", "total_cluster_links_buffer_limit_exceeded");
    wait_until("the limit counts", || {
        node.ask(&format!("PUBLISH channel {message}"));
        exceeded() != "0"
    });
    assert!(memory(&node).saturating_sub(before) < 100 << 20);
    other.signal("CONT");
    wait_until("they speak again", || {
        node.ask("CLUSTER NODES").lines().all(|line| line.contains(" connected"))
    });
    assert_eq!(node.ask("GET foo"), "mine");
}

/// What can't be kept isn't promised: a node that can't save its state says nothing to others until it can.
#[test]
fn a_node_that_can_not_save_is_silent_until_it_can() {
    let dir = tempfile::tempdir().unwrap();
    let (state, away) = (dir.path().join("state"), dir.path().join("away"));
    fs::create_dir(&state).unwrap();
    let file = state.join("nodes.conf");
    let args = ["--cluster-enabled", "yes", "--cluster-config-file", file.to_str().unwrap()];
    let node = Node::start_with(Kind::Cacheflow, &args);
    let answers = || {
        let mut stream = connect(&node);
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        stream.write_all(&packet(Says::Ping, id('a'), gossip(vec![]))).unwrap();
        stream.read_exact(&mut [0; 2256]).is_ok()
    };
    assert!(answers());
    fs::rename(&state, &away).unwrap();
    let refused = "ERR error saving the cluster node config: No such file or directory";
    assert_eq!(node.ask("CLUSTER SAVECONFIG"), refused);
    assert_eq!(node.ask("CLUSTER BUMPEPOCH"), refused);
    assert!(!answers());
    assert_eq!(node.ask("PING"), "PONG");
    fs::rename(&away, &state).unwrap();
    wait_until("it answers again", answers);
    assert!(fs::read_to_string(&file).unwrap().contains("vars currentEpoch 1 "));
}
