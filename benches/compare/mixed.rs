//! Workloads of several kinds of request, as programs have them.
//!
//! ```text
//! lookups     90 % GET, 10 % SET of a million random keys
//! cache       80 % GET, 20 % SET with a time to live; more keys than memory, some asked for more often
//! queue       producers ──RPUSH──> one list ──BLPOP──> 50 workers, most of them waiting
//! stream      producers ──XADD──> one stream ──XREADGROUP, XACK──> two groups of 8 consumers
//! channel     one publisher ──PUBLISH──> 1,000 subscribers
//! ```
//!
//! The first two are asked for by our own client (`load/`). In the queue and the stream each connection is a
//! thread with a client that many programs use, the crate `redis`, and what is counted is jobs and
//! entries that have been worked through; how long they took is from before they were sent until a
//! worker had them. Producers pause while a worker's job is in line, so that they don't fill memory.

use std::io::{Error, Result};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use redis::streams::StreamReadReply;
use redis::{Connection, RedisResult, cmd};

use crate::cases::{ALL_OF_A_RUN, Against, Case, Contestant, Scale, Section};
use crate::client::{closed, fill, filled, numbers};
use crate::load::Outcome;
use crate::load::latencies::Latencies;
use crate::load::requests::Workload;
use crate::servers::Server;
use crate::wire::Wire;
use crate::{processor, subscribers};

/// A million keys, of which most requests only want to know something.
const LOOKUPS: Workload =
    Workload { keys: 1_000_000, writes: 10, value: 100, lifetime: 0, is_skewed: false };
/// Two hundred megabytes of values where [`CACHE_SERVER`] allows 64.
const CACHE: Workload =
    Workload { keys: 400_000, writes: 20, value: 500, lifetime: 60, is_skewed: true };
const CACHE_SERVER: [&str; 4] = ["--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"];
/// Enough to fill its memory.
const CACHE_FILL: u64 = 150_000;
/// How long queues and streams are worked on, in ms.
const RUN_MS: usize = 1_500;
const PRODUCERS: usize = 4;
const WORKERS: usize = 50;
const GROUPS: [&str; 2] = ["one", "two"];
const CONSUMERS_OF_A_GROUP: usize = 8;
/// How long a worker waits for a job, in seconds; at the end it finds none.
const WAIT_S: f64 = 0.5;
/// Jobs in line at which a producer pauses, and for how long.
const IN_LINE: usize = 10;
const PAUSE: Duration = Duration::from_micros(200);

/// The section of the report.
pub fn section(scale: Scale) -> Section {
    let lookups = Workload { keys: scale.of(LOOKUPS.keys as usize) as u64, ..LOOKUPS };
    let run_ms = scale.of(RUN_MS);
    let row = |text: &str| vec![text.to_owned()];
    let cases = vec![
        Case {
            rows: [1, 16].map(|pipeline| format!("lookups, c=50 P={pipeline}")).into(),
            measure: Box::new(move |contestant| {
                let server = filled(contestant, lookups)?;
                let run = |pipeline| closed(50, pipeline, lookups, scale).on(&server);
                Ok([run(1)?, run(16)?].concat())
            }),
        },
        Case { rows: row("cache, c=50 P=1"), measure: Box::new(move |c| cache(c, scale)) },
        Case { rows: row("queue, 50 workers"), measure: Box::new(move |c| queue(c, run_ms)) },
        Case { rows: row("stream, two groups"), measure: Box::new(move |c| stream(c, run_ms)) },
        Case {
            rows: row("channel, 1,000 subscribers"),
            measure: Box::new(move |c| channel(c, scale)),
        },
    ];
    Section {
        key: "mixed".to_owned(),
        title: "Mixed workloads".to_owned(),
        unit: ALL_OF_A_RUN,
        against: Against::Others,
        repeats: true,
        cases,
    }
}

fn cache(contestant: &Contestant, scale: Scale) -> Result<Vec<f64>> {
    let server = contestant.fresh(&CACHE_SERVER)?;
    fill(&server, CACHE, CACHE_FILL)?;
    let numbers = closed(50, 1, CACHE, scale).on(&server)?;
    let stats = Wire::open(&server)?.call(&["INFO", "stats"])?;
    if stats.contains("evicted_keys:0\r") {
        return Err(Error::other("nothing was evicted"));
    }
    Ok(numbers)
}

fn queue(contestant: &Contestant, run_ms: usize) -> Result<Vec<f64>> {
    let clock = Instant::now();
    let produce = |connection: &mut Connection| -> RedisResult<()> {
        let sent = clock.elapsed().as_nanos() as u64;
        let in_line: usize = cmd("RPUSH").arg("queue").arg(sent).query(connection)?;
        pause_if(in_line > IN_LINE);
        Ok(())
    };
    let work = |connection: &mut Connection, latencies: &mut Latencies| -> RedisResult<bool> {
        let job: Option<(String, u64)> = cmd("BLPOP").arg("queue").arg(WAIT_S).query(connection)?;
        let Some((_, sent)) = job else { return Ok(false) };
        latencies.record(clock.elapsed().saturating_sub(Duration::from_nanos(sent)));
        Ok(true)
    };
    let work = &work;
    let workers = (0..WORKERS).map(|_| move |c: &mut Connection, l: &mut Latencies| work(c, l));
    let server = contestant.fresh(&[])?;
    workshop(&server, run_ms, produce, workers.collect())
}

fn stream(contestant: &Contestant, run_ms: usize) -> Result<Vec<f64>> {
    let server = contestant.fresh(&[])?;
    let mut connection = connect(&server).map_err(Error::other)?;
    for group in GROUPS {
        let mut create = cmd("XGROUP");
        create.arg("CREATE").arg("stream").arg(group).arg("$").arg("MKSTREAM");
        create.exec(&mut connection).map_err(Error::other)?;
    }
    let clock = Instant::now();
    let produce = |connection: &mut Connection| -> RedisResult<()> {
        let sent = clock.elapsed().as_nanos() as u64;
        let mut add = cmd("XADD");
        add.arg("stream").arg("MAXLEN").arg("~").arg(10_000).arg("*").arg("sent").arg(sent);
        add.exec(connection)
    };
    let consume =
        |group: &str, name: usize, connection: &mut Connection, latencies: &mut Latencies| {
            let mut read = cmd("XREADGROUP");
            read.arg("GROUP").arg(group).arg(name).arg("COUNT").arg(10);
            read.arg("BLOCK").arg((WAIT_S * 1000.0) as u64).arg("STREAMS").arg("stream").arg(">");
            let entries: Option<StreamReadReply> = read.query(connection)?;
            let Some(entries) = entries else { return Ok(false) };
            let mut acknowledge = cmd("XACK");
            acknowledge.arg("stream").arg(group);
            for entry in entries.keys.iter().flat_map(|key| &key.ids) {
                let sent = Duration::from_nanos(entry.get("sent").unwrap_or_default());
                latencies.record(clock.elapsed().saturating_sub(sent));
                acknowledge.arg(&entry.id);
            }
            acknowledge.exec(connection)?;
            Ok(true)
        };
    let consume = &consume;
    let names =
        GROUPS.into_iter().flat_map(|group| (0..CONSUMERS_OF_A_GROUP).map(move |n| (group, n)));
    let consumers = names.map(|(group, name)| {
        move |c: &mut Connection, l: &mut Latencies| consume(group, name, c, l)
    });
    workshop(&server, run_ms, produce, consumers.collect())
}

/// Lets producers produce for so long, and workers work until they find nothing any more, each a
/// thread with its connection. What counts is what the workers did.
fn workshop<P, W>(server: &Server, run_ms: usize, produce: P, workers: Vec<W>) -> Result<Vec<f64>>
where
    P: Fn(&mut Connection) -> RedisResult<()> + Sync,
    W: Fn(&mut Connection, &mut Latencies) -> RedisResult<bool> + Send,
{
    let is_over = AtomicBool::new(false);
    let (is_over, produce) = (&is_over, &produce);
    let before = processor::of(server.child.id())?;
    let (latencies, seconds) = thread::scope(|scope| -> RedisResult<(Latencies, f64)> {
        let work = |worker: W| {
            scope.spawn(move || -> RedisResult<Latencies> {
                let mut connection = connect(server)?;
                let mut latencies = Latencies::new();
                while worker(&mut connection, &mut latencies)? || !is_over.load(Ordering::Relaxed) {
                }
                Ok(latencies)
            })
        };
        let working: Vec<_> = workers.into_iter().map(work).collect();
        let produce = |_| {
            scope.spawn(move || -> RedisResult<()> {
                let mut connection = connect(server)?;
                while !is_over.load(Ordering::Relaxed) {
                    produce(&mut connection)?;
                }
                Ok(())
            })
        };
        let begun = Instant::now();
        let producing: Vec<_> = (0..PRODUCERS).map(produce).collect();
        thread::sleep(Duration::from_millis(run_ms as u64));
        is_over.store(true, Ordering::Relaxed);
        producing.into_iter().try_for_each(join)?;
        let seconds = begun.elapsed().as_secs_f64();
        let mut latencies = Latencies::new();
        for thread in working {
            latencies.add(&join(thread)?);
        }
        Ok((latencies, seconds))
    })
    .map_err(Error::other)?;
    let count = latencies.count() as f64;
    let spent = processor::of(server.child.id())? - before;
    let outcome = Outcome { rate: count / seconds, processor: spent / count, latencies };
    Ok(numbers(&outcome, ALL_OF_A_RUN))
}

fn join<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().expect("no thread of a workshop panics")
}

fn pause_if(is_ahead: bool) {
    if is_ahead {
        thread::sleep(PAUSE);
    }
}

fn connect(server: &Server) -> RedisResult<Connection> {
    redis::Client::open(("127.0.0.1", server.port))?.get_connection()
}

/// Only how fast and at what cost: `subscribers.rs` counts bytes, not how long each took.
fn channel(contestant: &Contestant, scale: Scale) -> Result<Vec<f64>> {
    let (rate, processor) = subscribers::rate_and_cost(contestant, scale)?;
    let unknown = ALL_OF_A_RUN.parts()[2..].iter().map(|_| f64::NAN);
    Ok([rate, processor].into_iter().chain(unknown).collect())
}
