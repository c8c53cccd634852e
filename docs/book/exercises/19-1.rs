//! A counter that forgets.
//!
//! Count the uses of a key in 8 bits. Write the three functions:
//!
//! - `increment` adds one with the chance `1 / ((counter - 5) * factor + 1)`, where what is below 5 counts
//!   as 5. `random` is a number from 0 to 1, without 1: below the chance means yes. 255 stays.
//! - `decay` takes one off for each whole period of minutes that has passed; 0 minutes: never. The minutes
//!   are known modulo 2^16: what looks like the future is the past, once round.
//! - `least_used` is the index of the key to be evicted at the minute `now`: the lowest counter after the
//!   decay, and the first of those that are equal. None if there is no key.

/// What an entry remembers.
#[derive(Clone, Copy)]
pub struct Usage {
    pub minute: u16,
    pub counter: u8,
}

pub fn increment(counter: u8, factor: u32, random: f64) -> u8 {
    counter
}

pub fn decay(usage: Usage, now: u16, period: u16) -> u8 {
    usage.counter
}

pub fn least_used(keys: &[Usage], now: u16, period: u16) -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_higher_the_less_likely() {
        assert_eq!([increment(0, 10, 0.999), increment(5, 10, 0.999)], [1, 6]);
        assert_eq!([increment(6, 10, 0.0909), increment(6, 10, 0.091)], [7, 6]);
        assert_eq!([increment(15, 10, 0.0099), increment(15, 10, 0.00991)], [16, 15]);
        assert_eq!([increment(200, 0, 0.999), increment(255, 0, 0.0)], [201, 255]);
    }

    #[test]
    fn a_million_uses_fit_into_eight_bits() {
        let (mut seed, mut counter) = (1u64, 5);
        for _ in 0..1_000_000 {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            counter = increment(counter, 10, (seed >> 11) as f64 / (1u64 << 53) as f64);
        }
        assert_eq!(counter, 255);
    }

    #[test]
    fn time_takes_off() {
        let usage = Usage { minute: 100, counter: 10 };
        let at = |now| decay(usage, now, 2);
        assert_eq!([at(100), at(101), at(102), at(105), at(200)], [10, 10, 9, 8, 0]);
        assert_eq!(decay(usage, 200, 0), 10);
        assert_eq!(decay(Usage { minute: 65_535, counter: 10 }, 2, 1), 7);
    }

    #[test]
    fn the_least_used_goes() {
        let usage = |minute, counter| Usage { minute, counter };
        let keys = [usage(0, 50), usage(49, 9), usage(45, 11), usage(50, 8)];
        assert_eq!(least_used(&keys, 50, 1), Some(0));
        assert_eq!(least_used(&keys, 50, 0), Some(3));
        assert_eq!(least_used(&keys[1..], 50, 1), Some(1), "8, 6 and 8 are left");
        assert_eq!(least_used(&[usage(50, 8), usage(49, 9)], 50, 1), Some(0), "8 and 8");
        assert_eq!(least_used(&[], 50, 1), None);
    }
}
