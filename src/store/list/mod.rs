//! `List`: what a key of type list holds, in one of two forms.
//!
//! ```text
//! form     holds                                    called      element costs
//! Packed   up to 128 elements in up to 8 KB, or     quicklist   its length + 1, as an integer
//!          one of any size                                      1 to 8 + 1
//! Chunks   anything: a deque of such packed lists   quicklist   the same
//! ```
//!
//! A list begins packed, gets chunks when an element arrives that there is no room for, and
//! is packed again when it has shrunk to half of that.
//!
//! Left out on purpose: `list-max-listpack-size`, which is about the nodes in files (the limits are
//! those of its default, -2), and the compression of inner chunks. OBJECT ENCODING is always
//! `quicklist`, as in Redis 7.0.

mod chunks;
mod elements;

use std::collections::vec_deque;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::bytes::ARC_COUNTS;
use super::{Bytes, Element};
use chunks::{Chunk, Chunks};
use elements::Elements;

/// The most texts in a chunk: walking through them takes about 100 ns.
const CHUNK_ENTRIES: usize = 128;

/// The most bytes in a chunk with more than one text: what a write at an end may have to move.
const CHUNK_BYTES: usize = 8192;

/// One end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Where LPUSH pushes.
    Front,
    /// Where RPUSH pushes.
    Back,
}

/// A list of binary strings; see the module documentation.
#[derive(Clone)]
pub struct List(Form);

#[derive(Clone)]
enum Form {
    Packed(Elements),
    Chunks(Arc<Chunks>),
}

impl List {
    /// An empty list.
    pub fn new() -> Self {
        List(Form::Packed(Elements::default()))
    }

    /// Whether neither has changed since one was cloned from the other.
    pub fn is_same(&self, other: &List) -> bool {
        match (&self.0, &other.0) {
            (Form::Packed(ours), Form::Packed(theirs)) => ours.is_same(theirs),
            (Form::Chunks(ours), Form::Chunks(theirs)) => Arc::ptr_eq(ours, theirs),
            _ => false,
        }
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Packed(texts) => texts.len(),
            Form::Chunks(chunks) => chunks.len,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of its form in OBJECT ENCODING.
    pub fn encoding(&self) -> &'static str {
        "quicklist"
    }

    /// Adds an element at an end.
    pub fn push(&mut self, end: End, text: &[u8]) {
        let element = Element::of(text);
        match &mut self.0 {
            Form::Packed(texts) if has_room_for(texts, element) => match end {
                End::Front => texts.insert(0, element),
                End::Back => texts.push_back(element),
            },
            _ => self.make_chunks().push(end, element),
        }
    }

    /// Takes the element at an end. To rotate a list, push at the other end what this returns.
    pub fn pop(&mut self, end: End) -> Option<Bytes> {
        match &mut self.0 {
            Form::Packed(texts) => match end {
                End::Front => texts.take(0),
                End::Back => texts.take(texts.len().checked_sub(1)?),
            },
            Form::Chunks(chunks) => {
                let text = Arc::make_mut(chunks).pop(end);
                self.settle();
                text
            }
        }
    }

    /// The element at `index`.
    pub fn get(&self, index: usize) -> Option<Element<'_>> {
        match &self.0 {
            Form::Packed(texts) => texts.get(index),
            Form::Chunks(chunks) => chunks.get(index),
        }
    }

    /// Replaces the element at `index`; false if there is none.
    pub fn set(&mut self, index: usize, text: &[u8]) -> bool {
        let element = Element::of(text);
        match &mut self.0 {
            Form::Packed(texts) if index >= texts.len() => return false,
            Form::Packed(texts) if has_bytes_for(texts, element) => texts.replace(index, element),
            _ => {
                let replaced = self.make_chunks().set(index, element);
                self.settle();
                return replaced;
            }
        }
        true
    }

    /// Puts an element before the one at `index`, or at the back if `index` is the length.
    pub fn insert(&mut self, index: usize, text: &[u8]) {
        let element = Element::of(text);
        match &mut self.0 {
            Form::Packed(texts) if has_room_for(texts, element) => texts.insert(index, element),
            _ => self.make_chunks().insert(index, element),
        }
    }

    /// Removes the element at `index`; false if there is none.
    pub fn remove(&mut self, index: usize) -> bool {
        if index >= self.len() {
            return false;
        }
        match &mut self.0 {
            Form::Packed(texts) => texts.remove(index..index + 1),
            Form::Chunks(chunks) => _ = Arc::make_mut(chunks).remove(index),
        }
        self.settle();
        true
    }

    /// Removes up to `limit` elements that equal `text`, the ones nearest to an end. Returns how
    /// many there were.
    pub fn remove_equal(&mut self, text: &[u8], limit: usize, nearest: End) -> usize {
        let element = Element::of(text);
        let removed = match &mut self.0 {
            Form::Packed(texts) => remove_equal(texts, element, limit, nearest),
            Form::Chunks(chunks) => Arc::make_mut(chunks).remove_equal(element, limit, nearest),
        };
        self.settle();
        removed
    }

    /// Where the first element that equals `text` is.
    pub fn find(&self, text: &[u8]) -> Option<usize> {
        let element = Element::of(text);
        self.iter().position(|each| each == element)
    }

    /// Keeps the elements in a range of indices and drops the others.
    pub fn trim(&mut self, keep: Range<usize>) {
        match &mut self.0 {
            Form::Packed(texts) => {
                let end = keep.end.min(texts.len());
                texts.remove(end..texts.len());
                texts.remove(0..keep.start.min(end));
            }
            Form::Chunks(chunks) => Arc::make_mut(chunks).trim(keep),
        }
        self.settle();
    }

    /// The elements, front to back.
    pub fn iter(&self) -> Iter<'_> {
        match &self.0 {
            Form::Packed(texts) => Iter::of(texts.iter()),
            Form::Chunks(chunks) => chunks.iter(),
        }
    }

    /// The elements, back to front.
    pub fn iter_back(&self) -> impl Iterator<Item = Element<'_>> {
        // A chunk can only be read forwards, so each is listed first.
        let chunks = self.chunks().rev();
        chunks.flat_map(|texts| texts.iter().collect::<Vec<_>>().into_iter().rev())
    }

    /// The elements in a range of indices, as far as they exist.
    pub fn range(&self, range: Range<usize>) -> Iter<'_> {
        match &self.0 {
            Form::Packed(texts) => {
                let mut iter = Iter::of(texts.iter());
                iter.by_ref().take(range.start).for_each(drop);
                iter.left = range.end.min(texts.len()).saturating_sub(range.start);
                iter
            }
            Form::Chunks(chunks) => chunks.range(range),
        }
    }

    /// The chunks, front to back: for writing them to a file one by one. A packed list is one.
    pub fn chunks(&self) -> impl DoubleEndedIterator<Item = &Elements> {
        let (only, chunks) = match &self.0 {
            Form::Packed(texts) => (Some(texts).filter(|texts| !texts.is_empty()), None),
            Form::Chunks(chunks) => (None, Some(&chunks.chunks)),
        };
        only.into_iter().chain(chunks.into_iter().flatten().map(|chunk| &*chunk.texts))
    }

    /// Bytes allocated, estimated from the first chunks, until they hold `samples` elements; 0
    /// looks at all.
    pub fn heap_size(&self, samples: usize) -> usize {
        match &self.0 {
            Form::Packed(texts) => texts.heap_size(),
            Form::Chunks(chunks) => ARC_COUNTS + size_of::<Chunks>() + chunks.heap_size(samples),
        }
    }

    /// Whatever it was, now it has chunks.
    fn make_chunks(&mut self) -> &mut Chunks {
        if let Form::Packed(texts) = &mut self.0 {
            self.0 = Form::Chunks(Arc::new(Chunks::new(std::mem::take(texts))));
        }
        match &mut self.0 {
            Form::Chunks(chunks) => Arc::make_mut(chunks),
            Form::Packed(_) => unreachable!("the lines above gave it chunks"),
        }
    }

    /// After elements were removed: gives the chunks up, if few are left.
    fn settle(&mut self) {
        if let Form::Chunks(chunks) = &self.0
            && let Some(texts) = chunks.last_few()
        {
            self.0 = Form::Packed(texts);
        }
    }
}

/// Whether a packed list can take one element more.
fn has_room_for(texts: &Elements, element: Element<'_>) -> bool {
    texts.is_empty() || texts.len() < CHUNK_ENTRIES && has_bytes_for(texts, element)
}

fn has_bytes_for(texts: &Elements, element: Element<'_>) -> bool {
    texts.byte_size() + Elements::size_of(element) <= CHUNK_BYTES
}

/// Removes up to `limit` elements that equal `element`, the ones nearest to an end; returns how many.
fn remove_equal(texts: &mut Elements, element: Element<'_>, limit: usize, nearest: End) -> usize {
    let equal = texts.iter().filter(|each| *each == element).count();
    let take = equal.min(limit);
    if take > 0 {
        let skip = if nearest == End::Front { 0 } else { equal - take };
        *texts = without(texts, element, skip..skip + take);
    }
    take
}

/// The elements without some of those that equal `element`: the ones with these numbers, counting only
/// the equal ones.
fn without(texts: &Elements, element: Element<'_>, numbers: Range<usize>) -> Elements {
    let mut number = 0;
    let stays = |each: &Element<'_>| {
        if *each != element {
            return true;
        }
        number += 1;
        !numbers.contains(&(number - 1))
    };
    texts.iter().filter(stays).collect()
}

impl Default for List {
    fn default() -> Self {
        List::new()
    }
}

impl PartialEq for List {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other)
    }
}

impl Eq for List {}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|element| element.to_bytes())).finish()
    }
}

impl<T: AsRef<[u8]>> FromIterator<T> for List {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        let mut list = List::new();
        for text in texts {
            list.push(End::Back, text.as_ref());
        }
        list
    }
}

impl<'a> IntoIterator for &'a List {
    type Item = Element<'a>;
    type IntoIter = Iter<'a>;
    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// Elements of a [`List`], front to back.
#[derive(Clone)]
pub struct Iter<'a> {
    chunks: vec_deque::Iter<'a, Chunk>,
    texts: elements::Iter<'a>,
    left: usize,
}

impl<'a> Iter<'a> {
    /// The elements of a list that is packed.
    fn of(texts: elements::Iter<'a>) -> Self {
        Iter { chunks: Default::default(), left: texts.len(), texts }
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        self.left = self.left.checked_sub(1)?;
        loop {
            if let Some(text) = self.texts.next() {
                return Some(text);
            }
            self.texts = self.chunks.next()?.texts.iter();
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Iter<'_> {}

#[cfg(test)]
mod tests;
