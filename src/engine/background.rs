//! Work on the data that takes long, as the engine knows it: what is running, and what is to run. How it
//! is begun and done is told in `persistence/background.rs`.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use crossbeam::channel::Sender;

use super::SharedEngine;
use crate::system::clock::machine_now;
use crate::system::mutex::locked;

/// What the thread is to do.
pub type Job = Box<dyn FnOnce(&SharedEngine) + Send>;

/// What can be running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// BGSAVE.
    Save,
    /// BGREWRITEAOF.
    Rewrite,
}

/// The job that is running.
#[derive(Clone, Debug)]
pub struct Running {
    /// What it is.
    pub kind: Kind,
    /// Since when.
    pub begun: Instant,
    /// How many keys it has to write, as far as that is known.
    pub keys: u64,
}

/// What others may know of the running job, and do to it, without the lock.
#[derive(Debug, Default)]
pub struct Control {
    cancelled: AtomicBool,
    keys_done: AtomicU64,
    /// Held while the file gets its name, which is not a moment to be cancelled.
    naming: Mutex<()>,
}

impl Control {
    /// Counts keys that were written, and fails if the job is not wanted any more.
    pub fn advance(&self, keys: usize) -> io::Result<()> {
        self.keys_done.fetch_add(keys as u64, Ordering::Relaxed);
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(io::Error::other("it was cancelled"));
        }
        Ok(())
    }

    /// Fails if the job is not wanted any more. If it is, it stays so while the guard is held.
    pub fn still_wanted(&self) -> io::Result<MutexGuard<'_, ()>> {
        let guard = self.naming();
        self.advance(0).map(|()| guard)
    }

    /// Lets the job fail soon.
    fn cancel(&self) {
        let _guard = self.naming();
        self.cancelled.store(true, Ordering::Relaxed);
    }

    fn naming(&self) -> MutexGuard<'_, ()> {
        locked(&self.naming)
    }

    /// Whether it is not wanted any more.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Keys that were written.
    pub fn keys_done(&self) -> u64 {
        self.keys_done.load(Ordering::Relaxed)
    }
}

/// The engine's side: what is running, and what is to run.
#[derive(Debug, Default)]
pub struct Background {
    /// Where jobs go; None: nothing can be done in the background.
    pub jobs: Option<Sender<Job>>,
    /// The running job.
    pub running: Option<Running>,
    /// Shared with it.
    pub control: Arc<Control>,
    /// BGSAVE is to begin as soon as possible.
    pub save_scheduled: bool,
    /// So is BGREWRITEAOF.
    pub rewrite_scheduled: bool,
}

impl Background {
    /// Whether a job of this kind is running.
    pub fn is_running(&self, kind: Kind) -> bool {
        self.running.as_ref().is_some_and(|running| running.kind == kind)
    }

    /// Lets the running job end soon, without an outcome, and begins no other.
    pub fn cancel_all(&mut self) {
        self.control.cancel();
        (self.save_scheduled, self.rewrite_scheduled) = (false, false);
    }

    /// Lets a running job of this kind end without an outcome: from here on, it replaces no file.
    pub fn cancel(&mut self, kind: Kind) {
        if self.is_running(kind) {
            self.control.cancel();
        }
    }

    /// Whether there is somebody to do it: not before the data is loaded, nor when the server ends.
    pub fn has_thread(&self) -> bool {
        self.jobs.is_some()
    }

    /// Hands a job over; only one is ever on its way. False: the thread has ended.
    pub fn start(&mut self, kind: Kind, keys: u64, job: Job) -> bool {
        self.control.cancelled.store(false, Ordering::Relaxed);
        self.control.keys_done.store(0, Ordering::Relaxed);
        let sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        if sent {
            self.running = Some(Running { kind, begun: machine_now(), keys });
        }
        sent
    }
}
