//! The worker threads: one per connection, grown on demand, given back when many are idle.
//!
//! A thread that waits for its client costs a stack of which two pages were ever touched, 20 to 25 KB
//! with its buffers and the allocator's cache for it; the scheduler doesn't see it. That is what makes a
//! thread per connection affordable, and a command that waits (BLPOP) an ordinary function call.
//!
//! ```text
//! group of 16      group of 16      group of 16
//! ################ ######.######### ..#.............   # a connection, . an idle worker
//! ```
//!
//! A thread pool can grow, but its idle threads stay for good. So there are many small ones, called
//! groups here: a connection gets a worker of the first group that has one idle, and a group that has become
//! empty is dismissed, if others have enough idle workers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard};

use threadpool::ThreadPool;

use crate::engine::scripting::STACK_SIZE;
use crate::system::logging::{expecting_panic, inherit};
use crate::system::mutex::locked;
use crate::system::threads::Permit;

/// Workers that start, and end, together.
pub const GROUP_SIZE: usize = 16;

/// All workers.
pub struct Pool {
    groups: Mutex<Vec<Option<WorkerGroup>>>,
    group_size: usize,
}

struct WorkerGroup {
    workers: ThreadPool,
    busy: usize,
    /// Counts its threads for as long as they are there.
    _permit: Permit,
}

impl WorkerGroup {
    /// Starts the threads. None: there may be no more, or the system has no more.
    fn start(size: usize) -> Option<WorkerGroup> {
        let permit = Permit::take(size, STACK_SIZE)?;
        let builder = threadpool::Builder::new()
            .num_threads(size)
            .thread_name("worker".into())
            .thread_stack_size(STACK_SIZE);
        // It panics if the system refuses a thread; those that did start end by themselves.
        let workers = expecting_panic(|| builder.build())?;
        Some(WorkerGroup { workers, busy: 0, _permit: permit })
    }

    fn has_room(&self, size: usize) -> bool {
        self.busy < size
    }
}

/// A worker that is reserved for a connection; free again when it is dropped.
pub struct ReservedWorker {
    pool: Arc<Pool>,
    group: usize,
}

impl Pool {
    /// No workers; they will come in groups of this size. A server at which nobody knocks, but whoever has started
    /// it, has few connections, and starts faster with groups of one.
    pub fn new(group_size: usize) -> Self {
        Pool { groups: Mutex::default(), group_size }
    }

    /// Reserves a worker. None: there may be no more threads.
    pub fn reserve(self: &Arc<Self>) -> Option<ReservedWorker> {
        let mut groups = self.lock();
        let has_room = |group: &Option<WorkerGroup>| {
            group.as_ref().is_some_and(|group| group.has_room(self.group_size))
        };
        let group = match groups.iter().position(has_room) {
            Some(found) => found,
            None => {
                let started = Some(WorkerGroup::start(self.group_size)?);
                let free = groups.iter().position(Option::is_none);
                let place = free.unwrap_or_else(|| {
                    groups.push(None);
                    groups.len() - 1
                });
                groups[place] = started;
                place
            }
        };
        groups[group].as_mut().expect("it has room").busy += 1;
        Some(ReservedWorker { pool: Arc::clone(self), group })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<WorkerGroup>>> {
        locked(&self.groups)
    }

    #[cfg(test)]
    fn threads(&self) -> usize {
        self.lock().iter().flatten().count() * self.group_size
    }
}

impl ReservedWorker {
    /// Runs `job` on the reserved worker.
    pub fn run(self, job: impl FnOnce() + Send + 'static) {
        let (pool, job) = (Arc::clone(&self.pool), inherit(job));
        let groups = pool.lock();
        let group = groups[self.group].as_ref().expect("a group with a reserved worker stays");
        group.workers.execute(move || {
            // The message is in the log. The worker itself goes on with the next connection.
            let _ = catch_unwind(AssertUnwindSafe(job));
            drop(self);
        });
    }
}

impl Drop for ReservedWorker {
    fn drop(&mut self) {
        let size = self.pool.group_size;
        let mut groups = self.pool.lock();
        groups[self.group].as_mut().expect("a group with a reserved worker stays").busy -= 1;
        let idle: usize = groups.iter().flatten().map(|group| size - group.busy).sum();
        let dismissed = groups[self.group].take_if(|group| group.busy == 0 && idle > 2 * size);
        drop(groups);
        drop(dismissed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam::channel::unbounded;

    #[test]
    fn threads_come_with_connections_and_go_with_them() {
        let pool = Arc::new(Pool::new(GROUP_SIZE));
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
        while pool.threads() > 2 * GROUP_SIZE {
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_panic_costs_no_thread() {
        let pool = Arc::new(Pool::new(GROUP_SIZE));
        let (report, ended) = unbounded();
        for _ in 0..GROUP_SIZE {
            pool.reserve().unwrap().run(|| panic!("only a test"));
        }
        for _ in 0..GROUP_SIZE {
            let report = report.clone();
            pool.reserve().unwrap().run(move || report.send(()).unwrap());
        }
        assert_eq!(ended.iter().take(GROUP_SIZE).count(), GROUP_SIZE);
    }
}
