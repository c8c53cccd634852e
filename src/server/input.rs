//! The reading end of a connection, which looks a few times before it sleeps.
//!
//! Waking a sleeping thread costs several microseconds, more than executing a command. When one
//! client talks to the server, its next request comes within that time. So a worker that finds
//! nothing looks again, giving the processor to whoever wants it between two looks, and only then
//! blocks. One worker of the process may do so at a time: with many busy clients another has
//! something to do already, and looking would take its time away.

use std::io::{self, Read};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::net::{RecvFlags, recv};

/// How often a worker looks before it sleeps: some ten microseconds.
const LOOKS: usize = 20;

/// Whether some worker is looking.
static LOOKING: AtomicBool = AtomicBool::new(false);

/// Reads from a shared socket.
pub struct Input(Arc<TcpStream>);

impl Input {
    /// The reading end of `stream`.
    pub fn new(stream: Arc<TcpStream>) -> Self {
        Input(stream)
    }

    /// Looks for bytes without sleeping. None: there are none yet.
    fn look(&self, buffer: &mut [u8]) -> Option<io::Result<usize>> {
        if LOOKING.swap(true, Ordering::Acquire) {
            return None;
        }
        let mut result = None;
        for _ in 0..LOOKS {
            match recv(&*self.0, &mut *buffer, RecvFlags::DONTWAIT) {
                Err(rustix::io::Errno::AGAIN) => std::thread::yield_now(),
                Ok((count, _)) => result = Some(Ok(count)),
                Err(error) => result = Some(Err(error.into())),
            }
            if result.is_some() {
                break;
            }
        }
        LOOKING.store(false, Ordering::Release);
        result
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.look(buffer) {
            Some(result) => result,
            None => (&*self.0).read(buffer),
        }
    }
}
