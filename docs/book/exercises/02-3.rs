//! A pool that grows.
//!
//! `Pool::execute` starts a thread for each job, which ends with it. Change it: a job goes to a worker that
//! has nothing to do, and only if there is none is another worker started. A worker that has done its
//! job waits for the next one. No job ever waits for another to end.
//!
//! (One way: the pool counts idle workers under a lock, and has a channel of jobs whose receiving end
//! all workers share, behind a lock of its own.)

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

pub type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
pub struct Pool {
    /// How many threads were ever started.
    started: Arc<AtomicUsize>,
}

impl Pool {
    pub fn execute(&self, job: impl FnOnce() + Send + 'static) {
        self.started.fetch_add(1, Ordering::Relaxed);
        thread::spawn(job);
    }

    pub fn started(&self) -> usize {
        self.started.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    const PATIENCE: Duration = Duration::from_secs(5);

    #[test]
    fn jobs_run_side_by_side() {
        let pool = Pool::default();
        let (done, ended) = channel();
        let mut gates = Vec::new();
        for number in 0..5 {
            let (open, gate) = channel::<()>();
            let done = done.clone();
            gates.push(open);
            pool.execute(move || {
                let _ = gate.recv_timeout(PATIENCE);
                let _ = done.send(number);
            });
        }
        // The last one may go first: it waits for nobody.
        for number in [4, 0, 3, 1, 2] {
            gates[number].send(()).unwrap();
            assert_eq!(ended.recv_timeout(PATIENCE), Ok(number));
        }
        assert_eq!(pool.started(), 5);
    }

    #[test]
    fn idle_workers_are_used_again() {
        let pool = Pool::default();
        for _ in 0..20 {
            let (done, ended) = channel();
            pool.execute(move || done.send(()).unwrap());
            ended.recv_timeout(PATIENCE).unwrap();
            thread::sleep(Duration::from_millis(10)); // until it waits for the next one
        }
        assert!(pool.started() <= 3, "{} threads for one job at a time", pool.started());
    }
}
