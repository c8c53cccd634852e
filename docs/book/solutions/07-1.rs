#[derive(Default)]
pub struct Packed {
    pub bytes: Vec<u8>,
}

/// Takes a length off the front.
fn take_length(bytes: &mut &[u8]) -> Option<usize> {
    let mut length = 0u64;
    for shift in (0..35).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        length |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return u32::try_from(length).ok().map(|length| length as usize);
        }
    }
    None
}

impl Packed {
    pub fn push(&mut self, text: &[u8]) {
        let mut length = text.len();
        while length >= 0x80 {
            self.bytes.push(length as u8 | 0x80);
            length >>= 7;
        }
        self.bytes.push(length as u8);
        self.bytes.extend_from_slice(text);
    }

    pub fn texts(&self) -> Option<Vec<&[u8]>> {
        let (mut texts, mut rest) = (Vec::new(), &self.bytes[..]);
        while !rest.is_empty() {
            let length = take_length(&mut rest)?;
            let (text, after) = rest.split_at_checked(length)?;
            texts.push(text);
            rest = after;
        }
        Some(texts)
    }

    pub fn find(&self, text: &[u8], step: usize) -> Option<usize> {
        let texts = self.texts()?;
        (0..texts.len()).step_by(step).find(|at| texts[*at] == text)
    }
}
