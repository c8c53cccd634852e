//! Replication over TLS: with our own kind, with Redis, and watched by Sentinels.

use std::fs;
use std::process::{Command, Stdio};

use cacheflow::system::tls::Tls;

use super::certificates::{Authority, Issued};
use super::client::Value;
use super::server::{PATIENCE, Process, wait_until};
use super::servers::{Server, free_port};
use super::{Killed, call, connect_with, start, text};

struct Pair {
    _directories: [tempfile::TempDir; 2],
    authority: Authority,
    issued: Issued,
    master: (Process, u16),
    replica: Process,
}

/// A master, and a replica that follows it over TLS.
fn pair() -> Pair {
    let directories = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let authority = Authority::new(directories[0].path(), "ca");
    let issued = authority.issue("both");
    let usual = ["--repl-diskless-sync-delay", "0", "--tls-replication", "yes"];
    let master = start(directories[0].path(), &authority, &issued, &usual);
    let follow = format!("127.0.0.1 {}", master.1);
    let flags = [&usual[..], &["--replicaof", &follow]].concat();
    let (replica, _) = start(directories[1].path(), &authority, &issued, &flags);
    Pair { _directories: directories, authority, issued, master, replica }
}

fn is_up(replica: &Process) {
    let status = || replica.info("master_link_status");
    wait_until(|| status() == "up", || replica.log());
}

#[test]
fn a_replica_follows_over_tls_and_comes_back() {
    let pair = pair();
    let (master, port) = &pair.master;
    let tls = pair.authority.tls(&pair.issued);
    let mut client = connect_with(*port, &tls).unwrap();
    is_up(&pair.replica);
    for number in 0..2000 {
        client.send(&["SET", &format!("key:{number}"), &"v".repeat(number)]).unwrap();
    }
    (0..2000).for_each(|_| assert_eq!(text(super::next(&mut client)), "OK"));
    assert_eq!(text(call(&mut client, "WAIT 1 10000")), "Integer(1)");
    let digest = || text(pair.replica.call("DEBUG DIGEST"));
    assert_eq!(digest(), text(master.call("DEBUG DIGEST")));
    // INFO tells at which port the replica is to be found: that of TLS.
    let told = master.info("slave0");
    let announced = pair.replica.call("CONFIG GET tls-port");
    let announced = format!("{announced:?}");
    let digits = told.split("port=").nth(1).unwrap().split(',').next().unwrap();
    let expected = format!("{:?}", Value::Bulk(digits.into()));
    assert!(announced.contains(&expected), "{told} {announced}");
    // The link breaks, and goes on where it was.
    call(&mut client, "CLIENT KILL TYPE replica");
    call(&mut client, "SET after break");
    wait_until(|| digest() == text(master.call("DEBUG DIGEST")), || pair.replica.log());
    assert_eq!(master.info("sync_full"), "1");
    assert_eq!(master.info("sync_partial_ok"), "1");
}

#[test]
fn who_is_not_believed_is_not_followed() {
    let pair = pair();
    is_up(&pair.replica);
    // To a port where no TLS is spoken, and to a server of another authority: the data stays.
    let (master, _) = &pair.master;
    master.call("SET a 1");
    wait_until(|| text(pair.replica.call("GET a")) == "1", || "it has it".to_owned());
    let plain = master.address.port();
    pair.replica.call(&format!("REPLICAOF 127.0.0.1 {plain}"));
    pair.replica.wait_for_log("Error condition on socket for SYNC: received corrupt message");
    let directory = tempfile::tempdir().unwrap();
    let foreign = Authority::new(directory.path(), "foreign");
    let (_other, port) = start(directory.path(), &foreign, &foreign.issue("server"), &[]);
    pair.replica.call(&format!("REPLICAOF 127.0.0.1 {port}"));
    pair.replica.wait_for_log("Error condition on socket for SYNC: invalid peer certificate");
    assert_eq!(text(pair.replica.call("GET a")), "1");
    assert_eq!(pair.replica.info("master_link_status"), "down");
    // Without TLS it can be followed at the other port.
    assert_eq!(text(pair.replica.call("CONFIG SET tls-replication no")), "OK");
    pair.replica.call(&format!("REPLICAOF 127.0.0.1 {plain}"));
    is_up(&pair.replica);
}

/// A server of either kind, to which there is no way but over TLS.
struct Node {
    server: Server,
    port: u16,
}

/// What Redis takes, and cacheflow with it.
fn node(is_redis: bool, authority: &Authority, issued: &Issued, flags: &[&str]) -> Node {
    let port = free_port().unwrap();
    let text = port.to_string();
    let usual = ["--repl-diskless-sync-delay", "0", "--enable-debug-command", "yes"];
    let tls = ["--tls-port", &text, "--tls-replication", "yes"];
    let flags = [&usual[..], &tls, &authority.flags(issued), flags].concat();
    let server = match is_redis {
        true => Server::redis(&flags),
        false => Server::cacheflow(env!("CARGO_BIN_EXE_cacheflow"), &flags),
    };
    Node { server: server.unwrap(), port }
}

/// One command on a connection of its own, which may be cut at any time.
fn ask(port: u16, tls: &Tls, command: &str) -> String {
    let words: Vec<&str> = command.split(' ').collect();
    let asked = connect_with(port, tls).and_then(|mut client| client.call(&words, PATIENCE));
    asked.map_or_else(|error| error.to_string(), text)
}

fn field(port: u16, tls: &Tls, name: &str) -> String {
    let info = ask(port, tls, "INFO replication");
    let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_default().to_owned()
}

/// Everything gets there, both as a snapshot and as a stream.
fn follows(master_is_redis: bool, replica_is_redis: bool) {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new(directory.path(), "ca");
    let issued = authority.issue("both");
    let tls = authority.tls(&issued);
    let master = node(master_is_redis, &authority, &issued, &[]);
    let mut client = connect_with(master.port, &tls).unwrap();
    let large = "v".repeat(100_000);
    let fill = |client: &mut super::Client, from: usize| {
        (from..from + 500)
            .for_each(|n| client.send(&["SET", &format!("key:{n}"), &large]).unwrap());
        (0..500).for_each(|_| assert_eq!(text(super::next(client)), "OK"));
    };
    fill(&mut client, 0);
    let follow = format!("127.0.0.1 {}", master.port);
    let replica = node(replica_is_redis, &authority, &issued, &["--replicaof", &follow]);
    let status = || field(replica.port, &tls, "master_link_status");
    wait_until(|| status() == "up", || replica.server.log());
    fill(&mut client, 500);
    let digest = |port| ask(port, &tls, "DEBUG DIGEST");
    wait_until(|| digest(replica.port) == digest(master.port), || replica.server.log());
    assert!(field(master.port, &tls, "slave0").contains(&format!("port={},", replica.port)));
}

#[test]
#[ignore = "needs redis-server: make differential"]
fn cacheflow_follows_redis() {
    follows(true, false);
}

#[test]
#[ignore = "needs redis-server: make differential"]
fn redis_follows_cacheflow() {
    follows(false, true);
}

/// Three Sentinels that speak nothing but TLS replace a master that is killed.
#[test]
#[ignore = "needs redis-sentinel: make differential"]
fn sentinels_over_tls_replace_a_killed_master() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new(directory.path(), "ca");
    let issued = authority.issue("all");
    let tls = authority.tls(&issued);
    // There is no port without TLS that anybody could have used instead.
    let no_plain = ["--port", "0"];
    let mut master = node_without_port(&authority, &issued, &no_plain);
    let follow = format!("127.0.0.1 {}", master.1);
    let flags = [&no_plain[..], &["--replicaof", &follow]].concat();
    let replicas = [(); 2].map(|()| node_without_port(&authority, &issued, &flags));
    let sentinels = [0, 1, 2].map(|number| {
        let port = free_port().unwrap();
        let file = directory.path().join(format!("sentinel{number}.conf"));
        let files = format!(
            "tls-cert-file {}\ntls-key-file {}\ntls-ca-cert-file {}\n",
            issued.certificate, issued.key, authority.file
        );
        let text = format!(
            "port 0\ntls-port {port}\ntls-replication yes\n{files}dir {}\n\
             sentinel monitor mymaster 127.0.0.1 {} 2\n\
             sentinel down-after-milliseconds mymaster 1000\n\
             sentinel failover-timeout mymaster 4000\n",
            directory.path().display(),
            master.1
        );
        fs::write(&file, text).unwrap();
        let mut command = Command::new("redis-sentinel");
        let child = command.arg(&file).stdout(Stdio::null()).spawn().unwrap();
        (port, Killed(child))
    });
    for (port, _) in &sentinels {
        let known = || ask(*port, &tls, "INFO sentinel");
        wait_until(|| known().contains("slaves=2,sentinels=3"), known);
    }
    assert_eq!(ask(master.1, &tls, "SET before failover"), "OK");
    assert_eq!(ask(master.1, &tls, "WAIT 2 5000"), "Integer(2)");
    let _ = master.0.0.kill();
    let takes_writes = |port: u16| ask(port, &tls, "SET after failover") == "OK";
    wait_until(|| replicas.iter().any(|(_, port)| takes_writes(*port)), || "nobody".to_owned());
    let new = replicas.iter().find(|(_, port)| takes_writes(*port)).unwrap().1;
    assert_eq!(ask(new, &tls, "GET before"), "failover");
    let other = replicas.iter().find(|(_, port)| *port != new).unwrap().1;
    let follows = || field(other, &tls, "master_port");
    wait_until(|| follows() == new.to_string(), follows);
}

/// A cacheflow that listens for TLS only, and where.
fn node_without_port(authority: &Authority, issued: &Issued, flags: &[&str]) -> (Killed, u16) {
    let port = free_port().unwrap();
    let mut command = Command::new(super::server::binary());
    command.args(["--tls-port", &port.to_string(), "--tls-replication", "yes", "--save", ""]);
    command.args(["--repl-diskless-sync-delay", "0"]).args(authority.flags(issued)).args(flags);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let tls = authority.tls(issued);
    wait_until(|| connect_with(port, &tls).is_ok(), || "it listens".to_owned());
    (Killed(child), port)
}
