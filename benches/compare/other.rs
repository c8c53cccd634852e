//! A client of somebody else: resp-benchmark, where it is installed.
//!
//! It is written in Rust, asks with several threads and an event loop in each, and comes from PyPI
//! (`make bench-client` installs it). One table only: it is here to see whether what redis-benchmark and our
//! own client say holds for a third one, too.

use std::ffi::OsString;
use std::io::{Error, Result};
use std::path::Path;
use std::process::Command;

use crate::cases::{Against, Case, Contestant, Scale, Section, Unit};
use crate::processor;
use crate::servers::Server;

/// Where `make bench-client` puts it.
const INSTALLED: &str = "target/tools/resp-benchmark/bin/resp-benchmark";
/// How long one run takes: it counts whole seconds.
const SECONDS: &str = "2";
/// What it asks for.
const GET: &str = "GET {key uniform 100000}";
const SET: &str = "SET {key uniform 100000} {value 3}";
/// What GET finds.
const FILL: [&str; 4] = ["--load", "-n", "100000", "SET {key sequence 100000} {value 3}"];

/// The section, if there is the client.
pub fn section(scale: Scale) -> Option<Section> {
    let client = Path::new(env!("CARGO_MANIFEST_DIR")).join(INSTALLED);
    let loads = [(50, 1), (200, 1), (50, 16)].into_iter();
    let loads = loads.flat_map(|load| [("SET", SET, load), ("GET", GET, load)]);
    let loads = loads.step_by(if scale.quick { 5 } else { 1 });
    let case = |(name, command, (clients, pipeline)): (&str, &'static str, (usize, usize))| {
        let client = client.clone();
        Case {
            rows: vec![format!("{name} c={clients} P={pipeline}")],
            measure: Box::new(move |contestant| {
                measure(client.clone().into(), contestant, command, clients, pipeline)
            }),
        }
    };
    client.exists().then(|| Section {
        key: "other-client".to_owned(),
        title: "A client of somebody else: resp-benchmark".to_owned(),
        unit: Unit::Several(&[Unit::RequestsPerSecond, Unit::MicrosecondsEach]),
        against: Against::Others,
        repeats: true,
        cases: loads.map(case).collect(),
    })
}

fn measure(
    client: OsString,
    contestant: &Contestant,
    command: &str,
    clients: usize,
    pipeline: usize,
) -> Result<Vec<f64>> {
    let server = contestant.shared()?;
    run(&client, &server, &FILL, 50, 16)?;
    let before = processor::of(server.child.id())?;
    let report = run(&client, &server, &["-s", SECONDS, command], clients, pipeline)?;
    let spent = processor::of(server.child.id())? - before;
    let rate = number_behind(&report, "qps: ");
    let count = number_behind(&report, "cnt: ");
    match (rate, count) {
        (Some(rate), Some(count)) => Ok(vec![rate, spent / count]),
        _ => Err(Error::other(format!("resp-benchmark printed no result:\n{report}"))),
    }
}

fn run(
    client: &OsString,
    server: &Server,
    what: &[&str],
    clients: usize,
    pipeline: usize,
) -> Result<String> {
    let output = Command::new(client)
        .args(["-h", "127.0.0.1", "-p", &server.port.to_string()])
        .args(["-c", &clients.to_string(), "-P", &pipeline.to_string()])
        .args(what)
        .output()?;
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(report);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(Error::other(format!("resp-benchmark failed: {report}{complaint}")))
}

/// Finds a number in the last line of the report, which replaces those of the progress before:
/// `qps: 265464, conn: 50, cnt: 539504, avg: 2.9ms, p99: 20ms`.
fn number_behind(report: &str, name: &str) -> Option<f64> {
    let start = report.rfind(name)? + name.len();
    let digits = report[start..].split(|letter: char| !letter.is_ascii_digit()).next()?;
    digits.parse().ok()
}
