//! Integers of 1 to 64 bits inside a bitmap, at any bit offset: what BITFIELD works on.
//!
//! A field is read and written through a window of nine bytes, the most that 64 bits can touch:
//!
//! ```text
//! window     |bbbbbbbb|bbbbbbbb| ... |bbbbbbbb|      72 bits, big-endian
//!                  ^ offset % 8    ^ + width         the field
//! ```
//!
//! Values that do not fit wrap around, stop at the nearest limit, or are refused; the client says
//! which. Unsigned fields have 63 bits at most, because replies are signed.

use super::bits::grow;

/// The longest field and the odd bits before it.
const WINDOW_BYTES: usize = 9;
const WINDOW_BITS: u32 = WINDOW_BYTES as u32 * 8;

/// The type of a field: `i8`, `u4` and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldType {
    signed: bool,
    width: u32,
}

/// What happens to a value that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// The bits that do not fit are dropped.
    Wrap,
    /// The nearest value that fits is taken. (For a SET to values near `i64::MIN` Redis 7.0.15
    /// overflows itself and takes the *upper* limit of an `i` field; this takes the lower one.)
    Saturate,
    /// Nothing is written.
    Fail,
}

impl FieldType {
    /// Reads `i1` to `i64` or `u1` to `u63`.
    pub fn parse(text: &[u8]) -> Option<FieldType> {
        let (signed, digits) = match text {
            [b'i', digits @ ..] => (true, digits),
            [b'u', digits @ ..] => (false, digits),
            _ => return None,
        };
        let width = match digits {
            [units @ b'1'..=b'9'] => u32::from(units - b'0'),
            [tens @ b'1'..=b'9', units @ b'0'..=b'9'] => {
                u32::from(tens - b'0') * 10 + u32::from(units - b'0')
            }
            _ => return None,
        };
        let width_max = if signed { 64 } else { 63 };
        (width <= width_max).then_some(FieldType { signed, width })
    }

    /// How many bits a field of this type has.
    pub fn width(self) -> u32 {
        self.width
    }

    /// Reads the field that starts at this bit.
    pub fn get(self, bitmap: &[u8], offset: u64) -> i64 {
        let field = read_window(bitmap, offset) >> self.shift(offset);
        self.wrap(field as i128)
    }

    /// Writes a value and returns the old one, or `None` if the value was refused.
    pub fn set(
        self,
        bitmap: &mut Vec<u8>,
        offset: u64,
        value: i64,
        overflow: Overflow,
    ) -> Option<i64> {
        // Redis takes a negative value for an unsigned field as a very large one.
        let value = if self.signed { i128::from(value) } else { i128::from(value as u64) };
        let value = self.fit(value, overflow)?;
        let before = self.get(bitmap, offset);
        self.put(bitmap, offset, value);
        Some(before)
    }

    /// Adds to a field and returns the new value, or `None` if it was refused.
    pub fn increment(
        self,
        bitmap: &mut Vec<u8>,
        offset: u64,
        increment: i64,
        overflow: Overflow,
    ) -> Option<i64> {
        let sum = i128::from(self.get(bitmap, offset)) + i128::from(increment);
        let value = self.fit(sum, overflow)?;
        self.put(bitmap, offset, value);
        Some(value)
    }

    fn put(self, bitmap: &mut Vec<u8>, offset: u64, value: i64) {
        grow(bitmap, offset + u64::from(self.width));
        let shift = self.shift(offset);
        let mask = self.mask() << shift;
        let window = read_window(bitmap, offset) & !mask | ((value as u128) << shift) & mask;
        let bytes = window.to_be_bytes();
        let start = (offset / 8) as usize;
        let window_bytes = &bytes[bytes.len() - WINDOW_BYTES..];
        for (byte, new) in bitmap[start..].iter_mut().zip(window_bytes) {
            *byte = *new;
        }
    }

    fn fit(self, value: i128, overflow: Overflow) -> Option<i64> {
        let (min, max) = if self.signed {
            (-(1i128 << (self.width - 1)), (1i128 << (self.width - 1)) - 1)
        } else {
            (0, (1i128 << self.width) - 1)
        };
        if (min..=max).contains(&value) {
            return Some(value as i64);
        }
        match overflow {
            Overflow::Wrap => Some(self.wrap(value)),
            Overflow::Saturate => Some(value.clamp(min, max) as i64),
            Overflow::Fail => None,
        }
    }

    /// Keeps the low bits; the highest of them is the sign of a signed field.
    fn wrap(self, value: i128) -> i64 {
        let low = value as u128 & self.mask();
        let negative = self.signed && low >> (self.width - 1) == 1;
        if negative { (low | !self.mask()) as i64 } else { low as i64 }
    }

    fn mask(self) -> u128 {
        (1 << self.width) - 1
    }

    /// How far the field is from the end of its window.
    fn shift(self, offset: u64) -> u32 {
        WINDOW_BITS - (offset % 8) as u32 - self.width
    }
}

/// The nine bytes from the one that holds this bit; those behind the end are zero.
fn read_window(bitmap: &[u8], offset: u64) -> u128 {
    let start = usize::try_from(offset / 8).unwrap_or(usize::MAX);
    let present = bitmap.get(start..).unwrap_or(&[]);
    let bytes = present.iter().copied().chain(std::iter::repeat(0));
    bytes.take(WINDOW_BYTES).fold(0, |window, byte| window << 8 | u128::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(text: &str) -> FieldType {
        FieldType::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn types() {
        for text in ["i1", "i64", "u1", "u63", "i10"] {
            assert!(FieldType::parse(text.as_bytes()).is_some(), "{text}");
        }
        for text in ["", "i", "i0", "i65", "u64", "u08", "I8", "8", "i-1", "i100", "i+1"] {
            assert!(FieldType::parse(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn fields_lie_at_any_offset() {
        for offset in 0..20 {
            for width in 1..=64 {
                let signed = FieldType { signed: true, width };
                let mut bitmap = vec![0xff; 16];
                assert_eq!(signed.set(&mut bitmap, offset, 0, Overflow::Wrap), Some(-1));
                assert_eq!(signed.get(&bitmap, offset), 0);
                let zeros: u32 = bitmap.iter().map(|byte| byte.count_zeros()).sum();
                assert_eq!(zeros, width, "the neighbours are untouched");
            }
        }
    }

    #[test]
    fn a_field_grows_the_bitmap() {
        let mut bitmap = Vec::new();
        assert_eq!(field("u8").set(&mut bitmap, 12, 255, Overflow::Wrap), Some(0));
        assert_eq!(bitmap, [0, 0x0f, 0xf0]);
        assert_eq!(field("i8").get(&bitmap, 1000), 0);
    }

    /// Recorded from redis-server 7.0.15.
    #[test]
    fn values_that_do_not_fit() {
        use Overflow::{Fail, Saturate, Wrap};
        // Type, value before, increment, overflow, value after.
        let cases = [
            ("u8", 250, 10, Wrap, Some(4)),
            ("u8", 250, 10, Saturate, Some(255)),
            ("u8", 250, 10, Fail, None),
            ("u8", 5, -10, Wrap, Some(251)),
            ("u8", 5, -10, Saturate, Some(0)),
            ("i8", 120, 10, Wrap, Some(-126)),
            ("i8", 120, 10, Saturate, Some(127)),
            ("i8", -120, -10, Wrap, Some(126)),
            ("i8", -120, -10, Saturate, Some(-128)),
            ("i64", i64::MAX, 1, Wrap, Some(i64::MIN)),
            ("i64", i64::MAX, 1, Saturate, Some(i64::MAX)),
            ("i64", i64::MIN, -1, Fail, None),
            ("u63", i64::MAX, i64::MAX, Wrap, Some(i64::MAX - 1)),
            ("i1", 0, 1, Wrap, Some(-1)),
        ];
        for (kind, before, increment, overflow, after) in cases {
            let mut bitmap = Vec::new();
            field(kind).set(&mut bitmap, 3, before, Wrap);
            let got = field(kind).increment(&mut bitmap, 3, increment, overflow);
            assert_eq!(got, after, "{kind} {before} + {increment} {overflow:?}");
        }
        let mut bitmap = Vec::new();
        assert_eq!(field("u8").set(&mut bitmap, 0, -1, Saturate), Some(0));
        assert_eq!(bitmap, [255]);
        assert_eq!(field("u8").set(&mut bitmap, 0, 256, Fail), None);
    }
}
