//! Replication: several servers, links that break, and the same data everywhere in the end.
//!
//! ```text
//!   random commands ──> master ── proxy ──> replica ── proxy ──> replica of the replica
//!                                  cut at random        DEBUG DIGEST: equal on all of them
//! ```
//!
//! What needs a real redis-server (or its Sentinel) is ignored unless asked for
//! (`make differential`). The random commands are those of `tests/differential`, whose seed
//! (`DIFF_SEED`) they share.
//!
//! | file           | what it is                                            |
//! |----------------|-------------------------------------------------------|
//! | `proxy.rs`     | a link that can be cut                                |
//! | `chains.rs`    | chains of both servers, cut at random                 |
//! | `hosts.rs`     | hosts of their own whose cables can be pulled         |
//! | `partition.rs` | a master that is parted from its replicas             |
//! | `hostile.rs`   | masters that answer nonsense: the data stays          |
//! | `roles.rs`     | WAIT, FAILOVER, promotion, gates                      |
//! | `durable.rs`   | WAITAOF: what is on whose disk                        |
//! | `later.rs`     | Redis 8.2 as a peer, and replicas that don't know what it does |
//! | `documents.rs` | what README.md and docs/scaling.md show               |
//! | `stream.rs`    | what replicas are fed, word by word                   |
//! | `restart.rs`   | servers that stop and come back                       |
//! | `scripts.rs`   | scripts and functions                                 |
//! | `sentinel.rs`  | redis-sentinel replaces a master that was killed      |

mod chains;
#[path = "../support/client.rs"]
#[allow(dead_code)] // Other tests use all of these, this one a part.
mod client;
#[path = "../differential/compare.rs"]
#[allow(dead_code)]
mod compare;
mod documents;
mod durable;
mod expiry;
mod fields;
#[path = "../differential/generator.rs"]
#[allow(dead_code)]
mod generator;
#[path = "../differential/grammar.rs"]
mod grammar;
mod hostile;
mod hosts;
mod later;
mod partition;
mod proxy;
mod restart;
mod roles;
mod scripts;
#[path = "../support/seed.rs"]
mod seed;
mod sentinel;
#[path = "../../benches/compare/servers.rs"]
#[allow(dead_code)]
mod servers;
mod stream;
#[path = "../differential/values.rs"]
mod values;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use client::{Client, Output, Value, text};
use generator::Generator;
use grammar::DEFAULT_FAMILIES;
use servers::Server;

/// How long anything may take that happens by itself.
const PATIENCE: Duration = Duration::from_secs(30);
/// Commands sent before replies are read.
const BATCH: usize = 50;
/// What every server here is started with: no waiting for more replicas, and DEBUG allowed.
const USUAL: [&str; 4] = ["--repl-diskless-sync-delay", "0", "--enable-debug-command", "yes"];

fn cacheflow(args: &[&str]) -> Server {
    let args = [&USUAL[..], args].concat();
    Server::cacheflow(env!("CARGO_BIN_EXE_cacheflow"), &args).unwrap()
}

fn redis(args: &[&str]) -> Server {
    Server::redis(&[&USUAL[..], args].concat()).unwrap()
}

fn connect(port: u16) -> Client {
    Client::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).unwrap()
}

/// One command on a connection of its own.
fn call(port: u16, command: &str) -> Value {
    call_on(&mut connect(port), command)
}

fn call_on(client: &mut Client, command: &str) -> Value {
    let words: Vec<&str> = command.split(' ').collect();
    client.call(&words, PATIENCE).unwrap_or_else(|error| panic!("{command}: {error}"))
}

/// A field of INFO; empty if there is none, or if the connection is cut before the answer: a Sentinel
/// that turns a master into a replica ends all its connections.
fn info(port: u16, name: &str) -> String {
    let answer = connect(port).call(&["INFO", "everything"], PATIENCE);
    answer.map_or(String::new(), |answer| field(&text(answer), name))
}

fn field(info: &str, name: &str) -> String {
    let found = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    found.unwrap_or_default().to_owned()
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn follow(replica: u16, master: u16) {
    assert_eq!(text(call(replica, &format!("REPLICAOF 127.0.0.1 {master}"))), "OK");
}

fn wait_for_link(replica: u16) {
    wait_until("the link is up", || info(replica, "master_link_status") == "up");
}

/// Waits until all have the same data as the first, and the same offset. Digests can be compared within a
/// version: that of 8.2 writes scores with fewer digits.
fn wait_for_equal(ports: &[u16]) {
    for port in &ports[1..] {
        wait_for_link(*port);
    }
    let versions: Vec<String> = ports.iter().map(|port| info(*port, "redis_version")).collect();
    for version in &versions {
        let alike = || ports.iter().zip(&versions).filter(|(_, other)| *other == version);
        equal_states(|| alike().map(|(port, _)| state(&mut connect(*port))).collect());
    }
    equal_states(|| {
        let offset = |port: &u16| (String::new(), state(&mut connect(*port)).1);
        ports.iter().map(offset).collect()
    });
}

/// What tells whether two servers have the same: the digest of the data, and the offset.
fn state(client: &mut Client) -> (String, String) {
    let offset = field(&text(call_on(client, "INFO replication")), "master_repl_offset");
    (text(call_on(client, "DEBUG DIGEST")), offset)
}

/// Asks for states until they are all equal.
fn equal_states(mut states: impl FnMut() -> Vec<(String, String)>) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = states();
        if found.iter().all(|state| *state == found[0]) {
            return;
        }
        assert!(Instant::now() < deadline, "they differ: {found:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Sends random commands, and calls `between` now and then.
fn load(port: u16, commands: usize, between: impl FnMut(usize)) {
    load_on(&mut connect(port), commands, between);
}

fn load_on(client: &mut Client, commands: usize, mut between: impl FnMut(usize)) {
    let mut generator = Generator::new(seed::seed(), DEFAULT_FAMILIES);
    for batch in 0..commands / BATCH {
        let commands = generator.commands(BATCH);
        for command in &commands {
            client.send(&command.argv).unwrap();
        }
        for command in &commands {
            let reply = client.read(PATIENCE).unwrap();
            assert!(matches!(reply, Output::Value(_)), "{reply:?} to {:?}", command.argv);
        }
        between(batch);
    }
}

fn several_replicas_at_once(args: &[&str]) {
    let master = cacheflow(args);
    let replicas = [cacheflow(&[]), cacheflow(&[]), cacheflow(&[])];
    load(master.port, 1_000, |_| {});
    replicas.iter().for_each(|replica| follow(replica.port, master.port));
    load(master.port, 1_000, |_| {});
    let ports: Vec<u16> = [&master].into_iter().chain(&replicas).map(|s| s.port).collect();
    wait_for_equal(&ports);
}

#[test]
fn several_replicas_share_a_snapshot_on_the_wire() {
    several_replicas_at_once(&["--repl-diskless-sync-delay", "1"]);
}

#[test]
fn the_snapshot_may_come_from_a_file() {
    several_replicas_at_once(&["--repl-diskless-sync", "no"]);
}

#[test]
fn what_is_written_during_a_full_synchronisation_is_not_lost() {
    let (master, replica) = (cacheflow(&["--repl-backlog-size", "16kb"]), cacheflow(&[]));
    call(master.port, "DEBUG POPULATE 20000 key 100");
    load(master.port, 4_000, |batch| {
        if batch == 2 {
            follow(replica.port, master.port);
        }
    });
    wait_for_equal(&[master.port, replica.port]);
}

#[test]
fn a_replica_keeps_its_own_append_only_file() {
    let dir = tempfile::tempdir().unwrap();
    let directory = dir.path().to_str().unwrap();
    let files = ["--dir", directory, "--appendonly", "yes"];
    let (master, replica) = (cacheflow(&[]), cacheflow(&files));
    load(master.port, 1_000, |_| {});
    follow(replica.port, master.port);
    wait_for_link(replica.port);
    wait_until("a new base", || info(replica.port, "aof_pending_rewrite") == "0");
    call(master.port, "SET after 1");
    wait_for_equal(&[master.port, replica.port]);
    let expected = text(call(replica.port, "DEBUG DIGEST"));
    call(replica.port, "REPLICAOF NO ONE");
    drop(replica);
    let again = cacheflow(&files);
    assert_eq!(text(call(again.port, "DEBUG DIGEST")), expected);
}
