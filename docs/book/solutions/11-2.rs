#[derive(Default)]
pub struct Block {
    pub data: Vec<u8>,
    last: (u64, i64),
}

pub fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63) as u64
}

pub fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

fn put(data: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        data.push(number as u8 | 0x80);
        number >>= 7;
    }
    data.push(number as u8);
}

fn take(data: &mut &[u8]) -> Option<u64> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (byte, rest) = data.split_first()?;
        *data = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(number);
        }
        shift += 7;
    }
}

impl Block {
    pub fn push(&mut self, time: u64, value: i64) -> bool {
        let Some(later) = time.checked_sub(self.last.0) else { return false };
        put(&mut self.data, later);
        put(&mut self.data, zigzag(value.wrapping_sub(self.last.1)));
        self.last = (time, value);
        true
    }

    pub fn measurements(&self) -> Vec<(u64, i64)> {
        let (mut rest, mut last) = (&self.data[..], (0u64, 0i64));
        std::iter::from_fn(|| {
            let (later, more) = (take(&mut rest)?, unzigzag(take(&mut rest)?));
            last = (last.0 + later, last.1.wrapping_add(more));
            Some(last)
        })
        .collect()
    }
}
