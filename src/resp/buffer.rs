//! `Buffer`: between a socket and the request reader, small until there is much to read.
//!
//! Most of ten thousand connections say little: a short request now and then. So a buffer begins with
//! a kilobyte, which a dozen pipelined commands fit into. A read that fills it shows that there is more
//! to come, and the next one takes sixteen times as much. When many reads in turn would have done
//! with the kilobyte, the rest is given back.
//!
//! Why not a `BufReader`: its size is chosen once, and each of its bytes is written before the
//! first read, so that even pages that no request ever reaches take memory.
//!
//! Left out on purpose: reading on while there are bytes left. A request that the buffer's end
//! cuts is put together elsewhere (`Reader::spill`).

use std::io::{self, Read};

/// How much a read of a quiet connection takes.
const SMALL: usize = 1024;
/// How much one `read` from the socket takes at most: some hundred pipelined commands.
pub const LARGE: usize = 16 * 1024;
/// After so many small reads in turn, a large buffer is given back.
const SMALL_READS: u32 = 64;

/// A source and what was last read from it; see the module documentation.
pub struct Buffer<R> {
    source: R,
    bytes: Box<[u8]>,
    /// The part of `bytes` that has been read and not consumed.
    start: usize,
    end: usize,
    /// Reads in turn that a small buffer was enough for.
    small_reads: u32,
}

impl<R: Read> Buffer<R> {
    /// An empty buffer.
    pub fn new(source: R) -> Self {
        Buffer { source, bytes: zeros(SMALL), start: 0, end: 0, small_reads: 0 }
    }

    /// Where the bytes come from.
    pub fn source(&self) -> &R {
        &self.source
    }

    /// The same, to read past the buffer, which must be empty.
    pub fn source_mut(&mut self) -> &mut R {
        &mut self.source
    }

    /// What has been read and not consumed.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Memory held.
    pub fn capacity(&self) -> usize {
        self.bytes.len()
    }

    /// The first `count` bytes are done with.
    pub fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }

    /// Reads into the buffer, which must be empty. 0 means that the peer has closed its side.
    pub fn fill(&mut self) -> io::Result<usize> {
        debug_assert!(self.bytes().is_empty());
        if self.end == SMALL && self.bytes.len() == SMALL {
            self.bytes = zeros(LARGE);
        } else if self.small_reads >= SMALL_READS && self.bytes.len() > SMALL {
            self.bytes = zeros(SMALL);
        }
        (self.start, self.end) = (0, 0);
        self.end = self.source.read(&mut self.bytes)?;
        self.small_reads = if self.end < SMALL { self.small_reads.saturating_add(1) } else { 0 };
        Ok(self.end)
    }
}

fn zeros(len: usize) -> Box<[u8]> {
    vec![0; len].into_boxed_slice()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source of as many bytes as each read is said to get.
    struct Amounts(Vec<usize>);

    impl Read for Amounts {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            Ok(self.0.remove(0).min(buffer.len()))
        }
    }

    #[test]
    fn grows_for_many_bytes_and_shrinks_again() {
        let quiet = vec![SMALL - 1; SMALL_READS as usize];
        let amounts = [&[10, LARGE, LARGE][..], &quiet, &[10, 0]].concat();
        let mut buffer = Buffer::new(Amounts(amounts));
        let mut capacities = Vec::new();
        loop {
            let count = buffer.fill().unwrap();
            capacities.push((count, buffer.capacity()));
            assert_eq!(buffer.bytes().len(), count);
            buffer.consume(count);
            if count == 0 {
                break;
            }
        }
        assert_eq!(capacities[..3], [(10, SMALL), (SMALL, SMALL), (LARGE, LARGE)]);
        assert!(capacities[3..67].iter().all(|(_, capacity)| *capacity == LARGE));
        assert_eq!(capacities[67..], [(10, SMALL), (0, SMALL)]);
    }
}
