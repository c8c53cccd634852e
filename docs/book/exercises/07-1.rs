//! A row of texts.
//!
//! Keep texts in one vector of bytes, each with its length in front: seven bits in a byte, the lowest first,
//! and the eighth bit says that more follow. `[hello, 300 bytes]` begins `05 h e l l o ac 02`. Write `push`,
//! and `texts`, which returns slices of the vector. `find` looks at every `step`th text only, and returns the
//! number of the text among all. The bytes may have come from a file: `texts` returns None if they end in
//! the middle of a text or of a length, and if a length doesn't fit a u32.

#[derive(Default)]
pub struct Packed {
    pub bytes: Vec<u8>,
}

impl Packed {
    pub fn push(&mut self, text: &[u8]) {
        self.bytes.push(text.len() as u8);
        self.bytes.extend_from_slice(text);
    }

    pub fn texts(&self) -> Option<Vec<&[u8]>> {
        Some(Vec::new())
    }

    pub fn find(&self, text: &[u8], step: usize) -> Option<usize> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(texts: &[&[u8]]) -> Packed {
        let mut packed = Packed::default();
        texts.iter().for_each(|text| packed.push(text));
        packed
    }

    #[test]
    fn lies_as_it_should() {
        assert_eq!(packed(&[b"hello", b""]).bytes, b"\x05hello\x00");
        assert_eq!(packed(&[&[b'x'; 300]]).bytes[..3], *b"\xac\x02x");
        assert_eq!(packed(&[&[b'x'; 127]]).bytes.len(), 128);
        assert_eq!(packed(&[&[b'x'; 128]]).bytes.len(), 130);
        assert_eq!(packed(&[&[b'x'; 16_384]]).bytes.len(), 16_387);
    }

    #[test]
    fn comes_back_as_it_was() {
        let long = vec![b'l'; 70_000];
        let texts: Vec<&[u8]> = vec![b"", b"a", &long, b"\x00\xff", &long[..130], b"b"];
        assert_eq!(packed(&texts).texts(), Some(texts));
        assert_eq!(packed(&[]).texts(), Some(vec![]));
    }

    #[test]
    fn a_hash_is_searched_by_its_fields() {
        let hash = packed(&[b"name", b"age", b"age", b"27"]);
        assert_eq!(hash.find(b"age", 1), Some(1));
        assert_eq!(hash.find(b"age", 2), Some(2), "a value is no field");
        assert_eq!((hash.find(b"27", 2), hash.find(b"name", 2)), (None, Some(0)));
    }

    #[test]
    fn bytes_that_are_cut_are_told() {
        let whole = packed(&[b"hello", &[b'x'; 300], b"end"]).bytes;
        let ends = [0, 6, 308, 312];
        for end in 0..=whole.len() {
            let cut = Packed { bytes: whole[..end].to_vec() };
            assert_eq!(cut.texts().is_some(), ends.contains(&end), "cut at {end}");
        }
        let huge = Packed { bytes: vec![0xff; 12] };
        assert_eq!(huge.texts(), None, "a length of more than 32 bits");
    }
}
