//! Listpacks: small collections as one blob, in memory and in a file.
//!
//! ```text
//! | total bytes u32 | elements u16 | element | element | ... | ff |        all low byte first
//!
//! element = encoding and content            back length
//!           0xxxxxxx                        n           0..127
//!           10llllll text                   n           up to 63 bytes
//!           110xxxxx xxxxxxxx               n           -4096..4095, high bits first
//!           1110llll llllllll text          n           up to 4095 bytes
//!           f0 u32 text                     n           longer
//!           f1 i16 | f2 i24 | f3 i32 | f4 i64
//! ```
//!
//! A text that is the digits of an integer is written as one. The back length, which lets Redis
//! walk backwards, is the number of bytes before it in the element: in groups of seven bits, the
//! high ones first, every byte but the first with its high bit set. 65535 elements means "count
//! them".
//!
//! [`read`] takes nothing on trust: each length is held against what there is, each back length
//! against what it should be. Left out on purpose: any operation on a listpack. Ours live in files
//! only.

use super::Flaw;
use crate::number::parse_i64;

/// The end of a listpack, a ziplist and a zipmap.
pub(super) const END: u8 = 0xff;
const HEADER: usize = 6;
/// The count that means: unknown.
pub(super) const UNCOUNTED: u16 = u16::MAX;

/// What a listpack or a ziplist holds: a text, or the integer that stands for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element<'a> {
    /// A text.
    Text(&'a [u8]),
    /// The digits of this integer.
    Integer(i64),
}

impl Element<'_> {
    /// The text that it is or stands for.
    pub fn to_vec(self) -> Vec<u8> {
        match self {
            Element::Text(text) => text.to_vec(),
            Element::Integer(value) => itoa::Buffer::new().format(value).as_bytes().to_vec(),
        }
    }
}

/// The elements of a listpack, if all of it is right.
pub fn read(blob: &[u8]) -> Result<Vec<Element<'_>>, Flaw> {
    let (header, mut rest) = blob.split_at_checked(HEADER).ok_or("a listpack without a header")?;
    let total = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
    let count = u16::from_le_bytes([header[4], header[5]]);
    if total as usize != blob.len() {
        return Err("a listpack of another size than it says".into());
    }
    let mut elements = Vec::new();
    loop {
        match rest {
            [END] => break,
            [] | [END, ..] => return Err("a listpack does not end where it should".into()),
            _ => elements.push(read_element(&mut rest).ok_or("a broken element in a listpack")?),
        }
    }
    if count != UNCOUNTED && usize::from(count) != elements.len() {
        return Err("a listpack with another number of elements than it says".into());
    }
    Ok(elements)
}

fn read_element<'a>(rest: &mut &'a [u8]) -> Option<Element<'a>> {
    let before = *rest;
    let first = *rest.split_off_first()?;
    let element = match first {
        0..0x80 => Element::Integer(first.into()),
        0x80..0xc0 => Element::Text(rest.split_off(..usize::from(first & 0x3f))?),
        0xc0..0xe0 => {
            let raw = i64::from(first & 0x1f) << 8 | i64::from(*rest.split_off_first()?);
            Element::Integer(if raw < 4096 { raw } else { raw - 8192 })
        }
        0xe0..0xf0 => {
            let len = usize::from(first & 0x0f) << 8 | usize::from(*rest.split_off_first()?);
            Element::Text(rest.split_off(..len)?)
        }
        0xf0 => {
            let len = u32::from_le_bytes(*take(rest)?);
            Element::Text(rest.split_off(..usize::try_from(len).ok()?)?)
        }
        0xf1 => Element::Integer(i16::from_le_bytes(*take(rest)?).into()),
        0xf2 => Element::Integer(read_i24(take(rest)?)),
        0xf3 => Element::Integer(i32::from_le_bytes(*take(rest)?).into()),
        0xf4 => Element::Integer(i64::from_le_bytes(*take(rest)?)),
        _ => return None,
    };
    let back = back_length(before.len() - rest.len());
    rest.starts_with(back.as_slice()).then(|| rest.split_off(..back.as_slice().len()))?;
    Some(element)
}

/// Takes `N` bytes from the front.
pub(super) fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    rest.split_off(..N)?.try_into().ok()
}

/// A signed integer of 24 bits, low byte first.
pub(super) fn read_i24([low, middle, high]: &[u8; 3]) -> i64 {
    (i32::from_le_bytes([0, *low, *middle, *high]) >> 8).into()
}

/// The back length of an element of `len` bytes.
struct BackLength {
    bytes: [u8; 5],
    start: usize,
}

impl BackLength {
    fn as_slice(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

fn back_length(len: usize) -> BackLength {
    // One less than seven bits allow, from the second group on: so Redis counts.
    let groups = match len {
        0..=127 => 1,
        128..=16_382 => 2,
        16_383..=2_097_150 => 3,
        2_097_151..=268_435_454 => 4,
        _ => 5,
    };
    let mut bytes = [0; 5];
    for (group, byte) in bytes.iter_mut().rev().take(groups).enumerate() {
        let more = if group + 1 < groups { 0x80 } else { 0 };
        *byte = (len >> (7 * group)) as u8 & 0x7f | more;
    }
    BackLength { bytes, start: 5 - groups }
}

/// Writes a listpack, element by element.
pub struct Writer {
    bytes: Vec<u8>,
    count: usize,
}

impl Default for Writer {
    fn default() -> Self {
        Writer { bytes: vec![0; HEADER], count: 0 }
    }
}

impl Writer {
    /// Appends a text, as an integer if it is one.
    pub fn text(&mut self, text: &[u8]) {
        if let Some(value) = parse_i64(text) {
            return self.integer(value);
        }
        let len = text.len();
        self.element(|bytes| {
            match len {
                0..64 => bytes.push(0x80 | len as u8),
                64..4096 => bytes.extend([0xe0 | (len >> 8) as u8, len as u8]),
                _ => {
                    bytes.push(0xf0);
                    bytes.extend((len as u32).to_le_bytes());
                }
            }
            bytes.extend_from_slice(text);
        });
    }

    /// Appends an integer.
    pub fn integer(&mut self, value: i64) {
        let low = value.to_le_bytes();
        self.element(|bytes| match value {
            0..=127 => bytes.push(low[0]),
            -4096..=4095 => bytes.extend([0xc0 | low[1] & 0x1f, low[0]]),
            -0x8000..=0x7fff => bytes.extend([0xf1, low[0], low[1]]),
            -0x80_0000..=0x7f_ffff => bytes.extend([0xf2, low[0], low[1], low[2]]),
            -0x8000_0000..=0x7fff_ffff => {
                bytes.push(0xf3);
                bytes.extend_from_slice(&low[..4]);
            }
            _ => {
                bytes.push(0xf4);
                bytes.extend_from_slice(&low);
            }
        });
    }

    fn element(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let before = self.bytes.len();
        write(&mut self.bytes);
        let back = back_length(self.bytes.len() - before);
        self.bytes.extend_from_slice(back.as_slice());
        self.count += 1;
    }

    /// How many elements there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How large the listpack would be if it ended now.
    pub fn size(&self) -> usize {
        self.bytes.len() + 1
    }

    /// The listpack.
    pub fn finish(mut self) -> Vec<u8> {
        self.bytes.push(END);
        let total = (self.bytes.len() as u32).to_le_bytes();
        self.bytes[..4].copy_from_slice(&total);
        let count = u16::try_from(self.count).unwrap_or(UNCOUNTED);
        self.bytes[4..HEADER].copy_from_slice(&count.to_le_bytes());
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written<T: AsRef<[u8]>>(texts: &[T]) -> Vec<u8> {
        let mut writer = Writer::default();
        texts.iter().for_each(|text| writer.text(text.as_ref()));
        let size = writer.size();
        let blob = writer.finish();
        assert_eq!(blob.len(), size);
        blob
    }

    #[test]
    fn is_laid_out_as_drawn() {
        let blob = written(&["a", "1", "-1", "300"]);
        let elements = b"\x81a\x02\x01\x01\xdf\xff\x02\xc1\x2c\x02\xff";
        assert_eq!(blob, [&[18, 0, 0, 0, 4, 0], &elements[..]].concat());
    }

    #[test]
    fn more_than_65534_elements_are_not_counted() {
        let blob = written(&vec!["x"; 70_000]);
        assert_eq!(&blob[4..6], [0xff, 0xff]);
        assert_eq!(read(&blob).unwrap().len(), 70_000);
    }

    #[test]
    fn every_width_comes_back() {
        let numbers = [0, 127, 128, -1, 4095, 4096, -4096, -4097, 32_767, 32_768, -32_769];
        let wide = [1 << 23, (1 << 23) - 1, -(1 << 23) - 1, 1 << 31, i64::MIN, i64::MAX];
        let mut texts: Vec<String> =
            numbers.iter().chain(&wide).map(|number: &i64| number.to_string()).collect();
        texts.extend([0, 63, 64, 126, 127, 128, 4095, 4096, 16_378, 16_379].map(|n| "x".repeat(n)));
        let blob = written(&texts);
        let read = read(&blob).unwrap();
        assert!(read.iter().map(|element| element.to_vec()).eq(texts.iter().map(|t| t.as_bytes())));
    }

    proptest! {
        #[test]
        fn any_change_of_a_byte_is_noticed_or_harmless(at: prop::sample::Index, byte: u8) {
            let mut blob = written(&["hello", "12", "-70000", "", &"x".repeat(200)]);
            let at = at.index(blob.len());
            blob[at] = byte;
            let _ = read(&blob); // must not panic
        }

        #[test]
        fn survives_any_input(mut blob: Vec<u8>, fix_size: bool) {
            if fix_size && blob.len() >= 4 {
                let len = (blob.len() as u32).to_le_bytes();
                blob[..4].copy_from_slice(&len);
            }
            let _ = read(&blob);
        }
    }
}
