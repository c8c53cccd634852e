//! `IntSet`: a small set of integers, as a sorted array of the narrowest type that holds them all.
//!
//! ```text
//! {1, 5, 300}           I16  | 0001 | 0005 | 012c |                   2 bytes each
//! {1, 5, 70000}         I32  | 00000001 | 00000005 | 00011170 |       4 bytes each
//! {1, 5, 2^40}          I64  ...                                      8 bytes each
//! ```
//!
//! A member that doesn't fit widens all of them, and they stay wide when it leaves, so that one
//! member coming and going does not rewrite the set each time. Sets of ids are common, and a
//! binary search in a kilobyte is about as fast as hashing. Left out on purpose: large sets, since
//! an insertion moves everything behind it; [`super::Set`] converts those.

/// A sorted set of integers; see the module documentation.
#[derive(Clone, Debug)]
pub enum IntSet {
    /// All members fit 16 bits.
    I16(Vec<i16>),
    /// All members fit 32 bits.
    I32(Vec<i32>),
    /// Any members.
    I64(Vec<i64>),
}

/// Inserts `value` if the type holds it; says whether it was new.
fn insert<W: TryFrom<i64> + Ord + Copy>(values: &mut Vec<W>, value: i64) -> Option<bool> {
    let value = W::try_from(value).ok()?;
    let Err(index) = values.binary_search(&value) else { return Some(false) };
    if values.len() == values.capacity() {
        values.reserve_exact((values.len() / 4).max(4));
    }
    values.insert(index, value);
    Some(true)
}

fn find<W: TryFrom<i64> + Ord + Copy>(values: &[W], value: i64) -> Option<usize> {
    values.binary_search(&W::try_from(value).ok()?).ok()
}

impl IntSet {
    /// An empty set, without an allocation.
    pub const fn new() -> Self {
        IntSet::I16(Vec::new())
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        match self {
            IntSet::I16(v) => v.len(),
            IntSet::I32(v) => v.len(),
            IntSet::I64(v) => v.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes per member: 2, 4 or 8.
    pub fn width(&self) -> usize {
        match self {
            IntSet::I16(_) => 2,
            IntSet::I32(_) => 4,
            IntSet::I64(_) => 8,
        }
    }

    /// The member at `index`, in ascending order. Panics when there is none.
    pub fn get(&self, index: usize) -> i64 {
        match self {
            IntSet::I16(v) => v[index].into(),
            IntSet::I32(v) => v[index].into(),
            IntSet::I64(v) => v[index],
        }
    }

    /// Whether `value` is a member.
    pub fn contains(&self, value: i64) -> bool {
        self.position(value).is_some()
    }

    /// Adds a member; false if it was there.
    pub fn insert(&mut self, value: i64) -> bool {
        let inserted = match self {
            IntSet::I16(v) => insert(v, value),
            IntSet::I32(v) => insert(v, value),
            IntSet::I64(v) => insert(v, value),
        };
        inserted.unwrap_or_else(|| {
            self.widen(value);
            self.insert(value)
        })
    }

    /// Removes a member; false if it wasn't there.
    pub fn remove(&mut self, value: i64) -> bool {
        let Some(index) = self.position(value) else { return false };
        self.remove_at(index);
        true
    }

    /// Removes the member at `index`. Panics when there is none.
    pub fn remove_at(&mut self, index: usize) -> i64 {
        match self {
            IntSet::I16(v) => v.remove(index).into(),
            IntSet::I32(v) => v.remove(index).into(),
            IntSet::I64(v) => v.remove(index),
        }
    }

    /// The members, ascending.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = i64> + '_ {
        (0..self.len()).map(|index| self.get(index))
    }

    /// Bytes allocated.
    pub fn heap_size(&self) -> usize {
        let capacity = match self {
            IntSet::I16(v) => v.capacity(),
            IntSet::I32(v) => v.capacity(),
            IntSet::I64(v) => v.capacity(),
        };
        capacity * self.width()
    }

    fn position(&self, value: i64) -> Option<usize> {
        match self {
            IntSet::I16(v) => find(v, value),
            IntSet::I32(v) => find(v, value),
            IntSet::I64(v) => find(v, value),
        }
    }

    /// Changes to the narrowest type that holds `value`, which the present one doesn't.
    fn widen(&mut self, value: i64) {
        *self = match i32::try_from(value) {
            Ok(_) => IntSet::I32(self.iter().map(|v| v as i32).collect()),
            Err(_) => IntSet::I64(self.iter().collect()),
        };
    }
}

impl Default for IntSet {
    fn default() -> Self {
        IntSet::new()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn widens_once_and_stays_wide() {
        let mut set = IntSet::new();
        let widths = [5, -32768, 32768, -2, 1 << 40].map(|value| {
            assert!(set.insert(value) && !set.insert(value));
            set.width()
        });
        assert_eq!(widths, [2, 2, 4, 4, 8]);
        assert!(set.remove(1 << 40) && !set.remove(1 << 40));
        assert_eq!(set.width(), 8);
        assert_eq!(set.iter().collect::<Vec<_>>(), [-32768, -2, 5, 32768]);
    }

    proptest! {
        #[test]
        fn behaves_as_an_ordered_set(
            ops in prop::collection::vec((any::<bool>(), -9i64..9, 0..4u32), 0..200),
        ) {
            let (mut set, mut model) = (IntSet::new(), BTreeSet::new());
            for (add, factor, power) in ops {
                let value = factor * 30_000i64.pow(power);
                if add {
                    prop_assert_eq!(set.insert(value), model.insert(value));
                } else {
                    prop_assert_eq!(set.remove(value), model.remove(&value));
                }
                prop_assert_eq!(set.contains(value), add);
                prop_assert!(set.iter().eq(model.iter().copied()));
            }
        }
    }
}
