//! A network that falls apart: the smaller part stops taking writes, the larger one goes on.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use super::hosts::{Host, Network};
use super::nodes::{Kind, NODE_TIMEOUT_MS, Node, mixed, wait_until};

/// A node on a host of its own.
struct Member {
    node: Node,
    host: Host,
}

impl Member {
    fn start(network: &mut Network, kind: Kind) -> Member {
        let host = network.host();
        let timeout = NODE_TIMEOUT_MS.to_string();
        let node = host.inside(|| {
            let args = ["--bind", "0.0.0.0", "--protected-mode", "no"];
            let cluster = ["--cluster-enabled", "yes", "--cluster-node-timeout", &timeout];
            Node::start_with(kind, &[args, cluster].concat())
        });
        Member { node, host }
    }

    fn ask(&self, command: &str) -> String {
        self.host.inside(|| self.node.ask(command))
    }

    fn field(&self, command: &str, name: &str) -> String {
        self.host.inside(|| self.node.field(command, name))
    }

    fn at(&self) -> (Ipv4Addr, u16) {
        (self.host.address, self.node.port)
    }

    fn is_master(&self) -> bool {
        self.field("INFO replication", "role") == "master"
    }

    fn serves(&self) -> bool {
        self.field("CLUSTER INFO", "cluster_state") == "ok"
    }
}

/// Three masters with a third of the slots each, and three replicas.
fn form(members: &[Member]) {
    let (ip, port) = members[0].at();
    for (index, member) in members.iter().enumerate() {
        assert_eq!(member.ask(&format!("CLUSTER SET-CONFIG-EPOCH {}", index + 1)), "OK");
        if index < 3 {
            let (first, last) = (index * 5462, (index * 5462 + 5461).min(16_383));
            assert_eq!(member.ask(&format!("CLUSTER ADDSLOTSRANGE {first} {last}")), "OK");
        }
        assert_eq!(member.ask(&format!("CLUSTER MEET {ip} {port}")), "OK");
    }
    wait_until("all know all", || {
        members.iter().all(|member| member.field("CLUSTER INFO", "cluster_known_nodes") == "6")
    });
    for (index, replica) in members[3..].iter().enumerate() {
        let id = members[index].ask("CLUSTER MYID");
        wait_until("it copies", || replica.ask(&format!("CLUSTER REPLICATE {id}")) == "OK");
    }
    wait_until("all serve and all copies are there", || {
        let is_up = |member: &Member| {
            member.is_master() || member.field("INFO replication", "master_link_status") == "up"
        };
        members.iter().all(|member| member.serves() && is_up(member))
    });
}

fn a_minority_stops(first: Kind) {
    let Some(mut network) = Network::new() else { return };
    let other = mixed(2).into_iter().find(|kind| *kind != first).unwrap_or(first);
    let kinds = [first, other, first, other, first, other];
    let members: Vec<Member> = kinds.map(|kind| Member::start(&mut network, kind)).into();
    form(&members);
    // `{bar}` is in slot 5061, which is the first master's.
    let (alone, heir) = (&members[0], &members[3]);
    assert_eq!(alone.ask("SET {bar}1 together"), "OK");
    wait_until("the replica has it", || {
        alone.ask("WAIT 1 1000") == "1" && alone.ask("DEBUG DIGEST") == heir.ask("DEBUG DIGEST")
    });
    let since = Instant::now();
    network.cut(&[&alone.host]);
    // What it takes now nobody else will ever have.
    assert_eq!(alone.ask("SET {bar}2 alone"), "OK");
    wait_until("the minority stops", || {
        alone.ask("SET {bar}3 late").starts_with("CLUSTERDOWN The cluster is down")
    });
    let took = since.elapsed();
    // Half of the node timeout until the next ping, and then all of it.
    let longest = Duration::from_millis(2 * NODE_TIMEOUT_MS + 1000);
    assert!(took < longest, "it has gone on for {took:?}");
    wait_until("the majority goes on", || heir.is_master() && heir.serves());
    assert_eq!(heir.ask("SET {bar}1 without"), "OK");
    assert_eq!(members[1].ask("GET {bar}1").split(' ').next(), Some("MOVED"));
    network.heal(&[&alone.host]);
    wait_until("it falls in line", || !alone.is_master());
    wait_until("it has what the others have", || {
        alone.ask("DEBUG DIGEST") == heir.ask("DEBUG DIGEST")
    });
    assert_eq!(heir.ask("GET {bar}1"), "without");
    wait_until("all serve", || members.iter().all(Member::serves));
    let epoch = |member: &Member| member.field("CLUSTER INFO", "cluster_current_epoch");
    wait_until("epochs converge", || members.iter().all(|m| epoch(m) == epoch(heir)));
}

#[test]
#[ignore = "needs redis-cli: make cluster"]
fn a_cacheflow_that_is_cut_off_stops_taking_writes() {
    a_minority_stops(Kind::Cacheflow);
}

#[test]
#[ignore = "needs redis-cli: make cluster"]
fn a_redis_that_is_cut_off_stops_taking_writes_beside_cacheflow() {
    a_minority_stops(Kind::Redis);
}
