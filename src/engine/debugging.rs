//! What tests of servers switch: DEBUG, and parameters that only slow things down.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use crate::config::Config;
use crate::system::random::Random;

/// What DEBUG has switched.
#[derive(Debug, Default)]
pub struct Debugging {
    /// Nothing happens by itself (DEBUG PAUSE-CRON).
    pub cron_paused: bool,
    /// Files and payloads are read whatever their checksums say (SET-SKIP-CHECKSUM-VALIDATION).
    pub skips_checksums: bool,
    /// Pauses while data is read and written.
    pub delays: Arc<Delays>,
}

/// Pauses after each key, in microseconds. They hold for work that is going on already, so those who
/// work outside of the lock share them.
#[derive(Debug, Default)]
pub struct Delays {
    load: AtomicI32,
    save: AtomicI32,
}

impl Delays {
    /// Takes `key-load-delay` and `rdb-key-save-delay`.
    pub fn configure(&self, config: &Config) {
        self.load.store(config.key_load_delay, Ordering::Relaxed);
        self.save.store(config.rdb_key_save_delay, Ordering::Relaxed);
    }

    /// After so many keys were loaded.
    pub fn loaded(&self, keys: usize) {
        pause(&self.load, keys, || false);
    }

    /// After so many keys were saved. It is over when the job is not wanted any more.
    pub fn saved(&self, keys: usize, is_over: impl Fn() -> bool) {
        pause(&self.save, keys, is_over);
    }
}

/// How soon a pause ends that has become shorter or is over.
const GLANCE: Duration = Duration::from_millis(10);

/// Pauses for so many keys. What is set meanwhile holds for all of them.
fn pause(delay_us: &AtomicI32, keys: usize, is_over: impl Fn() -> bool) {
    let mut slept = Duration::ZERO;
    loop {
        let whole = length(delay_us.load(Ordering::Relaxed), keys as u64);
        let rest = whole.saturating_sub(slept).min(GLANCE);
        if rest.is_zero() || is_over() {
            return;
        }
        std::thread::sleep(rest);
        slept += rest;
    }
}

/// A negative delay is a microsecond after one of so many keys: no sleep is as short as tests want it.
fn length(delay_us: i32, keys: u64) -> Duration {
    let each = u64::from(delay_us.unsigned_abs());
    Duration::from_micros(match delay_us {
        0 => 0,
        1.. => each * keys,
        _ => keys / each + u64::from(Random::from_system().next_u64() % each < keys % each),
    })
}
