//! From both ends.
//!
//! LRANGE and LTRIM take a first and a last index, both included. Negative ones count from the end: -1 is the
//! last element. What lies outside of the list is left out. `range` turns them into a range of Rust; an
//! empty one is `0..0`. Mind i64::MIN and i64::MAX: clients send them.

use std::ops::Range;

pub fn range(len: usize, first: i64, last: i64) -> Range<usize> {
    first as usize..last as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_the_list() {
        assert_eq!(range(5, 0, 4), 0..5);
        assert_eq!(range(5, 1, 3), 1..4);
        assert_eq!(range(5, 2, 2), 2..3);
    }

    #[test]
    fn from_the_end() {
        assert_eq!(range(5, 0, -1), 0..5);
        assert_eq!(range(5, -2, -1), 3..5);
        assert_eq!(range(5, 1, -2), 1..4);
        assert_eq!(range(5, -5, -5), 0..1);
    }

    #[test]
    fn outside_is_left_out() {
        assert_eq!(range(5, -100, 100), 0..5);
        assert_eq!(range(5, -100, 1), 0..2);
        assert_eq!(range(5, 4, 100), 4..5);
        assert_eq!(range(5, i64::MIN, i64::MAX), 0..5);
    }

    #[test]
    fn empty_is_empty() {
        for (len, first, last) in [
            (5, 3, 1),
            (5, 5, 10),
            (5, 0, -6),
            (5, -100, -6),
            (5, -1, -2),
            (0, 0, -1),
            (0, 0, 0),
            (5, i64::MAX, i64::MIN),
            (5, i64::MAX, i64::MAX),
            (5, i64::MIN, i64::MIN),
        ] {
            assert_eq!(range(len, first, last), 0..0, "{first} to {last} of {len}");
        }
    }
}
