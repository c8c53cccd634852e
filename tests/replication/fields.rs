//! Fields whose time is over, on replicas: hidden, but there until the master says that they go. What is left is
//! recorded from two redis-servers 8.2.3: `CACHEFLOW_BIN` runs these tests on any.

use std::time::Duration;

use crate::generator::Generator;
use crate::servers::replacement;
use crate::{
    BATCH, PATIENCE, cacheflow, call, call_on, connect, follow, info, seed, text, wait_for_equal,
    wait_until,
};

/// Hashes as master and replica see them, with the times of their fields: the digest tells only which have one.
fn times(port: u16) -> Vec<String> {
    let mut client = connect(port);
    let hashes = (0..4).map(|number| format!("hash:{number}"));
    let mut found = Vec::new();
    for hash in hashes.filter(|hash| text(call(port, &format!("TYPE {hash}"))) == "hash") {
        for number in 0..8 {
            let field = format!("m{number}");
            let request = ["HPEXPIRETIME", &hash, "FIELDS", "1", &field];
            found.push(format!("{:?}", client.call(&request, PATIENCE).unwrap()));
        }
    }
    found
}

#[test]
fn a_replica_has_the_times_of_its_master() {
    let (master, replica) = (cacheflow(&[]), cacheflow(&[]));
    let mut client = connect(master.port);
    let mut generator = Generator::new(seed::seed(), "hashfields");
    for batch in 0..100 {
        if batch == 30 {
            follow(replica.port, master.port); // from here on by the stream
        }
        let commands = generator.commands(BATCH);
        commands.iter().for_each(|command| client.send(&command.argv).unwrap());
        commands.iter().for_each(|_| _ = client.read(PATIENCE).unwrap());
    }
    wait_for_equal(&[master.port, replica.port]);
    assert_eq!(times(replica.port), times(master.port));
}

#[test]
fn a_replica_hides_fields_and_waits_for_its_master() {
    let (master, replica) = (cacheflow(&[]), cacheflow(&[]));
    call(master.port, "DEBUG SET-ACTIVE-EXPIRE 0");
    follow(replica.port, master.port);
    call(master.port, "HSET h a 1 b 2 c 3");
    call(master.port, "HPEXPIRE h 30 FIELDS 2 a b");
    call(master.port, "HSET all a 1");
    call(master.port, "HPEXPIRE all 30 FIELDS 1 a");
    wait_for_equal(&[master.port, replica.port]);
    std::thread::sleep(Duration::from_millis(50));
    let mut client = connect(replica.port);
    for (command, reply) in [
        ("HGET h a", "Nil"),
        ("HMGET h a b c", "Array([Nil, Nil, Bulk([51])])"),
        ("HEXISTS h a", "Integer(0)"),
        ("HSTRLEN h a", "Integer(0)"),
        ("HKEYS h", "Array([Bulk([99])])"),
        ("HSCAN h 0 NOVALUES", "Array([Bulk([48]), Array([Bulk([99])])])"),
        ("HRANDFIELD h", "c"),
        ("HTTL h FIELDS 2 a c", "Array([Integer(-2), Integer(-1)])"),
        ("HLEN h", "Integer(3)"),
        ("HGET all a", "Nil"),
        ("HGETALL all", "Array([])"),
        ("HRANDFIELD all", "Nil"),
        ("HLEN all", "Integer(1)"),
        ("EXISTS all", "Integer(1)"),
    ] {
        assert_eq!(text(call_on(&mut client, command)), reply, "{command}");
    }
    if replacement().is_none() {
        // 8.2.3 shows them here, and only here.
        assert_eq!(text(call_on(&mut client, "HRANDFIELD h 9")), "Array([Bulk([99])])");
    }
    assert_eq!(info(replica.port, "expired_subkeys"), "0");
    call(master.port, "DEBUG SET-ACTIVE-EXPIRE 1");
    wait_until("the master says so", || text(call(replica.port, "HLEN h")) == "Integer(1)");
    wait_until("the key goes, too", || text(call(replica.port, "EXISTS all")) == "Integer(0)");
    assert_eq!(info(master.port, "expired_subkeys"), "3");
    assert_eq!(info(replica.port, "expired_subkeys"), "0");
    wait_for_equal(&[master.port, replica.port]);
}

#[test]
fn a_replica_that_becomes_a_master_removes_them_itself() {
    let (master, replica) = (cacheflow(&[]), cacheflow(&[]));
    call(master.port, "DEBUG SET-ACTIVE-EXPIRE 0");
    follow(replica.port, master.port);
    call(master.port, "HSET h a 1 b 2");
    call(master.port, "HPEXPIRE h 30 FIELDS 1 a");
    wait_for_equal(&[master.port, replica.port]);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(text(call(replica.port, "HLEN h")), "Integer(2)");
    assert_eq!(text(call(replica.port, "REPLICAOF NO ONE")), "OK");
    wait_until("it is removed", || text(call(replica.port, "HLEN h")) == "Integer(1)");
}

#[test]
fn for_who_writes_to_a_replica_a_field_whose_time_is_over_is_gone() {
    let (master, replica) = (cacheflow(&[]), cacheflow(&["--replica-read-only", "no"]));
    call(master.port, "DEBUG SET-ACTIVE-EXPIRE 0");
    follow(replica.port, master.port);
    let mut client = connect(replica.port);
    for (command, reply, len) in [
        ("HSETNX h a 5", "Integer(1)", 2),
        ("HINCRBY h a 5", "Integer(5)", 2),
        ("HGETDEL h FIELDS 1 a", "Array([Nil])", 2),
        ("HGETEX h PERSIST FIELDS 1 a", "Array([Nil])", 2),
        ("HSETEX h FNX FIELDS 1 a 7", "Integer(1)", 2),
        ("HSETEX h FXX FIELDS 1 a 7", "Integer(0)", 2),
        ("HPERSIST h FIELDS 1 a", "Array([Integer(-2)])", 2),
        ("HDEL h a", "Integer(1)", 1),
    ] {
        call(master.port, "DEL h");
        call(master.port, "HSET h a 1 b 2");
        call(master.port, "HPEXPIRE h 10 FIELDS 1 a");
        wait_until("the hash", || text(call(replica.port, "HTTL h FIELDS 1 b")).contains("-1"));
        std::thread::sleep(Duration::from_millis(40));
        assert_eq!(text(call_on(&mut client, command)), reply, "{command}");
        assert_eq!(text(call_on(&mut client, "HLEN h")), format!("Integer({len})"), "{command}");
        assert_eq!(info(replica.port, "expired_subkeys"), "0");
    }
}
