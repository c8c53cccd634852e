//! How much processor time a server has spent, its threads and those that have ended included.
//!
//! The kernel counts it in ticks of a hundredth of a second, so what is measured by it has to last for
//! many of them. It tells more than requests/s where a client and a server share a machine: a server
//! that spends less on a request leaves the client more, and both are faster then; and on a machine
//! with cores to spare it is what the same answers cost.

use std::io::{Error, Result};
use std::num::ParseFloatError;

use rustix::param::clock_ticks_per_second;

/// Where `stat` has the time that a process has spent, counted from behind its name: in its own code
/// and in the kernel; and the same for its children that have ended.
pub const OWN: usize = 11;
pub const OF_CHILDREN: usize = 13;

/// Microseconds that a process has spent.
pub fn of(process: u32) -> Result<f64> {
    microseconds(&format!("/proc/{process}/stat"), OWN)
}

/// Microseconds that ended children of this process have spent.
pub fn of_children() -> Result<f64> {
    microseconds("/proc/self/stat", OF_CHILDREN)
}

fn microseconds(path: &str, first: usize) -> Result<f64> {
    let ticks = ticks(&std::fs::read_to_string(path)?, first);
    Ok(ticks.map_err(Error::other)? * 1e6 / clock_ticks_per_second() as f64)
}

/// Two fields of `stat`, added. A name may contain anything, so count from behind its bracket.
pub fn ticks(stat: &str, first: usize) -> std::result::Result<f64, ParseFloatError> {
    let rest = stat.rsplit(')').next().unwrap_or_default();
    rest.split_whitespace().skip(first).take(2).map(str::parse::<f64>).sum()
}
