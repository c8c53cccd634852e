pub fn push(out: &mut Vec<u8>, number: u64) {
    match number {
        0..64 => out.push(number as u8),
        64..16_384 => out.extend([0x40 | (number >> 8) as u8, number as u8]),
        _ if number <= u32::MAX.into() => {
            out.push(0x80);
            out.extend((number as u32).to_be_bytes());
        }
        _ => {
            out.push(0x81);
            out.extend(number.to_be_bytes());
        }
    }
}

pub fn read(bytes: &[u8]) -> Option<(u64, usize)> {
    let (first, rest) = bytes.split_first()?;
    let (start, more) = match (first >> 6, *first) {
        (0, _) => (first & 0x3f, 0),
        (1, _) => (first & 0x3f, 1),
        (_, 0x80) => (0, 4),
        (_, 0x81) => (0, 8),
        _ => return None,
    };
    let number = rest.get(..more)?.iter().fold(start.into(), |all, byte| all << 8 | *byte as u64);
    Some((number, 1 + more))
}
