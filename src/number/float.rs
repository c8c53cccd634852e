//! `f64` as sorted sets use it: parsing scores and printing them.
//!
//! Redis parses with C's `strtod` and prints with `%.17g`: seventeen significant digits, enough to
//! tell any two numbers apart, although that shows 0.1 as 0.10000000000000001. Rust's own parser
//! takes the same decimal grammar and rounds correctly, so it does the work; only hexadecimal
//! numbers go the long way through [`super::literal`].

use super::literal::{Literal, Magnitude};
use super::rounding::{BINARY64, Rounded};

/// Digits that `%.17g` prints at most.
const SIGNIFICANT: i32 = 17;

/// Parses a score as ZADD accepts it.
///
/// Refused beside garbage: the empty text, spaces on either side, NaN, and numbers so large or so
/// small that they would become an infinity or zero.
pub fn parse_f64(text: &[u8]) -> Option<f64> {
    let value = convert(text)?;
    let out_of_range = match value {
        0.0 => has_nonzero_digit(text),
        _ => value.is_infinite() && text.iter().any(u8::is_ascii_digit),
    };
    (!out_of_range).then_some(value)
}

/// Parses a bound of ZRANGEBYSCORE (after its `(`), where Redis is less strict.
///
/// The empty text is zero, leading spaces are skipped, numbers out of range become an infinity or
/// zero, and a zero byte ends the text.
pub fn parse_score_bound(text: &[u8]) -> Option<f64> {
    let text = text.split(|byte| *byte == 0).next()?;
    if text.is_empty() {
        return Some(0.0);
    }
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let start = text.iter().position(|byte| !is_space(byte))?;
    convert(&text[start..])
}

/// Prints as C's `%.17g`.
pub fn format_f64(value: f64) -> String {
    let mut out = Vec::with_capacity(24);
    push_f64(&mut out, value);
    String::from_utf8(out).expect("digits are ASCII")
}

/// Appends what [`format_f64`] returns.
pub fn push_f64(out: &mut Vec<u8>, value: f64) {
    // Most scores are small integers; they need no point and no exponent. Minus zero does not
    // survive the conversion, so it takes the long way.
    const INTEGERS: f64 = 1e17;
    if value.abs() < INTEGERS
        && value.trunc() == value
        && (value != 0.0 || value.is_sign_positive())
    {
        super::push_i64(out, value as i64);
    } else if value.is_finite() {
        push_significant(out, value);
    } else if value.is_nan() {
        out.extend_from_slice(if value.is_sign_negative() { b"-nan" } else { b"nan" });
    } else {
        out.extend_from_slice(if value > 0.0 { b"inf" } else { b"-inf" });
    }
}

/// `%.17g` for finite numbers, from Rust's `d.ddde5` form.
fn push_significant(out: &mut Vec<u8>, value: f64) {
    let scientific = format!("{value:.precision$e}", precision = SIGNIFICANT as usize - 1);
    let (mantissa, exponent) = scientific.split_once('e').expect("written with an exponent");
    let exponent: i32 = exponent.parse().expect("a small integer");
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits = mantissa.replace('.', "");
    let digits = digits.trim_end_matches('0');
    // At least the first digit stays, even of a zero.
    let digits = if digits.is_empty() { "0" } else { digits };

    out.extend_from_slice(sign.as_bytes());
    if (-4..0).contains(&exponent) {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', (-exponent - 1) as usize));
        out.extend_from_slice(digits.as_bytes());
        return;
    }
    let fixed = (0..SIGNIFICANT).contains(&exponent);
    let integer_len = if fixed { exponent as usize + 1 } else { 1 };
    let (integer, decimals) = digits.split_at(integer_len.min(digits.len()));
    out.extend_from_slice(integer.as_bytes());
    out.extend(std::iter::repeat_n(b'0', integer_len - integer.len()));
    if !decimals.is_empty() {
        out.push(b'.');
        out.extend_from_slice(decimals.as_bytes());
    }
    if !fixed {
        let sign = if exponent < 0 { '-' } else { '+' };
        out.extend_from_slice(format!("e{sign}{:02}", exponent.abs()).as_bytes());
    }
}

/// Text to the nearest `f64`, infinities included; no spaces, no NaN.
fn convert(text: &[u8]) -> Option<f64> {
    if is_hexadecimal(text) {
        return convert_hexadecimal(text);
    }
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (!value.is_nan()).then_some(value)
}

fn convert_hexadecimal(text: &[u8]) -> Option<f64> {
    let Literal { negative, magnitude: Magnitude::Hexadecimal(number) } = Literal::parse(text)?
    else {
        return None;
    };
    let value = match number.round(&BINARY64) {
        Rounded::Overflow => f64::INFINITY,
        Rounded::Finite { mantissa, exponent } => assemble(mantissa, exponent),
    };
    Some(if negative { -value } else { value })
}

/// `mantissa * 2^exponent`, of which the caller knows that it is an `f64`.
fn assemble(mantissa: u64, exponent: i32) -> f64 {
    const HIDDEN_BIT: u64 = 1 << 52;
    if mantissa < HIDDEN_BIT {
        // Zero or a subnormal number: its bits are the mantissa.
        return f64::from_bits(mantissa);
    }
    let biased = (exponent + 1075) as u64;
    f64::from_bits(biased << 52 | (mantissa - HIDDEN_BIT))
}

fn is_hexadecimal(text: &[u8]) -> bool {
    let body = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    matches!(body, [b'0', b'x' | b'X', ..])
}

/// Whether the digits before the exponent are not all zeros.
fn has_nonzero_digit(text: &[u8]) -> bool {
    let exponent_marker: &[u8] = if is_hexadecimal(text) { b"pP" } else { b"eE" };
    let significand = text.iter().take_while(|byte| !exponent_marker.contains(byte));
    significand.into_iter().any(|byte| byte.is_ascii_hexdigit() && *byte != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from redis-server 7.0.15: ZADD, then ZSCORE.
    #[test]
    fn scores_as_redis_shows_them() {
        let cases = [
            ("0", "0"),
            ("-0", "-0"),
            ("3", "3"),
            ("+1", "1"),
            ("1.", "1"),
            (".5", "0.5"),
            ("0.1", "0.10000000000000001"),
            ("-1.5e-5", "-1.5e-05"),
            ("0.0001", "0.0001"),
            ("1e5", "100000"),
            ("1e16", "10000000000000000"),
            ("1e17", "1e+17"),
            ("123456789012345678", "1.2345678901234568e+17"),
            ("1e20", "1e+20"),
            ("1000000000000000.25", "1000000000000000.2"),
            ("1000000000000000.75", "1000000000000000.8"),
            ("inf", "inf"),
            ("+Infinity", "inf"),
            ("-INF", "-inf"),
            ("0x1p3", "8"),
            ("+0X.8", "0.5"),
            ("0x1.8p-1074", "9.8813129168249309e-324"),
            ("0x1.8p-1075", "4.9406564584124654e-324"),
            ("3e-324", "4.9406564584124654e-324"),
            ("2.2250738585072011e-308", "2.2250738585072009e-308"),
            ("0x1p-1022", "2.2250738585072014e-308"),
            ("0x0.8p-1022", "1.1125369292536007e-308"),
            ("0x1p1023", "8.9884656743115795e+307"),
            ("0x0p5000", "0"),
            ("0e99999999999999999999", "0"),
        ];
        for (text, expected) in cases {
            let value = parse_f64(text.as_bytes()).unwrap_or_else(|| panic!("refused {text:?}"));
            assert_eq!(format_f64(value), expected, "{text:?}");
        }
    }

    #[test]
    fn refused_scores() {
        let cases = [
            "",
            " 1",
            "1 ",
            "\t1",
            "1\0",
            "\x001",
            "nan",
            "-nan",
            "nan(1)",
            "infin",
            ".",
            "1e",
            "1e+",
            "1_0",
            "1,5",
            "--1",
            "+-1",
            "0x",
            "0x.",
            "0x1p",
            "0xg",
            "1e400",
            "-1e400",
            "1e-400",
            "2e-324",
            "0x1p-1075",
            "0x1p1024",
            "1e99999999999999999999",
        ];
        for text in cases {
            assert_eq!(parse_f64(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn bounds_are_less_strict() {
        let cases = [
            ("", 0.0),
            (" 1", 1.0),
            ("1\0garbage", 1.0),
            ("1e400", f64::INFINITY),
            ("-1e400", f64::NEG_INFINITY),
            ("2e-324", 0.0),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_score_bound(text.as_bytes()), Some(expected), "{text:?}");
        }
        for text in ["1 ", "+", "-", "nan", " ", "(1"] {
            assert_eq!(parse_score_bound(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn seventeen_digits_survive_the_round_trip() {
        // A multiplicative generator over bit patterns: all exponents, subnormals included.
        let mut bits = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..10_000 {
            bits = bits.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let value = f64::from_bits(bits);
            if value.is_finite() {
                let text = format_f64(value);
                assert_eq!(parse_f64(text.as_bytes()), Some(value), "{text}");
            }
        }
    }
}
