//! `Blob`: bytes in one allocation, of which the allocator's step is the only waste.
//!
//! Most collections are small: a hash of five fields is a hundred bytes. Behind an `Arc` of a struct
//! that holds a `Vec`, these hundred bytes cost two allocations and a hundred bytes more. A blob is
//! one allocation, and two bytes more:
//!
//! ```text
//! blob | address 8 | room 8 |
//!            |
//!            v
//! | spare 1 | number 1 | bytes ............ | spare .... |
//! | 0       | 0        | number 4 | spare 4 | bytes ...
//! ```
//!
//! `number` is the owner's: how many strings the bytes are, or how wide its integers. Its highest bit is
//! a [`MARK`], for owners whose bytes can mean either of two things, and has a place of its own in the first
//! form. `spare` is how many bytes at the end are not in use. Both nearly always fit into one byte each,
//! and stand in the second form where they don't.
//!
//! The allocator deals in a few sizes, so a blob gets the next of them: a tenth more than it needs, on average.
//! That is also how it grows, by an eighth to a quarter, and a list that is pushed to is copied seldom.
//!
//! Left out on purpose: sharing. A clone copies. For the kilobyte or less that blobs have, that takes no
//! longer than to count a reference that is in no cache, and the count, with the length that has to stand
//! beside it, would be 16 bytes of each. Who has larger ones and clones them puts an `Arc` around them, as
//! long lists do. And growing in place: the allocator can rarely do it, and without `unsafe` neither can we.

use std::ops::Range;

/// The smallest step between the allocator's sizes.
const STEP: usize = 16;
/// So much more than twice what is needed may lie unused before it is given back.
const KEEP_SPARE: usize = 64;
/// The highest bit of a number.
pub(super) const MARK: u32 = 1 << 31;
/// The same, beside a short count of spare bytes.
const SHORT_MARK: u8 = 1 << 7;

/// Bytes in one allocation; see the module documentation.
#[derive(Clone, Default)]
pub struct Blob(
    /// All that is allocated: the head, the bytes, the spare ones. Nothing, when there are no bytes.
    Box<[u8]>,
);

/// What stands in front of the bytes.
#[derive(Clone, Copy)]
struct Head {
    number: u32,
    /// Unused bytes at the end.
    spare: u32,
    /// How many bytes the two take.
    len: usize,
}

impl Head {
    /// Each in a byte.
    const SHORT: usize = 2;
    /// Two zeros, and each in four bytes.
    const LONG: usize = 10;

    /// The shortest for these.
    fn new(number: u32, spare: u32) -> Self {
        let is_short = (1..256).contains(&(number & !MARK)) && spare < SHORT_MARK.into();
        Head { number, spare, len: if is_short { Head::SHORT } else { Head::LONG } }
    }

    #[inline]
    fn read(room: &[u8]) -> Self {
        match *room {
            [_, 0, a, b, c, d, e, f, g, h, ..] => Head {
                number: u32::from_le_bytes([a, b, c, d]),
                spare: u32::from_le_bytes([e, f, g, h]),
                len: Head::LONG,
            },
            [spare, number, ..] => Head {
                number: u32::from(number) | u32::from(spare & SHORT_MARK) << 24,
                spare: (spare & !SHORT_MARK).into(),
                len: Head::SHORT,
            },
            _ => Head { number: 0, spare: 0, len: 0 },
        }
    }

    fn write(self, room: &mut [u8]) {
        if self.len == Head::SHORT {
            let mark = (self.number >> 24) as u8 & SHORT_MARK;
            room[..Head::SHORT].copy_from_slice(&[self.spare as u8 | mark, self.number as u8]);
        } else {
            room[..2].fill(0);
            room[2..6].copy_from_slice(&self.number.to_le_bytes());
            room[6..Head::LONG].copy_from_slice(&self.spare.to_le_bytes());
        }
    }
}

impl Blob {
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        let head = Head::read(&self.0);
        &self.0[head.len..self.0.len() - head.spare as usize]
    }

    /// The owner's number; 0 when there are no bytes.
    #[inline]
    pub(super) fn number(&self) -> u32 {
        Head::read(&self.0).number
    }

    /// Whether they are equal. That takes no longer than to have copied one from the other.
    pub(super) fn is_same(&self, other: &Blob) -> bool {
        self.number() == other.number() && self.bytes() == other.bytes()
    }

    /// Bytes allocated.
    pub(super) fn heap_size(&self) -> usize {
        self.0.len()
    }

    /// How many bytes can be added without another allocation.
    pub(super) fn spare(&self) -> usize {
        Head::read(&self.0).spare as usize
    }

    /// Puts `pieces`, one after the other, in the place of the bytes in `range`.
    pub(super) fn splice(&mut self, range: Range<usize>, pieces: &[&[u8]], number: u32) {
        let old = self.bytes();
        let added: usize = pieces.iter().map(|piece| piece.len()).sum();
        let used = old.len() - range.len() + added;
        if used == 0 {
            self.0 = Box::default();
        } else if !self.splice_in_place(range.clone(), pieces, number, used) {
            let (head, room_len) = head_and_room(used, number);
            let old = self.bytes();
            let mut room = Vec::with_capacity(room_len);
            room.resize(head.len, 0);
            head.write(&mut room);
            room.extend_from_slice(&old[..range.start]);
            pieces.iter().for_each(|piece| room.extend_from_slice(piece));
            room.extend_from_slice(&old[range.end..]);
            room.resize(room_len, 0);
            self.0 = room.into_boxed_slice();
        }
    }

    /// Gives back what is allocated but not used.
    pub(super) fn shrink_to_fit(&mut self) {
        let bytes = self.bytes();
        if size_class(Head::LONG + bytes.len()) < self.heap_size() {
            let mut exact = Blob::default();
            exact.splice(0..0, &[bytes], self.number());
            *self = exact;
        }
    }

    /// The same as [`splice`](Self::splice), if the room is neither too small nor far too large.
    fn splice_in_place(
        &mut self,
        range: Range<usize>,
        pieces: &[&[u8]],
        number: u32,
        used: usize,
    ) -> bool {
        let (old, front) = (self.bytes().len(), Head::read(&self.0).len);
        let Some(spare) = self.0.len().checked_sub(front + used) else { return false };
        let Ok(spare_u32) = u32::try_from(spare) else { return false };
        let mut head = Head::new(number, spare_u32);
        if spare > used + KEEP_SPARE || head.len > front {
            return false;
        }
        // A long head stays long, though it might have become short: nothing has to move.
        head.len = front;
        head.write(&mut self.0);
        let bytes = &mut self.0[front..];
        bytes.copy_within(range.end..old, used + range.end - old);
        write(&mut bytes[range.start..], pieces);
        true
    }
}

fn write(mut to: &mut [u8], pieces: &[&[u8]]) {
    for piece in pieces {
        let (place, rest) = to.split_at_mut(piece.len());
        place.copy_from_slice(piece);
        to = rest;
    }
}

/// The allocator's size for so many bytes: four of them between a power of two and the next.
pub(super) fn size_class(bytes: usize) -> usize {
    let step = (bytes.saturating_sub(1).max(1).ilog2().saturating_sub(2)).max(STEP.ilog2());
    bytes.next_multiple_of(1 << step)
}

/// The head that `used` bytes get, and how much is to be allocated.
fn head_and_room(used: usize, number: u32) -> (Head, usize) {
    let spare = |head| (size_class(head + used) - head - used) as u32;
    let mut head = Head::new(number, spare(Head::SHORT));
    head.spare = spare(head.len);
    (head, size_class(head.len + used))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn takes_whole_steps() {
        assert_eq!(size_of::<Option<Blob>>(), 16);
        let mut blob = Blob::default();
        blob.splice(0..0, &[b"hello", b" ", b"world!!!"], 7);
        assert_eq!((blob.bytes(), blob.number()), (&b"hello world!!!"[..], 7));
        assert_eq!(blob.heap_size(), 16);
        blob.splice(0..14, &[], 7);
        assert_eq!((blob.bytes(), blob.number(), blob.heap_size()), (&b""[..], 0, 0));
    }

    #[test]
    fn a_mark_stays_with_its_number() {
        for (number, len) in [(1, 10), (255, 10), (256, 10), (7, 10_000), (0, 10)] {
            let mut blob = Blob::default();
            blob.splice(0..0, &[&vec![b'x'; len]], number | MARK);
            assert_eq!((blob.number(), blob.bytes().len()), (number | MARK, len));
            blob.splice(0..1, &[], number);
            assert_eq!((blob.number(), blob.bytes().len()), (number, len - 1));
        }
    }

    #[test]
    fn sizes_are_those_of_the_allocator() {
        let classes = [
            16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768,
            896, 1024, 1280, 1536, 1792, 2048, 2560,
        ];
        for bytes in 1..=2560 {
            let next = classes.into_iter().find(|size| *size >= bytes);
            assert_eq!(Some(size_class(bytes)), next, "{bytes} bytes");
        }
    }

    proptest! {
        #[test]
        fn splices_as_a_vec_does(
            ops in prop::collection::vec(
                (any::<prop::sample::Index>(), 0..9usize, 0..200usize, any::<bool>()), 0..200),
        ) {
            let (mut blob, mut model, mut clones) = (Blob::default(), Vec::new(), Vec::new());
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
                prop_assert_eq!(blob.heap_size() % STEP, 0);
                let mut exact = blob.clone();
                exact.shrink_to_fit();
                prop_assert_eq!(exact.bytes(), &model);
                prop_assert!(exact.heap_size() <= size_class(Head::LONG + model.len()));
            }
            for (clone, model) in clones {
                prop_assert_eq!(clone.bytes(), &model);
            }
        }
    }
}
