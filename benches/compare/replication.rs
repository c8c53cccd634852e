//! A full synchronisation while clients write: what it costs them, and how long it takes.
//!
//! ```text
//!   4 writers, 20,000 SET/s together ──> master ── snapshot, then the stream ──> replica
//!   1 client that sends PING ──────────>   │                                      │
//!                   longest wait     resident memory              link up, and has caught up
//! ```
//!
//! The master fills itself with [`KEYS`] keys, and a second server of the same kind becomes its replica.
//! Writers keep to a schedule: who was held up sends everything that has become due, so a stall
//! doesn't make the work less.
//!
//! The memory is that of the master beyond what it had before: the peak of its resident pages, and
//! for Redis what its child had to copy, too (`rdb_last_cow_size`), which no process shows as its
//! own.
//!
//! What it leaves out on purpose: networks. Over loopback nothing but the two servers is slow.

use std::io::{Error, Read, Result, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::cases::{Against, Case, Contestant, Scale, Section, Unit};
use crate::memory::resident;
use crate::servers::Server;
use crate::wire::{Wire, put};

/// How many keys there are.
const KEYS: usize = 2_000_000;
/// Bytes in a value.
const VALUE: usize = 100;
/// Connections that write, and how often each sends so many requests: 20,000 a second together.
const WRITERS: usize = 4;
const PERIOD: Duration = Duration::from_millis(5);
const AT_ONCE: usize = 25;
/// How long the load runs before the replica comes, so that it is a load by then.
const LEAD: Duration = Duration::from_secs(2);
/// A synchronisation that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(300);
const MB: f64 = 1024.0 * 1024.0;

/// The section of the report.
pub fn section(scale: Scale) -> Section {
    let rows = [
        "seconds until the replica has caught up",
        "longest wait for a PONG of the master, ms",
        "more memory of the master at its peak, MB",
    ];
    Section {
        key: "replication".to_owned(),
        title: "Full synchronisation of 2 million keys under 20,000 writes/s".to_owned(),
        unit: Unit::OfTheRow,
        against: Against::Others,
        repeats: true,
        cases: vec![Case {
            rows: rows.map(str::to_owned).into(),
            measure: Box::new(move |contestant| measure(contestant, scale.of(KEYS))),
        }],
    }
}

fn measure(contestant: &Contestant, keys: usize) -> Result<Vec<f64>> {
    let args = ["--enable-debug-command", "yes", "--repl-diskless-sync-delay", "0"];
    let (master, replica) = (contestant.fresh(&args)?, contestant.fresh(&args)?);
    let mut wire = Wire::open(&master)?;
    wire.call(&["DEBUG", "POPULATE", &keys.to_string(), "key", &VALUE.to_string()])?;
    let stop = AtomicBool::new(false);
    let (stall_ns, peak_bytes) = (AtomicU64::new(0), AtomicU64::new(0));
    let measured = std::thread::scope(|scope| {
        let (master, stop) = (&master, &stop);
        let mut threads = Vec::new();
        for number in 0..WRITERS {
            threads.push(scope.spawn(move || write(master, number, keys, stop)));
        }
        threads.push(scope.spawn(|| ping(master, stop, &stall_ns)));
        threads.push(scope.spawn(|| watch_memory(master, stop, &peak_bytes)));
        std::thread::sleep(LEAD);
        // What was before is not what is measured.
        let before = peak_bytes.load(Ordering::Relaxed);
        stall_ns.store(0, Ordering::Relaxed);
        let took = synchronise(&mut wire, master, &replica);
        stop.store(true, Ordering::Relaxed);
        let ended = threads.into_iter().map(|thread| thread.join().expect("no thread panics"));
        ended.collect::<Result<()>>()?;
        took.map(|took| (took, before))
    });
    let (took, before) = measured?;
    let copied = number(&mut wire, "rdb_last_cow_size")?;
    let grown = peak_bytes.into_inner() - before + copied;
    let stall = Duration::from_nanos(stall_ns.into_inner());
    Ok(vec![took.as_secs_f64(), stall.as_secs_f64() * 1000.0, grown as f64 / MB])
}

/// Makes `replica` one, and waits until it has what the master had when the link came up.
fn synchronise(master_wire: &mut Wire, master: &Server, replica: &Server) -> Result<Duration> {
    let begun = Instant::now();
    let mut wire = Wire::open(replica)?;
    wire.call(&["REPLICAOF", "127.0.0.1", &master.port.to_string()])?;
    let mut aim = None;
    while begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(10));
        if field(&mut wire, "master_link_status")? != "up" {
            continue;
        }
        // The stream never stands still, so this is asked for once.
        let aim = match aim {
            Some(aim) => aim,
            None => *aim.insert(number(master_wire, "master_repl_offset")?),
        };
        if number(&mut wire, "slave_repl_offset")? >= aim {
            return Ok(begun.elapsed());
        }
    }
    Err(Error::other(format!("{} is not synchronised after {PATIENCE:?}", replica.name)))
}

/// Sends SET by the clock: after a stall, everything that has become due meanwhile.
fn write(master: &Server, writer: usize, keys: usize, stop: &AtomicBool) -> Result<()> {
    let mut wire = Wire::open(master)?;
    let value = "v".repeat(VALUE);
    let (begun, mut sent) = (Instant::now(), 0);
    while !stop.load(Ordering::Relaxed) {
        let due = (begun.elapsed().as_nanos() / PERIOD.as_nanos()) as usize * AT_ONCE;
        // All over the keyspace, each writer its own part of it.
        wire.fill(due - sent, |number, out| {
            let key = ((sent + number) * 7919 * WRITERS + writer) % keys;
            put(out, &["SET", &format!("key:{key}"), &value]);
        })?;
        sent = due;
        std::thread::sleep(PERIOD);
    }
    Ok(())
}

fn ping(master: &Server, stop: &AtomicBool, longest_ns: &AtomicU64) -> Result<()> {
    let mut stream = master.connect()?;
    while !stop.load(Ordering::Relaxed) {
        let asked = Instant::now();
        stream.write_all(b"*1\r\n$4\r\nPING\r\n")?;
        stream.read_exact(&mut [0; b"+PONG\r\n".len()])?;
        longest_ns.fetch_max(asked.elapsed().as_nanos() as u64, Ordering::Relaxed);
        std::thread::sleep(Duration::from_micros(500));
    }
    Ok(())
}

fn watch_memory(master: &Server, stop: &AtomicBool, peak_bytes: &AtomicU64) -> Result<()> {
    while !stop.load(Ordering::Relaxed) {
        peak_bytes.fetch_max(resident(master)? as u64, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// A field of INFO; empty while it is not there.
fn field(wire: &mut Wire, name: &str) -> Result<String> {
    let info = wire.call(&["INFO"])?;
    let found = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    Ok(found.unwrap_or_default().to_owned())
}

fn number(wire: &mut Wire, name: &str) -> Result<u64> {
    let text = field(wire, name)?;
    text.parse().map_err(|_| Error::other(format!("{name}:{text} is no number")))
}
