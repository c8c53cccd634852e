//! `Str`: the string type. Integers are kept as integers, short texts inside the value.
//!
//! | variant  | holds                                   | `OBJECT ENCODING`               |
//! |----------|-----------------------------------------|---------------------------------|
//! | `Int`    | a text that is exactly an `i64`         | `int`                           |
//! | `Inline` | up to 22 bytes, in place                | `embstr`                        |
//! | `Boxed`  | up to 512 bytes, as they were set       | `embstr` to 44 bytes, then `raw`|
//! | `Shared` | a longer text, as it was set            | `raw`                           |
//! | `Raw`    | a text that a command changed in place  | `raw`                           |
//!
//! The last two are behind an `Arc`, so that a snapshot or a large reply holds a pointer. To copy a few
//! hundred bytes takes no longer than to count a reference that is in no cache, and the two counts
//! of an `Arc` would be 16 bytes of each of a million texts of 100.

use std::borrow::Cow;
use std::sync::Arc;

use super::bytes::INLINE_CAPACITY;
use crate::number::parse_i64;

/// Up to this length Redis keeps text and header in one allocation, and says `embstr`.
const EMBSTR_LIMIT: usize = 44;

/// Up to this length a text is copied rather than shared.
const BOXED_LIMIT: usize = 512;

/// A string; see the module documentation.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Str {
    Int(i64),
    Inline { len: u8, data: [u8; INLINE_CAPACITY] },
    Boxed(Box<[u8]>),
    Shared(Arc<[u8]>),
    Raw(Arc<Vec<u8>>),
}

impl Str {
    /// The most compact form of `text`.
    pub fn new(text: &[u8]) -> Self {
        match parse_i64(text) {
            Some(value) => Str::Int(value),
            None => Str::text(text),
        }
    }

    /// `text` as text, even if it looks like an integer.
    pub fn text(text: &[u8]) -> Self {
        if text.len() <= INLINE_CAPACITY {
            let mut data = [0; INLINE_CAPACITY];
            data[..text.len()].copy_from_slice(text);
            Str::Inline { len: text.len() as u8, data }
        } else if text.len() <= BOXED_LIMIT {
            Str::Boxed(text.into())
        } else {
            Str::Shared(text.into())
        }
    }

    /// The bytes; an integer is formatted.
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        match self {
            Str::Int(value) => Cow::Owned(itoa::Buffer::new().format(*value).as_bytes().to_vec()),
            Str::Inline { len, data } => Cow::Borrowed(&data[..usize::from(*len)]),
            Str::Boxed(text) => Cow::Borrowed(text),
            Str::Shared(text) => Cow::Borrowed(text),
            Str::Raw(text) => Cow::Borrowed(text),
        }
    }

    /// Calls `read` with the bytes, without allocating for an integer.
    #[inline]
    pub fn with_bytes<T>(&self, read: impl FnOnce(&[u8]) -> T) -> T {
        match self {
            Str::Int(value) => read(itoa::Buffer::new().format(*value).as_bytes()),
            Str::Inline { len, data } => read(&data[..usize::from(*len)]),
            Str::Boxed(text) => read(text),
            Str::Shared(text) => read(text),
            Str::Raw(text) => read(text),
        }
    }

    /// The length of the text.
    pub fn len(&self) -> usize {
        self.with_bytes(<[u8]>::len)
    }

    /// Whether the text is empty.
    #[cfg(feature = "internals")] // for tests
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether neither has changed since one was cloned from the other. A text that is copied is
    /// compared, one that is shared has to be the same allocation.
    pub fn is_same(&self, other: &Str) -> bool {
        match (self, other) {
            (Str::Shared(ours), Str::Shared(theirs)) => Arc::ptr_eq(ours, theirs),
            (Str::Raw(ours), Str::Raw(theirs)) => Arc::ptr_eq(ours, theirs),
            (Str::Int(ours), Str::Int(theirs)) => ours == theirs,
            (Str::Inline { .. }, Str::Inline { .. }) => self.bytes() == other.bytes(),
            (Str::Boxed(ours), Str::Boxed(theirs)) => ours == theirs,
            _ => false,
        }
    }

    /// The integer that the text is, if it is one.
    pub fn integer(&self) -> Option<i64> {
        match self {
            Str::Int(value) => Some(*value),
            other => other.with_bytes(parse_i64),
        }
    }

    /// The text to change in place; from now on the encoding is `raw`.
    pub fn raw(&mut self) -> &mut Vec<u8> {
        if !matches!(self, Str::Raw(_)) {
            *self = Str::Raw(Arc::new(self.bytes().into_owned()));
        }
        match self {
            Str::Raw(text) => Arc::make_mut(text),
            _ => unreachable!("the lines above made it raw"),
        }
    }

    /// The name that `OBJECT ENCODING` gives it.
    pub fn encoding(&self) -> &'static str {
        match self {
            Str::Int(_) => "int",
            Str::Inline { .. } => "embstr",
            Str::Boxed(text) if text.len() <= EMBSTR_LIMIT => "embstr",
            Str::Boxed(_) | Str::Shared(_) | Str::Raw(_) => "raw",
        }
    }

    /// Bytes allocated outside the value itself.
    pub fn heap_size(&self) -> usize {
        const ARC_HEADER: usize = 16;
        match self {
            Str::Int(_) | Str::Inline { .. } => 0,
            Str::Boxed(text) => text.len(),
            Str::Shared(text) => text.len() + ARC_HEADER,
            Str::Raw(text) => text.capacity() + size_of::<Vec<u8>>() + ARC_HEADER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_recognised_exactly() {
        for text in ["0", "7", "-1", "9223372036854775807", "-9223372036854775808"] {
            assert_eq!(Str::new(text.as_bytes()).integer().unwrap().to_string(), text);
        }
        for text in ["", "-", "-0", "01", "+1", " 1", "1 ", "9223372036854775808", "1e3", "1.0"] {
            assert!(Str::new(text.as_bytes()).integer().is_none(), "{text}");
        }
        assert!(Str::new(b"-9223372036854775809").integer().is_none());
    }

    #[test]
    fn encodings_are_those_of_redis() {
        assert_eq!(Str::new(b"12").encoding(), "int");
        assert_eq!(Str::new(&[b'a'; 44]).encoding(), "embstr");
        assert_eq!(Str::new(&[b'a'; 45]).encoding(), "raw");
        let mut text = Str::new(b"12");
        text.raw().push(b'3');
        assert_eq!((text.encoding(), &*text.bytes()), ("raw", &b"123"[..]));
    }
}
