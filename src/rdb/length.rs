//! Numbers of variable width, and what else may stand in the place of a string's length.

use super::format::{LENGTH_32, LENGTH_64, SPECIAL};

/// What the first byte of a string announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// A length, complete.
    Plain(u64),
    /// A string of another form: its number.
    Special(u8),
    /// A length with so many more bytes.
    Wide(usize),
    /// A length of 14 bits: the upper six.
    Fourteen(u8),
}

/// What `byte` announces; None: nothing that exists.
pub fn classify(byte: u8) -> Option<Length> {
    match (byte & SPECIAL, byte) {
        (0x00, _) => Some(Length::Plain(byte.into())),
        (0x40, _) => Some(Length::Fourteen(byte & 0x3f)),
        (SPECIAL, _) => Some(Length::Special(byte & 0x3f)),
        (_, LENGTH_32) => Some(Length::Wide(4)),
        (_, LENGTH_64) => Some(Length::Wide(8)),
        _ => None,
    }
}

/// Appends a number in the shortest form.
pub fn push_length(out: &mut Vec<u8>, number: u64) {
    match number {
        0..0x40 => out.push(number as u8),
        0x40..0x4000 => out.extend([0x40 | (number >> 8) as u8, number as u8]),
        _ if number <= u32::MAX.into() => {
            out.push(LENGTH_32);
            out.extend((number as u32).to_be_bytes());
        }
        _ => {
            out.push(LENGTH_64);
            out.extend(number.to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rdb::source::Source;

    #[test]
    fn every_width_comes_back() {
        for number in [0, 63, 64, 16_383, 16_384, u32::MAX.into(), 1 << 32, u64::MAX] {
            let mut out = Vec::new();
            push_length(&mut out, number);
            let mut source = Source::new(&out[..]);
            assert_eq!(source.number().unwrap(), number);
            assert!(source.is_at_end().unwrap());
        }
    }

    #[test]
    fn widths_are_those_of_the_format() {
        let encoded = |number| {
            let mut out = Vec::new();
            push_length(&mut out, number);
            out
        };
        assert_eq!(encoded(10), [0x0a]);
        assert_eq!(encoded(700), [0x42, 0xbc]);
        assert_eq!(encoded(17_000), [0x80, 0, 0, 0x42, 0x68]);
        assert_eq!(classify(0x82), None);
    }
}
