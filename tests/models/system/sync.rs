//! Threads, locks, channels and a clock that the scheduler drives: what `src/system/sync.rs` is to the
//! server.

use std::ops::Add;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, Timespec};

pub use super::disk::File;
pub use shuttle::sync::{Condvar, Mutex, MutexGuard, TryLockError, atomic};

/// Looks once: others may have gone on since it was looked last.
pub fn look_for_a_moment<T>(look: impl Fn() -> Option<T>) -> Option<T> {
    look()
}

/// Sleeping until a word changes. Whether the time is over first is one more thing that chance decides.
pub mod futex {
    use std::time::Duration;

    use shuttle::rand::{Rng, thread_rng};

    use super::atomic::{AtomicU32, Ordering};
    use super::{Condvar, Mutex};

    #[derive(Default)]
    struct Sleepers {
        /// Each with the address of its word.
        asleep: Mutex<Vec<(usize, u64)>>,
        woken: Condvar,
        numbers: super::atomic::AtomicU64,
    }

    shuttle::lazy_static! {
        static ref SLEEPERS: Sleepers = Sleepers::default();
    }

    fn address(word: &AtomicU32) -> usize {
        std::ptr::from_ref(word).addr()
    }

    pub fn wait(word: &AtomicU32, expected: u32, at_most: Option<Duration>) {
        let mut asleep = SLEEPERS.asleep.lock().unwrap();
        if word.load(Ordering::SeqCst) != expected
            || at_most.is_some() && thread_rng().gen_bool(0.5)
        {
            return;
        }
        let me = (address(word), SLEEPERS.numbers.fetch_add(1, Ordering::SeqCst));
        asleep.push(me);
        while asleep.contains(&me) {
            asleep = SLEEPERS.woken.wait(asleep).unwrap();
        }
    }

    pub fn wake(word: &AtomicU32, count: u32) {
        let mut left = count;
        SLEEPERS.asleep.lock().unwrap().retain(|(of, _)| {
            let goes = *of == address(word) && left > 0;
            left -= u32::from(goes);
            !goes
        });
        SLEEPERS.woken.notify_all();
    }
}

/// Threads; they take turns.
pub mod thread {
    use std::time::Duration;

    pub use shuttle::thread::*;

    /// Time passes: the thread goes on whenever it likes, with or without having been unparked.
    pub fn park_timeout(_at_most: Duration) {
        yield_now();
    }
}

/// A moment. Time passes by being looked at, and when the disk works.
#[derive(Clone, Copy, Debug)]
pub struct Instant(Duration);

static NOW_US: AtomicU64 = AtomicU64::new(0);
const LOOK: Duration = Duration::from_millis(1);

/// Lets time pass.
pub fn pass(time: Duration) {
    NOW_US.fetch_add(time.as_micros() as u64, Ordering::Relaxed);
}

pub fn machine_now() -> Instant {
    pass(LOOK);
    Instant(Duration::from_micros(NOW_US.load(Ordering::Relaxed)))
}

impl Instant {
    pub fn elapsed(&self) -> Duration {
        machine_now().saturating_duration_since(*self)
    }

    pub fn saturating_duration_since(&self, earlier: Instant) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    fn add(self, time: Duration) -> Instant {
        Instant(self.0 + time)
    }
}

/// Looks at sockets without waiting: others have to go on for anything to change.
pub fn poll(sockets: &mut [PollFd<'_>], _at_most: Option<&Timespec>) -> rustix::io::Result<usize> {
    thread::yield_now();
    rustix::event::poll(sockets, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))
}

/// As much of crossbeam's channels as is used.
pub mod channel {
    use std::collections::VecDeque;
    use std::fmt;
    use std::sync::Arc;

    use super::{Condvar, Mutex};

    struct Channel<T> {
        state: Mutex<State<T>>,
        changed: Condvar,
    }

    struct State<T> {
        queue: VecDeque<T>,
        senders: usize,
    }

    pub struct Sender<T>(Arc<Channel<T>>);
    pub struct Receiver<T>(Arc<Channel<T>>);

    /// Nobody can send any more.
    #[derive(Debug)]
    pub struct Disconnected;

    /// Nothing has been sent.
    #[derive(Debug)]
    pub struct Empty;

    pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
        let state = Mutex::new(State { queue: VecDeque::new(), senders: 1 });
        let channel = Arc::new(Channel { state, changed: Condvar::new() });
        (Sender(Arc::clone(&channel)), Receiver(channel))
    }

    impl<T> Sender<T> {
        pub fn send(&self, item: T) -> Result<(), Disconnected> {
            self.0.state.lock().unwrap().queue.push_back(item);
            self.0.changed.notify_one();
            Ok(())
        }
    }

    impl<T> Receiver<T> {
        pub fn recv(&self) -> Result<T, Disconnected> {
            let mut state = self.0.state.lock().unwrap();
            loop {
                match state.queue.pop_front() {
                    Some(item) => return Ok(item),
                    None if state.senders == 0 => return Err(Disconnected),
                    None => state = self.0.changed.wait(state).unwrap(),
                }
            }
        }

        pub fn try_recv(&self) -> Result<T, Empty> {
            self.0.state.lock().unwrap().queue.pop_front().ok_or(Empty)
        }

        pub fn try_iter(&self) -> impl Iterator<Item = T> + '_ {
            std::iter::from_fn(|| self.try_recv().ok())
        }

        pub fn len(&self) -> usize {
            self.0.state.lock().unwrap().queue.len()
        }
    }

    impl<T> Clone for Sender<T> {
        fn clone(&self) -> Self {
            self.0.state.lock().unwrap().senders += 1;
            Sender(Arc::clone(&self.0))
        }
    }

    impl<T> Drop for Sender<T> {
        fn drop(&mut self) {
            self.0.state.lock().unwrap().senders -= 1;
            self.0.changed.notify_all();
        }
    }

    impl<T> Clone for Receiver<T> {
        fn clone(&self) -> Self {
            Receiver(Arc::clone(&self.0))
        }
    }

    /// Received items, until nobody can send any more.
    pub struct Iter<'a, T>(&'a Receiver<T>);

    impl<T> Iterator for Iter<'_, T> {
        type Item = T;

        fn next(&mut self) -> Option<T> {
            self.0.recv().ok()
        }
    }

    impl<'a, T> IntoIterator for &'a Receiver<T> {
        type Item = T;
        type IntoIter = Iter<'a, T>;

        fn into_iter(self) -> Iter<'a, T> {
            Iter(self)
        }
    }

    impl<T> fmt::Debug for Sender<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Sender")
        }
    }

    impl<T> fmt::Debug for Receiver<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Receiver")
        }
    }
}
