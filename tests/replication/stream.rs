//! What replicas are fed: the stream, word by word, as redis-server 7.0.15 writes it.

use std::time::{Duration, Instant};

use crate::client::{Client, Output, Value};
use crate::servers::Server;
use crate::{PATIENCE, cacheflow, call_on, connect, redis, text};

/// Transactions, scripts and single commands, and what replicas get of them.
const SENT: [(&str, &str); 12] = [
    ("MULTI; SET x 2; PUBLISH c m; SET x 3; EXEC", "MULTI SET x 2 PUBLISH c m SET x 3 EXEC"),
    ("MULTI; PUBLISH c m; SET x 4; EXEC", "MULTI PUBLISH c m SET x 4 EXEC"),
    ("MULTI; PUBLISH c m; EXEC", "PUBLISH c m"),
    ("MULTI; PUBLISH c m; SPUBLISH s n; EXEC", "MULTI PUBLISH c m SPUBLISH s n EXEC"),
    ("SELECT 3; PUBLISH c m; SET x 3", "SELECT 3 PUBLISH c m SET x 3"),
    ("MULTI; SET x 5; SELECT 6; PUBLISH c n; EXEC", "MULTI SET x 5 SELECT 6 PUBLISH c n EXEC"),
    (
        "EVAL redis.call('SET','x',7)redis.call('PUBLISH','c','m')redis.call('SET','x',8) 0",
        "MULTI SET x 7 PUBLISH c m SET x 8 EXEC",
    ),
    (
        "EVAL redis.set_repl(redis.REPL_AOF)redis.call('SET','x',9)redis.call('PUBLISH','c','m') 0",
        "",
    ),
    ("EVAL redis.set_repl(redis.REPL_REPLICA)redis.call('SET','x',10) 0", "SET x 10"),
    (
        "EVAL redis.call('SELECT',2)redis.call('SET','y',1) 0; SET x 11",
        "SELECT 2 SET y 1 SELECT 6 SET x 11",
    ),
    ("EVAL redis.call('SET','x',12)redis.call('LPUSH','x',13) 0", "SET x 12"),
    ("PUBLISH c m; SET the end", "PUBLISH c m SET the end"),
];

/// Settings that leave nothing else in the stream.
const QUIET: [&str; 4] = ["--repl-ping-replica-period", "3600", "--repl-diskless-sync", "no"];

fn a_message_stands_between_the_writes_around_it(server: &Server) {
    let mut client = connect(server.port);
    let mut replica = replica(server.port);
    call_on(&mut client, "SET x 1");
    for (commands, _) in SENT {
        for command in commands.split("; ") {
            let reply = text(call_on(&mut client, command));
            assert!(!reply.starts_with("ERR"), "{command}: {reply}");
        }
    }
    let fed_words = SENT.iter().map(|(_, fed)| *fed).filter(|fed| !fed.is_empty());
    let expected = fed_words.collect::<Vec<_>>().join(" ");
    assert_eq!(fed(&mut replica), format!("SELECT 0 SET x 1 {expected}"));
}

#[test]
fn ours_has_messages_at_their_place() {
    a_message_stands_between_the_writes_around_it(&cacheflow(&QUIET));
}

#[test]
#[ignore = "needs a redis-server: make differential"]
fn theirs_has_messages_at_their_place() {
    a_message_stands_between_the_writes_around_it(&redis(&QUIET));
}

/// A connection that has been sent a snapshot, and gets the stream from now on.
fn replica(port: u16) -> Client {
    let mut replica = connect(port);
    replica.send(&["PSYNC", "?", "-1"]).unwrap();
    let deadline = Instant::now() + PATIENCE;
    // +FULLRESYNC id offset, perhaps some empty lines, the length, the snapshot
    while !has_snapshot(replica.raw()) {
        assert!(replica.fill(deadline).unwrap(), "no snapshot: {:?}", replica.raw());
    }
    replica.clear_raw();
    replica.send(&["REPLCONF", "ACK", "0"]).unwrap();
    replica
}

fn has_snapshot(received: &[u8]) -> bool {
    let Some(at) = received.windows(2).position(|pair| pair == b"\n$") else { return false };
    let rest = &received[at + 2..];
    let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") else { return false };
    let length: usize = std::str::from_utf8(&rest[..end]).unwrap().parse().unwrap();
    rest.len() >= end + 2 + length
}

/// The words of everything up to `SET the end`.
fn fed(replica: &mut Client) -> String {
    let mut words: Vec<String> = Vec::new();
    while !words.ends_with(&["SET", "the", "end"].map(str::to_owned)) {
        match replica.read(Duration::from_secs(5)).unwrap() {
            Output::Value(Value::Array(request)) => {
                let request: Vec<String> = request.into_iter().map(text).collect();
                // Redis pings its replicas by the clock, us by the silence.
                if !request[0].eq_ignore_ascii_case("ping") {
                    words.extend(request);
                }
            }
            other => panic!("{other:?} after {words:?}"),
        }
    }
    words.join(" ")
}
