//! The best candidates for eviction seen so far.
//!
//! A few keys drawn at random are a poor guess at the least recently used of millions; the best of
//! many draws is a good one. So the pool keeps the best sixteen from one eviction to the next, and
//! only what is better than its worst gets in. Keys may have changed or gone meanwhile; who takes a
//! candidate looks whether it is still there.
//!
//! ```text
//! cost to lose   low                                        high
//! pool           [ best | ... | worst ]  <- a new candidate goes where it belongs
//! ```

use crate::store::Bytes;

/// As many as Redis keeps; more make eviction slower and hardly better.
const CAPACITY: usize = 16;

/// A key that might be evicted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The greater, the better to evict it.
    pub fitness: u64,
    /// Its database.
    pub db: usize,
    /// The key.
    pub key: Bytes,
}

/// The best candidates, the very best last.
#[derive(Debug, Default)]
pub struct Pool {
    candidates: Vec<Candidate>,
}

impl Pool {
    /// Lets a key in, if it is among the best.
    pub fn offer(&mut self, fitness: u64, db: usize, key: &Bytes) {
        let is_full = self.candidates.len() == CAPACITY;
        if is_full && self.candidates[0].fitness >= fitness {
            return;
        }
        if self.candidates.iter().any(|known| known.db == db && known.key == *key) {
            return;
        }
        if is_full {
            self.candidates.remove(0);
        }
        let place = self.candidates.partition_point(|known| known.fitness < fitness);
        self.candidates.insert(place, Candidate { fitness, db, key: key.clone() });
    }

    /// Takes the best one out.
    pub fn take(&mut self) -> Option<Candidate> {
        self.candidates.pop()
    }

    /// Forgets all: what is good under one policy may not be under another.
    pub fn clear(&mut self) {
        self.candidates.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_many_stay() {
        let mut pool = Pool::default();
        let key = |number: u64| Bytes::new(number.to_string().as_bytes());
        for number in (0..100).chain(50..60) {
            pool.offer(number * 37 % 100, 0, &key(number));
        }
        let taken: Vec<u64> = std::iter::from_fn(|| pool.take()).map(|best| best.fitness).collect();
        assert_eq!(taken, (84..100).rev().collect::<Vec<u64>>());
    }

    #[test]
    fn a_key_is_in_it_once() {
        let mut pool = Pool::default();
        pool.offer(1, 0, &Bytes::new(b"a"));
        pool.offer(2, 0, &Bytes::new(b"a"));
        pool.offer(3, 1, &Bytes::new(b"a"));
        assert_eq!(pool.take().unwrap().db, 1);
        assert_eq!(pool.take().unwrap().fitness, 1);
        assert_eq!(pool.take(), None);
    }
}
