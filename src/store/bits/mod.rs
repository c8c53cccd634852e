//! Bitmaps: strings seen as rows of bits.
//!
//! Bit 0 is the *highest* bit of the first byte, so that a bitmap reads from left to right:
//!
//! ```text
//! byte        0                 1
//! bit    0 1 2 3 4 5 6 7   8 9 ...
//!        ^ weight 128          a BITFIELD i5 at offset 6 spans bits 6 to 10,
//!                              its first bit being the most significant
//! ```
//!
//! Bits behind the end are zero, and a write there grows the string. Counting and searching go
//! over eight bytes at a time, because bitmaps of millions of users are what they are used for.
//!
//! Left out on purpose: limits on offsets, which the commands check first.

use std::ops::Range;

/// What the start and end of a range count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes, as always before Redis 7.
    Byte,
    /// Single bits.
    Bit,
}

/// Reads one bit.
pub fn get_bit(bitmap: &[u8], offset: u64) -> bool {
    let byte = usize::try_from(offset / 8).ok().and_then(|index| bitmap.get(index));
    byte.is_some_and(|byte| byte >> (7 - offset % 8) & 1 == 1)
}

/// Writes one bit and returns what it was; grows the bitmap as needed.
pub fn set_bit(bitmap: &mut Vec<u8>, offset: u64, value: bool) -> bool {
    grow(bitmap, offset + 1);
    let byte = &mut bitmap[(offset / 8) as usize];
    let mask = 0x80 >> (offset % 8);
    let before = *byte & mask != 0;
    if value {
        *byte |= mask;
    } else {
        *byte &= !mask;
    }
    before
}

/// Makes the bitmap at least this many bits long.
pub fn grow(bitmap: &mut Vec<u8>, bits: u64) {
    let bytes = bits.div_ceil(8) as usize;
    if bitmap.len() < bytes {
        bitmap.resize(bytes, 0);
    }
}

/// Counts the ones between two ends, both inclusive; negative ones count from the end.
pub fn count(bitmap: &[u8], start: i64, end: i64, unit: Unit) -> u64 {
    // A range that is backwards and lies before the string is empty. BITPOS differs: there, both
    // ends move up to the first byte, and that one is searched.
    if start < 0 && end < 0 && start > end {
        return 0;
    }
    resolve_range(bitmap, start, end, unit).map_or(0, |range| count_ones(bitmap, range))
}

/// The offset of the first bit of this value between two ends, or -1.
///
/// Without an end the string counts as being followed by zeros for ever, so the first zero may lie
/// right behind it.
pub fn position(bitmap: &[u8], value: bool, start: i64, end: Option<i64>, unit: Unit) -> i64 {
    let Some(range) = resolve_range(bitmap, start, end.unwrap_or(-1), unit) else { return -1 };
    match find(bitmap, value, range) {
        Some(offset) => offset as i64,
        None if !value && end.is_none() => bitmap.len() as i64 * 8,
        None => -1,
    }
}

/// Turns the ends that a client gives into a range of bits; `None` if it is empty.
fn resolve_range(bitmap: &[u8], start: i64, end: i64, unit: Unit) -> Option<Range<u64>> {
    let bits_per_unit = match unit {
        Unit::Byte => 8,
        Unit::Bit => 1,
    };
    let len = bitmap.len() as i64 * 8 / bits_per_unit;
    let from_start = |index: i64| if index < 0 { (index + len).max(0) } else { index };
    let (start, end) = (from_start(start), from_start(end).min(len - 1));
    (start <= end).then(|| (start * bits_per_unit) as u64..((end + 1) * bits_per_unit) as u64)
}

/// Counts the ones in a range of bits that lies within the bitmap.
fn count_ones(bitmap: &[u8], range: Range<u64>) -> u64 {
    let Some(parts) = Parts::of(bitmap, range) else { return 0 };
    let mut words = parts.whole.chunks_exact(8);
    let mut ones = 0;
    for word in &mut words {
        ones += u64::from(u64::from_ne_bytes(word.try_into().expect("eight bytes")).count_ones());
    }
    let edges = [parts.first.byte & parts.first.mask, parts.last.byte & parts.last.mask];
    let rest = words.remainder().iter().chain(&edges);
    ones + rest.map(|byte| u64::from(byte.count_ones())).sum::<u64>()
}

/// Finds the first bit of this value in a range of bits that lies within the bitmap.
fn find(bitmap: &[u8], value: bool, range: Range<u64>) -> Option<u64> {
    let Parts { first, whole, last } = Parts::of(bitmap, range)?;
    // Look for a one; to find a zero, turn all bits around.
    let flip = if value { 0 } else { 0xff };
    let in_byte = |byte: u8, mask: u8, index: usize| {
        let wanted = (byte ^ flip) & mask;
        (wanted != 0).then(|| index as u64 * 8 + u64::from(wanted.leading_zeros()))
    };
    in_byte(first.byte, first.mask, first.index)
        .or_else(|| {
            let at = find_other_byte(whole, flip)?;
            in_byte(whole[at], 0xff, first.index + 1 + at)
        })
        .or_else(|| in_byte(last.byte, last.mask, last.index))
}

/// What BITOP does with its sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Bits that all sources have.
    And,
    /// Bits that any source has.
    Or,
    /// Bits that an odd number of sources have.
    Xor,
    /// Bits that the only source lacks.
    Not,
    /// Bits that only the first source has.
    Diff,
    /// Bits that the first source lacks, and any other has.
    Diff1,
    /// Bits that the first source has, and any other.
    AndOr,
    /// Bits that exactly one source has.
    One,
}

/// Combines bitmaps; the result is as long as the longest, the others count as filled with zeros.
pub fn combine(operation: Operation, sources: &[&[u8]]) -> Vec<u8> {
    let Some((first, others)) = sources.split_first() else { return Vec::new() };
    let len = sources.iter().map(|source| source.len()).max().unwrap_or(0);
    let any_other = match operation {
        Operation::Diff | Operation::Diff1 | Operation::AndOr => combine(Operation::Or, others),
        _ => Vec::new(),
    };
    let others = match operation {
        Operation::Diff | Operation::Diff1 | Operation::AndOr => &[&*any_other][..],
        _ => others,
    };
    let mut result = first.to_vec();
    result.resize(len, 0);
    let mut seen_twice = vec![0; if operation == Operation::One { len } else { 0 }];
    // One tight loop an operation: the compiler makes each work on many bytes at once.
    for source in others {
        let (overlap, behind) = result.split_at_mut(source.len());
        let pairs = overlap.iter_mut().zip(*source);
        match operation {
            Operation::And => {
                pairs.for_each(|(byte, other)| *byte &= other);
                behind.fill(0);
            }
            Operation::Or => pairs.for_each(|(byte, other)| *byte |= other),
            Operation::Xor => pairs.for_each(|(byte, other)| *byte ^= other),
            Operation::Not => {}
            Operation::Diff => pairs.for_each(|(byte, other)| *byte &= !other),
            Operation::Diff1 => {
                pairs.for_each(|(byte, other)| *byte = !*byte & other);
                behind.fill(0);
            }
            Operation::AndOr => {
                pairs.for_each(|(byte, other)| *byte &= other);
                behind.fill(0);
            }
            Operation::One => pairs.zip(&mut seen_twice).for_each(|((byte, other), twice)| {
                *twice |= *byte & other;
                *byte |= other;
            }),
        }
    }
    result.iter_mut().zip(&seen_twice).for_each(|(byte, twice)| *byte &= !twice);
    if operation == Operation::Not {
        result.iter_mut().for_each(|byte| *byte = !*byte);
    }
    result
}

/// A range of bits, cut at byte boundaries.
struct Parts<'a> {
    first: Edge,
    whole: &'a [u8],
    last: Edge,
}

/// A byte of which only the bits in `mask` belong to the range.
#[derive(Clone, Copy)]
struct Edge {
    index: usize,
    byte: u8,
    mask: u8,
}

impl Parts<'_> {
    fn of(bitmap: &[u8], range: Range<u64>) -> Option<Parts<'_>> {
        if range.is_empty() {
            return None;
        }
        let last_bit = range.end - 1;
        let (from, to) = ((range.start / 8) as usize, (last_bit / 8) as usize);
        let mut first = Edge { index: from, byte: bitmap[from], mask: 0xff >> (range.start % 8) };
        let mut last = Edge { index: to, byte: bitmap[to], mask: 0xff << (7 - last_bit % 8) };
        if from == to {
            // Both edges are the same byte: let the first one have it alone.
            first.mask &= last.mask;
            last.mask = 0;
            return Some(Parts { first, whole: &[], last });
        }
        Some(Parts { first, whole: &bitmap[from + 1..to], last })
    }
}

/// The index of the first byte that is not `common`, eight at a time.
fn find_other_byte(bytes: &[u8], common: u8) -> Option<usize> {
    let words = bytes.chunks_exact(8);
    let equal = words.take_while(|word| **word == [common; 8]).count() * 8;
    bytes[equal..].iter().position(|byte| *byte != common).map(|at| equal + at)
}

#[cfg(test)]
mod tests;
