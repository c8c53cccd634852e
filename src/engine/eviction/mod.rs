//! Eviction: what goes when memory is short.
//!
//! | file             | what it is                                             |
//! |------------------|--------------------------------------------------------|
//! | this one         | how recently or how often a key was used               |
//! | [`evict`]        | makes room                                             |
//! | [`pool`]         | the best candidates seen so far                        |
//! | [`clients`]      | connections that take too much                         |
//!
//! An entry has 32 bits for its use:
//!
//! | policy  | contents                                                                       |
//! |---------|--------------------------------------------------------------------------------|
//! | `*-lfu` | 16 bits: minute of the last decay; 8 bits: a logarithmic counter of uses        |
//! | others  | 24 bits: second of the last use                                                 |
//!
//! The counter follows Morris ("Counting large numbers of events in small registers", 1978): the
//! higher it is, the less likely a use increments it. It loses one each `lfu-decay-time` minutes.

pub mod clients;
pub mod evict;
pub mod pool;

use crate::config::{Config, EvictionPolicy};
use crate::rdb::Usage;

/// What eviction keeps from one time to the next.
#[derive(Debug, Default)]
pub struct EvictionState {
    /// Keys that might go next.
    pub pool: pool::Pool,
    /// The policy that the pool is for.
    pub policy: Option<EvictionPolicy>,
    /// The database that the last random key was taken from.
    pub last_db: usize,
    /// Bytes that were left of clients that could not be evicted.
    pub clients_left: u64,
    /// Bytes of evicted keys that a snapshot keeps in memory until it has copied them.
    pub held: u64,
}

/// Where the counter of a new key starts, so that it isn't evicted before it could be used.
const LFU_INITIAL: u32 = 5;
const LRU_MASK: u32 = (1 << 24) - 1;
const MINUTES_MASK: u32 = (1 << 16) - 1;

/// Whether the policy counts uses.
pub fn counts_uses(policy: EvictionPolicy) -> bool {
    matches!(policy, EvictionPolicy::AllkeysLfu | EvictionPolicy::VolatileLfu)
}

impl EvictionPolicy {
    /// Whether only keys that expire may be evicted.
    pub fn is_volatile(self) -> bool {
        use EvictionPolicy::{VolatileLfu, VolatileLru, VolatileRandom, VolatileTtl};
        matches!(self, VolatileLru | VolatileLfu | VolatileRandom | VolatileTtl)
    }

    /// Whether it chooses by how recently or how often keys were used.
    pub fn is_by_use(self) -> bool {
        use EvictionPolicy::{AllkeysLru, VolatileLru};
        counts_uses(self) || matches!(self, AllkeysLru | VolatileLru)
    }
}

/// What a new key starts with.
pub fn initial(policy: EvictionPolicy, now_ms: i64) -> u32 {
    if counts_uses(policy) { minutes(now_ms) << 8 | LFU_INITIAL } else { seconds(now_ms) }
}

/// What a key has after one more use. `random` decides whether the counter grows.
pub fn used(config: &Config, old: u32, now_ms: i64, random: impl FnOnce() -> u64) -> u32 {
    if !counts_uses(config.maxmemory_policy) {
        return seconds(now_ms);
    }
    let counter = increment(frequency(config, old, now_ms), config.lfu_log_factor, random);
    minutes(now_ms) << 8 | counter
}

/// The counter, as decayed until now.
pub fn frequency(config: &Config, access: u32, now_ms: i64) -> u32 {
    let counter = access & 0xff;
    let elapsed = minutes(now_ms).wrapping_sub(access >> 8) & MINUTES_MASK;
    match config.lfu_decay_time {
        0 => counter,
        period => counter.saturating_sub(elapsed / period),
    }
}

/// The clock of the access bits: seconds, as far as they go.
pub fn clock(now_ms: i64) -> u32 {
    seconds(now_ms)
}

/// Seconds since the last use.
pub fn idle_seconds(access: u32, now_ms: i64) -> u32 {
    seconds(now_ms).wrapping_sub(access) & LRU_MASK
}

/// The access bits of a key that was idle for so long; for RESTORE and snapshots.
pub fn idle_for(idle_seconds: u64, now_ms: i64) -> u32 {
    seconds(now_ms).wrapping_sub(idle_seconds as u32) & LRU_MASK
}

/// The access bits of a key with this counter; for RESTORE and snapshots.
pub fn with_frequency(counter: u8, now_ms: i64) -> u32 {
    minutes(now_ms) << 8 | u32::from(counter)
}

/// The access bits that a RESTORE or a file asks for; None: the policy keeps the other measure.
pub fn access_of(policy: EvictionPolicy, usage: Usage, now_ms: i64) -> Option<u32> {
    match (usage, counts_uses(policy)) {
        (Usage::IdleSeconds(seconds), false) => Some(idle_for(seconds, now_ms)),
        (Usage::Frequency(counter), true) => Some(with_frequency(counter, now_ms)),
        _ => None,
    }
}

/// What a snapshot keeps of the access bits: nothing, if keys are not evicted by their use.
pub fn usage_of(config: &Config, access: u32, now_ms: i64) -> Option<Usage> {
    use EvictionPolicy::*;
    match config.maxmemory_policy {
        AllkeysLfu | VolatileLfu => Some(Usage::Frequency(frequency(config, access, now_ms) as u8)),
        AllkeysLru | VolatileLru => Some(Usage::IdleSeconds(idle_seconds(access, now_ms).into())),
        _ => None,
    }
}

fn increment(counter: u32, log_factor: u32, random: impl FnOnce() -> u64) -> u32 {
    if counter == 255 {
        return counter;
    }
    let base = f64::from(counter.saturating_sub(LFU_INITIAL));
    let chance = 1.0 / (base * f64::from(log_factor) + 1.0);
    let random = (random() >> 11) as f64 / (1u64 << 53) as f64;
    counter + u32::from(random < chance)
}

fn seconds(now_ms: i64) -> u32 {
    (now_ms / 1000) as u32 & LRU_MASK
}

fn minutes(now_ms: i64) -> u32 {
    (now_ms / 60_000) as u32 & MINUTES_MASK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_time_is_kept_to_the_second() {
        let access = initial(EvictionPolicy::NoEviction, 5_000_000);
        assert_eq!(idle_seconds(access, 5_012_999), 12);
        assert_eq!(idle_seconds(idle_for(100, 5_000_000), 5_000_000), 100);
    }

    #[test]
    fn the_counter_grows_with_use_and_decays_with_time() {
        let config = Config { maxmemory_policy: EvictionPolicy::AllkeysLfu, ..Config::default() };
        let mut access = initial(config.maxmemory_policy, 0);
        (0..10).for_each(|_| access = used(&config, access, 0, || 0));
        assert_eq!(frequency(&config, access, 0), 15);
        assert_eq!(frequency(&config, access, 3 * 60_000), 12);
        assert_eq!(frequency(&config, used(&config, access, 0, || u64::MAX), 0), 15);
    }
}
