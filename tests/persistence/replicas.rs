//! What a replica acknowledges. A client that has waited for it (WAIT) relies on the replica's disk as it
//! relies on the master's, so the replica is killed, and started alone.

use super::client::Value;
use super::full_disk::start_limited;
use super::server::{PATIENCE, Process, bulk, ok, start, wait_until};

/// Whatever happens by the clock happens too late.
const APPENDING: [&str; 4] = ["--appendonly", "yes", "--hz", "1"];

fn follow(replica: &Process, master: &Process) {
    assert_eq!(replica.call(&format!("REPLICAOF 127.0.0.1 {}", master.address.port())), ok());
    wait_until(|| replica.info("master_link_status") == "up", || replica.log());
    wait_until(|| replica.info("aof_pending_rewrite") == "0", || replica.log());
}

#[test]
fn what_a_replica_has_acknowledged_is_in_its_file() {
    let directory = tempfile::tempdir().unwrap();
    let master = start(directory.path(), &["--repl-diskless-sync-delay", "0"]);
    for policy in ["always", "everysec", "no"] {
        for round in 0..3 {
            let directory = tempfile::tempdir().unwrap();
            let policy_flags = [&APPENDING[..], &["--appendfsync", policy]].concat();
            let replica = start(directory.path(), &policy_flags);
            follow(&replica, &master);
            let mut client = master.connect();
            let value = format!("{policy}-{round}");
            assert_eq!(client.call(&["SET", "k", &value], PATIENCE).unwrap(), ok());
            let reached = client.call(&["WAIT", "1", "0"], PATIENCE).unwrap();
            replica.kill();
            assert_eq!(reached, Value::Integer(1));
            let alone = start(directory.path(), &["--appendonly", "yes"]);
            assert_eq!(alone.call("GET k"), bulk(&value));
        }
    }
}

#[test]
fn a_replica_acknowledges_nothing_that_its_disk_refuses() {
    let (directory, of_replica) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let master = start(directory.path(), &["--repl-diskless-sync-delay", "0"]);
    let replica = start_limited(of_replica.path(), &APPENDING);
    follow(&replica, &master);
    let mut client = master.connect();
    let too_long = "x".repeat(200_000);
    assert_eq!(client.call(&["SET", "k", &too_long], PATIENCE).unwrap(), ok());
    assert_eq!(client.call(&["WAIT", "1", "1500"], PATIENCE).unwrap(), Value::Integer(0));
    // It follows nevertheless, and says so.
    assert_eq!(replica.call("STRLEN k"), Value::Integer(200_000));
    assert_eq!(replica.info("master_link_status"), "up");
    assert_eq!(replica.info("aof_last_write_status"), "err");
    // A new base has all that could not be appended.
    assert_eq!(client.call(&["SET", "k", "v"], PATIENCE).unwrap(), ok());
    wait_until(|| replica.call("GET k") == bulk("v"), || replica.log());
    assert!(matches!(replica.call("BGREWRITEAOF"), Value::Status(_)));
    assert_eq!(client.call(&["WAIT", "1", "0"], PATIENCE).unwrap(), Value::Integer(1));
    replica.kill();
    let alone = start(of_replica.path(), &["--appendonly", "yes"]);
    assert_eq!(alone.call("GET k"), bulk("v"));
}
