//! Replies under `appendfsync always`: whichever thread sends them, each client gets its own, in order.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::client::{Output, Value};
use super::server::{PATIENCE, start};

const FLAGS: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

/// Clients that now wait for a reply and now send on, all at once, so that their replies are sent by others.
#[test]
fn replies_keep_their_order_whoever_sends_them() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &FLAGS);
    thread::scope(|scope| {
        for number in 0..16 {
            let server = &server;
            scope.spawn(move || {
                let mut client = server.connect();
                let increment = ["INCR", &format!("counter {number}")];
                let mut expected = 0;
                for round in 0..200 {
                    let burst = 1 + (round + number) % 4;
                    for _ in 0..burst {
                        client.send(&increment).unwrap();
                    }
                    for _ in 0..burst {
                        expected += 1;
                        let reply = client.read(PATIENCE).unwrap();
                        assert_eq!(reply, Output::Value(Value::Integer(expected)));
                    }
                }
                // Who says that it sends no more still gets its reply.
                client.send(&increment).unwrap();
                client.half_close().unwrap();
                let reply = client.read(PATIENCE).unwrap();
                assert_eq!(reply, Output::Value(Value::Integer(expected + 1)));
                assert_eq!(client.read(PATIENCE).unwrap(), Output::Closed);
            });
        }
    });
}

/// Who doesn't read its replies keeps nobody waiting whose turn it is to send them.
#[test]
fn a_reader_that_stops_holds_nobody_up() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &FLAGS);
    server.call(&format!("SET large {}", "x".repeat(10_000)));
    let mut idle = server.connect();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for number in 0..8 {
            let (server, done) = (&server, &done);
            scope.spawn(move || {
                let mut client = server.connect();
                let mut count = 0;
                while !done.load(Ordering::Relaxed) {
                    count += 1;
                    let reply = client.call(&["INCR", &number.to_string()], PATIENCE).unwrap();
                    assert_eq!(reply, Value::Integer(count));
                }
            });
        }
        let requests = 2000; // 20 MB of replies: more than the buffers of the sockets hold
        for number in 0..requests {
            idle.send(&["SET", "mine", &number.to_string(), "GET"]).unwrap();
            idle.send(&["GET", "large"]).unwrap();
            thread::sleep(Duration::from_micros(300)); // or they are all one batch, with one reply
        }
        for _ in 0..100 {
            let reply = server.call("INCR other");
            assert!(matches!(reply, Value::Integer(_)), "{reply:?}");
        }
        for number in 0..requests {
            let before = match number {
                0 => Value::Nil,
                _ => Value::Bulk((number - 1).to_string().into_bytes()),
            };
            assert_eq!(idle.read(PATIENCE).unwrap(), Output::Value(before));
            let large = Value::Bulk(vec![b'x'; 10_000]);
            assert_eq!(idle.read(PATIENCE).unwrap(), Output::Value(large));
        }
        done.store(true, Ordering::Relaxed);
    });
}
