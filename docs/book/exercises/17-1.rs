//! The ring.
//!
//! Write `Backlog`. `append` adds bytes to the stream, and keeps at least the last `size` bytes, but no more
//! than that unless a reader still needs them. `attach` adds a reader that has everything before `position`;
//! it answers false if the bytes from there on aren't there any more, or haven't come yet. `read` takes at most
//! `most` of what comes next for a reader. `detach` removes one. Positions count the bytes since the
//! beginning of the stream.

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
    }

    pub fn attach(&mut self, reader: u32, position: usize) -> bool {
        false
    }

    pub fn read(&mut self, reader: u32, most: usize) -> Vec<u8> {
        Vec::new()
    }

    pub fn detach(&mut self, reader: u32) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_part_is_kept() {
        let mut backlog = Backlog::new(5);
        backlog.append(b"abc");
        assert_eq!((backlog.start, backlog.bytes.len()), (0, 3));
        backlog.append(b"defgh");
        assert_eq!((backlog.start, backlog.bytes.len()), (3, 5));
        assert_eq!([2, 3, 8, 9].map(|at| backlog.attach(1, at)), [false, true, true, false]);
    }

    #[test]
    fn each_reads_at_its_own_pace() {
        let mut backlog = Backlog::new(100);
        backlog.append(b"abcdef");
        assert!(backlog.attach(1, 0) && backlog.attach(2, 4));
        assert_eq!(backlog.read(1, 4), b"abcd");
        assert_eq!(backlog.read(2, 4), b"ef");
        assert_eq!(backlog.read(2, 4), b"");
        backlog.append(b"gh");
        assert_eq!(backlog.read(2, 4), b"gh");
        assert_eq!(backlog.read(1, 100), b"efgh");
    }

    #[test]
    fn a_slow_reader_keeps_what_it_needs() {
        let mut backlog = Backlog::new(2);
        assert!(backlog.attach(1, 0) && backlog.attach(2, 0));
        backlog.append(b"abcdef");
        assert_eq!((backlog.start, backlog.bytes.len()), (0, 6));
        backlog.read(1, 6);
        backlog.read(2, 3);
        backlog.append(b"g");
        assert_eq!((backlog.start, backlog.bytes.len()), (3, 4));
        backlog.detach(2);
        assert_eq!((backlog.start, backlog.bytes.len()), (5, 2));
        assert_eq!(backlog.read(1, 6), b"g");
        assert_eq!(backlog.read(2, 6), b"", "it is no reader any more");
    }
}
