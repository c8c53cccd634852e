//! Models: the lock, the outbox, the group commit and delegation under every order of threads that a scheduler can think of.
//!
//! A test with real threads sees the few orders that this machine happens to produce. Here the same
//! source files (not copies of them) are compiled with locks, atomics, threads and channels that ask a
//! scheduler ([shuttle](https://docs.rs/shuttle)) before each step who goes on, and each scenario is
//! run some thousand times, each time in another order. Nobody can wait for ever unseen: when no
//! thread can go on, the run has failed.
//!
//! ```text
//! src/engine/outbox.rs, writers.rs,
//! delegation.rs                             compiled into the server, with system::sync = std
//! src/journal/group_commit.rs, turns.rs --<
//! src/system/lock.rs
//!                                           compiled in here, with system::sync = tests/models/system
//! ```
//!
//! | file            | what it is                                                               |
//! |-----------------|--------------------------------------------------------------------------|
//! | `system/sync.rs`| threads, channels and a clock that the scheduler drives                  |
//! | `system/disk.rs`| a file that knows what of it is safe, and can be full                    |
//! | `committing.rs` | nothing is acknowledged before it is as safe as promised; nobody is forgotten |
//! | `delegating.rs` | what is passed to the holder of a lock is done once, and nobody waits for ever |
//! | `locking.rs`    | one at a time has the lock, and nobody sleeps while it is free           |
//! | `sending.rs`    | replies and pushes arrive whole and in order; nobody waits in vain       |
//!
//! `MODEL_RUNS` says how many orders are tried (`make models` tries more than `make test`). A failure
//! prints a schedule that `shuttle::replay` repeats. What shuttle can't show is what processors do with relaxed
//! memory: every step of one thread is seen at once by all.

mod committing;
mod delegating;
mod engine;
mod journal;
mod locking;
mod sending;
mod system;

/// What the included files need of the rest of the server, and that takes no part in the order.
mod config {
    pub use cacheflow::config::{FsyncPolicy, system_text};
}

/// The log: nobody reads it.
macro_rules! warning {
    ($($format:tt)+) => {{ let _ = format_args!($($format)+); }};
}
use warning;

use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, Runner};

/// Runs of each scenario in `make test`: a few seconds in all.
const RUNS: usize = 300;

/// Steps after which a run goes round in circles.
const MOST_STEPS: usize = 200_000;

/// Runs a scenario in many orders: half of them choose at every step, the others change the order only
/// at a few places, which finds what needs a long detour of one thread.
fn check(scenario: impl Fn() + Send + Sync + Clone + 'static) {
    let runs = std::env::var("MODEL_RUNS").map_or(RUNS, |text| text.parse().unwrap());
    let mut config = Config::new();
    config.max_steps = shuttle::MaxSteps::FailAfter(MOST_STEPS);
    config.stack_size = 512 * 1024;
    Runner::new(RandomScheduler::new(runs / 2), config.clone()).run(scenario.clone());
    Runner::new(PctScheduler::new(3, runs.div_ceil(2)), config).run(scenario);
}
