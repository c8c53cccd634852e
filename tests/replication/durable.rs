//! WAITAOF: what is on the disks of a master and its replicas, with a real server of 7.2 or later on
//! either side.

use crate::client::Value;
use crate::later::redis_8;
use crate::servers::Server;
use crate::{cacheflow, call, call_on, connect, follow, text, wait_for_equal};

const SYNCED: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "everysec"];

/// WAITAOF as the two numbers it replies.
fn waitaof(client: &mut crate::client::Client, arguments: &str) -> Vec<String> {
    match call_on(client, &format!("WAITAOF {arguments}")) {
        Value::Array(counts) => counts.into_iter().map(text).collect(),
        other => panic!("{}", text(other)),
    }
}

/// One replica syncs its file every second, one never, one has none.
fn counts_files(master: &Server, replicas: [&Server; 3]) {
    replicas.iter().for_each(|replica| follow(replica.port, master.port));
    let all = [master.port, replicas[0].port, replicas[1].port, replicas[2].port];
    wait_for_equal(&all);
    let mut client = connect(master.port);
    for round in 0..3 {
        call_on(&mut client, &format!("SET k {round}"));
        assert_eq!(waitaof(&mut client, "1 1 20000"), ["Integer(1)", "Integer(1)"]);
        assert_eq!(text(call(replicas[0].port, "GET k")), round.to_string());
    }
    call_on(&mut client, "SET k last");
    assert_eq!(waitaof(&mut client, "0 2 3000"), ["Integer(1)", "Integer(1)"]);
    // From now on the second one syncs what it writes, and says so when it is asked.
    assert_eq!(text(call(replicas[1].port, "CONFIG SET appendfsync always")), "OK");
    call_on(&mut client, "SET k always");
    assert_eq!(waitaof(&mut client, "1 2 20000"), ["Integer(1)", "Integer(2)"]);
    assert_eq!(text(call_on(&mut client, "WAIT 3 20000")), "Integer(3)");
    assert_eq!(waitaof(&mut client, "0 3 1500"), ["Integer(1)", "Integer(2)"]);
}

const NEVER: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "no"];

#[test]
fn cacheflow_knows_what_its_replicas_have_synced() {
    let replicas = [cacheflow(&SYNCED), cacheflow(&NEVER), cacheflow(&[])];
    counts_files(&cacheflow(&SYNCED), replicas.each_ref());
}

#[test]
#[ignore = "needs redis-server 8.2 (make peers)"]
fn replicas_of_redis_tell_cacheflow_what_they_have_synced() {
    let replicas = [redis_8(&SYNCED), redis_8(&NEVER), redis_8(&["--appendonly", "no"])];
    counts_files(&cacheflow(&SYNCED), replicas.each_ref());
}

#[test]
#[ignore = "needs redis-server 8.2 (make peers)"]
fn cacheflow_tells_redis_what_it_has_synced() {
    let replicas = [cacheflow(&SYNCED), cacheflow(&NEVER), cacheflow(&[])];
    counts_files(&redis_8(&SYNCED), replicas.each_ref());
}
