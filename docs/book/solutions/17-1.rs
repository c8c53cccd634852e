use std::collections::{HashMap, VecDeque};

pub struct Backlog {
    pub size: usize,
    pub bytes: VecDeque<u8>,
    /// The position of the first byte that is there.
    pub start: usize,
    /// How far each reader is.
    pub readers: HashMap<u32, usize>,
}

impl Backlog {
    pub fn new(size: usize) -> Self {
        Backlog { size, bytes: VecDeque::new(), start: 0, readers: HashMap::new() }
    }

    pub fn append(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        self.trim();
    }

    pub fn attach(&mut self, reader: u32, position: usize) -> bool {
        let possible = (self.start..=self.end()).contains(&position);
        if possible {
            self.readers.insert(reader, position);
        }
        possible
    }

    pub fn read(&mut self, reader: u32, most: usize) -> Vec<u8> {
        let Some(position) = self.readers.get_mut(&reader) else { return Vec::new() };
        let next = self.bytes.iter().skip(*position - self.start).take(most);
        let bytes: Vec<u8> = next.copied().collect();
        *position += bytes.len();
        bytes
    }

    pub fn detach(&mut self, reader: u32) {
        self.readers.remove(&reader);
        self.trim();
    }

    fn end(&self) -> usize {
        self.start + self.bytes.len()
    }

    fn trim(&mut self) {
        let slowest = self.readers.values().min().copied().unwrap_or(usize::MAX);
        let start = self.end().saturating_sub(self.size).min(slowest).max(self.start);
        self.bytes.drain(..start - self.start);
        self.start = start;
    }
}
