//! Delegation: what is passed to the holder of a lock is done exactly once, and nobody waits for ever.

use std::sync::Arc;

use crate::check;
use crate::engine::delegation::Delegation;
use crate::system::sync::Mutex;
use crate::system::sync::thread::{self, yield_now};

/// A lock with its door.
#[derive(Clone)]
struct Guarded {
    lock: Arc<Mutex<Vec<u32>>>,
    door: Arc<Delegation<Vec<u32>>>,
}

impl Guarded {
    /// Does something under the lock, or beside it: as `SharedEngine::visit` does, but for the time-out, in
    /// place of which others take their turn.
    fn visit(&self, number: u32) -> usize {
        let mut job = move |done: &mut Vec<u32>| {
            done.push(number);
            done.len()
        };
        loop {
            if let Ok(mut done) = self.lock.try_lock() {
                return job(&mut done);
            }
            if self.door.is_open() {
                match self.door.pass(job) {
                    Ok(result) => return result,
                    Err(returned) => job = returned,
                }
            }
            yield_now();
        }
    }

    /// Holds the lock for long, and serves others meanwhile.
    fn hold(&self, rounds: usize) {
        let mut done = self.lock.lock().unwrap();
        self.door.open();
        for _ in 0..rounds {
            yield_now();
            self.door.serve(&mut done);
        }
        self.door.close(&mut done);
        assert!(!self.door.is_open());
    }
}

#[test]
fn what_is_delegated_is_done_once() {
    check(|| {
        let guarded = Guarded { lock: Arc::default(), door: Arc::default() };
        let holders = [1, 3].map(|rounds| {
            let guarded = guarded.clone();
            thread::spawn(move || guarded.hold(rounds))
        });
        let visitors = [10, 20, 30].map(|number| {
            let guarded = guarded.clone();
            thread::spawn(move || [guarded.visit(number), guarded.visit(number + 1)])
        });
        let mut places: Vec<usize> =
            visitors.into_iter().flat_map(|visitor| visitor.join().unwrap()).collect();
        holders.into_iter().for_each(|holder| holder.join().unwrap());
        let mut done = guarded.lock.lock().unwrap().clone();
        let place = |number| done.iter().position(|done| *done == number);
        assert!([10, 20, 30].into_iter().all(|number| place(number) < place(number + 1)));
        places.sort_unstable();
        assert_eq!(places, [1, 2, 3, 4, 5, 6]);
        done.sort_unstable();
        assert_eq!(done, [10, 11, 20, 21, 30, 31]);
    });
}
