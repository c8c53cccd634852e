//! `List`: what a key of type list holds: a deque of chunks of strings.
//!
//! ```text
//! front                                                        back
//!   |                                                            |
//! [ 3 | Arc ] [ 128 | Arc ] [ 128 | Arc ] ... [ 1 | Arc ] [ 40 | Arc ]
//!        |             |                             |
//!     Packed        Packed                        Packed, one text of 20 KB
//!     a, b, c       128 texts
//! ```
//!
//! A chunk is at most 8 KB and 128 texts; one that is larger than that by itself gets a chunk of its
//! own. So pushing and popping at an end moves at most 8 KB, however long the list is; an index
//! is found by adding up the counts from the nearer end, which stand beside the pointers and make
//! a million elements 8,000 steps through one array; a trim drops whole chunks; and a clone copies
//! pointers, after which a write copies the one chunk it changes.
//!
//! No chunk is ever empty, and neighbours that have shrunk to half a chunk together are merged.
//!
//! Left out on purpose: `list-max-listpack-size`, which is about the nodes in files (the limits are
//! those of its default, -2), and the compression of inner chunks. OBJECT ENCODING is always `quicklist`, as in Redis 7.0.

use std::collections::{VecDeque, vec_deque};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::Bytes;
use super::packed::{self, Packed};

/// The most texts in a chunk: walking through them takes about 100 ns.
const CHUNK_ENTRIES: usize = 128;

/// The most bytes in a chunk with more than one text: what a write at an end may have to move.
const CHUNK_BYTES: usize = 8192;

/// One end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Where LPUSH pushes.
    Front,
    /// Where RPUSH pushes.
    Back,
}

/// A list of binary strings; see the module documentation.
#[derive(Clone)]
pub struct List {
    chunks: VecDeque<Chunk>,
    len: usize,
}

#[derive(Clone)]
struct Chunk {
    /// `texts.len()`, where an index is looked for without following the pointer.
    count: u32,
    texts: Arc<Packed>,
}

impl Chunk {
    fn new(texts: Packed) -> Self {
        Chunk { count: texts.len() as u32, texts: Arc::new(texts) }
    }

    fn len(&self) -> usize {
        self.count as usize
    }

    fn has_room_for(&self, text: &[u8]) -> bool {
        self.len() < CHUNK_ENTRIES
            && self.texts.byte_size() + Packed::size_of_entry(text) <= CHUNK_BYTES
    }

    /// Half, so that what has been merged doesn't have to be split by the next insertion.
    fn fills_half_with(&self, other: &Self) -> bool {
        self.len() + other.len() > CHUNK_ENTRIES / 2
            || self.texts.byte_size() + other.texts.byte_size() > CHUNK_BYTES / 2
    }

    /// Every change goes through here: it copies the texts if a clone shares them.
    fn change<R>(&mut self, change: impl FnOnce(&mut Packed) -> R) -> R {
        let texts = Arc::make_mut(&mut self.texts);
        let result = change(texts);
        self.count = texts.len() as u32;
        result
    }
}

impl List {
    /// An empty list.
    pub const fn new() -> Self {
        List { chunks: VecDeque::new(), len: 0 }
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The name of its form in OBJECT ENCODING.
    pub fn encoding(&self) -> &'static str {
        "quicklist"
    }

    /// Adds an element at an end.
    pub fn push(&mut self, end: End, text: &[u8]) {
        let outermost = match end {
            End::Front => self.chunks.front_mut(),
            End::Back => self.chunks.back_mut(),
        };
        self.len += 1;
        match (outermost, end) {
            (Some(chunk), End::Front) if chunk.has_room_for(text) => {
                return chunk.change(|texts| texts.push_front(text));
            }
            (Some(chunk), End::Back) if chunk.has_room_for(text) => {
                return chunk.change(|texts| texts.push_back(text));
            }
            // It will not grow again soon.
            (Some(chunk), _) => {
                if let Some(texts) = Arc::get_mut(&mut chunk.texts) {
                    texts.shrink_to_fit();
                }
            }
            (None, _) => {}
        }
        let chunk = Chunk::new(Packed::from_iter([text]));
        match end {
            End::Front => self.chunks.push_front(chunk),
            End::Back => self.chunks.push_back(chunk),
        }
    }

    /// Takes the element at an end. To rotate a list, push at the other end what this returns.
    pub fn pop(&mut self, end: End) -> Option<Bytes> {
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
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        if index >= self.len {
            return None;
        }
        let (chunk, position) = self.locate(index);
        self.chunks[chunk].texts.get(position)
    }

    /// Replaces the element at `index`; false if there is none.
    pub fn set(&mut self, index: usize, text: &[u8]) -> bool {
        if index >= self.len {
            return false;
        }
        let (at, position) = self.locate(index);
        let chunk = &mut self.chunks[at];
        let size = chunk.texts.byte_size() + Packed::size_of_entry(text);
        let replaced = chunk.texts.get(position).map_or(0, Packed::size_of_entry);
        if size - replaced <= CHUNK_BYTES || chunk.len() == 1 {
            chunk.change(|texts| texts.replace(position, text));
            self.tidy(at);
        } else {
            self.remove(index);
            self.insert(index, text);
        }
        true
    }

    /// Puts an element before the one at `index`, or at the back if `index` is the length.
    pub fn insert(&mut self, index: usize, text: &[u8]) {
        assert!(index <= self.len, "index {index} in a list of {}", self.len);
        if index == 0 || index == self.len {
            return self.push(if index == 0 { End::Front } else { End::Back }, text);
        }
        let (at, position) = self.locate(index);
        self.len += 1;
        if self.chunks[at].has_room_for(text) {
            return self.chunks[at].change(|texts| texts.insert(position, text));
        }
        // Split the full chunk, so that the element belongs between two chunks.
        let mut right = at;
        if position > 0 {
            let rest = self.chunks[at].change(|texts| texts.split_off(position));
            right = at + 1;
            self.chunks.insert(right, Chunk::new(rest));
        }
        if right > 0 && self.chunks[right - 1].has_room_for(text) {
            self.chunks[right - 1].change(|texts| texts.push_back(text));
        } else if self.chunks[right].has_room_for(text) {
            self.chunks[right].change(|texts| texts.push_front(text));
        } else {
            self.chunks.insert(right, Chunk::new(Packed::from_iter([text])));
        }
    }

    /// Removes the element at `index`; false if there is none.
    pub fn remove(&mut self, index: usize) -> bool {
        if index >= self.len {
            return false;
        }
        let (at, position) = self.locate(index);
        self.chunks[at].change(|texts| texts.remove(position..position + 1));
        self.len -= 1;
        self.tidy(at);
        true
    }

    /// Removes up to `limit` elements that equal `text`, the ones nearest to an end. Returns how
    /// many there were.
    pub fn remove_equal(&mut self, text: &[u8], limit: usize, nearest: End) -> usize {
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
            let equal = chunk.texts.iter().filter(|each| *each == text).count();
            if equal == 0 {
                continue;
            }
            let take = equal.min(limit - removed);
            let skip = if nearest == End::Front { 0 } else { equal - take };
            chunk.change(|texts| *texts = without(texts, text, skip..skip + take));
            removed += take;
            (changed, last_changed) = (changed + 1, at);
        }
        self.len -= removed;
        match changed {
            0 => {}
            1 => self.tidy(last_changed),
            _ => self.tidy_all(),
        }
        removed
    }

    /// Where the first element that equals `text` is.
    pub fn find(&self, text: &[u8]) -> Option<usize> {
        self.iter().position(|each| each == text)
    }

    /// Keeps the elements in a range of indices and drops the others.
    pub fn trim(&mut self, keep: Range<usize>) {
        let end = keep.end.min(self.len);
        let start = keep.start.min(end);
        self.drop_back(self.len - end);
        self.drop_front(start);
    }

    /// The elements, front to back.
    pub fn iter(&self) -> Iter<'_> {
        Iter { chunks: self.chunks.iter(), texts: Default::default(), left: self.len }
    }

    /// The elements, back to front.
    pub fn iter_back(&self) -> impl Iterator<Item = &[u8]> {
        // A chunk can only be read forwards, so each is listed first.
        let chunks = self.chunks.iter().rev();
        chunks.flat_map(|chunk| chunk.texts.iter().collect::<Vec<_>>().into_iter().rev())
    }

    /// The elements in a range of indices, as far as they exist.
    pub fn range(&self, range: Range<usize>) -> Iter<'_> {
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

    /// The chunks, front to back: for writing them to a file one by one.
    pub fn chunks(&self) -> impl ExactSizeIterator<Item = &Packed> {
        self.chunks.iter().map(|chunk| &*chunk.texts)
    }

    /// Bytes allocated, estimated from the first chunks, until they hold `samples` elements; 0
    /// looks at all.
    pub fn heap_size(&self, samples: usize) -> usize {
        let samples = if samples == 0 { usize::MAX } else { samples };
        let (mut chunks, mut entries, mut bytes) = (0, 0, 0);
        for chunk in &self.chunks {
            chunks += 1;
            entries += chunk.len();
            // The two counts of an `Arc` and the `Packed` behind it, before the texts.
            bytes += 2 * size_of::<usize>() + size_of::<Packed>() + chunk.texts.heap_size();
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
                let right = b.texts.clone();
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

/// The texts without some of those that equal `text`: the ones with these numbers, counting only
/// the equal ones.
fn without(texts: &Packed, text: &[u8], numbers: Range<usize>) -> Packed {
    let mut number = 0;
    let stays = |each: &&[u8]| {
        if *each != text {
            return true;
        }
        number += 1;
        !numbers.contains(&(number - 1))
    };
    texts.iter().filter(stays).collect()
}

impl Default for List {
    fn default() -> Self {
        List::new()
    }
}

impl PartialEq for List {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other)
    }
}

impl Eq for List {}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(Bytes::new)).finish()
    }
}

impl<T: AsRef<[u8]>> FromIterator<T> for List {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        let mut list = List::new();
        for text in texts {
            list.push(End::Back, text.as_ref());
        }
        list
    }
}

impl<'a> IntoIterator for &'a List {
    type Item = &'a [u8];
    type IntoIter = Iter<'a>;
    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// Elements of a [`List`], front to back.
#[derive(Clone)]
pub struct Iter<'a> {
    chunks: vec_deque::Iter<'a, Chunk>,
    texts: packed::Iter<'a>,
    left: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        loop {
            if let Some(text) = self.texts.next() {
                return Some(text);
            }
            self.texts = self.chunks.next()?.texts.iter();
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Iter<'_> {}

#[cfg(test)]
mod tests;
