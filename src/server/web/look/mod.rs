//! A look at the server: what the page is told four times a second.
//!
//! Everybody waits while THE lock is held, so a look takes it many times for a moment, not once for long: the parts don't belong to the same
//! instant, and nobody minds. What is read under it is copied, and becomes text later.
//!
//! | part                    | under one taking of the lock                          |
//! |-------------------------|-------------------------------------------------------|
//! | figures                 | all of them: counters                                 |
//! | the keyspace            | one database: three numbers of each sub-table         |
//! | connections             | a few hundred of them, then what is shown of a few    |
//! | memory by type          | a few keys, drawn at random                           |
//! | latency                 | one command's histogram, copied; once a second        |
//! | slow log                | the newest entries; once a second                     |
//!
//! With a million keys the longest of these takes 50 to 60 microseconds, and four connections that do nothing but GET do about two hundredths less
//! while somebody looks (`tests/web/cost.rs`). What a connection's thread does is asked of the system afterwards, without the lock.

mod figures;
mod latency;
mod memory;
mod people;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::engine::Engine;
use crate::server::Shared;
use crate::system::clock::machine_now;
use crate::system::mutex::locked;
use memory::Sampler;
use people::Person;

/// A look serves all who have asked within this time.
pub const PERIOD: Duration = Duration::from_millis(250);
/// What changes slowly, or costs more, is looked at so often.
const SLOW_PERIOD: Duration = Duration::from_secs(1);
/// Databases that are shown.
const MOST_DATABASES: usize = 16;
/// Parts in which databases are shown, together: each sub-table, if there is one database.
const MOST_PARTS: usize = 1024;

/// What was seen.
pub struct Look {
    taken: Instant,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// The longest that the lock was held at one time.
    pub held: Duration,
    /// How long it was waited for.
    pub waited: Duration,
    /// `server`, `keyspace`, `lock`, `journal`, `memory`, `latency`: for who may run INFO.
    pub info: Vec<(&'static str, String)>,
    /// `slowlog`: for who may run SLOWLOG GET.
    pub slowlog: String,
    /// Connections: all, those that wait for something, and those to be shown.
    pub connections: (usize, usize),
    /// Those that were busy last.
    pub people: Vec<Person>,
}

/// Whoever looks, and what is kept from one look to the next.
#[derive(Default)]
pub struct Watch(Mutex<Watching>);

#[derive(Default)]
struct Watching {
    last: Option<Arc<Look>>,
    slow: Option<Slow>,
    sampler: Sampler,
}

/// What is renewed less often.
#[derive(Clone)]
struct Slow {
    taken: Instant,
    latency: String,
    slowlog: String,
    resident: u64,
}

impl Watch {
    /// The state of the server, not older than a moment. Any number of lookers cost as much as one.
    pub fn look(&self, shared: &Shared) -> Arc<Look> {
        let mut watching = locked(&self.0);
        match &watching.last {
            Some(last) if last.taken.elapsed() < PERIOD * 4 / 5 => Arc::clone(last),
            _ => {
                let look = Arc::new(watching.take(shared));
                watching.last = Some(Arc::clone(&look));
                look
            }
        }
    }
}

impl Watching {
    fn take(&mut self, shared: &Shared) -> Look {
        let mut visits = Visits { shared, held: Duration::ZERO, waited: Duration::ZERO };
        let taken = machine_now();
        let figures = visits.visit(figures::read);
        let keyspace = keyspace(&mut visits, &figures.databases);
        self.sampler.sample(&mut visits, &figures.databases);
        let slow = self.slow.take().filter(|slow| slow.taken.elapsed() < SLOW_PERIOD);
        let slow = slow.unwrap_or_else(|| Slow {
            taken,
            latency: latency::read(&mut visits).to_string(),
            slowlog: visits.visit(figures::slowlog).to_string(),
            resident: crate::system::memory::resident(),
        });
        let (connections, people, bytes) = people::read(&mut visits, figures.file_is_busy);
        let mut memory = figures.memory;
        memory["rss"] = slow.resident.into();
        memory["clients"] = bytes.into();
        memory["sampled"] = self.sampler.len().into();
        memory["types"] = self.sampler.estimate(&figures.databases);
        let mut lock = figures.lock;
        lock["waiting"] = shared.engine.waiting().into();
        let info = vec![
            ("server", figures.server.to_string()),
            ("keyspace", keyspace.to_string()),
            ("lock", lock.to_string()),
            ("journal", figures.journal.to_string()),
            ("memory", memory.to_string()),
            ("latency", slow.latency.clone()),
        ];
        let slowlog = slow.slowlog.clone();
        self.slow = Some(slow);
        let Visits { held, waited, .. } = visits;
        let at_ms = figures.at_ms;
        Look { taken, at_ms, held, waited, info, slowlog, connections, people }
    }
}

/// How the lock is taken: many times, and each is measured.
struct Visits<'s> {
    shared: &'s Shared,
    held: Duration,
    waited: Duration,
}

impl Visits<'_> {
    fn visit<T: Send + 'static>(
        &mut self,
        job: impl FnOnce(&mut Engine) -> T + Send + 'static,
    ) -> T {
        let asked = machine_now();
        let (waited, held, result) = self.shared.engine.visit(move |engine| {
            let begun = machine_now();
            let result = job(engine);
            (begun.duration_since(asked), begun.elapsed(), result)
        });
        self.waited += waited;
        self.held = self.held.max(held);
        result
    }
}

/// The databases, as they lie in their sub-tables.
fn keyspace(visits: &mut Visits<'_>, databases: &[Database]) -> Value {
    let databases = &databases[..databases.len().min(MOST_DATABASES)];
    let most = MOST_PARTS / databases.len().max(1);
    let shown = databases.iter().map(|Database { number, keys, expiring }| {
        let number = *number;
        let outline = visits.visit(move |engine| engine.databases[number].outline(most));
        json!({
            "db": number, "keys": keys, "expiring": expiring,
            "tables": outline.tables, "per_bucket": outline.per_part, "buckets": outline.parts,
        })
    });
    shown.collect()
}

/// A database that has keys.
struct Database {
    number: usize,
    keys: usize,
    expiring: usize,
}
