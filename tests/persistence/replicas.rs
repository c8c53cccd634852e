//! What a replica acknowledges. A client that has waited for it (WAIT) relies on the replica's disk as it
//! relies on the master's, so the replica is killed, and started alone.

use std::io::Read;
use std::time::Duration;

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

#[test]
fn replicas_hear_that_their_master_is_there_while_a_file_is_written_for_them() {
    let directory = tempfile::tempdir().unwrap();
    let master = start(directory.path(), &["--repl-diskless-sync", "no"]);
    assert_eq!(master.call("SET k v"), ok());
    // A disk on which nothing moves: the file is a pipe that nobody reads.
    let pipe = directory.path().join(format!("temp-repl-{}.rdb", master.pid()));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let directories = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let address = ["--repl-timeout", "1", "--replicaof", "127.0.0.1"];
    let port = master.address.port().to_string();
    let flags = [&address[..], &[port.as_str()]].concat();
    let first = start(directories[0].path(), &flags);
    master.wait_for_log("target: disk");
    // One that comes meanwhile has to wait for the next.
    let second = start(directories[1].path(), &flags);
    wait_until(|| master.info("connected_slaves") == "2", || master.log());
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(master.log().matches("Full resync requested").count(), 2, "{}", master.log());
    assert!(master.info("slave0").contains("state=wait_bgsave"), "{}", master.info("slave0"));
    // Now everything moves again, though what was written is lost.
    std::fs::File::open(&pipe).unwrap().read_to_end(&mut Vec::new()).unwrap();
    for replica in [first, second] {
        wait_until(|| replica.info("master_link_status") == "up", || replica.log());
        assert_eq!(replica.call("GET k"), bulk("v"));
    }
}
