//! What threads share, wait for and write to, where the order in which they do it matters most.
//!
//! The files that make sure that no reply leaves before its bytes are safe, and that replies and pushes
//! leave in order, take their locks, threads, channels, files and clock from here: `engine/outbox.rs`,
//! `engine/writers.rs`, `engine/delegation.rs`, `journal/group_commit.rs`, `journal/turns.rs`. In the server these are the standard
//! library's. The models (`tests/models`) compile the same files with another `sync` in this
//! one's place, whose threads take turns as a scheduler wants that looks for the one order in a
//! million in which something goes wrong.

pub use std::fs::File;
pub use std::sync::{Condvar, Mutex, MutexGuard, TryLockError, atomic};
pub use std::thread;
pub use std::time::Instant;

pub use super::clock::machine_now;

pub use crossbeam::channel;
pub use rustix::event::poll;
