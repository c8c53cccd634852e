//! `make bench`: cacheflow against a real redis-server, side by side.
//!
//! ```text
//! for each section, for each round, for each case:
//!     cacheflow, redis-server, ...      within seconds
//!     redis-server, ..., cacheflow      in the next round
//! ```
//!
//! A single machine is never quiet: it warms up, throttles and serves its neighbours. Measuring
//! one server for minutes and then the other would compare two different machines. Here they
//! alternate within seconds, and what counts is the ratio inside each round (see `report.rs`). Start
//! reading at `cases.rs`, which lists what is measured.
//!
//! Settings, all from the environment:
//!
//! | name                         | meaning                                                        |
//! |------------------------------|----------------------------------------------------------------|
//! | `ROUNDS=n`                   | how often everything is measured: 3                             |
//! | `CASES=text,text`            | only cases whose `section/row` contains one of the texts         |
//! | `QUICK=1`                    | one round and a twentieth of everything: does it still work?     |
//! | `BUSY=1`                     | with a process that spins for each core                          |
//! | `CACHEFLOW_BIN`, `REDIS_BIN` | other binaries                                                   |
//!
//! Results go to `target/bench/` as soon as a section is finished. A section that was measured as a
//! whole, of cacheflow itself, neither quickly nor busy, also takes the place of its predecessor in
//! `docs/performance.md`; so `make bench CASES=memory/` refreshes one section, and the others stay.

mod busy;
mod cases;
mod chart;
mod client;
mod data;
mod disk;
mod doors;
mod echo;
mod load;
mod lock;
mod memory;
mod mixed;
mod model;
mod other;
#[path = "../support/page.rs"]
mod page;
mod processor;
mod ratios;
mod replication;
mod report;
mod scripts;
#[allow(dead_code)] // tests use the rest
mod servers;
mod stalls;
mod subscribers;
mod throughput;
mod wire;

use std::env;
use std::io::{Error, Result, Write};
use std::time::Instant;

use busy::Company;
use cases::{Case, Contestant, Scale, Section, Unit};
use load::by_hand;
use report::{Row, Table};

/// What makes this program measure. `cargo bench` and `cargo test` run all benchmarks, and this one
/// takes its time.
const RUN: &str = "run";
/// Connections that cases open.
const CONNECTIONS: u64 = 11_000;
const DEFAULT_ROUNDS: usize = 3;

fn main() -> Result<()> {
    let args: Vec<String> = env::args().collect();
    if args.iter().any(|arg| arg == echo::ARGUMENT) {
        return echo::serve();
    }
    if args.iter().any(|arg| arg == busy::ARGUMENT) {
        busy::spin();
        return Ok(());
    }
    if args.get(1).is_some_and(|arg| arg == by_hand::ARGUMENT) {
        return by_hand::by_hand(args.into_iter().skip(2));
    }
    if args.get(1).is_some_and(|arg| arg == lock::ARGUMENT) {
        return lock::write();
    }
    if !args.iter().any(|arg| arg == RUN) {
        println!("This compares servers for many minutes: run it with `make bench`.");
        return Ok(());
    }
    let settings = Settings::from_environment()?;
    let all = cases::sections(Scale { quick: settings.quick });
    let sections: Vec<(Section, bool)> =
        all.into_iter().filter_map(|section| settings.part_of(section)).collect();
    if sections.is_empty() {
        return Err(Error::other(format!("no case contains {:?}", settings.words)));
    }
    warn_of_company();
    if let Err(error) = subscribers::allow_connections(CONNECTIONS) {
        eprintln!("Few connections will be possible: {error}");
    }
    let _company = busy::is_wanted().then(Company::start).transpose()?;
    let mut tables = Vec::new();
    for (number, (section, is_whole)) in sections.iter().enumerate() {
        let place = format!("section {}/{}", number + 1, sections.len());
        let table = measure(section, &settings, &place)?;
        let is_ordinary = !settings.quick && !busy::is_wanted() && servers::replacement().is_none();
        let recorded = *is_whole && is_ordinary;
        publish(&table, recorded)?;
        tables.push(table);
        page::write(&page::in_repository("target/bench/results.json"), &report::json(&tables))?;
    }
    println!("Wrote target/bench.");
    Ok(())
}

/// What the environment says.
struct Settings {
    quick: bool,
    rounds: usize,
    words: Vec<String>,
}

impl Settings {
    fn from_environment() -> Result<Settings> {
        let quick = env::var("QUICK").is_ok_and(|value| !value.is_empty() && value != "0");
        let rounds = match env::var("ROUNDS").map(|text| text.parse()) {
            Ok(Ok(rounds)) if rounds > 0 => rounds,
            Ok(_) => return Err(Error::other("ROUNDS is not a positive number")),
            Err(_) => {
                if quick {
                    1
                } else {
                    DEFAULT_ROUNDS
                }
            }
        };
        let words = env::var("CASES").unwrap_or_default();
        let words = words.split(',').map(str::trim).filter(|word| !word.is_empty());
        Ok(Settings { quick, rounds, words: words.map(str::to_owned).collect() })
    }

    /// Keeps the cases of a section that are wanted, if any, and tells whether that is all of them.
    fn part_of(&self, mut section: Section) -> Option<(Section, bool)> {
        let all = section.cases.len();
        let key = section.key.clone();
        section.cases.retain(|case| {
            let mut paths = case.rows.iter().map(|row| format!("{key}/{row}"));
            self.words.is_empty()
                || paths.any(|path| self.words.iter().any(|word| path.contains(word)))
        });
        let is_whole = section.cases.len() == all;
        (!section.cases.is_empty()).then_some((section, is_whole))
    }
}

/// Says so when other work runs on this machine: ratios survive that, the numbers do not.
fn warn_of_company() {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: f64 = load.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(0.0);
    if load > 0.5 {
        eprintln!("The machine is busy (load average {load}): do not publish these numbers.");
    }
}

/// Measures every case of a section, as often as it is worth, on all contestants.
fn measure<'s>(section: &'s Section, settings: &Settings, place: &str) -> Result<Table<'s>> {
    let contestants = Contestant::all(section.against);
    let rounds = if section.repeats { settings.rounds } else { 1 };
    let blank = vec![Vec::new(); contestants.len()];
    let mut rows: Vec<Vec<Row>> = Vec::new();
    for case in &section.cases {
        let row = |name: &String, unit: &Unit| Row {
            name: name.clone(),
            unit: *unit,
            numbers: blank.clone(),
        };
        let rows_of = |name| section.unit.parts().iter().map(move |unit| row(name, unit));
        rows.push(case.rows.iter().flat_map(rows_of).collect());
    }
    let started = Instant::now();
    for round in 0..rounds {
        for (case, rows) in section.cases.iter().zip(&mut rows) {
            let mut order: Vec<usize> = (0..contestants.len()).collect();
            order.rotate_left(round % contestants.len());
            for index in order {
                let seconds = started.elapsed().as_secs();
                let contestant = &contestants[index];
                progress(&format!(
                    "{place} ({}), {seconds} s, round {}/{rounds}: {}, {}",
                    section.key,
                    round + 1,
                    case.rows[0],
                    contestant.name()
                ));
                let numbers = numbers(case, contestant, rows.len());
                for (row, number) in rows.iter_mut().zip(numbers) {
                    row.numbers[index].push(number);
                }
            }
        }
    }
    progress("");
    let columns = contestants.iter().map(Contestant::name).collect();
    Ok(Table { section, columns, rows: rows.into_iter().flatten().collect(), rounds })
}

/// Measures once. A server that refuses, or dies, has no number; the others shall have theirs.
fn numbers(case: &Case, contestant: &Contestant, count: usize) -> Vec<f64> {
    (case.measure)(contestant).unwrap_or_else(|error| {
        progress("");
        eprintln!("{}, {}: {error}", case.rows[0], contestant.name());
        contestant.give_up();
        vec![f64::NAN; count]
    })
}

/// Shows a section, and puts it where it belongs.
fn publish(table: &Table<'_>, recorded: bool) -> Result<()> {
    let Section { key, title, .. } = table.section;
    let text = report::markdown(table);
    println!("{title}\n\n{text}\n");
    let folders: &[&str] = if recorded { &["target/bench", "docs"] } else { &["target/bench"] };
    for folder in folders {
        let chart = page::in_repository(folder).join(format!("charts/{key}.svg"));
        page::write(&chart, &chart::svg(table))?;
        page::insert(&page::in_repository(folder).join("performance.md"), key, &text)?;
    }
    Ok(())
}

/// Replaces the progress line. It goes to standard error, so that a redirected report stays clean.
fn progress(text: &str) {
    let mut err = std::io::stderr();
    let _ = write!(err, "\r\x1b[K{text}");
    let _ = err.flush();
}
