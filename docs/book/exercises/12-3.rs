//! A wake-up that isn't missed.
//!
//! `Wakeup::sleep` is to return true as soon as another thread has called `wake`, and false when the time is
//! over. As it is, it misses a `wake` that comes before it sleeps, and a condition variable may also return
//! for no reason. Mend both. However often `wake` was called before, it is one wake-up: the `sleep` after the
//! next one waits again.

use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

#[derive(Default)]
pub struct Wakeup {
    lock: Mutex<()>,
    changed: Condvar,
}

impl Wakeup {
    pub fn wake(&self) {
        self.changed.notify_one();
    }

    /// Whether it was woken, rather than that the time was over.
    pub fn sleep(&self, at_most: Duration) -> bool {
        let locked = self.lock.lock().unwrap();
        let (_locked, result) = self.changed.wait_timeout(locked, at_most).unwrap();
        !result.timed_out()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::thread;

    const SHORT: Duration = Duration::from_millis(30);
    const LONG: Duration = Duration::from_secs(5);

    #[test]
    fn woken_before_it_sleeps() {
        let wakeup = Wakeup::default();
        wakeup.wake();
        wakeup.wake();
        assert!(wakeup.sleep(SHORT));
        assert!(!wakeup.sleep(SHORT), "one wake-up");
    }

    #[test]
    fn woken_while_it_sleeps() {
        let wakeup = Arc::new(Wakeup::default());
        let other = Arc::clone(&wakeup);
        let waker = thread::spawn(move || {
            thread::sleep(SHORT);
            other.wake();
        });
        let begun = Instant::now();
        assert!(wakeup.sleep(LONG) && begun.elapsed() < LONG);
        waker.join().unwrap();
    }

    #[test]
    fn woken_for_nothing() {
        let wakeup = Arc::new(Wakeup::default());
        let other = Arc::clone(&wakeup);
        let disturber = thread::spawn(move || {
            thread::sleep(SHORT);
            other.changed.notify_all(); // as the system may do at any time
        });
        let begun = Instant::now();
        assert!(!wakeup.sleep(SHORT * 4));
        assert!(begun.elapsed() >= SHORT * 4);
        disturber.join().unwrap();
    }
}
