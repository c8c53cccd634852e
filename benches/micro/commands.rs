//! Requests from bytes to bytes: read, looked up, executed, replied.
//!
//! Beside each is what a hundred thousand other keys do to it: then the entry is in no cache.

use divan::Bencher;

use crate::hot_path::{Fixed, HotPath, encode};

/// Keys of the large database.
const KEYS: usize = 100_000;
/// Keys of one batch; a batch has to fit into the reader's buffer.
const BATCH: usize = 100;

#[divan::bench(args = [
    "PING", "GET string", "SET string other", "SET string other EX 100", "INCR number", "EXISTS none",
    "HSET hash f other", "HGET hash f", "SADD set a", "ZADD zset 1 a", "ZSCORE zset a",
    "LRANGE list 0 -1", "MSET a 1 b 2 c 3",
])]
fn one(bencher: Bencher, command: &str) {
    let preparation = [
        "SET string value",
        "SET number 1000000",
        "HSET hash f value g value",
        "SADD set a b c",
        "ZADD zset 1 a 2 b 3 c",
        "RPUSH list a b c",
    ];
    let mut path = HotPath::new(&preparation, Fixed::new(&[command], 1));
    bencher.bench_local(|| path.serve());
}

#[divan::bench]
fn lpush_and_lpop(bencher: Bencher) {
    let mut path =
        HotPath::new(&["RPUSH list a b c"], Fixed::new(&["LPUSH list x", "LPOP list"], 1));
    bencher.bench_local(|| path.serve());
}

/// A pipeline over keys that lie all over a large database.
#[divan::bench(args = ["GET", "SET"])]
fn pipeline_of_100_on_100000_keys(bencher: Bencher, command: &str) {
    let populate = format!("DEBUG POPULATE {KEYS} key 16");
    let batch: Vec<u8> = (0..BATCH)
        .flat_map(|number| {
            let key = number * (KEYS / BATCH) + 7;
            let value = if command == "SET" { " 0123456789abcdef" } else { "" };
            encode(&format!("{command} key:{key}{value}"))
        })
        .collect();
    let mut path = HotPath::new(&[&populate], Fixed::bytes(batch));
    bencher.counter(divan::counter::ItemsCount::new(BATCH)).bench_local(|| path.serve());
}
