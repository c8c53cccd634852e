//! Which processor cores a worker uses, and how it shares them.
//!
//! A client on the same machine needs a core, too. If its requests are small, the kernel moves the
//! workers that it wakes to where it runs itself, and then they wait for each other's slices. So
//! the workers of such clients leave one core alone. They take turns on the others, and most of
//! the time the next request is there before a worker has had to sleep: nobody pays for waking it.
//!
//! A connection whose pipelines are deep may use every core: there is more to gain from doing several
//! things at once than from leaving the client in peace. So may the connections of other machines, and
//! all of them while there is a crowd of local ones: when a core is idle, the kernel looks through some
//! thirty of the threads that are ready elsewhere for one to move there, and would not find the client
//! that got stuck among two hundred workers. Waking a worker that uses every core doesn't interrupt
//! another one (`SCHED_BATCH`). And who names the cores, with `server_cpulist`, gets all of them.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::Builder;

use once_cell::sync::{Lazy, OnceCell};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use scheduler::{Policy, set_self_policy};

/// Bytes that reads bring, on average, from which a connection uses every core.
const LARGE: usize = 2500;
/// Below this it leaves one alone again.
const SMALL: usize = 1500;
/// With more local clients than this, all connections use every core.
const CROWD: usize = 64;
/// One read in so many counts for the average.
const WEIGHT: usize = 8;

/// How many workers have clients on this machine.
static WITH_LOCAL_CLIENTS: AtomicUsize = AtomicUsize::new(0);

/// The cores of `server_cpulist`, if there are any.
static CHOSEN: OnceCell<CpuSet> = OnceCell::new();

/// The cores that this process may use.
static CORES: Lazy<Cores> = Lazy::new(|| match CHOSEN.get() {
    Some(chosen) => Cores { all: *chosen, but_one: None },
    None => Cores::of(sched_getaffinity(None), std::process::id()),
});

struct Cores {
    all: CpuSet,
    /// All but one, if there are several.
    but_one: Option<CpuSet>,
}

impl Cores {
    /// Which core is left alone depends on the process, so that two servers don't crowd together.
    fn of(allowed: rustix::io::Result<CpuSet>, process: u32) -> Cores {
        let Ok(all) = allowed else { return Cores { all: CpuSet::new(), but_one: None } };
        let cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|core| all.is_set(*core)).collect();
        let but_one = (cores.len() > 1).then(|| {
            let mut rest = all;
            rest.unset(cores[process as usize % cores.len()]);
            rest
        });
        Cores { all, but_one }
    }
}

/// Keeps the process to the cores of a list (`server_cpulist`), if it isn't empty. For the start of
/// the program: threads that run already are not moved.
pub fn choose(list: &str) {
    if take_list(list) {
        // Without those that the list has and the machine doesn't. Only the first time counts.
        if let Ok(cores) = sched_getaffinity(None) {
            CHOSEN.get_or_init(|| cores);
        }
    }
}

/// Keeps the calling thread to the cores of a list (`bio_cpulist` and its like). An empty one stands
/// for those of the process.
pub fn keep_to(list: &str) {
    if !take_list(list) {
        let _ = sched_setaffinity(None, &CORES.all);
    }
}

/// False: the list is empty, or no list that can be used, which the log says.
fn take_list(list: &str) -> bool {
    let cores = parse(list).filter(|cores| sched_setaffinity(None, cores).is_ok());
    if cores.is_none() && !list.is_empty() {
        crate::warning!("The CPUs {list:?} can't be used; going on with what there is");
    }
    cores.is_some()
}

/// Numbers, ranges, and ranges with a step: `0,2-5,8-14:2`.
fn parse(list: &str) -> Option<CpuSet> {
    let mut cores = CpuSet::new();
    for part in list.split(',') {
        let (range, step) = part.split_once(':').unwrap_or((part, "1"));
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let [first, last, step] = [first, last, step].map(|number| number.trim().parse().ok());
        let (first, last): (usize, usize) = (first?, last?);
        if first > last || last >= CpuSet::MAX_CPU || step? == 0 {
            return None;
        }
        (first..=last).step_by(step?).for_each(|core| cores.set(core));
    }
    Some(cores)
}

/// How many cores there are for this process.
pub fn count() -> usize {
    (CORES.all.count() as usize).max(1)
}

/// Starts a thread that may use every core, whatever the worker that starts it may use.
pub fn spawn(thread: Builder, job: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let started = thread.spawn(|| {
        let _ = set_self_policy(Policy::Other, 0);
        let _ = sched_setaffinity(None, &CORES.all);
        job();
    });
    started.map(drop)
}

/// The cores of the worker that serves a connection. All of this is advice to the system: where it
/// is refused, things go on as they are.
#[derive(Debug)]
pub struct Placement {
    /// The client is on this machine, and there is a core to leave to it.
    is_local: bool,
    /// One core is left to the client.
    beside_client: bool,
    /// Bytes that a read brings, on average, times [`WEIGHT`].
    size: usize,
}

impl Placement {
    /// The calling thread's place while it serves a connection, of this machine or of another.
    pub fn of(is_local: bool) -> Placement {
        Placement::new(CORES.but_one.is_some() && is_local)
    }

    fn new(is_local: bool) -> Placement {
        WITH_LOCAL_CLIENTS.fetch_add(usize::from(is_local), Ordering::Relaxed);
        let mut place = Placement { is_local, beside_client: false, size: 0 };
        place.beside_client = place.may_be_beside_client();
        place.take();
        place
    }

    /// Whether the client has a core of its own.
    pub fn is_beside_client(&self) -> bool {
        self.beside_client
    }

    /// Takes note of a read that brought so many bytes.
    pub fn count(&mut self, bytes: usize) {
        if !self.is_local {
            return;
        }
        self.size = self.size - self.size / WEIGHT + bytes;
        let beside_client = self.may_be_beside_client();
        if self.beside_client != beside_client {
            self.beside_client = beside_client;
            self.take();
        }
    }

    /// Whether to leave the client a core: its batches are small, and the local clients few.
    fn may_be_beside_client(&self) -> bool {
        let most = if self.beside_client { LARGE } else { SMALL };
        let is_crowd = WITH_LOCAL_CLIENTS.load(Ordering::Relaxed) > CROWD;
        self.is_local && self.size <= most * WEIGHT && !is_crowd
    }

    fn take(&self) {
        let (policy, cores) = match &CORES.but_one {
            Some(cores) if self.beside_client => (Policy::Other, cores),
            _ => (Policy::Batch, &CORES.all),
        };
        let _ = set_self_policy(policy, 0);
        let _ = sched_setaffinity(None, cores);
    }
}

impl Drop for Placement {
    fn drop(&mut self) {
        WITH_LOCAL_CLIENTS.fetch_sub(usize::from(self.is_local), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam::channel::bounded;

    fn set_of(cores: &[usize]) -> CpuSet {
        let mut set = CpuSet::new();
        cores.iter().for_each(|core| set.set(*core));
        set
    }

    #[test]
    fn one_core_of_those_that_are_allowed_is_left() {
        let left = |process| Cores::of(Ok(set_of(&[1, 4, 6])), process).but_one;
        assert_eq!(left(30), Some(set_of(&[4, 6])));
        assert_eq!(left(31), Some(set_of(&[1, 6])));
        assert_eq!(left(32), Some(set_of(&[1, 4])));
        assert_eq!(Cores::of(Ok(set_of(&[3])), 30).but_one, None);
        assert_eq!(Cores::of(Err(rustix::io::Errno::PERM), 30).but_one, None);
    }

    #[test]
    fn lists_have_numbers_ranges_and_steps() {
        assert_eq!(parse("3"), Some(set_of(&[3])));
        assert_eq!(parse("0,2-4"), Some(set_of(&[0, 2, 3, 4])));
        assert_eq!(parse("8-14:3, 1"), Some(set_of(&[8, 11, 14, 1])));
        for wrong in ["", "a", "1-", "4-2", "0-4:0", "1,,2", "5000", "-1"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn deep_pipelines_use_every_core_until_they_are_over() {
        let mut place = Placement::new(true);
        let mut after = |times: usize, bytes| {
            (0..times).for_each(|_| place.count(bytes));
            place.is_beside_client()
        };
        assert!(after(100, 40));
        assert!(after(1, 16_000), "one large request is no pipeline");
        assert!(!after(20, 4_000));
        assert!(!after(1, 40), "nor is one small request its end");
        assert!(!after(100, 2_000));
        assert!(after(20, 40));

        let crowd: Vec<Placement> = (0..CROWD).map(|_| Placement::new(true)).collect();
        assert!(!after(1, 40));
        drop(crowd);
        assert!(after(1, 40));

        let mut elsewhere = Placement::new(false);
        elsewhere.count(40);
        assert!(!elsewhere.is_beside_client());
    }

    #[test]
    fn the_worker_of_a_local_client_leaves_a_core_and_what_it_starts_does_not() {
        let allowed = || sched_getaffinity(None).unwrap();
        let worker = std::thread::spawn(move || {
            let every = CORES.all;
            let place = Placement::of(true);
            assert_eq!(place.is_beside_client(), count() > 1);
            assert_eq!(allowed(), CORES.but_one.unwrap_or(every));
            let (tell, told) = bounded(1);
            spawn(Builder::new(), move || tell.send(allowed()).unwrap()).unwrap();
            assert_eq!(told.recv().unwrap(), every);
        });
        worker.join().unwrap();
    }
}
