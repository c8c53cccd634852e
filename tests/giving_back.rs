//! What the data took goes back to the system when the data goes, and `used_memory` is what it takes.
//!
//! The program itself is tried, for it has the allocator; a server inside of a test has the test's.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Keys, of a hundred bytes each.
const KEYS: usize = 300_000;
/// So much of it may stay: caches, and pages with something else on them.
const LEFT: u64 = 8_000_000;
/// How long a page may be unused, and what a busy machine needs beside.
const PATIENCE: Duration = Duration::from_secs(20);

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Program {
    /// What it has of its own in memory: more and more pages of the program itself come beside, as they run.
    fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }
}

fn start() -> (Program, redis::Connection) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_cacheflow"))
        .args(["--listen-addr", &address, "--save", "", "--dir"])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.find(|line| line.as_ref().unwrap().contains("Ready")).unwrap().unwrap();
    std::thread::spawn(move || lines.for_each(drop));
    let client = redis::Client::open(format!("redis://{address}")).unwrap();
    (Program(child), client.get_connection().unwrap())
}

fn figure(connection: &mut redis::Connection, name: &str) -> u64 {
    let info: String = redis::cmd("INFO").arg("memory").query(connection).unwrap();
    let value = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    value.unwrap().parse().unwrap()
}

fn fill(connection: &mut redis::Connection) {
    for start in (0..KEYS).step_by(1000) {
        let mut pipeline = redis::pipe();
        for key in start..start + 1000 {
            pipeline.set(format!("key:{key:012}"), &[b'x'; 100]).ignore();
        }
        pipeline.query::<()>(connection).unwrap();
    }
}

/// Waits until the memory is no more than `limit` above what it was.
fn falls_to(program: &Program, limit: u64) -> bool {
    let start = Instant::now();
    while program.resident() > limit {
        if start.elapsed() > PATIENCE {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    true
}

#[test]
fn flushall_and_purge_give_memory_back_and_used_memory_is_true() {
    let (program, mut connection) = start();
    let empty = (program.resident(), figure(&mut connection, "used_memory"));
    fill(&mut connection);
    // What filling took beside the data goes back within a second or, on a busy machine, later.
    std::thread::sleep(Duration::from_secs(2));
    let start = Instant::now();
    let mut looks = std::iter::repeat_with(|| {
        std::thread::sleep(Duration::from_millis(100));
        let grown = program.resident() - empty.0;
        let used = figure(&mut connection, "used_memory") - empty.1;
        (used as f64 / grown as f64, grown)
    });
    let is_last = |ratio: &f64| (0.9..1.05).contains(ratio) || start.elapsed() > PATIENCE;
    let (ratio, grown) = looks.find(|(ratio, _)| is_last(ratio)).unwrap();
    assert!((0.9..1.05).contains(&ratio), "{grown} bytes resident, used memory is {ratio} of it");
    assert!(grown > 150 * KEYS as u64, "{grown} bytes for {KEYS} keys");
    let _: () = redis::cmd("FLUSHALL").query(&mut connection).unwrap();
    assert!(falls_to(&program, empty.0 + LEFT), "{} of {grown} left", program.resident() - empty.0);
    fill(&mut connection);
    let _: () = redis::cmd("FLUSHALL").query(&mut connection).unwrap();
    while figure(&mut connection, "lazyfree_pending_objects") > 0 {}
    let _: () = redis::cmd("MEMORY").arg("PURGE").query(&mut connection).unwrap();
    let left = program.resident().saturating_sub(empty.0);
    assert!(left < LEFT, "{left} left after MEMORY PURGE");
}
