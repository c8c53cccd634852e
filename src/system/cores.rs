//! Which processor cores a worker uses, and how it shares them.
//!
//! A client on the same machine needs a core, too. If its requests are small, the kernel moves the
//! workers that it wakes to where it runs itself, and then they wait for each other's slices. The
//! workers of such clients can leave one core alone, and take turns on the others. Most of
//! the time the next request is there then before a worker has had to sleep: nobody pays for waking it.
//!
//! That helps a client that is one busy thread. One that has several could use the core, and so could
//! we, as in deep pipelines; and a client that has time is best served on any core that is free. So it is
//! found out which way serves more ([`Trial`]). The connections of other machines
//! use every core, and all of them do while there is a crowd of local ones: when a core is idle, the
//! kernel looks through some thirty of the threads that are ready elsewhere for one to move there, and
//! would not find the client that got stuck among two hundred workers. Waking a worker that uses every
//! core doesn't interrupt another one (`SCHED_BATCH`). And who names the cores, with `server_cpulist`,
//! gets all of them.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::Builder;

use super::logging::inherit;
use super::mutex::locked;
use super::trial::Trial;
use once_cell::sync::{Lazy, OnceCell};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use scheduler::{Policy, set_self_policy};

/// With more local clients than this, all connections use every core.
const CROWD: usize = 64;

/// Whether the workers of local clients leave a core alone, and what has come of it.
static LEAVES_ONE: AtomicBool = AtomicBool::new(false);
static TRIAL: Mutex<Trial> = Mutex::new(Trial::UNTRIED);

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

/// So many requests were served in a tenth of a second lately. For the only server of a process.
pub fn note_served(requests: u64) {
    let leaves_one = locked(&TRIAL).next(requests);
    LEAVES_ONE.store(leaves_one, Ordering::Relaxed);
}

/// Starts a thread that may use every core, whatever the worker that starts it may use.
pub fn spawn(thread: Builder, job: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let started = thread.spawn(inherit(|| {
        let _ = set_self_policy(Policy::Other, 0);
        let _ = sched_setaffinity(None, &CORES.all);
        job();
    }));
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
}

impl Placement {
    /// The calling thread's place while it serves a connection, of this machine or of another.
    pub fn of(is_local: bool) -> Placement {
        Placement::new(CORES.but_one.is_some() && is_local)
    }

    fn new(is_local: bool) -> Placement {
        WITH_LOCAL_CLIENTS.fetch_add(usize::from(is_local), Ordering::Relaxed);
        let mut place = Placement { is_local, beside_client: false };
        place.beside_client = place.belongs_beside_client();
        place.take();
        place
    }

    /// Whether the client has a core of its own.
    pub fn is_beside_client(&self) -> bool {
        self.beside_client
    }

    /// Goes where the worker of such a client belongs at this moment.
    #[inline]
    pub fn settle(&mut self) {
        let beside_client = self.belongs_beside_client();
        if self.beside_client != beside_client {
            self.beside_client = beside_client;
            self.take();
        }
    }

    /// Whether to leave the client a core: that pays, and the local clients are few.
    fn belongs_beside_client(&self) -> bool {
        let is_crowd = || WITH_LOCAL_CLIENTS.load(Ordering::Relaxed) > CROWD;
        self.is_local && LEAVES_ONE.load(Ordering::Relaxed) && !is_crowd()
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

    /// One test for all of it, since there is one trial for all tests.
    #[test]
    fn the_worker_of_a_local_client_leaves_a_core_while_that_pays_and_what_it_starts_does_not() {
        let allowed = || sched_getaffinity(None).unwrap();
        let serve = |leaving: u64, not: u64| {
            (0..20).for_each(|_| {
                note_served(if LEAVES_ONE.load(Ordering::Relaxed) { leaving } else { not })
            });
        };
        let worker = std::thread::spawn(move || {
            let every = CORES.all;
            let one_less = CORES.but_one.unwrap_or(every);
            let mut place = Placement::of(true);
            assert!(!place.is_beside_client() && allowed() == every);
            serve(12_000, 10_000);
            place.settle();
            assert_eq!((place.is_beside_client(), allowed()), (count() > 1, one_less));
            let (tell, told) = bounded(1);
            spawn(Builder::new(), move || tell.send(allowed()).unwrap()).unwrap();
            assert_eq!(told.recv().unwrap(), every);

            let crowd: Vec<Placement> = (0..CROWD).map(|_| Placement::new(true)).collect();
            place.settle();
            assert_eq!(allowed(), every);
            drop(crowd);
            place.settle();
            assert_eq!(allowed(), one_less);

            let mut elsewhere = Placement::new(false);
            elsewhere.settle();
            assert!(!elsewhere.is_beside_client());

            serve(10_000, 12_000);
            place.settle();
            assert_eq!(allowed(), every);
        });
        worker.join().unwrap();
    }
}
