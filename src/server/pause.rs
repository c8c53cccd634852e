//! CLIENT PAUSE: commands wait, all of them or only those that write.

use std::sync::{Arc, Condvar};
use std::time::{Duration, Instant};

/// What is paused, and until when.
#[derive(Debug, Default)]
pub struct Pause {
    until: Option<Instant>,
    /// Only commands that may write wait.
    only_writes: bool,
    /// Signalled when those who wait should look again.
    resumed: Arc<Condvar>,
}

impl Pause {
    /// Pauses for `duration`. A pause in force is never shortened, nor made milder.
    pub fn begin(&mut self, duration: Duration, only_writes: bool) {
        let now = Instant::now();
        let until = now.checked_add(duration).unwrap_or(now + FOREVER);
        let running = self.until.filter(|until| *until > now);
        self.only_writes = only_writes && (running.is_none() || self.only_writes);
        self.until = Some(running.map_or(until, |running| running.max(until)));
    }

    /// Ends the pause.
    pub fn end(&mut self) {
        self.until = None;
        self.wake();
    }

    /// Lets all who wait look again: the pause is over, or their connection is.
    pub fn wake(&self) {
        self.resumed.notify_all();
    }

    /// What those who wait wait for.
    pub fn resumed(&self) -> Arc<Condvar> {
        Arc::clone(&self.resumed)
    }

    /// How long a command still has to wait.
    pub fn remaining(&self, writes: bool) -> Option<Duration> {
        let until = self.until.filter(|_| writes || !self.only_writes)?;
        until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    /// Whether expiry and eviction have to wait, so that the data stands still.
    pub fn holds_writes(&self) -> bool {
        self.remaining(true).is_some()
    }
}

/// A century: for a pause whose end lies beyond what clocks can say.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
