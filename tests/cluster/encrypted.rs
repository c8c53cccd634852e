//! A cluster that speaks TLS, whose nodes have ports without it, too: each client is sent to ports of its own
//! kind.

use std::net::TcpStream;
use std::time::Instant;

use cacheflow::system::tls::Tls;

use super::certificates::{Authority, Issued};
use super::client::Client;
use super::nodes::Kind::{self, Cacheflow, Redis};
use super::nodes::{Node, PATIENCE, free_port, redis_cli, text, wait_until};

/// A node, and its port with TLS.
struct Encrypted {
    node: Node,
    tls_port: u16,
}

/// Nodes that believe one authority.
struct Cluster {
    nodes: Vec<Encrypted>,
    tls: Tls,
    authority: Authority,
    issued: Issued,
    _directory: tempfile::TempDir,
}

/// Slot 5061, the first node's.
const FIRST: &str = "bar";
/// Slot 12182, the second node's.
const SECOND: &str = "foo";

impl Cluster {
    /// Two masters with half of the slots each, and a replica of the first.
    fn start(kinds: [Kind; 3], replicates_with_tls: &str) -> Cluster {
        let directory = tempfile::tempdir().unwrap();
        let authority = Authority::new(directory.path(), "ca");
        let issued = authority.issue("node");
        let nodes: Vec<Encrypted> = kinds
            .into_iter()
            .map(|kind| {
                let tls_port = free_port();
                let port = tls_port.to_string();
                let cluster = ["--cluster-enabled", "yes", "--cluster-node-timeout", "3000"];
                let tls = ["--tls-port", &port, "--tls-cluster", "yes"];
                let replication = ["--tls-replication", replicates_with_tls];
                let flags = [&cluster[..], &tls, &replication, &authority.flags(&issued)].concat();
                Encrypted { node: Node::start_with(kind, &flags), tls_port }
            })
            .collect();
        let tls = authority.tls(&issued);
        let cluster = Cluster { nodes, tls, authority, issued, _directory: directory };
        let [first, second, replica] = cluster.nodes();
        assert_eq!(first.ask("CLUSTER ADDSLOTSRANGE 0 8191"), "OK");
        assert_eq!(second.ask("CLUSTER ADDSLOTSRANGE 8192 16383"), "OK");
        assert_eq!(second.ask("CLUSTER SET-CONFIG-EPOCH 2"), "OK");
        for other in &cluster.nodes[1..] {
            // The bus is where the port with TLS says.
            assert_eq!(first.ask(&format!("CLUSTER MEET 127.0.0.1 {}", other.tls_port)), "OK");
        }
        wait_until("they know each other", || {
            cluster.nodes().iter().all(|node| {
                let lines = node.ask("CLUSTER NODES");
                lines.lines().count() == 3 && !lines.contains("handshake")
            })
        });
        wait_until("the replica knows its master", || {
            replica.ask(&format!("CLUSTER REPLICATE {}", first.id())) == "OK"
        });
        wait_until("the replica follows", || {
            replica.field("INFO replication", "master_link_status") == "up"
        });
        wait_until("all serve", || {
            let mut nodes = cluster.nodes().into_iter();
            nodes.all(|node| node.field("CLUSTER INFO", "cluster_state") == "ok")
        });
        cluster
    }

    fn nodes(&self) -> [&Node; 3] {
        [0, 1, 2].map(|index| &self.nodes[index].node)
    }

    /// What a node says to a client with TLS.
    fn ask(&self, index: usize, command: &str) -> String {
        let socket = TcpStream::connect(("127.0.0.1", self.nodes[index].tls_port)).unwrap();
        let deadline = Instant::now() + PATIENCE;
        let stream = self.tls.outgoing.connect(socket, "localhost", deadline).unwrap();
        let words: Vec<&str> = command.split(' ').collect();
        text(&Client::over(stream).call(&words, PATIENCE).unwrap())
    }

    /// The ports of all nodes, with TLS and without it.
    fn ports(&self) -> [[u16; 3]; 2] {
        let with = [0, 1, 2].map(|index| self.nodes[index].tls_port);
        [with, self.nodes().map(|node| node.port)]
    }

    /// Each node tells these ports of the second one: those with TLS to who comes with TLS.
    fn tells(&self, with: u16, without: u16) {
        for index in 0..3 {
            let replies =
                |command: &str| [self.ask(index, command), self.nodes[index].node.ask(command)];
            for (said, port) in replies("CLUSTER NODES").iter().zip([with, without]) {
                assert!(said.contains(&format!("127.0.0.1:{port}@")), "{port}: {said}");
            }
            for (said, port) in replies("CLUSTER SLOTS").iter().zip([with, without]) {
                assert!(said.contains(&format!("127.0.0.1\n{port}\n")), "{port}: {said}");
            }
            for said in replies("CLUSTER SHARDS") {
                let both = format!("port\n{without}\ntls-port\n{with}\n");
                assert!(said.contains(&both), "{both}: {said}");
            }
            if index != 1 {
                for (said, port) in replies(&format!("GET {SECOND}")).iter().zip([with, without]) {
                    assert_eq!(*said, format!("MOVED 12182 127.0.0.1:{port}"));
                }
            }
        }
    }
}

/// What holds for every such cluster.
fn each_is_sent_to_its_own(kinds: [Kind; 3]) {
    let mut cluster = Cluster::start(kinds, "yes");
    let [with, without] = cluster.ports();
    cluster.tells(with[1], without[1]);
    // A slot on its way, and a replica that sends to its master.
    let [first, second, _] = cluster.nodes();
    assert_eq!(first.ask(&format!("CLUSTER SETSLOT 5061 MIGRATING {}", second.id())), "OK");
    let get = format!("GET {FIRST}");
    assert_eq!(first.ask(&get), format!("ASK 5061 127.0.0.1:{}", without[1]));
    assert_eq!(cluster.ask(0, &get), format!("ASK 5061 127.0.0.1:{}", with[1]));
    assert_eq!(first.ask("CLUSTER SETSLOT 5061 STABLE"), "OK");
    assert_eq!(cluster.nodes[2].node.ask(&get), format!("MOVED 5061 127.0.0.1:{}", without[0]));
    assert_eq!(cluster.ask(2, &get), format!("MOVED 5061 127.0.0.1:{}", with[0]));
    // The file has the ports with TLS only; after a restart the others tell the rest.
    cluster.nodes[0].node.restart();
    wait_until("it has learned the ports again", || {
        let said = cluster.nodes[0].node.ask(&format!("GET {SECOND}"));
        said == format!("MOVED 12182 127.0.0.1:{}", without[1])
    });
    // What is announced takes their places.
    let second = &cluster.nodes[1].node;
    for (setting, with, without) in [
        ("cluster-announce-tls-port 78", 78, None),
        ("cluster-announce-port 77", 78, Some(77)),
        // Alone it takes the place of the first port, which is the one with TLS.
        ("cluster-announce-tls-port 0", 77, Some(without[1])),
        ("cluster-announce-port 0", with[1], Some(without[1])),
    ] {
        assert_eq!(second.ask(&format!("CONFIG SET {setting}")), "OK");
        let shown = |port| format!("MOVED 12182 127.0.0.1:{port}");
        let get = format!("GET {SECOND}");
        wait_until(setting, || {
            [0, 2].iter().all(|index| {
                cluster.ask(*index, &get) == shown(with)
                    && cluster.nodes[*index].node.ask(&get) == shown(without.unwrap_or(with))
            })
        });
        if let Some(without) = without {
            cluster.tells(with, without);
        }
    }
}

#[test]
fn clients_are_sent_to_ports_of_their_kind() {
    each_is_sent_to_its_own([Cacheflow; 3]);
}

#[test]
#[ignore = "needs redis-server: make cluster"]
fn clients_are_sent_to_ports_of_their_kind_among_redis_servers_too() {
    each_is_sent_to_its_own([Redis, Cacheflow, Cacheflow]);
    each_is_sent_to_its_own([Cacheflow, Redis, Redis]);
    each_is_sent_to_its_own([Redis; 3]);
}

/// A node that copies without TLS looks for its master at the port without it.
#[test]
fn replicas_without_tls_find_their_masters() {
    let cluster = Cluster::start([Cacheflow; 3], "no");
    let [first, _, replica] = cluster.nodes();
    let port = replica.field("INFO replication", "master_port");
    assert_eq!(port, first.port.to_string());
}

#[test]
#[ignore = "needs redis-cli: make cluster"]
fn redis_cli_follows_redirections_over_tls() {
    for kinds in [[Cacheflow, Redis, Cacheflow], [Redis, Cacheflow, Redis]] {
        let cluster = Cluster::start(kinds, "yes");
        let Cluster { authority, issued, nodes, .. } = &cluster;
        let cli = |port: u16, command: &[&str]| {
            let port = port.to_string();
            let to = ["--tls", "-c", "-p", &port, "--cacert", &authority.file];
            let who = ["--cert", &issued.certificate, "--key", &issued.key];
            redis_cli(&[&to[..], &who, command].concat()).unwrap().trim().to_owned()
        };
        for (number, node) in nodes.iter().enumerate() {
            for key in [FIRST, SECOND] {
                let value = number.to_string();
                assert_eq!(cli(node.tls_port, &["SET", key, &value]), "OK");
                assert_eq!(cli(node.tls_port, &["GET", key]), value);
            }
        }
        let address = format!("127.0.0.1:{}", nodes[0].tls_port);
        let printed = cli(nodes[0].tls_port, &["--cluster", "check", &address]);
        assert!(printed.contains("[OK] All 16384 slots covered."), "{printed}");
    }
}
