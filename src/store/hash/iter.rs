//! Walking over a hash, whatever its form.

use super::super::{packed, table};
use super::Triple;
use super::field::{Field, decode_time};
use super::timed_packed::STEP;

/// The pairs of a [`struct@super::Hash`].
pub struct Iter<'a>(pub(super) Triples<'a>);

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a [u8], &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(field, value, _)| (field, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Iter<'_> {}

/// The pairs of a [`struct@super::Hash`], each with when it expires.
pub struct Triples<'a>(pub(super) FormIter<'a>);

pub(super) enum FormIter<'a> {
    Packed(packed::Iter<'a>),
    TimedPacked(packed::Iter<'a>),
    Table(table::Iter<'a, Field>),
}

impl<'a> Iterator for Triples<'a> {
    type Item = Triple<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            FormIter::Packed(iter) => Some((iter.next()?, iter.next()?, None)),
            FormIter::TimedPacked(iter) => {
                Some((iter.next()?, iter.next()?, decode_time(iter.next()?)))
            }
            FormIter::Table(iter) => iter.next().map(Field::triple),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = match &self.0 {
            FormIter::Packed(iter) => iter.len() / 2,
            FormIter::TimedPacked(iter) => iter.len() / STEP,
            FormIter::Table(iter) => iter.len(),
        };
        (left, Some(left))
    }
}

impl ExactSizeIterator for Triples<'_> {}
