pub const POLYNOMIAL: u64 = 0x95ac_9329_ac4b_c9b5;

static TABLE: [u64; 256] = table();

const fn table() -> [u64; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = byte as u64;
        let mut step = 0;
        while step < 8 {
            let out = sum & 1;
            sum >>= 1;
            if out == 1 {
                sum ^= POLYNOMIAL;
            }
            step += 1;
        }
        table[byte] = sum;
        byte += 1;
    }
    table
}

pub fn crc64(crc: u64, bytes: &[u8]) -> u64 {
    let step = |sum: u64, byte: &u8| TABLE[(sum as u8 ^ byte) as usize] ^ (sum >> 8);
    bytes.iter().fold(crc, step)
}
