//! The reading end of a connection, which looks a few times before it sleeps.
//!
//! Waking a sleeping thread costs several microseconds, more than executing a command. A client that
//! asks as fast as it is answered has its next request ready within that time. So a worker that finds
//! nothing looks again, giving the processor to whoever wants it between two looks, and only then
//! blocks. Where many do so beside their clients, they are passed on from one to the next, and the one
//! whose turn it is finds that its next request has come.
//!
//! A client that takes its time isn't there yet however often it is looked for. So it is only looked while
//! that and leaving a core to the clients serve more than doing neither ([`cores`](crate::system::cores)).
//!
//! Where other programs want the processor, looking gives it away to them: a worker that yields comes
//! back only when their slice is over. One that notices this stops all looking for a while.
//!
//! What both earn, on two cores: with a client of one thread 1.2 of the throughput with 50 connections, and 1.6 with
//! one. With a client of two threads, or one that asks for half of what there is, they would cost a third of the
//! throughput and more than double the processor time; there nothing is done.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::engine::activity::Activity;
use crate::engine::meter::Meter;
use crate::system::clock::Tick;
use crate::system::cores::Placement;
use crate::system::stream::Stream;

/// How often a worker looks before it sleeps, if it is the only one: some ten microseconds.
const LOOKS_ALONE: usize = 20;
/// How often, if others look as well.
const LOOKS_IN_COMPANY: usize = 8;

/// A worker that has the processor back only after so long has given it to another program: the
/// workers alone pass it round in less.
const LONG_AWAY_NS: u64 = 2_000_000;
/// For so long nobody looks then.
const BUSY_FOR_NS: u64 = 100_000_000;

/// The machine counts as busy until this moment.
static BUSY_UNTIL_NS: AtomicU64 = AtomicU64::new(0);

/// How many workers are looking.
static LOOKING: AtomicUsize = AtomicUsize::new(0);

/// Reads from a shared socket.
pub struct Input {
    stream: Arc<Stream>,
    place: Placement,
    meter: Arc<Meter>,
    activity: Arc<Activity>,
}

impl Input {
    /// The reading end of `stream`, for the calling thread.
    pub fn new(stream: Arc<Stream>, meter: Arc<Meter>, activity: Arc<Activity>) -> Self {
        Input { place: Placement::of(stream.is_local()), stream, meter, activity }
    }

    /// Looks for bytes without sleeping. None: there are none yet.
    fn look(&self, buffer: &mut [u8]) -> Option<io::Result<usize>> {
        if !self.place.is_beside_client() {
            return None;
        }
        let alone = LOOKING.fetch_add(1, Ordering::Relaxed) == 0;
        let looks = if alone { LOOKS_ALONE } else { LOOKS_IN_COMPANY };
        let mut result = None;
        let mut now = Tick::of_machine();
        for _ in 0..looks {
            if now.as_ns() < BUSY_UNTIL_NS.load(Ordering::Relaxed) {
                break;
            }
            match self.stream.read_now(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    std::thread::yield_now();
                    let back = Tick::of_machine();
                    if back.since(now) > LONG_AWAY_NS {
                        BUSY_UNTIL_NS.store(back.as_ns() + BUSY_FOR_NS, Ordering::Relaxed);
                    }
                    now = back;
                }
                read => {
                    result = Some(read);
                    break;
                }
            }
        }
        LOOKING.fetch_sub(1, Ordering::Relaxed);
        result
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match self.look(buffer) {
            Some(result) => result?,
            None => (&*self.stream).read(buffer)?,
        };
        self.place.settle();
        self.meter.arrived(count);
        self.activity.note();
        Ok(count)
    }
}
