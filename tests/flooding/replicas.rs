//! What the server keeps for others than clients: replicas that don't read, values that nobody has any
//! more. It is counted apart, and given back.

use std::process::Command;
use std::time::Duration;

use super::{PATIENCE, Server, Value, ask, eventually};

/// A server with a replica that has caught up.
fn with_replica(args: &[&str]) -> (Server, Server) {
    let master = Server::start(&[&["--repl-diskless-sync-delay", "0"], args].concat());
    let port = master.0.port.to_string();
    let replica = Server::start(&["--replicaof", "127.0.0.1", &port]);
    eventually("the replica is there", || {
        super::text(&master.ask("INFO replication")).contains("state=online")
            && super::text(&replica.ask("INFO replication")).contains("master_link_status:up")
    });
    (master, replica)
}

/// Stops a process, or lets it go on.
fn signal(server: &Server, name: &str) {
    let pid = server.0.child.id().to_string();
    assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
}

/// Sets keys to values of 100 KB, so often.
fn set(server: &Server, keys: usize, times: usize) {
    let mut client = server.connect();
    let value = "x".repeat(100_000);
    for number in 0..times {
        let reply = ask(&mut client, &format!("SET key:{} {value}", number % keys));
        assert_eq!(reply, Value::Status(b"OK".to_vec()));
    }
}

#[test]
fn what_a_replica_has_yet_to_read_is_shown_and_evicts_nothing() {
    let (master, replica) = with_replica(&["--maxmemory-policy", "allkeys-lru"]);
    set(&master, 100, 100);
    let fields = [
        "mem_total_replication_buffers",
        "mem_clients_slaves",
        "mem_not_counted_for_evict",
        "mem_replication_backlog",
    ];
    eventually("the replica has it all", || replica.ask("DBSIZE") == Value::Integer(100));
    eventually("it has all been read", || master.info("mem_clients_slaves") < 1_000_000);
    let before = master.info("used_memory");
    master.ask(&format!("CONFIG SET maxmemory {}", before + 5_000_000));
    signal(&replica, "-STOP");
    set(&master, 100, 500);
    let [total, replicas, not_counted, backlog] = fields.map(|field| master.info(field));
    assert!(total > 30_000_000 && replicas > 30_000_000, "{total} {replicas}");
    assert!((replicas - not_counted).abs() < 1_000_000, "{replicas} {not_counted}");
    assert!(backlog <= 1_100_000 && (total - replicas - backlog).abs() < 100_000, "{backlog}");
    let grown = master.info("used_memory") - before - not_counted;
    assert!(grown < 2_500_000, "{grown}");
    assert_eq!(master.info("evicted_keys"), 0);
    let list = super::text(&master.ask("CLIENT LIST TYPE replica"));
    let omem = list.split_once(" omem=").unwrap().1.split(' ').next().unwrap();
    assert!(omem.parse::<usize>().unwrap() > 30_000_000, "{list}");
    assert_eq!(master.ask("DBSIZE"), Value::Integer(100));
    // It goes with the replica.
    master.ask("CLIENT KILL TYPE replica");
    eventually("it is given back", || master.info("mem_clients_slaves") == 0);
    eventually("it is free", || master.info("used_memory") < before + 3_000_000);
    signal(&replica, "-CONT");
}

#[test]
fn a_huge_unit_leaves_nothing_behind() {
    let (master, replica) = with_replica(&[]);
    let before = master.info("used_memory");
    for size in [100_000_000, 10] {
        let mut client = master.connect();
        client.send(&["SET", "key", &"x".repeat(size)]).unwrap();
        assert!(matches!(client.read(PATIENCE).unwrap(), crate::client::Output::Value(_)));
        let length = Value::Integer(size as i64);
        eventually("the replica has it", || replica.ask("STRLEN key") == length);
    }
    // The newest megabyte stays in the backlog, and a block more.
    eventually("it is free", || master.info("used_memory") - before < 3_000_000);
}

#[test]
fn what_is_unlinked_is_freed_and_counted_without_anybody_waiting() {
    let server = Server::start(&[]);
    server.ask("CONFIG RESETSTAT");
    let before = server.info("used_memory");
    let mut client = server.connect();
    let members: Vec<String> = (0..100_000).map(|number| number.to_string()).collect();
    ask(&mut client, &format!("SADD set {}", members.join(" ")));
    assert_eq!(ask(&mut client, "SCARD set"), Value::Integer(100_000));
    let peak = server.info("used_memory");
    assert!(peak > before + 1_000_000, "{peak} {before}");
    assert_eq!(ask(&mut client, "UNLINK set"), Value::Integer(1));
    std::thread::sleep(Duration::from_secs(1));
    let after = server.info("used_memory");
    assert!(after < before + 500_000, "{after} {before} {peak}");
    assert_eq!(server.info("lazyfree_pending_objects"), 0);
    assert_eq!(server.info("lazyfreed_objects"), 1);
    // A small one is freed at once, and all keys of a database count.
    ask(&mut client, "RPUSH small a b c");
    ask(&mut client, "UNLINK small");
    assert_eq!(server.info("lazyfreed_objects"), 1);
    for number in 0..50 {
        ask(&mut client, &format!("SET key:{number} x"));
    }
    ask(&mut client, "FLUSHDB ASYNC");
    eventually("all is counted", || server.info("lazyfreed_objects") == 51);
    server.ask("CONFIG RESETSTAT");
    assert_eq!(server.info("lazyfreed_objects"), 0);
}
