//! How much many cores can do with one lock.
//!
//! ```text
//!   at best      min(n / (o + h), 1 / h)      who waits leaves its core to another worker, at no cost
//!   at worst     mean value analysis           who waits keeps its core: n workers, one lock
//! ```
//!
//! Here `h` is the time with the lock and `o` the time outside of it. The truth lies between the two; both end at
//! `1 / h`, and bend at (o + h) / h cores. Mean value analysis (Reiser and Lavenberg, 1980) is exact for one queue
//! and `n` customers if times vary as much as exponential ones do; ours vary less, so it is rather too bad.

/// Takings in a microsecond if a waiting worker leaves its core to another one.
pub fn at_best(cores: usize, outside: f64, held: f64) -> f64 {
    (cores as f64 / (outside + held)).min(1.0 / held)
}

/// The same if it keeps it: mean value analysis, from one worker to `cores`.
pub fn at_worst(cores: usize, outside: f64, held: f64) -> f64 {
    let (mut queue, mut rate) = (0.0, 0.0);
    for workers in 1..=cores {
        let at_lock = held * (1.0 + queue);
        rate = workers as f64 / (outside + at_lock);
        queue = rate * at_lock;
    }
    rate
}
