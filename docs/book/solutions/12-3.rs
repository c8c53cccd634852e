use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

#[derive(Default)]
pub struct Wakeup {
    /// Somebody has called `wake`, and nobody has noticed.
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Wakeup {
    pub fn wake(&self) {
        *self.woken.lock().unwrap() = true;
        self.changed.notify_one();
    }

    /// Whether it was woken, rather than that the time was over.
    pub fn sleep(&self, at_most: Duration) -> bool {
        let deadline = Instant::now() + at_most;
        let mut woken = self.woken.lock().unwrap();
        while !*woken {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            woken = self.changed.wait_timeout(woken, left).unwrap().0;
        }
        *woken = false;
        true
    }
}
