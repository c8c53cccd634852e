//! How many bytes an element would take in a Redis listpack.
//!
//! Redis starts a new node when the listpack of the last one has reached `stream-node-max-bytes`,
//! and an approximate trim removes whole nodes only. So the size of a listpack shows in what
//! `XADD ... MAXLEN ~ 1000` leaves behind. Our blocks are smaller, but to cut where Redis cuts
//! they have to count as Redis counts:
//!
//! ```text
//! element = | encoding and length | payload | back length |
//! ```
//!
//! Texts that are integers are stored as integers, and the back length is the number of bytes
//! before it, in groups of seven bits.

/// Header (total bytes, number of elements) and end mark of every listpack.
pub const EMPTY: usize = 7;

/// The size of an integer.
pub fn integer(value: i64) -> usize {
    let encoded = match value {
        0..=127 => 1,
        -4096..=4095 => 2,
        -0x8000..=0x7fff => 3,
        -0x80_0000..=0x7f_ffff => 4,
        -0x8000_0000..=0x7fff_ffff => 5,
        _ => 9,
    };
    encoded + 1
}

/// The size of a text.
pub fn text(text: &[u8]) -> usize {
    if let Some(value) = as_integer(text) {
        return integer(value);
    }
    let encoded = text.len()
        + match text.len() {
            0..=63 => 1,
            64..=4095 => 2,
            _ => 5,
        };
    encoded
        + match encoded {
            0..=127 => 1,
            128..=16_382 => 2,
            16_383..=2_097_150 => 3,
            2_097_151..=268_435_454 => 4,
            _ => 5,
        }
}

/// The integer that would print as exactly this text, if there is one.
fn as_integer(text: &[u8]) -> Option<i64> {
    if text.len() > 20 {
        return None;
    }
    let value: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (itoa::Buffer::new().format(value).as_bytes() == text).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_integers_are_integers() {
        assert_eq!(text(b"127"), 2);
        assert_eq!(text(b"128"), 3);
        assert_eq!(text(b"-9223372036854775808"), 10);
        for other in ["007", "+7", "-0", "", "7 ", "9223372036854775808"] {
            assert_eq!(text(other.as_bytes()), other.len() + 2, "{other}");
        }
        assert_eq!(text(&[b'x'; 64]), 67);
        assert_eq!(text(&[b'x'; 126]), 130);
        assert_eq!(text(&[b'x'; 5000]), 5007);
    }
}
