//! Here and not in `lock.rs`, which the models include.

use std::thread;
use std::time::{Duration, Instant};

use super::lock::{Condition, Lock};

#[test]
fn one_at_a_time_and_nobody_is_forgotten() {
    let lock = Lock::new((0, 0));
    let work = |number| {
        for round in 0..20_000 {
            let mut held = lock.lock();
            held.0 += 1;
            if (round + number) % 1000 == 0 {
                thread::sleep(Duration::from_micros(50)); // others have to sleep, too
            }
            held.1 += 1;
            assert_eq!(held.0, held.1);
        }
    };
    thread::scope(|scope| {
        for number in 0..4 {
            scope.spawn(move || work(number));
        }
    });
    assert_eq!(*lock.try_lock().unwrap(), (80_000, 80_000));
}

#[test]
fn a_lock_that_is_kept_is_waited_for_as_long_as_one_likes() {
    let lock = Lock::new(());
    let held = lock.lock();
    let begun = Instant::now();
    assert!(lock.try_lock().is_none());
    assert!(lock.try_lock_for(Duration::from_millis(20)).is_none());
    assert!(begun.elapsed() >= Duration::from_millis(20));
    drop(held);
    assert!(lock.try_lock_for(Duration::from_millis(20)).is_some());
}

#[test]
fn a_panic_gives_it_back() {
    let lock = Lock::new(7);
    let keep = || {
        let _held = lock.lock();
        panic!("on purpose");
    };
    let ended = thread::scope(|scope| scope.spawn(keep).join());
    assert!(ended.is_err());
    assert_eq!(*lock.lock(), 7);
}

#[test]
fn a_change_between_the_look_and_the_wait_is_not_missed() {
    let condition = Condition::default();
    let seen = condition.changes();
    condition.notify_all();
    let begun = Instant::now();
    condition.wait_beyond(seen, Duration::from_secs(60));
    assert!(begun.elapsed() < Duration::from_secs(30));
    condition.wait_beyond(condition.changes(), Duration::from_millis(1));
}
