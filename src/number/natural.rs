//! Natural numbers of any size: just enough long arithmetic to convert between bases exactly.
//!
//! A `long double` reaches 1e4932, so the exact value of a text, or the exact digits of a number,
//! can take 16,000 bits. That is school arithmetic with the "digits" 0 to 2^32 - 1, the least
//! significant first:
//!
//! ```text
//! limbs  [ l0 | l1 | l2 ]   =   l0 + l1 * 2^32 + l2 * 2^64       the last limb is never zero
//! ```
//!
//! Left out on purpose: products and quotients of two large numbers. Conversions need only small
//! factors, and [`Natural::divide`] needs only the first 67 bits of a quotient, which shifting and
//! subtracting finds.

use std::cmp::Ordering;

use super::rounding::Unrounded;

/// An unsigned integer of any size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Natural {
    limbs: Vec<u32>,
}

/// Bits of a quotient that [`Natural::divide`] finds: the 64 of an x87 mantissa, one that tells
/// which half, one lost if the quotient starts with a zero, and one to spare.
const QUOTIENT_BITS: i64 = 67;

/// The largest power of ten in a limb, for conversions nine digits at a time.
const NINE_DIGITS: u32 = 1_000_000_000;

impl Natural {
    pub(super) fn from_u64(value: u64) -> Natural {
        let mut number = Natural { limbs: vec![value as u32, (value >> 32) as u32] };
        number.trim();
        number
    }

    /// Reads decimal digits (values 0 to 9, the most significant first).
    pub(super) fn from_digits(digits: &[u8]) -> Natural {
        let mut number = Natural { limbs: Vec::with_capacity(digits.len() / 9 + 2) };
        for chunk in digits.chunks(9) {
            let value = chunk.iter().fold(0, |value, digit| value * 10 + u32::from(*digit));
            number.multiply_add(10u32.pow(chunk.len() as u32), value);
        }
        number
    }

    /// Multiplies by ten to the `exponent`.
    pub(super) fn scale_by_power_of_ten(&mut self, exponent: u32) {
        for _ in 0..exponent / 9 {
            self.multiply_add(NINE_DIGITS, 0);
        }
        self.multiply_add(10u32.pow(exponent % 9), 0);
    }

    pub(super) fn shift_left(&mut self, bits: usize) {
        let (limbs, bits) = (bits / 32, (bits % 32) as u32);
        if bits != 0 {
            self.multiply_add(1 << bits, 0);
        }
        if !self.limbs.is_empty() {
            self.limbs.splice(0..0, std::iter::repeat_n(0, limbs));
        }
    }

    /// The first bits of `self / divisor`, ready to be rounded. Neither may be zero.
    pub(super) fn divide(mut self, mut divisor: Natural) -> Unrounded {
        // Make both equally long, so that the quotient lies between 1/2 and 2.
        let shift = divisor.bit_length() - self.bit_length();
        if shift >= 0 {
            self.shift_left(shift as usize);
        } else {
            divisor.shift_left(-shift as usize);
        }
        let mut bits = 0;
        for _ in 0..QUOTIENT_BITS {
            bits <<= 1;
            if self.compare(&divisor) != Ordering::Less {
                self.subtract(&divisor);
                bits |= 1;
            }
            self.multiply_add(2, 0);
        }
        Unrounded { bits, sticky: !self.limbs.is_empty(), exponent: -shift - (QUOTIENT_BITS - 1) }
    }

    /// The decimal digits as text; nothing at all for zero.
    pub(super) fn into_decimal(mut self) -> String {
        let mut chunks = Vec::with_capacity(self.limbs.len() * 32 / 29 + 1);
        while !self.limbs.is_empty() {
            chunks.push(self.divide_by_nine_digits());
        }
        let mut text = String::with_capacity(chunks.len() * 9);
        for chunk in chunks.iter().rev() {
            if text.is_empty() {
                text.push_str(itoa::Buffer::new().format(*chunk));
            } else {
                text.push_str(&format!("{chunk:09}"));
            }
        }
        text
    }

    fn bit_length(&self) -> i64 {
        match self.limbs.last() {
            None => 0,
            Some(top) => self.limbs.len() as i64 * 32 - i64::from(top.leading_zeros()),
        }
    }

    fn compare(&self, other: &Natural) -> Ordering {
        let by_length = self.limbs.len().cmp(&other.limbs.len());
        by_length.then_with(|| self.limbs.iter().rev().cmp(other.limbs.iter().rev()))
    }

    /// `self = self * factor + addend`.
    fn multiply_add(&mut self, factor: u32, addend: u32) {
        let mut carry = u64::from(addend);
        for limb in &mut self.limbs {
            carry += u64::from(*limb) * u64::from(factor);
            *limb = carry as u32;
            carry >>= 32;
        }
        if carry != 0 {
            self.limbs.push(carry as u32);
        }
    }

    /// `self = self - other`, which must not be the larger one.
    fn subtract(&mut self, other: &Natural) {
        let mut borrow = false;
        let others = other.limbs.iter().copied().chain(std::iter::repeat(0));
        for (limb, other) in self.limbs.iter_mut().zip(others) {
            let (difference, underflow) = limb.overflowing_sub(other);
            let (difference, underflow_again) = difference.overflowing_sub(u32::from(borrow));
            *limb = difference;
            borrow = underflow || underflow_again;
        }
        self.trim();
    }

    /// Divides in place and returns the remainder, the last nine decimal digits.
    fn divide_by_nine_digits(&mut self) -> u32 {
        let mut remainder = 0;
        for limb in self.limbs.iter_mut().rev() {
            let value = remainder << 32 | u64::from(*limb);
            *limb = (value / u64::from(NINE_DIGITS)) as u32;
            remainder = value % u64::from(NINE_DIGITS);
        }
        self.trim();
        remainder as u32
    }

    fn trim(&mut self) {
        while self.limbs.last() == Some(&0) {
            self.limbs.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_digits_survive_the_round_trip() {
        let text = "123456789000000000000000000987654321098765432109876543210";
        let digits: Vec<u8> = text.bytes().map(|byte| byte - b'0').collect();
        assert_eq!(Natural::from_digits(&digits).into_decimal(), text);
    }

    #[test]
    fn powers_of_two_and_ten() {
        let mut number = Natural::from_u64(1);
        number.shift_left(100);
        assert_eq!(number.clone().into_decimal(), "1267650600228229401496703205376");
        number.scale_by_power_of_ten(11);
        assert_eq!(number.into_decimal(), "126765060022822940149670320537600000000000");
    }

    #[test]
    fn a_quotient_tells_whether_it_is_exact() {
        let half = Natural::from_u64(7).divide(Natural::from_u64(14));
        assert_eq!((half.bits, half.sticky, half.exponent), (1 << 66, false, -67));
        let third = Natural::from_u64(1).divide(Natural::from_u64(3));
        assert!(third.sticky);
        // The zeros and ones of 1/3 alternate.
        assert_eq!(third.bits & 0xf, 0b1010);
    }
}
