//! A shutdown that was asked for. What is done about it is told in `persistence/shutdown.rs`.

use std::time::{Duration, Instant};

use crate::config::ShutdownMode;
use crate::system::clock::machine_now;

/// What SHUTDOWN asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShutdownRequest {
    /// `SAVE` or `NOSAVE`; neither: save if there are save points.
    pub save: Option<bool>,
    /// `NOW`: don't wait for replicas that lag.
    pub now: bool,
    /// `FORCE`: stop even if saving fails.
    pub force: bool,
}

impl From<ShutdownMode> for ShutdownRequest {
    fn from(mode: ShutdownMode) -> Self {
        let ShutdownMode { save, no_save, now, force } = mode;
        ShutdownRequest { save: (save || no_save).then_some(save), now, force }
    }
}

/// A shutdown that waits for replicas.
#[derive(Debug)]
pub struct Leaving {
    /// What was asked for.
    pub request: ShutdownRequest,
    /// When it stops waiting.
    pub deadline: Instant,
    /// The connections that wait for it, by their numbers.
    pub clients: Vec<u64>,
}

impl Leaving {
    /// How long it will wait at the most.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(machine_now())
    }
}
