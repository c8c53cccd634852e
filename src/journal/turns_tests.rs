//! Tests of turns: real threads and real time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::turns::{LONGEST_WAIT, Turns};

/// Eight threads, each with thirty units to bring to the end, one after the other.
fn turns_for_eight_threads(gather: bool) -> u64 {
    let turns = Turns::default();
    let (appended, done, count) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..30 {
                    let mine = appended.fetch_add(1, Ordering::SeqCst) + 1;
                    let reached = || done.load(Ordering::SeqCst);
                    turns.take(mine, gather, reached, || {
                        let all = appended.load(Ordering::SeqCst);
                        std::thread::sleep(Duration::from_millis(3));
                        done.fetch_max(all, Ordering::SeqCst);
                        count.fetch_add(1, Ordering::SeqCst);
                    });
                    assert!(reached() >= mine);
                }
            });
        }
    });
    assert!(turns.lock().waiting.is_empty() && !turns.lock().taken);
    count.into_inner()
}

#[test]
fn threads_that_come_together_share_turns() {
    assert!(turns_for_eight_threads(false) < 240, "without sharing there would be 240");
    // Thirty would be ideal; the rest is for a busy machine.
    assert!((30..120).contains(&turns_for_eight_threads(true)));
}

#[test]
fn nobody_waits_for_those_who_are_gone() {
    let turns = Turns::default();
    turns.lock().expected = 50;
    turns.lock().usual = Duration::from_secs(100);
    let (begun, worked) = (Instant::now(), std::cell::Cell::new(0));
    for number in 1..=50 {
        turns.take(number, true, || worked.get(), || worked.set(worked.get() + 1));
    }
    assert_eq!((worked.get(), turns.lock().expected), (50, 1));
    assert!(begun.elapsed() >= LONGEST_WAIT, "it waited once");
}
