//! HyperLogLog: how many *different* elements were added, in 12 KB and give or take 0.81 %.
//!
//! Every element is hashed. The low 14 bits of the hash choose one of 16,384 registers; the rest is
//! a coin tossed until the first head, and the register keeps the longest run seen so far. Many
//! different elements make long runs likely; equal elements toss the same coin and change nothing.
//! The count is read from the distribution of the runs (Otmar Ertl, "New cardinality estimation
//! algorithms for HyperLogLog sketches", 2017).
//!
//! The value is a string that clients may GET, keep and SET again, so its bytes are Redis' own:
//!
//! ```text
//! 0       4    5      8                    16
//! | HYLL | enc | 0 0 0 | cached count, LE64 | registers ...
//!          |             ^ the top bit of the last byte says "out of date"
//!          0 = dense:  16,384 registers of 6 bits, 12,288 bytes
//!          1 = sparse: runs of equal registers, see `sparse`
//! ```
//!
//! A sketch starts sparse and becomes dense, for good, when it outgrows a limit or a run exceeds
//! 32. Since clients can SET any bytes, nothing inside is trusted: a sparse body that does not
//! describe exactly 16,384 registers is [`Corrupted`], never a panic. Only the header is taken for
//! granted: every function expects a string that [`is_sketch`] has accepted.
//!
//! Left out on purpose: expiry, replication and the replies; these functions know byte strings.

mod sparse;

/// Registers of a sketch: 2^14. The standard error is 1.04 / sqrt(2^14), which is 0.81 %.
pub const REGISTERS: usize = 1 << INDEX_BITS;

/// One register a byte: what sketches are merged in.
pub type Registers = [u8; REGISTERS];

/// The body contradicts itself; commands answer `-INVALIDOBJ`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupted;

/// Bits of the hash that choose the register.
const INDEX_BITS: u32 = 14;

/// Bits of the hash that are left for the run, and so the longest run but one.
const RUN_BITS: u32 = 64 - INDEX_BITS;

/// Bits of a register: a run is at most 51, which needs six.
const REGISTER_BITS: usize = 6;

const MAGIC: &[u8; 4] = b"HYLL";
const ENCODING: usize = 4;
const DENSE: u8 = 0;
const SPARSE: u8 = 1;
const COUNT: std::ops::Range<usize> = 8..16;
const HEADER_LEN: usize = 16;
const DENSE_LEN: usize = HEADER_LEN + REGISTERS * REGISTER_BITS / 8;

/// The bit of the last count byte that marks the cached count as out of date.
const STALE: u8 = 0x80;

/// The seed Redis hashes with. Another one would fill other registers for the same elements.
const HASH_SEED: u64 = 0xadc8_3b19;

/// An empty sketch, its count not yet cached.
pub fn create() -> Vec<u8> {
    let mut sketch = vec![0; HEADER_LEN];
    sketch[..MAGIC.len()].copy_from_slice(MAGIC);
    sketch[ENCODING] = SPARSE;
    sparse::push_empty(&mut sketch);
    invalidate(&mut sketch);
    sketch
}

/// Whether a string looks like a sketch; if not, commands answer `-WRONGTYPE`.
///
/// This looks at the header only. The body is checked by whoever reads it.
pub fn is_sketch(text: &[u8]) -> bool {
    text.len() >= HEADER_LEN
        && text.starts_with(MAGIC)
        && match text[ENCODING] {
            DENSE => text.len() == DENSE_LEN,
            SPARSE => true,
            _ => false,
        }
}

/// `sparse` or `dense`, as PFDEBUG ENCODING names it.
pub fn encoding_name(sketch: &[u8]) -> &'static str {
    if is_dense(sketch) { "dense" } else { "sparse" }
}

/// Adds an element; whether a register changed. The cached count is then out of date.
///
/// A sparse sketch that would grow beyond `sparse_max` bytes becomes dense.
pub fn add(sketch: &mut Vec<u8>, element: &[u8], sparse_max: usize) -> Result<bool, Corrupted> {
    let hash = murmur_hash_64a(element, HASH_SEED);
    let index = hash as usize & (REGISTERS - 1);
    // The extra bit ends the run of a hash whose upper bits are all zero.
    let run = (hash >> INDEX_BITS | 1 << RUN_BITS).trailing_zeros() + 1;
    raise(sketch, index, run as u8, sparse_max)
}

/// The estimate kept in the header, unless it is out of date.
pub fn cached_count(sketch: &[u8]) -> Option<u64> {
    let bytes: [u8; 8] = sketch[COUNT].try_into().expect("eight bytes");
    (bytes[7] & STALE == 0).then(|| u64::from_le_bytes(bytes))
}

/// Keeps an estimate in the header.
pub fn cache_count(sketch: &mut [u8], count: u64) {
    sketch[COUNT].copy_from_slice(&count.to_le_bytes());
}

/// Marks the cached count as out of date.
pub fn invalidate(sketch: &mut [u8]) {
    sketch[COUNT.end - 1] |= STALE;
}

/// Computes the estimate, whatever the header says.
pub fn count(sketch: &[u8]) -> Result<u64, Corrupted> {
    let mut histogram = [0u32; 1 << REGISTER_BITS];
    for_each_run(sketch, |_, value, len| histogram[value as usize] += len as u32)?;
    Ok(estimate(&histogram))
}

/// The estimate of a union that was built with [`merge`].
pub fn count_registers(registers: &Registers) -> u64 {
    let mut histogram = [0u32; 1 << REGISTER_BITS];
    for value in registers {
        histogram[*value as usize] += 1;
    }
    estimate(&histogram)
}

/// Raises each of `union`'s registers to that of the sketch: afterwards it counts both.
pub fn merge(union: &mut Registers, sketch: &[u8]) -> Result<(), Corrupted> {
    for_each_run(sketch, |start, value, len| {
        for register in &mut union[start..start + len] {
            *register = value.max(*register);
        }
    })
}

/// Writes a union back into a sketch, which must not count more than the union does.
pub fn store_union(
    sketch: &mut Vec<u8>,
    union: &Registers,
    sparse_max: usize,
) -> Result<(), Corrupted> {
    for (index, value) in union.iter().enumerate() {
        if *value != 0 {
            raise(sketch, index, *value, sparse_max)?;
        }
    }
    invalidate(sketch);
    Ok(())
}

/// All registers, for PFDEBUG GETREG.
pub fn registers(sketch: &[u8]) -> Result<Box<Registers>, Corrupted> {
    let mut all = Box::new([0; REGISTERS]);
    merge(&mut all, sketch)?;
    Ok(all)
}

/// Turns a sparse sketch into a dense one; whether there was anything to do.
pub fn to_dense(sketch: &mut Vec<u8>) -> Result<bool, Corrupted> {
    if is_dense(sketch) {
        return Ok(false);
    }
    let mut dense = vec![0; DENSE_LEN];
    dense[..HEADER_LEN].copy_from_slice(&sketch[..HEADER_LEN]);
    dense[ENCODING] = DENSE;
    let body = &mut dense[HEADER_LEN..];
    for_each_run(sketch, |start, value, len| {
        // A new body is all zeros already.
        let indexes = if value == 0 { 0..0 } else { start..start + len };
        indexes.for_each(|index| set_dense(body, index, value));
    })?;
    *sketch = dense;
    Ok(true)
}

/// The runs of a sparse sketch, as PFDEBUG DECODE prints them; `None` if it is dense.
pub fn decode(sketch: &[u8]) -> Option<String> {
    (!is_dense(sketch)).then(|| sparse::describe(&sketch[HEADER_LEN..]))
}

/// Whether the sketch is dense.
pub fn is_dense(sketch: &[u8]) -> bool {
    sketch[ENCODING] == DENSE
}

/// Raises one register to `value`, unless it is that high already.
fn raise(
    sketch: &mut Vec<u8>,
    index: usize,
    value: u8,
    sparse_max: usize,
) -> Result<bool, Corrupted> {
    if !is_dense(sketch) {
        match sparse::raise(sketch, index, value, sparse_max)? {
            sparse::Outcome::Unchanged => return Ok(false),
            sparse::Outcome::Raised => {
                invalidate(sketch);
                return Ok(true);
            }
            sparse::Outcome::TooLarge => to_dense(sketch)?,
        };
    }
    let body = &mut sketch[HEADER_LEN..];
    if get_dense(body, index) >= value {
        return Ok(false);
    }
    set_dense(body, index, value);
    invalidate(sketch);
    Ok(true)
}

/// Calls `visit(first register, value, how many)` for every run of equal registers.
fn for_each_run(sketch: &[u8], mut visit: impl FnMut(usize, u8, usize)) -> Result<(), Corrupted> {
    let body = &sketch[HEADER_LEN..];
    if !is_dense(sketch) {
        return sparse::for_each_run(body, visit);
    }
    // Four registers of six bits fill three bytes.
    for (group, bytes) in body.chunks_exact(3).enumerate() {
        let bits = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]);
        for slot in 0..4 {
            visit(group * 4 + slot, (bits >> (slot * REGISTER_BITS)) as u8 & 63, 1);
        }
    }
    Ok(())
}

fn get_dense(body: &[u8], index: usize) -> u8 {
    let (byte, shift) = (index * REGISTER_BITS / 8, index * REGISTER_BITS % 8);
    // The last register ends with the last byte, and needs no byte after it.
    let next = body.get(byte + 1).copied().unwrap_or(0);
    (u16::from_le_bytes([body[byte], next]) >> shift) as u8 & 63
}

fn set_dense(body: &mut [u8], index: usize, value: u8) {
    let (byte, shift) = (index * REGISTER_BITS / 8, index * REGISTER_BITS % 8);
    let next = body.get(byte + 1).copied().unwrap_or(0);
    let pair = u16::from_le_bytes([body[byte], next]);
    let pair = (pair & !(63 << shift) | u16::from(value) << shift).to_le_bytes();
    body[byte] = pair[0];
    if let Some(next) = body.get_mut(byte + 1) {
        *next = pair[1];
    }
}

/// Ertl's estimator: the count from how many registers hold each value.
fn estimate(histogram: &[u32; 1 << REGISTER_BITS]) -> u64 {
    /// 1 / (2 ln 2).
    const ALPHA: f64 = 0.721_347_520_444_481_7;
    let m = REGISTERS as f64;
    // Registers that are full, and registers that are empty, say less than the others; tau and
    // sigma correct for them.
    let mut z = m * tau((m - f64::from(histogram[RUN_BITS as usize + 1])) / m);
    for value in (1..=RUN_BITS as usize).rev() {
        z = (z + f64::from(histogram[value])) * 0.5;
    }
    z += m * sigma(f64::from(histogram[0]) / m);
    (ALPHA * m * m / z).round() as u64
}

/// The sum x + x^2 * 1 + x^4 * 2 + x^8 * 4 + ..., until it no longer changes.
fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut sum, mut weight) = (x, 1.0);
    loop {
        x *= x;
        let before = sum;
        sum += x * weight;
        weight += weight;
        if sum == before {
            return sum;
        }
    }
}

/// (1 - x - (1 - x^(1/2))^2 / 2 - (1 - x^(1/4))^2 / 4 - ...) / 3, until it no longer changes.
fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut sum, mut weight) = (1.0 - x, 1.0);
    loop {
        x = x.sqrt();
        let before = sum;
        weight *= 0.5;
        sum -= (1.0 - x).powi(2) * weight;
        if sum == before {
            return sum / 3.0;
        }
    }
}

/// Austin Appleby's MurmurHash2, 64-bit version A.
fn murmur_hash_64a(data: &[u8], seed: u64) -> u64 {
    const M: u64 = 0xc6a4_a793_5bd1_e995;
    let mut hash = seed ^ (data.len() as u64).wrapping_mul(M);
    let mut blocks = data.chunks_exact(8);
    for block in &mut blocks {
        let mut k = u64::from_le_bytes(block.try_into().expect("eight bytes"));
        k = k.wrapping_mul(M);
        k = (k ^ k >> 47).wrapping_mul(M);
        hash = (hash ^ k).wrapping_mul(M);
    }
    let rest = blocks.remainder();
    if !rest.is_empty() {
        let mut block = [0; 8];
        block[..rest.len()].copy_from_slice(rest);
        hash = (hash ^ u64::from_le_bytes(block)).wrapping_mul(M);
    }
    hash = (hash ^ hash >> 47).wrapping_mul(M);
    hash ^ hash >> 47
}

#[cfg(test)]
mod tests;
