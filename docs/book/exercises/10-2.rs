//! Chunks.
//!
//! A list is a deque of chunks of at most `CHUNK` elements. Write the four functions. Pushing at an end uses
//! the room of the outermost chunk, or adds one; no chunk is ever empty, so popping may have to remove one.
//! `get` adds up the counts, from the nearer end. The tests see, by `steps`, how many chunks it has looked at.

use std::cell::Cell;
use std::collections::VecDeque;

pub const CHUNK: usize = 4;

#[derive(Default)]
pub struct List {
    pub chunks: VecDeque<Vec<u32>>,
    pub len: usize,
    pub steps: Cell<usize>,
}

impl List {
    /// The length of a chunk, for who looks for an index.
    pub fn count(&self, chunk: usize) -> usize {
        self.steps.set(self.steps.get() + 1);
        self.chunks[chunk].len()
    }

    pub fn push_front(&mut self, element: u32) {}

    pub fn push_back(&mut self, element: u32) {}

    pub fn pop_front(&mut self) -> Option<u32> {
        None
    }

    pub fn get(&self, index: usize) -> Option<u32> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(list: &List, model: &VecDeque<u32>) {
        assert_eq!(list.len, model.len());
        assert!(list.chunks.iter().flatten().eq(model), "{:?}", list.chunks);
        assert!(
            list.chunks.iter().all(|chunk| (1..=CHUNK).contains(&chunk.len())),
            "{:?}",
            list.chunks
        );
    }

    #[test]
    fn elements_come_and_go_at_the_ends() {
        let (mut list, mut model) = (List::default(), VecDeque::new());
        for number in 0..600u32 {
            match number * 7919 % 7 {
                0 | 1 => {
                    list.push_front(number);
                    model.push_front(number);
                }
                2 | 3 => {
                    list.push_back(number);
                    model.push_back(number);
                }
                _ => assert_eq!(list.pop_front(), model.pop_front()),
            }
            check(&list, &model);
        }
        while let Some(element) = model.pop_front() {
            assert_eq!(list.pop_front(), Some(element));
            check(&list, &model);
        }
        assert_eq!((list.pop_front(), list.get(0)), (None, None));
    }

    #[test]
    fn chunks_are_filled() {
        let mut list = List::default();
        (0..100).for_each(|number| list.push_back(number));
        assert_eq!(list.chunks.len(), 25);
        (0..100).for_each(|number| list.push_front(number));
        assert_eq!(list.chunks.len(), 50);
    }

    #[test]
    fn an_index_is_found_from_the_nearer_end() {
        let mut list = List::default();
        (0..400).for_each(|number| list.push_back(number));
        for index in 0..400 {
            list.steps.set(0);
            assert_eq!(list.get(index), Some(index as u32));
            let distance = index.min(399 - index) / CHUNK + 1;
            assert!(list.steps.get() <= distance + 2, "{} steps to {index}", list.steps.get());
        }
        assert_eq!(list.get(400), None);
    }
}
