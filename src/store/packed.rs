//! `Packed`: a sequence of byte strings in one allocation, a [`Blob`].
//!
//! Small collections, and the chunks of a list, are kept this way. Each string is preceded
//! by its length, and that is all:
//!
//! ```text
//! ["hello", "", 300 bytes]
//!
//! 0a h e l l o   00   d8 04 .. 300 bytes ..
//! |  |           |    |     |
//! |  text        |    |     text
//! 2 * 5          |    2 * 300 = 0x58 + (0x04 << 7), low seven bits first, high bit: "more"
//!                2 * 0, for an empty string
//!
//! [12345, "1"]        the lowest bit: "an integer"
//!
//! 05 39 30   02 1
//! |  |
//! |  0x3039, low byte first, in as many bytes as it needs
//! 2 * 2 + 1
//! ```
//!
//! A `Vec<Bytes>` spends 24 bytes on a string of one letter, this spends two, and a search reads
//! memory in the one order that the processor can foresee. The price is that everything is
//! linear: for a hundred strings that costs less than hashing one, for thousands it doesn't, and
//! whoever holds a `Packed` sets the limit ([`PackedLimits`]).
//!
//! Only lists have integers as such (see [`Element`]). In hashes and sorted sets they are texts: a number would
//! save a few bytes in some, and cost every reader the ability to borrow a text.
//!
//! Left out on purpose: lengths written backwards behind the text, for walking from the end. To skip a
//! hundred entries takes about as many nanoseconds.

use std::fmt;
use std::ops::Range;

use super::blob::{Blob, MARK};
use super::entry::{MAX_HEADER, read_header, read_integer, write_element};
use super::{Bytes, Element};

/// How large a collection may get before it changes from the packed form to its large one: the
/// `*-max-listpack-entries` and `*-max-listpack-value` of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedLimits {
    /// The most entries (pairs, in a hash).
    pub entries: usize,
    /// The longest text, in bytes.
    pub value: usize,
}

/// A sequence of byte strings; see the module documentation.
#[derive(Clone, Default)]
pub struct Packed(
    /// Its number is how many strings there are, and the mark of whoever needs one.
    Blob,
);

impl Packed {
    /// An empty sequence, without an allocation.
    pub fn new() -> Self {
        Packed(Blob::default())
    }

    /// How many strings there are.
    pub fn len(&self) -> usize {
        (self.0.number() & !MARK) as usize
    }

    /// Whether its holder has marked it: what that means is the holder's. It lasts while there is a string.
    pub(super) fn is_marked(&self) -> bool {
        self.0.number() & MARK != 0
    }

    /// Marks it, unless it is empty.
    pub(super) fn mark(&mut self) {
        self.0.splice(0..0, &[], self.0.number() | MARK);
    }

    /// What it lies in: for a holder who keeps other things in there as well, with a mark.
    pub(super) fn blob(&self) -> &Blob {
        &self.0
    }

    /// The same, to be changed.
    pub(super) fn blob_mut(&mut self) -> &mut Blob {
        &mut self.0
    }

    /// Whether neither has changed since one was cloned from the other, or both are equal.
    pub fn is_same(&self, other: &Packed) -> bool {
        self.0.is_same(&other.0)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.bytes().is_empty()
    }

    /// Bytes in use, lengths included.
    pub fn byte_size(&self) -> usize {
        self.0.bytes().len()
    }

    /// What [`Packed::byte_size`] grows by when an element is added.
    pub fn size_of_entry(element: Element<'_>) -> usize {
        let (front, text) = write_element(element, &mut [0; MAX_HEADER]);
        front + text.len()
    }

    /// Bytes allocated.
    pub fn heap_size(&self) -> usize {
        self.0.heap_size()
    }

    /// Whether an element can be added without another allocation.
    pub fn has_spare_for(&self, element: Element<'_>) -> bool {
        Packed::size_of_entry(element) <= self.0.spare()
    }

    /// The strings, first to last.
    pub fn iter(&self) -> Iter<'_> {
        Iter { rest: self.0.bytes(), left: self.len() }
    }

    /// The string at `index`.
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        self.iter().nth(index)
    }

    /// Where `text` is, looking at every `step`th string only: 2 looks at the fields of a hash
    /// and not at its values. The result is an index into all of the strings.
    pub fn find(&self, text: &[u8], step: usize) -> Option<usize> {
        self.iter().step_by(step).position(|each| each == text).map(|index| index * step)
    }

    /// Appends a string.
    pub fn push_back(&mut self, text: &[u8]) {
        self.insert(self.len(), text);
    }

    /// Puts a string before all others.
    pub fn push_front(&mut self, text: &[u8]) {
        self.insert(0, text);
    }

    /// Puts a string before the one at `index`, or at the end if `index` is the length.
    pub fn insert(&mut self, index: usize, text: &[u8]) {
        self.insert_element(index, Element::Text(text));
    }

    /// The same, of an element that may be an integer. Who does that reads elements only.
    pub(super) fn insert_element(&mut self, index: usize, element: Element<'_>) {
        let at = self.offset(index);
        self.write(at..at, element, self.0.number() + 1);
    }

    /// Replaces the string at `index`.
    pub fn replace(&mut self, index: usize, text: &[u8]) {
        self.replace_element(index, Element::Text(text));
    }

    /// The same, with an element that may be an integer.
    pub(super) fn replace_element(&mut self, index: usize, element: Element<'_>) {
        let range = self.offsets(index..index + 1);
        self.write(range, element, self.0.number());
    }

    /// Removes the strings in a range of indices.
    pub fn remove(&mut self, range: Range<usize>) {
        let offsets = self.offsets(range.clone());
        self.0.splice(offsets, &[], self.0.number() - range.len() as u32);
    }

    /// Removes the string at `index` and returns it, having looked for it once.
    pub fn take(&mut self, index: usize) -> Option<Bytes> {
        if index >= self.len() {
            return None;
        }
        let start = self.offset(index);
        let bytes = self.0.bytes();
        let mut rest = Iter { rest: &bytes[start..], left: 1 };
        let text = rest.next_element()?.to_bytes();
        let end = bytes.len() - rest.rest.len();
        self.0.splice(start..end, &[], self.0.number() - 1);
        Some(text)
    }

    /// Keeps the first `index` strings and returns the rest.
    pub fn split_off(&mut self, index: usize) -> Packed {
        let at = self.offset(index);
        let bytes = self.0.bytes();
        let end = bytes.len();
        let mut rest = Blob::default();
        rest.splice(0..0, &[&bytes[at..]], (self.len() - index) as u32);
        self.0.splice(at..end, &[], index as u32);
        Packed(rest)
    }

    /// Appends all strings of another sequence.
    pub fn append(&mut self, other: &Packed) {
        let end = self.byte_size();
        self.0.splice(end..end, &[other.0.bytes()], self.0.number() + other.len() as u32);
    }

    /// Gives back what is allocated but not used.
    pub fn shrink_to_fit(&mut self) {
        self.0.shrink_to_fit();
    }

    /// Where in the bytes the string at `index` begins, its length included.
    fn offset(&self, index: usize) -> usize {
        assert!(index <= self.len(), "index {index} of {} packed strings", self.len());
        // Pushing at the end is common, so it should not have to look for the end.
        if index == self.len() {
            return self.byte_size();
        }
        let mut iter = self.iter();
        for _ in 0..index {
            iter.next();
        }
        self.byte_size() - iter.rest.len()
    }

    fn offsets(&self, range: Range<usize>) -> Range<usize> {
        assert!(range.start <= range.end && range.end <= self.len(), "{range:?} is out of range");
        let start = self.offset(range.start);
        if range.end == self.len() {
            return start..self.byte_size();
        }
        let mut iter = Iter { rest: &self.0.bytes()[start..], left: range.len() };
        while iter.next().is_some() {}
        start..self.byte_size() - iter.rest.len()
    }

    /// Writes an element in the place of the bytes in `range`, which changes the number to this.
    fn write(&mut self, range: Range<usize>, element: Element<'_>, number: u32) {
        let mut front = [0; MAX_HEADER];
        let (front_len, text) = write_element(element, &mut front);
        self.0.splice(range, &[&front[..front_len], text], number);
    }
}

impl PartialEq for Packed {
    fn eq(&self, other: &Self) -> bool {
        self.0.bytes() == other.0.bytes()
    }
}

impl Eq for Packed {}

impl<'a> IntoIterator for &'a Packed {
    type Item = &'a [u8];
    type IntoIter = Iter<'a>;
    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl<T: AsRef<[u8]>> FromIterator<T> for Packed {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        let mut packed = Packed::new();
        for text in texts {
            packed.push_back(text.as_ref());
        }
        packed
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(Bytes::new)).finish()
    }
}

/// The strings of a [`Packed`], first to last.
#[derive(Clone, Default)]
pub struct Iter<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Iter<'a> {
    /// The next string of a sequence that may have integers in it.
    #[inline]
    pub(super) fn next_element(&mut self) -> Option<Element<'a>> {
        let (bytes, is_integer) = self.next_bytes()?;
        match is_integer {
            true => Some(Element::Integer(read_integer(bytes))),
            false => Some(Element::Text(bytes)),
        }
    }

    #[inline]
    fn next_bytes(&mut self) -> Option<(&'a [u8], bool)> {
        self.left = self.left.checked_sub(1)?;
        let (len, is_integer, rest) = read_header(self.rest);
        let (bytes, rest) = rest.split_at(len);
        self.rest = rest;
        Some((bytes, is_integer))
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        self.next_bytes().map(|(text, _)| text)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Iter<'_> {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Lengths on both sides of each header size, and many short ones.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let len = prop_oneof![4 => 0..20usize, 1 => 60..70usize, 1 => 8_185..8_200usize, 1 => 16_380..16_390usize];
        (len, any::<u8>()).prop_map(|(len, fill)| vec![fill; len])
    }

    #[test]
    fn is_laid_out_as_drawn() {
        let packed: Packed = [&b"hello"[..], b"", &[b'x'; 300]].into_iter().collect();
        assert_eq!(&packed.0.bytes()[..9], b"\x0ahello\x00\xd8\x04");
        assert_eq!((packed.len(), packed.byte_size()), (3, 6 + 1 + 302));
        assert_eq!(Packed::size_of_entry(Element::Text(&[b'x'; 300])), 302);
        assert_eq!(size_of::<Packed>(), 16);
    }

    #[test]
    fn find_can_skip_values() {
        let packed: Packed = ["a", "b", "b", "a"].into_iter().collect();
        assert_eq!((packed.find(b"b", 1), packed.find(b"b", 2)), (Some(1), Some(2)));
        assert_eq!((packed.find(b"a", 2), packed.find(b"c", 1)), (Some(0), None));
        assert_eq!(packed.get(4), None);
    }

    #[test]
    fn gives_memory_back() {
        let mut packed: Packed = (0..1000).map(|i| i.to_string()).collect();
        packed.remove(10..1000);
        assert!(packed.heap_size() < 110, "{} bytes", packed.heap_size());
    }

    proptest! {
        #[test]
        fn behaves_as_a_vec(ops in prop::collection::vec((0..9u8, any::<prop::sample::Index>(), text()), 0..60)) {
            let (mut packed, mut model) = (Packed::new(), Vec::<Vec<u8>>::new());
            for (op, index, text) in ops {
                let at = index.index(model.len() + 1);
                match op {
                    0 => { packed.push_back(&text); model.push(text) }
                    1 => { packed.push_front(&text); model.insert(0, text) }
                    2 | 3 => { packed.insert(at, &text); model.insert(at, text) }
                    4 if at < model.len() => { packed.replace(at, &text); model[at] = text }
                    5 => {
                        let end = model.len().min(at + 2);
                        packed.remove(at..end);
                        model.drain(at..end);
                    }
                    6 => {
                        let taken = packed.take(at).map(|text| text.to_vec());
                        prop_assert_eq!(taken, (at < model.len()).then(|| model.remove(at)));
                    }
                    7 => {
                        let rest = packed.split_off(at);
                        prop_assert!(rest.iter().eq(model[at..].iter().map(|t| &t[..])));
                        prop_assert_eq!(packed.len(), at);
                        packed.append(&rest);
                    }
                    _ => prop_assert_eq!(packed.find(&text, 1), model.iter().position(|t| *t == text)),
                }
                prop_assert_eq!(packed.len(), model.len());
                prop_assert!(packed.iter().eq(model.iter().map(|t| &t[..])));
                prop_assert_eq!(packed.get(at), model.get(at).map(|t| &t[..]));
                prop_assert_eq!(&packed, &model.iter().collect::<Packed>());
            }
        }
    }
}
