//! 10,000 keys, under writes, over a link that is cut at random 50 times.
//!
//! Each key is a list that begins with one element. Writers push to lists that they find (RPUSHX), and
//! count what was accepted. When everything has moved, every list is at the target and none here, and each
//! has as many elements as were accepted: nothing is lost, nothing is doubled, no change was dropped.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use crate::client::{Client, Output, Value};
use crate::generator::Random;
use crate::seed::seed;
use crate::servers::Server;
use crate::{PATIENCE, cacheflow, call, connect, redis, text};

const KEYS: usize = 10_000;
/// Keys of one MIGRATE.
const BATCH: usize = 100;
const CUTS: usize = 50;
/// A connection is cut after so many bytes at the most, in both directions together.
const MOST_BYTES: usize = 12_000;
const WRITERS: usize = 3;

/// A link whose connections carry a random number of bytes, until it has been cut often enough.
struct Link {
    port: u16,
    cuts: Arc<AtomicUsize>,
}

impl Link {
    fn to(target: u16) -> Link {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let cuts = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&cuts);
        std::thread::spawn(move || {
            let mut random = Random::new(seed());
            for near in listener.incoming().map_while(Result::ok) {
                let far = TcpStream::connect(("127.0.0.1", target)).unwrap();
                let is_to_end = count.load(Ordering::Relaxed) < CUTS;
                let left = if is_to_end { 1 + random.below(MOST_BYTES) } else { usize::MAX };
                let left = Arc::new(AtomicUsize::new(left));
                let ways = [(&near, &far), (&far, &near)];
                for (from, to) in
                    ways.map(|(a, b)| (a.try_clone().unwrap(), b.try_clone().unwrap()))
                {
                    let (left, count) = (Arc::clone(&left), Arc::clone(&count));
                    std::thread::spawn(move || forward(from, to, &left, &count));
                }
            }
        });
        Link { port, cuts }
    }
}

/// Carries bytes while there are any left, then cuts.
fn forward(mut from: TcpStream, mut to: TcpStream, left: &AtomicUsize, cuts: &AtomicUsize) {
    let mut buffer = [0; 1021]; // odd, so that requests are torn apart
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let take =
            |left: usize| Some(if left == usize::MAX { left } else { left.saturating_sub(count) });
        let before = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).unwrap_or(0);
        let carried = count.min(before);
        if to.write_all(&buffer[..carried]).is_err() {
            break;
        }
        if carried < count || before == count {
            // The other direction may find nothing left as well, but that is the same cut.
            cuts.fetch_add(usize::from(before > 0), Ordering::Relaxed);
            break;
        }
    }
    for stream in [&from, &to] {
        let _ = stream.shutdown(Shutdown::Both);
    }
}

fn key(number: usize) -> String {
    format!("list:{number}")
}

/// Sends the commands before it reads a reply.
fn pipeline(client: &mut Client, commands: impl Iterator<Item = [String; 3]>) -> Vec<Value> {
    let commands: Vec<[String; 3]> = commands.collect();
    commands.iter().for_each(|command| client.send(command).unwrap());
    let read = |_: &[String; 3]| match client.read(PATIENCE).unwrap() {
        Output::Value(value) => value,
        other => panic!("no reply: {other:?}"),
    };
    commands.iter().map(read).collect()
}

/// Pushes to lists that are here, until it is told to stop.
fn write(port: u16, writer: usize, accepted: &[AtomicU64], stop: &AtomicBool) {
    let mut random = Random::new(seed() + 1 + writer as u64);
    let mut client = connect(port);
    while !stop.load(Ordering::Relaxed) {
        let keys: Vec<usize> = (0..20).map(|_| random.below(KEYS)).collect();
        let commands = keys.iter().map(|n| ["RPUSHX".to_owned(), key(*n), writer.to_string()]);
        for (number, reply) in keys.iter().zip(pipeline(&mut client, commands)) {
            match reply {
                Value::Integer(0) => {}
                Value::Integer(_) => _ = accepted[*number].fetch_add(1, Ordering::Relaxed),
                other => panic!("RPUSHX replies {other:?}"),
            }
        }
    }
}

fn nothing_is_lost(source: &Server, target: &Server) {
    let link = Link::to(target.port);
    let mut client = connect(source.port);
    pipeline(&mut client, (0..KEYS).map(|n| ["RPUSH".to_owned(), key(n), "first".to_owned()]));
    let accepted: Vec<AtomicU64> = (0..KEYS).map(|_| AtomicU64::new(1)).collect();
    let stop = AtomicBool::new(false);
    let mut failures = 0;
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (accepted, stop) = (&accepted, &stop);
            scope.spawn(move || write(source.port, writer, accepted, stop));
        }
        let port = link.port.to_string();
        for first in (0..KEYS).step_by(BATCH) {
            let keys: Vec<String> = (first..first + BATCH).map(key).collect();
            let mut words = vec!["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "REPLACE", "KEYS"];
            words.extend(keys.iter().map(String::as_str));
            loop {
                match text(client.call(&words, PATIENCE).unwrap()) {
                    reply if reply == "OK" || reply == "NOKEY" => break,
                    reply if reply.starts_with("IOERR") => failures += 1,
                    reply => panic!("MIGRATE replies {reply}"),
                }
            }
            let mut exists = vec!["EXISTS"];
            exists.extend(keys.iter().map(String::as_str));
            assert_eq!(text(client.call(&exists, PATIENCE).unwrap()), "0", "said to have moved");
        }
        stop.store(true, Ordering::Relaxed);
    });
    let pushes = accepted.iter().map(|count| count.load(Ordering::Relaxed) - 1).sum::<u64>();
    let cuts = link.cuts.load(Ordering::Relaxed);
    println!("{cuts} cuts, {failures} failed calls, {pushes} writes accepted meanwhile");
    assert!(cuts >= CUTS, "{cuts}");
    assert!(failures > CUTS / 4 && pushes > 0, "{failures} {pushes}");
    assert_eq!(call(source.port, "DBSIZE"), "0");
    assert_eq!(call(target.port, "DBSIZE"), KEYS.to_string());
    let commands = (0..KEYS).map(|n| ["LRANGE".to_owned(), key(n), "0 -1".to_owned()]);
    let mut there = connect(target.port);
    for (number, [_, key, _]) in commands.enumerate() {
        let length = text(there.call(&["LLEN", &key], PATIENCE).unwrap());
        assert_eq!(length, accepted[number].load(Ordering::Relaxed).to_string(), "{key}");
    }
}

#[test]
fn over_a_link_that_breaks() {
    nothing_is_lost(&cacheflow(&[]), &cacheflow(&[]));
}

#[test]
#[ignore = "needs redis-server"]
fn to_redis_over_a_link_that_breaks() {
    nothing_is_lost(&cacheflow(&[]), &redis(&[]));
}
