//! redis-benchmark: its whole default list, the tails of its latencies, and how near the ceiling.
//!
//! redis-benchmark itself is run, so that anybody can repeat a row by hand. The number of requests is
//! not fixed but found out with the first server to take about [`RUN_SECONDS`], and the same for all
//! then: a fixed one is too short to trust on a fast machine and a waste of minutes on a slow one.
//!
//! The keys are redis-benchmark's own: without `-r`, every SET is of one key, and SPOP and ZPOPMIN
//! find something only once. That is how it is run everywhere. The section "random keys" has a hundred
//! thousand, which don't lie in any cache.
//!
//! What it leaves out on purpose: latency under an open load (redis-benchmark sends the next request
//! when the reply is in, so a stall hides itself; `client.rs` has another client for that), and
//! networks other than loopback.

use std::cell::Cell;
use std::io::{Error, Result};
use std::process::Command;

use crate::cases::{Against, Case, Program, Scale, Section, Unit};
use crate::processor;
use crate::servers::Server;
use crate::wire::{Wire, put};

/// What is told of a run: how fast it was, and what that cost the server.
const RATE_AND_COST: Unit = Unit::Several(&[Unit::RequestsPerSecond, Unit::MicrosecondsEach]);
/// What one run should take, in seconds: all of them together have to end within a coffee break.
const RUN_SECONDS: f64 = 0.7;
/// Keys of the section that isn't about one key.
const KEYS: usize = 100_000;
/// The fewest requests that a client sends in a run.
const LEAST_EACH: usize = 2;

/// redis-benchmark's default list, in its order.
const COMMANDS: [&str; 19] = [
    "PING_INLINE",
    "PING_MBULK",
    "SET",
    "GET",
    "INCR",
    "LPUSH",
    "RPUSH",
    "LPOP",
    "RPOP",
    "SADD",
    "HSET",
    "SPOP",
    "ZADD",
    "ZPOPMIN",
    "LRANGE_100",
    "LRANGE_300",
    "LRANGE_500",
    "LRANGE_600",
    "MSET",
];
/// Those in which `-r` changes something.
const OF_RANDOM_KEYS: [&str; 6] = ["SET", "GET", "INCR", "SADD", "HSET", "ZADD"];
/// Clients and requests in a pipeline.
const LOADS: [(usize, usize); 7] =
    [(1, 1), (10, 1), (50, 1), (200, 1), (1000, 1), (50, 16), (50, 100)];

/// All sections that redis-benchmark drives.
pub fn sections(scale: Scale) -> Vec<Section> {
    let mut sections: Vec<Section> = LOADS.map(|load| of_load(load, scale)).into();
    sections.push(random_keys(scale));
    sections.push(latency(scale));
    sections.push(ceiling(scale));
    sections.push(processor(scale));
    sections
}

fn of_load((clients, pipeline): (usize, usize), scale: Scale) -> Section {
    let load = |command| Load { command, clients, pipeline, keys: None };
    // To see whether it works, every fifth will do.
    let commands = COMMANDS.into_iter().step_by(if scale.quick { 5 } else { 1 });
    let clients_text = if clients == 1 { "1 client" } else { &format!("{clients} clients") };
    let pipeline_text = match pipeline {
        1 => "one request at a time".to_owned(),
        _ => format!("{pipeline} requests in a pipeline"),
    };
    Section {
        key: format!("throughput-c{clients}-p{pipeline}"),
        title: format!("Throughput: {clients_text}, {pipeline_text}"),
        unit: RATE_AND_COST,
        against: Against::Others,
        repeats: true,
        cases: commands.map(|command| rate(load(command), command.to_owned(), scale)).collect(),
    }
}

fn random_keys(scale: Scale) -> Section {
    let loads = OF_RANDOM_KEYS.iter().flat_map(|command| [(*command, 1), (*command, 16)]);
    let case = |(command, pipeline)| {
        let load = Load { command, clients: 50, pipeline, keys: Some(KEYS) };
        rate(load, format!("{command} c=50 P={pipeline}"), scale)
    };
    Section {
        key: "random-keys".to_owned(),
        title: "Throughput: random keys, of 100,000".to_owned(),
        unit: RATE_AND_COST,
        against: Against::Others,
        repeats: true,
        cases: loads.map(case).collect(),
    }
}

/// Half of all requests, all but 1 in 100, all but 1 in 1000, all.
const PERCENTILES: [f64; 4] = [50.0, 99.0, 99.9, 100.0];

fn latency(scale: Scale) -> Section {
    let case = |command: &'static str| {
        let load = Load { command, clients: 50, pipeline: 1, keys: None };
        let requests = Requests::new(load, scale);
        Case {
            rows: PERCENTILES
                .map(|percent| match percent {
                    100.0 => format!("{command}, the longest"),
                    _ => format!("{command} p{percent}"),
                })
                .into(),
            measure: Box::new(move |contestant| {
                let server = contestant.shared()?;
                load.prepare(&server, &contestant.program, requests.for_server(&server)?)?;
                let report = load.run(&server, requests.count.get(), &["--precision", "3"])?;
                let found = PERCENTILES.map(|percent| percentile(&report, percent));
                found.into_iter().collect::<Option<_>>().ok_or_else(|| nothing_in(&report))
            }),
        }
    };
    Section {
        key: "latency".to_owned(),
        title: "Latency: 50 clients, one request at a time".to_owned(),
        unit: Unit::Milliseconds,
        against: Against::Others,
        repeats: true,
        cases: ["SET", "GET", "LRANGE_100"].map(case).into(),
    }
}

fn ceiling(scale: Scale) -> Section {
    let loads = [(50, 1), (200, 1), (50, 16), (50, 100)].into_iter();
    let loads = loads.flat_map(|load| [("SET", load), ("GET", load)]);
    let case = |(command, (clients, pipeline))| {
        let load = Load { command, clients, pipeline, keys: None };
        rate(load, format!("{command} c={clients} P={pipeline}"), scale)
    };
    Section {
        key: "ceiling".to_owned(),
        title: "The ceiling: the same threads, doing nothing".to_owned(),
        unit: RATE_AND_COST,
        against: Against::Ceiling,
        repeats: true,
        cases: loads.map(case).collect(),
    }
}

/// A tick of the kernel's clock is long, so this many times the usual number of requests.
const LONGER: usize = 4;

/// Processor time for each request, of the server and of redis-benchmark: who is the limit?
fn processor(scale: Scale) -> Section {
    let loads = [("GET", 1), ("MSET", 1), ("GET", 16), ("GET", 100)];
    let case = |(command, pipeline)| {
        let load = Load { command, clients: 50, pipeline, keys: None };
        let requests = Requests::new(load, scale);
        let row = |who| format!("{command} P={pipeline}: {who}");
        Case {
            rows: ["server", "redis-benchmark"].map(row).into(),
            measure: Box::new(move |contestant| {
                let server = contestant.shared()?;
                let count = requests.for_server(&server)? * LONGER;
                load.prepare(&server, &contestant.program, count)?;
                let spent = || -> Result<[f64; 2]> {
                    Ok([processor::of(server.child.id())?, processor::of_children()?])
                };
                let before = spent()?;
                load.rate(&server, count)?;
                let pairs = spent()?.into_iter().zip(before);
                Ok(pairs.map(|(after, before)| (after - before) / count as f64).collect())
            }),
        }
    };
    Section {
        key: "processor".to_owned(),
        title: "Processor time: 50 clients".to_owned(),
        unit: Unit::MicrosecondsEach,
        against: Against::Others,
        repeats: true,
        cases: loads.map(case).into(),
    }
}

/// A case that measures requests/s, and the server's processor time for each. That of LRANGE has the
/// LPUSH in it by which redis-benchmark prepares the list; it is the same for all.
fn rate(load: Load, row: String, scale: Scale) -> Case {
    let requests = Requests::new(load, scale);
    Case {
        rows: vec![row],
        measure: Box::new(move |contestant| {
            let server = contestant.shared()?;
            let count = requests.for_server(&server)?;
            load.prepare(&server, &contestant.program, count)?;
            let before = processor::of(server.child.id())?;
            let rate = load.rate(&server, count)?;
            let spent = processor::of(server.child.id())? - before;
            Ok(vec![rate, spent / count as f64])
        }),
    }
}

/// How many requests a run has.
struct Requests {
    load: Load,
    seconds: f64,
    /// 0: not known yet.
    count: Cell<usize>,
}

impl Requests {
    fn new(load: Load, scale: Scale) -> Self {
        let seconds = if scale.quick { RUN_SECONDS / 10.0 } else { RUN_SECONDS };
        Requests { load, seconds, count: Cell::new(0) }
    }

    /// The number, which the first server asked about decides.
    fn for_server(&self, server: &Server) -> Result<usize> {
        if self.count.get() == 0 {
            let least = self.load.clients * self.load.pipeline * LEAST_EACH;
            // A tenth of a second or so at the speeds seen; the first guess need not be good.
            let probe = least.max(if self.load.pipeline > 1 { 20_000 } else { 2_000 });
            let rate = self.load.rate(server, probe)?;
            self.count.set(((rate * self.seconds) as usize).max(least));
        }
        Ok(self.count.get())
    }
}

/// What redis-benchmark is to do.
#[derive(Clone, Copy)]
struct Load {
    command: &'static str,
    clients: usize,
    pipeline: usize,
    keys: Option<usize>,
}

impl Load {
    /// Puts the data in place that makes the command do its work: GET finds a value, LPOP and RPOP
    /// an element each time. LRANGE is prepared by redis-benchmark.
    fn prepare(&self, server: &Server, program: &Program, requests: usize) -> Result<()> {
        if matches!(program, Program::Echo) {
            return Ok(());
        }
        let mut wire = Wire::open(server)?;
        wire.call(&["FLUSHALL"])?;
        match (self.command, self.keys) {
            ("SET" | "GET" | "INCR", Some(keys)) => wire.fill(keys, |number, out| {
                put(out, &["SET", &format!("key:{number:012}"), "1"]);
            }),
            ("GET", None) => wire.call(&["SET", "key:__rand_int__", "xxx"]).map(drop),
            ("LPOP" | "RPOP", _) => {
                let element = ["xxx"; 100];
                let push = [&["LPUSH", "mylist"], &element[..]].concat();
                wire.fill(requests.div_ceil(element.len()), |_, out| put(out, &push))
            }
            _ => Ok(()),
        }
    }

    /// Runs redis-benchmark and returns its requests/s.
    fn rate(&self, server: &Server, requests: usize) -> Result<f64> {
        let table = self.run(server, requests, &["--csv"])?;
        rate_of(&table, self.command).ok_or_else(|| nothing_in(&table))
    }

    /// Runs redis-benchmark and returns what it prints.
    fn run(&self, server: &Server, requests: usize, format: &[&str]) -> Result<String> {
        let mut benchmark = Command::new("redis-benchmark");
        benchmark
            .args(["-h", "127.0.0.1", "-p", &server.port.to_string()])
            .args(["-t", &self.command.to_lowercase(), "-n", &requests.to_string()])
            .args(["-c", &self.clients.to_string(), "-P", &self.pipeline.to_string()])
            .args(format);
        if let Some(keys) = self.keys {
            benchmark.args(["-r", &keys.to_string()]);
        }
        let output = benchmark.output()?;
        let report = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(report);
        }
        let complaint = String::from_utf8_lossy(&output.stderr);
        Err(Error::other(format!("redis-benchmark failed: {report}{complaint}")))
    }
}

fn nothing_in(report: &str) -> Error {
    Error::other(format!("redis-benchmark printed no result:\n{report}"))
}

/// Finds the requests/s of `command` in redis-benchmark's CSV: `"SET","123456.78",...`. LRANGE
/// comes with a row for the LPUSH that prepared it and a name with a comment, so match the start.
fn rate_of(csv: &str, command: &str) -> Option<f64> {
    csv.lines().find_map(|line| {
        let mut fields = line.split(',').map(|field| field.trim_matches('"'));
        let name = fields.next()?;
        let matches = name.split_whitespace().next() == Some(command) && !name.contains("needed");
        if matches { fields.next()?.parse().ok() } else { None }
    })
}

/// Finds a percentile in the last distribution that redis-benchmark prints:
/// `99.902% <= 1.207 milliseconds (cumulative count 99902)`. It lists some, so the next one counts.
fn percentile(report: &str, percent: f64) -> Option<f64> {
    let start = report.rfind("Latency by percentile distribution")?;
    report[start..].lines().find_map(|line| {
        let (share, rest) = line.trim().split_once("% <= ")?;
        let share: f64 = share.parse().ok()?;
        if share >= percent { rest.split(' ').next()?.parse().ok() } else { None }
    })
}
