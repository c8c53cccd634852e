//! `IntSet`: a small set of integers, as a sorted array of the narrowest type that holds them all.
//!
//! ```text
//! {1, 5, 300}         01 00 | 05 00 | 2c 01                     2 bytes each, low byte first
//! {1, 5, 70000}       01 00 00 00 | 05 00 00 00 | 70 11 01 00   4 bytes each
//! {1, 5, 2^40}        ...                                       8 bytes each
//! ```
//!
//! It lies in a [`Blob`], with a mark, so that a set can keep texts in the same place. A member that doesn't
//! fit widens all of them, and they stay wide when it leaves, so that one member coming and going does not rewrite
//! the set each time. Sets of ids are common, and a
//! binary search in a kilobyte is about as fast as hashing. Left out on purpose: large sets, since
//! an insertion moves everything behind it; [`super::Set`] converts those.

use std::borrow::{Borrow, BorrowMut};
use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;

use super::blob::{Blob, MARK};

/// A sorted set of integers, in a blob of its own or in somebody's; see the module documentation.
#[derive(Clone, Copy, Default)]
pub struct IntSet<B = Blob>(
    /// Its number is how many bytes a member takes, and the mark.
    B,
);

/// Bytes per member of an empty set.
const NARROWEST: usize = 2;

/// The integers of a set, which is there to be read.
pub type IntSetRef<'a> = IntSet<&'a Blob>;

/// Whether a blob holds integers, if it holds anything.
pub(super) fn is_in(blob: &Blob) -> bool {
    matches!(blob.number(), 0 | MARK..)
}

impl<B: Borrow<Blob>> IntSet<B> {
    /// The one that this blob holds.
    pub(super) fn new(blob: B) -> Self {
        debug_assert!(is_in(blob.borrow()));
        IntSet(blob)
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.blob().bytes().len() / self.width()
    }

    /// Whether there are none.
    #[cfg(feature = "internals")] // for tests
    pub fn is_empty(&self) -> bool {
        self.blob().bytes().is_empty()
    }

    /// Bytes per member: 2, 4 or 8.
    pub fn width(&self) -> usize {
        ((self.blob().number() & !MARK) as usize).max(NARROWEST)
    }

    /// The member at `index`, in ascending order. Panics when there is none.
    #[inline]
    pub fn get(&self, index: usize) -> i64 {
        let (width, bytes) = (self.width(), self.blob().bytes());
        let member = &bytes[index * width..(index + 1) * width];
        match *member {
            [a, b] => i16::from_le_bytes([a, b]).into(),
            [a, b, c, d] => i32::from_le_bytes([a, b, c, d]).into(),
            _ => i64::from_le_bytes(member.try_into().expect("a member is 2, 4 or 8 bytes wide")),
        }
    }

    /// Whether `value` is a member.
    pub fn contains(&self, value: i64) -> bool {
        self.position(value).is_ok()
    }

    /// The members, ascending.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = i64> + '_ {
        (0..self.len()).map(|index| self.get(index))
    }

    fn blob(&self) -> &Blob {
        self.0.borrow()
    }

    /// Where `value` is, or where it would be.
    fn position(&self, value: i64) -> Result<usize, usize> {
        let (mut start, mut end) = (0, self.len());
        while start < end {
            let middle = start.midpoint(end);
            match self.get(middle).cmp(&value) {
                Ordering::Less => start = middle + 1,
                Ordering::Equal => return Ok(middle),
                Ordering::Greater => end = middle,
            }
        }
        Err(start)
    }
}

impl<B: BorrowMut<Blob>> IntSet<B> {
    /// Adds a member; false if it was there.
    pub fn insert(&mut self, value: i64) -> bool {
        let Err(index) = self.position(value) else { return false };
        let width = width_of(value).max(self.width());
        if width > self.width() {
            self.widen(width);
        }
        let at = index * width;
        self.splice(at..at, &value.to_le_bytes()[..width], width);
        true
    }

    /// Removes a member; false if it wasn't there.
    pub fn remove(&mut self, value: i64) -> bool {
        let Ok(index) = self.position(value) else { return false };
        self.remove_at(index);
        true
    }

    /// Removes the member at `index`. Panics when there is none.
    pub fn remove_at(&mut self, index: usize) -> i64 {
        let (value, width) = (self.get(index), self.width());
        self.splice(index * width..(index + 1) * width, &[], width);
        value
    }

    fn widen(&mut self, width: usize) {
        let wide: Vec<u8> =
            self.iter().flat_map(|value| value.to_le_bytes().into_iter().take(width)).collect();
        self.splice(0..self.blob().bytes().len(), &wide, width);
    }

    fn splice(&mut self, range: Range<usize>, bytes: &[u8], width: usize) {
        self.0.borrow_mut().splice(range, &[bytes], width as u32 | MARK);
    }
}

/// The fewest bytes that hold a value, of those that a set has.
fn width_of(value: i64) -> usize {
    if i16::try_from(value).is_ok() {
        2
    } else if i32::try_from(value).is_ok() {
        4
    } else {
        8
    }
}

impl<B: Borrow<Blob>> fmt::Debug for IntSet<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn widens_once_and_stays_wide() {
        let mut set = IntSet::<Blob>::default();
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
            let (mut set, mut model) = (IntSet::<Blob>::default(), BTreeSet::new());
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
