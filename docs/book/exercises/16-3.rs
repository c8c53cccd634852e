//! The checksum.
//!
//! Write `crc64`: the checksum of what `crc` is the checksum of, followed by `bytes`. It begins with 0. For
//! each byte: XOR it into the low byte of the sum; then, eight times, shift the sum right by one bit, and if
//! the bit that fell out was a 1, XOR `POLYNOMIAL` into it. Once that works, make it a look-up for each byte,
//! in a table of 256 numbers that is computed once (`const fn`): what the eight steps do to each possible
//! low byte. The sum is then `table[low byte] ^ (sum >> 8)`.

pub const POLYNOMIAL: u64 = 0x95ac_9329_ac4b_c9b5;

pub fn crc64(crc: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(crc, |sum, byte| sum.wrapping_add(u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn the_check_value() {
        assert_eq!(crc64(0, b""), 0);
        assert_eq!(crc64(0, b"123456789"), 0xe9c6_d914_c4b8_d9ca);
    }

    #[test]
    fn piece_by_piece() {
        let text = b"This is a text that has more than eight bytes.";
        let whole = crc64(0, text);
        for cut in 0..text.len() {
            assert_eq!(crc64(crc64(0, &text[..cut]), &text[cut..]), whole);
        }
    }

    #[test]
    fn it_sees_what_a_sum_does_not() {
        assert_ne!(crc64(0, b"ab"), crc64(0, b"ba"));
        let text = [b'x'; 64];
        for bit in 0..8 * text.len() {
            let mut other = text;
            other[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(crc64(0, &other), crc64(0, &text), "bit {bit}");
        }
    }

    #[test]
    fn a_megabyte_takes_no_second() {
        let (begun, megabyte) = (Instant::now(), vec![1; 1 << 20]);
        crc64(0, &megabyte);
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    }
}
