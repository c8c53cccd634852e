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
        pause(self.load.load(Ordering::Relaxed), keys);
    }

    /// After so many keys were saved.
    pub fn saved(&self, keys: usize) {
        pause(self.save.load(Ordering::Relaxed), keys);
    }
}

/// A negative delay is a microsecond after one of so many keys: no sleep is as short as tests want it.
fn pause(delay_us: i32, keys: usize) {
    if delay_us == 0 || keys == 0 {
        return;
    }
    let each = u64::from(delay_us.unsigned_abs());
    let keys = keys as u64;
    let us = match delay_us > 0 {
        true => each * keys,
        false => keys / each + u64::from(Random::from_system().next_u64() % each < keys % each),
    };
    if us > 0 {
        std::thread::sleep(Duration::from_micros(us));
    }
}
