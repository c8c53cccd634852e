//! The other server: what it is sent, what it answers, and how long either may take.
//!
//! It is trusted for nothing. A line of its answer has a longest length; only `+OK` says that it has a key;
//! and what it says before it was asked, or beyond what it was asked for, ends the connection, since
//! from then on nobody knows which answer is about which key.
//!
//! Reads and writes return now and then ([`TICK`]), to look whether somebody still waits for what comes of
//! it. A line has to come, and 64 KB have to be taken, within the time that MIGRATE was given.

use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use crate::engine::migration::Connection;
use crate::system::clock::machine_now;
use crate::system::peers;

/// The longest answer, as in Redis.
const LONGEST_LINE: usize = 1024;
/// So many bytes have to be taken within the time.
const CHUNK: usize = 64 * 1024;
/// How often it is looked whether the exchange is still wanted.
const TICK: Duration = Duration::from_millis(100);

/// A socket can't be told to wait for no time at all.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// The other end of a connection, for one exchange.
pub struct Peer<'c> {
    /// The connection.
    pub connection: &'c mut Connection,
    /// How long a line may take.
    pub timeout: Duration,
    /// Whether somebody still waits for what comes of it.
    pub is_wanted: &'c dyn Fn() -> bool,
}

impl Peer<'_> {
    /// Whether it has said nothing that it wasn't asked for, nor hung up.
    pub fn is_quiet(&self) -> bool {
        self.connection.input.is_empty() && peers::is_quiet(&self.connection.stream)
    }

    /// The next line of what it says, without its end.
    pub fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut patience = Patience::new(self.timeout);
        loop {
            let input = &mut self.connection.input;
            if let Some(end) = input.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = input.drain(..=end).collect();
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return if line.len() < LONGEST_LINE { Ok(line) } else { Err(too_long()) };
            }
            if input.len() >= LONGEST_LINE {
                return Err(too_long());
            }
            self.connection.stream.set_read_timeout(Some(patience.tick()?))?;
            let mut buffer = [0; 4096];
            match (&self.connection.stream).read(&mut buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.connection.input.extend_from_slice(&buffer[..count]),
                Err(error) => self.wait_on(error)?,
            }
        }
    }

    /// After an error of the socket: nothing, if that was the end of a tick, and somebody still waits.
    fn wait_on(&self, error: io::Error) -> io::Result<()> {
        match error.kind() {
            ErrorKind::Interrupted => Ok(()),
            ErrorKind::WouldBlock | ErrorKind::TimedOut if (self.is_wanted)() => Ok(()),
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Err(ErrorKind::ConnectionAborted.into()),
            _ => Err(error),
        }
    }
}

/// How long it is waited for, tick by tick. When the time is over, it has one more: whoever waits may have been
/// kept from looking, by a machine that is busy or a lock that somebody held.
struct Patience {
    deadline: Instant,
    is_over: bool,
}

impl Patience {
    fn new(timeout: Duration) -> Self {
        Patience { deadline: machine_now() + timeout, is_over: false }
    }

    /// How long to wait until the next look at whether it makes sense to wait on.
    fn tick(&mut self) -> io::Result<Duration> {
        if self.is_over {
            return Err(ErrorKind::TimedOut.into());
        }
        let left = self.deadline.saturating_duration_since(machine_now());
        self.is_over = left.is_zero();
        Ok(left.clamp(SHORTEST_WAIT, TICK))
    }
}

/// What it is sent.
impl Write for Peer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let chunk = &bytes[..bytes.len().min(CHUNK)];
        let mut patience = Patience::new(self.timeout);
        let stream = &self.connection.stream;
        let mut sent = 0;
        // What is encrypted may be taken and not be sent yet.
        while sent < chunk.len() || stream.unsent() > 0 {
            match stream.write_now(&chunk[sent..]) {
                Ok(count) => sent += count,
                Err(error) => self.wait_on(error)?,
            }
            if sent < chunk.len() || stream.unsent() > 0 {
                peers::wait_to_write(stream, patience.tick()?);
            }
        }
        Ok(sent)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn too_long() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "an answer that is too long")
}
