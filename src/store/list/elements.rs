//! `Elements`: a short list, or a chunk of a long one. It is a [`Packed`] that has integers as such.

use std::ops::Range;

use super::super::packed::{self, Packed};
use super::super::{Bytes, Element};

/// A sequence of elements; see the module documentation.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Elements(Packed);

impl Elements {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn is_same(&self, other: &Elements) -> bool {
        self.0.is_same(&other.0)
    }

    /// What [`Elements::byte_size`] grows by when an element is added.
    pub(super) fn size_of(element: Element<'_>) -> usize {
        Packed::size_of_entry(element)
    }

    /// Bytes in use.
    pub fn byte_size(&self) -> usize {
        self.0.byte_size()
    }

    pub(super) fn heap_size(&self) -> usize {
        self.0.heap_size()
    }

    pub(super) fn has_spare_for(&self, element: Element<'_>) -> bool {
        self.0.has_spare_for(element)
    }

    pub(super) fn iter(&self) -> Iter<'_> {
        Iter(self.0.iter())
    }

    pub(super) fn get(&self, index: usize) -> Option<Element<'_>> {
        self.iter().nth(index)
    }

    pub(super) fn push_back(&mut self, element: Element<'_>) {
        self.insert(self.len(), element);
    }

    pub(super) fn insert(&mut self, index: usize, element: Element<'_>) {
        self.0.insert_element(index, element);
    }

    pub(super) fn replace(&mut self, index: usize, element: Element<'_>) {
        self.0.replace_element(index, element);
    }

    pub(super) fn remove(&mut self, range: Range<usize>) {
        self.0.remove(range);
    }

    pub(super) fn take(&mut self, index: usize) -> Option<Bytes> {
        self.0.take(index)
    }

    pub(super) fn split_off(&mut self, index: usize) -> Elements {
        Elements(self.0.split_off(index))
    }

    pub(super) fn append(&mut self, other: &Elements) {
        self.0.append(&other.0);
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.0.shrink_to_fit();
    }
}

impl<'a> FromIterator<Element<'a>> for Elements {
    fn from_iter<I: IntoIterator<Item = Element<'a>>>(elements: I) -> Self {
        let mut all = Elements::default();
        elements.into_iter().for_each(|element| all.push_back(element));
        all
    }
}

/// The elements of a chunk, first to last.
#[derive(Clone, Default)]
pub(super) struct Iter<'a>(packed::Iter<'a>);

impl<'a> Iterator for Iter<'a> {
    type Item = Element<'a>;

    #[inline]
    fn next(&mut self) -> Option<Element<'a>> {
        self.0.next_element()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Iter<'_> {}
