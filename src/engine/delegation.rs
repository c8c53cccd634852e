//! Delegation: who can't get a lock for long lets its holder do the work.
//!
//! The holder opens the door when it has become clear that it will take long, and serves from time to
//! time who has come; before it gives the lock back, it closes the door behind the last one. A job
//! that was taken in is done for sure. One that comes too late goes back to its owner, who gets the
//! lock soon.
//!
//! ```text
//!            open        serve          serve            close
//! holder  ────┬────────────┬──────────────┬────────────────┬──── unlock
//!             │   jobs ────┘   jobs ──────┘   jobs ────────┘      ^
//! others  try_lock: taken; is_open? ── pass(job), wait for what it returns
//! ```
//!
//! Nothing of this costs anything as long as the door is closed. The models (`tests/models`) try it in
//! many orders of threads.

use crate::system::sync::atomic::{AtomicBool, Ordering};
use crate::system::sync::channel::{self, Sender};
use crate::system::sync::{Mutex, MutexGuard};

/// What somebody wants to have done with what the lock guards.
type Job<E> = Box<dyn FnOnce(&mut E) + Send>;

/// The door beside a lock that guards an `E`.
pub struct Delegation<E> {
    /// None: it is closed.
    jobs: Mutex<Option<Vec<Job<E>>>>,
    is_open: AtomicBool,
}

impl<E> Default for Delegation<E> {
    fn default() -> Self {
        Delegation { jobs: Mutex::new(None), is_open: AtomicBool::new(false) }
    }
}

impl<E> Delegation<E> {
    /// Whether it is of use to come here in place of waiting for the lock.
    pub fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    /// The holder: lets others in.
    pub fn open(&self) {
        self.lock().get_or_insert_default();
        self.is_open.store(true, Ordering::Relaxed);
    }

    /// The holder: does what has come since the last time.
    pub fn serve(&self, guarded: &mut E) {
        let jobs = self.lock().as_mut().map(std::mem::take);
        jobs.into_iter().flatten().for_each(|job| job(guarded));
    }

    /// The holder: lets nobody in any more, and does what has come before.
    pub fn close(&self, guarded: &mut E) {
        self.is_open.store(false, Ordering::Relaxed);
        let jobs = self.lock().take();
        jobs.into_iter().flatten().for_each(|job| job(guarded));
    }

    /// Lets the holder do this, and waits for what comes of it. If the door is closed, the job comes
    /// back.
    pub fn pass<T, J>(&self, job: J) -> Result<T, J>
    where
        T: Send + 'static,
        J: FnOnce(&mut E) -> T + Send + 'static,
    {
        let (done, result) = channel::unbounded();
        match &mut *self.lock() {
            Some(jobs) => jobs.push(boxed(job, done)),
            None => return Err(job),
        }
        Ok(result.recv().expect("a job that was taken in is done"))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<Job<E>>>> {
        self.jobs.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn boxed<E, T: Send + 'static>(
    job: impl FnOnce(&mut E) -> T + Send + 'static,
    done: Sender<T>,
) -> Job<E> {
    Box::new(move |guarded| {
        // Who has passed the job waits for this; it goes only together with the process.
        let _ = done.send(job(guarded));
    })
}
