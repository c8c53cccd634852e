//! A network that falls apart: a master is cut off from its replicas, and nobody is told.
//!
//! What has to be true is what an operator relies on: the master stops to acknowledge what nobody
//! else has (`min-replicas-to-write`), WAIT never counts a replica that hasn't got the write, each
//! replica sees that its master is missing, and afterwards all are equal again, having sent each
//! other only what was missed.

use crate::client::Client;
use crate::hosts::{Host, Network};
use crate::servers::Server;
use crate::{call_on, connect, equal_states, field, load_on, state, text, wait_until};

/// Quick to notice, so that the test is: seconds without a sign of life.
const TIMEOUTS: [&str; 8] = [
    "--repl-timeout",
    "3",
    "--repl-ping-replica-period",
    "1",
    "--min-replicas-max-lag",
    "2",
    "--protected-mode",
    "no",
];
const REFUSED: &str = "NOREPLICAS Not enough good replicas to write.";

/// A server on a host of its own.
struct Node {
    server: Server,
    host: Host,
}

impl Node {
    fn cacheflow(network: &mut Network) -> Node {
        let args = [&["--listen-addr", "0.0.0.0:0"], &TIMEOUTS[..]].concat();
        Node::start(network, || crate::cacheflow(&args))
    }

    fn redis(network: &mut Network) -> Node {
        let args = [&["--bind", "0.0.0.0"], &TIMEOUTS[..]].concat();
        Node::start(network, || crate::redis(&args))
    }

    fn start(network: &mut Network, server: impl FnOnce() -> Server + Send) -> Node {
        let host = network.host();
        Node { server: host.inside(server), host }
    }

    /// A client on the same host.
    fn client(&self) -> Client {
        self.host.inside(|| connect(self.server.port))
    }

    fn call(&self, command: &str) -> String {
        text(call_on(&mut self.client(), command))
    }

    fn info(&self, name: &str) -> String {
        field(&self.call("INFO everything"), name)
    }

    fn follow(&self, master: &Node) {
        let (address, port) = (master.host.address, master.server.port);
        assert_eq!(self.call(&format!("REPLICAOF {address} {port}")), "OK");
        wait_until("the link is up", || self.sees_its_master());
    }

    fn sees_its_master(&self) -> bool {
        self.info("master_link_status") == "up"
    }

    fn count(&self, name: &str) -> u32 {
        self.info(name).parse().unwrap()
    }
}

fn wait_for_equal(nodes: [&Node; 3]) {
    nodes[1..].iter().for_each(|node| wait_until("the link is up", || node.sees_its_master()));
    equal_states(|| nodes.iter().map(|node| state(&mut node.client())).collect());
}

/// WAIT, on the connection that has just written.
fn acknowledged(client: &mut Client, replicas: u8, timeout_ms: u32) -> String {
    text(call_on(client, &format!("WAIT {replicas} {timeout_ms}")))
}

fn survives_partitions(network: &Network, nodes: [&Node; 3]) {
    let [master, first, second] = nodes;
    [first, second].iter().for_each(|replica| replica.follow(master));
    let mut client = master.client();
    call_on(&mut client, "CONFIG SET min-replicas-to-write 1");
    wait_until("a good replica", || text(call_on(&mut client, "SET k 0")) == "OK");
    load_on(&mut client, 500, |_| {});
    call_on(&mut client, "SELECT 0");
    call_on(&mut client, "SET k together");
    assert_eq!(acknowledged(&mut client, 2, 5_000), "Integer(2)");
    wait_for_equal(nodes);
    let (full, partial) = (master.count("sync_full"), master.count("sync_partial_ok"));

    // One replica is enough to write, and WAIT doesn't count the other one.
    network.cut(&[&second.host]);
    load_on(&mut client, 500, |_| {});
    call_on(&mut client, "SELECT 0");
    assert_eq!(text(call_on(&mut client, "SET k without-one")), "OK");
    assert_eq!(acknowledged(&mut client, 2, 300), "Integer(1)");
    wait_until("the second misses its master", || !second.sees_its_master());
    assert!(first.sees_its_master());
    assert_eq!(second.call("GET k"), "together");
    network.heal(&[&second.host]);
    wait_for_equal(nodes);
    assert_eq!(acknowledged(&mut client, 2, 5_000), "Integer(2)");

    // Alone: what is still taken is counted for what it is, and then nothing is taken.
    network.cut(&[&master.host]);
    assert_eq!(text(call_on(&mut client, "SET k alone")), "OK");
    assert_eq!(acknowledged(&mut client, 1, 300), "Integer(0)");
    wait_until("writes are refused", || text(call_on(&mut client, "SET k more")) == REFUSED);
    assert_ne!(text(call_on(&mut client, "GET k")), "together");
    for replica in [first, second] {
        wait_until("the master is missed", || !replica.sees_its_master());
        assert_eq!(replica.call("GET k"), "without-one");
    }
    wait_until("its replicas are missed", || master.info("connected_slaves") == "0");
    assert_eq!(acknowledged(&mut client, 1, 50), "Integer(0)");
    network.heal(&[&master.host]);
    wait_until("writes are taken", || text(call_on(&mut client, "SET k again")) == "OK");
    wait_for_equal(nodes);
    assert_eq!(acknowledged(&mut client, 2, 5_000), "Integer(2)");
    [first, second].iter().for_each(|replica| assert_eq!(replica.call("GET k"), "again"));

    let partial = master.count("sync_partial_ok") - partial;
    assert!(partial >= 3, "only {partial} times a link went on where it was");
    assert_eq!(master.count("sync_full"), full, "a replica was sent everything again");
    println!("{partial} partial resynchronisations, no full one");
}

#[test]
#[ignore = "needs root and a redis-server: make differential"]
fn cacheflow_and_redis_below_cacheflow_survive_a_partition() {
    let Some(mut network) = Network::new() else { return };
    let master = Node::cacheflow(&mut network);
    let (first, second) = (Node::cacheflow(&mut network), Node::redis(&mut network));
    survives_partitions(&network, [&master, &first, &second]);
}
