//! DEBUG CLOCK: the same for all other languages, and what it refuses.

use std::process::Command;
use std::time::Instant;

use cacheflow::Server;

use crate::client::Client;
use crate::{BEGIN_MS, arrived, ask, block, connect, in_no_time, send, start};

fn shows(client: &mut Client, mode: &str, time: i64) {
    assert_eq!(ask(client, "DEBUG CLOCK"), format!("mode {mode} time {time}"));
}

#[test]
fn it_is_shown_set_advanced_stopped_and_set_going() {
    let server = start();
    let mut client = connect(&server);
    shows(&mut client, "frozen", BEGIN_MS);
    assert_eq!(ask(&mut client, "debug clock advance 1500"), "OK");
    shows(&mut client, "frozen", BEGIN_MS + 1500);
    ask(&mut client, "SET k v EX 100");
    assert_eq!(ask(&mut client, &format!("DEBUG CLOCK SET {}", BEGIN_MS + 60_000)), "OK");
    assert_eq!(ask(&mut client, "TTL k"), "42");
    assert_eq!(ask(&mut client, "DEBUG CLOCK SET 1000"), "OK");
    shows(&mut client, "frozen", 1000);
    assert_eq!(ask(&mut client, "EXISTS k"), "1");
    assert_eq!(ask(&mut client, &format!("DEBUG CLOCK SET {}", BEGIN_MS + 102_000)), "OK");
    assert_eq!(ask(&mut client, "DBSIZE"), "0");
    assert_eq!(ask(&mut client, "DEBUG CLOCK RUN"), "OK");
    assert!(ask(&mut client, "DEBUG CLOCK").starts_with("mode running time "));
    assert_eq!(ask(&mut client, "DEBUG CLOCK FREEZE"), "OK");
    assert!(ask(&mut client, "DEBUG CLOCK").starts_with("mode frozen time "));
    let seconds = ask(&mut client, "TIME");
    assert_eq!(ask(&mut client, "TIME"), seconds);
}

#[test]
fn nobody_turns_it_within_a_transaction() {
    let server = start();
    let (mut client, mut waiting) = (connect(&server), connect(&server));
    block(&server, &mut waiting, "BLPOP q 1");
    ask(&mut client, "MULTI");
    assert_eq!(ask(&mut client, "DEBUG CLOCK ADVANCE 5000"), "QUEUED");
    assert_eq!(ask(&mut client, "DEBUG CLOCK"), "QUEUED");
    let replies = ask(&mut client, "EXEC");
    assert!(
        replies.starts_with("ERR DEBUG CLOCK can't turn the clock in a transaction"),
        "{replies}"
    );
    assert!(replies.ends_with(&format!("mode frozen time {BEGIN_MS}")), "{replies}");
    assert_eq!(arrived(&mut waiting), None);
}

/// The reply comes after everything that was due, also to others, and in the order of the requests.
#[test]
fn its_reply_comes_last() {
    let server = start();
    let (mut client, mut waiting) = (connect(&server), connect(&server));
    for round in 0..50 {
        block(&server, &mut waiting, "BLPOP q 1");
        let requests = ["ECHO before", "DEBUG CLOCK ADVANCE 1000", "ECHO behind"];
        requests.iter().for_each(|request| send(&mut client, request));
        let replies: Vec<String> = (0..3).map(|_| read(&mut client)).collect();
        assert_eq!(arrived(&mut waiting).as_deref(), Some("nil"), "round {round}");
        assert_eq!(replies, ["before", "OK", "behind"]);
    }
}

fn read(client: &mut Client) -> String {
    match client.read(crate::PATIENCE).unwrap() {
        crate::client::Output::Value(value) => crate::shown(&value),
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_is_for_those_who_may_debug() {
    let server = Server::builder().bind("127.0.0.1:0").start().unwrap();
    let refused = ask(&mut connect(&server), "DEBUG CLOCK ADVANCE 1000");
    assert!(refused.starts_with("ERR DEBUG command not allowed."), "{refused}");
}

/// A client that knows nothing of us: Python's sockets, and nothing else.
#[test]
fn python_turns_it() {
    let server = start();
    let begun = Instant::now();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clock/turn.py");
    let port = server.address().port().to_string();
    let output = match Command::new("python3").args([script, &port]).output() {
        Ok(output) => output,
        Err(error) => return eprintln!("no python3 here, so nothing was checked: {error}"),
    };
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    print!("{told}");
    in_no_time("Python, with its start", begun);
}
