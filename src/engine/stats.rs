//! What the server counts, for INFO.
//!
//! How long commands take is kept as a histogram for each command, made when the command is first
//! called. Its buckets grow with the value (HDR, "high dynamic range"): two significant digits
//! from a nanosecond to a second, in a few kilobytes, and a few nanoseconds to record a call.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::slot_stats::SlotStats;
use crate::catalogue::{Command, ROWS};

/// Counters since the start, or since CONFIG RESETSTAT.
#[derive(Debug)]
#[allow(missing_docs)] // they are named as INFO shows them
pub struct Stats {
    pub total_connections_received: u64,
    pub total_commands_processed: u64,
    pub total_net_input_bytes: u64,
    pub total_net_output_bytes: u64,
    pub rejected_connections: u64,
    pub expired_keys: u64,
    /// Fields of hashes that were removed because their time was over.
    pub expired_subkeys: u64,
    pub expired_time_cap_reached_count: u64,
    pub evicted_keys: u64,
    pub evicted_clients: u64,
    pub evicted_scripts: u64,
    /// Connections that were closed because a request was too long.
    pub closed_for_input: u64,
    /// Connections that were closed because too much was waiting to be sent.
    pub closed_for_output: u64,
    pub keyspace_hits: u64,
    pub keyspace_misses: u64,
    pub total_reads_processed: u64,
    pub total_writes_processed: u64,
    pub unexpected_error_replies: u64,
    pub total_error_replies: u64,
    pub acl_access_denied_auth: u64,
    pub acl_access_denied_cmd: u64,
    pub acl_access_denied_key: u64,
    pub acl_access_denied_channel: u64,
    /// By code; bounded, for a script could invent codes.
    pub errors: BTreeMap<Vec<u8>, u64>,
    /// By command.
    pub commands: Vec<CommandStats>,
    /// How long its calls took, in nanoseconds, by command; see [`Stats::record_latency`].
    latencies: Vec<Option<Box<Histogram<u64>>>>,
    /// The peak of used memory.
    pub used_memory_peak: u64,
    /// When that was, in Unix seconds.
    pub used_memory_peak_s: i64,
    /// Per second, over the last samples.
    pub operations: Rate,
    pub net_input: Rate,
    pub net_output: Rate,
    /// The largest buffers of clients for requests, and for what is sent to them.
    pub largest_input: Recent,
    pub largest_output: Recent,
    /// CLUSTER SLOT-STATS: what was done in each slot.
    pub slots: SlotStats,
}

/// What INFO commandstats shows of a command.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct CommandStats {
    pub calls: u64,
    /// Together, in nanoseconds: most calls take less than a microsecond.
    pub time_ns: u64,
    pub rejected_calls: u64,
    pub failed_calls: u64,
}

/// The upper end of the histograms.
pub const LONGEST_LATENCY_NS: u64 = 1_000_000_000;
/// Significant digits that they keep.
const LATENCY_DIGITS: u8 = 2;

/// Different codes that `errors` counts apart. Scripts may raise any number; one more takes the place of the
/// one that was seen least.
const MOST_ERROR_CODES: usize = 128;

impl Default for Stats {
    fn default() -> Self {
        Stats {
            total_connections_received: 0,
            total_commands_processed: 0,
            total_net_input_bytes: 0,
            total_net_output_bytes: 0,
            rejected_connections: 0,
            expired_keys: 0,
            expired_subkeys: 0,
            expired_time_cap_reached_count: 0,
            evicted_keys: 0,
            evicted_clients: 0,
            evicted_scripts: 0,
            closed_for_input: 0,
            closed_for_output: 0,
            keyspace_hits: 0,
            keyspace_misses: 0,
            total_reads_processed: 0,
            total_writes_processed: 0,
            unexpected_error_replies: 0,
            total_error_replies: 0,
            acl_access_denied_auth: 0,
            acl_access_denied_cmd: 0,
            acl_access_denied_key: 0,
            acl_access_denied_channel: 0,
            errors: BTreeMap::new(),
            commands: vec![CommandStats::default(); ROWS.len()],
            latencies: vec![None; ROWS.len()],
            used_memory_peak: 0,
            used_memory_peak_s: 0,
            operations: Rate::default(),
            net_input: Rate::default(),
            net_output: Rate::default(),
            largest_input: Recent::default(),
            largest_output: Recent::default(),
            slots: SlotStats::default(),
        }
    }
}

impl Stats {
    /// Begins to count anew. The peak of used memory stays: it may matter later.
    pub fn reset(&mut self) {
        let Stats { used_memory_peak, used_memory_peak_s, .. } = *self;
        *self = Stats { used_memory_peak, used_memory_peak_s, ..Stats::default() };
    }

    /// So much memory is used now.
    pub fn note_memory(&mut self, used: u64, now_s: i64) {
        if used > self.used_memory_peak {
            (self.used_memory_peak, self.used_memory_peak_s) = (used, now_s);
        }
    }

    /// The counters of a command.
    #[inline]
    pub fn command(&mut self, command: Command) -> &mut CommandStats {
        &mut self.commands[command as usize]
    }

    /// Notes how long a call took. More than a second counts as a second.
    #[inline]
    pub fn record_latency(&mut self, command: Command, elapsed_ns: u64) {
        let histogram = self.latencies[command as usize].get_or_insert_with(|| {
            let new = Histogram::new_with_bounds(1, LONGEST_LATENCY_NS, LATENCY_DIGITS);
            Box::new(new.expect("the bounds are valid"))
        });
        histogram.saturating_record(elapsed_ns.clamp(1, LONGEST_LATENCY_NS));
    }

    /// How long the command's calls took, if there were any.
    pub fn latency(&self, command: Command) -> Option<&Histogram<u64>> {
        self.latencies[command as usize].as_deref()
    }

    /// Counts an error reply.
    pub fn error(&mut self, code: &[u8]) {
        self.total_error_replies += 1;
        if let Some(count) = self.errors.get_mut(code) {
            *count += 1;
            return;
        }
        if self.errors.len() >= MOST_ERROR_CODES {
            let seldom = self.errors.iter().min_by_key(|(_, count)| **count);
            let code = seldom.expect("there are some").0.clone();
            self.errors.remove(&code);
        }
        self.errors.insert(code.to_vec(), 1);
    }
}

/// The largest of what was seen in the last seconds, as Redis' `client_recent_max_*` fields.
#[derive(Debug, Default)]
pub struct Recent {
    /// The largest of each second.
    largest: [usize; RECENT_S],
    /// The second that was seen last.
    second: u64,
}

/// How many seconds are recent.
const RECENT_S: usize = 8;

impl Recent {
    /// Something of this size was there in this second.
    pub fn see(&mut self, size: usize, second: u64) {
        self.forget_before(second);
        let largest = &mut self.largest[second as usize % RECENT_S];
        *largest = size.max(*largest);
    }

    /// The largest that was seen, as of this second.
    pub fn largest(&mut self, second: u64) -> usize {
        self.forget_before(second);
        self.largest.into_iter().max().unwrap_or(0)
    }

    fn forget_before(&mut self, second: u64) {
        let passed = second.saturating_sub(self.second).min(RECENT_S as u64);
        for ago in 0..passed {
            self.largest[(second - ago) as usize % RECENT_S] = 0;
        }
        self.second = self.second.max(second);
    }
}

/// A rate per second: the mean of the last samples, as Redis' `instantaneous_*` fields.
#[derive(Debug, Default)]
pub struct Rate {
    samples: [u64; RATE_SAMPLES],
    next: usize,
    last_total: u64,
}

/// 16 samples, ten a second.
const RATE_SAMPLES: usize = 16;

impl Rate {
    /// Takes a sample: the total counted until now, `elapsed_ms` after the last sample. Returns how much has
    /// come since that.
    pub fn sample(&mut self, total: u64, elapsed_ms: u64) -> u64 {
        let delta = total.saturating_sub(self.last_total);
        self.last_total = total;
        self.samples[self.next] = delta * 1000 / elapsed_ms.max(1);
        self.next = (self.next + 1) % RATE_SAMPLES;
        delta
    }

    /// The rate per second.
    pub fn per_second(&self) -> u64 {
        self.samples.iter().sum::<u64>() / RATE_SAMPLES as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_errors_of_scripts_displace_no_others() {
        let mut stats = Stats::default();
        let raise = |stats: &mut Stats, numbers: std::ops::Range<u32>| {
            numbers.for_each(|number| stats.error(format!("E{number}").as_bytes()));
        };
        (0..3).for_each(|_| stats.error(b"ERR"));
        raise(&mut stats, 0..3000);
        (0..2).for_each(|_| stats.error(b"WRONGPASS"));
        raise(&mut stats, 3000..6000);
        assert_eq!(stats.errors.len(), MOST_ERROR_CODES);
        assert_eq!((stats.errors[&b"ERR"[..]], stats.errors[&b"WRONGPASS"[..]]), (3, 2));
    }

    #[test]
    fn the_largest_is_forgotten_after_eight_seconds() {
        let mut recent = Recent::default();
        recent.see(100, 1000);
        recent.see(50, 1000);
        recent.see(70, 1003);
        assert_eq!(recent.largest(1007), 100);
        assert_eq!(recent.largest(1008), 70);
        assert_eq!(recent.largest(1010), 70);
        assert_eq!(recent.largest(1011), 0);
        recent.see(1, 2000);
        assert_eq!((recent.largest(2007), recent.largest(5000)), (1, 0));
    }
}
