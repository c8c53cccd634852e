//! Many clients at once, a third of which are killed: what may not happen, whatever the timing.
//!
//! ```text
//! 60 counters    WATCH, GET, MULTI, SET, EXEC until it works     every increment counts once
//! 60 consumers   BLPOP on three queues                           every element comes exactly once
//! 10 producers   RPUSH
//! 60 listeners   SUBSCRIBE                                       every message, in order
//! 10 publishers  PUBLISH
//! ```
//!
//! All 200 share one server, inside this process. The victims among them hang up at the worst
//! moment: with a transaction queued, or with a BLPOP just sent; some are ended by CLIENT KILL
//! instead. What a victim had been given may be lost with it, which is one element at the most;
//! nothing else may be.
//!
//! The timing is left to the scheduler: that is what is tested. The choices are not, they come
//! from fixed seeds.

#[allow(dead_code)]
#[path = "support/client.rs"]
mod client;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cacheflow::Server;
use client::{Client, Output, Value};

/// Longer than anything here may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const COUNTERS: usize = 60;
const INCREMENTS: usize = 10;
const CONSUMERS: usize = 60;
const PRODUCERS: usize = 10;
const ELEMENTS: usize = 200;
const LISTENERS: usize = 60;
const PUBLISHERS: usize = 10;
const MESSAGES: usize = 60;

fn connect(address: SocketAddr) -> Client {
    Client::connect(address).unwrap()
}

fn call(client: &mut Client, command: &str) -> Value {
    call_with(client, &command.split(' ').collect::<Vec<_>>())
}

fn call_with(client: &mut Client, args: &[&str]) -> Value {
    client.call(args, PATIENCE).unwrap_or_else(|error| panic!("{args:?}: {error}"))
}

fn number(value: &Value) -> usize {
    match value {
        Value::Integer(number) => *number as usize,
        Value::Bulk(text) => String::from_utf8_lossy(text).parse().unwrap(),
        Value::Nil => 0,
        other => panic!("not a number: {other:?}"),
    }
}

fn text(value: &Value) -> String {
    let Value::Bulk(text) = value else { panic!("not a string: {value:?}") };
    String::from_utf8_lossy(text).into_owned()
}

/// Every third client does not live to see the end.
fn is_victim(index: usize) -> bool {
    index.is_multiple_of(3)
}

/// A number below `limit`, the same in every run.
fn choice(seed: usize, limit: usize) -> usize {
    (seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_right(29) as usize % limit
}

/// Increments one of six keys by an optimistic transaction. Returns how often that succeeded.
fn count_up(address: SocketAddr, index: usize) -> (usize, usize) {
    let mut client = connect(address);
    let key = format!("counter:{}", index % 6);
    let last = if is_victim(index) { choice(index, INCREMENTS) } else { INCREMENTS };
    let mut done = 0;
    while done < last {
        call_with(&mut client, &["WATCH", &key]);
        let next = number(&call_with(&mut client, &["GET", &key])) + 1;
        call(&mut client, "MULTI");
        call_with(&mut client, &["SET", &key, &next.to_string()]);
        done += usize::from(call(&mut client, "EXEC") != Value::NilArray);
    }
    if is_victim(index) {
        // Hangs up with a transaction that must never be executed.
        call(&mut client, "MULTI");
        call_with(&mut client, &["SET", &key, "1000000"]);
    }
    (index % 6, done)
}

/// Takes elements until there are no more. Victims hang up with a BLPOP just sent, or are killed.
fn consume(address: SocketAddr, index: usize, producing: &AtomicUsize) -> Vec<String> {
    let mut client = connect(address);
    let mut taken = Vec::new();
    let last = if is_victim(index) { choice(index, 20) } else { usize::MAX };
    let queues = ["BLPOP", "queue:0", "queue:1", "queue:2"];
    while taken.len() < last {
        let reply = call_with(&mut client, &[&queues[..], &["0.5"]].concat());
        match reply {
            Value::Array(pair) => taken.push(text(&pair[1])),
            Value::NilArray if producing.load(Ordering::SeqCst) == 0 => return taken,
            Value::NilArray => {}
            other => panic!("{other:?}"),
        }
    }
    if index.is_multiple_of(2) {
        let id = number(&call(&mut client, "CLIENT ID")).to_string();
        client.send(&[&queues[..], &["0"]].concat()).unwrap();
        let mut killer = connect(address);
        call_with(&mut killer, &["CLIENT", "KILL", "ID", &id]);
        // It may have been served just before.
        while let Ok(Output::Value(value)) = client.read(PATIENCE) {
            if let Value::Array(pair) = value {
                taken.push(text(&pair[1]));
            }
        }
    } else {
        client.send(&[&queues[..], &["0"]].concat()).unwrap();
    }
    taken
}

fn produce(address: SocketAddr, index: usize, producing: &AtomicUsize) {
    let mut client = connect(address);
    for element in 0..ELEMENTS {
        let queue = format!("queue:{}", choice(index * ELEMENTS + element, 3));
        call_with(&mut client, &["RPUSH", &queue, &format!("{index}:{element}")]);
    }
    producing.fetch_sub(1, Ordering::SeqCst);
}

/// Reads every message, and checks that each publisher's come in order and none is missing.
fn listen(address: SocketAddr, index: usize, ready: &Barrier) {
    let mut client = connect(address);
    call(&mut client, "SUBSCRIBE news");
    ready.wait();
    let all = PUBLISHERS * MESSAGES;
    let last = if is_victim(index) { choice(index, all) } else { all };
    let mut next = BTreeMap::new();
    for _ in 0..last {
        let Output::Value(Value::Array(parts)) = client.read(PATIENCE).unwrap() else {
            panic!("listener {index} has lost messages: {next:?}");
        };
        let message = text(&parts[2]);
        let (publisher, number) = message.split_once(':').unwrap();
        let expected = next.entry(publisher.to_owned()).or_insert(0);
        assert_eq!(number, expected.to_string(), "listener {index}, publisher {publisher}");
        *expected += 1;
    }
}

fn publish(address: SocketAddr, index: usize, ready: &Barrier) {
    let mut client = connect(address);
    ready.wait();
    for message in 0..MESSAGES {
        call_with(&mut client, &["PUBLISH", "news", &format!("{index}:{message}")]);
    }
}

/// Waits until the server has noticed that everybody is gone.
fn wait_for(client: &mut Client, section: &str, line: &str) {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let info = text(&call_with(client, &["INFO", section]));
        if info.contains(line) {
            return;
        }
        assert!(Instant::now() < deadline, "no {line} in {info}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn two_hundred_clients_lose_nothing_but_what_the_killed_held() {
    let server = Server::builder().bind("127.0.0.1:0").start().unwrap();
    let address = server.address();
    let ready = Barrier::new(LISTENERS + PUBLISHERS);
    let producing = AtomicUsize::new(PRODUCERS);
    let (mut counted, mut taken) = ([0; 6], Vec::new());
    thread::scope(|scope| {
        let (ready, producing) = (&ready, &producing);
        let spawn_all = |count, what: fn(SocketAddr, usize, &Barrier)| {
            (0..count).for_each(|index| _ = scope.spawn(move || what(address, index, ready)));
        };
        spawn_all(LISTENERS, listen);
        spawn_all(PUBLISHERS, publish);
        let counters: Vec<_> =
            (0..COUNTERS).map(|i| scope.spawn(move || count_up(address, i))).collect();
        let consumers: Vec<_> =
            (0..CONSUMERS).map(|i| scope.spawn(move || consume(address, i, producing))).collect();
        (0..PRODUCERS).for_each(|i| _ = scope.spawn(move || produce(address, i, producing)));
        for counter in counters {
            let (key, done) = counter.join().unwrap();
            counted[key] += done;
        }
        taken.extend(consumers.into_iter().flat_map(|consumer| consumer.join().unwrap()));
    });

    let mut client = connect(address);
    for (key, expected) in counted.iter().enumerate() {
        let value = call_with(&mut client, &["GET", &format!("counter:{key}")]);
        assert_eq!(number(&value), *expected, "counter {key}");
    }
    wait_for(&mut client, "clients", "blocked_clients:0\r\n");
    wait_for(&mut client, "clients", "connected_clients:1\r\n");
    wait_for(&mut client, "stats", "pubsub_channels:0\r\n");
    for queue in 0..3 {
        // Nobody was left who could have taken it.
        let left = call_with(&mut client, &["LRANGE", &format!("queue:{queue}"), "0", "-1"]);
        let Value::Array(left) = left else { panic!("{left:?}") };
        taken.extend(left.iter().map(text));
    }
    let total = taken.len();
    taken.sort();
    taken.dedup();
    assert_eq!(taken.len(), total, "an element was delivered twice");
    let victims = (0..CONSUMERS).filter(|index| is_victim(*index)).count();
    let lost = PRODUCERS * ELEMENTS - total;
    assert!(lost <= victims, "{lost} elements lost by {victims} victims");
}

#[test]
fn a_slow_subscriber_is_cut_off_and_slows_nobody() {
    let limit = |config: &mut cacheflow::config::Config| {
        config.client_output_buffer_limit.pubsub.hard = 1 << 20;
    };
    let server = Server::builder().bind("127.0.0.1:0").configure(limit).start().unwrap();
    let mut slow = connect(server.address());
    call(&mut slow, "SUBSCRIBE news");
    let mut publisher = connect(server.address());
    let message = "x".repeat(64 * 1024);
    let begun = Instant::now();
    // What the sockets' buffers take, and then the megabyte.
    let published = (0..1000)
        .take_while(|_| number(&call_with(&mut publisher, &["PUBLISH", "news", &message])) == 1)
        .count();
    assert!((16..1000).contains(&published), "{published}");
    assert!(begun.elapsed() < Duration::from_secs(20));
    // It still gets whole messages, then the end.
    loop {
        match slow.read(PATIENCE).unwrap() {
            Output::Value(Value::Array(parts)) => assert_eq!(text(&parts[0]), "message"),
            Output::Closed => break,
            other => panic!("{other:?}"),
        }
    }
}
