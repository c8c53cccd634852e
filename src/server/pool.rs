//! The worker threads: one per connection, grown on demand, given back when many are idle.
//!
//! A thread that waits for its client costs a stack of which a few pages were ever touched, about
//! 26 KB; the scheduler doesn't see it. That is what makes a thread per connection affordable, and
//! a command that waits (BLPOP) an ordinary function call.

use std::sync::{Mutex, MutexGuard};

use threadpool::ThreadPool;

use super::threads::Permit;

/// Address space for a worker's stack. Only touched pages cost memory.
const STACK_SIZE: usize = 256 * 1024;
/// Threads at the start, and idle ones that are kept.
const SPARE: usize = 16;

/// A pool of workers.
pub struct Pool(Mutex<Workers>);

struct Workers {
    pool: ThreadPool,
    /// For as many threads as the pool has.
    permit: Option<Permit>,
}

impl Pool {
    /// A pool with a few threads.
    pub fn new() -> Self {
        let pool = threadpool::Builder::new()
            .num_threads(SPARE)
            .thread_name("worker".into())
            .thread_stack_size(STACK_SIZE)
            .build();
        Pool(Mutex::new(Workers { pool, permit: Permit::take(SPARE) }))
    }

    /// Makes sure that there is a thread for one more job. False: there may be no more threads.
    pub fn make_room(&self) -> bool {
        let Workers { pool, permit } = &mut *self.lock();
        let busy = pool.active_count() + pool.queued_count();
        if busy < pool.max_count() {
            return true;
        }
        let permitted = permit.as_mut().is_some_and(|permit| permit.resize(busy + 1));
        if permitted {
            pool.set_num_threads(busy + 1);
        }
        permitted
    }

    /// Runs `job` on a thread of its own, once there is one: [`make_room`](Self::make_room) first.
    pub fn run(&self, job: impl FnOnce() + Send + 'static) {
        self.lock().pool.execute(job);
    }

    /// Lets idle threads beyond a reserve end, when their current job is done.
    pub fn shrink(&self) {
        let Workers { pool, permit } = &mut *self.lock();
        let needed = pool.active_count() + pool.queued_count() + SPARE;
        if pool.max_count() > 2 * needed {
            pool.set_num_threads(needed);
            permit.as_mut().map(|permit| permit.resize(needed));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Workers> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Default for Pool {
    fn default() -> Self {
        Pool::new()
    }
}

/// Tells the scheduler that this thread works in batches: waking it does not interrupt another
/// worker in the middle of its own. With fifty clients on two cores that is a tenth of the
/// throughput.
pub fn prefer_throughput() {
    let _ = scheduler::set_self_policy(scheduler::Policy::Batch, 0); // a hint: it may be refused
}
