//! What data costs: a million of something, and what is left of it in memory after a FLUSHALL.
//!
//! Two figures for each kind: by how much the resident memory of a fresh server grows, and by how much the
//! `used_memory` does that the server itself tells. Where the second is less than the first, `maxmemory`
//! lets a server grow further than its owner thinks.
//!
//! Keys have 16 bytes. Neither figure varies from round to round, so one round is enough.

use std::io::{Error, Result};
use std::thread::sleep;
use std::time::Duration;

use crate::cases::{Against, Case, Contestant, Scale, Section, Unit};
use crate::memory::resident;
use crate::servers::Server;
use crate::wire::{Wire, put, sixteen};

/// How many keys or members.
const MILLION: usize = 1_000_000;
/// How long allocators get to give back what became free meanwhile.
const SETTLING: Duration = Duration::from_secs(2);
/// Digits that all small integers have, so that none is shared and each is as long as the others.
const SIX_DIGITS: usize = 100_000;

/// A kind of data: its name, how many of a million there are, and the command that adds number `n`.
type Kind = (&'static str, f64, fn(usize, &mut Vec<u8>));

const KINDS: &[Kind] = &[
    ("string, 16-byte key and value", 1.0, string),
    ("string, 10 million of them", 10.0, string),
    ("string of 50 bytes", 1.0, |n, out| long_string(n, 50, out)),
    ("string of 100 bytes", 1.0, |n, out| long_string(n, 100, out)),
    ("integer", 1.0, |n, out| {
        put(out, &["SET", &sixteen("key", n), &(SIX_DIGITS + n).to_string()])
    }),
    ("string with a time to live", 1.0, |n, out| {
        put(out, &["SET", &sixteen("key", n), &sixteen("val", n), "EX", "100000"]);
    }),
    ("hash of 5 fields", 1.0, |n, out| hash(n, 5, out)),
    ("hash of 20 fields", 0.3, |n, out| hash(n, 20, out)),
    ("field of a hash", 1.0, |n, out| {
        put(out, &["HSET", "hash", &sixteen("field", n), &sixteen("val", n)]);
    }),
    ("set of 10 integers", 1.0, |n, out| several("SADD", n, integer, out)),
    ("set of 10 strings", 0.3, |n, out| several("SADD", n, word, out)),
    ("member of a set of integers", 1.0, |n, out| put(out, &["SADD", "set", &n.to_string()])),
    ("sorted set of 10", 0.3, |n, out| {
        let members: Vec<String> = (0..10).flat_map(|at| [at.to_string(), word(n, at)]).collect();
        key_and("ZADD", n, members, out);
    }),
    ("member of a sorted set", 1.0, |n, out| {
        put(out, &["ZADD", "zset", &n.to_string(), &sixteen("m", n)]);
    }),
    ("list of 10 strings", 0.3, |n, out| several("RPUSH", n, word, out)),
    ("list of 10 integers", 0.3, |n, out| several("RPUSH", n, integer, out)),
    ("element of a list", 1.0, |n, out| put(out, &["RPUSH", "list", &sixteen("e", n)])),
    ("entry of a stream", 1.0, |n, out| {
        put(out, &["XADD", "stream", "*", "field", &n.to_string()]);
    }),
    ("entry of a stream of 10", 0.3, |n, out| {
        put(out, &["XADD", &sixteen("stream", n / 10), "*", "field", &n.to_string()]);
    }),
];

fn string(number: usize, out: &mut Vec<u8>) {
    put(out, &["SET", &sixteen("key", number), &sixteen("val", number)]);
}

fn long_string(number: usize, len: usize, out: &mut Vec<u8>) {
    put(out, &["SET", &sixteen("key", number), &format!("{number:x<len$}")]);
}

fn hash(number: usize, fields: usize, out: &mut Vec<u8>) {
    let value = format!("value{number}");
    let pairs = (0..fields).flat_map(|field| [format!("field{field}"), value.clone()]);
    key_and("HSET", number, pairs.collect(), out);
}

/// Ten elements for key number `number`.
fn several(command: &str, number: usize, element: fn(usize, usize) -> String, out: &mut Vec<u8>) {
    key_and(command, number, (0..10).map(|at| element(number, at)).collect(), out);
}

fn word(number: usize, at: usize) -> String {
    format!("member{}", number % SIX_DIGITS * 10 + at)
}

fn integer(number: usize, at: usize) -> String {
    (SIX_DIGITS + number % SIX_DIGITS * 10 + at).to_string()
}

fn key_and(command: &str, number: usize, rest: Vec<String>, out: &mut Vec<u8>) {
    let key = sixteen("key", number);
    let words: Vec<&str> =
        [command, &key].into_iter().chain(rest.iter().map(String::as_str)).collect();
    put(out, &words);
}

/// The sections of the report.
pub fn sections(scale: Scale) -> Vec<Section> {
    let section = |key: &str, title: &str, unit, cases| Section {
        key: key.to_owned(),
        title: title.to_owned(),
        unit,
        against: Against::Others,
        repeats: false,
        cases,
    };
    let count = move |of_a_million: f64| scale.of((MILLION as f64 * of_a_million) as usize);
    let growth = KINDS.iter().map(|(name, of_a_million, command)| Case {
        rows: vec![(*name).to_owned(), format!("{name}: used_memory")],
        measure: Box::new(move |contestant| growth(contestant, count(*of_a_million), *command)),
    });
    let flushed = KINDS.iter().filter(|(name, ..)| FLUSHED.contains(name));
    let flushed = flushed.map(|(name, of_a_million, command)| Case {
        rows: vec![(*name).to_owned()],
        measure: Box::new(move |contestant| left(contestant, count(*of_a_million), *command)),
    });
    vec![
        section("memory", "Memory of a million", Unit::BytesEach, growth.collect()),
        section(
            "flushall",
            "Memory that two seconds after a FLUSHALL is left of a million, MB",
            Unit::OfTheRow,
            flushed.collect(),
        ),
    ]
}

/// The kinds of which it is measured what FLUSHALL leaves.
const FLUSHED: [&str; 4] =
    ["string, 16-byte key and value", "string of 100 bytes", "hash of 5 fields", "field of a hash"];

/// Bytes each by which resident and used memory grow.
fn growth(
    contestant: &Contestant,
    count: usize,
    command: fn(usize, &mut Vec<u8>),
) -> Result<Vec<f64>> {
    let server = contestant.fresh(&[])?;
    let mut wire = Wire::open(&server)?;
    let before = (resident(&server)?, used(&mut wire)?);
    wire.fill(count, command)?;
    sleep(SETTLING);
    let grown = [resident(&server)? - before.0, used(&mut wire)? - before.1];
    Ok(grown.map(|bytes| bytes / count as f64).into())
}

/// Megabytes that a server has more than before, after all was deleted.
fn left(
    contestant: &Contestant,
    count: usize,
    command: fn(usize, &mut Vec<u8>),
) -> Result<Vec<f64>> {
    let server: Server = contestant.fresh(&[])?;
    let mut wire = Wire::open(&server)?;
    let before = resident(&server)?;
    wire.fill(count, command)?;
    wire.call(&["FLUSHALL"])?;
    sleep(SETTLING);
    Ok(vec![(resident(&server)? - before) / 1e6])
}

/// What the server says of itself.
fn used(wire: &mut Wire) -> Result<f64> {
    let info = wire.call(&["INFO", "memory"])?;
    let line = info.lines().find_map(|line| line.strip_prefix("used_memory:"));
    line.and_then(|bytes| bytes.trim().parse().ok()).ok_or_else(|| Error::other("no used_memory"))
}
