//! Our own client: some threads, each with its share of the connections.
//!
//! redis-benchmark is one program with one way of asking: a single thread, and whoever is fast with
//! that need not be fast with others. This one has several threads, asks for random keys, keeps the
//! whole distribution of what each request took, and can ask at a fixed rate.
//!
//! | file           | what is in it                                          |
//! |----------------|--------------------------------------------------------|
//! | `driver.rs`    | a thread: sends, waits, counts                         |
//! | `requests.rs`  | what is asked for                                      |
//! | `replies.rs`   | where replies end                                      |
//! | `latencies.rs` | the distribution, and when requests of a rate are due  |
//! | `by_hand.rs`   | `make load`: one run against any server                |

pub mod by_hand;
mod driver;
pub mod latencies;
mod replies;
pub mod requests;

use std::io::Result;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::processor;
use driver::{Connection, Driver};
use latencies::Latencies;
use requests::{Requests, Workload};

/// What the client is to do.
#[derive(Clone)]
pub struct Plan {
    /// Where the server listens.
    pub address: SocketAddr,
    /// Connections.
    pub clients: usize,
    /// Threads that they are spread over; no more than there are connections.
    pub threads: usize,
    /// Requests that are sent together, in a closed loop.
    pub pipeline: usize,
    /// When the next is sent.
    pub pace: Pace,
    /// For how long requests are sent.
    pub duration: Duration,
    /// What is asked for.
    pub workload: Workload,
}

/// When the next request is sent.
#[derive(Clone, Copy)]
pub enum Pace {
    /// As soon as the replies to the last ones are in.
    Closed,
    /// So many in a second by all connections together, one at a time, whatever becomes of them.
    Open {
        /// Requests in a second.
        rate: f64,
    },
}

/// What came out.
pub struct Outcome {
    /// Replies in a second.
    pub rate: f64,
    /// Microseconds of the server's processor time for each; not a number if nobody knows its process.
    pub processor: f64,
    /// How long each took.
    pub latencies: Latencies,
}

/// Connects, asks, and tells what came out. `process` is the server's.
pub fn run(plan: &Plan, process: Option<u32>) -> Result<Outcome> {
    let threads = plan.threads.clamp(1, plan.clients);
    let mut drivers = Vec::new();
    for thread in 0..threads {
        let share = plan.clients / threads + usize::from(thread < plan.clients % threads);
        let connections = (0..share).map(|_| Connection::open(plan.address));
        let requests = Requests::new(plan.workload, thread as u64);
        drivers.push(Driver::new(connections.collect::<Result<_>>()?, requests)?);
    }
    let spent = || process.map_or(Ok(f64::NAN), processor::of);
    let before = spent()?;
    let start = Instant::now();
    let mut latencies = Latencies::new();
    std::thread::scope(|scope| -> Result<()> {
        let drive = |driver: Driver| scope.spawn(move || driver.drive(plan, start));
        let running: Vec<_> = drivers.into_iter().map(drive).collect();
        for thread in running {
            latencies.add(&thread.join().expect("a driver does not panic")?);
        }
        Ok(())
    })?;
    let seconds = start.elapsed().as_secs_f64();
    let count = latencies.count() as f64;
    Ok(Outcome { rate: count / seconds, processor: (spent()? - before) / count, latencies })
}
