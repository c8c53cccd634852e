//! The outbox: how a connection gets what it hasn't asked for just now.
//!
//! Messages, invalidations and the lines of MONITOR come from other connections' threads, which
//! hold the lock and must not wait for a slow reader. They put the bytes into a channel; a writer
//! thread of the receiving connection takes them out and writes.
//!
//! ```text
//! PUBLISH ──┐ under the lock                    no lock
//! SET k v ──┼──> [Arc<[u8]>, Arc<[u8]>, ...] ──> writer thread ──> socket
//! replies ──┘
//! ```
//!
//! A connection gets an outbox when it first needs one, and keeps it. From then on its replies go
//! the same way, so that nothing interleaves. Until then its own thread writes them; both use
//! the [`Pen`], because what makes the outbox may be another connection's command.
//!
//! A message is encoded once and shared by everybody who gets it. What waits in the channel is
//! counted, so that a reader who is too slow can be cut off (see [`super::client::Client::push`]),
//! and so that a connection's own thread stops reading requests whose replies nobody takes.

use std::fmt;
use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::Builder;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, Sender, unbounded};

use super::threads::Permit;
use crate::persistence::aof::writer::Aof;

/// How anything is written to a connection, whichever thread writes: one at a time, and not before
/// the append-only file has what the bytes tell of.
#[derive(Default)]
pub struct Pen {
    held: Mutex<()>,
    journal: Option<Arc<Aof>>,
}

impl Pen {
    /// A pen that waits for this file.
    pub fn new(journal: Arc<Aof>) -> Self {
        Pen { held: Mutex::default(), journal: Some(journal) }
    }

    /// Makes what was executed as safe as it is promised to be. Every batch ends with this, even
    /// if there is nothing to reply.
    #[inline]
    pub fn commit(&self) {
        if let Some(journal) = &self.journal {
            journal.commit();
        }
    }

    /// Writes to the socket. Nobody may hold THE lock meanwhile.
    pub fn write(&self, mut stream: &TcpStream, bytes: &[u8]) -> io::Result<()> {
        self.commit();
        let _held = self.held.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        stream.write_all(bytes)
    }
}

impl fmt::Debug for Pen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pen")
    }
}

/// Messages are put together into one write until they are this long.
const WRITE_SIZE: usize = 64 * 1024;
/// The writer does next to nothing; a few pages will do.
const STACK_SIZE: usize = 128 * 1024;

/// The end of the channel where messages go in.
#[derive(Clone, Debug)]
pub struct Outbox {
    messages: Sender<Arc<[u8]>>,
    backlog: Arc<Backlog>,
}

/// Bytes that are in the channel or being written.
#[derive(Debug, Default)]
struct Backlog {
    bytes: Mutex<usize>,
    /// Signalled after each write.
    shrunk: Condvar,
}

impl Backlog {
    fn lock(&self) -> MutexGuard<'_, usize> {
        self.bytes.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Outbox {
    /// Starts the writer thread of a connection. It ends when every clone of the outbox is gone.
    pub fn start(stream: Arc<TcpStream>, pen: Arc<Pen>) -> io::Result<Outbox> {
        let permit =
            Permit::take(1).ok_or_else(|| io::Error::other("there may be no more threads"))?;
        let (messages, outgoing) = unbounded();
        let backlog = Arc::new(Backlog::default());
        let writer = Writer { stream, pen, outgoing, backlog: Arc::clone(&backlog) };
        let thread = Builder::new().name("writer".into()).stack_size(STACK_SIZE);
        thread.spawn(move || {
            writer.run();
            drop(permit);
        })?;
        Ok(Outbox { messages, backlog })
    }

    /// Queues a message.
    pub fn send(&self, message: Arc<[u8]>) {
        *self.backlog.lock() += message.len();
        let _ = self.messages.send(message); // fails only if the writer has ended with the process
    }

    /// How many bytes wait to be written.
    pub fn backlog(&self) -> usize {
        *self.backlog.lock()
    }

    /// How many messages wait to be written.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether no message waits.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Waits until at most `bytes` are left to be written, or the time is over.
    pub fn wait_for_backlog(&self, bytes: usize, at_most: Duration) {
        let deadline = Instant::now() + at_most;
        let mut backlog = self.backlog.lock();
        while *backlog > bytes {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.backlog.shrunk.wait_timeout(backlog, left);
            backlog = waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0;
        }
    }
}

struct Writer {
    stream: Arc<TcpStream>,
    pen: Arc<Pen>,
    outgoing: Receiver<Arc<[u8]>>,
    backlog: Arc<Backlog>,
}

impl Writer {
    fn run(self) {
        let mut buffer = Vec::new();
        let mut broken = false;
        for first in &self.outgoing {
            buffer.extend_from_slice(&first);
            while buffer.len() < WRITE_SIZE {
                let Ok(message) = self.outgoing.try_recv() else { break };
                buffer.extend_from_slice(&message);
            }
            if !broken && self.pen.write(&self.stream, &buffer).is_err() {
                // The reader is gone: its session learns of it, and what is queued is dropped.
                let _ = self.stream.shutdown(Shutdown::Both);
                broken = true;
            }
            *self.backlog.lock() -= buffer.len();
            self.backlog.shrunk.notify_all();
            buffer.clear();
            buffer.shrink_to(WRITE_SIZE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::net::TcpListener;

    fn pair() -> (TcpStream, Outbox) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let ours = Arc::new(listener.accept().unwrap().0);
        (peer, Outbox::start(ours, Arc::default()).unwrap())
    }

    #[test]
    fn messages_arrive_in_order_and_the_writer_ends_with_the_outbox() {
        let (mut peer, outbox) = pair();
        let expected: String = (0..1000).map(|number| format!("{number},")).collect();
        for number in 0..1000 {
            outbox.send(format!("{number},").as_bytes().into());
        }
        outbox.wait_for_backlog(0, Duration::from_secs(5));
        assert_eq!(outbox.backlog(), 0);
        drop(outbox);
        let mut text = String::new();
        peer.read_to_string(&mut text).unwrap();
        assert_eq!(text, expected);
    }

    #[test]
    fn nobody_waits_for_a_slow_reader_and_its_end_clears_the_backlog() {
        let (peer, outbox) = pair();
        let message: Arc<[u8]> = vec![b'x'; 1 << 20].into();
        (0..64).for_each(|_| outbox.send(Arc::clone(&message)));
        assert!(outbox.backlog() > 32 << 20, "{}", outbox.backlog());
        drop(peer);
        outbox.wait_for_backlog(0, Duration::from_secs(5));
        assert_eq!(outbox.backlog(), 0);
    }
}
