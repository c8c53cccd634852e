//! What our own client asks for: GET and SET of random keys.
//!
//! All keys have one length, and so has every request of a kind, which is what
//! `benches/compare/echo.rs` counts on.

use std::io::Write as _;

/// What is asked for.
#[derive(Clone, Copy)]
pub struct Workload {
    /// Keys.
    pub keys: u64,
    /// How many of 100 requests are a SET; the others are a GET.
    pub writes: u64,
    /// Bytes of a value.
    pub value: usize,
    /// Seconds for which a value is set; 0 for ever.
    pub lifetime: u64,
    /// Whether some keys are asked for more often than others: half of all requests are about a
    /// quarter of the keys.
    pub is_skewed: bool,
}

/// Requests, one after the other, in the form that is sent.
pub struct Requests {
    workload: Workload,
    random: Random,
    /// What stands behind the key of a SET.
    value: Vec<u8>,
}

impl Requests {
    /// A seed of its own for each thread lets them ask for different keys.
    pub fn new(workload: Workload, seed: u64) -> Self {
        let mut value = Vec::new();
        let _ = write!(value, "${}\r\n{}\r\n", workload.value, "x".repeat(workload.value));
        if workload.lifetime > 0 {
            let seconds = workload.lifetime.to_string();
            let _ = write!(value, "$2\r\nEX\r\n${}\r\n{seconds}\r\n", seconds.len());
        }
        Requests { workload, random: Random(seed), value }
    }

    /// Appends the next one.
    pub fn put(&mut self, out: &mut Vec<u8>) {
        let Workload { keys, writes, lifetime, is_skewed, .. } = self.workload;
        let is_write = writes == 100 || writes > 0 && self.random.below(100) < writes;
        let number = self.random.below(keys);
        let number = if is_skewed { number * number / keys } else { number };
        match (is_write, lifetime) {
            (false, _) => out.extend_from_slice(b"*2\r\n$3\r\nGET\r\n"),
            (true, 0) => out.extend_from_slice(b"*3\r\n$3\r\nSET\r\n"),
            (true, _) => out.extend_from_slice(b"*5\r\n$3\r\nSET\r\n"),
        }
        key(number, out);
        if is_write {
            out.extend_from_slice(&self.value);
        }
    }

    /// Appends a SET of the key with this number.
    pub fn put_set(&self, number: u64, out: &mut Vec<u8>) {
        let words = if self.workload.lifetime > 0 { 5 } else { 3 };
        let _ = write!(out, "*{words}\r\n$3\r\nSET\r\n");
        key(number, out);
        out.extend_from_slice(&self.value);
    }
}

/// Appends a key of 16 bytes, as redis-benchmark has them: `key:` and 12 digits.
fn key(mut number: u64, out: &mut Vec<u8>) {
    let mut text = *b"$16\r\nkey:000000000000\r\n";
    for digit in text[9..21].iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
    out.extend_from_slice(&text);
}

/// Random numbers that are the same in every run: splitmix64.
pub struct Random(pub u64);

impl Random {
    /// A number from 0 up to, but not including, `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % limit
    }
}
