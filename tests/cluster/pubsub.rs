//! Messages that go from node to node: PUBLISH reaches everybody, SPUBLISH the nodes of a slot.

use std::time::Duration;

use super::client::{Client, Output, Value};
use super::nodes::{Node, PATIENCE, create, mixed, text};

fn next(client: &mut Client) -> String {
    match client.read(PATIENCE).unwrap() {
        Output::Value(value) => text(&value),
        other => panic!("{other:?}"),
    }
}

fn subscribe(node: &Node, command: &[&str]) -> Client {
    let mut client = node.connect().unwrap();
    assert!(text(&client.call(command, PATIENCE).unwrap()).contains("subscribe"), "{command:?}");
    client
}

#[test]
#[ignore = "needs redis-cli: make cluster"]
fn messages_reach_who_listens_anywhere() {
    let nodes: Vec<Node> = mixed(6).into_iter().map(Node::start).collect();
    create(&nodes, 1);
    let mut everywhere: Vec<Client> =
        nodes.iter().map(|node| subscribe(node, &["SUBSCRIBE", "news"])).collect();
    for (number, node) in nodes.iter().enumerate() {
        // Only those who listen here are counted.
        assert_eq!(node.ask(&format!("PUBLISH news {number}")), "1");
        for client in &mut everywhere {
            assert_eq!(next(client), format!("message\nnews\n{number}"));
        }
    }
    // A shard channel is that of the nodes that have its slot: bar's is 5061, the first master's.
    let master = &nodes[0];
    let replica = nodes
        .iter()
        .find(|node| node.field("INFO replication", "master_port") == master.port.to_string());
    let replica = replica.expect("each master has a replica");
    let mut listeners = [master, replica].map(|node| subscribe(node, &["SSUBSCRIBE", "bar"]));
    for node in [master, replica] {
        assert_eq!(node.ask("SPUBLISH bar hello"), "1");
        for client in &mut listeners {
            assert_eq!(next(client), "smessage\nbar\nhello");
        }
    }
    let elsewhere = nodes[1].call("SPUBLISH bar hello");
    assert_eq!(elsewhere, Value::Error(format!("MOVED 5061 {}", master.address()).into_bytes()));
    for client in &mut listeners {
        let nothing = client.read(Duration::from_millis(100)).unwrap();
        assert!(matches!(nothing, Output::Nothing), "{nothing:?}");
    }
}
