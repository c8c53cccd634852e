//! Random numbers that need not be secret: RANDOMKEY, SPOP, sampling for eviction.
//!
//! SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014): one
//! addition and two multiplications a number. Seeded from the operating system. Secrets, such as
//! run ids and generated passwords, come from [`secure_hex`].

use std::hash::{BuildHasher, Hasher};

/// The generator.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// A generator that nobody can predict the start of.
    pub fn from_system() -> Self {
        // The standard library seeds its hash maps from the operating system.
        Random(std::collections::hash_map::RandomState::new().build_hasher().finish())
    }

    /// A generator that always gives the same numbers.
    pub fn from_seed(seed: u64) -> Self {
        Random(seed)
    }

    /// The next number; every bit is as good as any other.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// `len` hexadecimal digits that nobody can guess.
pub fn secure_hex(len: usize) -> String {
    let mut bytes = vec![0; len.div_ceil(2)];
    let mut filled = 0;
    while filled < bytes.len() {
        let flags = rustix::rand::GetRandomFlags::empty();
        filled += rustix::rand::getrandom(&mut bytes[filled..], flags).unwrap_or(0);
    }
    let mut text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    text.truncate(len);
    text
}
