//! How long anybody waits while everything is saved, and what that costs in memory.
//!
//! A measurement, so it is not part of a normal run:
//!
//! ```text
//! cargo test --release --test persistence -- --ignored --nocapture --test-threads 1 stalls
//! ```
//!
//! `CACHEFLOW_TEST_BINARY` names another build to measure. Whoever shares the machine makes everybody wait,
//! too; so each case is tried several times, and the best try counts: a stall of our own is in all of
//! them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Scope, ScopedJoinHandle, sleep};
use std::time::{Duration, Instant};

use super::client::Value;
use super::server::{PATIENCE, Process, start};

/// What a snapshot may add to the longest wait.
const LIMIT: Duration = Duration::from_millis(5);
const KEYS: usize = 2_000_000;
const MEMBERS: usize = 1_000_000;
const TRIES: usize = 5;

/// A connection on which requests are bytes and replies are counted by their lines.
struct Line(BufReader<TcpStream>);

impl Line {
    fn to(address: SocketAddr) -> Line {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Line(BufReader::with_capacity(1 << 16, stream))
    }

    /// Sends requests and reads one line for each. Returns how long that took.
    fn exchange(&mut self, requests: &str, replies: usize) -> Duration {
        let begun = Instant::now();
        self.0.get_mut().write_all(requests.as_bytes()).unwrap();
        let mut line = String::new();
        for _ in 0..replies {
            line.clear();
            self.0.read_line(&mut line).unwrap();
            if line.starts_with('$') {
                self.0.read_line(&mut line).unwrap(); // the text that was announced
            }
            assert!(!line.starts_with('-'), "{line}");
        }
        begun.elapsed()
    }
}

/// What was seen during a try.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// The longest time that anybody waited for a reply.
    longest: Duration,
    /// The most memory that the process had, in KB.
    peak: u64,
    /// How long it lasted.
    took: Duration,
    /// Batches written meanwhile.
    batches: usize,
}

fn resident(server: &Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Somebody who asks again and again until `stop`, and remembers the longest wait.
fn prober<'s>(
    scope: &'s Scope<'s, '_>,
    address: SocketAddr,
    stop: &'s AtomicBool,
    pause: Duration,
    mut batch: impl FnMut(usize) -> (String, usize) + Send + 's,
) -> ScopedJoinHandle<'s, (Duration, usize)> {
    scope.spawn(move || {
        let (mut line, mut longest, mut count) = (Line::to(address), Duration::ZERO, 0);
        while !stop.load(Ordering::Relaxed) {
            let (requests, replies) = batch(count);
            longest = longest.max(line.exchange(&requests, replies));
            count += 1;
            sleep(pause);
        }
        (longest, count)
    })
}

/// Lets a prober and a writer loose on the server while `job` is being done.
fn observe(
    server: &Process,
    write: impl FnMut(usize) -> (String, usize) + Send,
    pause: Duration,
    job: impl FnOnce(),
) -> Seen {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let every = Duration::from_micros(200);
        let pings = prober(scope, server.address, &stop, every, |_| ("PING\r\n".to_owned(), 1));
        let writes = prober(scope, server.address, &stop, pause, write);
        let memory = scope.spawn(|| {
            let mut peak = 0;
            while !stop.load(Ordering::Relaxed) {
                peak = peak.max(resident(server));
                sleep(Duration::from_millis(2));
            }
            peak
        });
        sleep(Duration::from_millis(20));
        let begun = Instant::now();
        job();
        let took = begun.elapsed();
        stop.store(true, Ordering::Relaxed);
        let ((pinged, _), (wrote, batches)) = (pings.join().unwrap(), writes.join().unwrap());
        Seen { longest: pinged.max(wrote), peak: memory.join().unwrap(), took, batches }
    })
}

/// Has a command done in the background, and waits for its end.
fn in_background(server: &Process, command: &str, field: &str) {
    assert!(matches!(server.call(command), Value::Status(_)));
    while server.info(field) != "0" {
        sleep(Duration::from_millis(5));
    }
}

fn bgsave(server: &Process) {
    in_background(server, "BGSAVE", "rdb_bgsave_in_progress");
    assert_eq!(server.info("rdb_last_bgsave_status"), "ok");
}

fn rewrite(server: &Process) {
    in_background(server, "BGREWRITEAOF", "aof_rewrite_in_progress");
    assert_eq!(server.info("aof_last_bgrewrite_status"), "ok");
}

/// Asks for a full synchronisation as a replica does, and takes all of it.
fn synchronize(server: &Process) {
    let mut replica = Line::to(server.address);
    replica.0.get_mut().write_all(b"PSYNC ? -1\r\n").unwrap();
    let mut line = String::new();
    while !line.starts_with('$') {
        line.clear();
        replica.0.read_line(&mut line).unwrap();
    }
    let len: Option<u64> = line[1..].trim().parse().ok();
    let mark = line[1..].trim().strip_prefix("EOF:").map(str::to_owned);
    let (mut window, mut piece, mut taken) = (Vec::new(), vec![0; 1 << 16], 0);
    loop {
        let count = replica.0.read(&mut piece).unwrap();
        assert!(count > 0, "cut off after {taken} bytes");
        taken += count as u64;
        window.extend_from_slice(&piece[..count]);
        let ended = match &mark {
            Some(mark) => memchr::memmem::find(&window, mark.as_bytes()).is_some(),
            None => taken >= len.unwrap(),
        };
        if ended {
            return;
        }
        window.drain(..window.len().saturating_sub(64));
    }
}

/// The next sixteen keys get new values.
fn overwrite(round: usize) -> (String, usize) {
    let keys = (0..16).map(|at| (round * 16 + at) % KEYS);
    (keys.map(|key| format!("SET key:{key} other:{round:010}\r\n")).collect(), 16)
}

/// Tries the job several times and reports the best try, beside the same without the job.
fn judge(
    name: &str,
    server: &Process,
    write: fn(usize) -> (String, usize),
    pause: Duration,
    job: impl Fn(),
) -> Vec<Seen> {
    let mut tries = Vec::new();
    let mut best = Duration::MAX;
    for number in 1..=TRIES {
        let before = resident(server);
        let seen = observe(server, write, pause, &job);
        let quiet = observe(server, write, pause, || sleep(seen.took));
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        println!(
            "{name:10} try {number}: {:7.1} ms, longest wait {:6.2} ms, without it {:6.2} ms; \
             {} batches written; memory {} MB, at most {} MB (+{:.1} %)",
            ms(seen.took),
            ms(seen.longest),
            ms(quiet.longest),
            seen.batches,
            before / 1024,
            seen.peak / 1024,
            (seen.peak as f64 / before as f64 - 1.0) * 100.0,
        );
        best = best.min(seen.longest.saturating_sub(quiet.longest));
        tries.push(seen);
    }
    assert!(best < LIMIT, "{name}: everybody waits {best:?} longer");
    tries
}

fn populated(directory: &std::path::Path, flags: &[&str]) -> Process {
    let server = start(directory, flags);
    let mut client = server.connect();
    let request = ["DEBUG", "POPULATE", &KEYS.to_string(), "key", "16"];
    client.call(&request, PATIENCE).unwrap();
    // Once through all keys, so that what memory the writing itself takes is taken already.
    let mut line = Line::to(server.address);
    for round in 0..KEYS / 16 {
        let (requests, replies) = overwrite(round);
        line.exchange(&requests, replies);
    }
    server
}

#[test]
#[ignore = "a measurement"]
fn stalls_of_two_million_keys() {
    for (name, flags) in [
        ("BGSAVE", &[][..]),
        ("rewrite", &["--appendonly", "yes", "--appendfsync", "no"]),
        ("as text", &["--appendonly", "yes", "--aof-use-rdb-preamble", "no"]),
        ("full sync", &["--repl-diskless-sync-delay", "0"]),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let server = populated(directory.path(), flags);
        let job: &dyn Fn() = match name {
            "BGSAVE" => &|| bgsave(&server),
            "full sync" => &|| synchronize(&server),
            _ => &|| rewrite(&server),
        };
        let before = resident(&server);
        let tries = judge(name, &server, overwrite, Duration::ZERO, job);
        let peak = tries.iter().map(|seen| seen.peak).max().unwrap();
        let limit = before + before / 5;
        assert!(peak < limit, "{name}: {peak} KB instead of {before} KB");
    }
}

/// A kind of collection: how to build it, by a thousand members a request, and to change it.
type Build = fn(usize) -> String;
type Change = fn(usize) -> (String, usize);

fn thousand(command: &str, from: usize, member: fn(usize) -> String) -> String {
    let members = (from..from + 1000).map(|number| format!(" {}", member(number)));
    format!("{command}{}\r\n", members.collect::<String>())
}

fn scattered(round: usize) -> usize {
    round.wrapping_mul(7919) % MEMBERS
}

const COLLECTIONS: [(&str, Build, Change); 7] = [
    (
        "list",
        |from| thousand("RPUSH k", from, |n| format!("element:{n}")),
        |round| (format!("LSET k {} changed:{round}\r\n", scattered(round)), 1),
    ),
    (
        "set",
        |from| thousand("SADD k", from, |n| format!("member:{n}")),
        |round| (format!("SADD k new:{round}\r\nSREM k member:{}\r\n", scattered(round)), 2),
    ),
    (
        "intset",
        |from| thousand("SADD k", from, |n| format!("{}", n * 3)),
        |round| (format!("SADD k {}\r\nSREM k {}\r\n", round * 3 + 1, scattered(round) * 3), 2),
    ),
    (
        "hash",
        |from| thousand("HSET k", from, |n| format!("field:{n} {n}")),
        |round| (format!("HSET k field:{} changed:{round}\r\n", scattered(round)), 1),
    ),
    (
        "zset",
        |from| thousand("ZADD k", from, |n| format!("{n} member:{n}")),
        |round| (format!("ZADD k {round} member:{}\r\n", scattered(round)), 1),
    ),
    (
        "stream",
        |from| (from..from + 1000).map(|n| format!("XADD k {}-1 field {n}\r\n", n + 1)).collect(),
        |round| (format!("XADD k * field {round}\r\nXDEL k {}-1\r\n", scattered(round) + 1), 2),
    ),
    (
        "pending",
        |from| {
            let entries = (from..from + 1000).map(|n| format!("XADD k {}-1 field {n}\r\n", n + 1));
            entries.collect()
        },
        |round| (format!("XACK k group {}-1\r\n", scattered(round) + 1), 1),
    ),
];

#[test]
#[ignore = "a measurement"]
fn stalls_of_a_large_collection() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &["--set-max-intset-entries", "2000000"]);
    for (name, build, change) in COLLECTIONS {
        server.call("FLUSHALL");
        let mut line = Line::to(server.address);
        for from in (0..MEMBERS).step_by(1000) {
            let request = build(from);
            let replies = request.matches('\n').count();
            line.exchange(&request, replies);
        }
        if name == "pending" {
            server.call("XGROUP CREATE k group 0");
            let request = ["XREADGROUP", "GROUP", "group", "consumer", "COUNT", "10000"];
            let request = [&request[..], &["STREAMS", "k", ">"]].concat();
            let mut client = server.connect();
            for _ in 0..MEMBERS / 10_000 {
                client.call(&request, PATIENCE).unwrap();
            }
        }
        judge(name, &server, change, Duration::from_micros(200), || bgsave(&server));
    }
}
