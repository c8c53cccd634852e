//! The grammar of C's `strtod`, taken apart but not yet turned into a number.
//!
//! ```text
//! [+-] ( inf | infinity                           any letter case
//!      | digits [. digits] [e [+-] digits]        decimal, the exponent is a power of ten
//!      | 0x hex [. hex]    [p [+-] digits] )      hexadecimal, the exponent is a power of two
//! ```
//!
//! At least one digit must stand beside the point, and the whole text must be used up. Left out on
//! purpose: leading spaces and NaN, both of which `strtod` takes and Redis refuses.

use super::rounding::Unrounded;

/// A number that has been read, but not rounded to any format.
pub(super) struct Literal {
    pub(super) negative: bool,
    pub(super) magnitude: Magnitude,
}

/// What follows the sign.
pub(super) enum Magnitude {
    Infinite,
    /// `digits` (values 0 to 9, none leading that is zero) times ten to the `exponent`.
    Decimal {
        digits: Vec<u8>,
        exponent: i64,
    },
    Hexadecimal(Unrounded),
}

/// Exponents are cut off here. It is far beyond every format, and still leaves room to add the
/// length of any text without overflow.
const EXPONENT_LIMIT: i64 = 1 << 56;

impl Literal {
    /// Reads the whole of `text`, or refuses it.
    pub(super) fn parse(text: &[u8]) -> Option<Literal> {
        let (negative, body) = match text {
            [b'-', body @ ..] => (true, body),
            [b'+', body @ ..] => (false, body),
            body => (false, body),
        };
        let magnitude = match body {
            [b'0', b'x' | b'X', hex @ ..] => parse_hexadecimal(hex)?,
            _ if is_infinity(body) => Magnitude::Infinite,
            _ => parse_decimal(body)?,
        };
        Some(Literal { negative, magnitude })
    }
}

/// Whether a text without its sign is one of the two spellings of infinity.
fn is_infinity(body: &[u8]) -> bool {
    body.eq_ignore_ascii_case(b"inf") || body.eq_ignore_ascii_case(b"infinity")
}

fn parse_decimal(body: &[u8]) -> Option<Magnitude> {
    let Significand { digits, fraction_len, rest } = scan_significand(body, 10)?;
    let exponent = parse_exponent(rest, b'e')? - fraction_len;
    Some(Magnitude::Decimal { digits, exponent })
}

fn parse_hexadecimal(body: &[u8]) -> Option<Magnitude> {
    let Significand { digits, fraction_len, rest } = scan_significand(body, 16)?;
    let mut exponent = parse_exponent(rest, b'p')? - 4 * fraction_len;
    let mut number = Unrounded { bits: 0, sticky: false, exponent: 0 };
    for digit in digits {
        // Once 31 digits are held, what the others hold only matters as "not exactly zero".
        if number.bits >> 120 == 0 {
            number.bits = number.bits << 4 | u128::from(digit);
        } else {
            number.sticky |= digit != 0;
            exponent += 4;
        }
    }
    number.exponent = exponent;
    Some(Magnitude::Hexadecimal(number))
}

/// The digits before and after the point, as one run.
struct Significand<'a> {
    digits: Vec<u8>,
    fraction_len: i64,
    rest: &'a [u8],
}

fn scan_significand(body: &[u8], radix: u32) -> Option<Significand<'_>> {
    let mut digits = Vec::with_capacity(body.len());
    let (mut fraction_len, mut seen_point, mut seen_digit) = (0, false, false);
    let mut at = 0;
    while at < body.len() {
        if body[at] == b'.' && !seen_point {
            seen_point = true;
        } else if let Some(digit) = char::from(body[at]).to_digit(radix) {
            seen_digit = true;
            fraction_len += i64::from(seen_point);
            if digit != 0 || !digits.is_empty() {
                digits.push(digit as u8);
            }
        } else {
            break;
        }
        at += 1;
    }
    seen_digit.then(|| Significand { digits, fraction_len, rest: &body[at..] })
}

/// Reads `e-12` or nothing at all; `marker` is the letter that introduces it.
fn parse_exponent(text: &[u8], marker: u8) -> Option<i64> {
    let [letter, text @ ..] = text else { return Some(0) };
    if letter.to_ascii_lowercase() != marker {
        return None;
    }
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value: i64 = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = (value * 10 + i64::from(digit - b'0')).min(EXPONENT_LIMIT);
    }
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_text_must_be_a_number() {
        let accepted = ["0", "-1", "+1", "1.", ".5", "1e5", "1E-05", "0x1p3", "0X.8", "0x1."];
        let infinities = ["inf", "INF", "-Infinity"];
        for text in accepted.into_iter().chain(infinities) {
            assert!(Literal::parse(text.as_bytes()).is_some(), "{text:?}");
        }
        let refused = [
            "", "+", ".", "1e", "1e+", "e5", "0x", "0x.", "0x1p", "0xg", "0b1", " 1", "1 ", "1_0",
            "--1", "+-1", "infin", "nan", "nan(1)", "1.2.3", "1,5", "1p3",
        ];
        for text in refused {
            assert!(Literal::parse(text.as_bytes()).is_none(), "{text:?}");
        }
    }

    #[test]
    fn decimal_digits_lose_their_leading_zeros() {
        let literal = Literal::parse(b"-00.01250e3").unwrap();
        assert!(literal.negative);
        let Magnitude::Decimal { digits, exponent } = literal.magnitude else { panic!() };
        assert_eq!((digits.as_slice(), exponent), (&[1, 2, 5, 0][..], -2));
    }
}
