//! A set of integers.
//!
//! Members stand in ascending order, each in as many bytes as the largest needs: 2, 4 or 8, the lowest first.
//! Write `get`, `insert` (false: it was there) and `contains`, which looks by halves. A member that doesn't
//! fit widens all; they never become narrower.

pub struct IntSet {
    /// Bytes of a member.
    pub width: usize,
    pub bytes: Vec<u8>,
}

impl IntSet {
    pub fn new() -> Self {
        IntSet { width: 2, bytes: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.bytes.len() / self.width
    }

    pub fn get(&self, index: usize) -> i64 {
        0
    }

    pub fn insert(&mut self, value: i64) -> bool {
        false
    }

    pub fn contains(&self, value: i64) -> bool {
        (0..self.len()).any(|index| self.get(index) == value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn lies_in_order() {
        let mut set = IntSet::new();
        assert!(set.insert(300) && set.insert(1) && set.insert(-2));
        assert!(!set.insert(1));
        assert_eq!(set.bytes, [0xfe, 0xff, 1, 0, 0x2c, 1]);
        assert_eq!([0, 1, 2].map(|index| set.get(index)), [-2, 1, 300]);
    }

    #[test]
    fn what_does_not_fit_widens_all() {
        let mut set = IntSet::new();
        let widths = [5, -32_768, 32_767, 32_768, -2_147_483_648, 1 << 40].map(|value| {
            assert!(set.insert(value) && set.contains(value));
            (set.width, set.bytes.len())
        });
        assert_eq!(widths, [(2, 2), (2, 4), (2, 6), (4, 16), (4, 20), (8, 48)]);
        let members: Vec<i64> = (0..set.len()).map(|index| set.get(index)).collect();
        assert_eq!(members, [-2_147_483_648, -32_768, 5, 32_767, 32_768, 1 << 40]);
    }

    #[test]
    fn behaves_as_a_set() {
        let (mut set, mut model) = (IntSet::new(), BTreeSet::new());
        for step in 0..2000i64 {
            let value = (step * 7919 % 613 - 300) * [1, 40, 5_000_000][step as usize % 3];
            assert_eq!(set.insert(value), model.insert(value));
            assert!(set.contains(value));
            assert_eq!(set.contains(value + 1), model.contains(&(value + 1)));
        }
        assert!((0..set.len()).map(|index| set.get(index)).eq(model));
    }
}
