//! Pauses: commands wait, all of them or only those that write.
//!
//! CLIENT PAUSE is for a time, and CLIENT UNPAUSE ends it. The server itself holds writes until a
//! matter of its own is settled, and no client can end that.

use std::sync::{Arc, Condvar};
use std::time::{Duration, Instant};

/// Why the server itself holds writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A replica is to have everything before it takes over.
    Failover,
    /// Replicas are to have everything before the server ends, and then nothing may change.
    Shutdown,
}

/// What is paused, and until when.
#[derive(Debug, Default)]
pub struct Pause {
    until: Option<Instant>,
    /// Only commands that may write wait.
    only_writes: bool,
    held: Vec<Reason>,
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

    /// Writes wait until this reason is gone.
    pub fn hold(&mut self, reason: Reason) {
        if !self.held.contains(&reason) {
            self.held.push(reason);
        }
    }

    /// The reason is gone.
    pub fn release(&mut self, reason: Reason) {
        self.held.retain(|held| *held != reason);
        self.wake();
    }

    /// Whether the server itself holds writes.
    pub fn is_held(&self) -> bool {
        !self.held.is_empty()
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
        if writes && self.is_held() {
            return Some(FOREVER);
        }
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
