//! Numbers as C's `printf("%.*g")` writes them.

use crate::number::push_i64;

/// Appends a number with at most so many significant digits.
pub fn push_g(out: &mut Vec<u8>, value: f64, digits: usize) {
    if value.is_nan() {
        return out.extend_from_slice(if value.is_sign_negative() { b"-nan" } else { b"nan" });
    }
    if value.is_infinite() {
        return out.extend_from_slice(if value < 0.0 { b"-inf" } else { b"inf" });
    }
    let digits = digits.max(1);
    // Most numbers are whole and short. Minus zero isn't, for a whole number has no sign then.
    let is_whole = value.trunc() == value && (value != 0.0 || value.is_sign_positive());
    if is_whole && value.abs() < 10f64.powi(digits.min(15) as i32) {
        return push_i64(out, value as i64);
    }
    // The fewest digits that tell a number from its neighbours are those of `%g`, too, if they are few
    // enough: fifteen are as exact as the number itself, unless it is one of the tiniest.
    let mut scientific = format!("{value:e}");
    if digits > 15 || value.is_subnormal() || mantissa_len(&scientific) > digits {
        scientific = format!("{:.*e}", digits - 1, value);
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    out.extend_from_slice(sign.as_bytes());
    let (first, rest) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let rest = rest.trim_end_matches('0');
    if exponent < -4 || exponent >= digits as i32 {
        push_decimals(out, first, rest);
        let sign = if exponent < 0 { '-' } else { '+' };
        out.extend_from_slice(format!("e{sign}{:02}", exponent.abs()).as_bytes());
    } else if exponent < 0 {
        let zeros = &"000"[..(-exponent - 1) as usize];
        out.extend_from_slice(
            [b"0.", zeros.as_bytes(), first.as_bytes(), rest.as_bytes()].concat().as_slice(),
        );
    } else {
        let whole = rest.len().min(exponent as usize);
        out.extend_from_slice(first.as_bytes());
        out.extend_from_slice(&rest.as_bytes()[..whole]);
        out.resize(out.len() + exponent as usize - whole, b'0');
        push_decimals(out, "", &rest[whole..]);
    }
}

fn push_decimals(out: &mut Vec<u8>, whole: &str, decimals: &str) {
    out.extend_from_slice(whole.as_bytes());
    if !decimals.is_empty() {
        out.push(b'.');
        out.extend_from_slice(decimals.as_bytes());
    }
}

/// How many digits stand before the exponent.
fn mantissa_len(scientific: &str) -> usize {
    scientific.bytes().take_while(|byte| *byte != b'e').filter(u8::is_ascii_digit).count()
}

/// Reads a number as C's `strtod` does: decimal, hexadecimal, `inf`, `nan`. Also says how long it is.
pub fn parse_c_number(text: &[u8]) -> Option<(f64, usize)> {
    let sign = usize::from(matches!(text.first(), Some(b'-' | b'+')));
    let negative = text.first() == Some(&b'-');
    let signed = |value: f64| if negative { -value } else { value };
    let rest = &text[sign..];
    for (word, value) in [("infinity", f64::INFINITY), ("inf", f64::INFINITY), ("nan", f64::NAN)] {
        if rest.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes())) {
            return Some((signed(value), sign + word.len()));
        }
    }
    if let [b'0', b'x' | b'X', digits @ ..] = rest
        && let Some((value, len)) = hexadecimal(digits)
    {
        return Some((signed(value), sign + 2 + len));
    }
    let digits = |from: usize| rest[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(0);
    let mut len = whole;
    let mut decimals = 0;
    if rest.get(len) == Some(&b'.') {
        decimals = digits(len + 1);
        len += 1 + decimals;
    }
    if whole + decimals == 0 {
        return None;
    }
    if matches!(rest.get(len), Some(b'e' | b'E')) {
        let signs = usize::from(matches!(rest.get(len + 1), Some(b'-' | b'+')));
        let exponent = rest.get(len + 1 + signs..).map_or(0, |_| digits(len + 1 + signs));
        if exponent > 0 {
            len += 1 + signs + exponent;
        }
    }
    let number = std::str::from_utf8(&rest[..len]).ok()?.parse().ok()?;
    Some((signed(number), sign + len))
}

/// What follows `0x`: digits, of which some may stand behind a point, and an exponent of 2.
fn hexadecimal(text: &[u8]) -> Option<(f64, usize)> {
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count()
    };
    let whole = digits(0);
    let decimals = if text.get(whole) == Some(&b'.') { digits(whole + 1) } else { 0 };
    if whole + decimals == 0 {
        return None;
    }
    let number = text.iter().take(whole + 1 + decimals).filter(|byte| **byte != b'.');
    let number = number.take(whole + decimals).fold(0.0, |value, digit| {
        value * 16.0 + f64::from(char::from(*digit).to_digit(16).unwrap_or(0))
    });
    let has_point = text.get(whole) == Some(&b'.');
    let mut len = whole + usize::from(has_point) + decimals;
    let mut exponent = -4 * decimals as i32;
    if matches!(text.get(len), Some(b'p' | b'P')) {
        let negative = text.get(len + 1) == Some(&b'-');
        let signs = usize::from(matches!(text.get(len + 1), Some(b'-' | b'+')));
        let rest = text.get(len + 1 + signs..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count > 0 {
            let value = rest[..count].iter().fold(0i32, |value, digit| {
                value.saturating_mul(10).saturating_add(i32::from(digit - b'0'))
            });
            exponent = exponent.saturating_add(if negative { -value } else { value });
            len += 1 + signs + count;
        }
    }
    Some((number * 2f64.powi(exponent), len))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn few_digits_are_those_of_many(bits: u64, digits in 1usize..16) {
            let value = f64::from_bits(bits);
            proptest::prop_assume!(value.is_finite());
            let (mut short, mut exact) = (Vec::new(), format!("{:.*e}", digits - 1, value));
            push_g(&mut short, value, digits);
            let short: f64 = String::from_utf8(short).unwrap().parse().unwrap();
            exact = format!("{:.*e}", digits - 1, exact.parse::<f64>().unwrap());
            proptest::prop_assert_eq!(format!("{:.*e}", digits - 1, short), exact);
        }
    }

    #[test]
    fn numbers_are_written_as_c_writes_them() {
        for (value, digits, text) in [
            (0.1, 14, "0.1"),
            (100.0, 14, "100"),
            (1e14, 14, "1e+14"),
            (12345.678, 3, "1.23e+04"),
            (0.0001, 14, "0.0001"),
            (0.00001, 14, "1e-05"),
            (-0.0, 14, "-0"),
            (9.99, 1, "1e+01"),
            (1.5, 14, "1.5"),
            (-12345.0625, 14, "-12345.0625"),
            (120.0, 2, "1.2e+02"),
            (120.0, 3, "120"),
            (0.000_123_456, 14, "0.000123456"),
            (1e21, 14, "1e+21"),
            (1.0 / 3.0, 14, "0.33333333333333"),
            (2.0 / 3.0, 14, "0.66666666666667"),
            (0.1, 17, "0.10000000000000001"),
            (123_456_789_012_345.0, 14, "1.2345678901234e+14"),
            (5e-324, 14, "4.9406564584125e-324"),
        ] {
            let mut out = Vec::new();
            push_g(&mut out, value, digits);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
