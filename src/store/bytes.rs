//! `Bytes`: an immutable binary string that keeps up to 22 bytes inside itself.
//!
//! Most keys, set members and hash fields are short. A `Vec<u8>` spends 24 bytes on a pointer, a
//! length and a capacity before the first byte of text, and then an allocation. `Bytes` spends
//! the same 24 bytes, but puts a short text where the pointer would be:
//!
//! ```text
//! byte      0     1     2 ................................... 23
//! Inline  | tag | len | the text itself, up to 22 bytes         |
//! Heap    | tag | .. unused .. 8 | pointer 16 | length          |
//! ```
//!
//! The compiler lays the enum out this way by itself; a test holds it to 24 bytes. What it leaves
//! out on purpose: growing in place. A string that changes is a [`super::Str`].

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

/// The two counts of an `Arc`, in front of what it holds.
pub(super) const ARC_COUNTS: usize = 2 * size_of::<usize>();

/// The longest text that needs no allocation.
pub const INLINE_CAPACITY: usize = 22;

/// An immutable binary string; see the module documentation.
#[derive(Clone)]
pub struct Bytes(Repr);

#[derive(Clone)]
enum Repr {
    Inline { len: u8, data: [u8; INLINE_CAPACITY] },
    Heap(Box<[u8]>),
}

impl Bytes {
    /// Copies `text`.
    pub fn new(text: &[u8]) -> Self {
        if text.len() <= INLINE_CAPACITY {
            let mut data = [0; INLINE_CAPACITY];
            data[..text.len()].copy_from_slice(text);
            Bytes(Repr::Inline { len: text.len() as u8, data })
        } else {
            Bytes(Repr::Heap(text.into()))
        }
    }

    /// The text.
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline { len, data } => &data[..usize::from(*len)],
            Repr::Heap(text) => text,
        }
    }

    /// Bytes allocated outside the value itself.
    pub fn heap_size(&self) -> usize {
        match &self.0 {
            Repr::Inline { .. } => 0,
            Repr::Heap(text) => text.len(),
        }
    }
}

impl Deref for Bytes {
    type Target = [u8];
    #[inline]
    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Borrow<[u8]> for Bytes {
    fn borrow(&self) -> &[u8] {
        self
    }
}

impl From<&[u8]> for Bytes {
    fn from(text: &[u8]) -> Self {
        Bytes::new(text)
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for Bytes {}

impl PartialOrd for Bytes {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Bytes {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_slice().cmp(other.as_slice())
    }
}

impl Hash for Bytes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.as_slice().escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_no_more_than_a_vec() {
        assert_eq!(size_of::<Bytes>(), size_of::<Vec<u8>>());
        assert_eq!(size_of::<Option<Bytes>>(), size_of::<Bytes>());
    }

    #[test]
    fn keeps_every_length() {
        for len in 0..100 {
            let text: Vec<u8> = (0..len).collect();
            let bytes = Bytes::new(&text);
            assert_eq!(&*bytes, text);
            assert_eq!(bytes.heap_size() == 0, text.len() <= INLINE_CAPACITY);
        }
    }
}
