//! Which processor cores a worker uses, and how it shares them.
//!
//! A client on the same machine needs a core, too. If its requests are small, the kernel moves the
//! workers that it wakes to where it runs itself, and then they wait for each other's slices. So
//! the workers of such clients leave one core alone. They take turns on the others, and most of
//! the time the next request is there before a worker has had to sleep: nobody pays for waking it.
//!
//! A connection whose pipelines are deep may use every core: there is more to gain from doing several
//! things at once than from leaving the client in peace. So may the connections of other machines.
//! Waking such a worker doesn't interrupt another one (`SCHED_BATCH`).

use std::io;
use std::net::{IpAddr, TcpStream};
use std::thread::Builder;

use once_cell::sync::Lazy;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use scheduler::{Policy, set_self_policy};

/// Bytes that reads bring, on average, from which a connection uses every core.
const LARGE: usize = 2500;
/// Below this it leaves one alone again.
const SMALL: usize = 1500;
/// One read in so many counts for the average.
const WEIGHT: usize = 8;

/// The cores that this process may use.
static CORES: Lazy<Cores> = Lazy::new(|| Cores::of(sched_getaffinity(None), std::process::id()));

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
pub struct Place {
    /// The client is on this machine, and there is a core to leave to it.
    is_local: bool,
    /// One core is left to the client.
    beside_client: bool,
    /// Bytes that a read brings, on average, times [`WEIGHT`].
    size: usize,
}

impl Place {
    /// The calling thread's place while it serves this connection.
    pub fn of(stream: &TcpStream) -> Place {
        let is_local = CORES.but_one.is_some() && is_local(stream).unwrap_or(false);
        let place = Place { is_local, beside_client: is_local, size: 0 };
        place.take();
        place
    }

    /// Whether the client has a core of its own.
    pub fn is_beside_client(&self) -> bool {
        self.beside_client
    }

    /// Takes note of a read that brought so many bytes.
    pub fn count(&mut self, bytes: usize) {
        self.size = self.size - self.size / WEIGHT + bytes;
        let (small, large) = (self.size < SMALL * WEIGHT, self.size > LARGE * WEIGHT);
        if self.is_local && (self.beside_client && large || !self.beside_client && small) {
            self.beside_client = small;
            self.take();
        }
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

/// Whether the peer is on this machine: at a loopback address, or at our own.
fn is_local(stream: &TcpStream) -> io::Result<bool> {
    let peer: IpAddr = stream.peer_addr()?.ip().to_canonical();
    Ok(peer.is_loopback() || peer == stream.local_addr()?.ip().to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam::channel::bounded;
    use std::net::TcpListener;

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
    fn deep_pipelines_use_every_core_until_they_are_over() {
        let mut place = Place { is_local: true, beside_client: true, size: 0 };
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

        let mut elsewhere = Place { is_local: false, beside_client: false, size: 0 };
        elsewhere.count(40);
        assert!(!elsewhere.is_beside_client());
    }

    #[test]
    fn the_worker_of_a_local_client_leaves_a_core_and_what_it_starts_does_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        let allowed = || sched_getaffinity(None).unwrap();
        let worker = std::thread::spawn(move || {
            let every = CORES.all;
            let place = Place::of(&stream);
            assert_eq!(place.is_beside_client(), count() > 1);
            assert_eq!(allowed(), CORES.but_one.unwrap_or(every));
            let (tell, told) = bounded(1);
            spawn(Builder::new(), move || tell.send(allowed()).unwrap()).unwrap();
            assert_eq!(told.recv().unwrap(), every);
        });
        worker.join().unwrap();
    }
}
