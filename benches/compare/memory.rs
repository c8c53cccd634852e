//! Memory: what a million of something costs, by the resident memory of a fresh server.
//!
//! Memory doesn't vary from round to round, so each server is filled once, in the first round, and
//! the later ones repeat that number.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Result, Write};

use crate::cases::{Case, Section, Unit};
use crate::servers::Server;

/// How many keys or members.
const COUNT: usize = 1_000_000;
/// Commands that are sent before their replies are read.
const CHUNK: usize = 1000;

/// A kind of data: its name, the command that adds number `n`, and the lines of the reply.
type Kind = (&'static str, fn(usize) -> Vec<String>, usize);

const KINDS: &[Kind] = &[
    (
        "string, 16-byte key and value",
        |n| words(&["SET", &sixteen("key", n), &sixteen("val", n)]),
        1,
    ),
    ("hash of 5 fields", small_hash, 1),
    ("member of a set of integers", |n| words(&["SADD", "set", &n.to_string()]), 1),
    ("member of a sorted set", |n| words(&["ZADD", "zset", &n.to_string(), &sixteen("m", n)]), 1),
    ("entry of a stream", |n| words(&["XADD", "stream", "*", "field", &n.to_string()]), 2),
];

/// The section of the report.
pub fn section() -> Section {
    let cases = KINDS.iter().map(|kind| case(*kind)).collect();
    Section { title: "Memory of a million", unit: Unit::BytesEach, cases }
}

fn case((name, command, lines): Kind) -> Case {
    let known: RefCell<HashMap<&'static str, f64>> = RefCell::default();
    Case {
        name: name.to_owned(),
        calibrate: Box::new(|_| Ok(())),
        measure: Box::new(move |server| {
            if let Some(bytes) = known.borrow().get(server.name) {
                return Ok(*bytes);
            }
            let bytes = bytes_each(server.name, command, lines)?;
            known.borrow_mut().insert(server.name, bytes);
            Ok(bytes)
        }),
    }
}

/// Fills a server of its own and returns by how much it grew, for each of the million.
fn bytes_each(name: &str, command: fn(usize) -> Vec<String>, lines: usize) -> Result<f64> {
    let server = match name {
        "redis" => Server::redis(&[])?,
        _ => Server::cacheflow(env!("CARGO_BIN_EXE_cacheflow"), &[])?,
    };
    let mut stream = server.connect()?;
    let mut replies = BufReader::new(stream.try_clone()?).lines();
    let before = resident(&server)?;
    for start in (0..COUNT).step_by(CHUNK) {
        let mut requests = Vec::new();
        for number in start..start + CHUNK {
            let words = command(number);
            write!(requests, "*{}\r\n", words.len())?;
            words.iter().try_for_each(|word| write!(requests, "${}\r\n{word}\r\n", word.len()))?;
        }
        stream.write_all(&requests)?;
        for _ in 0..CHUNK * lines {
            replies.next().transpose()?;
        }
    }
    Ok((resident(&server)? - before) / COUNT as f64)
}

/// Resident memory in bytes.
fn resident(server: &Server) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id()))?;
    let kilobytes = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
    Ok(kilobytes.unwrap_or(0.0) * 1024.0)
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// A text of 16 bytes that tells its number.
fn sixteen(prefix: &str, number: usize) -> String {
    format!("{prefix}:{number:0width$}", width = 15 - prefix.len())
}

fn small_hash(number: usize) -> Vec<String> {
    let mut request = words(&["HSET", &sixteen("hash", number)]);
    (0..5).for_each(|field| request.extend([format!("field{field}"), format!("value{number}")]));
    request
}
