//! How long requests took, and when the next one is due.
//!
//! ```text
//! closed loop     request ──── reply, request ──── reply, request ...
//! open loop       due  ·  due  ·  due  ·  due  ·  due  ·  due          come what may
//!                 '--------------- a stall ---------'
//!                       '----------------- each that was due meanwhile
//!                             '----------- has waited, too
//! ```
//!
//! A client that sends its next request when the reply is in asks nothing while the server stalls: a
//! second without an answer is one slow request for each connection, and the percentiles hide it. They
//! say how long a reply takes, not how long a user waits. In an open loop requests are due by the clock,
//! and what each took counts from when it was **due**, even if it could only be sent later.
//!
//! Percentiles come out of a histogram, of which each bucket is a thousandth of its value wide.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

/// Digits of a value that count: a bucket is a thousandth of it.
const DIGITS: u8 = 3;
/// What is smaller is not told apart.
const SHORTEST_NS: u64 = 100;
/// What is longer counts as this.
const LONGEST_NS: u64 = 100_000_000_000;

/// How long requests took.
pub struct Latencies {
    histogram: Histogram<u64>,
}

impl Latencies {
    /// None yet.
    pub fn new() -> Self {
        let histogram = Histogram::new_with_bounds(SHORTEST_NS, LONGEST_NS, DIGITS);
        Latencies { histogram: histogram.expect("the bounds are in order") }
    }

    /// Counts one that took so long.
    pub fn record(&mut self, latency: Duration) {
        self.histogram.saturating_record(latency.as_nanos() as u64);
    }

    /// Counts those that others have recorded.
    pub fn add(&mut self, others: &Latencies) {
        self.histogram.add(&others.histogram).expect("all have the same bounds");
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// What `percent` of all didn't exceed, in microseconds.
    pub fn percentile(&self, percent: f64) -> f64 {
        self.histogram.value_at_percentile(percent) as f64 / 1000.0
    }

    /// The longest, in microseconds.
    pub fn longest(&self) -> f64 {
        self.histogram.max() as f64 / 1000.0
    }
}

/// When requests of an open loop are due: one each `1 / rate` seconds.
pub struct Schedule {
    start: Instant,
    end: Instant,
    rate: f64,
    taken: u64,
}

impl Schedule {
    /// The first is due at `start`, and none at `end` or later.
    pub fn new(start: Instant, end: Instant, rate: f64) -> Self {
        Schedule { start, end, rate, taken: 0 }
    }

    /// When the next one is due, or was, if there is one.
    pub fn due(&self) -> Option<Instant> {
        let due = self.start + Duration::from_secs_f64(self.taken as f64 / self.rate);
        (due < self.end).then_some(due)
    }

    /// Takes the next one if its time has come, and tells which time that was.
    pub fn take(&mut self, now: Instant) -> Option<Instant> {
        let due = self.due().filter(|due| *due <= now)?;
        self.taken += 1;
        Some(due)
    }
}
