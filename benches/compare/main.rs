//! `make bench`: cacheflow against a real redis-server, side by side.
//!
//! ```text
//!   for each round, for each case:   cacheflow, redis     one pair
//!                    next round:     redis, cacheflow     the order swaps
//! ```
//!
//! A single machine is never quiet: it warms up, throttles and serves its neighbours. Measuring
//! one server for minutes and then the other would compare two different machines. Here the two
//! alternate within seconds, and what counts is the ratio inside each pair (see `report.rs`).
//!
//! Settings, all from the environment: `ROUNDS=n` (5; 2 when quick), `QUICK=1` (fewer cases),
//! `CASES=text` (only the cases whose name contains one of these words, separated by commas),
//! `CACHEFLOW_BIN` and `REDIS_BIN` (other binaries). Only a full run of cacheflow itself replaces the
//! table in `docs/performance.md`; a partial one, or one of another binary, must not pass for it and
//! writes `target/bench/performance.md` instead. `target/bench/results.json` is always written.
//!
//! What it leaves out on purpose: a benchmark of a single function. Those answer a question while
//! somebody is asking it, and rot afterwards.

mod cases;
mod memory;
mod report;
mod servers;

use std::env;
use std::io::{Result, Write};
use std::path::Path;
use std::time::Instant;

use cases::{Case, Section};
use report::{Row, Table};
use servers::Server;

fn main() -> Result<()> {
    // `cargo test --all-targets` runs this binary too, without the flag that `cargo bench` passes.
    if !env::args().any(|arg| arg == "--bench") {
        println!("This compares two servers for minutes: run it with `make bench`.");
        return Ok(());
    }
    let quick = env::var("QUICK").is_ok_and(|value| !value.is_empty() && value != "0");
    let filter = env::var("CASES").unwrap_or_default();
    let rounds = match env::var("ROUNDS").map(|text| text.parse()) {
        Ok(Ok(rounds)) if rounds > 0 => rounds,
        Ok(_) => return Err(std::io::Error::other("ROUNDS is not a positive number")),
        Err(_) => {
            if quick {
                2
            } else {
                5
            }
        }
    };

    let sections = filtered(cases::sections(quick), &filter);
    if sections.is_empty() {
        return Err(std::io::Error::other(format!("no case contains {filter:?}")));
    }
    warn_of_company();
    let tables = measure(&sections, rounds)?;

    let target = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = report::markdown(&tables, rounds);
    println!("{text}");
    let partial = quick || !filter.is_empty() || servers::replacement().is_some();
    let page = if partial { "target/bench/performance.md" } else { "docs/performance.md" };
    report::insert(&target.join(page), &text)?;
    let data = "target/bench/results.json";
    report::write(&target.join(data), &report::json(&tables, rounds))?;
    println!("Wrote {page} and {data}.");
    Ok(())
}

/// Says so when other work runs on this machine: ratios survive that, the numbers do not.
fn warn_of_company() {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: f64 = load.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(0.0);
    if load > 0.5 {
        eprintln!("The machine is busy (load average {load}): do not publish these numbers.");
    }
}

/// Keeps the cases that contain one of the comma-separated words; no words keep everything.
fn filtered(sections: Vec<Section>, filter: &str) -> Vec<Section> {
    let words: Vec<&str> =
        filter.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
    let keep = |case: &Case| words.is_empty() || words.iter().any(|word| case.name.contains(word));
    sections
        .into_iter()
        .map(|mut section| {
            section.cases.retain(keep);
            section
        })
        .filter(|section| !section.cases.is_empty())
        .collect()
}

/// Runs every case `rounds` times on both servers.
fn measure(sections: &[Section], rounds: usize) -> Result<Vec<Table>> {
    let ours = Server::cacheflow(env!("CARGO_BIN_EXE_cacheflow"), &[])?;
    let theirs = Server::redis(&[])?;
    let cases: Vec<&Case> = sections.iter().flat_map(|section| &section.cases).collect();
    let mut pairs = vec![Vec::new(); cases.len()];

    for (number, case) in cases.iter().enumerate() {
        progress(&format!("calibrating {}/{}: {}", number + 1, cases.len(), case.name));
        (case.calibrate)(&theirs)?;
    }
    let started = Instant::now();
    for round in 0..rounds {
        for (number, case) in cases.iter().enumerate() {
            let done = round * cases.len() + number;
            let left = match done {
                0 => String::new(),
                _ => {
                    let each = started.elapsed().as_secs_f64() / done as f64;
                    format!(", {:.0} s left", each * (rounds * cases.len() - done) as f64)
                }
            };
            progress(&format!("round {}/{rounds}{left}: {}", round + 1, case.name));
            pairs[number].push(pair(case, &ours, &theirs, round % 2 == 1)?);
        }
    }
    progress("");

    let mut pairs = pairs.into_iter();
    let mut row = |case: &Case| Row {
        name: case.name.clone(),
        pairs: pairs.next().expect("one list of pairs a case"),
    };
    Ok(sections
        .iter()
        .map(|section| Table {
            title: section.title,
            unit: section.unit,
            rows: section.cases.iter().map(&mut row).collect(),
        })
        .collect())
}

/// Measures the two servers one right after the other.
fn pair(case: &Case, ours: &Server, theirs: &Server, swapped: bool) -> Result<(f64, f64)> {
    if swapped {
        let theirs = (case.measure)(theirs)?;
        Ok(((case.measure)(ours)?, theirs))
    } else {
        let ours = (case.measure)(ours)?;
        Ok((ours, (case.measure)(theirs)?))
    }
}

/// Replaces the progress line. It goes to standard error, so that a redirected report stays clean.
fn progress(text: &str) {
    let mut err = std::io::stderr();
    let _ = write!(err, "\r\x1b[K{text}");
    let _ = err.flush();
}
