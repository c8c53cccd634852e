//! THE lock: the one mutex around the engine, and what holding it means.
//!
//! Nobody waits, writes to a socket or syncs a file while holding it. What has been collected for others
//! under the lock goes out when it is released ([`EngineGuard`]'s drop), and a thread that does long work
//! in many steps lets others in between ([`SharedEngine::yield_lock`]).
//!
//! Only a script can't: it holds the lock for as long as it runs, and what it does in the meantime is
//! nobody's business but its own. Connections don't wait for it for ever. They [enter](SharedEngine::enter),
//! which is like taking the lock, but says if a script has it that takes long; then its thread serves
//! them ([`super::delegation`], [`super::busy`]).

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::delegation::Delegation;
use super::{Engine, SinceTaken};
use crate::system::clock::machine_now;
use crate::system::lock::{Condition, Held, Lock};

/// However many want the lock, who gives way goes on after this time.
const LONGEST_YIELD: Duration = Duration::from_millis(2);

/// Who was woken since the lock is free has come after this time.
const A_MOMENT: Duration = Duration::from_micros(100);

/// After so long it is looked whether a slow script has the lock: soon enough for people, and so seldom
/// that it costs nothing.
const LOOK_FOR_SCRIPT: Duration = Duration::from_millis(50);

/// THE lock, and the engine behind it.
pub struct SharedEngine {
    engine: Lock<Engine>,
    /// Threads that found the lock taken.
    waiting: AtomicUsize,
    /// Set when the server is about to end.
    stopping: AtomicBool,
    /// The way in while a slow script holds the lock.
    delegation: Arc<Delegation<Engine>>,
}

impl SharedEngine {
    /// Puts the engine behind the lock.
    pub fn new(engine: Engine) -> Arc<Self> {
        Arc::new(SharedEngine {
            delegation: Arc::clone(&engine.delegation),
            engine: Lock::new(engine),
            waiting: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
        })
    }

    /// Whether the server is about to end.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// The server is about to end. False: that was known.
    pub fn begin_to_stop(&self) -> bool {
        !self.stopping.swap(true, Ordering::Relaxed)
    }

    /// How many threads wait for the lock at this moment.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Takes the lock.
    #[inline]
    pub fn lock(&self) -> EngineGuard<'_> {
        match self.try_lock() {
            Some(guard) => guard.timed(),
            None => {
                let guard = self.wait_for(|| Some(self.engine.lock()));
                guard.expect("the lock was waited for").timed()
            }
        }
    }

    /// Takes the lock, if nobody has it.
    #[inline]
    pub fn try_lock(&self) -> Option<EngineGuard<'_>> {
        let guard = self.engine.try_lock()?;
        Some(EngineGuard::new(guard, None, std::thread::panicking()))
    }

    /// Takes the lock, which another thread has, by `take`, and notes how long that took.
    fn wait_for<'a>(
        &'a self,
        take: impl FnOnce() -> Option<Held<'a, Engine>>,
    ) -> Option<EngineGuard<'a>> {
        let begun = machine_now();
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let guard = take();
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        let waited_ns = begun.elapsed().as_nanos() as u64;
        Some(EngineGuard::new(guard?, Some(waited_ns), std::thread::panicking()))
    }

    /// Takes the lock, unless a slow script has it.
    #[inline]
    pub fn enter(&self) -> Option<EngineGuard<'_>> {
        match self.try_lock() {
            Some(guard) => Some(guard),
            None => self.wait_for(|| {
                let mut guard = None;
                while guard.is_none() && !self.delegation.is_open() {
                    guard = self.engine.try_lock_for(LOOK_FOR_SCRIPT);
                }
                guard
            }),
        }
    }

    /// Has a job done that may be done in the midst of a script. If it comes back, no slow script runs.
    pub fn delegate<T, J>(&self, job: J) -> Result<T, J>
    where
        T: Send + 'static,
        J: FnOnce(&mut Engine) -> T + Send + 'static,
    {
        self.delegation.pass(job)
    }

    /// Does a job under the lock, or in the midst of a slow script that has it.
    pub fn visit<T, J>(&self, mut job: J) -> T
    where
        T: Send + 'static,
        J: FnOnce(&mut Engine) -> T + Send + 'static,
    {
        loop {
            if let Some(mut engine) = self.enter() {
                return job(&mut engine);
            }
            match self.delegate(job) {
                Ok(result) => return result,
                Err(returned) => job = returned,
            }
        }
    }

    /// Takes the lock after somebody else who waits for it: for threads that may come again and again, with
    /// nothing to do in between. Who was woken takes a moment to come.
    pub fn lock_in_turn(&self) -> EngineGuard<'_> {
        let waiting = self.waiting.load(Ordering::Relaxed);
        if waiting > 0 {
            let begun = machine_now();
            while self.waiting.load(Ordering::Relaxed) >= waiting && begun.elapsed() < A_MOMENT {
                std::thread::yield_now();
            }
        }
        self.lock()
    }

    /// Lets those have the lock who are waiting for it. A thread that works for long in many steps
    /// calls this between two of them: it would take the lock again before anybody else has woken up.
    pub fn yield_lock(&self) {
        let begun = machine_now();
        while self.waiting.load(Ordering::Relaxed) > 0 && begun.elapsed() < LONGEST_YIELD {
            std::thread::yield_now();
        }
    }

    /// Gives the lock back until `condition` is signalled or the time is over, then takes it again.
    pub fn wait(
        &self,
        condition: &Condition,
        guard: EngineGuard<'_>,
        at_most: Duration,
    ) -> EngineGuard<'_> {
        let changes = condition.changes();
        drop(guard);
        condition.wait_beyond(changes, at_most);
        self.lock()
    }
}

/// The lock, held.
pub struct EngineGuard<'a> {
    guard: Option<Held<'a, Engine>>,
    /// The thread was panicking before: a test that fails stops its server, with the data in order.
    panicking: bool,
}

impl<'a> EngineGuard<'a> {
    /// The lock has been taken; `waited_ns` if another thread had it.
    fn new(mut guard: Held<'a, Engine>, waited_ns: Option<u64>, panicking: bool) -> Self {
        // Time has passed while nobody held the lock.
        guard.since_taken = waited_ns.map_or(SinceTaken::Nothing, |_| SinceTaken::Waited);
        guard.contention.taken(waited_ns);
        EngineGuard { guard: Some(guard), panicking }
    }

    /// Held from now on, as [`Contention`](super::contention::Contention) counts it: not only from the first
    /// command on.
    fn timed(mut self) -> Self {
        let now = self.clock.tick();
        self.contention.looked(now);
        self
    }
}

impl Deref for EngineGuard<'_> {
    type Target = Engine;
    #[inline]
    fn deref(&self) -> &Engine {
        self.guard.as_ref().expect("a guard holds the lock until it is dropped")
    }
}

impl DerefMut for EngineGuard<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Engine {
        self.guard.as_mut().expect("a guard holds the lock until it is dropped")
    }
}

impl Drop for EngineGuard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() && !self.panicking && self.guard.is_some() {
            crate::warning!("A command panicked while it held the data: stopping, see above.");
            std::process::abort();
        }
        let Some(mut engine) = self.guard.take() else { return };
        engine.about_to_unlock();
        let collected = engine.writers.take_collected();
        let unused = std::mem::take(&mut engine.prepared);
        drop(engine);
        drop(unused); // it may be large
        if let Some(collected) = collected {
            collected.release();
        }
    }
}
