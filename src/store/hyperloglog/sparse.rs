//! The sparse body of a sketch: runs of equal registers, one or two bytes each.
//!
//! ```text
//! 00llllll            ZERO    1 to 64 registers that are zero       shown as z:len
//! 01llllll llllllll   XZERO   1 to 16,384 registers that are zero   shown as Z:len
//! 1vvvvvll            VAL     1 to 4 registers that are 1 to 32     shown as v:value,len
//! ```
//!
//! (Lengths and values are stored less one.) An empty sketch is a single XZERO. Raising a register
//! splits the run it lies in; neighbours that have become equal are merged again, but only as far
//! as Redis looks, so that the bytes stay the same as its own.

use super::{Corrupted, HEADER_LEN, REGISTERS};

/// The highest value that five bits hold.
const VALUE_MAX: u8 = 32;
const VALUE_LEN_MAX: usize = 4;
const ZERO_LEN_MAX: usize = 64;

/// Runs that are looked at for merging after a change: the one before, up to three that replaced
/// the old one, and the one behind.
const MERGE_SCAN: usize = 5;

/// What [`raise`] did.
pub(super) enum Outcome {
    /// The register was as high already.
    Unchanged,
    Raised,
    /// Nothing was done: the value or the new length needs the dense encoding.
    TooLarge,
}

/// A run of equal registers.
#[derive(Clone, Copy)]
struct Run {
    value: u8,
    len: usize,
    /// Bytes of its encoding.
    size: usize,
}

impl Run {
    /// Reads the run at the start of `body`; `None` at the end, or if it is cut off.
    fn read(body: &[u8]) -> Option<Run> {
        match *body {
            [byte, ..] if byte & 0x80 != 0 => {
                let (value, len) = ((byte >> 2 & 31) + 1, (byte & 3) as usize + 1);
                Some(Run { value, len, size: 1 })
            }
            [high, low, ..] if high & 0x40 != 0 => {
                let len = usize::from(high & 63) << 8 | usize::from(low);
                Some(Run { value: 0, len: len + 1, size: 2 })
            }
            [byte, ..] if byte & 0x40 == 0 => {
                Some(Run { value: 0, len: usize::from(byte) + 1, size: 1 })
            }
            _ => None,
        }
    }

    fn write(out: &mut Vec<u8>, value: u8, len: usize) {
        match len {
            0 => {}
            _ if value != 0 => out.push(0x80 | (value - 1) << 2 | (len - 1) as u8),
            1..=ZERO_LEN_MAX => out.push((len - 1) as u8),
            _ => out.extend([0x40 | ((len - 1) >> 8) as u8, (len - 1) as u8]),
        }
    }
}

/// Appends the body of an empty sketch.
pub(super) fn push_empty(sketch: &mut Vec<u8>) {
    Run::write(sketch, 0, REGISTERS);
}

/// Calls `visit(first register, value, how many)` for every run, all within the registers.
pub(super) fn for_each_run(
    mut body: &[u8],
    mut visit: impl FnMut(usize, u8, usize),
) -> Result<(), Corrupted> {
    let mut start = 0;
    while !body.is_empty() {
        let run = Run::read(body).ok_or(Corrupted)?;
        if start + run.len > REGISTERS {
            return Err(Corrupted);
        }
        visit(start, run.value, run.len);
        start += run.len;
        body = &body[run.size..];
    }
    if start == REGISTERS { Ok(()) } else { Err(Corrupted) }
}

/// Lists the runs as text.
pub(super) fn describe(mut body: &[u8]) -> String {
    let mut words = Vec::new();
    while let Some(run) = Run::read(body) {
        words.push(match run {
            Run { value: 0, len, size: 1 } => format!("z:{len}"),
            Run { value: 0, len, .. } => format!("Z:{len}"),
            Run { value, len, .. } => format!("v:{value},{len}"),
        });
        body = &body[run.size..];
    }
    words.join(" ")
}

/// Raises one register of a sketch to `value`, unless it is that high already.
pub(super) fn raise(
    sketch: &mut Vec<u8>,
    index: usize,
    value: u8,
    size_max: usize,
) -> Result<Outcome, Corrupted> {
    if value > VALUE_MAX {
        return Ok(Outcome::TooLarge);
    }
    // Find the run that `index` lies in, and remember the one before.
    let (mut at, mut start, mut before) = (HEADER_LEN, 0, HEADER_LEN);
    let old = loop {
        let run = Run::read(&sketch[at..]).ok_or(Corrupted)?;
        if index < start + run.len {
            break run;
        }
        before = at;
        at += run.size;
        start += run.len;
    };
    if old.value >= value {
        return Ok(Outcome::Unchanged);
    }
    let mut replacement = Vec::with_capacity(5);
    Run::write(&mut replacement, old.value, index - start);
    Run::write(&mut replacement, value, 1);
    Run::write(&mut replacement, old.value, start + old.len - index - 1);
    let grows = replacement.len() > old.size;
    if grows && sketch.len() + replacement.len() - old.size > size_max {
        return Ok(Outcome::TooLarge);
    }
    sketch.splice(at..at + old.size, replacement);
    merge_neighbours(sketch, before);
    Ok(Outcome::Raised)
}

/// Joins runs of the same value, as long as one byte can hold them.
fn merge_neighbours(sketch: &mut Vec<u8>, mut at: usize) {
    for _ in 0..MERGE_SCAN {
        let Some(run) = Run::read(&sketch[at..]) else { return };
        let next = Run::read(&sketch[at + run.size..]);
        match next {
            Some(next)
                if run.value != 0
                    && next.value == run.value
                    && run.len + next.len <= VALUE_LEN_MAX =>
            {
                sketch.remove(at);
                let mut merged = Vec::with_capacity(1);
                Run::write(&mut merged, run.value, run.len + next.len);
                sketch[at] = merged[0];
                // Stay here: the merged run may merge with the one behind it.
            }
            _ => at += run.size,
        }
    }
}
