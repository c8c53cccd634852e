//! What is measured: sections of cases, each a function from a server to some numbers.
//!
//! A case knows nothing of rounds, ratios and tables. It is handed a contestant, measures, and returns
//! numbers in the [`Unit`] of its [`Section`]; `main.rs` calls the contestants in turn and `report.rs`
//! prints what came out. A new kind of measurement is a new section and a function; nothing elsewhere.
//!
//! | file             | sections                                                        |
//! |------------------|-----------------------------------------------------------------|
//! | `throughput.rs`  | redis-benchmark's list under seven loads, latency tails, ceiling |
//! | `client.rs`      | our own client: tails, a busy machine, half load, large values, fsync |
//! | `mixed.rs`       | workloads of many kinds of request: a cache, a queue, a stream   |
//! | `other.rs`       | a client of somebody else                                        |
//! | `scripts.rs`     | Lua scripts                                                      |
//! | `doors.rs`       | TLS and Unix sockets                                             |
//! | `data.rs`        | bytes for each key or member, and what FLUSHALL leaves           |
//! | `memory.rs`      | KB for each idle connection                                      |
//! | `disk.rs`        | start-up, SAVE, loading                                          |
//! | `stalls.rs`      | the longest wait of a client while another one asks for much     |
//! | `subscribers.rs` | messages to ten thousand subscribers                             |
//! | `replication.rs` | a full synchronisation under load                                |

use std::cell::RefCell;
use std::ffi::OsString;
use std::io::Result;
use std::rc::Rc;

use crate::echo;
use crate::servers::{self, Server};
use crate::{client, data, disk, doors, memory, mixed, other, replication};
use crate::{scripts, stalls, subscribers, throughput};

/// What a number counts, and with that how it is printed and which direction is better.
#[derive(Clone, Copy, PartialEq)]
pub enum Unit {
    /// Requests answered in a second.
    RequestsPerSecond,
    /// Messages that have arrived, in a second.
    DeliveriesPerSecond,
    /// Bytes of memory for each key or member.
    BytesEach,
    /// Kilobytes of memory for each connection.
    KilobytesEach,
    /// Microseconds of processor time for each request.
    MicrosecondsEach,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Microseconds that so many percent of requests didn't exceed; of 100 percent: the longest.
    Percentile(f64),
    /// Each row says what it counts; less is better.
    OfTheRow,
    /// Each measurement has a number of each of these, in this order.
    Several(&'static [Unit]),
}

/// What our own client tells of a run.
pub const ALL_OF_A_RUN: Unit = Unit::Several(&[
    Unit::RequestsPerSecond,
    Unit::MicrosecondsEach,
    Unit::Percentile(50.0),
    Unit::Percentile(99.0),
    Unit::Percentile(99.9),
    Unit::Percentile(100.0),
]);

impl Unit {
    /// What each measurement has a number of.
    pub fn parts(&self) -> &[Unit] {
        match self {
            Unit::Several(parts) => parts,
            _ => std::slice::from_ref(self),
        }
    }

    /// The name in the text above the table, or above a column.
    pub fn name(self) -> String {
        let name = match self {
            Unit::Percentile(100.0) => "longest, µs",
            Unit::Percentile(percent) => return format!("p{percent}, µs"),
            Unit::RequestsPerSecond => "requests/s",
            Unit::DeliveriesPerSecond => "deliveries/s",
            Unit::BytesEach => "bytes each",
            Unit::KilobytesEach => "KB each",
            Unit::MicrosecondsEach => "processor time, µs each",
            Unit::Milliseconds => "ms",
            Unit::Seconds => "s",
            Unit::OfTheRow => "what each row says",
            Unit::Several(_) => "what each column says",
        };
        name.to_owned()
    }

    /// Whether a ratio above 1 is good news; of several, what the first says.
    pub fn more_is_better(self) -> bool {
        matches!(self.parts()[0], Unit::RequestsPerSecond | Unit::DeliveriesPerSecond)
    }
}

/// Whom cacheflow is compared with.
#[derive(Clone, Copy, PartialEq)]
pub enum Against {
    /// redis-server, a later one where it was fetched, and valkey-server where one is installed.
    Others,
    /// The same, and a server of the same threads that does nothing.
    OthersAndEcho,
    /// A server of the same threads that does nothing, which is itself compared with redis-server.
    Ceiling,
}

/// A heading of the report: cases that share a unit and a table.
pub struct Section {
    /// Names its markers, its chart, and what `CASES=` matches.
    pub key: String,
    /// The heading.
    pub title: String,
    /// What the numbers count.
    pub unit: Unit,
    /// The other columns.
    pub against: Against,
    /// False: it doesn't vary from round to round, so one round is enough.
    pub repeats: bool,
    /// The measurements.
    pub cases: Vec<Case>,
}

/// Something measured on one contestant at a time.
pub struct Case {
    /// The rows of the table that it fills.
    pub rows: Vec<String>,
    /// Measures once: a number for each row, or of [`Unit::Several`] all for the first, and so on.
    pub measure: Measure,
}

/// How a case measures.
pub type Measure = Box<dyn Fn(&Contestant) -> Result<Vec<f64>>>;

/// How much is measured.
#[derive(Clone, Copy)]
pub struct Scale {
    /// Only to see that it works.
    pub quick: bool,
}

impl Scale {
    /// So many keys, connections or seconds; a twentieth if it is to be quick.
    pub fn of(self, full: usize) -> usize {
        if self.quick { full.div_ceil(20) } else { full }
    }
}

/// Every section, in the order of the report.
pub fn sections(scale: Scale) -> Vec<Section> {
    let mut sections = throughput::sections(scale);
    sections.extend(client::sections(scale));
    sections.push(mixed::section(scale));
    sections.extend(other::section(scale));
    sections.push(scripts::section(scale));
    sections.push(doors::section(scale));
    sections.extend(data::sections(scale));
    sections.extend(memory::sections(scale));
    sections.extend(disk::sections(scale));
    sections.push(stalls::section(scale));
    sections.push(subscribers::section(scale));
    sections.push(replication::section(scale));
    sections
}

/// A program that takes part.
#[derive(Clone)]
pub enum Program {
    /// Ours.
    Cacheflow,
    /// The real one.
    Redis,
    /// A later one.
    Redis8(OsString),
    /// Its successor, if it is installed.
    Valkey(OsString),
    /// See `echo.rs`.
    Echo,
}

/// A program and its server that lasts for a section.
pub struct Contestant {
    /// The program.
    pub program: Program,
    shared: RefCell<Option<Rc<Server>>>,
}

impl Contestant {
    /// Those that are compared; cacheflow first, and then the one that the ratio is about.
    pub fn all(against: Against) -> Vec<Contestant> {
        let mut programs = vec![Program::Cacheflow];
        match against {
            Against::Ceiling => programs.extend([Program::Echo, Program::Redis]),
            Against::Others | Against::OthersAndEcho => {
                programs.push(Program::Redis);
                programs.extend(servers::fetched_redis_8().map(Program::Redis8));
                programs.extend(valkey().map(Program::Valkey));
            }
        }
        if against == Against::OthersAndEcho {
            programs.push(Program::Echo);
        }
        let contestant = |program| Contestant { program, shared: RefCell::default() };
        programs.into_iter().map(contestant).collect()
    }

    /// The heading of its column.
    pub fn name(&self) -> &'static str {
        match self.program {
            Program::Cacheflow => "cacheflow",
            Program::Redis => "redis-server",
            Program::Redis8(_) => "redis-server 8.2",
            Program::Valkey(_) => "valkey-server",
            Program::Echo => "echo server",
        }
    }

    /// A server of its own for a case that would leave its traces.
    pub fn fresh(&self, args: &[&str]) -> Result<Server> {
        match &self.program {
            Program::Cacheflow => Server::cacheflow(env!("CARGO_BIN_EXE_cacheflow"), args),
            Program::Redis => Server::redis(args),
            Program::Redis8(binary) => Server::start("redis 8.2", binary.clone(), args),
            Program::Valkey(binary) => Server::start("valkey", binary.clone(), args),
            Program::Echo => echo::start(),
        }
    }

    /// The server that lasts.
    pub fn shared(&self) -> Result<Rc<Server>> {
        let mut shared = self.shared.borrow_mut();
        if let Some(server) = &*shared {
            return Ok(Rc::clone(server));
        }
        let server = Rc::new(self.fresh(&["--maxclients", "20000"])?);
        *shared = Some(Rc::clone(&server));
        Ok(server)
    }

    /// After a failure: the next case gets a new server.
    pub fn give_up(&self) {
        self.shared.take();
    }
}

/// valkey-server, if it is in the path.
fn valkey() -> Option<OsString> {
    let paths = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&paths).map(|path| path.join("valkey-server"));
    found.into_iter().find(|file| file.is_file()).map(OsString::from)
}
