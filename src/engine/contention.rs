//! How long THE lock is held at a time, and how long threads wait for it.
//!
//! What one lock costs shows here before it shows in throughput: as soon as the lock is held for a good part
//! of the time, more cores bring nothing (`docs/performance.md` has the model). So both are counted always, in
//! buckets that double, for a few additions per taking:
//!
//! ```text
//!   bucket   0      1        2        3         ...   10               20
//!   until    1 ns   2 ns     4 ns     8 ns            1.02 us          1.05 ms
//! ```
//!
//! A connection reads the clock when a command begins and when one ends, and that is what counts as holding:
//! what happens before the first and after the last takes less than a reading would. Whoever takes the lock for
//! something else than commands reads it for this.

use crate::system::clock::Tick;

/// Buckets up to 9 minutes.
const BUCKETS: usize = 40;

/// How long the lock was held and waited for, since the start or CONFIG RESETSTAT.
#[derive(Debug, Default)]
pub struct Contention {
    /// How long it was held, each time.
    pub held: Durations,
    /// How long who found it taken has waited.
    pub waited: Durations,
    /// Who has it now has it since then, if anybody has looked.
    held_since: Option<Tick>,
    /// For how long who has it now has waited.
    waited_ns: u64,
}

impl Contention {
    /// Somebody has taken the lock, at once or after waiting.
    #[inline]
    pub(super) fn taken(&mut self, waited_ns: Option<u64>) {
        self.held_since = None;
        self.waited_ns = waited_ns.unwrap_or(0);
        if let Some(waited_ns) = waited_ns {
            self.waited.add(waited_ns);
        }
    }

    /// The clock was read under the lock.
    #[inline]
    pub(super) fn looked(&mut self, now: Tick) {
        self.held_since.get_or_insert(now);
    }

    /// Since when the lock is held, if anybody has looked.
    #[inline]
    pub(super) fn held_since(&self) -> Option<Tick> {
        self.held_since
    }

    /// For how many nanoseconds who has the lock has waited for it.
    pub fn waited_ns(&self) -> u64 {
        self.waited_ns
    }

    /// Begins to count anew.
    pub fn reset(&mut self) {
        (self.held, self.waited) = Default::default();
    }
}

/// Durations, counted.
#[derive(Clone, Debug)]
pub struct Durations {
    buckets: [u64; BUCKETS],
    /// All of them together.
    pub total_ns: u64,
    /// The longest.
    pub longest_ns: u64,
}

impl Default for Durations {
    fn default() -> Self {
        Durations { buckets: [0; BUCKETS], total_ns: 0, longest_ns: 0 }
    }
}

impl Durations {
    /// Counts one.
    #[inline]
    pub fn add(&mut self, ns: u64) {
        let bucket =
            ns.checked_next_power_of_two().map_or(BUCKETS, |end| end.trailing_zeros() as usize);
        self.buckets[bucket.min(BUCKETS - 1)] += 1;
        self.total_ns += ns;
        self.longest_ns = self.longest_ns.max(ns);
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// The buckets that aren't empty: how long the durations in it are at most, in nanoseconds, and how many
    /// there are.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> {
        let filled = self.buckets.iter().enumerate().filter(|(_, count)| **count > 0);
        filled.map(|(bucket, count)| (1 << bucket, *count))
    }

    /// So many of a thousand took no longer than this, in nanoseconds: the end of a bucket.
    pub fn permille(&self, permille: u64) -> u64 {
        let wanted = (self.count() * permille).div_ceil(1000);
        let mut seen = 0;
        let found = self.buckets().find(|(_, count)| {
            seen += count;
            seen >= wanted
        });
        found.map_or(0, |(end, _)| end.min(self.longest_ns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_double() {
        let mut durations = Durations::default();
        assert_eq!((durations.count(), durations.permille(990)), (0, 0));
        [0, 1, 2, 3, 4, 5, 1000, 1024, 1025, u64::MAX / 8].iter().for_each(|ns| durations.add(*ns));
        let buckets: Vec<_> = durations.buckets().collect();
        assert_eq!(
            buckets,
            [(1, 2), (2, 1), (4, 2), (8, 1), (1024, 2), (2048, 1), (1 << (BUCKETS - 1), 1)]
        );
        assert_eq!((durations.count(), durations.longest_ns), (10, u64::MAX / 8));
    }

    #[test]
    fn percentiles_are_the_ends_of_buckets_and_never_beyond_the_longest() {
        let mut durations = Durations::default();
        (0..990).for_each(|_| durations.add(100));
        (0..10).for_each(|_| durations.add(5000));
        let at = |permille| durations.permille(permille);
        assert_eq!([500, 990, 991, 999].map(at), [128, 128, 5000, 5000]);
    }
}
