//! The lock: one at a time has it, and nobody sleeps while it is free.

use std::sync::Arc;
use std::time::Duration;

use crate::check;
use crate::system::lock::{Condition, Lock};
use crate::system::sync::thread::{self, yield_now};

/// Takes the lock in each of the ways there are.
fn take(lock: &Lock<usize>, way: usize) {
    let mut held = match way % 3 {
        0 => lock.lock(),
        1 => loop {
            if let Some(held) = lock.try_lock_for(Duration::from_millis(50)) {
                break held;
            }
        },
        // Who gives up may have been the one that was woken.
        _ => match lock.try_lock_for(Duration::from_millis(50)) {
            Some(held) => held,
            None => return take(lock, 0),
        },
    };
    let seen = *held;
    yield_now();
    *held = seen + 1;
}

#[test]
fn one_at_a_time_has_it_and_nobody_is_forgotten() {
    check(|| {
        let lock = Arc::new(Lock::new(0));
        let threads = [0, 1, 2, 3].map(|number| {
            let lock = Arc::clone(&lock);
            thread::spawn(move || (0..3).for_each(|round| take(&lock, number + round)))
        });
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(*lock.try_lock().expect("all have released it"), 12);
    });
}

#[test]
fn who_waits_for_a_change_sees_it() {
    check(|| {
        let shared = Arc::new((Lock::new(0), Condition::default()));
        let waiters = [1, 2].map(|wanted| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let (lock, condition) = &*shared;
                let mut held = lock.lock();
                while *held < wanted {
                    let changes = condition.changes();
                    drop(held);
                    condition.wait_beyond(changes, Duration::from_secs(1));
                    held = lock.lock();
                }
            })
        });
        for _ in 0..2 {
            let mut held = shared.0.lock();
            *held += 1;
            shared.1.notify_all();
        }
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
    });
}
