//! Client libraries on a cluster whose slots move and whose masters fail.
//!
//! `tests/clients/run` builds the programs, one for each library, and names them in `CLUSTER_CLIENTS`,
//! one a line: `name=command`. Each writes until the file `STOP` is there, then looks at what it has
//! written, and fails if something is wrong or missing that a replica had when it was acknowledged.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::nodes::{Node, agree, cluster_cli, create, mixed, wait_until};
use super::router::Router;

/// A program; killed when the test has failed.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "needs the programs that tests/clients/run builds"]
fn client_libraries_lose_nothing() {
    let commands = std::env::var("CLUSTER_CLIENTS").expect("tests/clients/run starts this");
    let commands: BTreeMap<&str, &str> =
        commands.lines().filter_map(|line| line.split_once('=')).collect();
    assert!(!commands.is_empty(), "no programs");
    let mut nodes: Vec<Node> = mixed(6).into_iter().map(Node::start).collect();
    create(&nodes, 1);
    let seeds: Vec<String> = nodes.iter().map(Node::address).collect();
    let ports: Vec<u16> = nodes.iter().map(|node| node.port).collect();
    let dir = tempfile::tempdir().unwrap();
    let stop = dir.path().join("stop");
    let programs: Vec<(&str, Program)> = commands
        .iter()
        .map(|(name, command)| {
            let mut words = command.split(' ');
            let mut command = Command::new(words.next().unwrap());
            command.args(words).env("SEEDS", seeds.join(",")).env("STOP", &stop);
            (*name, Program(command.stdin(Stdio::null()).spawn().unwrap()))
        })
        .collect();
    let mut router = Router::new(&ports);
    let mut go_on = || {
        for name in commands.keys() {
            let key = format!("{name}:0:0");
            let before = router.ask(&["GET", &key]);
            wait_until(&format!("{name} writes"), || router.ask(&["GET", &key]) != before);
        }
    };
    go_on();
    move_slots(&nodes, &nodes[0], &nodes[1]);
    go_on();
    // A replica takes over from a master that works.
    let replica = replica_of(&nodes, &nodes[1]);
    assert_eq!(nodes[replica].ask("CLUSTER FAILOVER"), "OK");
    wait_until("the replica is the master", || is_master(&nodes[replica]));
    agree(&nodes);
    go_on();
    // Slots move between nodes of which one has just become the master.
    move_slots(&nodes, &nodes[replica], &nodes[2]);
    wait_until("replicas have what has moved", || nodes.iter().all(is_up_to_date));
    // A master is killed, and comes back as a replica.
    let heir = replica_of(&nodes, &nodes[0]);
    nodes[0].kill();
    wait_until("the replica has replaced its master", || is_master(&nodes[heir]));
    go_on();
    nodes[0].restart();
    wait_until("the old master copies the new one", || {
        !is_master(&nodes[0]) && is_up_to_date(&nodes[0])
    });
    agree(&nodes);
    go_on();
    std::fs::write(&stop, "").unwrap();
    for (name, mut program) in programs {
        assert!(program.0.wait().unwrap().success(), "{name} has lost something");
    }
    println!("\n{} passed, 0 failed", commands.len()); // redis-cli leaves its colours in the line
}

fn move_slots(nodes: &[Node], from: &Node, to: &Node) {
    let (from, to) = (from.id(), to.id());
    cluster_cli(&[
        "reshard",
        &nodes[2].address(),
        "--cluster-from",
        &from,
        "--cluster-to",
        &to,
        "--cluster-slots",
        "300",
        "--cluster-yes",
    ]);
    agree(nodes);
}

fn is_master(node: &Node) -> bool {
    node.field("INFO replication", "role") == "master"
}

fn is_up_to_date(node: &Node) -> bool {
    is_master(node) || node.field("INFO replication", "master_link_status") == "up"
}

/// Which of the nodes copies this one.
fn replica_of(nodes: &[Node], master: &Node) -> usize {
    let port = master.port.to_string();
    let mut found = None;
    wait_until("the master has a replica", || {
        found = nodes.iter().position(|node| {
            !is_master(node)
                && node.field("INFO replication", "master_port") == port
                && is_up_to_date(node)
        });
        found.is_some()
    });
    std::thread::sleep(Duration::from_millis(100));
    found.expect("it was found")
}
