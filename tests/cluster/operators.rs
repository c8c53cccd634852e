//! What goes wrong around a node: its directory, its file, and peers that don't behave.

use std::fs;
use std::io::Write;
use std::net::TcpStream;

use super::nodes::Kind::Cacheflow;
use super::nodes::{Node, wait_until};

/// OK means that the file has it; without a directory there is none.
#[test]
fn what_can_not_be_saved_is_not_ok() {
    let place = tempfile::tempdir().unwrap();
    let (dir, aside) = (place.path().join("here"), place.path().join("aside"));
    fs::create_dir(&dir).unwrap();
    let file = dir.join("nodes.conf");
    let args = ["--cluster-enabled", "yes", "--cluster-config-file", file.to_str().unwrap()];
    let node = Node::start_with(Cacheflow, &args);
    wait_until("the node serves", || node.ask("CLUSTER INFO").contains("cluster_state"));
    fs::rename(&dir, &aside).unwrap();
    for command in
        ["CLUSTER ADDSLOTS 1", "CLUSTER BUMPEPOCH", "CLUSTER SAVECONFIG", "CLUSTER RESET"]
    {
        let said = node.ask(command);
        assert!(
            said.contains("error saving the cluster node config: No such file or directory"),
            "{command}: {said}"
        );
    }
    assert!(node.ask("CLUSTER ADDSLOTS x").contains("Invalid or out of range slot"));
    fs::rename(&aside, &dir).unwrap();
    assert_eq!(node.ask("CLUSTER ADDSLOTS 5"), "OK");
    assert!(fs::read_to_string(file).unwrap().contains("connected 5\n"));
}

/// A setting is shown at once, as is the node's own address after the start.
#[test]
fn a_node_is_shown_as_it_is_configured() {
    let node = Node::start(Cacheflow);
    let line = || node.ask("CLUSTER NODES");
    let port = node.port;
    assert!(line().contains(&format!(" :{port}@{} ", port + 10_000)), "{}", line());
    for (name, value, shown) in [
        ("announce-ip", "10.1.2.3", " 10.1.2.3:"),
        ("announce-port", "77", ":77@"),
        ("announce-bus-port", "78", "@78 "),
        ("announce-hostname", "a.example", ",a.example "),
    ] {
        assert_eq!(node.ask(&format!("CONFIG SET cluster-{name} {value}")), "OK");
        assert!(line().contains(shown), "{name}: {}", line());
    }
}

/// A stranger pings and never reads; another one promises a packet without end.
#[test]
fn strangers_take_little_memory() {
    let node = Node::start(Cacheflow);
    wait_until("the node serves", || node.ask("CLUSTER INFO").contains("cluster_state"));
    let mut ping = vec![0; 2256];
    ping[..4].copy_from_slice(b"RCmb");
    ping[4..8].copy_from_slice(&2256u32.to_be_bytes());
    ping[8..10].copy_from_slice(&1u16.to_be_bytes());
    ping[40..80].fill(b'e');
    let mut long = ping.clone();
    long[4..8].copy_from_slice(&(1u32 << 29).to_be_bytes());
    long[13] = 4; // PUBLISH
    let connect = || TcpStream::connect(("127.0.0.1", node.port + 10_000)).unwrap();
    let before = memory(&node);
    let mut talker = connect();
    let pings = ping.repeat(100);
    (0..300).for_each(|_| talker.write_all(&pings).unwrap());
    let promises: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut stream = connect();
            // It may be ended meanwhile.
            _ = stream.write_all(&long).and_then(|()| stream.write_all(&vec![0; 4 << 20]));
            stream
        })
        .collect();
    let grown = memory(&node).saturating_sub(before);
    assert!(grown < 40_000, "{grown} KB");
    drop((talker, promises));
}

/// Resident memory in KB.
fn memory(node: &Node) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", node.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
