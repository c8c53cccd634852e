//! One string of a [`Packed`](super::packed::Packed), as bytes: its length and its text, or an integer.

use super::Element;

/// A length takes at most this many bytes: 64 bits, seven in each. An integer takes less, its length included.
pub(super) const MAX_HEADER: usize = 10;

/// Writes twice a length and returns how many bytes it took.
fn write_header(len: usize, header: &mut [u8; MAX_HEADER]) -> usize {
    let (mut number, mut at) = (len << 1, 0);
    while number >= 0x80 {
        header[at] = number as u8 | 0x80;
        number >>= 7;
        at += 1;
    }
    header[at] = number as u8;
    at + 1
}

/// Reads the header at the start of `data`; returns the length, whether it is that of an integer, and what
/// follows it.
#[inline]
pub(super) fn read_header(data: &[u8]) -> (usize, bool, &[u8]) {
    let (mut number, mut shift, mut at) = (0, 0, 0);
    loop {
        let byte = data[at];
        number |= usize::from(byte & 0x7f) << shift;
        at += 1;
        if byte < 0x80 {
            return (number >> 1, number & 1 != 0, &data[at..]);
        }
        shift += 7;
    }
}

/// Writes an integer, header and all, and returns how many bytes it took.
fn write_integer(value: i64, whole: &mut [u8; MAX_HEADER]) -> usize {
    // Of the leading bits that only say what its sign is, one is needed.
    let bits = 65 - (value ^ value >> 63).leading_zeros();
    let width = bits.div_ceil(8) as usize;
    whole[0] = (width << 1 | 1) as u8;
    whole[1..9].copy_from_slice(&value.to_le_bytes());
    1 + width
}

/// The integer that these bytes are.
pub(super) fn read_integer(bytes: &[u8]) -> i64 {
    let mut whole = [0; 8];
    whole[8 - bytes.len()..].copy_from_slice(bytes);
    i64::from_le_bytes(whole) >> (64 - 8 * bytes.len())
}

/// What stands in front of an element's text, and the text; of an integer, all of it.
pub(super) fn write_element<'a>(
    element: Element<'a>,
    front: &mut [u8; MAX_HEADER],
) -> (usize, &'a [u8]) {
    match element {
        Element::Text(text) => (write_header(text.len(), front), text),
        Element::Integer(value) => (write_integer(value, front), &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_takes_what_it_needs_and_comes_back() {
        let whole = |value| {
            let mut whole = [0; MAX_HEADER];
            let (len, _) = write_element(Element::Integer(value), &mut whole);
            whole[..len].to_vec()
        };
        let mut values = vec![0, i64::MIN, i64::MAX];
        for bits in 0..63 {
            values.extend([1 << bits, (1 << bits) - 1, -(1 << bits), -(1 << bits) - 1]);
        }
        for value in values {
            let whole = whole(value);
            let (len, is_integer, bytes) = read_header(&whole);
            assert_eq!((len, is_integer, read_integer(bytes)), (bytes.len(), true, value));
        }
        let taken = [127, -128, 128, -129, 32_767, 999_999].map(|value| whole(value).len());
        assert_eq!(taken, [2, 2, 3, 3, 3, 4]);
        assert_eq!([i64::MIN, i64::MAX].map(|value| whole(value).len()), [9, 9]);
    }
}
