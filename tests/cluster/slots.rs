//! The keys of slots: on replicas, after a restart, and when a slot is lost.

use super::client::Value;
use super::nodes::{Kind, NODE_TIMEOUT_MS, Node, PATIENCE, create, mixed, wait_until};
use super::router::Router;

/// Keys of slot 5061, which the first of three masters has.
fn fill(router: &mut Router, count: usize) {
    for number in 0..count {
        assert_eq!(router.ask(&["SET", &format!("{{bar}}{number}"), &number.to_string()]), "OK");
    }
}

fn replica_of<'n>(nodes: &'n [Node], master: &Node) -> &'n Node {
    let port = master.port.to_string();
    let mut replicas =
        nodes.iter().filter(|node| node.field("INFO replication", "master_port") == port);
    replicas.next().expect("the master has a replica")
}

#[test]
#[ignore = "needs redis-cli: make cluster"]
fn a_replica_knows_the_keys_of_a_slot_and_is_read_from() {
    let nodes: Vec<Node> = mixed(6).into_iter().map(Node::start).collect();
    create(&nodes, 1);
    let ports: Vec<u16> = nodes.iter().map(|node| node.port).collect();
    fill(&mut Router::new(&ports), 100);
    let master = &nodes[0];
    let replica = replica_of(&nodes, master);
    let count = |node: &Node| node.ask("CLUSTER COUNTKEYSINSLOT 5061");
    assert_eq!(count(master), "100");
    wait_until("the replica has the keys", || count(replica) == "100");
    assert_eq!(master.ask("DEL {bar}0 {bar}1"), "2");
    wait_until("the replica has lost two", || count(replica) == "98");
    let listed = replica.ask("CLUSTER GETKEYSINSLOT 5061 1000");
    let mut listed: Vec<&str> = listed.lines().collect();
    listed.sort_unstable();
    let mut expected: Vec<String> = (2..100).map(|number| format!("{{bar}}{number}")).collect();
    expected.sort_unstable();
    assert_eq!(listed, expected);
    // Who doesn't say that old values will do is sent to the master.
    let moved = Value::Error(format!("MOVED 5061 {}", master.address()).into_bytes());
    let mut client = replica.connect().unwrap();
    assert_eq!(client.call(&["GET", "{bar}7"], PATIENCE).unwrap(), moved);
    client.call(&["READONLY"], PATIENCE).unwrap();
    assert_eq!(client.call(&["GET", "{bar}7"], PATIENCE).unwrap(), Value::Bulk(b"7".to_vec()));
    assert_eq!(client.call(&["SET", "{bar}7", "x"], PATIENCE).unwrap(), moved);
}

/// Another node claims a slot with a higher epoch, though its keys have not moved: they are lost, as in
/// Redis, and not left where nobody finds them.
#[test]
#[ignore = "needs redis-cli: make cluster"]
fn keys_of_a_slot_that_another_node_has_taken_are_removed() {
    let nodes: Vec<Node> = mixed(6).into_iter().map(Node::start).collect();
    create(&nodes, 1);
    let ports: Vec<u16> = nodes.iter().map(|node| node.port).collect();
    let mut router = Router::new(&ports);
    fill(&mut router, 50);
    let (loser, winner) = (&nodes[0], &nodes[1]);
    let replica = replica_of(&nodes, loser);
    wait_until("the replica has the keys", || replica.ask("DBSIZE") == "50");
    assert_eq!(winner.ask(&format!("CLUSTER SETSLOT 5061 IMPORTING {}", loser.id())), "OK");
    assert_eq!(winner.ask(&format!("CLUSTER SETSLOT 5061 NODE {}", winner.id())), "OK");
    wait_until("the keys are gone", || loser.ask("DBSIZE") == "0");
    assert_eq!(loser.ask("CLUSTER COUNTKEYSINSLOT 5061"), "0");
    // A redis-server doesn't tell its replicas.
    if loser.kind == Kind::Cacheflow {
        wait_until("the replica has none left", || replica.ask("DBSIZE") == "0");
    }
    assert_eq!(router.ask(&["GET", "{bar}7"]), "Nil");
    assert_eq!(router.ask(&["SET", "{bar}7", "new"]), "OK");
    assert_eq!(winner.ask("CLUSTER COUNTKEYSINSLOT 5061"), "1");
}

#[test]
#[ignore = "needs redis-cli: make cluster"]
fn the_keys_of_slots_are_known_after_a_restart() {
    let timeout = NODE_TIMEOUT_MS.to_string();
    let usual = ["--cluster-enabled", "yes", "--cluster-node-timeout", &timeout];
    for args in [&["--appendonly", "yes"][..], &["--save", "3600 1"]] {
        let mut node = Node::start_with(mixed(1)[0], &[&usual, args].concat());
        assert_eq!(node.ask("CLUSTER ADDSLOTSRANGE 0 16383"), "OK");
        wait_until("the node serves", || node.field("CLUSTER INFO", "cluster_state") == "ok");
        for number in 0..300 {
            assert_eq!(node.ask(&format!("SET {{{}}}{number} x", number % 3)), "OK");
        }
        if args[0] == "--save" {
            assert_eq!(node.ask("SAVE"), "OK");
        }
        node.restart();
        // 0, 1 and 2 are in slots 13907, 9842 and 5649.
        for slot in [13907, 9842, 5649] {
            assert_eq!(node.ask(&format!("CLUSTER COUNTKEYSINSLOT {slot}")), "100");
        }
        assert_eq!(node.ask("DBSIZE"), "300");
    }
}
