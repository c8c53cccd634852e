//! `Field`: a field of a hash that is a table, with its value, and perhaps when it expires.
//!
//! ```text
//! byte         0     1     2 ................................... 23
//! Short      | tag | len | the value, up to 22 bytes             |
//! Long       | tag | .. unused .. 8 | pointer 16 | length        |
//! TimedShort | tag | len | time (6) | the value, up to 16 bytes  |
//! TimedLong  | tag | .. unused .. 8 | pointer 16 | length        |  to time (6), value
//! ```
//!
//! Few fields expire, and those that don't must not pay for it: a number beside each value would be 8
//! bytes for every field of every hash. So the time stands in front of the value, within its text, and
//! the tag, which is there anyway, tells whether there is one.

use super::super::Bytes;
use super::super::bytes::INLINE_CAPACITY;
use super::super::table::Keyed;
use super::Triple;

/// Bytes of a time. [`MAX_EXPIRY`](super::MAX_EXPIRY) needs 46 bits.
const TIME: usize = 6;

/// A time as it stands in front of a value, and in a packed hash.
pub(super) fn encode_time(at: i64) -> [u8; TIME] {
    debug_assert!((0..=super::MAX_EXPIRY).contains(&at), "{at} is no time of a field");
    let [a, b, c, d, e, f, ..] = at.to_le_bytes();
    [a, b, c, d, e, f]
}

/// Reads a time; None: there is none.
pub(super) fn decode_time(text: &[u8]) -> Option<i64> {
    let [a, b, c, d, e, f] = *text else { return None };
    Some(i64::from_le_bytes([a, b, c, d, e, f, 0, 0]))
}

#[derive(Clone)]
pub(super) struct Field {
    pub(super) name: Bytes,
    content: Content,
}

/// A value, and perhaps a time; see the module documentation.
#[derive(Clone)]
enum Content {
    Short { len: u8, data: [u8; INLINE_CAPACITY] },
    Long(Box<[u8]>),
    TimedShort { len: u8, data: [u8; INLINE_CAPACITY] },
    TimedLong(Box<[u8]>),
}

impl Field {
    pub(super) fn new(name: &[u8], value: &[u8], at: Option<i64>) -> Self {
        Field { name: Bytes::new(name), content: Content::new(value, at) }
    }

    /// Gives it another value or another time.
    pub(super) fn replace(&mut self, value: &[u8], at: Option<i64>) {
        self.content = Content::new(value, at);
    }

    /// Gives it another time.
    pub(super) fn set_expiry(&mut self, at: Option<i64>) {
        self.content = Content::new(self.value(), at);
    }

    pub(super) fn value(&self) -> &[u8] {
        match &self.content {
            Content::Short { len, data } => &data[..usize::from(*len)],
            Content::Long(text) => text,
            Content::TimedShort { len, data } => &data[TIME..usize::from(*len)],
            Content::TimedLong(text) => &text[TIME..],
        }
    }

    pub(super) fn content(&self) -> (&[u8], Option<i64>) {
        (self.value(), self.expiry())
    }

    pub(super) fn triple(&self) -> Triple<'_> {
        (&self.name, self.value(), self.expiry())
    }

    /// When it expires, in Unix milliseconds.
    pub(super) fn expiry(&self) -> Option<i64> {
        match &self.content {
            Content::Short { .. } | Content::Long(_) => None,
            Content::TimedShort { data, .. } => decode_time(&data[..TIME]),
            Content::TimedLong(text) => decode_time(&text[..TIME]),
        }
    }
}

impl Keyed for Field {
    fn key(&self) -> &[u8] {
        &self.name
    }

    fn heap_size(&self) -> usize {
        self.name.heap_size()
            + match &self.content {
                Content::Short { .. } | Content::TimedShort { .. } => 0,
                Content::Long(text) | Content::TimedLong(text) => text.len(),
            }
    }
}

impl Content {
    fn new(value: &[u8], at: Option<i64>) -> Self {
        let time = at.map(encode_time);
        let time = time.as_ref().map_or(&[][..], |time| time);
        let whole = time.len() + value.len();
        if whole <= INLINE_CAPACITY {
            let mut data = [0; INLINE_CAPACITY];
            data[..time.len()].copy_from_slice(time);
            data[time.len()..whole].copy_from_slice(value);
            let len = whole as u8;
            match at {
                Some(_) => Content::TimedShort { len, data },
                None => Content::Short { len, data },
            }
        } else {
            let text = [time, value].concat().into_boxed_slice();
            if at.is_some() { Content::TimedLong(text) } else { Content::Long(text) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::MAX_EXPIRY;
    use super::*;

    #[test]
    fn a_time_takes_no_room_of_its_own() {
        assert_eq!(size_of::<Field>(), 48);
        for len in [0, 1, 15, 16, 17, 22, 23, 100] {
            let value = vec![b'v'; len];
            for at in [None, Some(0), Some(1 << 40), Some(MAX_EXPIRY)] {
                let mut field = Field::new(b"f", &value, at);
                assert_eq!((field.value(), field.expiry()), (&value[..], at));
                let whole = len + if at.is_some() { TIME } else { 0 };
                assert_eq!(field.heap_size(), if whole > INLINE_CAPACITY { whole } else { 0 });
                field.set_expiry(Some(5));
                assert_eq!((field.value(), field.expiry()), (&value[..], Some(5)));
                field.set_expiry(None);
                assert_eq!((field.value(), field.expiry()), (&value[..], None));
                field.replace(b"other", at);
                assert_eq!((field.value(), field.expiry()), (&b"other"[..], at));
            }
        }
    }
}
