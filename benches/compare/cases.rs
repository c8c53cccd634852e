//! What is measured: the list of cases, each a function from a running server to one number.
//!
//! A case knows nothing of rounds, ratios and tables. It is handed a server, measures, and returns
//! a number in the [`Unit`] of its [`Section`]; `main.rs` pairs the numbers of the two servers and
//! `report.rs` prints them. A new kind of measurement (memory per key, time to load) is therefore
//! a new section and a function here, and nothing elsewhere.
//!
//! The throughput cases are redis-benchmark's, run by redis-benchmark itself, so that anybody can
//! repeat a row by hand. The number of requests is not fixed but calibrated on the real server to
//! take about [`RUN_SECONDS`]: the same run is too short to trust on a fast machine and a waste
//! of minutes on a slow one.
//!
//! What it leaves out on purpose: latency under an open load (redis-benchmark sends the next
//! request when the reply is in, so a stall hides itself), and networks other than loopback.

use std::cell::Cell;
use std::io::{Error, Read, Result, Write};
use std::process::Command;
use std::time::Duration;

use crate::memory;
use crate::servers::Server;

/// What one throughput run should take, in seconds: long enough to average the scheduler out.
const RUN_SECONDS: f64 = 1.2;

/// Keys that SET, GET and INCR pick from at random. They fit in no L2 cache, as real ones do not.
const KEYS: usize = 100_000;

/// What a number counts, and with that how it is printed and which direction is better.
#[derive(Clone, Copy, PartialEq)]
pub enum Unit {
    /// Requests answered in a second; more is better.
    RequestsPerSecond,
    /// Bytes of resident memory for each key or member; less is better.
    BytesEach,
}

impl Unit {
    /// The name in the table's heading.
    pub fn name(self) -> &'static str {
        match self {
            Unit::RequestsPerSecond => "requests/s",
            Unit::BytesEach => "bytes each",
        }
    }

    /// Whether a ratio above 1 is good news.
    pub fn more_is_better(self) -> bool {
        match self {
            Unit::RequestsPerSecond => true,
            Unit::BytesEach => false,
        }
    }
}

/// A heading of the report: cases that share a unit and a table.
pub struct Section {
    /// The heading.
    pub title: &'static str,
    /// What the numbers count.
    pub unit: Unit,
    /// The rows.
    pub cases: Vec<Case>,
}

/// Something done to a running server.
type OnServer<T> = Box<dyn Fn(&Server) -> Result<T>>;

/// One row: something measured on one server at a time.
pub struct Case {
    /// The row's name, which `CASES=` matches.
    pub name: String,
    /// Called once, with the real server, before the first round.
    pub calibrate: OnServer<()>,
    /// Measures once.
    pub measure: OnServer<f64>,
}

/// Every section, in the order of the report. `quick` leaves out the rows that say least.
pub fn sections(quick: bool) -> Vec<Section> {
    if quick { vec![throughput(quick)] } else { vec![throughput(quick), memory::section()] }
}

fn throughput(quick: bool) -> Section {
    let loads = [(1, 1), (50, 1), (50, 16), (50, 100)];
    let commands = ["SET", "GET", "INCR", "LPUSH", "LPOP", "LRANGE_100"];
    let loads: &[_] = if quick { &loads[1..3] } else { &loads };
    let commands: &[_] = if quick { &["SET", "GET", "LPUSH"] } else { &commands };
    let cases = commands
        .iter()
        .flat_map(|&command| loads.iter().map(move |&load| throughput_case(command, load)))
        .collect();
    Section { title: "Throughput", unit: Unit::RequestsPerSecond, cases }
}

fn throughput_case(command: &'static str, (clients, pipeline): (usize, usize)) -> Case {
    let requests = std::rc::Rc::new(Cell::new(0));
    let load = Load { command, clients, pipeline };
    let calibrated = requests.clone();
    Case {
        name: format!("{command} c={clients} P={pipeline}"),
        calibrate: Box::new(move |server| {
            // A tenth of a second or so at the speeds seen; the first guess need not be good.
            let probe = if pipeline > 1 { 50_000 } else { 5_000 };
            let rate = load.run(server, probe)?;
            calibrated.set(((rate * RUN_SECONDS) as usize).max(probe));
            Ok(())
        }),
        measure: Box::new(move |server| load.run(server, requests.get())),
    }
}

/// One invocation of redis-benchmark.
#[derive(Clone, Copy)]
struct Load {
    command: &'static str,
    clients: usize,
    pipeline: usize,
}

impl Load {
    /// Prepares the data the command needs, runs redis-benchmark and returns its requests/s.
    fn run(&self, server: &Server, requests: usize) -> Result<f64> {
        flush(server)?;
        match self.command {
            "SET" | "GET" | "INCR" => fill_keys(server)?,
            // LPOP on an empty list would measure the nil reply.
            "LPOP" => fill_list(server, requests)?,
            _ => {}
        }
        let output = Command::new("redis-benchmark")
            .args(["-h", "127.0.0.1", "-p", &server.port.to_string(), "--csv"])
            .args(["-t", &self.command.to_lowercase(), "-r", &KEYS.to_string()])
            .args(["-c", &self.clients.to_string(), "-P", &self.pipeline.to_string()])
            .args(["-n", &requests.to_string()])
            .output()?;
        let table = String::from_utf8_lossy(&output.stdout);
        rate_of(&table, self.command).ok_or_else(|| {
            let complaint = String::from_utf8_lossy(&output.stderr);
            Error::other(format!("redis-benchmark printed no {}: {table}{complaint}", self.command))
        })
    }
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

fn flush(server: &Server) -> Result<()> {
    send(server, b"*1\r\n$8\r\nFLUSHALL\r\n", b"+OK\r\n".len())
}

/// Sets each key that redis-benchmark's `-r` can name, so that every GET hits.
fn fill_keys(server: &Server) -> Result<()> {
    let mut script = Vec::with_capacity(KEYS * 48);
    for number in 0..KEYS {
        write!(script, "*3\r\n$3\r\nSET\r\n$16\r\nkey:{number:012}\r\n$1\r\n1\r\n")?;
    }
    send(server, &script, KEYS * b"+OK\r\n".len())
}

/// Fills redis-benchmark's list with `length` elements, a thousand to a command.
fn fill_list(server: &Server, length: usize) -> Result<()> {
    let mut script = Vec::new();
    let mut replies = 0;
    for start in (0..length).step_by(1000) {
        let count = 1000.min(length - start);
        write!(script, "*{}\r\n$5\r\nLPUSH\r\n$6\r\nmylist\r\n", count + 2)?;
        for _ in 0..count {
            script.extend_from_slice(b"$3\r\nxxx\r\n");
        }
        // The reply is the length so far, as an integer.
        replies += format!(":{}\r\n", start + count).len();
    }
    send(server, &script, replies)
}

/// Sends `script` and waits until `reply_bytes` have come back. Reading happens beside writing: a
/// server may stop reading while its replies are not taken.
fn send(server: &Server, script: &[u8], reply_bytes: usize) -> Result<()> {
    let stream = server.connect()?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| (&stream).write_all(script));
        let mut replies = vec![0; reply_bytes];
        (&stream).read_exact(&mut replies)?;
        if let Some(error) = replies.starts_with(b"-").then(|| String::from_utf8_lossy(&replies)) {
            return Err(Error::other(format!("{} refused to be filled: {error}", server.name)));
        }
        writer.join().expect("the writer does not panic")
    })
}
