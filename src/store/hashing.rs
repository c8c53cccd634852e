//! The one hash function of the store.
//!
//! Every hash table here places its keys with [`hash`], which is seeded from the operating
//! system's randomness when the process starts. A client that could predict where its keys go
//! could send a million that go to the same place; without the seed it can't choose them.
//!
//! All tables share one seed, so a key is hashed the same way wherever it is looked up. Left out
//! on purpose: a hash that is stable across restarts. Nothing may store one.

use ahash::RandomState;
use once_cell::sync::Lazy;

static SEED: Lazy<RandomState> = Lazy::new(RandomState::new);

/// Hashes a key. Every bit of the result may be used; it holds for this process only.
#[inline]
pub fn hash(key: &[u8]) -> u64 {
    SEED.hash_one(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_similar_keys_over_both_ends_of_the_word() {
        let mut high = [0usize; 16];
        let mut low = [0usize; 16];
        for i in 0..16_000u32 {
            let h = hash(format!("key:{i}").as_bytes());
            high[(h >> 60) as usize] += 1;
            low[(h & 15) as usize] += 1;
        }
        // 1000 expected in each; ten standard deviations are allowed.
        for n in high.into_iter().chain(low) {
            assert!((700..1300).contains(&n), "uneven: {high:?} {low:?}");
        }
    }

    #[test]
    fn is_a_function_of_the_bytes() {
        assert_eq!(hash(b"abc"), hash(&Vec::from(*b"abc")));
        assert_ne!(hash(b"abc"), hash(b"abd"));
    }
}
