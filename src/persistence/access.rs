//! How a loader gets at the engine: it runs at the start, when others need the lock as well, and under
//! the lock for DEBUG LOADAOF.

use crate::engine::{Engine, SharedEngine};

/// How the loader gets at the engine.
pub enum Access<'a> {
    /// It takes the lock for each batch.
    Shared(&'a SharedEngine),
    /// It has it already (DEBUG LOADAOF).
    Held(&'a mut Engine),
}

impl Access<'_> {
    /// Does something with the engine.
    pub fn with<T>(&mut self, work: impl FnOnce(&mut Engine) -> T) -> T {
        match self {
            Access::Shared(shared) => work(&mut shared.lock_in_turn()),
            Access::Held(engine) => work(engine),
        }
    }
}
