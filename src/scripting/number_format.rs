//! Numbers as C's `printf("%.*g")` writes them.

/// Appends a number with at most so many significant digits.
pub fn push_g(out: &mut Vec<u8>, value: f64, digits: usize) {
    if value.is_nan() {
        return out.extend_from_slice(if value.is_sign_negative() { b"-nan" } else { b"nan" });
    }
    if value.is_infinite() {
        return out.extend_from_slice(if value < 0.0 { b"-inf" } else { b"inf" });
    }
    let digits = digits.max(1);
    let scientific = format!("{:.*e}", digits - 1, value);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent < -4 || exponent >= digits as i32 {
        out.extend_from_slice(without_zeros(mantissa).as_bytes());
        let sign = if exponent < 0 { '-' } else { '+' };
        out.extend_from_slice(format!("e{sign}{:02}", exponent.abs()).as_bytes());
    } else {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        out.extend_from_slice(without_zeros(&format!("{value:.decimals$}")).as_bytes());
    }
}

fn without_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
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
        ] {
            let mut out = Vec::new();
            push_g(&mut out, value, digits);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
