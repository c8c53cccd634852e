//! Masters that answer nonsense: the link goes down and is tried again, the old data stays.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{cacheflow, call, call_on, connect, follow, info, text, wait_for_equal, wait_until};

/// What such a master answers to each request, by its name. The rest is sent after PSYNC.
type Answers = fn(&str) -> Vec<u8>;

const ID: &str = "0123456789abcdef0123456789abcdef01234567";

/// A snapshot that anybody would take, of nothing.
const EMPTY: &[u8] = b"$18\r\nREDIS0010\xff\x00\x00\x00\x00\x00\x00\x00\x00";

/// Listens, answers, and counts how often PSYNC, or whatever came last, was asked for.
fn master(answers: Answers) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let attempts = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&attempts);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            count.fetch_add(1, Ordering::Relaxed);
            let _ = serve(&stream, answers);
        }
    });
    (port, attempts)
}

fn serve(mut stream: &TcpStream, answers: Answers) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let Some(count) = line.strip_prefix('*') else { continue };
        let mut name = String::new();
        for index in 0..count.trim().parse::<usize>().unwrap_or(0) {
            let (mut length, mut word) = (String::new(), String::new());
            reader.read_line(&mut length)?;
            reader.read_line(&mut word)?;
            if index == 0 {
                name = word.trim().to_owned();
            }
        }
        stream.write_all(&answers(&name))?;
        if name == "PSYNC" {
            return Ok(());
        }
    }
}

fn after_psync(name: &str, rest: &[u8]) -> Vec<u8> {
    at_offset("0", name, rest)
}

fn at_offset(offset: &str, name: &str, rest: &[u8]) -> Vec<u8> {
    match name {
        "PING" => b"+PONG\r\n".to_vec(),
        "PSYNC" => [format!("+FULLRESYNC {ID} {offset}\r\n").as_bytes(), rest].concat(),
        _ => b"+OK\r\n".to_vec(),
    }
}

/// Everything that a hostile master may say.
const MASTERS: &[(&str, Answers)] = &[
    ("garbage to PING", |_| b"\x00\xff garbage\r\n".to_vec()),
    ("WAT to PSYNC", |name| match name {
        "PSYNC" => b"+WAT\r\n".to_vec(),
        _ => b"+OK\r\n".to_vec(),
    }),
    ("a bad FULLRESYNC", |name| match name {
        "PSYNC" => b"+FULLRESYNC short x\r\n".to_vec(),
        _ => b"+OK\r\n".to_vec(),
    }),
    ("an offset that is no i64", |name| at_offset("9223372036854775808", name, EMPTY)),
    ("an offset that is no i64 any more when something follows", |name| {
        at_offset("9223372036854775807", name, EMPTY)
    }),
    ("CONTINUE with an unknown history", |name| match name {
        "PSYNC" => b"+CONTINUE\r\n".to_vec(),
        _ => b"+OK\r\n".to_vec(),
    }),
    ("a line without an end", |_| vec![b'x'; 100_000]),
    ("no length", |name| after_psync(name, b"garbage\r\n")),
    ("a negative length", |name| after_psync(name, b"$-5\r\n")),
    ("an absurd length", |name| after_psync(name, b"$99999999999\r\nREDIS0010")),
    ("an empty snapshot", |name| after_psync(name, b"$0\r\n")),
    ("no snapshot", |name| after_psync(name, b"$20\r\nthis is no RDB file!")),
    ("a snapshot that ends early", |name| {
        after_psync(name, b"$60\r\nREDIS0010\xfe\x00\xfb\x01\x00\x00\x01k")
    }),
    ("a wrong checksum", |name| {
        after_psync(name, b"$22\r\nREDIS0010\xfe\x00\xff\x01\x02\x03\x04\x05\x06\x07\x08\x00\x00")
    }),
    ("a library that can't be loaded", |name| {
        let snapshot =
            b"$41\r\nREDIS0010\xf5\x15#!lua name=x\nnonsense\xff\x00\x00\x00\x00\x00\x00\x00\x00";
        after_psync(name, snapshot)
    }),
    ("a wrong mark", |name| {
        let mut rest = format!("$EOF:{ID}\r\n").into_bytes();
        rest.extend_from_slice(b"REDIS0010\xff\x00\x00\x00\x00\x00\x00\x00\x00");
        rest.extend_from_slice(&[b'x'; 40]);
        after_psync(name, &rest)
    }),
];

#[test]
fn old_data_outlives_hostile_masters() {
    let server = cacheflow(&[]);
    call(server.port, "SET kept value");
    let expected = text(call(server.port, "DEBUG DIGEST"));
    for (what, answers) in MASTERS {
        let (port, attempts) = master(*answers);
        follow(server.port, port);
        wait_until(what, || attempts.load(Ordering::Relaxed) >= 2);
        assert_eq!(text(call(server.port, "DEBUG DIGEST")), expected, "{what}");
        assert_eq!(text(call(server.port, "GET kept")), "value", "{what}");
        assert_eq!(info(server.port, "master_link_status"), "down", "{what}");
    }
    assert_eq!(text(call(server.port, "REPLICAOF NO ONE")), "OK");
    assert_eq!(text(call(server.port, "SET kept still")), "OK");
    let good = cacheflow(&[]);
    follow(server.port, good.port);
    wait_for_equal(&[good.port, server.port]);
}

#[test]
fn a_replica_that_is_nowhere_gets_everything() {
    let server = cacheflow(&[]);
    for offset in ["9223372036854775808", "18446744073709551616", "-9223372036854775808", "0"] {
        let mut replica = connect(server.port);
        let reply = text(call_on(&mut replica, &format!("PSYNC {ID} {offset}")));
        assert!(reply.starts_with("FULLRESYNC "), "{offset}: {reply}");
    }
}

#[test]
fn nonsense_in_the_stream_ends_the_link_and_the_history() {
    let answers: Answers = |name| {
        let stream = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\nSET inline 1\r\n";
        after_psync(name, &[EMPTY, &stream[..]].concat())
    };
    let server = cacheflow(&[]);
    let (port, attempts) = master(answers);
    follow(server.port, port);
    // An inline request never comes from a master.
    wait_until("another attempt", || attempts.load(Ordering::Relaxed) >= 3);
    wait_until("what came before it", || text(call(server.port, "GET k")) == "v");
    assert_eq!(text(call(server.port, "EXISTS inline")), "Integer(0)");
}

/// What a master knows that is newer than we are, and what a replica finds that has other data.
const FAILS_HERE: &[&str] = &[
    "NOSUCH k",
    "SET k v NOSUCHOPTION",
    "GET",
    "SELECT 9999",
    "LPUSH text v",
    "MULTI\r\nSET k v\r\nLPUSH text v\r\nEXEC",
    "MULTI\r\nSET k v\r\nNOSUCH k\r\nEXEC",
];

/// Commands as a master sends them.
fn stream(commands: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for command in commands.split("\r\n") {
        let words: Vec<&str> = command.split(' ').collect();
        bytes.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
        for word in words {
            bytes.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
        }
    }
    bytes
}

/// A master that sends all replicas a snapshot and, to the first ones, what fails there. Afterwards
/// it is silent, and so is the link.
fn master_that_knows_more(commands: &'static str, times: usize) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let attempts = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&attempts);
    std::thread::spawn(move || {
        let mut streams = Vec::new();
        for stream in listener.incoming().map_while(Result::ok) {
            let attempt = count.fetch_add(1, Ordering::Relaxed);
            let answers: Answers = |name| after_psync(name, EMPTY);
            let _ = serve(&stream, answers);
            let rest = self::stream(&format!("SET text t\r\nSET attempt {attempt}"));
            let _ = (&stream).write_all(&rest);
            if attempt < times {
                let _ = (&stream).write_all(&self::stream(commands));
            }
            let _ = (&stream).write_all(&self::stream("SET behind it"));
            streams.push(stream);
        }
    });
    (port, attempts)
}

#[test]
fn what_fails_here_is_counted_and_everything_asked_for_again() {
    for commands in FAILS_HERE {
        let server = cacheflow(&[]);
        let (port, attempts) = master_that_knows_more(commands, 1);
        follow(server.port, port);
        wait_until(commands, || attempts.load(Ordering::Relaxed) >= 2);
        wait_until(commands, || info(server.port, "master_link_status") == "up");
        wait_until(commands, || text(call(server.port, "GET behind")) == "it");
        assert_eq!(text(call(server.port, "GET attempt")), "1", "{commands}");
        assert_eq!(info(server.port, "master_stream_errors"), "1", "{commands}");
        assert_eq!(info(server.port, "unexpected_error_replies"), "1", "{commands}");
    }
}

/// Redis before 5.0 sends scripts, not their effects, and also those that fail.
#[test]
fn a_script_that_fails_has_failed_on_the_master() {
    let scripts = "EVAL error('text') 0\r\nEVAL redis.call('LPUSH','text','v') 0\r\n\
                   EVAL redis.call('SET','done',1);return{err='x'} 0";
    let server = cacheflow(&[]);
    let (port, attempts) = master_that_knows_more(scripts, 1);
    follow(server.port, port);
    wait_until("the rest", || text(call(server.port, "GET behind")) == "it");
    assert_eq!(text(call(server.port, "GET done")), "1");
    assert_eq!(info(server.port, "master_stream_errors"), "0");
    assert_eq!(attempts.load(Ordering::Relaxed), 1);
}

#[test]
fn a_link_that_full_synchronisations_do_not_mend_is_shown_as_broken() {
    let server = cacheflow(&[]);
    let (port, attempts) = master_that_knows_more("NOSUCH k", usize::MAX);
    follow(server.port, port);
    std::thread::sleep(std::time::Duration::from_secs(5));
    // At once, then after pauses of 50 ms, 1 s, 2 s and 4 s.
    assert_eq!(attempts.load(Ordering::Relaxed), 4);
    assert_eq!(info(server.port, "master_link_status"), "down");
    assert_eq!(info(server.port, "master_stream_errors"), "4");
    assert_eq!(text(call(server.port, "GET behind")), "Nil", "nothing is executed past it");
    assert_eq!(text(call(server.port, "REPLICAOF NO ONE")), "OK");
    assert_eq!(text(call(server.port, "SET k v")), "OK");
}

#[test]
fn a_replica_that_clients_write_to_differs_on_purpose() {
    let server = cacheflow(&["--replica-read-only", "no"]);
    let (port, attempts) = master_that_knows_more("LPUSH text v", usize::MAX);
    follow(server.port, port);
    wait_until("the rest", || text(call(server.port, "GET behind")) == "it");
    assert_eq!(info(server.port, "master_link_status"), "up");
    assert_eq!(info(server.port, "master_stream_errors"), "1");
    assert_eq!(attempts.load(Ordering::Relaxed), 1);
}

#[test]
fn a_waiting_client_that_is_answered_an_error_is_no_fault_of_the_stream() {
    let (master, replica) = (cacheflow(&[]), cacheflow(&["--replica-read-only", "no"]));
    assert_eq!(text(call(replica.port, "CONFIG SET replica-read-only yes")), "OK");
    call(master.port, "XGROUP CREATE stream group $ MKSTREAM");
    follow(replica.port, master.port);
    wait_for_equal(&[master.port, replica.port]);
    assert_eq!(text(call(replica.port, "CONFIG SET replica-read-only no")), "OK");
    let mut waiting = connect(replica.port);
    waiting
        .send(&["XREADGROUP", "GROUP", "group", "me", "BLOCK", "0", "STREAMS", "stream", ">"])
        .unwrap();
    wait_until("it waits", || info(replica.port, "blocked_clients") == "1");
    assert_eq!(text(call(replica.port, "CONFIG SET replica-read-only yes")), "OK");
    call(master.port, "DEL stream");
    let crate::client::Output::Value(reply) = waiting.read(crate::PATIENCE).unwrap() else {
        panic!()
    };
    assert!(matches!(reply, crate::client::Value::Error(_)), "{reply:?}");
    wait_for_equal(&[master.port, replica.port]);
    assert_eq!(info(replica.port, "master_stream_errors"), "0");
    assert_eq!(info(master.port, "sync_full"), "1");
}

#[test]
fn a_replica_that_differs_ends_if_it_is_told_to() {
    let answers: Answers = |name| {
        after_psync(
            name,
            &[EMPTY, b"*2\r\n$4\r\nINCR\r\n$1\r\nk\r\n*1\r\n$6\r\nNOSUCH\r\n"].concat(),
        )
    };
    let mut server = cacheflow(&["--propagation-error-behavior", "panic-on-replicas"]);
    let (port, _) = master(answers);
    // It may end before it has answered.
    let _ = connect(server.port)
        .call(&["REPLICAOF", "127.0.0.1", &port.to_string()], std::time::Duration::from_secs(5));
    assert_eq!(server.child.wait().unwrap().code(), Some(1));
}

#[test]
fn every_byte_of_the_stream_counts_however_it_arrives() {
    let pieces =
        [&b"\r\n"[..], b"*0\r\n", b"*1\r\n$5\r\nMULTI\r\n\r\n", b"\r\n", b"*1\r\n$4\r\nEXEC\r\n"];
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = cacheflow(&[]);
    follow(server.port, listener.local_addr().unwrap().port());
    let (stream, _) = listener.accept().unwrap();
    let answers = ["PING", "REPLCONF", "REPLCONF", "PSYNC"].map(|name| after_psync(name, EMPTY));
    (&stream).write_all(&answers.concat()).unwrap();
    wait_until("the link", || info(server.port, "master_link_status") == "up");
    for piece in pieces {
        (&stream).write_all(piece).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(50)); // so that it arrives alone
    }
    let sent = pieces.concat().len().to_string();
    wait_until("the offset", || info(server.port, "slave_repl_offset") == sent);
}

/// A master that answers so many requests, and nothing after that. Its end of the connections is
/// returned as long as it is open.
fn master_that_falls_silent(answered: usize) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let attempts = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&attempts);
    std::thread::spawn(move || {
        let mut streams = Vec::new();
        for stream in listener.incoming().map_while(Result::ok) {
            count.fetch_add(1, Ordering::Relaxed);
            let all = ["PING", "REPLCONF", "REPLCONF", "PSYNC"];
            let answers = all.iter().take(answered).map(|name| after_psync(name, EMPTY));
            let _ = (&stream).write_all(&answers.collect::<Vec<_>>().concat());
            streams.push(stream);
        }
    });
    (port, attempts)
}

#[test]
fn a_master_that_falls_silent_is_given_up_as_repl_timeout_says_now() {
    for answered in 0..=4 {
        let server = cacheflow(&["--repl-timeout", "3600"]);
        let (port, attempts) = master_that_falls_silent(answered);
        follow(server.port, port);
        wait_until("it is connected", || attempts.load(Ordering::Relaxed) == 1);
        let status = if answered == 4 { "up" } else { "down" };
        wait_until(status, || info(server.port, "master_link_status") == status);
        std::thread::sleep(std::time::Duration::from_millis(300)); // it waits by now
        let begun = std::time::Instant::now();
        assert_eq!(text(call(server.port, "CONFIG SET repl-timeout 1")), "OK");
        wait_until("another attempt", || attempts.load(Ordering::Relaxed) >= 2);
        assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{answered}");
    }
}

#[test]
fn a_server_that_waits_for_a_silent_master_still_stops() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut server = cacheflow(&["--replicaof", "127.0.0.1", &port.to_string()]);
    let _silent = listener.accept().unwrap();
    connect(server.port).send(&["SHUTDOWN"]).unwrap();
    let begun = std::time::Instant::now();
    assert!(server.child.wait().unwrap().success());
    assert!(begun.elapsed() < std::time::Duration::from_secs(5));
}
