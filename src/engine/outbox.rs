//! The outbox: how a connection gets what it hasn't asked for just now.
//!
//! Messages, invalidations and the lines of MONITOR come from other connections' threads, which
//! hold the lock and must not wait for a slow reader. They put the bytes into a queue of the
//! receiving connection; one of the [writers](super::writers), a few threads that all connections
//! share, takes them out and writes.
//!
//! ```text
//! PUBLISH ──┐ under the lock                    no lock
//! SET k v ──┼──> [Arc<[u8]>, Arc<[u8]>, ...] ──> a writer ──> socket
//! replies ──┘
//! ```
//!
//! A connection gets an outbox when it first needs one, and keeps it. From then on its replies go
//! the same way, so that nothing interleaves; its own thread writes them out if no writer is at it
//! already. Until then replies go straight to the socket; both ways lead through the [`Pen`],
//! because what makes the outbox may be another connection's command.
//!
//! A message is encoded once and shared by everybody who gets it. What waits in the queue is
//! counted, so that a reader who is too slow can be cut off (see [`super::client::Client::push`]),
//! and so that a connection's own thread stops reading requests whose replies nobody takes.

use std::collections::VecDeque;
use std::fmt;
use std::io::ErrorKind::{Interrupted, WouldBlock};
use std::io::{self, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use super::activity::Activity;
use super::writers::Writers;
use crate::journal::group_commit::Aof;
use crate::system::stream::Stream;
use crate::system::sync::atomic::{AtomicUsize, Ordering};
use crate::system::sync::{Condvar, Mutex, MutexGuard, TryLockError, machine_now};

/// How anything is written to a connection, whichever thread writes: one at a time, and not before
/// the append-only file has what the bytes tell of.
#[derive(Default)]
pub struct Pen {
    held: Arc<Mutex<()>>,
    /// Bytes that who holds it still has to write, and waits for the reader.
    unsent: AtomicUsize,
    activity: Arc<Activity>,
    journal: Option<Arc<Aof>>,
    writers: Arc<Writers>,
}

impl Pen {
    /// A pen that waits for this file.
    pub fn new(journal: Arc<Aof>, writers: Arc<Writers>, activity: Arc<Activity>) -> Self {
        Pen { journal: Some(journal), writers, activity, ..Pen::default() }
    }

    /// A pen for the same connection that waits for no file: for what is safe already.
    fn for_safe_bytes(&self) -> Pen {
        Pen {
            held: Arc::clone(&self.held),
            activity: Arc::clone(&self.activity),
            writers: Arc::clone(&self.writers),
            ..Pen::default()
        }
    }

    #[cfg(test)]
    pub(super) fn writers(&self) -> &Arc<Writers> {
        &self.writers
    }

    /// Makes what was executed as safe as it is promised to be. Every batch ends with this, even
    /// if there is nothing to reply.
    #[inline]
    pub fn commit(&self) {
        if let Some(journal) = &self.journal {
            journal.commit();
        }
    }

    /// Like [`commit`](Self::commit); but if another thread is at it, these bytes are left with that one,
    /// which sends them when they are safe. Until then they wait in `left`, and nothing else may be written.
    /// False: they are safe, and still to be written.
    #[inline]
    pub fn commit_or_leave(
        &self,
        stream: &Arc<Stream>,
        bytes: &[u8],
        left: &mut Option<Outbox>,
    ) -> bool {
        let Some(journal) = &self.journal else { return false };
        journal.commit_or_leave(|| {
            if left.is_none() {
                let pen = Arc::new(self.for_safe_bytes());
                *left = Some(Outbox::open(Arc::clone(stream), pen).ok()?);
            }
            let outbox = left.clone()?;
            outbox.put(Arc::from(bytes));
            Some(Box::new(move || outbox.flush()))
        })
    }

    /// Writes what others have in their outboxes, if that has become very much.
    #[inline]
    pub fn help_writers(&self) {
        self.writers.help();
    }

    /// Writes to the socket. Nobody may hold THE lock meanwhile.
    pub fn write(&self, mut stream: &Stream, bytes: &[u8]) -> io::Result<()> {
        self.commit();
        let _held = self.held.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut left = bytes.len();
        self.unsent.store(left, Ordering::Relaxed);
        for part in bytes.chunks(WRITE_SIZE) {
            stream.write_all(part)?;
            self.activity.note();
            left -= part.len();
            self.unsent.store(left, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Begins to write so many bytes, which are safe already. Nobody else writes before this is dropped.
    pub fn begin(&self, bytes: usize) -> Writing<'_> {
        let held = self.held.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        self.unsent.store(bytes, Ordering::Relaxed);
        Writing { pen: self, _held: held }
    }

    /// Bytes that are being written.
    pub fn unsent(&self) -> usize {
        self.unsent.load(Ordering::Relaxed)
    }

    /// Writes as much as can be written without waiting for the reader.
    fn write_some(&self, stream: &Stream, bytes: &[u8]) -> io::Result<usize> {
        self.commit();
        let _held = match self.held.try_lock() {
            Ok(held) => held,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // The connection's own thread is writing, and waits for the reader.
            Err(TryLockError::WouldBlock) => return Ok(0),
        };
        match stream.write_now(bytes) {
            Err(error) if matches!(error.kind(), WouldBlock | Interrupted) => Ok(0),
            result => {
                self.activity.note();
                result
            }
        }
    }
}

/// A reply that is being written, for a thread that has something else to do while the reader takes nothing.
pub struct Writing<'p> {
    pen: &'p Pen,
    _held: MutexGuard<'p, ()>,
}

impl Writing<'_> {
    /// Writes the next bytes, as far as that goes without waiting, and returns how many it were. Bytes that
    /// were taken and not sent are sent by the next call, even by one with none.
    #[inline]
    pub fn go_on(&mut self, stream: &Stream, bytes: &[u8]) -> io::Result<usize> {
        match stream.write_now(bytes) {
            Ok(count) => {
                self.pen.activity.note();
                self.pen.unsent.store(bytes.len() - count + stream.unsent(), Ordering::Relaxed);
                Ok(count)
            }
            Err(error) if matches!(error.kind(), WouldBlock | Interrupted) => Ok(0),
            Err(error) => Err(error),
        }
    }
}

impl fmt::Debug for Pen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pen")
    }
}

/// Messages are put together into one write until they are this long.
const WRITE_SIZE: usize = 64 * 1024;

/// What waits to be written to one connection. Clones share it.
#[derive(Clone, Debug)]
pub struct Outbox(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    stream: Arc<Stream>,
    pen: Arc<Pen>,
    queue: Mutex<Queue>,
    /// Signalled after each write.
    shrunk: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    messages: VecDeque<Arc<[u8]>>,
    /// Bytes of all messages that are not written yet.
    bytes: usize,
    /// Bytes of the first message that are.
    written: usize,
    /// How many threads wait for it to become shorter.
    awaited: usize,
    /// Some thread is at it, or will be. Nobody else may write: that is what keeps the order.
    in_hand: bool,
    /// The peer is gone: whatever else comes is dropped.
    broken: bool,
}

/// How far a turn of writing got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Everything is written.
    Empty,
    /// There is more, and the socket may take it.
    More,
    /// The socket takes no more for now.
    Full,
}

impl Queue {
    /// The next bytes, up to [`WRITE_SIZE`].
    fn gather(&self, buffer: &mut Vec<u8>) {
        let mut skip = self.written;
        for message in &self.messages {
            let room = WRITE_SIZE - buffer.len();
            let rest = &message[skip..];
            buffer.extend_from_slice(&rest[..rest.len().min(room)]);
            if rest.len() >= room {
                break;
            }
            skip = 0;
        }
    }

    /// Drops the next bytes: they are written.
    fn advance(&mut self, count: usize) {
        self.bytes -= count;
        self.written += count;
        while let Some(first) = self.messages.front()
            && self.written >= first.len()
        {
            self.written -= first.len();
            self.messages.pop_front();
        }
    }

    fn clear(&mut self) {
        let (awaited, in_hand) = (self.awaited, self.in_hand);
        *self = Queue { broken: true, awaited, in_hand, ..Queue::default() };
    }
}

impl Outbox {
    /// The outbox of a connection.
    pub fn open(stream: Arc<Stream>, pen: Arc<Pen>) -> io::Result<Outbox> {
        pen.writers.start()?;
        let (queue, shrunk) = Default::default();
        Ok(Outbox(Arc::new(Inner { stream, pen, queue, shrunk })))
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// What writes to it.
    #[cfg(test)]
    pub(super) fn pen(&self) -> &Arc<Pen> {
        &self.0.pen
    }

    /// The socket.
    pub fn stream(&self) -> &Stream {
        &self.0.stream
    }

    /// Queues a message, to be written by a writer once THE lock is released. Returns how many bytes
    /// wait.
    pub fn send(&self, message: Arc<[u8]>) -> usize {
        let mut queue = self.queue();
        let bytes = queue.push(message);
        if !std::mem::replace(&mut queue.in_hand, true) {
            drop(queue);
            self.0.pen.writers.collect(self.clone());
        }
        bytes
    }

    /// Queues a message that will be written by [`flush`](Self::flush), if no writer is faster.
    /// Returns how many bytes wait.
    pub fn put(&self, message: Arc<[u8]>) -> usize {
        self.queue().push(message)
    }

    /// Writes what is queued, in this thread, as far as the socket takes it; the rest is left to
    /// the writers. Nobody may hold THE lock meanwhile.
    pub fn flush(&self) {
        let mut queue = self.queue();
        if queue.bytes == 0 || std::mem::replace(&mut queue.in_hand, true) {
            drop(queue);
            return self.0.pen.commit();
        }
        drop(queue);
        self.write_out(&mut Vec::new());
    }

    /// Writes until nothing is left or the socket is full. Only for the thread that has the outbox
    /// in hand, which passes it on.
    pub fn write_out(&self, buffer: &mut Vec<u8>) {
        match self.write_some(buffer) {
            Turn::Empty => {}
            // Others get their turn first.
            Turn::More => self.0.pen.writers.ready(self.clone()),
            Turn::Full => self.0.pen.writers.wait_for(self.clone()),
        }
    }

    fn write_some(&self, buffer: &mut Vec<u8>) -> Turn {
        buffer.clear();
        self.queue().gather(buffer);
        let result = self.0.pen.write_some(&self.0.stream, buffer);
        let mut queue = self.queue();
        match result {
            Ok(count) => queue.advance(count),
            Err(_) => {
                // The reader is gone: its session learns of it, and what is queued is dropped.
                let _ = self.0.stream.shutdown(Shutdown::Both);
                queue.clear();
            }
        }
        if queue.awaited > 0 {
            self.0.shrunk.notify_all();
        }
        let is_full = !queue.broken && self.0.stream.unsent() > 0;
        if queue.bytes == 0 && !is_full {
            queue.in_hand = false;
            Turn::Empty
        } else if !is_full && result.is_ok_and(|count| count == buffer.len()) {
            Turn::More
        } else {
            Turn::Full
        }
    }

    /// Reads a word of it, so that it is in the cache. What the word says is of no interest.
    #[inline]
    pub fn touch(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// How many bytes wait to be written.
    pub fn backlog(&self) -> usize {
        self.queue().bytes
    }

    /// How many messages wait to be written.
    pub fn len(&self) -> usize {
        self.queue().messages.len()
    }

    /// Whether no message waits.
    #[cfg(feature = "internals")] // for tests
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits until all that was put into it is sent, or the reader is gone. False: the time is over.
    pub fn wait_until_sent(&self, at_most: Duration) -> bool {
        self.wait_while(at_most, |queue| queue.bytes > 0 || queue.in_hand)
    }

    /// Waits until at most `bytes` are left to be written, or the reader is gone. False: the time is over.
    pub fn wait_for_backlog(&self, bytes: usize, at_most: Duration) -> bool {
        self.wait_while(at_most, |queue| queue.bytes + self.0.stream.unsent() > bytes)
    }

    fn wait_while(&self, at_most: Duration, waits: impl Fn(&Queue) -> bool) -> bool {
        let mut queue = self.queue();
        if !waits(&queue) || queue.broken {
            return true; // as a rule, and without a look at the clock
        }
        let deadline = machine_now() + at_most;
        while waits(&queue) && !queue.broken {
            let left = deadline.saturating_duration_since(machine_now());
            if left.is_zero() {
                return false;
            }
            queue = self.wait_for_write(queue, left);
        }
        true
    }

    fn wait_for_write<'a>(
        &'a self,
        mut queue: MutexGuard<'a, Queue>,
        at_most: Duration,
    ) -> MutexGuard<'a, Queue> {
        queue.awaited += 1;
        let waited = self.0.shrunk.wait_timeout(queue, at_most);
        let mut queue = waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0;
        queue.awaited -= 1;
        queue
    }
}

impl Queue {
    fn push(&mut self, message: Arc<[u8]>) -> usize {
        if !self.broken && !message.is_empty() {
            self.bytes += message.len();
            self.messages.push_back(message);
        }
        self.bytes
    }
}
