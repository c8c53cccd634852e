//! `Element`: a text of a list, or the integer that it is.
//!
//! A list keeps `"12345"` as a number, which takes three bytes in place of six. There is no text to
//! borrow then, so who reads gets one or the other, and may have the digits written while he looks
//! ([`Element::with_bytes`]). Each text has one form only, so elements are equal if their texts are.

use super::Bytes;
use crate::number::parse_i64;

/// A text, or the integer that it is; see the module documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Element<'a> {
    Text(&'a [u8]),
    Integer(i64),
}

impl<'a> Element<'a> {
    /// The form that `text` has in a list. A single digit is as short as any number.
    pub fn of(text: &'a [u8]) -> Self {
        let integer = parse_i64(text).filter(|_| text.len() > 1);
        integer.map_or(Element::Text(text), Element::Integer)
    }

    /// Calls `read` with the text.
    #[inline]
    pub fn with_bytes<T>(&self, read: impl FnOnce(&[u8]) -> T) -> T {
        match self {
            Element::Text(text) => read(text),
            Element::Integer(value) => read(itoa::Buffer::new().format(*value).as_bytes()),
        }
    }

    /// The text as a value of its own.
    pub fn to_bytes(&self) -> Bytes {
        self.with_bytes(Bytes::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_comes_back_to_the_byte_is_an_integer() {
        for text in ["10", "-1", "9223372036854775807", "-9223372036854775808"] {
            assert!(matches!(Element::of(text.as_bytes()), Element::Integer(_)), "{text}");
            assert_eq!(&*Element::of(text.as_bytes()).to_bytes(), text.as_bytes());
        }
        for text in ["", "7", "-", "-0", "01", "+10", " 10", "9223372036854775808", "1e3"] {
            assert_eq!(Element::of(text.as_bytes()), Element::Text(text.as_bytes()));
        }
    }
}
