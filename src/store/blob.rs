//! `Blob`: bytes in one allocation, shared until they change.
//!
//! Most collections are small: a hash of five fields is a hundred bytes. Behind an `Arc` of a struct
//! that holds a `Vec`, these hundred bytes cost two allocations and a hundred bytes more. A blob is
//! one allocation behind a pointer of eight bytes:
//!
//! ```text
//! blob ──> | references 8 | room 8 | number 4 | spare 4 | bytes ............ | spare .... |
//! ```
//!
//! `number` is the owner's: how many strings the bytes are, or how wide its integers. A clone counts
//! one reference more; that is what a snapshot takes. Who changes a blob that has a clone gets an
//! allocation of its own first.
//!
//! The allocator deals in steps of 16 bytes, so rounding up to the next step is free. Beyond that a
//! blob that grows gets an eighth more than it needs, a large one a quarter: most stay small, and
//! lists are long for being pushed to.
//!
//! Left out on purpose: growing in place. The allocator can rarely do it, and without `unsafe`
//! neither can we.

use std::ops::Range;

use triomphe::{Arc, ThinArc};

/// The allocator's step. With what stands in front of the bytes, and in front of that the
/// allocator's own eight bytes, a room of so many is a whole number of steps.
const STEP: usize = 16;
/// From this size on, a blob grows by a quarter.
const LARGE: usize = 1024;
/// So much more than twice what is needed may lie unused before it is given back.
const KEEP_SPARE: usize = 64;

/// Bytes in one allocation; see the module documentation.
#[derive(Clone, Default)]
pub(super) struct Blob(Option<ThinArc<Head, u8>>);

#[derive(Clone, Copy)]
struct Head {
    number: u32,
    /// Unused bytes at the end.
    spare: u32,
}

impl Blob {
    /// No bytes, and no allocation.
    pub(super) const fn new() -> Self {
        Blob(None)
    }

    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        match &self.0 {
            Some(block) => {
                let room = &block.slice;
                &room[..room.len() - block.header.header.spare as usize]
            }
            None => &[],
        }
    }

    /// The owner's number; 0 when there are no bytes.
    #[inline]
    pub(super) fn number(&self) -> u32 {
        self.0.as_ref().map_or(0, |block| block.header.header.number)
    }

    /// Whether they share one allocation: neither has changed since one was cloned from the other.
    pub(super) fn is_same(&self, other: &Blob) -> bool {
        let (ours, theirs) = (self.bytes(), other.bytes());
        ours.len() == theirs.len() && (ours.is_empty() || ours.as_ptr() == theirs.as_ptr())
    }

    /// Bytes allocated.
    pub(super) fn heap_size(&self) -> usize {
        const FRONT: usize = 2 * size_of::<usize>() + size_of::<Head>();
        self.0.as_ref().map_or(0, |block| FRONT + block.slice.len())
    }

    /// Puts `pieces`, one after the other, in the place of the bytes in `range`.
    pub(super) fn splice(&mut self, range: Range<usize>, pieces: &[&[u8]], number: u32) {
        let old = self.bytes();
        let added: usize = pieces.iter().map(|piece| piece.len()).sum();
        let used = old.len() - range.len() + added;
        if used == 0 {
            self.0 = None;
        } else if !self.splice_in_place(range.clone(), pieces, number, used) {
            let old = self.bytes();
            let margin = match used {
                _ if used < old.len() || old.is_empty() => 0,
                LARGE.. => used / 4,
                _ => used / 8,
            };
            let around = [&old[..range.start], &old[range.end..]];
            let mut block = zeros(used, margin, number);
            block.with_arc_mut(|block| {
                let block = Arc::get_mut(block).expect("it has just been made").slice_mut();
                block[..range.start].copy_from_slice(around[0]);
                write(&mut block[range.start..], pieces);
                block[range.start + added..used].copy_from_slice(around[1]);
            });
            self.0 = Some(block);
        }
    }

    /// Gives back what is allocated but not used.
    pub(super) fn shrink_to_fit(&mut self) {
        if self.0.as_ref().is_some_and(|block| block.header.header.spare as usize >= STEP) {
            let mut exact = Blob::new();
            exact.splice(0..0, &[self.bytes()], self.number());
            *self = exact;
        }
    }

    /// The same, if nobody shares the blob and its room is neither too small nor far too large.
    fn splice_in_place(
        &mut self,
        range: Range<usize>,
        pieces: &[&[u8]],
        number: u32,
        used: usize,
    ) -> bool {
        let old = self.bytes().len();
        let Some(block) = &mut self.0 else { return false };
        let Some(spare) = block.slice.len().checked_sub(used) else { return false };
        let Ok(spare_u32) = u32::try_from(spare) else { return false };
        if spare > used + KEEP_SPARE {
            return false;
        }
        block.with_arc_mut(|block| {
            let Some(block) = Arc::get_mut(block) else { return false };
            *block.header_mut() = Head { number, spare: spare_u32 };
            let bytes = block.slice_mut();
            bytes.copy_within(range.end..old, used + range.end - old);
            write(&mut bytes[range.start..], pieces);
            true
        })
    }
}

fn write(mut to: &mut [u8], pieces: &[&[u8]]) {
    for piece in pieces {
        let (place, rest) = to.split_at_mut(piece.len());
        place.copy_from_slice(piece);
        to = rest;
    }
}

/// Room for `used` bytes and about `margin` more.
fn zeros(used: usize, margin: usize, number: u32) -> ThinArc<Head, u8> {
    /// Copying from here spares making a `Vec` for being copied.
    static ZEROS: [u8; 16 * 1024] = [0; 16 * 1024];
    let room = (used + margin).next_multiple_of(STEP);
    let head = Head { number, spare: (room - used) as u32 };
    match ZEROS.get(..room) {
        Some(zeros) => ThinArc::from_header_and_slice(head, zeros),
        None => ThinArc::from_header_and_slice(head, &vec![0; room]),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn is_a_pointer_to_whole_steps() {
        assert_eq!(size_of::<Option<Blob>>(), 16);
        assert_eq!(size_of::<Blob>(), 8);
        let mut blob = Blob::new();
        blob.splice(0..0, &[b"hello", b" ", b"world"], 7);
        assert_eq!((blob.bytes(), blob.number(), blob.heap_size()), (&b"hello world"[..], 7, 40));
        blob.splice(0..11, &[], 7);
        assert_eq!((blob.bytes(), blob.heap_size()), (&b""[..], 0));
    }

    proptest! {
        #[test]
        fn splices_as_a_vec_does(
            ops in prop::collection::vec(
                (any::<prop::sample::Index>(), 0..9usize, 0..200usize, any::<bool>()), 0..200),
        ) {
            let (mut blob, mut model, mut clones) = (Blob::new(), Vec::new(), Vec::new());
            for (number, (at, removed, added, cloned)) in ops.into_iter().enumerate() {
                if cloned {
                    clones.push((blob.clone(), model.clone()));
                }
                let start = at.index(model.len() + 1);
                let end = (start + removed * removed * 10).min(model.len());
                let piece = vec![number as u8; added];
                blob.splice(start..end, &[&piece, b"!"], number as u32);
                model.splice(start..end, [&piece[..], b"!"].concat());
                prop_assert_eq!(blob.bytes(), &model);
                prop_assert_eq!(blob.number(), number as u32);
                prop_assert!(blob.heap_size() < 2 * model.len() + 128);
                let mut exact = blob.clone();
                exact.shrink_to_fit();
                prop_assert_eq!(exact.bytes(), &model);
                prop_assert!(exact.heap_size() < model.len() + 24 + STEP);
            }
            for (clone, model) in clones {
                prop_assert_eq!(clone.bytes(), &model);
            }
        }
    }
}
