//! The worker threads: one per connection, grown on demand, given back when many are idle.
//!
//! A thread that waits for its client costs a stack of which two pages were ever touched, about
//! 12 KB with its buffers; the scheduler doesn't see it. That is what makes a thread per connection
//! affordable, and a command that waits (BLPOP) an ordinary function call.
//!
//! ```text
//! crew of 16      crew of 16      crew of 16
//! ################ ######.######### ..#.............   # a connection, . an idle worker
//! ```
//!
//! A thread pool can grow, but its idle threads stay for good. So there are many small ones, called
//! crews here: a connection gets a seat in the first crew that has one, and a crew that has become
//! empty is dismissed, if others have enough idle workers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard};

use threadpool::ThreadPool;

use crate::system::threads::Permit;

/// Address space for a worker's stack. Only touched pages cost memory.
const STACK_SIZE: usize = 256 * 1024;
/// Workers that start, and end, together.
const CREW_SIZE: usize = 16;

/// All workers.
#[derive(Default)]
pub struct Pool(Mutex<Vec<Option<Crew>>>);

struct Crew {
    workers: ThreadPool,
    busy: usize,
    /// Counts its threads for as long as they are there.
    _permit: Permit,
}

impl Crew {
    /// Starts the threads. None: there may be no more, or the system has no more.
    fn start() -> Option<Crew> {
        let permit = Permit::take(CREW_SIZE)?;
        let builder = threadpool::Builder::new()
            .num_threads(CREW_SIZE)
            .thread_name("worker".into())
            .thread_stack_size(STACK_SIZE);
        // It panics if the system refuses a thread; those that did start end by themselves.
        let workers = catch_unwind(AssertUnwindSafe(|| builder.build())).ok()?;
        Some(Crew { workers, busy: 0, _permit: permit })
    }

    fn has_room(&self) -> bool {
        self.busy < CREW_SIZE
    }
}

/// A worker that is reserved for a connection; free again when it is dropped.
pub struct Seat {
    pool: Arc<Pool>,
    crew: usize,
}

impl Pool {
    /// Reserves a worker. None: there may be no more threads.
    pub fn reserve(self: &Arc<Self>) -> Option<Seat> {
        let mut crews = self.lock();
        let has_room = |crew: &Option<Crew>| crew.as_ref().is_some_and(Crew::has_room);
        let crew = match crews.iter().position(has_room) {
            Some(found) => found,
            None => {
                let started = Some(Crew::start()?);
                let free = crews.iter().position(Option::is_none);
                let place = free.unwrap_or_else(|| {
                    crews.push(None);
                    crews.len() - 1
                });
                crews[place] = started;
                place
            }
        };
        crews[crew].as_mut().expect("it has room").busy += 1;
        Some(Seat { pool: Arc::clone(self), crew })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<Crew>>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    #[cfg(test)]
    fn threads(&self) -> usize {
        self.lock().iter().flatten().count() * CREW_SIZE
    }
}

impl Seat {
    /// Runs `job` on the reserved worker.
    pub fn run(self, job: impl FnOnce() + Send + 'static) {
        let pool = Arc::clone(&self.pool);
        let crews = pool.lock();
        let crew = crews[self.crew].as_ref().expect("a crew with a reserved worker stays");
        crew.workers.execute(move || {
            // The message is in the log. The worker itself goes on with the next connection.
            let _ = catch_unwind(AssertUnwindSafe(job));
            drop(self);
        });
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut crews = self.pool.lock();
        crews[self.crew].as_mut().expect("a crew with a reserved worker stays").busy -= 1;
        let idle: usize = crews.iter().flatten().map(|crew| CREW_SIZE - crew.busy).sum();
        let dismissed = crews[self.crew].take_if(|crew| crew.busy == 0 && idle > 2 * CREW_SIZE);
        drop(crews);
        drop(dismissed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam::channel::unbounded;

    #[test]
    fn threads_come_with_connections_and_go_with_them() {
        let pool = Arc::new(Pool::default());
        let (done, finish) = unbounded::<()>();
        let (report, ended) = unbounded();
        for number in 0..100 {
            let (finish, report) = (finish.clone(), report.clone());
            pool.reserve().unwrap().run(move || {
                let _ = finish.recv();
                report.send(number).unwrap();
            });
        }
        assert_eq!(pool.threads(), 112);
        drop(done);
        let mut numbers: Vec<u32> = ended.iter().take(100).collect();
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..100));
        // The seats are free a moment after their jobs have reported.
        while pool.threads() > 2 * CREW_SIZE {
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_panic_costs_no_thread() {
        let pool = Arc::new(Pool::default());
        let (report, ended) = unbounded();
        for _ in 0..CREW_SIZE {
            pool.reserve().unwrap().run(|| panic!("only a test"));
        }
        for _ in 0..CREW_SIZE {
            let report = report.clone();
            pool.reserve().unwrap().run(move || report.send(()).unwrap());
        }
        assert_eq!(ended.iter().take(CREW_SIZE).count(), CREW_SIZE);
    }
}
