//! What each `cluster-*` parameter does, where no script shows it. Each test says the same of either server.

use std::time::{Duration, Instant};

use super::nodes::Kind::{self, Cacheflow, Redis};
use super::nodes::{Node, wait_until};

fn start(kind: Kind, flags: &[&str]) -> Node {
    Node::start_with(kind, &[&["--cluster-enabled", "yes"], flags].concat())
}

/// Makes nodes know each other, and then be impatient.
fn join(nodes: &[&Node]) {
    for node in &nodes[1..] {
        let bus = node.ask("CONFIG GET cluster-port");
        let meet = match bus.lines().last() {
            Some("0") | None => format!("CLUSTER MEET 127.0.0.1 {}", node.port),
            Some(bus) => format!("CLUSTER MEET 127.0.0.1 {} {bus}", node.port),
        };
        assert_eq!(nodes[0].ask(&meet), "OK");
    }
    wait_until("they know each other", || {
        nodes.iter().all(|node| {
            let lines = node.ask("CLUSTER NODES");
            lines.lines().count() == nodes.len()
                && !lines.contains("handshake")
                && lines.lines().all(|line| line.contains(" connected"))
        })
    });
    set(nodes, "node-timeout 1000");
}

fn set(nodes: &[&Node], parameter: &str) {
    for node in nodes {
        assert_eq!(node.ask(&format!("CONFIG SET cluster-{parameter}")), "OK", "{parameter}");
    }
}

/// Makes a node the replica of another one, as all of a cluster see it.
fn follow(replica: &Node, master: &Node, all: &[Node]) {
    let replicate = format!("CLUSTER REPLICATE {}", master.id());
    wait_until("the master is known", || replica.ask(&replicate) == "OK");
    wait_until("the replica follows", || {
        replica.field("INFO replication", "master_link_status") == "up"
    });
    // Who is killed before it told the others that it is a replica stays a master to them.
    let told = format!("slave {} ", master.id());
    wait_until("all know it", || all.iter().all(|node| line(node, &replica.id()).contains(&told)));
}

fn serves(node: &Node) -> bool {
    node.field("CLUSTER INFO", "cluster_state") == "ok"
}

/// The line of CLUSTER NODES that a node has about another one.
fn line(of: &Node, about: &str) -> String {
    let lines = of.ask("CLUSTER NODES");
    lines.lines().find(|line| line.starts_with(about)).unwrap_or_default().to_owned()
}

fn node_timeout_changes(kind: Kind) {
    let (node, other) = (start(kind, &[]), start(kind, &[]));
    assert_eq!(node.ask("CLUSTER ADDSLOTSRANGE 0 16383"), "OK");
    join(&[&node, &other]);
    let id = other.id();
    set(&[&node], "node-timeout 60000");
    other.signal("STOP");
    std::thread::sleep(Duration::from_millis(2500));
    assert!(!line(&node, &id).contains("fail"), "it has a minute");
    set(&[&node], "node-timeout 300");
    // Nobody else has slots, and so nobody agrees that it has failed.
    wait_until("it is suspected", || line(&node, &id).contains(" master,fail? "));
    other.signal("CONT");
    wait_until("it is back", || !line(&node, &id).contains("fail"));
}

/// `cluster-replica-no-failover`, and `cluster-replica-validity-factor`: who must not take over, and whose data is
/// too old.
fn who_takes_over(kind: Kind) {
    let mut nodes: Vec<Node> =
        (0..4).map(|_| start(kind, &["--repl-ping-replica-period", "1"])).collect();
    for (node, slots) in nodes.iter().zip(["0 5460", "5461 10922", "10923 16383"]) {
        assert_eq!(node.ask(&format!("CLUSTER ADDSLOTSRANGE {slots}")), "OK");
    }
    join(&nodes.iter().collect::<Vec<_>>());
    follow(&nodes[3], &nodes[0], &nodes);
    let id = nodes[3].id();
    set(&[&nodes[3]], "replica-no-failover yes");
    wait_until("others know", || line(&nodes[1], &id).contains("slave,nofailover "));
    wait_until("all serve", || nodes.iter().all(serves));
    nodes[0].kill();
    let killed = Instant::now();
    let stays = |lasts: Duration| {
        let deadline = Instant::now() + lasts;
        while Instant::now() < deadline {
            assert_eq!(nodes[3].field("INFO replication", "role"), "slave");
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    wait_until("the master has failed", || nodes[3].ask("CLUSTER NODES").contains("master,fail "));
    stays(Duration::from_secs(4).saturating_sub(killed.elapsed()));
    // Now it may, but a node timeout and a second are over.
    set(&[&nodes[3]], "replica-validity-factor 1");
    set(&[&nodes[3]], "replica-no-failover no");
    stays(Duration::from_secs(2));
    set(&[&nodes[3]], "replica-validity-factor 0");
    wait_until("it takes over", || nodes[3].field("INFO replication", "role") == "master");
}

/// `cluster-allow-replica-migration`, and `cluster-migration-barrier`: who moves to a master without replicas.
fn who_moves(kind: Kind) {
    let mut nodes: Vec<Node> = (0..5).map(|_| start(kind, &[])).collect();
    assert_eq!(nodes[0].ask("CLUSTER ADDSLOTSRANGE 0 8191"), "OK");
    assert_eq!(nodes[1].ask("CLUSTER ADDSLOTSRANGE 8192 16383"), "OK");
    join(&nodes.iter().collect::<Vec<_>>());
    for (replica, master) in [(2, 0), (3, 0), (4, 1)] {
        follow(&nodes[replica], &nodes[master], &nodes);
    }
    wait_until("all serve", || nodes.iter().all(serves));
    let id = nodes[4].id();
    nodes[4].kill();
    let left: Vec<&Node> = nodes[..4].iter().collect();
    set(&left, "allow-replica-migration no");
    let copied = |master: &Node| {
        let id = master.id();
        left.iter().filter(|node| line(node, &node.id()).contains(&format!("slave {id} "))).count()
    };
    wait_until("it has failed", || left.iter().all(|node| line(node, &id).contains("slave,fail ")));
    let stays = |seconds| {
        let deadline = Instant::now() + Duration::from_secs(seconds);
        while Instant::now() < deadline {
            assert_eq!((copied(left[0]), copied(left[1])), (2, 0));
            std::thread::sleep(Duration::from_millis(200));
        }
    };
    stays(8); // it would be allowed after five
    set(&left, "migration-barrier 2");
    set(&left, "allow-replica-migration yes");
    stays(2);
    set(&left, "migration-barrier 1");
    wait_until("one moves", || (copied(left[0]), copied(left[1])) == (1, 1));
}

/// `cluster-announce-ip`, `-port`, `-bus-port` and `-hostname`, as another node tells them; `cluster-port`.
fn what_is_announced(kinds: [Kind; 2]) {
    let both = ["--bind", "127.0.0.1 127.0.0.2"];
    let bus = super::nodes::free_port().to_string();
    let node = start(kinds[0], &[]);
    let other = start(kinds[1], &[&both[..], &["--cluster-port", &bus]].concat());
    assert_eq!(node.ask("CLUSTER ADDSLOTSRANGE 0 8191"), "OK");
    assert_eq!(other.ask("CLUSTER ADDSLOTSRANGE 8192 16383"), "OK");
    join(&[&node, &other]);
    let (id, port) = (other.id(), other.port);
    let shows = |address: String| {
        wait_until(&address, || line(&node, &id).starts_with(&format!("{id} {address} master")));
    };
    shows(format!("127.0.0.1:{port}@{bus}"));
    set(&[&other], "announce-ip 127.0.0.2");
    shows(format!("127.0.0.2:{port}@{bus}"));
    set(&[&other], "announce-port 77");
    shows(format!("127.0.0.2:77@{bus}"));
    wait_until("all serve", || serves(&node));
    assert_eq!(node.ask("GET foo"), "MOVED 12182 127.0.0.2:77");
    set(&[&other], "announce-hostname a.example");
    shows(format!("127.0.0.2:77@{bus},a.example"));
    set(&[&other], "announce-ip ");
    set(&[&other], "announce-port 0");
    shows(format!("127.0.0.1:{port}@{bus},a.example"));
    set(&[&other], "announce-hostname ");
    shows(format!("127.0.0.1:{port}@{bus}"));
    // Nobody is at that port; the connections that there are go on.
    set(&[&other], "announce-bus-port 1");
    wait_until("the port is told", || line(&node, &id).contains(&format!(":{port}@1 ")));
    set(&[&other], "announce-bus-port 0");
    shows(format!("127.0.0.1:{port}@{bus}"));
}

/// What others say of a node is what it shows of itself: when it was heard of last.
fn a_node_shows_when_it_was_heard_of(kind: Kind) {
    let nodes: Vec<Node> = (0..3).map(|_| start(kind, &[])).collect();
    join(&nodes.iter().collect::<Vec<_>>());
    for node in &nodes {
        wait_until("it has been heard of", || {
            let line = line(node, &node.id());
            let fields: Vec<&str> = line.split(' ').collect();
            fields[4] == "0" && fields[5].len() == 13 && fields[5].ends_with("000")
        });
    }
}

/// Connections to nodes count: each other node for two.
fn nodes_count_as_clients(kind: Kind) {
    let nodes: Vec<Node> = (0..3).map(|_| start(kind, &[])).collect();
    join(&nodes.iter().collect::<Vec<_>>());
    let first = nodes[0].connect().unwrap();
    assert_eq!(nodes[0].ask("CONFIG SET maxclients 6"), "OK");
    let refused = "ERR max number of clients + cluster connections reached";
    // Whoever asked a moment ago may still count.
    let mut second = nodes[0].connect().unwrap();
    wait_until("one more is let in", || {
        let is_in = second
            .call(&["PING"], Duration::from_secs(5))
            .is_ok_and(|pong| super::nodes::text(&pong) == "PONG");
        if !is_in {
            second = nodes[0].connect().unwrap();
        }
        is_in
    });
    let mut said = String::new();
    wait_until("that is all", || {
        let mut third = nodes[0].connect().unwrap();
        if let Ok(super::client::Output::Value(value)) = third.read(Duration::from_millis(300)) {
            said = super::nodes::text(&value);
        }
        !said.is_empty()
    });
    assert_eq!(said, refused);
    drop((first, second));
}

#[test]
fn parameters_do_what_they_say() {
    node_timeout_changes(Cacheflow);
    what_is_announced([Cacheflow; 2]);
    a_node_shows_when_it_was_heard_of(Cacheflow);
    nodes_count_as_clients(Cacheflow);
}

#[test]
#[ignore = "needs redis-server: make cluster"]
fn parameters_do_what_they_do_in_redis() {
    node_timeout_changes(Redis);
    what_is_announced([Cacheflow, Redis]);
    what_is_announced([Redis, Cacheflow]);
    a_node_shows_when_it_was_heard_of(Redis);
    nodes_count_as_clients(Redis);
}

#[test]
fn replicas_take_over_as_they_may() {
    who_takes_over(Cacheflow);
}

#[test]
#[ignore = "needs redis-server: make cluster"]
fn replicas_take_over_as_they_may_in_redis() {
    who_takes_over(Redis);
}

#[test]
#[ignore = "takes a while: make cluster"]
fn replicas_move_as_they_may() {
    who_moves(Cacheflow);
}

#[test]
#[ignore = "needs redis-server: make cluster"]
fn replicas_move_as_they_may_in_redis() {
    who_moves(Redis);
}
