//! The tables were recorded from redis-server 7.0.15.

use super::*;

#[test]
fn counts() {
    let cases: &[(&[u8], i64, i64, Unit, u64)] = &[
        (b"foobar", 0, -1, Unit::Byte, 26),
        (b"foobar", 0, 0, Unit::Byte, 4),
        (b"foobar", 1, 1, Unit::Byte, 6),
        (b"foobar", 5, 30, Unit::Bit, 17),
        (b"foobar", -2, -1, Unit::Byte, 7),
        (b"foobar", -100, -50, Unit::Byte, 4),
        (b"foobar", -50, -100, Unit::Byte, 0),
        (b"foobar", 3, 1, Unit::Byte, 0),
        (b"foobar", 6, 9, Unit::Byte, 0),
        (b"foobar", -5, -3, Unit::Bit, 1),
        (b"foobar", 0, 100, Unit::Bit, 26),
        (&[0xff; 21], 3, 164, Unit::Bit, 162),
        (b"", 0, -1, Unit::Byte, 0),
    ];
    for (bitmap, start, end, unit, expected) in cases {
        assert_eq!(count(bitmap, *start, *end, *unit), *expected, "{bitmap:?} {start} {end}");
    }
}

/// Bitmap, bit to look for, start, end and its unit, the reply.
type PositionCase = (&'static [u8], bool, i64, Option<i64>, Unit, i64);

#[test]
fn positions() {
    let ones_then_zero = [[0xff; 20].as_slice(), b"\xef"].concat();
    let zeros_then_one = [[0; 20].as_slice(), b"\x10"].concat();
    assert_eq!(position(&ones_then_zero, false, 1, None, Unit::Byte), 163);
    assert_eq!(position(&zeros_then_one, true, 1, Some(-1), Unit::Byte), 163);
    let cases: &[PositionCase] = &[
        (b"\xff\xf0\x00", false, 0, None, Unit::Byte, 12),
        (b"\x00\xff\xf0", true, 0, None, Unit::Byte, 8),
        (b"\x00\xff\xf0", true, 2, None, Unit::Byte, 16),
        (b"\x00\xff\xf0", true, 2, Some(-1), Unit::Byte, 16),
        (b"\x00\xff\xf0", true, 7, Some(15), Unit::Bit, 8),
        (b"\x00\xff\xf0", true, 7, Some(-3), Unit::Bit, 8),
        (b"\x00\x00", true, 0, None, Unit::Byte, -1),
        (b"\xff\xff", false, 0, None, Unit::Byte, 16),
        (b"\xff\xff", false, 0, Some(-1), Unit::Byte, -1),
        (b"\xff\xff", false, 0, Some(-1), Unit::Bit, -1),
        (b"\xff\xff", false, 5, None, Unit::Byte, -1),
        (b"\xff\xff", true, 1, Some(0), Unit::Byte, -1),
        (b"2", true, -2, Some(-6), Unit::Byte, 2),
        (b"\x08", true, 5, Some(6), Unit::Bit, -1),
        (b"", false, 0, None, Unit::Byte, -1),
        (b"", true, 0, None, Unit::Byte, -1),
    ];
    for (bitmap, value, start, end, unit, expected) in cases {
        let found = position(bitmap, *value, *start, *end, *unit);
        assert_eq!(found, *expected, "{bitmap:?} {value} {start} {end:?}");
    }
}

/// Counting and searching by words against one bit at a time.
#[test]
fn words_agree_with_single_bits() {
    let bitmap: Vec<u8> = (0..40u8).map(|i| i.wrapping_mul(37) & i.wrapping_mul(101)).collect();
    let bits = bitmap.len() as i64 * 8;
    for start in 0..bits {
        for end in start..bits {
            let all = start as u64..=end as u64;
            let ones = all.clone().filter(|offset| get_bit(&bitmap, *offset)).count() as u64;
            assert_eq!(count(&bitmap, start, end, Unit::Bit), ones);
            for value in [true, false] {
                let first = all.clone().find(|offset| get_bit(&bitmap, *offset) == value);
                let expected = first.map_or(-1, |offset| offset as i64);
                assert_eq!(position(&bitmap, value, start, Some(end), Unit::Bit), expected);
            }
        }
    }
}

#[test]
fn setting_a_bit_grows_the_bitmap() {
    let mut bitmap = Vec::new();
    assert!(!set_bit(&mut bitmap, 9, true));
    assert_eq!(bitmap, [0, 0x40]);
    assert!(set_bit(&mut bitmap, 9, false));
    assert!(!set_bit(&mut bitmap, 7, false));
    assert_eq!(bitmap, [0, 0]);
    assert!(!get_bit(&bitmap, 16));
    assert!(!get_bit(&bitmap, u64::MAX));
}

#[test]
fn shorter_sources_count_as_filled_with_zeros() {
    let sources: [&[u8]; 3] = [b"\xf0\xff\x0f", b"\xff", b"\x3c\x01"];
    assert_eq!(combine(Operation::And, &sources), b"\x30\0\0");
    assert_eq!(combine(Operation::Or, &sources), b"\xff\xff\x0f");
    assert_eq!(combine(Operation::Xor, &sources), b"\x33\xfe\x0f");
    assert_eq!(combine(Operation::Not, &sources[..1]), b"\x0f\0\xf0");
    assert_eq!(combine(Operation::Diff, &sources), b"\0\xfe\x0f");
    assert_eq!(combine(Operation::Diff1, &sources), b"\x0f\0\0");
    assert_eq!(combine(Operation::AndOr, &sources), b"\xf0\x01\0");
    assert_eq!(combine(Operation::One, &sources), b"\x03\xfe\x0f");
    assert_eq!(combine(Operation::Diff1, &[b"".as_slice(), b"\x01\x02"]), b"\x01\x02");
    assert_eq!(combine(Operation::Or, &[b"".as_slice(), b""]), b"");
}
