//! Start-up, and what has to do with files: SAVE, loading a snapshot, replaying a journal.

use std::io::Result;
use std::time::{Duration, Instant};

use crate::cases::{Against, Case, Contestant, Scale, Section, Unit};
use crate::ratios::median;
use crate::servers::Server;
use crate::wire::{Wire, put, sixteen};

/// Keys in the files.
const KEYS: usize = 2_000_000;
/// Starts of which the middle one counts: the first may have to read the program from disk.
const STARTS: usize = 5;
/// How often a server that loads is asked whether it has.
const LOOK_PERIOD: Duration = Duration::from_millis(10);
/// A journal of plain commands, neither synced nor rewritten.
const JOURNAL: [&str; 8] = [
    "--appendonly",
    "yes",
    "--appendfsync",
    "no",
    "--aof-use-rdb-preamble",
    "no",
    "--auto-aof-rewrite-percentage",
    "0",
];

/// The sections of the report.
pub fn sections(scale: Scale) -> Vec<Section> {
    let start = Case {
        rows: vec!["start of an empty server, to its first PONG".to_owned()],
        measure: Box::new(|contestant| Ok(vec![start_up_ms(contestant)?])),
    };
    let keys = scale.of(KEYS);
    let snapshot = Case {
        rows: vec!["SAVE".to_owned(), "start with that file, until all keys are there".to_owned()],
        measure: Box::new(move |contestant| save_and_load(contestant, keys)),
    };
    let replay = Case {
        rows: vec!["start with an append-only file, until all keys are there".to_owned()],
        measure: Box::new(move |contestant| Ok(vec![replay(contestant, keys)?])),
    };
    let section = |key: &str, title: &str, unit, cases| Section {
        key: key.to_owned(),
        title: title.to_owned(),
        unit,
        against: Against::Others,
        repeats: true,
        cases,
    };
    vec![
        section("start", "Start", Unit::Milliseconds, vec![start]),
        section("disk", "Files of 2 million keys", Unit::Seconds, vec![snapshot, replay]),
    ]
}

/// From the start of the process to the answer of its first client.
fn start_up_ms(contestant: &Contestant) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let begun = Instant::now();
        let server = contestant.fresh(&[])?;
        Wire::open(&server)?.call(&["PING"])?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(median(times))
}

fn save_and_load(contestant: &Contestant, keys: usize) -> Result<Vec<f64>> {
    let server = contestant.fresh(&["--enable-debug-command", "yes"])?;
    let mut wire = Wire::open(&server)?;
    wire.call(&["DEBUG", "POPULATE", &keys.to_string(), "key", "16"])?;
    let begun = Instant::now();
    wire.call(&["SAVE"])?;
    let saved = begun.elapsed().as_secs_f64();
    Ok(vec![saved, seconds_to_load(server, &[], keys)?])
}

fn replay(contestant: &Contestant, keys: usize) -> Result<f64> {
    let server = contestant.fresh(&JOURNAL)?;
    Wire::open(&server)?.fill(keys, |number, out| {
        put(out, &["SET", &sixteen("key", number), &sixteen("val", number)]);
    })?;
    seconds_to_load(server, &JOURNAL, keys)
}

/// Starts the server again on its files, and waits until it has read them.
fn seconds_to_load(server: Server, args: &[&str], keys: usize) -> Result<f64> {
    let begun = Instant::now();
    let server = server.restart(args)?;
    let mut wire = Wire::open(&server)?;
    // While it loads, the answer is an error.
    while wire.call(&["DBSIZE"]).ok() != Some(keys.to_string()) {
        std::thread::sleep(LOOK_PERIOD);
    }
    Ok(begun.elapsed().as_secs_f64())
}
