//! `Chunks`: a long list, as a deque of chunks of strings.
//!
//! ```text
//! front                                                        back
//!   |                                                            |
//! [ 3 | ---- ] [ 128 | ---- ] [ 128 | ---- ] ... [ 1 | ---- ] [ 40 | ---- ]
//!         |              |                               |
//!      Packed         Packed                          Packed, one text of 20 KB
//!      a, b, c        128 texts
//! ```
//!
//! A chunk is at most 8 KB and 128 texts, or as many more as its allocation has room for anyway; one that is larger than that by itself gets a chunk of its
//! own. So pushing and popping at an end moves at most 8 KB, however long the list is; an index
//! is found by adding up the counts from the nearer end, which stand beside the pointers and make
//! a million elements 8,000 steps through one array; a trim drops whole chunks; and a clone copies
//! pointers, after which a write copies the one chunk it changes: for that there is an `Arc` around each.
//!
//! No chunk is ever empty, and neighbours that have shrunk to half a chunk together are merged.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use super::elements::Elements;
use super::{CHUNK_BYTES, CHUNK_ENTRIES, End, Iter, has_bytes_for, has_room_for, remove_equal};
use crate::store::Bytes;
use crate::store::Element;
use crate::store::bytes::ARC_COUNTS;

/// The most texts in a chunk, however short they are.
pub(super) const MOST_ENTRIES: usize = CHUNK_ENTRIES * 3 / 2;

/// A long list; see the module documentation.
#[derive(Clone)]
pub(super) struct Chunks {
    pub(super) chunks: VecDeque<Chunk>,
    pub(super) len: usize,
}

#[derive(Clone)]
pub(super) struct Chunk {
    /// `texts.len()`, where an index is looked for without following the pointer.
    count: u32,
    pub(super) texts: Arc<Elements>,
}

impl Chunk {
    fn new(texts: Elements) -> Self {
        Chunk { count: texts.len() as u32, texts: Arc::new(texts) }
    }

    pub(super) fn len(&self) -> usize {
        self.count as usize
    }

    fn has_room_for(&self, element: Element<'_>) -> bool {
        let is_paid_for = self.len() < MOST_ENTRIES
            && has_bytes_for(&self.texts, element)
            && self.texts.has_spare_for(element);
        has_room_for(&self.texts, element) || is_paid_for
    }

    /// Half, so that what has been merged doesn't have to be split by the next insertion.
    fn fills_half_with(&self, other: &Self) -> bool {
        self.len() + other.len() > CHUNK_ENTRIES / 2
            || self.texts.byte_size() + other.texts.byte_size() > CHUNK_BYTES / 2
    }

    /// Every change goes through here.
    fn change<R>(&mut self, change: impl FnOnce(&mut Elements) -> R) -> R {
        let result = change(Arc::make_mut(&mut self.texts));
        self.count = self.texts.len() as u32;
        result
    }
}

impl Chunks {
    /// A list of these texts, with one chunk.
    pub(super) fn new(texts: Elements) -> Self {
        let len = texts.len();
        Chunks { chunks: VecDeque::from([Chunk::new(texts)]), len }
    }

    /// The texts, if so few are left that they need no chunks.
    pub(super) fn last_few(&self) -> Option<Elements> {
        let only = self.chunks.front().filter(|_| self.chunks.len() == 1)?;
        let few = only.len() <= CHUNK_ENTRIES / 2 && only.texts.byte_size() <= CHUNK_BYTES / 2;
        few.then(|| Elements::clone(&only.texts))
    }

    /// Adds an element at an end.
    pub(super) fn push(&mut self, end: End, element: Element<'_>) {
        let outermost = match end {
            End::Front => self.chunks.front_mut(),
            End::Back => self.chunks.back_mut(),
        };
        self.len += 1;
        match (outermost, end) {
            (Some(chunk), End::Front) if chunk.has_room_for(element) => {
                return chunk.change(|texts| texts.insert(0, element));
            }
            (Some(chunk), End::Back) if chunk.has_room_for(element) => {
                return chunk.change(|texts| texts.push_back(element));
            }
            // It will not grow again soon.
            (Some(chunk), _) => chunk.change(Elements::shrink_to_fit),
            (None, _) => {}
        }
        let chunk = Chunk::new(Elements::from_iter([element]));
        match end {
            End::Front => self.chunks.push_front(chunk),
            End::Back => self.chunks.push_back(chunk),
        }
    }

    /// Takes the element at an end. To rotate a list, push at the other end what this returns.
    pub(super) fn pop(&mut self, end: End) -> Option<Bytes> {
        let (at, position) = match end {
            End::Front => (0, 0),
            End::Back => {
                let last = self.chunks.len().checked_sub(1)?;
                (last, self.chunks[last].len() - 1)
            }
        };
        let chunk = self.chunks.get_mut(at)?;
        let text = chunk.change(|texts| texts.take(position));
        self.len -= 1;
        if chunk.len() == 0 {
            self.chunks.remove(at);
            self.shrink();
        }
        text
    }

    /// The element at `index`.
    pub(super) fn get(&self, index: usize) -> Option<Element<'_>> {
        if index >= self.len {
            return None;
        }
        let (chunk, position) = self.locate(index);
        self.chunks[chunk].texts.get(position)
    }

    /// Replaces the element at `index`; false if there is none.
    pub(super) fn set(&mut self, index: usize, element: Element<'_>) -> bool {
        if index >= self.len {
            return false;
        }
        let (at, position) = self.locate(index);
        let chunk = &mut self.chunks[at];
        let size = chunk.texts.byte_size() + Elements::size_of(element);
        let replaced = chunk.texts.get(position).map_or(0, Elements::size_of);
        if size - replaced <= CHUNK_BYTES || chunk.len() == 1 {
            chunk.change(|texts| texts.replace(position, element));
            self.tidy(at);
        } else {
            self.remove(index);
            self.insert(index, element);
        }
        true
    }

    /// Puts an element before the one at `index`, or at the back if `index` is the length.
    pub(super) fn insert(&mut self, index: usize, element: Element<'_>) {
        assert!(index <= self.len, "index {index} in a list of {}", self.len);
        if index == 0 || index == self.len {
            return self.push(if index == 0 { End::Front } else { End::Back }, element);
        }
        let (at, position) = self.locate(index);
        self.len += 1;
        if self.chunks[at].has_room_for(element) {
            return self.chunks[at].change(|texts| texts.insert(position, element));
        }
        // Split the full chunk, so that the element belongs between two chunks.
        let mut right = at;
        if position > 0 {
            let rest = self.chunks[at].change(|texts| texts.split_off(position));
            right = at + 1;
            self.chunks.insert(right, Chunk::new(rest));
        }
        if right > 0 && self.chunks[right - 1].has_room_for(element) {
            self.chunks[right - 1].change(|texts| texts.push_back(element));
        } else if self.chunks[right].has_room_for(element) {
            self.chunks[right].change(|texts| texts.insert(0, element));
        } else {
            self.chunks.insert(right, Chunk::new(Elements::from_iter([element])));
        }
    }

    /// Removes the element at `index`; false if there is none.
    pub(super) fn remove(&mut self, index: usize) -> bool {
        if index >= self.len {
            return false;
        }
        let (at, position) = self.locate(index);
        self.chunks[at].change(|texts| texts.remove(position..position + 1));
        self.len -= 1;
        self.tidy(at);
        true
    }

    /// Removes up to `limit` elements that equal `element`, the ones nearest to an end. Returns how
    /// many there were.
    pub(super) fn remove_equal(
        &mut self,
        element: Element<'_>,
        limit: usize,
        nearest: End,
    ) -> usize {
        let (mut removed, mut changed, mut last_changed) = (0, 0, 0);
        for step in 0..self.chunks.len() {
            if removed == limit {
                break;
            }
            let at = match nearest {
                End::Front => step,
                End::Back => self.chunks.len() - 1 - step,
            };
            let chunk = &mut self.chunks[at];
            match chunk.change(|texts| remove_equal(texts, element, limit - removed, nearest)) {
                0 => {}
                some => {
                    removed += some;
                    (changed, last_changed) = (changed + 1, at);
                }
            }
        }
        self.len -= removed;
        match changed {
            0 => {}
            1 => self.tidy(last_changed),
            _ => self.tidy_all(),
        }
        removed
    }

    /// Keeps the elements in a range of indices and drops the others.
    pub(super) fn trim(&mut self, keep: Range<usize>) {
        let end = keep.end.min(self.len);
        let start = keep.start.min(end);
        self.drop_back(self.len - end);
        self.drop_front(start);
    }

    /// The elements, front to back.
    pub(super) fn iter(&self) -> Iter<'_> {
        Iter { chunks: self.chunks.iter(), texts: Default::default(), left: self.len }
    }

    /// The elements in a range of indices, as far as they exist.
    pub(super) fn range(&self, range: Range<usize>) -> Iter<'_> {
        let end = range.end.min(self.len);
        if range.start >= end {
            return Iter { left: 0, ..self.iter() };
        }
        let (at, position) = self.locate(range.start);
        let mut texts = self.chunks[at].texts.iter();
        for _ in 0..position {
            texts.next();
        }
        Iter { chunks: self.chunks.range(at + 1..), texts, left: end - range.start }
    }

    /// Bytes allocated, estimated from the first chunks, until they hold `samples` elements; 0
    /// looks at all.
    pub(super) fn heap_size(&self, samples: usize) -> usize {
        let samples = if samples == 0 { usize::MAX } else { samples };
        let (mut chunks, mut entries, mut bytes) = (0, 0, 0);
        for chunk in &self.chunks {
            chunks += 1;
            entries += chunk.len();
            bytes += ARC_COUNTS + size_of::<Elements>() + chunk.texts.heap_size();
            if entries >= samples {
                break;
            }
        }
        let all = bytes as u128 * self.chunks.len() as u128 / chunks.max(1);
        self.chunks.capacity() * size_of::<Chunk>() + all as usize
    }

    /// The chunk that holds the element at `index`, and its position there.
    fn locate(&self, index: usize) -> (usize, usize) {
        if index < self.len / 2 {
            let mut before = 0;
            for (at, chunk) in self.chunks.iter().enumerate() {
                if index < before + chunk.len() {
                    return (at, index - before);
                }
                before += chunk.len();
            }
        } else {
            let mut start = self.len;
            for (at, chunk) in self.chunks.iter().enumerate().rev() {
                start -= chunk.len();
                if index >= start {
                    return (at, index - start);
                }
            }
        }
        unreachable!("index {index} in a list of {}", self.len)
    }

    fn drop_front(&mut self, mut n: usize) {
        self.len -= n;
        while let Some(chunk) = self.chunks.front_mut() {
            if n < chunk.len() {
                if n > 0 {
                    chunk.change(|texts| texts.remove(0..n));
                }
                break;
            }
            n -= chunk.len();
            self.chunks.pop_front();
        }
        self.shrink();
    }

    fn drop_back(&mut self, mut n: usize) {
        self.len -= n;
        while let Some(chunk) = self.chunks.back_mut() {
            if n < chunk.len() {
                if n > 0 {
                    chunk.change(|texts| texts.remove(texts.len() - n..texts.len()));
                }
                break;
            }
            n -= chunk.len();
            self.chunks.pop_back();
        }
        self.shrink();
    }

    fn shrink(&mut self) {
        if self.chunks.capacity() > 4 * self.chunks.len() + 16 {
            self.chunks.shrink_to(2 * self.chunks.len());
        }
    }

    /// After one chunk has shrunk: removes it if it is empty, and merges those around it if they
    /// are small.
    fn tidy(&mut self, at: usize) {
        if self.chunks[at].len() == 0 {
            // Now its neighbours stand side by side.
            self.chunks.remove(at);
        }
        for left in [at.wrapping_sub(1), at] {
            let (Some(a), Some(b)) = (self.chunks.get(left), self.chunks.get(left.wrapping_add(1)))
            else {
                continue;
            };
            if !a.fills_half_with(b) {
                let right = Arc::clone(&b.texts);
                self.chunks[left].change(|texts| texts.append(&right));
                self.chunks.remove(left + 1);
                return;
            }
        }
    }

    /// The same for all chunks, in one pass.
    fn tidy_all(&mut self) {
        for chunk in std::mem::take(&mut self.chunks) {
            match self.chunks.back_mut() {
                _ if chunk.len() == 0 => {}
                Some(last) if !last.fills_half_with(&chunk) => {
                    last.change(|texts| texts.append(&chunk.texts));
                }
                _ => self.chunks.push_back(chunk),
            }
        }
    }
}
