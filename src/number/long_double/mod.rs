//! `LongDouble`: the 80-bit floating point number of the x87, in software.
//!
//! ```text
//! value = mantissa * 2^exponent            mantissa: 64 bits, the first one set
//!                                          exponent: -16445 ..= 16320
//! ```
//!
//! (The smallest numbers start with zero bits; they are too small to be printed.) The hardware
//! packs sign and exponent into two bytes. Nothing here needs that layout, so the fields stay
//! apart. Parsing and adding give the nearest such number to the exact result, as the hardware and
//! the C library do, which is what makes the printed digits agree with Redis to the last one.
//!
//! Left out on purpose: all other arithmetic, comparison, NaN.

use std::fmt;

use super::literal::{Literal, Magnitude};
use super::natural::Natural;
use super::rounding::{Rounded, Unrounded, X87, round_half_even};

/// A number with a 64-bit mantissa, or an infinity; see the module documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongDouble {
    negative: bool,
    infinite: bool,
    /// Zero if infinite.
    mantissa: u64,
    exponent: i32,
}

/// Redis copies the text into a buffer of this size, its final zero included; longer is refused.
const TEXT_MAX: usize = 5 * 1024 - 1;

/// Ten to this power is beyond the largest number, 1.19e4932.
const DECIMAL_EXPONENT_MAX: i64 = 4940;

/// Ten to this power is below half of the smallest number, 3.6e-4951.
const DECIMAL_EXPONENT_MIN: i64 = -4960;

/// Decimals that are printed, before trailing zeros are cut off.
const DECIMALS: usize = 17;

impl LongDouble {
    /// Parses what INCRBYFLOAT accepts: a decimal or hexadecimal number, or an infinity.
    ///
    /// A number too large or too small to be told from infinity or zero is refused.
    pub fn parse(text: &[u8]) -> Option<LongDouble> {
        if text.len() > TEXT_MAX {
            return None;
        }
        let Literal { negative, magnitude } = Literal::parse(text)?;
        let number = match magnitude {
            Magnitude::Infinite => {
                return Some(LongDouble { negative, infinite: true, mantissa: 0, exponent: 0 });
            }
            Magnitude::Hexadecimal(number) => number,
            Magnitude::Decimal { digits, exponent } => decimal_to_binary(&digits, exponent)?,
        };
        let rounded = Self::finite(negative, number)?;
        let underflow = rounded.mantissa == 0 && number.bits != 0;
        (!underflow).then_some(rounded)
    }

    /// The sum, unless it is infinite or not a number: INCRBYFLOAT refuses both.
    pub fn checked_add(self, other: LongDouble) -> Option<LongDouble> {
        if self.infinite || other.infinite {
            return None;
        }
        // With zero out of the way, every mantissa says something about the size of its number.
        if self.mantissa == 0 || other.mantissa == 0 {
            let zero_first = self.mantissa == 0;
            return Some(if zero_first { other } else { self });
        }
        let (large, small) = if self.magnitude_key() >= other.magnitude_key() {
            (self, other)
        } else {
            (other, self)
        };
        // 63 spare bits below the mantissa, one above it for the carry.
        let a = u128::from(large.mantissa) << 63;
        let b = u128::from(small.mantissa) << 63;
        let distance = (large.exponent - small.exponent) as u32;
        let (b, lost) = match distance {
            0..=63 => (b >> distance, false),
            64..=127 => (b >> distance, b & ((1 << distance) - 1) != 0),
            _ => (0, true),
        };
        let bits = if large.negative == small.negative {
            a + b
        } else {
            // What was lost makes the difference smaller by a part of one unit.
            a - b - u128::from(lost)
        };
        let exponent = i64::from(large.exponent) - 63;
        Self::finite(large.negative, Unrounded { bits, sticky: lost, exponent })
    }

    /// Whether this is one of the two infinities.
    pub fn is_infinite(self) -> bool {
        self.infinite
    }

    /// Orders finite numbers by size without their sign: all mantissas have the same length,
    /// except those of the smallest numbers, which share one exponent.
    fn magnitude_key(self) -> (i32, u64) {
        (self.exponent, self.mantissa)
    }

    fn finite(negative: bool, number: Unrounded) -> Option<LongDouble> {
        match number.round(&X87) {
            Rounded::Overflow => None,
            Rounded::Finite { mantissa, exponent } => {
                Some(LongDouble { negative, infinite: false, mantissa, exponent })
            }
        }
    }
}

/// The first bits of `digits * 10^exponent`; `None` if that is out of range by far.
fn decimal_to_binary(digits: &[u8], exponent: i64) -> Option<Unrounded> {
    if digits.is_empty() {
        return Some(Unrounded { bits: 0, sticky: false, exponent: 0 });
    }
    let size = digits.len() as i64 + exponent;
    if !(DECIMAL_EXPONENT_MIN..=DECIMAL_EXPONENT_MAX).contains(&size) {
        return None;
    }
    let mut numerator = Natural::from_digits(digits);
    let mut denominator = Natural::from_u64(1);
    // `size` and the length of the text are bounded, and so is the exponent.
    let power = exponent.unsigned_abs() as u32;
    if exponent >= 0 {
        numerator.scale_by_power_of_ten(power);
    } else {
        denominator.scale_by_power_of_ten(power);
    }
    Some(numerator.divide(denominator))
}

impl fmt::Display for LongDouble {
    /// Writes up to 17 decimals, without an exponent and without trailing zeros.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        if self.infinite {
            return write!(f, "{sign}inf");
        }
        if self.exponent > 0 {
            let mut integer = Natural::from_u64(self.mantissa);
            integer.shift_left(self.exponent as usize);
            return write!(f, "{sign}{}", integer.into_decimal());
        }
        // The whole number in units of 10^-17 still fits: 64 bits times 10^17 < 2^121.
        let scaled = u128::from(self.mantissa) * 10u128.pow(DECIMALS as u32);
        let units = match -self.exponent {
            0 => scaled,
            shift @ 1..=127 => round_half_even(scaled, shift as u32, false),
            _ => 0,
        };
        if units == 0 {
            // Redis prints no minus before a zero.
            return f.write_str("0");
        }
        let digits = format!("{units:0width$}", width = DECIMALS + 1);
        let (integer, decimals) = digits.split_at(digits.len() - DECIMALS);
        match decimals.trim_end_matches('0') {
            "" => write!(f, "{sign}{integer}"),
            decimals => write!(f, "{sign}{integer}.{decimals}"),
        }
    }
}

#[cfg(test)]
mod tests;
