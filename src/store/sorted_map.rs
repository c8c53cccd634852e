//! `SortedMap`: a map in the order of its keys, in chunks that a clone shares.
//!
//! ```text
//! first of chunk     1-0          64-0          97-3
//!                     |            |             |
//!                  [ 64 entries ] [ 40 entries ] [ 17 entries, growing ]
//!                     Arc          Arc            Arc
//! ```
//!
//! A key is found by binary search over the chunks, whose first keys stand beside the pointers, and
//! then inside one chunk. A clone copies one pointer for each chunk, and a write after it copies the
//! chunk that it changes: what the standard library's B-tree can't do, which is why the entries
//! that a consumer group has handed out, up to millions, are kept here.
//!
//! Such keys are IDs, which come in ascending order and leave in nearly the same: both ends are
//! cheap in a deque, and a chunk that is full when a new last key arrives stays full. A key
//! in the middle moves the pointers of half the chunks at most, 200 KB for a million entries.
//!
//! `first` is a lower bound: the key it came from may be gone. No chunk is ever empty.

use std::collections::VecDeque;
use std::ops::{Bound, Index, RangeBounds};
use std::sync::Arc;

/// The most entries in a chunk: a few kilobytes to be copied by a write after a clone.
const CAPACITY: usize = 64;

/// An ordered map; see the module documentation.
#[derive(Clone, Debug)]
pub struct SortedMap<K, V> {
    chunks: VecDeque<Chunk<K, V>>,
    len: usize,
}

#[derive(Clone, Debug)]
struct Chunk<K, V> {
    first: K,
    entries: Arc<Vec<(K, V)>>,
}

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        SortedMap { chunks: VecDeque::new(), len: 0 }
    }
}

impl<K: Ord + Copy, V: Clone> SortedMap<K, V> {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        let (chunk, found) = self.find(key);
        let position = found.ok()?;
        Some(&self.chunks[chunk].entries[position].1)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let (chunk, found) = self.find(key);
        let position = found.ok()?; // a miss must not copy anything
        Some(&mut Arc::make_mut(&mut self.chunks[chunk].entries)[position].1)
    }

    /// Gives a key a value; returns the one it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let (at, found) = self.find(&key);
        let Some(chunk) = self.chunks.get_mut(at) else {
            self.add_chunk(at, vec![(key, value)]);
            self.len = 1;
            return None;
        };
        let position = match found {
            Ok(there) => {
                let old = &mut Arc::make_mut(&mut chunk.entries)[there].1;
                return Some(std::mem::replace(old, value));
            }
            Err(position) => position,
        };
        self.len += 1;
        if chunk.entries.len() < CAPACITY {
            chunk.first = chunk.first.min(key);
            Arc::make_mut(&mut chunk.entries).insert(position, (key, value));
        } else if position == CAPACITY {
            self.add_chunk(at + 1, vec![(key, value)]);
        } else {
            let left = Arc::make_mut(&mut chunk.entries);
            let mut right = left.split_off(CAPACITY / 2);
            match position.checked_sub(CAPACITY / 2) {
                Some(position) => right.insert(position, (key, value)),
                None => left.insert(position, (key, value)),
            }
            chunk.first = chunk.first.min(key);
            self.add_chunk(at + 1, right);
        }
        None
    }

    /// Removes a key; returns its value.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let (at, found) = self.find(key);
        let position = found.ok()?;
        let entries = Arc::make_mut(&mut self.chunks[at].entries);
        let (_, value) = entries.remove(position);
        self.len -= 1;
        if entries.is_empty() {
            self.chunks.remove(at);
        } else if !self.merge(at) {
            at.checked_sub(1).map(|before| self.merge(before));
        }
        Some(value)
    }

    /// All entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let entries = self.chunks.iter().flat_map(|chunk| chunk.entries.iter());
        entries.map(|(key, value)| (key, value))
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// The entries whose keys are within these bounds, in order.
    pub fn range(&self, bounds: impl RangeBounds<K>) -> impl Iterator<Item = (&K, &V)> {
        let first = match bounds.start_bound() {
            Bound::Included(key) | Bound::Excluded(key) => self.find(key).0,
            Bound::Unbounded => 0,
        };
        let (start, end) = (bounds.start_bound().cloned(), bounds.end_bound().cloned());
        let entries = self.chunks.range(first..).flat_map(|chunk| chunk.entries.iter());
        entries
            .skip_while(move |(key, _)| !(start, Bound::Unbounded).contains(key))
            .take_while(move |(key, _)| (Bound::Unbounded, end).contains(key))
            .map(|(key, value)| (key, value))
    }

    /// The first entry.
    pub fn first_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next()
    }

    /// The last entry.
    pub fn last_key_value(&self) -> Option<(&K, &V)> {
        self.chunks.back()?.entries.last().map(|(key, value)| (key, value))
    }

    /// About how many bytes are allocated, without what values own.
    pub fn heap_size(&self) -> usize {
        let chunk = size_of::<Chunk<K, V>>() + 2 * size_of::<usize>() + size_of::<Vec<(K, V)>>();
        // Full in the middle, half empty at both ends: taken as full.
        self.chunks.len() * chunk + self.len * size_of::<(K, V)>()
    }

    /// The chunk where the key belongs, and where in it the key is, or would be.
    fn find(&self, key: &K) -> (usize, Result<usize, usize>) {
        let behind = self.chunks.partition_point(|chunk| chunk.first <= *key);
        let at = behind.saturating_sub(1);
        let position = match self.chunks.get(at) {
            Some(chunk) => chunk.entries.binary_search_by_key(key, |(key, _)| *key),
            None => Err(0),
        };
        (at, position)
    }

    fn add_chunk(&mut self, at: usize, entries: Vec<(K, V)>) {
        self.chunks.insert(at, Chunk { first: entries[0].0, entries: Arc::new(entries) });
    }

    /// Joins a chunk with the next one if both are small; far enough from full that the next key
    /// doesn't part them again.
    fn merge(&mut self, at: usize) -> bool {
        let Some(next) = self.chunks.get(at + 1) else { return false };
        if self.chunks[at].entries.len() + next.entries.len() > CAPACITY / 2 {
            return false;
        }
        let next = Arc::clone(&next.entries);
        Arc::make_mut(&mut self.chunks[at].entries).extend(next.iter().cloned());
        self.chunks.remove(at + 1);
        true
    }
}

impl<K: Ord + Copy, V: Clone> Index<&K> for SortedMap<K, V> {
    type Output = V;
    fn index(&self, key: &K) -> &V {
        self.get(key).expect("the key is there")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is done to it, it does what the standard library's map does, and a clone stays
        /// what it was.
        #[test]
        fn agrees_with_a_b_tree(
            ascending in 0..400u16,
            steps in prop::collection::vec((0..4u8, 0..600u16), 0..900),
        ) {
            let (mut map, mut model) = (SortedMap::default(), BTreeMap::new());
            for key in 0..ascending {
                prop_assert_eq!(map.insert(key, 0), model.insert(key, 0));
            }
            let (clone, clone_model) = (map.clone(), model.clone());
            for (at, (action, key)) in steps.into_iter().enumerate() {
                match action {
                    0 => prop_assert_eq!(map.insert(key, at), model.insert(key, at)),
                    1 | 2 => prop_assert_eq!(map.remove(&key), model.remove(&key)),
                    _ => {
                        prop_assert_eq!(map.get(&key), model.get(&key));
                        if let Some(value) = map.get_mut(&key) {
                            *value = at;
                            model.insert(key, at);
                        }
                    }
                }
                prop_assert_eq!(map.len(), model.len());
                prop_assert_eq!(map.first_key_value(), model.first_key_value());
                prop_assert_eq!(map.last_key_value(), model.last_key_value());
            }
            prop_assert!(map.iter().eq(&model) && clone.iter().eq(&clone_model));
            prop_assert!(map.chunks.iter().all(|chunk| !chunk.entries.is_empty()));
            for key in (0..600).step_by(37) {
                prop_assert!(map.range(key..).eq(model.range(key..)));
                prop_assert!(map.range(key..=key + 90).eq(model.range(key..=key + 90)));
                prop_assert_eq!(map.get(&key), model.get(&key));
            }
        }
    }

    #[test]
    fn keys_that_ascend_leave_full_chunks_behind() {
        let mut map = SortedMap::default();
        (0..6400).for_each(|key| _ = map.insert(key, ()));
        assert_eq!(map.chunks.len(), 6400 / CAPACITY);
    }
}
