//! `Segments`: a growing array that never moves what it holds.
//!
//! ```text
//! segments:  [ 64 items ] [ 64 items ] [ 64 items ] [ 9 items, room for 16 ]
//! item 130:                              ^ 130 / 64 = 2, place 130 % 64 = 2
//! ```
//!
//! A `Vec` that is full moves everything to a larger allocation. A thousand sub-tables that grow at
//! about the same time leave a thousand holes, each a little too small for the next growth: a
//! quarter of a server's memory. Here only the last segment ever moves, from 4 items up to 64, and
//! what it leaves is of a size that the next one asks for. The price is one more step on the way to
//! an item, through a list that is small enough to be in the processor's cache.
//!
//! Left out on purpose: insertion and removal in the middle. Removing is moving the last item into
//! the gap.

use std::ops::{Index, IndexMut};

/// Items in a full segment.
const SEGMENT: usize = 64;
/// For how many items a segment has room at first.
const FIRST: usize = 4;

/// A growing array; see the module documentation.
#[derive(Clone, Debug)]
pub(super) struct Segments<T> {
    /// All full, but for the last, which is not empty.
    segments: Vec<Vec<T>>,
}

impl<T> Segments<T> {
    /// An empty array, without an allocation.
    pub(super) const fn new() -> Self {
        Segments { segments: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        let last = self.segments.last().map_or(SEGMENT, Vec::len);
        self.segments.len() * SEGMENT + last - SEGMENT
    }

    pub(super) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    pub(super) fn get(&self, index: usize) -> Option<&T> {
        self.segments.get(index / SEGMENT)?.get(index % SEGMENT)
    }

    pub(super) fn last(&self) -> Option<&T> {
        self.segments.last()?.last()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.segments.iter().flatten()
    }

    pub(super) fn into_iter(self) -> impl Iterator<Item = T> {
        self.segments.into_iter().flatten()
    }

    /// Adds an item at the end.
    pub(super) fn push(&mut self, item: T) {
        match self.segments.last_mut() {
            Some(last) if last.len() < SEGMENT => {
                if last.len() == last.capacity() {
                    last.reserve_exact(last.len().min(SEGMENT - last.len()));
                }
                last.push(item);
            }
            _ => {
                let mut segment = Vec::with_capacity(FIRST);
                segment.push(item);
                self.segments.push(segment);
            }
        }
    }

    /// Removes the item at `index`; the last one takes its place.
    pub(super) fn swap_remove(&mut self, index: usize) -> T {
        let last = self.segments.last_mut().expect("only an item that is there is removed");
        let mut item = last.pop().expect("no segment is empty");
        if last.is_empty() {
            self.segments.pop();
        } else if last.len() < last.capacity() / 4 {
            last.shrink_to((last.len() * 2).max(FIRST));
        }
        if index < self.len() {
            std::mem::swap(&mut item, &mut self[index]);
        }
        item
    }

    /// Bytes allocated.
    pub(super) fn heap_size(&self) -> usize {
        let last = self.segments.last().map_or(SEGMENT, Vec::capacity);
        let items = self.segments.len() * SEGMENT + last - SEGMENT;
        items * size_of::<T>() + self.segments.capacity() * size_of::<Vec<T>>()
    }
}

impl<T> Index<usize> for Segments<T> {
    type Output = T;
    #[inline]
    fn index(&self, index: usize) -> &T {
        &self.segments[index / SEGMENT][index % SEGMENT]
    }
}

impl<T> IndexMut<usize> for Segments<T> {
    #[inline]
    fn index_mut(&mut self, index: usize) -> &mut T {
        &mut self.segments[index / SEGMENT][index % SEGMENT]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn behaves_as_a_vec(ops in prop::collection::vec((0..5u8, any::<prop::sample::Index>()), 0..900)) {
            let (mut segments, mut model) = (Segments::new(), Vec::new());
            for (number, (op, index)) in ops.into_iter().enumerate() {
                // Grows in the first half, and shrinks in the second.
                if op < if number < 450 { 4 } else { 1 } {
                    segments.push(number);
                    model.push(number);
                } else if !model.is_empty() {
                    let index = index.index(model.len());
                    prop_assert_eq!(segments.swap_remove(index), model.swap_remove(index));
                }
                prop_assert_eq!(segments.len(), model.len());
                prop_assert_eq!(segments.is_empty(), model.is_empty());
                prop_assert_eq!(segments.last(), model.last());
                prop_assert_eq!(segments.get(model.len()), None);
                let unused = segments.heap_size() / size_of::<usize>() - model.len();
                prop_assert!(unused <= model.len() + 3 * FIRST + SEGMENT, "{} unused", unused);
            }
            prop_assert!(segments.iter().eq(&model));
            prop_assert!(model.iter().enumerate().all(|(at, item)| segments[at] == *item));
        }
    }
}
