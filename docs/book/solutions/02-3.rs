use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

pub type Job = Box<dyn FnOnce() + Send>;

pub struct Pool {
    /// Workers that wait for a job and haven't been promised one.
    idle: Arc<Mutex<usize>>,
    jobs: Sender<Job>,
    /// The other end of `jobs`, for new workers.
    queue: Arc<Mutex<Receiver<Job>>>,
    /// How many threads were ever started.
    started: Arc<AtomicUsize>,
}

impl Default for Pool {
    fn default() -> Self {
        let (jobs, queue) = channel();
        let queue = Arc::new(Mutex::new(queue));
        Pool { idle: Arc::default(), jobs, queue, started: Arc::default() }
    }
}

impl Pool {
    pub fn execute(&self, job: impl FnOnce() + Send + 'static) {
        let mut idle = self.idle.lock().unwrap();
        if *idle > 0 {
            *idle -= 1; // this one is promised; whichever worker takes the job
        } else {
            self.start_worker();
        }
        self.jobs.send(Box::new(job)).unwrap();
    }

    fn start_worker(&self) {
        self.started.fetch_add(1, Ordering::Relaxed);
        let (idle, queue) = (Arc::clone(&self.idle), Arc::clone(&self.queue));
        thread::spawn(move || {
            loop {
                // The lock of the queue is held while waiting: one waits for a job, others for the lock.
                let job = queue.lock().unwrap().recv();
                let Ok(job) = job else { return }; // the pool is gone
                job();
                *idle.lock().unwrap() += 1;
            }
        });
    }

    pub fn started(&self) -> usize {
        self.started.load(Ordering::Relaxed)
    }
}
