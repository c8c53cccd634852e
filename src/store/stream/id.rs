//! `StreamId`: the name and the place of a stream entry, `milliseconds-sequence`.
//!
//! The two numbers are compared as one 128-bit number, so "the next ID" of `5-18446744073709551615`
//! is `6-0`, and only the very last ID has no successor. The special IDs of commands (`-`, `+`,
//! `$`, `*`, `(`) are not IDs but questions about a stream; they belong to the commands.

use std::fmt;

/// An entry's ID; see the module documentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// Usually the time of the entry, in milliseconds.
    pub ms: u64,
    /// Tells entries of the same millisecond apart.
    pub seq: u64,
}

impl StreamId {
    /// `0-0`: before all entries, and never one itself.
    pub const MIN: StreamId = StreamId { ms: 0, seq: 0 };
    /// The last ID there is.
    pub const MAX: StreamId = StreamId { ms: u64::MAX, seq: u64::MAX };

    /// The ID `ms-seq`.
    pub const fn new(ms: u64, seq: u64) -> Self {
        StreamId { ms, seq }
    }

    /// Reads `ms-seq` or `ms`; the latter means `ms-missing_seq` (0 where a range begins,
    /// `u64::MAX` where it ends).
    pub fn parse(text: &[u8], missing_seq: u64) -> Option<Self> {
        match memchr::memchr(b'-', text) {
            None => Some(StreamId::new(number(text)?, missing_seq)),
            Some(at) => Some(StreamId::new(number(&text[..at])?, number(&text[at + 1..])?)),
        }
    }

    /// The ID after this one, unless this is the last.
    pub fn next(self) -> Option<Self> {
        match (self.seq.checked_add(1), self.ms.checked_add(1)) {
            (Some(seq), _) => Some(StreamId::new(self.ms, seq)),
            (None, Some(ms)) => Some(StreamId::new(ms, 0)),
            (None, None) => None,
        }
    }

    /// The ID before this one, unless this is `0-0`.
    pub fn prev(self) -> Option<Self> {
        match (self.seq.checked_sub(1), self.ms.checked_sub(1)) {
            (Some(seq), _) => Some(StreamId::new(self.ms, seq)),
            (None, Some(ms)) => Some(StreamId::new(ms, u64::MAX)),
            (None, None) => None,
        }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

/// One half of an ID. Redis reads these with C's `strtoull`, and so lets leading blanks, zeros
/// and a plus sign pass.
fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text.trim_ascii_start()).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_redis_reads() {
        let id = |ms, seq| Some(StreamId::new(ms, seq));
        assert_eq!(StreamId::parse(b"5-3", 9), id(5, 3));
        assert_eq!(StreamId::parse(b"5", 9), id(5, 9));
        assert_eq!(StreamId::parse(b"+5- 03", 9), id(5, 3));
        assert_eq!(StreamId::parse(b"18446744073709551615", 0), id(u64::MAX, 0));
        for bad in ["", "-", "+", "5-", "-5", "5--1", "5-1-1", "5-*", "x", "18446744073709551616"] {
            assert_eq!(StreamId::parse(bad.as_bytes(), 0), None, "{bad}");
        }
    }

    #[test]
    fn steps_across_the_millisecond_and_stops_at_the_ends() {
        let end_of_5 = StreamId::new(5, u64::MAX);
        assert_eq!(end_of_5.next(), Some(StreamId::new(6, 0)));
        assert_eq!(StreamId::new(6, 0).prev(), Some(end_of_5));
        assert_eq!(StreamId::new(6, 0).next(), Some(StreamId::new(6, 1)));
        assert_eq!(StreamId::MAX.next(), None);
        assert_eq!(StreamId::MIN.prev(), None);
    }
}
