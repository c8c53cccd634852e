pub fn slot(key: &[u8]) -> u16 {
    let mut crc = 0u16;
    for byte in hashed(key) {
        crc ^= u16::from(*byte) << 8;
        for _ in 0..8 {
            let falls_out = crc & 0x8000 != 0;
            crc <<= 1;
            if falls_out {
                crc ^= 0x1021;
            }
        }
    }
    crc % 16384
}

fn hashed(key: &[u8]) -> &[u8] {
    let Some(open) = key.iter().position(|byte| *byte == b'{') else { return key };
    let behind = &key[open + 1..];
    match behind.iter().position(|byte| *byte == b'}') {
        None | Some(0) => key,
        Some(close) => &behind[..close],
    }
}

pub fn are_together(keys: &[&str]) -> bool {
    keys.windows(2).all(|pair| slot(pair[0].as_bytes()) == slot(pair[1].as_bytes()))
}
