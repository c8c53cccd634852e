//! Rounding an exact binary number to the mantissa of a floating point format.
//!
//! Every operation on floating point numbers has the same last step: an exact result has more bits
//! than the format keeps, and the nearest number that the format does keep must be found; of two
//! equally near ones, the one whose last bit is zero ("round half to even"). The exact result need
//! not be written out in full. Its top bits, and one *sticky* bit that tells whether anything that
//! is not zero came after them, are enough to decide.
//!
//! ```text
//! exact result     1011 0110 1|1 0000 0000 0010 ...
//!                  kept       |half |  the rest: "sticky"
//! ```

/// `bits` times two to the `exponent`, plus a little less than one unit of `bits` if `sticky`.
#[derive(Clone, Copy)]
pub(super) struct Unrounded {
    pub(super) bits: u128,
    pub(super) sticky: bool,
    pub(super) exponent: i64,
}

/// What a binary floating point format can hold.
pub(super) struct Format {
    /// Bits of the mantissa, the leading one included.
    precision: i64,
    /// The exponent of the last bit of the smallest number.
    exponent_min: i64,
    /// The exponent of the last bit of the largest numbers.
    exponent_max: i64,
}

/// `f64`.
pub(super) const BINARY64: Format =
    Format { precision: 53, exponent_min: -1074, exponent_max: 971 };

/// The 80-bit format of the x87.
pub(super) const X87: Format = Format { precision: 64, exponent_min: -16445, exponent_max: 16320 };

/// A rounded number: the mantissa times two to the exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rounded {
    Finite {
        mantissa: u64,
        exponent: i32,
    },
    /// Larger than the format's largest number.
    Overflow,
}

impl Unrounded {
    /// Finds the nearest number of the format.
    ///
    /// With `sticky` set, `bits` must have at least two bits more than the format keeps, or the
    /// half would be among the bits that were dropped.
    pub(super) fn round(self, format: &Format) -> Rounded {
        if self.bits == 0 {
            return Rounded::Finite { mantissa: 0, exponent: 0 };
        }
        let length = i64::from(u128::BITS - self.bits.leading_zeros());
        // Small numbers keep fewer bits, because the exponent can't sink any further.
        let exponent = (self.exponent + length - format.precision).max(format.exponent_min);
        let dropped = exponent - self.exponent;
        let (mut mantissa, mut exponent) = if dropped <= 0 {
            (self.bits << -dropped, exponent)
        } else if dropped > 127 {
            // Less than half of the smallest number: nothing is left of it.
            (0, exponent)
        } else {
            (round_half_even(self.bits, dropped as u32, self.sticky), exponent)
        };
        if mantissa >> format.precision != 0 {
            // Rounding up turned 111...1 into 1000...0, one bit too long.
            mantissa >>= 1;
            exponent += 1;
        }
        if exponent > format.exponent_max {
            return Rounded::Overflow;
        }
        Rounded::Finite { mantissa: mantissa as u64, exponent: exponent as i32 }
    }
}

/// Drops the last `dropped` bits (1 to 127) and rounds to what is left.
pub(super) fn round_half_even(bits: u128, dropped: u32, sticky: bool) -> u128 {
    let kept = bits >> dropped;
    let rest = bits & ((1 << dropped) - 1);
    let half = 1 << (dropped - 1);
    let up = rest > half || (rest == half && (sticky || kept & 1 == 1));
    kept + u128::from(up)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_the_even_neighbour() {
        assert_eq!(round_half_even(0b1010, 1, false), 0b101);
        assert_eq!(round_half_even(0b1011, 1, false), 0b110);
        assert_eq!(round_half_even(0b1001, 1, false), 0b100);
        assert_eq!(round_half_even(0b1001, 1, true), 0b101);
    }

    #[test]
    fn the_ends_of_the_range() {
        let one_at = |exponent| Unrounded { bits: 1, sticky: false, exponent };
        assert_eq!(one_at(1024).round(&BINARY64), Rounded::Overflow);
        assert_eq!(
            one_at(-1074).round(&BINARY64),
            Rounded::Finite { mantissa: 1, exponent: -1074 }
        );
        // Exactly half of the smallest number is a tie, and zero is even.
        let Rounded::Finite { mantissa, .. } = one_at(-1075).round(&BINARY64) else { panic!() };
        assert_eq!(mantissa, 0);
        let Rounded::Finite { mantissa, .. } = one_at(-5000).round(&BINARY64) else { panic!() };
        assert_eq!(mantissa, 0);
        let ones = Unrounded { bits: u128::MAX, sticky: false, exponent: 16384 - 128 };
        assert_eq!(ones.round(&X87), Rounded::Overflow);
    }
}
