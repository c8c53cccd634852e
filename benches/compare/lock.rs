//! `make model`: what the one lock costs, measured on the cores that there are, computed for more.
//!
//! A worker's way through a batch of requests is `o` microseconds outside of the lock (the kernel's part for the
//! most) and `h` with it. Both are measured: `h` is INFO's `lock_held_usec` for each taking, and `o` is the rest
//! of the processor time. What follows for other numbers of cores is in `model.rs`; on two it is checked, by how
//! often a worker finds the lock taken.

use std::io::Result;

use crate::cases::Scale;
use crate::client::{GET, SET, closed, fill};
use crate::load::requests::Workload;
use crate::model::{at_best, at_worst};
use crate::servers::Server;
use crate::wire::Wire;
use crate::{page, ratios};

/// The argument that asks for this.
pub const ARGUMENT: &str = "lock";
/// Runs of which the median counts.
const ROUNDS: usize = 5;
const CLIENTS: usize = 50;
/// For how many cores it is computed.
const CORES: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
/// On which it is measured: as `server_cpulist` has it.
const LISTS: [(usize, &str); 2] = [(1, "0"), (2, "0-1")];

/// What a run was like.
#[derive(Clone, Copy)]
struct Measured {
    /// Requests in a second.
    rate: f64,
    /// Of one taking of the lock: how long it was held, in microseconds.
    held: f64,
    /// How much processor time it cost with everything around it.
    whole: f64,
    /// How many requests it was for.
    requests: f64,
    /// How many of a hundred found the lock taken.
    waited: f64,
}

/// Measures, and writes the section of docs/performance.md.
pub fn write() -> Result<()> {
    let loads =
        [("GET", GET, 1), ("SET", SET, 1), ("GET", GET, 16), ("SET", SET, 16), ("SET", SET, 100)];
    let (mut measured, mut computed) = (String::new(), String::new());
    for (name, workload, pipeline) in loads {
        let load = format!("{name} P={pipeline}");
        let mut alone = None;
        for (cores, list) in LISTS {
            let runs: Result<Vec<Measured>> =
                (0..ROUNDS).map(|_| measure(workload, pipeline, list)).collect();
            let median = median(&runs?);
            let one = *alone.get_or_insert(median);
            let row = row_of(&load, cores, &median, &one);
            eprint!("{row}");
            measured += &row;
        }
        computed += &predictions(&load, &alone.expect("it was measured on one core"));
    }
    let text = format!(
        "{}; {CLIENTS} clients of our own (`benches/compare/load/`), medians of {ROUNDS} runs. Times are microseconds for one \
         taking of the lock, which is one batch of requests.\n\n\
         | load | server's cores | requests/s | requests each | processor time | of it with the lock | found \
         it taken | by the model |\n|---|--:|--:|--:|--:|--:|--:|--:|\n{measured}\n\
         Thousand requests a second of the server's cores, at worst and at best:\n\n\
         | load | {} | bends at |\n|---|{}--:|\n{computed}",
        page::machine(),
        CORES.map(|cores| format!("{cores} cores")).join(" | ").replace("1 cores", "1 core"),
        "--:|".repeat(CORES.len()),
    );
    page::insert(&page::in_repository("docs/performance.md"), "lock", &text)
}

fn measure(workload: Workload, pipeline: usize, list: &str) -> Result<Measured> {
    let args = ["--server_cpulist", list];
    let server = Server::cacheflow(env!("CARGO_BIN_EXE_cacheflow"), &args)?;
    fill(&server, workload, workload.keys)?;
    let mut wire = Wire::open(&server)?;
    let run = closed(CLIENTS, pipeline, workload, Scale { quick: false });
    wire.call(&["CONFIG", "RESETSTAT"])?;
    let outcome = run.outcome(&server)?;
    let info = wire.call(&["INFO", "stats", "lock"])?;
    let number = |name: &str| {
        let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|text| text.trim().parse().ok()).unwrap_or(f64::NAN)
    };
    let takings = number("lock_held");
    let requests = number("total_commands_processed") / takings;
    Ok(Measured {
        rate: outcome.rate,
        held: number("lock_held_usec") / takings,
        whole: outcome.processor * requests,
        requests,
        waited: 100.0 * number("lock_waited") / takings,
    })
}

fn median(runs: &[Measured]) -> Measured {
    let of = |part: fn(&Measured) -> f64| ratios::median(runs.iter().map(part).collect());
    Measured {
        rate: of(|run| run.rate),
        held: of(|run| run.held),
        whole: of(|run| run.whole),
        requests: of(|run| run.requests),
        waited: of(|run| run.waited),
    }
}

/// What was measured, and how often the lock should have been found taken: whenever another core serves, too,
/// and is at that part of its way.
fn row_of(load: &str, cores: usize, run: &Measured, alone: &Measured) -> String {
    let used = run.rate / run.requests * run.whole / 1e6;
    let beside = (used - used / cores as f64).max(0.0);
    let predicted = 100.0 * (beside * alone.held / alone.whole).min(1.0);
    format!(
        "| {load} | {cores} | {:.0} | {:.1} | {:.2} | {:.2} | {:.2} % | {predicted:.2} % |\n",
        run.rate, run.requests, run.whole, run.held, run.waited
    )
}

fn predictions(load: &str, run: &Measured) -> String {
    let (held, outside) = (run.held, run.whole - run.held);
    let thousands = |per_us: f64| per_us * run.requests * 1e3;
    let cells = CORES.map(|cores| {
        let worst = thousands(at_worst(cores, outside, held));
        let best = thousands(at_best(cores, outside, held));
        format!("{worst:.0} – {best:.0}")
    });
    format!("| {load} | {} | {:.1} cores |\n", cells.join(" | "), run.whole / held)
}
