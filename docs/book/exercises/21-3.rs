//! The door beside the lock.
//!
//! A holder of a lock takes long, and serves others meanwhile. Write `Door`:
//!
//! - `open` and `close` are called by the holder. `close` does what has come before it, and lets nobody in
//!   afterwards.
//! - `serve`, called by the holder now and then, does what has come since the last time.
//! - `pass` is called by others: it leaves the job and waits until it was done. If the door is closed, it
//!   doesn't wait: the job comes back, as `Err`.
//!
//! A job that was accepted is done exactly once, even if the door closes at the same moment. While a job
//! is being done, others must be able to come in.

use std::sync::Mutex;
use std::sync::mpsc;

pub type Job = Box<dyn FnOnce(&mut i64) + Send>;

#[derive(Default)]
pub struct Door {
    // What do you need here?
}

impl Door {
    pub fn open(&self) {}

    pub fn serve(&self, guarded: &mut i64) {}

    pub fn close(&self, guarded: &mut i64) {}

    pub fn pass(&self, job: Job) -> Result<(), Job> {
        Err(job)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    #[test]
    fn a_closed_door_gives_the_job_back() {
        let door = Door::default();
        assert!(door.pass(Box::new(|_| {})).is_err());
        door.open();
        door.close(&mut 0);
        assert!(door.pass(Box::new(|_| {})).is_err());
    }

    #[test]
    fn jobs_are_done_by_the_holder() {
        let door = Arc::new(Door::default());
        door.open();
        let holder = std::thread::current().id();
        let job = move |guarded: &mut i64| {
            assert_eq!(std::thread::current().id(), holder);
            *guarded += 1;
        };
        let other = Arc::clone(&door);
        let other = std::thread::spawn(move || other.pass(Box::new(job)).is_ok());
        let (mut guarded, begun) = (0, Instant::now());
        while guarded == 0 && begun.elapsed() < Duration::from_secs(2) {
            door.serve(&mut guarded);
            std::thread::yield_now();
        }
        door.close(&mut guarded);
        assert!(other.join().unwrap());
        assert_eq!(guarded, 1);
    }

    #[test]
    fn none_is_lost_when_the_door_closes() {
        let mut done = 0;
        let accepted = Arc::new(AtomicUsize::new(0));
        for _ in 0..200 {
            let door = Arc::new(Door::default());
            door.open();
            let others: Vec<_> = (0..3)
                .map(|_| {
                    let (door, accepted) = (Arc::clone(&door), Arc::clone(&accepted));
                    std::thread::spawn(move || {
                        if door.pass(Box::new(|guarded| *guarded += 1)).is_ok() {
                            accepted.fetch_add(1, Ordering::Relaxed);
                        }
                    })
                })
                .collect();
            std::thread::yield_now();
            door.serve(&mut done);
            door.close(&mut done);
            others.into_iter().for_each(|other| other.join().unwrap());
        }
        assert_eq!(done as usize, accepted.load(Ordering::Relaxed));
    }
}
