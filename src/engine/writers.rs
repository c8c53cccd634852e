//! The writers: a few threads that write what waits in [outboxes](super::outbox).
//!
//! ```text
//!              ready                       socket full
//! outbox ──> [o, o, o, ...] ──> writer ──────────────────> waiter
//!              ^   ^               |                          |
//!              |   '---- more -----'                          |
//!              '-------------- socket takes more -------------'
//! ```
//!
//! Outboxes that get something while THE lock is held are collected, and become ready when it is
//! released: a batch of a hundred messages is one write to each subscriber, and not a hundred.
//!
//! An outbox that has something to write stands in one queue. A writer takes it out, writes as
//! much as the socket takes at once, and puts it back if there is more: ten thousand subscribers
//! share a few threads and each gets its turn. A writer never waits for a reader. An outbox whose
//! socket is full goes to the waiter, a thread that sleeps in `poll` until such a socket takes
//! more, or another outbox comes, of which a socket of its own tells it. A reader that never reads
//! costs nothing while it stays there.
//!
//! Who publishes faster than the writers can write helps them ([`Writers::help`]), once its own
//! commands are done: that bounds what is queued, and makes use of a thread that is awake.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use once_cell::sync::OnceCell;
use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;

use super::outbox::Outbox;
use crate::system::cores;
use crate::system::service::essential;
use crate::system::sync::atomic::{AtomicBool, Ordering};
use crate::system::sync::channel::{Receiver, Sender, unbounded};
use crate::system::sync::thread::Builder;
use crate::system::sync::{Mutex, MutexGuard, poll};

/// More writers than this find nothing to do: most of the work is the kernel's.
const MOST_WRITERS: usize = 4;
/// So many outboxes may wait for a turn before those who publish help.
const MANY: usize = 512;
/// If `poll` fails, it is tried again after so long.
const NAP: Duration = Duration::from_millis(5);
const STACK_SIZE: usize = 128 * 1024;

/// The writers of a server. Their threads start with the first outbox, and end with the last.
#[derive(Debug)]
pub struct Writers {
    ready: Sender<Outbox>,
    queue: Receiver<Outbox>,
    full: Sender<Outbox>,
    waiting: Receiver<Outbox>,
    /// There once the threads run: a byte written here wakes the waiter.
    bell: OnceCell<UnixStream>,
    /// What is to become ready when THE lock is released.
    collected: Mutex<Vec<Outbox>>,
    /// Whether that is anything.
    has_collected: AtomicBool,
}

impl Default for Writers {
    fn default() -> Self {
        let (ready, queue) = unbounded();
        let (full, waiting) = unbounded();
        Writers {
            ready,
            queue,
            full,
            waiting,
            bell: OnceCell::new(),
            collected: Mutex::default(),
            has_collected: AtomicBool::new(false),
        }
    }
}

impl Writers {
    /// Makes sure that the threads run.
    pub fn start(&self) -> io::Result<()> {
        self.bell.get_or_try_init(|| self.start_threads()).map(drop)
    }

    fn start_threads(&self) -> io::Result<UnixStream> {
        let (bell, heard) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        heard.set_nonblocking(true)?;
        for _ in 0..cores::count().min(MOST_WRITERS) {
            let queue = self.queue.clone();
            let thread = Builder::new().name("writer".into()).stack_size(STACK_SIZE);
            cores::spawn(thread, essential(move || write_all(&queue)))?;
        }
        let (waiting, ready) = (self.waiting.clone(), self.ready.clone());
        let thread = Builder::new().name("waiter".into()).stack_size(STACK_SIZE);
        cores::spawn(thread, essential(move || wait_for_all(&waiting, &ready, &heard)))?;
        Ok(bell)
    }

    /// This outbox will have something to write when THE lock is released.
    pub fn collect(&self, outbox: Outbox) {
        self.collected().push(outbox);
        self.has_collected.store(true, Ordering::Relaxed);
    }

    fn collected(&self) -> MutexGuard<'_, Vec<Outbox>> {
        self.collected.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// What was collected, if anything was. For the holder of THE lock, who is about to release it.
    #[inline]
    pub fn take_collected(self: &Arc<Self>) -> Option<Collected> {
        // Only the holder of THE lock collects, so there is nothing to race with.
        self.has_collected.load(Ordering::Relaxed).then(|| {
            self.has_collected.store(false, Ordering::Relaxed);
            let outboxes = std::mem::take(&mut *self.collected());
            Collected { outboxes, writers: Arc::clone(self) }
        })
    }

    /// This outbox has something to write.
    pub fn ready(&self, outbox: Outbox) {
        let _ = self.ready.send(outbox); // we hold a receiver: it can't fail
    }

    /// This outbox has something to write, but its socket is full.
    pub fn wait_for(&self, outbox: Outbox) {
        let _ = self.full.send(outbox);
        if let Some(mut bell) = self.bell.get() {
            let _ = bell.write(&[0]); // is full only if it has been rung
        }
    }

    /// Writes for others while many wait. Nobody may hold THE lock meanwhile.
    pub fn help(&self) {
        if self.bell.get().is_none() || self.queue.len() <= MANY {
            return;
        }
        let mut buffer = Vec::new();
        while self.queue.len() > MANY
            && let Ok(outbox) = self.queue.try_recv()
        {
            outbox.write_out(&mut buffer);
        }
    }
}

/// Outboxes that wait for the release of THE lock.
pub struct Collected {
    outboxes: Vec<Outbox>,
    writers: Arc<Writers>,
}

impl Collected {
    /// Gives them to the writers.
    pub fn release(self) {
        self.outboxes.into_iter().for_each(|outbox| self.writers.ready(outbox));
    }
}

fn write_all(queue: &Receiver<Outbox>) {
    let mut buffer = Vec::new();
    for outbox in queue {
        outbox.write_out(&mut buffer);
    }
}

/// Gives outboxes back to the writers when their sockets take bytes again, or are closed. Ends with
/// the writers.
fn wait_for_all(newcomers: &Receiver<Outbox>, ready: &Sender<Outbox>, mut heard: &UnixStream) {
    let mut outboxes: Vec<Outbox> = Vec::new();
    loop {
        let full = outboxes.iter().map(|outbox| PollFd::new(outbox.stream(), PollFlags::OUT));
        let mut sockets: Vec<PollFd<'_>> =
            full.chain([PollFd::new(heard, PollFlags::IN)]).collect();
        if poll(&mut sockets, None).is_err_and(|error| error != Errno::INTR) {
            std::thread::sleep(NAP);
        }
        let is_ready: Vec<bool> = sockets.iter().map(|fd| !fd.revents().is_empty()).collect();
        let mut is_ready = is_ready.into_iter();
        for outbox in outboxes.extract_if(.., |_| is_ready.next() == Some(true)) {
            let _ = ready.send(outbox);
        }
        if is_ready.next() == Some(true) {
            // However often the bell was rung, whoever rang it is there.
            match heard.read(&mut [0; 64]) {
                Ok(0) => return,
                _ => outboxes.extend(newcomers.try_iter()),
            }
        }
    }
}
