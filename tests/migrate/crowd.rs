//! Several clients move the same keys to the same place, while others change and delete them.
//!
//! No key is made after the beginning, so each that was deleted is nowhere in the end, and each other one is
//! at the target, with as many elements as were accepted. Two MIGRATEs of one key must not take each
//! other's deletion for a client's, nor bring back what somebody has deleted.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::client::{Client, Value};
use crate::generator::Random;
use crate::seed::seed;
use crate::{PATIENCE, cacheflow, call, connect, info, text};

const KEYS: usize = 3000;
const MOVERS: u64 = 3;
const WRITERS: u64 = 3;

/// What is known of a key: how many elements were accepted, and that it was deleted.
#[derive(Default)]
struct Known {
    elements: AtomicU64,
    deleted: AtomicBool,
}

fn integer(client: &mut Client, words: &[&str]) -> i64 {
    match client.call(words, PATIENCE).unwrap() {
        Value::Integer(number) => number,
        other => panic!("{words:?}: {other:?}"),
    }
}

fn write(port: u16, seed: u64, keys: &[Known], stop: &AtomicBool) {
    let (mut random, mut client) = (Random::new(seed), connect(port));
    while !stop.load(Ordering::Relaxed) {
        let number = random.below(KEYS);
        let key = format!("k{number}");
        match random.below(20) {
            0 if integer(&mut client, &["DEL", &key]) == 1 => {
                keys[number].deleted.store(true, Ordering::Relaxed);
            }
            0 => {}
            1 => _ = integer(&mut client, &["EXPIRE", &key, "1000"]),
            2 => _ = integer(&mut client, &["PERSIST", &key]),
            _ if integer(&mut client, &["RPUSHX", &key, "x"]) > 0 => {
                keys[number].elements.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}

fn move_keys(port: u16, target: u16, seed: u64, moved: &AtomicU64) {
    let (mut random, mut client) = (Random::new(seed), connect(port));
    let target = target.to_string();
    while integer(&mut client, &["DBSIZE"]) > 0 {
        let first = random.below(KEYS);
        let keys: Vec<String> = (0..40).map(|n| format!("k{}", (first + n) % KEYS)).collect();
        let mut words = vec!["MIGRATE", "127.0.0.1", &target, "", "0", "20000", "REPLACE", "KEYS"];
        words.extend(keys.iter().map(String::as_str));
        let reply = text(client.call(&words, PATIENCE).unwrap());
        assert!(["OK", "NOKEY"].contains(&reply.as_str()), "{reply}");
        moved.fetch_add(u64::from(reply == "OK"), Ordering::Relaxed);
    }
}

#[test]
fn no_key_comes_back_and_none_is_lost() {
    let (source, target) = (cacheflow(&[]), cacheflow(&[]));
    let mut client = connect(source.port);
    let keys: Vec<Known> = (0..KEYS).map(|_| Known::default()).collect();
    for (number, known) in keys.iter().enumerate() {
        integer(&mut client, &["RPUSH", &format!("k{number}"), "x"]);
        known.elements.store(1, Ordering::Relaxed);
    }
    let (stop, moved) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let (stop, keys, moved) = (&stop, &keys, &moved);
        for writer in 0..WRITERS {
            scope.spawn(move || write(source.port, seed() + writer, keys, stop));
        }
        let movers = (0..MOVERS).map(|n| {
            let seed = seed() + WRITERS + n;
            scope.spawn(move || move_keys(source.port, target.port, seed, moved))
        });
        movers.collect::<Vec<_>>().into_iter().for_each(|mover| mover.join().unwrap());
        stop.store(true, Ordering::Relaxed);
    });
    let deleted = keys.iter().filter(|known| known.deleted.load(Ordering::Relaxed)).count();
    println!(
        "{} calls moved something, {deleted} keys were deleted",
        moved.load(Ordering::Relaxed)
    );
    assert_eq!(call(source.port, "DBSIZE"), "0");
    assert_eq!(call(target.port, "DBSIZE"), (KEYS - deleted).to_string());
    let mut client = connect(target.port);
    for (number, known) in keys.iter().enumerate() {
        let length = integer(&mut client, &["LLEN", &format!("k{number}")]);
        let expected = match known.deleted.load(Ordering::Relaxed) {
            true => 0,
            false => known.elements.load(Ordering::Relaxed),
        };
        assert_eq!(length, expected as i64, "k{number}");
    }
    assert_eq!(info(source.port, "blocked_clients"), "0");
}

#[test]
fn many_large_keys_take_the_memory_of_one() {
    let (source, target) = (cacheflow(&[]), cacheflow(&[]));
    for port in [source.port, target.port] {
        call(port, "CONFIG SET rdbcompression no");
    }
    call(source.port, "DEBUG POPULATE 60 key 500000");
    let memory = |name: &str| info(source.port, name).parse::<u64>().unwrap();
    let before = memory("used_memory");
    assert!(before > 30_000_000, "{before}");
    let keys = (0..60).map(|n| format!("key:{n}")).collect::<Vec<_>>().join(" ");
    let migrate = format!("MIGRATE 127.0.0.1 {} '' 0 20000 COPY KEYS {keys}", target.port);
    assert_eq!(call(source.port, &migrate), "OK");
    assert_eq!(call(target.port, "DBSIZE"), "60");
    let more = memory("used_memory_peak").saturating_sub(before);
    assert!(more < 5_000_000, "{more} bytes more while 30 MB were sent");
}
