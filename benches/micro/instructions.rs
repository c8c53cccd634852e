//! `make instructions`: how many instructions a command takes, counted by callgrind.
//!
//! A shared machine makes every duration doubtful; the number of instructions is the same on each
//! run, within a fraction of a percent. So it shows a change of a few percent anywhere, and a
//! regression where a benchmark shows noise. It doesn't show waiting for memory.
//!
//! The program runs itself under callgrind twice, with few requests and with many. The difference
//! is what the requests took, without start and end:
//!
//! ```text
//! (instructions of 12,000 batches - instructions of 2,000) / 10,000
//! ```
//!
//! Needs valgrind, which nothing else does.

use std::fmt::Write as _;
use std::io::{Error, Result};
use std::process::Command;

use crate::hot_path::{Fixed, HotPath};
use crate::page;

/// Batches in the short run, in which caches and buffers become what they stay.
const FEW: usize = 2_000;
/// Batches in the long run.
const MANY: usize = 12_000;

/// What is counted: a name, what is prepared, the commands of a batch, and how often it has them.
const CASES: &[(&str, &[&str], &[&str], usize)] = &[
    ("PING", &[], &["PING"], 1),
    ("GET", &["SET key:1 value"], &["GET key:1"], 1),
    ("GET, 16 in a pipeline", &["SET key:1 value"], &["GET key:1"], 16),
    ("SET", &["SET key:1 value"], &["SET key:1 value"], 1),
    ("SET, 16 in a pipeline", &["SET key:1 value"], &["SET key:1 value"], 16),
    ("INCR", &["SET key:1 1000000"], &["INCR key:1"], 1),
    ("LPUSH and LPOP, each", &["RPUSH list a b c"], &["LPUSH list x", "LPOP list"], 1),
    ("HSET", &["HSET hash field value"], &["HSET hash field other"], 1),
    ("SADD", &["SADD set member"], &["SADD set member"], 1),
    ("ZADD", &["ZADD zset 1 a 2 b"], &["ZADD zset 3 a", "ZADD zset 1 a"], 1),
    ("MSET of 10 keys", &[], &["MSET a 1 b 2 c 3 d 4 e 5 f 6 g 7 h 8 i 9 j 10"], 1),
];

/// Counts all cases, prints them, and records them if this build is what users run.
pub fn main() -> Result<()> {
    let mut table = "| command | instructions |\n|---|--:|\n".to_owned();
    for (index, (name, _, commands, times)) in CASES.iter().enumerate() {
        let counted = collected(index, MANY)?.saturating_sub(collected(index, FEW)?);
        let each = counted as f64 / ((MANY - FEW) * commands.len() * times) as f64;
        println!("{name:24} {each:8.0} instructions");
        let _ = writeln!(table, "| {name} | {each:.0} |");
    }
    if cfg!(debug_assertions) {
        println!("Not recorded: this build is not optimised.");
        return Ok(());
    }
    let version = env!("CARGO_PKG_VERSION");
    let text = format!("{table}\ncacheflow {version}, {}.", page::machine());
    page::insert(&page::in_repository("docs/performance.md"), "instructions", &text)
}

/// What runs under callgrind: so many batches of a case.
pub fn run(case: usize, batches: usize) {
    let (_, preparation, commands, times) = CASES[case];
    let mut path = HotPath::new(preparation, Fixed::new(commands, times));
    (0..batches).for_each(|_| _ = std::hint::black_box(path.serve()));
}

/// All instructions of a process that does that.
fn collected(case: usize, batches: usize) -> Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args(["run", &case.to_string(), &batches.to_string()])
        .output()
        .map_err(|error| Error::other(format!("valgrind: {error}")))?;
    let report = String::from_utf8_lossy(&output.stderr);
    report
        .lines()
        .filter(|_| output.status.success())
        .find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
        .ok_or_else(|| Error::other(format!("valgrind counted nothing:\n{report}")))
}
