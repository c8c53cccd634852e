//! The best so far.
//!
//! Write the pool of candidates. `offer` lets a key in if there is room, or if it is fitter than the least
//! fit in the pool, which then has to go; a key that is in it already stays as it is. `take` gives the
//! fittest, and takes it out; of those that are equally fit, the one that came in last.

pub const CAPACITY: usize = 4;

#[derive(Default)]
pub struct Pool {
    candidates: Vec<(u64, String)>,
}

impl Pool {
    pub fn offer(&mut self, fitness: u64, key: &str) {}

    pub fn take(&mut self) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pool: &mut Pool) -> Vec<String> {
        std::iter::from_fn(|| pool.take()).collect()
    }

    #[test]
    fn the_best_of_many() {
        let mut pool = Pool::default();
        for number in 0..1000u64 {
            let fitness = number * 37 % 1000;
            pool.offer(fitness, &fitness.to_string());
        }
        assert_eq!(all(&mut pool), ["999", "998", "997", "996"]);
        assert!(pool.take().is_none());
    }

    #[test]
    fn each_is_in_it_once() {
        let mut pool = Pool::default();
        ["a", "b", "a"].iter().zip([5, 6, 7]).for_each(|(key, fitness)| pool.offer(fitness, key));
        assert_eq!(all(&mut pool), ["b", "a"]);
    }

    #[test]
    fn who_is_no_fitter_stays_out() {
        let mut pool = Pool::default();
        "abcd".chars().for_each(|key| pool.offer(5, &key.to_string()));
        pool.offer(5, "e");
        pool.offer(4, "f");
        assert_eq!(all(&mut pool), ["d", "c", "b", "a"]);
        pool.offer(1, "g");
        assert_eq!(all(&mut pool), ["g"], "there is room again");
    }
}
