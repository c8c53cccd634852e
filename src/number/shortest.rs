//! `f64` with as few digits as tell it from its neighbours, the way Redis prints since 7.2; and
//! the choice between that and the seventeen digits of before.
//!
//! ```text
//!            %.17g                     shortest
//! 0.1        0.10000000000000001       0.1
//! 1e-7       9.9999999999999995e-08    1e-7
//! 1e-5       1.0000000000000001e-05    0.00001
//! 1e17       1e+17                     100000000000000000     (a whole number of 62 bits)
//! 2^63       9.2233720368547758e+18    9223372036854776000
//! ```
//!
//! Redis finds the digits with Grisu2, which is fast but now and then finds more than it takes
//! (1.23e22 is 12300000000000001000000). Rust's are always the fewest.

use super::float::push_f64;

/// How many digits of an `f64` are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Precision {
    /// As C's `%.17g` does.
    #[default]
    Seventeen,
    /// As many as it takes to read the same number again.
    Shortest,
}

impl Precision {
    /// Appends a number.
    pub fn push(self, out: &mut Vec<u8>, value: f64) {
        match self {
            Precision::Seventeen => push_f64(out, value),
            Precision::Shortest => push_shortest(out, value),
        }
    }
}

fn push_shortest(out: &mut Vec<u8>, value: f64) {
    const INTEGERS: f64 = (1u64 << 62) as f64;
    let is_minus_zero = value == 0.0 && value.is_sign_negative();
    if value.abs() <= INTEGERS && value.trunc() == value && !is_minus_zero {
        super::push_i64(out, value as i64);
    } else if value.is_nan() {
        out.extend_from_slice(b"nan");
    } else if value.is_infinite() || is_minus_zero {
        push_f64(out, value);
    } else {
        push_decimal(out, value);
    }
}

/// Prints the digits without an exponent where that is about as short.
fn push_decimal(out: &mut Vec<u8>, value: f64) {
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("written with an exponent");
    let exponent: i32 = exponent.parse().expect("a small integer");
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits = mantissa.replace('.', "");
    // The number is digits * 10^power.
    let power = exponent - (digits.len() as i32 - 1);

    out.extend_from_slice(sign.as_bytes());
    if (0..=7).contains(&power) {
        out.extend_from_slice(digits.as_bytes());
        out.extend(std::iter::repeat_n(b'0', power as usize));
    } else if power < 0 && exponent < 0 && (power > -7 || exponent > -4) {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', (-exponent - 1) as usize));
        out.extend_from_slice(digits.as_bytes());
    } else if power < 0 && exponent >= 0 && (power > -7 || exponent < 4) {
        let (integer, decimals) = digits.split_at(exponent as usize + 1);
        out.extend_from_slice(format!("{integer}.{decimals}").as_bytes());
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        out.extend_from_slice(format!("{mantissa}e{sign}{}", exponent.abs()).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from redis-server 8.2.3: ZADD, then ZSCORE.
    #[test]
    fn the_shortest_digits_are_those_of_redis() {
        let cases = [
            ("0.1", "0.1"),
            ("-0.1", "-0.1"),
            ("1e-5", "0.00001"),
            ("1e-6", "0.000001"),
            ("1e-7", "1e-7"),
            ("1.5e-7", "1.5e-7"),
            ("0.00012345", "1.2345e-4"),
            ("1.2345e-5", "1.2345e-5"),
            ("123456.789", "123456.789"),
            ("123456789.123", "123456789.123"),
            ("1e17", "100000000000000000"),
            ("1e18", "1000000000000000000"),
            ("1e19", "1e+19"),
            ("1e20", "1e+20"),
            ("1e21", "1e+21"),
            ("1e22", "1e+22"),
            ("1.5e300", "1.5e+300"),
            ("5e-324", "5e-324"),
            ("9223372036854775807", "9223372036854776000"),
            ("4611686018427387904", "4611686018427387904"),
            ("4611686018427387905", "4611686018427387904"),
            ("4611686018427389000", "4611686018427389000"),
            ("12345678901234567890", "12345678901234567000"),
            ("0.30000000000000004", "0.30000000000000004"),
            ("3.14159265358979", "3.14159265358979"),
            ("1e15", "1000000000000000"),
            ("-1e20", "-1e+20"),
            ("-1.5e-10", "-1.5e-10"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("0.000001234567", "1.234567e-6"),
            ("0.001234567890123", "0.001234567890123"),
            ("1e100", "1e+100"),
            ("1234567e13", "1.234567e+19"),
            ("12345678e14", "1.2345678e+21"),
            ("0.5", "0.5"),
            ("100.25", "100.25"),
            ("2.5e19", "2.5e+19"),
            ("25e18", "2.5e+19"),
            ("1.2345678901234e-3", "0.0012345678901234"),
            ("1.2345678901234e-4", "1.2345678901234e-4"),
            ("12.345678901234567", "12.345678901234567"),
            ("9999.9999999999", "9999.9999999999"),
            ("12345.678901234567", "1.2345678901234567e+4"),
        ];
        for (text, expected) in cases {
            let mut out = Vec::new();
            Precision::Shortest.push(&mut out, text.parse().unwrap());
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{text}");
        }
    }
}
