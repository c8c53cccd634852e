//! Masters that are killed, stopped or asked to go: somebody takes their place in the time that Redis needs,
//! nothing that was promised is lost, and who comes back falls in line.

use std::time::{Duration, Instant};

use super::load::Load;
use super::nodes::{Kind, NODE_TIMEOUT_MS, Node, agree, create, mixed, wait_until};
use super::router::Router;

/// In theory: a node timeout, half of one until the ping that isn't answered, a second of gossip, a second
/// of election. A machine that is busy with other tests takes longer.
const LONGEST: Duration = Duration::from_millis(4 * NODE_TIMEOUT_MS);

fn start(kinds: Vec<Kind>) -> Vec<Node> {
    let nodes: Vec<Node> = kinds.into_iter().map(Node::start).collect();
    create(&nodes, 1);
    nodes
}

fn ports(nodes: &[Node]) -> Vec<u16> {
    nodes.iter().map(|node| node.port).collect()
}

fn is_master(node: &Node) -> bool {
    node.field("INFO replication", "role") == "master"
}

/// A master of this kind, and its replica.
fn pair(nodes: &[Node], kind: Kind) -> (usize, usize) {
    let of_kind = |node: &&Node| node.kind == kind && is_master(node);
    let master = nodes.iter().find(of_kind).expect("a master of this kind").port;
    let copies = |node: &Node| {
        !is_master(node) && node.field("INFO replication", "master_port") == master.to_string()
    };
    let find = |is_it: &dyn Fn(&Node) -> bool| nodes.iter().position(is_it);
    let replica = find(&|node| copies(node)).expect("it has a replica");
    (find(&|node| node.port == master).unwrap(), replica)
}

fn wait_for_copies(nodes: &[Node]) {
    wait_until("replicas have what their masters have", || {
        nodes.iter().filter(|node| !is_master(node)).all(|node| {
            let port: u16 = node.field("INFO replication", "master_port").parse().unwrap_or(0);
            let master = nodes.iter().find(|node| node.port == port);
            master.is_some_and(|master| master.ask("DEBUG DIGEST") == node.ask("DEBUG DIGEST"))
        })
    });
}

fn wait_for_master(node: &Node, since: Instant) -> Duration {
    wait_until("the replica takes over", || is_master(node));
    let took = since.elapsed();
    assert!(took < LONGEST, "{:?} took over after {took:?}", node.kind);
    took
}

fn write(nodes: &[Node], from: usize, to: usize) {
    let mut router = Router::new(&ports(nodes));
    for number in from..to {
        let (key, value) = (format!("k{number}"), number.to_string());
        assert_eq!(router.ask(&["SET", &key, &value]), "OK");
    }
}

fn check(nodes: &[Node], to: usize) {
    let mut router = Router::new(&ports(nodes));
    for number in 0..to {
        assert_eq!(router.ask(&["GET", &format!("k{number}")]), number.to_string());
    }
}

/// The epochs of masters, each of which is another one.
fn expect_epochs(nodes: &[Node]) {
    let masters = nodes.iter().filter(|node| is_master(node));
    let mut epochs: Vec<String> =
        masters.map(|node| node.field("CLUSTER INFO", "cluster_my_epoch")).collect();
    epochs.sort();
    epochs.dedup();
    assert_eq!(epochs.len(), 3, "{epochs:?}");
    let current = |node: &Node| node.field("CLUSTER INFO", "cluster_current_epoch");
    wait_until("epochs converge", || nodes.iter().all(|node| current(node) == current(&nodes[0])));
}

fn kinds() -> Vec<Kind> {
    let mut kinds = mixed(2);
    kinds.dedup();
    kinds
}

#[test]
#[ignore = "needs redis-cli: make cluster"]
fn a_killed_master_is_replaced_and_comes_back_as_a_replica() {
    let mut nodes = start(mixed(6));
    let mut written = 0;
    for kind in kinds() {
        write(&nodes, written, written + 200);
        written += 200;
        wait_for_copies(&nodes);
        let (master, replica) = pair(&nodes, kind);
        let since = Instant::now();
        nodes[master].kill();
        wait_for_master(&nodes[replica], since);
        let others: Vec<u16> =
            ports(&nodes).into_iter().filter(|p| *p != nodes[master].port).collect();
        let mut router = Router::new(&others);
        (0..written).step_by(7).for_each(|number| {
            assert_eq!(router.ask(&["GET", &format!("k{number}")]), number.to_string());
        });
        nodes[master].restart();
        agree(&nodes);
        wait_until("the old master copies the new one", || !is_master(&nodes[master]));
        check(&nodes, written);
        wait_for_copies(&nodes);
        expect_epochs(&nodes);
    }
}

#[test]
#[ignore = "needs redis-cli: make cluster"]
fn a_master_that_stands_still_is_replaced_and_falls_in_line() {
    let nodes = start(mixed(6));
    for kind in kinds() {
        write(&nodes, 0, 100);
        wait_for_copies(&nodes);
        let (master, replica) = pair(&nodes, kind);
        let since = Instant::now();
        nodes[master].signal("STOP");
        wait_for_master(&nodes[replica], since);
        nodes[master].signal("CONT");
        agree(&nodes);
        wait_until("the old master copies the new one", || !is_master(&nodes[master]));
        check(&nodes, 100);
        wait_for_copies(&nodes);
        expect_epochs(&nodes);
    }
}

/// Every replica takes its master's place while clients write: nothing that was acknowledged is lost.
#[test]
#[ignore = "needs redis-cli: make cluster"]
fn masters_hand_over_under_load_and_nothing_is_lost() {
    let nodes = start(mixed(6));
    let seeds = ports(&nodes);
    let load = Load::start(&seeds, 2);
    load.go_on(500);
    for _ in 0..2 {
        for kind in kinds() {
            agree(&nodes); // a master listens to replicas that it knows
            let (master, replica) = pair(&nodes, kind);
            wait_until("the replica is there", || {
                nodes[replica].field("INFO replication", "master_link_status") == "up"
            });
            assert_eq!(nodes[replica].ask("CLUSTER FAILOVER"), "OK");
            wait_until("it takes over", || is_master(&nodes[replica]));
            wait_until("the other one agrees", || !is_master(&nodes[master]));
            load.go_on(200);
        }
    }
    agree(&nodes);
    load.check(&seeds);
    wait_for_copies(&nodes);
    expect_epochs(&nodes);
}

/// With a majority of the masters gone nobody can be elected; an administrator can decide without them.
#[test]
#[ignore = "needs redis-cli: make cluster"]
fn without_a_majority_nobody_is_elected_but_takeover_works() {
    let mut nodes = start(mixed(6));
    write(&nodes, 0, 100);
    wait_for_copies(&nodes);
    let lost: Vec<(usize, usize)> = kinds().into_iter().map(|kind| pair(&nodes, kind)).collect();
    if lost.len() < 2 {
        return; // CLUSTER_OF one kind: one master only would be found
    }
    lost.iter().for_each(|(master, _)| nodes[*master].kill());
    let survivor = lost[0].1;
    wait_until("the rest stops to serve", || {
        nodes[survivor].field("CLUSTER INFO", "cluster_state") == "fail"
    });
    std::thread::sleep(Duration::from_millis(2 * NODE_TIMEOUT_MS));
    for (_, replica) in &lost {
        assert!(!is_master(&nodes[*replica]), "nobody could elect it");
        assert_eq!(nodes[*replica].ask("CLUSTER FAILOVER TAKEOVER"), "OK");
        assert!(is_master(&nodes[*replica]));
    }
    wait_until("they serve again", || {
        nodes[survivor].field("CLUSTER INFO", "cluster_state") == "ok"
    });
    lost.iter().for_each(|(master, _)| nodes[*master].restart());
    agree(&nodes);
    check(&nodes, 100);
    wait_for_copies(&nodes);
    expect_epochs(&nodes);
}

/// How long it takes until a killed master is replaced, the median of some.
fn median(kind: Kind, rounds: usize) -> Duration {
    let mut nodes = start(vec![kind; 6]);
    let mut times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let (master, replica) = pair(&nodes, kind);
            wait_for_copies(&nodes);
            let since = Instant::now();
            nodes[master].kill();
            let took = wait_for_master(&nodes[replica], since);
            nodes[master].restart();
            agree(&nodes);
            took
        })
        .collect();
    times.sort();
    times[rounds / 2]
}

/// Side by side. `FAILOVER_ROUNDS=10` for a figure to be shown.
#[test]
#[ignore = "needs redis-cli: make cluster"]
fn a_replica_takes_over_as_fast_as_with_redis() {
    let rounds = std::env::var("FAILOVER_ROUNDS").map_or(3, |text| text.parse().unwrap());
    let [ours, theirs] = [Kind::Cacheflow, Kind::Redis].map(|kind| median(kind, rounds));
    eprintln!("a master is replaced after {ours:?}, among redis-servers after {theirs:?}");
    // Both wait for a random time of up to half a second, and for a ping that is due within half the
    // node timeout.
    assert!(ours < theirs + Duration::from_millis(500 + NODE_TIMEOUT_MS / 2));
}
