//! LZF: the compression of long strings, by Marc Lehmann. Modest, but very fast and very small.
//!
//! Compressed data is a sequence of runs. A run is bytes to copy as they are, or a reference to
//! bytes that came before:
//!
//! ```text
//! 000LLLLL                     L+1 bytes follow                                1..32 bytes
//! LLLooooo oooooooo            copy L+2 bytes from o+1 bytes back   (L 1..6)   3..8 bytes
//! 111ooooo LLLLLLLL oooooooo   copy L+9 bytes from o+1 bytes back              9..264 bytes
//! ```
//!
//! "Copy" is byte by byte, so a reference may reach into what it is producing: `a`, then "7 bytes
//! from 1 back" is `aaaaaaaa`.
//!
//! The compressor finds references with a table from a hash of three bytes to where these three
//! were last seen. What it misses (an older place, a longer match one byte further on) it misses.
//! Which places it enters into the table decides which matches it finds, and these follow the
//! original, so that DUMP gives the same bytes as Redis.

/// Slots of the table.
const TABLE_BITS: u32 = 16;
/// The longest run of bytes copied as they are.
const MAX_LITERALS: usize = 32;
/// How far back a reference reaches.
const MAX_DISTANCE: usize = 8192;
/// The longest match.
const MAX_MATCH: usize = 264;
/// Lengths from here on take a byte of their own.
const LONG_MATCH: usize = 7;

/// The slot for the three bytes at the start of `data`.
fn slot(data: &[u8]) -> usize {
    let three = u32::from(data[0]) << 16 | u32::from(data[1]) << 8 | u32::from(data[2]);
    let hash = (three >> (24 - TABLE_BITS)).wrapping_sub(three.wrapping_mul(5));
    (hash & ((1 << TABLE_BITS) - 1)) as usize
}

/// Compresses one string after the other with the same table, for clearing it would take longer
/// than to compress most strings.
///
/// The table holds places counted over all strings, so what it has of the earlier ones is told apart: it
/// lies before the beginning of the present one.
#[derive(Default)]
pub struct Compressor {
    /// Empty until it is needed.
    last_seen: Vec<u32>,
    /// The place of the present string's first byte.
    base: u32,
}

impl Compressor {
    /// Compresses `data` to `limit` bytes at most; None if it would take more.
    pub fn compress(&mut self, data: &[u8], limit: usize) -> Option<Vec<u8>> {
        let len = u32::try_from(data.len()).ok()?;
        if self.last_seen.is_empty() || self.base.checked_add(len).is_none() {
            *self = Compressor { last_seen: vec![0; 1 << TABLE_BITS], base: 0 };
        }
        let compressed = self.compress_at_base(data, limit);
        self.base += len;
        compressed
    }

    /// Enters a place into the table. What was there is where the same three bytes may have been
    /// last; never the very first byte, as in the original.
    fn enter(&mut self, data: &[u8], at: usize) -> Option<usize> {
        let place = self.base + at as u32;
        let before = std::mem::replace(&mut self.last_seen[slot(&data[at..])], place);
        before.checked_sub(self.base).filter(|before| *before > 0).map(|before| before as usize)
    }

    fn compress_at_base(&mut self, data: &[u8], limit: usize) -> Option<Vec<u8>> {
        let mut out = Compressed { bytes: Vec::with_capacity(limit), literals: 0, limit };
        out.bytes.push(0); // the header of the first run, when it is known
        let mut at = 0;
        while at + 2 < data.len() {
            let before = self.enter(data, at).filter(|before| {
                at - before <= MAX_DISTANCE && data[*before..before + 3] == data[at..at + 3]
            });
            let Some(before) = before else {
                out.literal(data[at])?;
                at += 1;
                continue;
            };
            let len = match_length(data, before, at);
            out.reference(at - before - 1, len)?;
            at += len;
            if at + 2 >= data.len() {
                break;
            }
            // Of the places inside the match only the last two are entered: fast, and good enough.
            self.enter(data, at - 2);
            self.enter(data, at - 1);
        }
        if out.bytes.len() + 3 > limit {
            return None;
        }
        data[at..].iter().try_for_each(|byte| out.literal(*byte))?;
        out.end_run();
        Some(out.bytes)
    }
}

/// How many bytes are equal, three at least: the caller has compared these.
fn match_length(data: &[u8], before: usize, at: usize) -> usize {
    // The original stops two bytes before the end.
    let most = (data.len() - at - 2).min(MAX_MATCH);
    let equal = (3..most).take_while(|step| data[before + step] == data[at + step]).count();
    3 + equal
}

/// Compressed bytes, the last of which are a run whose header still has to be filled in.
struct Compressed {
    bytes: Vec<u8>,
    literals: usize,
    limit: usize,
}

impl Compressed {
    fn literal(&mut self, byte: u8) -> Option<()> {
        if self.bytes.len() >= self.limit {
            return None;
        }
        self.bytes.push(byte);
        self.literals += 1;
        if self.literals == MAX_LITERALS {
            self.end_run();
            self.bytes.push(0);
        }
        Some(())
    }

    /// Fills the header in; of an empty run, it is taken back.
    fn end_run(&mut self) {
        if self.literals == 0 {
            self.bytes.pop();
            return;
        }
        let header = self.bytes.len() - self.literals - 1;
        self.bytes[header] = (self.literals - 1) as u8;
        self.literals = 0;
    }

    fn reference(&mut self, distance: usize, len: usize) -> Option<()> {
        // Room for the reference and the header of what follows.
        let empty = usize::from(self.literals == 0);
        if self.bytes.len() - empty + 4 >= self.limit {
            return None;
        }
        self.end_run();
        let len = len - 2;
        let high = (distance >> 8) as u8;
        if len < LONG_MATCH {
            self.bytes.push(high | (len as u8) << 5);
        } else {
            self.bytes.extend([high | (LONG_MATCH as u8) << 5, (len - LONG_MATCH) as u8]);
        }
        self.bytes.extend([distance as u8, 0]);
        Some(())
    }
}

/// Decompresses `data`, which must become exactly `len` bytes. Memory grows with the output, which
/// is never more than 88 times the input, whatever `len` says.
pub fn decompress(data: &[u8], len: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = data;
    while let Some((&control, after)) = rest.split_first() {
        rest = after;
        let control = usize::from(control);
        if control < MAX_LITERALS {
            out.extend_from_slice(rest.split_off(..control + 1)?);
        } else {
            let mut run = control >> 5;
            if run == LONG_MATCH {
                run += usize::from(*rest.split_off_first()?);
            }
            let distance = (control & 0x1f) << 8 | usize::from(*rest.split_off_first()?);
            copy_back(&mut out, distance + 1, run + 2)?;
        }
        if out.len() > len {
            return None;
        }
    }
    (out.len() == len).then_some(out)
}

/// Appends `len` bytes of `out` itself, beginning so far before its end.
fn copy_back(out: &mut Vec<u8>, distance: usize, len: usize) -> Option<()> {
    let start = out.len().checked_sub(distance)?;
    if distance >= len {
        out.extend_from_within(start..start + len);
    } else {
        (start..start + len).for_each(|from| out.push(out[from]));
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bytes of which some repeat.
    fn data() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            (any::<u8>(), 1..600usize).prop_map(|(byte, len)| vec![byte; len]),
            (0..4u8, 1..40usize).prop_map(|(seed, len)| (0..len as u8).map(|i| i ^ seed).collect()),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    #[test]
    fn a_reference_may_reach_into_itself() {
        assert_eq!(decompress(&[0, b'a', 0xa0, 0], 8).unwrap(), b"aaaaaaaa");
    }

    #[test]
    fn refuses_what_is_no_lzf() {
        for (bad, len) in [(&[3, b'a'][..], 4), (&[0x20, 0], 3), (&[0, b'a'], 2), (&[1, 1, 1], 1)] {
            assert_eq!(decompress(bad, len), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn gives_back_what_it_was_given(data in data()) {
            let mut compressor = Compressor::default();
            compressor.compress(&data[data.len() / 2..], data.len());
            if let Some(packed) = compressor.compress(&data, data.len() + 100) {
                let fresh = Compressor::default().compress(&data, data.len() + 100);
                prop_assert_eq!(fresh.as_ref(), Some(&packed));
                prop_assert_eq!(decompress(&packed, data.len()), Some(data.clone()));
                if !data.is_empty() {
                    prop_assert_eq!(lzf::decompress(&packed, data.len()).ok(), Some(data));
                }
            }
        }

        #[test]
        fn reads_what_others_write(data in data()) {
            if let Ok(packed) = lzf::compress(&data) {
                prop_assert_eq!(decompress(&packed, data.len()), Some(data));
            }
        }

        #[test]
        fn keeps_to_its_limit(data in data(), limit in 0..500usize) {
            let packed = Compressor::default().compress(&data, limit);
            prop_assert!(packed.is_none_or(|packed| packed.len() <= limit));
        }

        #[test]
        fn survives_any_input(data: Vec<u8>, len in 0..10_000usize) {
            prop_assert!(decompress(&data, len).is_none_or(|out| out.len() == len));
        }
    }
}
