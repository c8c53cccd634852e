//! Numbers as clients write them and read them.
//!
//! A Redis value is text, so every `INCR`, `ZADD` and `INCRBYFLOAT` parses text into a number and
//! most replies print one back. Which texts are accepted, and how many digits come back, is part
//! of the protocol: clients compare those bytes. Three kinds of number are in use:
//!
//! | kind | used by | accepts | prints 0.1 as |
//! |---|---|---|---|
//! | `i64` | INCR, EXPIRE, indexes | one spelling a number: no `+1`, `01`, `-0` | - |
//! | `f64` | sorted set scores | all of C's `strtod`, without spaces and NaN | `0.10000000000000001` |
//! | [`LongDouble`] | INCRBYFLOAT, HINCRBYFLOAT | the same | `0.1` |
//!
//! The last row is the odd one. Redis adds with C's `long double`, which on x86-64 is the 80-bit
//! format of the x87 coprocessor. Its 64-bit mantissa is good for two or three digits more than an
//! `f64`: `0.1 + 0.2` shows as `0.3`, where an `f64` would show its error. Rust has no such
//! type; `long_double` does it in software, on top of `natural` (big integers), `literal` (the
//! grammar) and `rounding`.
//!
//! Left out on purpose: memory sizes such as `1gb` (a matter of configuration), locales, and NaN,
//! which no command accepts or produces.

mod float;
pub mod glob;
mod literal;
mod long_double;
mod natural;
mod rounding;
mod shortest;

pub use self::float::{format_f64, parse_f64, parse_score_bound, push_f64};
pub use self::long_double::LongDouble;
pub use self::shortest::Precision;

/// The longest text of an `i64`: a sign and 19 digits.
const I64_TEXT_MAX: usize = 20;

/// Parses a decimal integer that is spelled the only way [`format_i64`] would print it.
///
/// Redis keeps small integers as integers and prints them when asked, so `+1` or `01` must not
/// count as numbers: the client would not get its own bytes back.
pub fn parse_i64(text: &[u8]) -> Option<i64> {
    if text.len() > I64_TEXT_MAX {
        return None;
    }
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    match digits {
        [b'0'] if !negative => return Some(0),
        [b'1'..=b'9', ..] => {}
        _ => return None,
    }
    // Counting downwards, because i64::MIN has no positive counterpart.
    let mut value: i64 = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value.checked_mul(10)?.checked_sub(i64::from(digit - b'0'))?;
    }
    if negative { Some(value) } else { value.checked_neg() }
}

/// The integer at the beginning of a text, as C's `atoi` reads it: 0 if there is none. What doesn't fit
/// is the nearest that does.
pub fn leading_integer(text: &[u8]) -> i64 {
    let text = text.trim_ascii_start();
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] => (1, digits),
        digits => (1, digits),
    };
    let digits = digits.iter().map_while(|byte| char::from(*byte).to_digit(10));
    digits.fold(0, |value: i64, digit| {
        value.saturating_mul(10).saturating_add(sign * i64::from(digit))
    })
}

/// Prints an integer.
pub fn format_i64(value: i64) -> String {
    itoa::Buffer::new().format(value).to_owned()
}

/// The digits of an integer, for use as an argument, without the allocation of [`format_i64`].
#[derive(Clone, Copy, Debug)]
pub struct Digits {
    text: [u8; LONGEST_I64],
    len: u8,
}

/// Digits of the smallest integer, and its sign.
const LONGEST_I64: usize = 20;

impl Digits {
    /// Those of `value`.
    pub fn of(value: i64) -> Self {
        let mut buffer = itoa::Buffer::new();
        let digits = buffer.format(value).as_bytes();
        let mut text = [0; LONGEST_I64];
        text[..digits.len()].copy_from_slice(digits);
        Digits { text, len: digits.len() as u8 }
    }

    /// As text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.text[..usize::from(self.len)]
    }
}

impl AsRef<[u8]> for Digits {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// Appends an integer to a buffer, without the allocation of [`format_i64`].
pub fn push_i64(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Prints a size as `INFO`'s `_human` fields do: two decimals and a unit that is a power of 1024.
pub fn format_human_bytes(bytes: u64) -> String {
    const UNITS: [(char, u32); 5] = [('P', 50), ('T', 40), ('G', 30), ('M', 20), ('K', 10)];
    // Above the petabytes Redis gives up on units.
    if bytes >> 60 == 0 {
        for (unit, shift) in UNITS {
            if bytes >> shift != 0 {
                return format!("{:.2}{unit}", bytes as f64 / (1u64 << shift) as f64);
            }
        }
    }
    format!("{bytes}B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_have_one_spelling() {
        for value in [0, 1, -1, 10, i64::MAX, i64::MIN] {
            assert_eq!(parse_i64(format_i64(value).as_bytes()), Some(value));
        }
        let refused = [
            "",
            "-",
            "+1",
            " 1",
            "1 ",
            "01",
            "-0",
            "-01",
            "1.0",
            "9223372036854775808",
            "-9223372036854775809",
            "99999999999999999999",
            "100000000000000000000000",
        ];
        for text in refused {
            assert_eq!(parse_i64(text.as_bytes()), None, "{text:?}");
        }
        let mut out = b":".to_vec();
        push_i64(&mut out, -42);
        assert_eq!(out, b":-42");
    }

    #[test]
    fn leading_integers_end_where_they_end() {
        let cases =
            [("1e3", 1), (" +7x", 7), ("-12", -12), ("x", 0), ("", 0), ("-", 0), ("007", 7)];
        let ends = [("99999999999999999999", i64::MAX), ("-99999999999999999999", i64::MIN)];
        for (text, value) in cases.into_iter().chain(ends) {
            assert_eq!(leading_integer(text.as_bytes()), value, "{text:?}");
        }
    }

    #[test]
    fn human_sizes() {
        let cases = [
            (0, "0B"),
            (1023, "1023B"),
            (1024, "1.00K"),
            (1_048_575, "1024.00K"),
            (1_289_748, "1.23M"),
            (1 << 30, "1.00G"),
            ((1 << 40) + (1 << 37), "1.12T"),
            (1 << 50, "1.00P"),
            (1 << 60, "1152921504606846976B"),
        ];
        for (bytes, text) in cases {
            assert_eq!(format_human_bytes(bytes), text);
        }
    }
}
