//! Roles: who may write, who waits for whom, and how they change.

use crate::client::{Output, Value};
use crate::wait_until;
use crate::{cacheflow, call, call_on, connect, follow, info, text, wait_for_equal, wait_for_link};

#[test]
fn wait_counts_replicas_that_really_have_it() {
    let (master, replica) = (cacheflow(&[]), cacheflow(&[]));
    let mut client = connect(master.port);
    call_on(&mut client, "SET k 1");
    assert_eq!(text(call_on(&mut client, "WAIT 1 50")), "Integer(0)");
    follow(replica.port, master.port);
    wait_for_link(replica.port);
    for round in 0..50 {
        call_on(&mut client, &format!("SET k {round}"));
        assert_eq!(text(call_on(&mut client, "WAIT 1 5000")), "Integer(1)");
        assert_eq!(text(call(replica.port, "GET k")), round.to_string());
    }
    assert_eq!(text(call_on(&mut client, "WAIT 5 200")), "Integer(1)");
    assert!(text(call(replica.port, "WAIT 1 1")).starts_with("ERR WAIT cannot be used"));
    drop(replica);
    wait_until("the replica is gone", || info(master.port, "connected_slaves") == "0");
    call_on(&mut client, "SET k last");
    assert_eq!(text(call_on(&mut client, "WAIT 1 50")), "Integer(0)");
}

#[test]
fn gates() {
    let master = cacheflow(&["--min-replicas-to-write", "1"]);
    let refused = "NOREPLICAS Not enough good replicas to write.";
    assert_eq!(text(call(master.port, "SET k 1")), refused);
    let replica = cacheflow(&["--replica-serve-stale-data", "no"]);
    follow(replica.port, master.port);
    wait_until("a good replica", || text(call(master.port, "SET k 1")) == "OK");
    wait_for_equal(&[master.port, replica.port]);
    let read_only = "READONLY You can't write against a read only replica.";
    assert_eq!(text(call(replica.port, "SET k 2")), read_only);
    assert_eq!(text(call(replica.port, "GET k")), "1");
    drop(master);
    wait_until("the master is missed", || {
        text(call(replica.port, "GET k")).starts_with("MASTERDOWN Link with MASTER is down")
    });
    assert_eq!(text(call(replica.port, "REPLICAOF NO ONE")), "OK");
    assert_eq!(text(call(replica.port, "GET k")), "1");
}

#[test]
fn the_replicas_of_a_promoted_replica_go_on_where_they_were() {
    let (master, middle, last) = (cacheflow(&[]), cacheflow(&[]), cacheflow(&[]));
    follow(middle.port, master.port);
    wait_for_link(middle.port);
    follow(last.port, middle.port);
    call(master.port, "RPUSH list a b c");
    wait_for_equal(&[master.port, middle.port, last.port]);
    let full = info(middle.port, "sync_full");
    drop(master);
    assert_eq!(text(call(middle.port, "REPLICAOF NO ONE")), "OK");
    call(middle.port, "RPUSH list d");
    wait_for_equal(&[middle.port, last.port]);
    assert_eq!(info(middle.port, "sync_full"), full, "it was sent everything again");
    assert_eq!(info(middle.port, "master_replid"), info(last.port, "master_replid"));
}

#[test]
fn failover_exchanges_roles() {
    let (master, replica) = (cacheflow(&[]), cacheflow(&[]));
    assert_eq!(text(call(master.port, "FAILOVER")), "ERR FAILOVER requires connected replicas.");
    assert_eq!(text(call(master.port, "FAILOVER ABORT")), "ERR No failover in progress.");
    call(master.port, "SET k 1");
    follow(replica.port, master.port);
    wait_for_equal(&[master.port, replica.port]);
    let port = replica.port;
    assert_eq!(
        text(call(master.port, &format!("FAILOVER TO 127.0.0.1 {port} TIMEOUT 5000"))),
        "OK"
    );
    wait_until("the roles are exchanged", || {
        info(port, "role") == "master" && info(master.port, "role") == "slave"
    });
    assert_eq!(text(call(port, "SET k 2")), "OK");
    wait_for_equal(&[port, master.port]);
    assert_eq!(info(port, "sync_full"), "0");
    assert_eq!(info(master.port, "master_failover_state"), "no-failover");
}

#[test]
fn published_messages_and_passwords_reach_replicas() {
    let secret = ["--requirepass", "s3", "--masterauth", "s3"];
    let (master, replica) = (cacheflow(&secret), cacheflow(&secret));
    let authenticated = |port| {
        let mut client = connect(port);
        assert_eq!(text(call_on(&mut client, "AUTH s3")), "OK");
        client
    };
    let mut operator = authenticated(replica.port);
    call_on(&mut operator, &format!("REPLICAOF 127.0.0.1 {}", master.port));
    wait_until("the link is up", || {
        text(call_on(&mut operator, "INFO replication")).contains("link_status:up")
    });
    let mut subscriber = authenticated(replica.port);
    call_on(&mut subscriber, "SUBSCRIBE news");
    call_on(&mut authenticated(master.port), "PUBLISH news hello");
    let message = subscriber.read(crate::PATIENCE).unwrap();
    let Output::Value(Value::Array(words)) = message else { panic!("{message:?}") };
    assert_eq!(words.into_iter().map(text).collect::<Vec<_>>(), ["message", "news", "hello"]);
}

#[test]
fn a_replica_from_the_start_hides_what_has_expired_and_removes_it_when_told() {
    let master = cacheflow(&[]);
    call(master.port, "DEBUG SET-ACTIVE-EXPIRE 0");
    call(master.port, "SET greeting hello");
    let replica = cacheflow(&["--replicaof", "127.0.0.1", &master.port.to_string()]);
    wait_until("the link is up", || info(replica.port, "master_link_status") == "up");
    assert_eq!(text(call(replica.port, "GET greeting")), "hello");
    call(master.port, "SET short lived PX 30");
    wait_for_equal(&[master.port, replica.port]);
    wait_until("it expires", || text(call(replica.port, "EXISTS short")) == "Integer(0)");
    assert_eq!(text(call(replica.port, "DBSIZE")), "Integer(2)");
    assert_eq!(text(call(master.port, "EXISTS short")), "Integer(0)");
    wait_for_equal(&[master.port, replica.port]);
    assert_eq!(text(call(replica.port, "DBSIZE")), "Integer(1)");
}

#[test]
fn a_master_that_stops_lets_its_replicas_have_everything() {
    let (mut master, replica) = (cacheflow(&[]), cacheflow(&[]));
    follow(replica.port, master.port);
    wait_for_link(replica.port);
    let mut client = connect(master.port);
    for number in 0..5_000 {
        client.send(&["SET", &format!("key:{number}"), "value"]).unwrap();
    }
    client.send(&["SHUTDOWN"]).unwrap();
    assert!(master.child.wait().unwrap().success());
    wait_until("all keys", || text(call(replica.port, "DBSIZE")) == "Integer(5000)");
}

#[test]
fn a_replica_can_be_told_from_other_clients() {
    let (master, replica) = (cacheflow(&[]), cacheflow(&[]));
    follow(replica.port, master.port);
    wait_for_link(replica.port);
    wait_until("it is online", || info(master.port, "slave0").contains("state=online"));
    assert!(text(call(master.port, "CLIENT LIST TYPE replica")).contains("flags=S"));
    assert!(text(call(replica.port, "CLIENT LIST TYPE master")).contains("flags=M"));
    assert_eq!(text(call(replica.port, "CLIENT KILL TYPE master")), "Integer(1)");
    wait_until("it is back", || info(master.port, "sync_partial_ok") == "1");
    assert_eq!(text(call(master.port, "CLIENT KILL TYPE replica")), "Integer(1)");
    wait_until("it is back", || info(master.port, "sync_partial_ok") == "2");
    assert_eq!(info(master.port, "sync_full"), "1");
    let Value::Array(role) = call(master.port, "ROLE") else { panic!("ROLE is an array") };
    let Some(Value::Array(replicas)) = role.get(2) else { panic!("{role:?}") };
    let Some(Value::Array(words)) = replicas.first() else { panic!("{role:?}") };
    let words: Vec<String> = words.iter().cloned().map(text).collect();
    assert_eq!(words[..2], ["127.0.0.1".to_owned(), replica.port.to_string()]);
}
