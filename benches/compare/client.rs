//! What our own client (`load/`) measures: speed, cost and tails, alone and in company.
//!
//! | section      | what it answers                                                           |
//! |--------------|---------------------------------------------------------------------------|
//! | `own-client` | how fast, at what cost of processor time, beside the echo server's        |
//! | `busy`       | the same while a process for each core wants it, too                      |
//! | `half-load`  | how long users wait when half of what is possible is asked for by the clock |
//! | `values`     | values of 1, 10 and 100 KB                                                |
//! | `fsync`      | writes that are on disk before they are answered                          |
//!
//! Half of what is possible is the same rate for all servers: half of what the slower one of cacheflow
//! and redis-server reached in a closed loop of the same connections at the beginning. Asking each for
//! half of its own peak would be two different questions, and half of the faster one's may be more than
//! the other can do.

use std::cell::Cell;
use std::io::Result;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::busy::Company;
use crate::cases::{ALL_OF_A_RUN, Against, Case, Contestant, Program, Scale, Section, Unit};
use crate::load::requests::{Requests, Workload};
use crate::load::{self, Outcome, Pace, Plan};
use crate::servers::Server;
use crate::wire::Wire;

/// How long requests are sent in one run, in ms.
const RUN_MS: usize = 1_000;
/// The same at half load, where 1 in 1000 has to be many.
const HALF_LOAD_MS: usize = 3_000;
/// How long the peak is looked for.
const PEAK_MS: usize = 1_000;
/// Threads of the client. One of redis-benchmark's is the other extreme.
const THREADS: usize = 2;
/// Keys, where a workload doesn't say otherwise.
const KEYS: u64 = 100_000;
/// Keys of large values.
const LARGE_KEYS: u64 = 100;
/// Each write is on disk before it is answered.
const ALWAYS: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

/// GET or SET of three bytes, as redis-benchmark has them, but of random keys.
pub const GET: Workload =
    Workload { keys: KEYS, writes: 0, value: 3, lifetime: 0, is_skewed: false };
/// The other of the two.
pub const SET: Workload = Workload { writes: 100, ..GET };
const BOTH: [(&str, Workload); 2] = [("SET", SET), ("GET", GET)];

/// What matters at half load comes first.
const TAILS_FIRST: Unit = Unit::Several(&[
    Unit::Percentile(99.9),
    Unit::Percentile(50.0),
    Unit::Percentile(99.0),
    Unit::Percentile(100.0),
    Unit::MicrosecondsEach,
    Unit::RequestsPerSecond,
]);

/// The sections.
pub fn sections(scale: Scale) -> Vec<Section> {
    let section = |key: &str, title: &str, cases| Section {
        key: key.to_owned(),
        title: title.to_owned(),
        unit: ALL_OF_A_RUN,
        against: Against::Others,
        repeats: true,
        cases,
    };
    let half_load = "Half load: requests by the clock, at half of the slower one's peak";
    vec![
        Section {
            against: Against::OthersAndEcho,
            ..section("own-client", "Our own client", own_client(scale))
        },
        section("busy", "A busy machine: a process that spins for each core", busy(scale)),
        Section { unit: TAILS_FIRST, ..section("half-load", half_load, at_half_load(scale)) },
        section("values", "Values of 1, 10 and 100 KB", values(scale)),
        section("fsync", "appendfsync always", fsync(scale)),
    ]
}

fn own_client(scale: Scale) -> Vec<Case> {
    let loads = [(50, 1), (200, 1), (50, 16), (50, 100)].into_iter();
    let loads = loads.flat_map(|load| BOTH.map(|both| (both, load)));
    let case = |((command, workload), (clients, pipeline))| {
        let run = closed(clients, pipeline, workload, scale);
        case(format!("{command} c={clients} P={pipeline}"), move |contestant| {
            let server = filled(contestant, workload)?;
            run.on(&server)
        })
    };
    loads.map(case).collect()
}

fn busy(scale: Scale) -> Vec<Case> {
    let loads = [(50, 1), (200, 1), (50, 16)].into_iter();
    let loads = loads.flat_map(|load| BOTH.map(|both| (both, load)));
    let case = |((command, workload), (clients, pipeline))| {
        let run = closed(clients, pipeline, workload, scale);
        case(format!("{command} c={clients} P={pipeline}"), move |contestant| {
            let server = filled(contestant, workload)?;
            let _company = Company::start()?;
            run.on(&server)
        })
    };
    loads.map(case).collect()
}

fn at_half_load(scale: Scale) -> Vec<Case> {
    let loads = [50, 200].into_iter().flat_map(|clients| BOTH.map(|both| (both, clients)));
    let case = |((command, workload), clients)| {
        let peak = Run { ms: scale.of(PEAK_MS), ..closed(clients, 1, workload, scale) };
        let rate = Cell::new(0.0);
        let measure = move |contestant: &Contestant| {
            let server = filled(contestant, workload)?;
            // Once for all rounds, which begin with cacheflow.
            if rate.get() == 0.0 {
                let redis = Server::redis(&[])?;
                fill(&redis, workload, workload.keys)?;
                let peaks = [peak.outcome(&server)?.rate, peak.outcome(&redis)?.rate];
                rate.set(peaks[0].min(peaks[1]) / 2.0);
            }
            let pace = Pace::Open { rate: rate.get() };
            let outcome = Run { pace, ms: scale.of(HALF_LOAD_MS), ..peak }.outcome(&server)?;
            Ok(numbers(&outcome, TAILS_FIRST))
        };
        Case { rows: vec![format!("{command} c={clients}")], measure: Box::new(measure) }
    };
    loads.map(case).collect()
}

fn values(scale: Scale) -> Vec<Case> {
    let loads = [1_usize, 10, 100].into_iter().flat_map(|kb| BOTH.map(|both| (both, kb)));
    let case = |((command, workload), kb)| {
        let workload = Workload { value: kb * 1024, keys: LARGE_KEYS, ..workload };
        let run = closed(50, 1, workload, scale);
        case(format!("{command} of {kb} KB, c=50 P=1"), move |contestant| {
            let server = filled(contestant, workload)?;
            run.on(&server)
        })
    };
    loads.map(case).collect()
}

fn fsync(scale: Scale) -> Vec<Case> {
    let case = |clients| {
        let run = closed(clients, 1, SET, scale);
        case(format!("SET c={clients} P=1"), move |contestant| run.on(&contestant.fresh(&ALWAYS)?))
    };
    [1, 50].map(case).into()
}

fn case(row: String, measure: impl Fn(&Contestant) -> Result<Vec<f64>> + 'static) -> Case {
    Case { rows: vec![row], measure: Box::new(measure) }
}

/// The server that lasts, with all keys of a workload if any is asked for.
pub fn filled(contestant: &Contestant, workload: Workload) -> Result<std::rc::Rc<Server>> {
    let server = contestant.shared()?;
    if !matches!(contestant.program, Program::Echo) {
        Wire::open(&server)?.call(&["FLUSHALL"])?;
        if workload.writes < 100 {
            fill(&server, workload, workload.keys)?;
        }
    }
    Ok(server)
}

/// Sets so many keys of a workload.
pub fn fill(server: &Server, workload: Workload, keys: u64) -> Result<()> {
    let requests = Requests::new(workload, 0);
    Wire::open(server)?.fill(keys as usize, |number, out| requests.put_set(number as u64, out))
}

/// How our own client runs, whatever the server.
#[derive(Clone, Copy)]
pub struct Run {
    clients: usize,
    pipeline: usize,
    workload: Workload,
    pace: Pace,
    ms: usize,
}

/// As fast as replies come, for a second.
pub fn closed(clients: usize, pipeline: usize, workload: Workload, scale: Scale) -> Run {
    Run { clients, pipeline, workload, pace: Pace::Closed, ms: scale.of(RUN_MS) }
}

impl Run {
    /// Runs, and tells what a table of [`ALL_OF_A_RUN`] wants to know.
    pub fn on(&self, server: &Server) -> Result<Vec<f64>> {
        Ok(numbers(&self.outcome(server)?, ALL_OF_A_RUN))
    }

    /// Runs, and tells everything.
    pub fn outcome(&self, server: &Server) -> Result<Outcome> {
        let plan = Plan {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, server.port)),
            clients: self.clients,
            threads: THREADS,
            pipeline: self.pipeline,
            pace: self.pace,
            duration: Duration::from_millis(self.ms as u64),
            workload: self.workload,
        };
        load::run(&plan, Some(server.child.id()))
    }
}

/// What came out, in the order of a table's columns.
pub fn numbers(outcome: &Outcome, unit: Unit) -> Vec<f64> {
    let number = |unit: &Unit| match unit {
        Unit::RequestsPerSecond => outcome.rate,
        Unit::MicrosecondsEach => outcome.processor,
        Unit::Percentile(100.0) => outcome.latencies.longest(),
        Unit::Percentile(percent) => outcome.latencies.percentile(*percent),
        _ => f64::NAN,
    };
    unit.parts().iter().map(number).collect()
}
