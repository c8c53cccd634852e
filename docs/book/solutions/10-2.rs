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

    pub fn push_front(&mut self, element: u32) {
        self.len += 1;
        match self.chunks.front_mut() {
            Some(chunk) if chunk.len() < CHUNK => chunk.insert(0, element),
            _ => self.chunks.push_front(vec![element]),
        }
    }

    pub fn push_back(&mut self, element: u32) {
        self.len += 1;
        match self.chunks.back_mut() {
            Some(chunk) if chunk.len() < CHUNK => chunk.push(element),
            _ => self.chunks.push_back(vec![element]),
        }
    }

    pub fn pop_front(&mut self) -> Option<u32> {
        let chunk = self.chunks.front_mut()?;
        let element = chunk.remove(0);
        if chunk.is_empty() {
            self.chunks.pop_front();
        }
        self.len -= 1;
        Some(element)
    }

    pub fn get(&self, index: usize) -> Option<u32> {
        if index >= self.len {
            return None;
        }
        if index < self.len / 2 {
            let mut left = index;
            for chunk in 0..self.chunks.len() {
                let count = self.count(chunk);
                if left < count {
                    return Some(self.chunks[chunk][left]);
                }
                left -= count;
            }
        } else {
            let mut start = self.len;
            for chunk in (0..self.chunks.len()).rev() {
                start -= self.count(chunk);
                if index >= start {
                    return Some(self.chunks[chunk][index - start]);
                }
            }
        }
        None
    }
}
