//! Numbers of one to nine bytes.
//!
//! Write `push` and `read`. The two high bits of the first byte say what follows: `00`: nothing, the number is
//! the other six bits. `01`: one byte, and the number is 14 bits, the high ones first. `10000000`: four bytes,
//! high first. `10000001`: eight bytes, high first. `push` takes the shortest form. `read` returns the number
//! and how many bytes it has; None: they aren't all there, or the first byte is none of these.

pub fn push(out: &mut Vec<u8>, number: u64) {
    out.extend(number.to_be_bytes());
}

pub fn read(bytes: &[u8]) -> Option<(u64, usize)> {
    Some((u64::from_be_bytes(bytes.get(..8)?.try_into().ok()?), 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(number: u64) -> Vec<u8> {
        let mut out = Vec::new();
        push(&mut out, number);
        out
    }

    #[test]
    fn the_shortest_form() {
        assert_eq!(pushed(10), [0x0a]);
        assert_eq!(pushed(700), [0x42, 0xbc]);
        assert_eq!(pushed(17_000), [0x80, 0, 0, 0x42, 0x68]);
        assert_eq!(pushed(1 << 32), [0x81, 0, 0, 0, 1, 0, 0, 0, 0]);
    }

    #[test]
    fn every_number_comes_back() {
        let edges = [0, 63, 64, 16_383, 16_384, u32::MAX.into(), 1 << 32, u64::MAX];
        for (number, len) in edges.into_iter().zip([1, 1, 2, 2, 5, 5, 9, 9]) {
            let mut bytes = pushed(number);
            assert_eq!(bytes.len(), len, "{number}");
            for cut in 0..len {
                assert_eq!(read(&bytes[..cut]), None, "{number} cut to {cut}");
            }
            bytes.push(b'x');
            assert_eq!(read(&bytes), Some((number, len)));
        }
    }

    #[test]
    fn what_is_no_number() {
        for first in [0x82, 0xc0, 0xff] {
            assert_eq!(read(&[first; 10]), None);
        }
    }
}
