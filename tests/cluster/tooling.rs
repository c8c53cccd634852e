//! What `redis-cli --cluster` does with a cluster, while it is written to.

use super::load::Load;
use super::nodes::{Kind, Node, agree, cluster_cli, create, mixed, owners, redis_cli, wait_until};
use super::router::Router;

fn start(count: usize) -> Vec<Node> {
    mixed(count).into_iter().map(Node::start).collect()
}

fn ports(nodes: &[Node]) -> Vec<u16> {
    nodes.iter().map(|node| node.port).collect()
}

/// How many slots a node has, as it says itself.
fn slots(node: &Node) -> usize {
    let mine = node.id();
    let ranges = owners(node).into_iter().filter_map(|range| {
        let (slots, id) = range.split_once(' ').unwrap();
        (id == mine).then(|| slots.to_owned())
    });
    let width = |range: String| match range.split_once('-') {
        Some((first, last)) => last.parse::<usize>().unwrap() - first.parse::<usize>().unwrap() + 1,
        None => 1,
    };
    ranges.map(width).sum()
}

fn check(node: &Node) {
    let printed = cluster_cli(&["check", &node.address()]);
    assert!(printed.contains("[OK] All nodes agree about slots configuration."), "{printed}");
    assert!(printed.contains("[OK] All 16384 slots covered."), "{printed}");
    assert!(!printed.contains("[WARNING]"), "{printed}");
}

/// Waits until every replica has what its master has.
fn copies_are_equal(nodes: &[Node]) {
    wait_until("replicas have what their masters have", || {
        nodes.iter().filter(|node| node.field("INFO replication", "role") == "slave").all(|node| {
            let port: u16 = node.field("INFO replication", "master_port").parse().unwrap();
            let master = nodes.iter().find(|node| node.port == port).unwrap();
            node.ask("DEBUG DIGEST") == master.ask("DEBUG DIGEST")
        })
    });
}

#[test]
#[ignore = "needs redis-cli: make cluster"]
fn create_with_replicas_of_both_kinds() {
    let nodes = start(6);
    create(&nodes, 1);
    check(&nodes[0]);
    check(&nodes[5]);
    assert_eq!(nodes[..3].iter().map(slots).collect::<Vec<_>>(), [5461, 5462, 5461]);
    let mut router = Router::new(&ports(&nodes));
    for number in 0..1000 {
        assert_eq!(router.ask(&["SET", &format!("k{number}"), &number.to_string()]), "OK");
    }
    let sizes = nodes[..3].iter().map(|node| node.ask("DBSIZE").parse::<usize>().unwrap());
    assert_eq!(sizes.sum::<usize>(), 1000);
    // Each master has a replica, and that has everything.
    wait_until("each master has a replica", || {
        nodes[..3].iter().all(|node| node.field("INFO replication", "connected_slaves") == "1")
    });
    for master in &nodes[..3] {
        wait_until("the replica has everything", || {
            let replicas = nodes[3..].iter().filter(|node| {
                node.field("INFO replication", "master_port") == master.port.to_string()
            });
            replicas.map(|node| node.ask("DBSIZE")).collect::<Vec<_>>() == [master.ask("DBSIZE")]
        });
    }
    // redis-cli finds its way, too.
    let port = nodes[5].port.to_string();
    let printed = redis_cli(&["-c", "-p", &port, "GET", "k17"]).unwrap();
    assert_eq!(printed.trim(), "17");
}

/// Nodes of 8.2 tell of shards, which those of 7.0 and cacheflow don't.
#[test]
#[ignore = "needs redis-cli and redis-server 8.2: make peers cluster"]
fn nodes_of_redis_8_are_masters_and_replicas_of_ours() {
    let (ours, theirs) = (Kind::Cacheflow, Kind::Redis8);
    let nodes = [ours, theirs, ours, theirs, ours, theirs].map(Node::start);
    create(&nodes[..3], 0);
    for (master, replica) in nodes[..3].iter().zip(&nodes[3..]) {
        let (new, known, id) = (replica.address(), nodes[0].address(), master.id());
        cluster_cli(&["add-node", &new, &known, "--cluster-slave", "--cluster-master-id", &id]);
        agree(&nodes[..3]);
    }
    agree(&nodes);
    wait_until("all are replicas", || {
        nodes[3..].iter().all(|node| node.field("INFO replication", "master_link_status") == "up")
    });
    check(&nodes[0]);
    check(&nodes[1]);
    let mut router = Router::new(&ports(&nodes));
    for number in 0..200 {
        assert_eq!(router.ask(&["SET", &format!("k{number}"), &number.to_string()]), "OK");
        router.ask(&["HSET", &format!("h{number}"), "a", "1", "b", "2"]);
        let expires = ["HPEXPIRE", &format!("h{number}"), "100000000", "FIELDS", "1", "a"];
        router.ask(&expires);
    }
    copies_are_equal(&nodes);
    let master_of = |node: &Node| {
        let port: u16 = node.field("INFO replication", "master_port").parse().ok()?;
        nodes.iter().find(|other| other.port == port)
    };
    let mut kinds = Vec::new();
    let pairs: Vec<_> = nodes.iter().filter_map(|node| Some((node, master_of(node)?))).collect();
    for (replica, master) in pairs {
        kinds.push((master.kind, replica.kind));
        if replica.kind == Kind::Cacheflow {
            assert_eq!(replica.ask("CLUSTER MYSHARDID"), master.id());
        }
        // A replica of either kind takes over from a master of the other.
        assert_eq!(replica.ask("CLUSTER FAILOVER"), "OK");
        wait_until("the roles are exchanged", || {
            replica.field("INFO replication", "role") == "master"
                && master.field("INFO replication", "role") == "slave"
        });
    }
    assert!(kinds.contains(&(Kind::Cacheflow, Kind::Redis8)), "{kinds:?}");
    assert!(kinds.contains(&(Kind::Redis8, Kind::Cacheflow)), "{kinds:?}");
    agree(&nodes);
    check(&nodes[0]);
    check(&nodes[1]);
    assert_eq!(router.ask(&["GET", "k7"]), "7");
    copies_are_equal(&nodes);
    // None has lost what it knows of the others when it comes back.
    for mut node in nodes {
        node.restart();
        wait_until("it is back", || node.ask("CLUSTER INFO").contains("cluster_known_nodes:6"));
    }
}

#[test]
#[ignore = "needs redis-cli: make cluster"]
fn reshard_while_it_is_written_to() {
    let nodes = start(3);
    create(&nodes, 0);
    let load = Load::start(&ports(&nodes), 3);
    load.go_on(1500);
    for (from, to) in [(0, 1), (1, 2), (2, 0)] {
        let (from, to) = (&nodes[from], &nodes[to]);
        let (left, got) = (slots(from), slots(to));
        cluster_cli(&[
            "reshard",
            &nodes[0].address(),
            "--cluster-from",
            &from.id(),
            "--cluster-to",
            &to.id(),
            "--cluster-slots",
            "400",
            "--cluster-yes",
        ]);
        assert_eq!((slots(from), slots(to)), (left - 400, got + 400));
        load.go_on(300);
    }
    let followed = load.check(&ports(&nodes));
    assert!(followed[0] > 0, "no slot has moved under the writers: {followed:?}");
    agree(&nodes);
    check(&nodes[0]);
}

#[test]
#[ignore = "needs redis-cli: make cluster"]
fn grow_and_shrink() {
    let mut nodes = start(3);
    create(&nodes, 0);
    let load = Load::start(&ports(&nodes), 2);
    load.go_on(1000);
    // A master comes and gets its share, and a replica for it.
    let kinds = mixed(5);
    nodes.push(Node::start(kinds[3]));
    let (seed, master) = (nodes[0].address(), nodes[3].address());
    cluster_cli(&["add-node", &master, &seed]);
    agree(&nodes);
    cluster_cli(&["rebalance", &seed, "--cluster-use-empty-masters", "--cluster-threshold", "1"]);
    agree(&nodes);
    assert_eq!(nodes.iter().map(slots).collect::<Vec<_>>(), [4096; 4]);
    nodes.push(Node::start(kinds[4]));
    let (replica, master) = (nodes[4].address(), nodes[3].id());
    cluster_cli(&["add-node", &replica, &seed, "--cluster-slave", "--cluster-master-id", &master]);
    wait_until("the new replica is up", || {
        nodes[4].field("INFO replication", "master_link_status") == "up"
    });
    agree(&nodes);
    check(&nodes[2]);
    load.go_on(500);
    // They go again.
    let id = nodes[4].id();
    cluster_cli(&["del-node", &seed, &id]);
    let (id, to) = (nodes[3].id(), nodes[1].id());
    cluster_cli(&[
        "reshard",
        &seed,
        "--cluster-from",
        &id,
        "--cluster-to",
        &to,
        "--cluster-slots",
        "4096",
        "--cluster-yes",
    ]);
    wait_until("everybody knows that the node has nothing left", || {
        nodes[..3].iter().all(|node| !owners(node).iter().any(|range| range.ends_with(&id)))
    });
    cluster_cli(&["del-node", &seed, &id]);
    let left = &nodes[..3];
    wait_until("the nodes are forgotten", || {
        left.iter().all(|node| node.field("CLUSTER INFO", "cluster_known_nodes") == "3")
    });
    load.check(&ports(left));
    agree(left);
    check(&nodes[0]);
}

#[test]
#[ignore = "needs redis-cli: make cluster"]
fn fix_what_was_left_half_done() {
    let nodes = start(3);
    create(&nodes, 0);
    let mut router = Router::new(&ports(&nodes));
    for number in 0..50 {
        assert_eq!(router.ask(&["SET", &format!("{{bar}}{number}"), &number.to_string()]), "OK");
    }
    // bar is in slot 5061, which the first node has. It begins to move, and nobody goes on.
    let (from, to) = (&nodes[0], &nodes[1]);
    assert_eq!(to.ask(&format!("CLUSTER SETSLOT 5061 IMPORTING {}", from.id())), "OK");
    assert_eq!(from.ask(&format!("CLUSTER SETSLOT 5061 MIGRATING {}", to.id())), "OK");
    for number in 0..20 {
        let migrate = format!("MIGRATE 127.0.0.1 {} {{bar}}{number} 0 5000", to.port);
        assert_eq!(from.ask(&migrate), "OK");
    }
    assert_eq!(from.ask("CLUSTER COUNTKEYSINSLOT 5061"), "30");
    assert_eq!(to.ask("CLUSTER COUNTKEYSINSLOT 5061"), "20");
    // Meanwhile each key is found.
    for number in 0..50 {
        assert_eq!(router.ask(&["GET", &format!("{{bar}}{number}")]), number.to_string());
    }
    assert!(router.followed[1] >= 20, "{:?}", router.followed);
    cluster_cli(&["fix", &nodes[2].address()]);
    check(&nodes[2]);
    let counts = [from, to].map(|node| node.ask("CLUSTER COUNTKEYSINSLOT 5061"));
    assert!(counts == ["0", "50"] || counts == ["50", "0"], "{counts:?}");
    for number in 0..50 {
        assert_eq!(router.ask(&["GET", &format!("{{bar}}{number}")]), number.to_string());
    }
    // A slot that is nobody's is given to somebody.
    for node in &nodes {
        assert_eq!(node.ask("CLUSTER DELSLOTS 16000"), "OK");
    }
    cluster_cli(&["fix", &nodes[0].address()]);
    agree(&nodes);
    check(&nodes[0]);
}

#[test]
#[ignore = "needs redis-cli: make cluster"]
fn import_from_a_single_server() {
    let nodes = start(3);
    create(&nodes, 0);
    for kind in [Kind::Cacheflow, Kind::Redis] {
        let single = Node::start_with(kind, &[]);
        for number in 0..200 {
            assert_eq!(single.ask(&format!("SET {kind:?}:{number} {number} EX 1000")), "OK");
        }
        assert_eq!(single.ask(&format!("RPUSH {kind:?}:list a b c")), "3");
        let printed =
            cluster_cli(&["import", &nodes[0].address(), "--cluster-from", &single.address()]);
        assert!(!printed.contains("ERR"), "{printed}");
        assert_eq!(single.ask("DBSIZE"), "0");
        let mut router = Router::new(&ports(&nodes));
        for number in 0..200 {
            let name = format!("{kind:?}:{number}");
            assert_eq!(router.ask(&["GET", &name]), number.to_string());
            assert!(router.ask(&["TTL", &name]).parse::<i64>().unwrap() > 900);
        }
        assert_eq!(router.ask(&["LRANGE", &format!("{kind:?}:list"), "0", "-1"]), "a\nb\nc");
    }
    copies_are_equal(&nodes);
}
