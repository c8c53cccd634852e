//! Hash slots: a cluster divides its keys into 16384 parts, by what a key is called and nothing else.
//!
//! ```text
//! key                       user:1000          {user:1000}.cart        foo{}{bar}
//! what is hashed            user:1000           user:1000              foo{}{bar}
//! slot                      CRC16 of that, modulo 16384
//! ```
//!
//! The part between the first `{` and the next `}`, if there is anything, is a key's *hash tag*. Keys with the same
//! tag are in the same slot, so one command can use all of them.
//!
//! The checksum is CRC-16/XMODEM, which goes back to the ITU's recommendation V.41: polynomial 0x1021,
//! beginning with 0, most significant bit first. Greg Cook's "Catalogue of parametrised CRC algorithms" has its
//! parameters and the check value that the test below uses. The table is made when this is compiled.

/// How many slots there are.
pub const HASH_SLOTS: usize = 16_384;

/// The generator polynomial, without its highest bit.
const POLYNOMIAL: u16 = 0x1021;

/// What each byte does to an empty register.
static TABLE: [u16; 256] = table();

const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        let mut register = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            let is_high = register & 0x8000 != 0;
            register <<= 1;
            if is_high {
                register ^= POLYNOMIAL;
            }
            bit += 1;
        }
        table[byte] = register;
        byte += 1;
    }
    table
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |register, byte| {
        let high = (register >> 8) as u8;
        (register << 8) ^ TABLE[usize::from(high ^ byte)]
    })
}

/// The slot of a key, or of a shard's channel.
pub fn hash_slot(key: &[u8]) -> u16 {
    crc16(hash_tag(key)) % HASH_SLOTS as u16
}

/// The part of a key that decides its slot.
fn hash_tag(key: &[u8]) -> &[u8] {
    let Some(open) = memchr::memchr(b'{', key) else { return key };
    let behind = &key[open + 1..];
    match memchr::memchr(b'}', behind) {
        None | Some(0) => key,
        Some(close) => &behind[..close],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_catalogues() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(crc16(b""), 0);
    }

    /// As CLUSTER KEYSLOT of redis-server 7.0.15 has them.
    #[test]
    fn slots_are_those_of_redis() {
        let slots: [(&[u8], u16); 14] = [
            (b"123456789", 12739),
            (b"foo", 12182),
            (b"bar", 5061),
            (b"", 0),
            (b"{user1000}.following", 3443),
            (b"{user1000}.followers", 3443),
            (b"user1000", 3443),
            (b"foo{}{bar}", 8363),
            (b"foo{{bar}}zap", 4015),
            (b"{bar", 4015),
            (b"foo{bar}{zap}", 5061),
            (b"}foo{bar}", 5061),
            (b"foo{bar", 15278),
            (b"\x00\xff{\x80}", 4488),
        ];
        for (key, slot) in slots {
            assert_eq!(hash_slot(key), slot, "{}", key.escape_ascii());
        }
    }
}
