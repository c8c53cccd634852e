//! Replies: the limit of the output buffer binds while a reply is written, whatever it consists of.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::{PATIENCE, Server, Value, ask, ends, eventually, named};
use crate::client::Output;
use crate::tasks;

/// A server with a list, a set, a hash, a sorted set, a stream and strings of ten megabytes each.
fn filled(limits: &str) -> Server {
    let server = Server::start(&["--client-output-buffer-limit", limits]);
    let mut client = server.connect();
    let element = "x".repeat(10_000);
    let numbers = 0..1000;
    let each =
        |write: &dyn Fn(u32) -> String| numbers.clone().map(write).collect::<Vec<_>>().join(" ");
    let long = |number: u32| format!("{number}{element}");
    ask(&mut client, &format!("RPUSH list {}", each(&long)));
    ask(&mut client, &format!("SADD set {}", each(&long)));
    ask(&mut client, &format!("HSET hash {}", each(&|n| format!("{n} {}", long(n)))));
    ask(&mut client, &format!("ZADD zset {}", each(&|n| format!("{n} {}", long(n)))));
    ask(&mut client, &format!("SET large {}", "x".repeat(10_000_000)));
    for number in 0..1000 {
        ask(&mut client, &format!("XADD stream * f {}", long(number)));
        ask(&mut client, &format!("SET string:{} x", long(number)));
    }
    server
}

#[test]
fn a_reply_beyond_the_limit_ends_the_connection_and_is_not_sent() {
    let server = filled("normal 1mb 0 0");
    let mget = format!("MGET{}", " large".repeat(3));
    for command in [
        "LRANGE list 0 -1",
        "SMEMBERS set",
        "HGETALL hash",
        "HVALS hash",
        "ZRANGE zset 0 -1 WITHSCORES",
        "ZRANGE zset 0 -1 REV",
        "XRANGE stream - +",
        "XREAD STREAMS stream 0",
        "SUNION set other",
        "SDIFF set other",
        "SINTER set set",
        "SORT list BY nosort",
        "KEYS *",
        "SCAN 0 COUNT 100000",
        "SSCAN set 0 COUNT 100000",
        "HSCAN hash 0 COUNT 100000",
        "GET large",
        &mget,
    ] {
        let mut client = named(&server, "flooded");
        client.send(&command.split(' ').collect::<Vec<_>>()).unwrap();
        assert!(ends(&mut client), "{command}");
        assert_eq!(client.raw(), b"", "{command}");
        assert_eq!(server.field("flooded", "id"), None, "{command}");
    }
    // What is within the limit arrives.
    let mut client = server.connect();
    let Value::Array(elements) = ask(&mut client, "LRANGE list 0 90") else { panic!() };
    assert_eq!(elements.len(), 91);
}

#[test]
fn draws_without_end_stop_at_the_limit() {
    let server = filled("normal 1mb 0 0");
    let before = server.resident();
    for command in [
        "SRANDMEMBER set -2000000000",
        "HRANDFIELD hash -2000000000",
        "HRANDFIELD hash -2000000000 WITHVALUES",
        "ZRANDMEMBER zset -2000000000",
    ] {
        let mut client = server.connect();
        let begun = Instant::now();
        client.send(&command.split(' ').collect::<Vec<_>>()).unwrap();
        assert!(ends(&mut client), "{command}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{command}: {:?}", begun.elapsed());
    }
    let grown = server.resident() - before;
    assert!(grown < 8 << 20, "{grown}");
}

#[test]
fn a_pipeline_has_one_limit_for_what_it_asks_at_once() {
    let server = Server::start(&["--client-output-buffer-limit", "normal 100000 0 0"]);
    server.ask(&format!("SET key {}", "x".repeat(10_000)));
    let mut client = named(&server, "flooded");
    client.send_raw(b"SET a b\r\nGET key\r\nDEL a\r\n".repeat(15).as_slice()).unwrap();
    assert!(ends(&mut client));
    assert_eq!(client.raw(), b"");
    assert_eq!(server.field("flooded", "id"), None);
    // The same requests one after the other are no flood.
    let mut client = server.connect();
    (0..15).for_each(|_| assert!(matches!(ask(&mut client, "GET key"), Value::Bulk(_))));
}

#[test]
fn a_transaction_is_executed_whole_and_then_the_connection_ends() {
    let server = filled("normal 100000 0 0");
    let mut client = named(&server, "flooded");
    for command in ["MULTI", "SET before 1", "LRANGE list 0 -1", "SMEMBERS set", "SET after 1"] {
        ask(&mut client, command);
    }
    client.send(&["EXEC"]).unwrap();
    assert!(ends(&mut client));
    assert_eq!(client.raw(), b"");
    assert_eq!(server.ask("MGET before after"), Value::Array(vec![one(), one()]));
}

fn one() -> Value {
    Value::Bulk(b"1".to_vec())
}

#[test]
fn what_is_taken_for_a_reply_beyond_the_limit_is_taken() {
    let server = filled("normal 100000 0 0");
    for (command, left) in [("LPOP list 1000", "LLEN list"), ("SPOP set 1000", "SCARD set")] {
        let mut client = server.connect();
        client.send(&command.split(' ').collect::<Vec<_>>()).unwrap();
        assert!(ends(&mut client), "{command}");
        assert_eq!(server.ask(left), Value::Integer(0), "{command}");
    }
    // Also by a client that has waited.
    let mut client = named(&server, "waiting");
    client.send(&["BLPOP", "queue", "0"]).unwrap();
    eventually("it waits", || server.field("waiting", "flags").as_deref() == Some("b"));
    let large = "x".repeat(200_000);
    server.ask(&format!("RPUSH queue {large} {large}"));
    assert!(ends(&mut client));
    assert_eq!(server.ask("LLEN queue"), Value::Integer(1));
}

#[test]
fn replies_that_nobody_wants_have_no_limit() {
    let server = filled("normal 100000 0 0");
    let mut client = server.connect();
    client.send_raw(b"CLIENT REPLY OFF\r\nLRANGE list 0 -1\r\nCLIENT REPLY ON\r\n").unwrap();
    let Output::Value(reply) = client.read(PATIENCE).unwrap() else { panic!() };
    assert_eq!(reply, Value::Status(b"OK".to_vec()));
    client.send_raw(b"CLIENT REPLY SKIP\r\nLRANGE list 0 -1\r\nPING\r\n").unwrap();
    let Output::Value(reply) = client.read(PATIENCE).unwrap() else { panic!() };
    assert_eq!(reply, Value::Status(b"PONG".to_vec()));
}

#[test]
fn the_limit_of_subscribers_is_their_own() {
    let server = filled("normal 100000 0 0 pubsub 0 0 0");
    let mut client = server.connect();
    ask(&mut client, "HELLO 3");
    ask(&mut client, "SUBSCRIBE channel");
    let Value::Array(elements) = ask(&mut client, "LRANGE list 0 -1") else { panic!() };
    assert_eq!(elements.len(), 1000);
    // With an outbox, but no subscription any more.
    ask(&mut client, "UNSUBSCRIBE channel");
    client.send(&["LRANGE", "list", "0", "-1"]).unwrap();
    assert!(ends(&mut client));
    assert_eq!(client.raw(), b"");
}

#[test]
fn small_replies_are_sent_whatever_the_limit_is() {
    let server = Server::start(&["--client-output-buffer-limit", "normal 1 0 0"]);
    let mut client = server.connect();
    assert_eq!(ask(&mut client, "PING"), Value::Status(b"PONG".to_vec()));
    assert!(matches!(ask(&mut client, "HELLO 3"), Value::Map(_)));
    server.ask(&format!("SET key {}", "x".repeat(100_000)));
    client.send(&["GET", "key"]).unwrap();
    assert!(ends(&mut client));
    server.ask("CONFIG SET client-output-buffer-limit normal 0 0 0");
}

/// A client that asks for much and reads nothing.
fn silent(server: &Server, name: &str) -> TcpStream {
    let mut stream = server.0.connect().unwrap();
    let request = format!("CLIENT SETNAME {name}\r\nLRANGE list 0 -1\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

#[test]
fn the_soft_limit_is_for_those_who_do_not_read_for_so_long() {
    let server = filled("normal 0 1mb 2");
    let begun = Instant::now();
    let silent_one = silent(&server, "silent");
    let mut slow = silent(&server, "slow");
    eventually("it is there", || server.field("silent", "id").is_some());
    // Who reads in time has nothing to fear, though it was above the limit.
    let mut buffer = vec![0; 9_000_000];
    slow.read_exact(&mut buffer).unwrap();
    eventually("it is gone", || server.field("silent", "id").is_none());
    let took = begun.elapsed();
    assert!(took > Duration::from_secs(2) && took < Duration::from_secs(8), "{took:?}");
    std::thread::sleep(Duration::from_secs(3));
    assert!(server.field("slow", "id").is_some());
    drop(silent_one);
}

#[test]
fn a_pipeline_of_a_client_that_gets_pushes_is_bounded() {
    const REQUESTS: usize = 300;
    let server = Server::start(&["--client-output-buffer-limit", "pubsub 0 0 0"]);
    server.ask(&format!("SET key {}", "x".repeat(1_000_000)));
    let before = server.resident();
    for how in ["CLIENT TRACKING on", "SUBSCRIBE channel"] {
        let mut client = server.connect();
        ask(&mut client, "HELLO 3");
        ask(&mut client, how);
        client.send_raw(b"*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n".repeat(REQUESTS).as_slice()).unwrap();
        std::thread::sleep(Duration::from_millis(500));
        let grown = server.resident() - before;
        assert!(grown < 32 << 20 || server.is_redis(), "{how}: {grown}");
        // All of it arrives.
        let mut missing = REQUESTS * "$1000000\r\n\r\n".len() + REQUESTS * 1_000_000;
        while missing > 0 {
            assert!(client.fill(Instant::now() + PATIENCE).unwrap(), "{how}: {missing} missing");
            missing -= client.raw().len();
            client.clear_raw();
        }
    }
}

#[test]
fn limits_bind_for_what_waits_in_an_outbox_and_when_they_are_set_later() {
    let server = Server::start(&["--client-output-buffer-limit", "pubsub 0 100kb 1"]);
    server.ask(&format!("SET large {}", "x".repeat(20_000_000)));
    let mut listener = named(&server, "listener");
    ask(&mut listener, "HELLO 3");
    ask(&mut listener, "SUBSCRIBE channel");
    let request = format!("ECHO {}\r\n", "x".repeat(1000)).repeat(20_000);
    let _ = listener.send_raw(request.as_bytes()); // it may be gone before it has sent all
    eventually("it is gone", || server.field("listener", "id").is_none());
    let mut stuck = named(&server, "stuck");
    stuck.send(&["GET", "large"]).unwrap();
    eventually("it is stuck", || server.number("stuck", "omem") > 1_000_000);
    let limits = ["CONFIG", "SET", "client-output-buffer-limit", "normal 0 10kb 1"];
    server.connect().call(&limits, PATIENCE).unwrap();
    eventually("it is gone", || server.field("stuck", "id").is_none());
}

#[test]
fn a_reply_goes_on_while_somebody_has_the_lock() {
    let server = Server::start(&[]);
    server.ask(&format!("SET large {}", "x".repeat(50_000_000)));
    let mut client = server.connect();
    client.send(&["GET", "large"]).unwrap();
    std::thread::sleep(Duration::from_millis(100)); // what the socket holds is there
    let mut sleeper = server.connect();
    sleeper.send(&["DEBUG", "SLEEP", "5"]).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    let begun = Instant::now();
    assert!(matches!(client.read(PATIENCE).unwrap(), Output::Value(Value::Bulk(_))));
    assert!(begun.elapsed() < Duration::from_secs(4) || server.is_redis(), "{:?}", begun.elapsed());
}

#[test]
fn who_has_not_logged_in_is_not_read_on() {
    let server = Server::start(&[]);
    let mut admin = server.connect();
    ask(&mut admin, "CONFIG SET requirepass secret");
    ask(&mut admin, "AUTH secret");
    let mut stream = server.0.connect().unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    let request = "GET k\r\n".repeat(100_000);
    while stream.write_all(request.as_bytes()).is_ok() {}
    let list = super::text(&ask(&mut admin, "CLIENT LIST"));
    let waiting = list.lines().find(|line| line.contains("cmd=NULL")).unwrap();
    let (_, rest) = waiting.split_once(" qbuf=").unwrap();
    let qbuf: usize = rest.split(' ').next().unwrap().parse().unwrap();
    assert!(qbuf < 100_000 || server.is_redis(), "{waiting}");
}

/// Sends requests of forty megabytes, more than sockets hold, and only then reads what they reply: as much.
fn sends_all_before_it_reads(server: &Server, before: &str) {
    const REQUESTS: usize = 40_000;
    let mut stream = server.0.connect().unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(format!("{before}ECHO begin\r\n").as_bytes()).unwrap();
    let (mut read, mut buffer) = (Vec::new(), [0; 1024]);
    while !read.ends_with(b"\r\n$5\r\nbegin\r\n") && read != b"$5\r\nbegin\r\n" {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "{before}");
        read.extend_from_slice(&buffer[..count]);
    }
    // In several pieces: what is read on has requests that are complete, and one that isn't.
    let value = "x".repeat(1000);
    let set = format!("*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$1000\r\n{value}\r\n$3\r\nGET\r\n");
    let all = set.repeat(REQUESTS);
    for piece in all.as_bytes().chunks(1_000_001) {
        stream.write_all(piece).unwrap_or_else(|error| panic!("{before}: {error}"));
    }
    let reply = format!("$1000\r\n{value}\r\n");
    let mut replies = vec![0; reply.len() * REQUESTS];
    stream.read_exact(&mut replies).unwrap();
    assert!(replies.chunks(reply.len()).all(|each| each == reply.as_bytes()), "{before}");
}

#[test]
fn who_sends_all_before_it_reads_gets_all() {
    let server = Server::start(&[]);
    server.ask(&format!("SET k {}", "x".repeat(1000)));
    sends_all_before_it_reads(&server, "");
    // Through an outbox, and behind a command that has waited.
    sends_all_before_it_reads(&server, "HELLO 3\r\nCLIENT TRACKING ON BCAST NOLOOP\r\n");
    sends_all_before_it_reads(&server, "BLPOP nothing 0.01\r\n");
}

#[test]
fn who_sends_all_before_it_reads_gets_all_that_others_have_synced() {
    let server = Server::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    server.ask(&format!("SET k {}", "x".repeat(1000)));
    std::thread::scope(|scope| {
        // Somebody is syncing already, as a rule, so replies are left with that thread.
        let others = (0..3).map(|_| scope.spawn(|| sends_all_before_it_reads(&server, "")));
        let others: Vec<_> = others.collect();
        others.into_iter().for_each(|other| other.join().unwrap());
    });
}

#[test]
fn who_only_sends_is_read_up_to_the_limit() {
    let server = Server::start(&["--client-query-buffer-limit", "2mb"]);
    if server.is_redis() {
        return; // it executes on, and keeps the replies
    }
    let mut stream = server.0.connect().unwrap();
    stream.write_all(b"CLIENT SETNAME sender\r\n").unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    let request = format!("ECHO {}\r\n", "x".repeat(1000)).repeat(1000);
    let mut sent = 0;
    while stream.write_all(request.as_bytes()).is_ok() {
        sent += request.len();
        assert!(sent < 200_000_000, "nothing stops it");
    }
    eventually("it is read up to the limit", || server.number("sender", "qbuf") > 1_900_000);
    let (read, memory) = (server.number("sender", "qbuf"), server.number("sender", "tot-mem"));
    assert!(read < 2_300_000 && memory < 8_000_000, "{read} {memory}");
    assert_eq!(server.ask("PING"), Value::Status(b"PONG".to_vec()));
    // It is noticed when such a one ends.
    drop(stream);
    eventually("it has gone", || server.field("sender", "id").is_none());
}

/// How often a thread of the server has been woken up, or has given way.
fn switches(server: &Server, name: &str) -> u64 {
    let threads = tasks::of_each_thread(&server.0.child.id().to_string(), "status");
    let named = format!("Name:\t{name}\n");
    let status = threads.into_iter().find(|status| status.starts_with(&named)).unwrap();
    let value = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    value.unwrap().trim().parse().unwrap()
}

#[test]
fn a_subscriber_that_never_reads_costs_no_time() {
    let server = Server::start(&["--client-output-buffer-limit", "pubsub 0 0 0"]);
    if server.is_redis() {
        return; // one thread does everything
    }
    let mut subscribers = ["silent", "slow"].map(|name| {
        let mut subscriber = named(&server, name);
        ask(&mut subscriber, "SUBSCRIBE channel");
        subscriber
    });
    let mut publisher = server.connect();
    let message = format!("PUBLISH channel {}", "x".repeat(1_000_000));
    (0..20).for_each(|_| assert_eq!(ask(&mut publisher, &message), Value::Integer(2)));
    eventually("their sockets are full", || {
        server.number("silent", "omem") > 1_000_000 && server.number("slow", "omem") > 1_000_000
    });
    std::thread::sleep(Duration::from_millis(200));
    let before = switches(&server, "waiter");
    std::thread::sleep(Duration::from_secs(1));
    let times = switches(&server, "waiter") - before;
    assert!(times < 5, "{times}");
    // Who begins to read gets everything all the same.
    let mut missing = 20 * 1_000_000;
    while missing > 0 {
        let Output::Value(Value::Array(message)) = subscribers[1].read(PATIENCE).unwrap() else {
            panic!("{missing} are missing")
        };
        let Value::Bulk(payload) = &message[2] else { panic!() };
        missing -= payload.len();
    }
    assert!(server.number("silent", "omem") > 1_000_000);
}
