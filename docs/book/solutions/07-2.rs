pub struct IntSet {
    /// Bytes of a member.
    pub width: usize,
    pub bytes: Vec<u8>,
}

impl IntSet {
    pub fn new() -> Self {
        IntSet { width: 2, bytes: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.bytes.len() / self.width
    }

    pub fn get(&self, index: usize) -> i64 {
        let member = &self.bytes[index * self.width..][..self.width];
        // The bytes that are missing are those of the sign.
        let sign = if member[self.width - 1] & 0x80 == 0 { 0 } else { 0xff };
        let mut whole = [sign; 8];
        whole[..self.width].copy_from_slice(member);
        i64::from_le_bytes(whole)
    }

    pub fn insert(&mut self, value: i64) -> bool {
        let Err(index) = self.position(value) else { return false };
        let needed = match value {
            -0x8000..=0x7fff => 2,
            -0x8000_0000..=0x7fff_ffff => 4,
            _ => 8,
        };
        if needed > self.width {
            let members: Vec<i64> = (0..self.len()).map(|index| self.get(index)).collect();
            self.width = needed;
            let bytes = |value: i64| value.to_le_bytes().into_iter().take(needed);
            self.bytes = members.into_iter().flat_map(bytes).collect();
        }
        let at = index * self.width;
        self.bytes.splice(at..at, value.to_le_bytes().into_iter().take(self.width));
        true
    }

    pub fn contains(&self, value: i64) -> bool {
        self.position(value).is_ok()
    }

    /// Where it is, or where it would be.
    fn position(&self, value: i64) -> Result<usize, usize> {
        let (mut start, mut end) = (0, self.len());
        while start < end {
            let middle = start.midpoint(end);
            match self.get(middle) {
                found if found == value => return Ok(middle),
                found if found < value => start = middle + 1,
                _ => end = middle,
            }
        }
        Err(start)
    }
}
