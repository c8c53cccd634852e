//! Nothing is allocated for an ordinary request: neither where it is read, nor under the lock, nor
//! where its reply is written.
//!
//! An allocation costs as much as a small command, and it is done under the lock, where everybody
//! waits for it. So the buffers of a connection are used again and again, arguments are slices of
//! the input, replies are formatted into the output, and a value of the same size takes the place of
//! the old one.
//!
//! ```text
//! this thread                      the server, in this process
//! fixed request bytes  ── socket ──>  read, parse, lock, execute, write
//! fixed reply buffer  <── socket ──   counted: allocations and reallocations of the whole process
//! ```
//!
//! The whole process is counted, and so are threads that have nothing to do with the request: ten
//! times a second the cron allocates a little. Therefore many short windows are measured and the
//! quietest one counts. What allocates for each request does so in all of them.
//!
//! What it leaves out on purpose: growth. A list that gets a new node, a table that gets larger and
//! a new key with a long name have to allocate; the cases below stay inside what there is.

use std::alloc::System;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Requests in a window: few enough to fit between two rounds of the cron.
const REQUESTS: usize = 100;
/// Windows of which the quietest one counts.
const WINDOWS: usize = 20;
/// Other keys: twenty for each part of the keyspace.
const COMPANY: usize = 20_000;
/// How long a reply may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What prepares the data, and a cycle of requests that leaves it as it was.
const CASES: &[(&str, &[&str])] = &[
    ("", &["PING"]),
    ("SET k value", &["GET k"]),
    ("SET k 12345678901234567890123456789012345678901234567890", &["GET k"]),
    ("", &["GET nothing"]),
    ("SET k value", &["SET k other"]),
    ("SET n 1", &["INCR n", "DECRBY n 1"]),
    ("SET k value", &["EXISTS k", "TTL k", "TYPE k", "STRLEN k"]),
    ("SET k value", &["EXPIRE k 1000", "PERSIST k"]),
    ("SET k value", &["SET k other EX 100"]),
    ("MSET a 1 b 2", &["MSET a 3 b 4", "MGET a b"]),
    ("RPUSH l a b c", &["LPUSH l x", "LPOP l", "RPUSH l x", "RPOP l", "LLEN l"]),
    ("RPUSH l a b c", &["LRANGE l 0 -1", "LINDEX l 1", "LSET l 1 b"]),
    ("HSET h f v g w", &["HSET h f u", "HGET h f", "HEXISTS h f", "HLEN h", "HGETALL h"]),
    ("HSET h n 1", &["HINCRBY h n 1", "HSET h n 1"]),
    ("SADD s a b c", &["SADD s a", "SISMEMBER s b", "SCARD s", "SMEMBERS s"]),
    ("SADD s a b c", &["SADD s d", "SREM s d"]),
    ("ZADD z 1 a 2 b", &["ZADD z 1 a", "ZSCORE z a", "ZRANK z a", "ZCARD z", "ZRANGE z 0 -1"]),
    ("", &["SELECT 0", "ECHO hello", "DBSIZE"]),
];

#[test]
fn ordinary_requests_allocate_nothing() {
    let server = cacheflow::Server::builder().bind("127.0.0.1:0").start().unwrap();
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    call(&mut stream, &company());
    let mut found = Vec::new();
    for (preparation, cycle) in CASES {
        call(&mut stream, &encode("DEL k n a b l h s z"));
        if !preparation.is_empty() {
            call(&mut stream, &encode(preparation));
        }
        for pipelined in [false, true] {
            for (command, count) in allocations(&mut stream, cycle, pipelined) {
                if count > 0 {
                    let how = if pipelined { "in a pipeline" } else { "one by one" };
                    found.push(format!("{command:?} {how}: {count} for {REQUESTS} requests"));
                }
            }
        }
    }
    assert!(found.is_empty(), "these allocate:\n{}", found.join("\n"));
}

/// Sets so many other keys, all with a deadline, that no part of the keyspace is empty: the first key
/// of a part, and the first deadline, have to allocate.
fn company() -> Vec<u8> {
    (0..COMPANY).flat_map(|number| encode(&format!("SET other:{number} value EX 1000"))).collect()
}

/// How many allocations the commands of a cycle cause in the quietest window: each alone, or, sent
/// together, all of them.
fn allocations(stream: &mut TcpStream, cycle: &[&str], pipelined: bool) -> Vec<(String, usize)> {
    let requests: Vec<Vec<u8>> = cycle.iter().map(|command| encode(command)).collect();
    let mut replies = vec![0; 64 * 1024];
    let steps: Vec<(String, Vec<u8>)> = if pipelined {
        vec![(cycle.join(", "), requests.concat().repeat(10))]
    } else {
        cycle.iter().map(|command| (*command).to_owned()).zip(requests).collect()
    };
    // The first rounds grow buffers, and show how long each reply is, for reading that many bytes
    // needs no parser.
    let mut lengths = vec![0; steps.len()];
    for _ in 0..3 {
        for ((_, request), length) in steps.iter().zip(&mut lengths) {
            *length = call(stream, request);
        }
    }
    let mut quietest = vec![usize::MAX; steps.len()];
    for _ in 0..WINDOWS {
        let mut counts = vec![0; steps.len()];
        for _ in 0..REQUESTS {
            for (index, (_, request)) in steps.iter().enumerate() {
                let region = Region::new(ALLOCATOR);
                stream.write_all(request).unwrap();
                stream.read_exact(&mut replies[..lengths[index]]).unwrap();
                let change = region.change();
                counts[index] += change.allocations + change.reallocations;
            }
        }
        for (least, count) in quietest.iter_mut().zip(counts) {
            *least = count.min(*least);
        }
    }
    steps.into_iter().map(|(command, _)| command).zip(quietest).collect()
}

/// Sends a request and reads its reply, which must not be an error. Returns the reply's length,
/// found by sending another request behind it and looking for that one's reply.
fn call(stream: &mut TcpStream, request: &[u8]) -> usize {
    const END: &[u8] = b"$12\r\nend-of-reply\r\n";
    stream.write_all(&[request, &encode("ECHO end-of-reply")].concat()).unwrap();
    let mut reply = Vec::new();
    while !reply.ends_with(END) {
        let mut part = [0; 4096];
        let count = stream.read(&mut part).unwrap();
        assert!(count > 0, "the server closed the connection");
        reply.extend_from_slice(&part[..count]);
    }
    let text = String::from_utf8_lossy(&reply);
    assert!(!text.lines().any(|line| line.starts_with('-')), "{text}");
    reply.len() - END.len()
}

/// A command as clients send it.
fn encode(command: &str) -> Vec<u8> {
    let words: Vec<&str> = command.split(' ').collect();
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    request.into_bytes()
}
