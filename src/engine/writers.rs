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
//! more; a reader that never reads costs nothing while it stays there.
//!
//! Who publishes faster than the writers can write helps them ([`Writers::help`]), once its own
//! commands are done: that bounds what is queued, and makes use of a thread that is awake.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use once_cell::sync::OnceCell;
use rustix::event::{PollFd, PollFlags, Timespec};

use super::outbox::Outbox;
use crate::system::cores;
use crate::system::service::essential;
use crate::system::sync::atomic::{AtomicBool, Ordering};
use crate::system::sync::channel::{Receiver, Sender, TryRecvError, unbounded};
use crate::system::sync::thread::Builder;
use crate::system::sync::{Mutex, MutexGuard, poll};

/// More writers than this find nothing to do: most of the work is the kernel's.
const MOST_WRITERS: usize = 4;
/// So many outboxes may wait for a turn before those who publish help.
const MANY: usize = 512;
/// While the waiter sleeps it doesn't see newcomers; so long at most.
const NAP: Duration = Duration::from_millis(5);
const STACK_SIZE: usize = 128 * 1024;

/// The writers of a server. Their threads start with the first outbox, and end with the last.
#[derive(Debug)]
pub struct Writers {
    ready: Sender<Outbox>,
    queue: Receiver<Outbox>,
    full: Sender<Outbox>,
    waiting: Receiver<Outbox>,
    started: OnceCell<()>,
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
            started: OnceCell::new(),
            collected: Mutex::default(),
            has_collected: AtomicBool::new(false),
        }
    }
}

impl Writers {
    /// Makes sure that the threads run.
    pub fn start(&self) -> io::Result<()> {
        self.started.get_or_try_init(|| self.start_threads()).copied()
    }

    fn start_threads(&self) -> io::Result<()> {
        for _ in 0..cores::count().min(MOST_WRITERS) {
            let queue = self.queue.clone();
            let thread = Builder::new().name("writer".into()).stack_size(STACK_SIZE);
            cores::spawn(thread, essential(move || write_all(&queue)))?;
        }
        let (waiting, ready) = (self.waiting.clone(), self.ready.clone());
        let thread = Builder::new().name("waiter".into()).stack_size(STACK_SIZE);
        cores::spawn(thread, essential(move || wait_for_all(&waiting, &ready)))
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
    }

    /// Writes for others while many wait. Nobody may hold THE lock meanwhile.
    pub fn help(&self) {
        if self.started.get().is_none() || self.queue.len() <= MANY {
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

/// Gives outboxes back to the writers when their sockets take bytes again, or are closed.
fn wait_for_all(newcomers: &Receiver<Outbox>, ready: &Sender<Outbox>) {
    let mut outboxes: Vec<Outbox> = Vec::new();
    loop {
        if outboxes.is_empty() {
            let Ok(outbox) = newcomers.recv() else { return };
            outboxes.push(outbox);
        }
        loop {
            match newcomers.try_recv() {
                Ok(outbox) => outboxes.push(outbox),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return,
            }
        }
        let mut sockets: Vec<PollFd<'_>> =
            outboxes.iter().map(|outbox| PollFd::new(outbox.stream(), PollFlags::OUT)).collect();
        let nap = Timespec::try_from(NAP).expect("a few milliseconds");
        let _ = poll(&mut sockets, Some(&nap)); // interrupted: nothing is ready
        let is_ready: Vec<bool> = sockets.iter().map(|fd| !fd.revents().is_empty()).collect();
        let mut is_ready = is_ready.into_iter();
        for outbox in outboxes.extract_if(.., |_| is_ready.next() == Some(true)) {
            let _ = ready.send(outbox);
        }
    }
}
