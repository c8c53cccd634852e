//! The reading end of a connection, which looks a few times before it sleeps.
//!
//! Waking a sleeping thread costs several microseconds, more than executing a command. When one
//! client talks to the server, its next request comes within that time. So a worker that finds
//! nothing looks again, giving the processor to whoever wants it between two looks, and only then
//! blocks. While one worker looks, others do so only beside their clients, where they have cores to
//! themselves ([`cores`](crate::system::cores)): there they are passed on from one to the next, and the one
//! whose turn it is finds that its next request has come.

use std::io::{self, Read};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::net::{RecvFlags, recv};

use crate::engine::meter::Meter;
use crate::system::cores::Place;

/// How often a worker looks before it sleeps, if it is the only one: some ten microseconds.
const LOOKS_ALONE: usize = 20;
/// How often, if others look as well.
const LOOKS_IN_COMPANY: usize = 8;

/// How many workers are looking.
static LOOKING: AtomicUsize = AtomicUsize::new(0);

/// Reads from a shared socket.
pub struct Input {
    stream: Arc<TcpStream>,
    place: Place,
    meter: Arc<Meter>,
}

impl Input {
    /// The reading end of `stream`, for the calling thread.
    pub fn new(stream: Arc<TcpStream>, meter: Arc<Meter>) -> Self {
        Input { place: Place::of(&stream), stream, meter }
    }

    /// Looks for bytes without sleeping. None: there are none yet.
    fn look(&self, buffer: &mut [u8]) -> Option<io::Result<usize>> {
        let alone = LOOKING.fetch_add(1, Ordering::Relaxed) == 0;
        let looks = match self.place.is_beside_client() {
            _ if alone => LOOKS_ALONE,
            true => LOOKS_IN_COMPANY,
            false => 0,
        };
        let mut result = None;
        for _ in 0..looks {
            match recv(&*self.stream, &mut *buffer, RecvFlags::DONTWAIT) {
                Err(rustix::io::Errno::AGAIN) => std::thread::yield_now(),
                Ok((count, _)) => result = Some(Ok(count)),
                Err(error) => result = Some(Err(error.into())),
            }
            if result.is_some() {
                break;
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
        self.place.count(count);
        self.meter.arrived(count);
        Ok(count)
    }
}
