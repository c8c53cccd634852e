//! `Buffer`: between a socket and the request reader, small until there is much to read.
//!
//! Most of ten thousand connections say little: a short request now and then. So a buffer begins with
//! a kilobyte, which a dozen pipelined commands fit into. A read that fills it shows that there is more
//! to come, and the next one takes sixteen times as much. When many reads in turn would have done
//! with the kilobyte, the rest is given back.
//!
//! Below is a `BufReader`, whose size is chosen once: each of its bytes is written before the first read,
//! so that even pages that no request ever reaches take memory. Hence another one takes its place when
//! the size has to change, which costs an allocation and nothing more, for it is empty then.
//!
//! Left out on purpose: reading on while there are bytes left. A request that the buffer's end
//! cuts is put together elsewhere (`Reader::spill`).

use std::io::{self, BufRead, BufReader, Read};

/// How much a read of a quiet connection takes.
const SMALL: usize = 1024;
/// How much one `read` from the socket takes at most: some hundred pipelined commands.
pub const LARGE: usize = 16 * 1024;
/// After so many small reads in turn, a large buffer is given back.
const SMALL_READS: u32 = 64;

/// A source and what was last read from it; see the module documentation.
pub struct Buffer<R> {
    reader: Option<BufReader<R>>,
    /// How many bytes the last read has got.
    last_read: usize,
    /// Reads in turn that a small buffer was enough for.
    small_reads: u32,
}

impl<R: Read> Buffer<R> {
    /// An empty buffer.
    pub fn new(source: R) -> Self {
        let reader = Some(BufReader::with_capacity(SMALL, source));
        Buffer { reader, last_read: 0, small_reads: 0 }
    }

    #[inline]
    fn reader(&self) -> &BufReader<R> {
        self.reader.as_ref().expect(ALWAYS_THERE)
    }

    #[inline]
    fn reader_mut(&mut self) -> &mut BufReader<R> {
        self.reader.as_mut().expect(ALWAYS_THERE)
    }

    /// Where the bytes come from.
    pub fn source(&self) -> &R {
        self.reader().get_ref()
    }

    /// The same, to read past the buffer, which must be empty.
    pub fn source_mut(&mut self) -> &mut R {
        self.reader_mut().get_mut()
    }

    /// What has been read and not consumed.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        self.reader().buffer()
    }

    /// Memory held.
    pub fn capacity(&self) -> usize {
        self.reader().capacity()
    }

    /// The first `count` bytes are done with.
    pub fn consume(&mut self, count: usize) {
        self.reader_mut().consume(count);
    }

    /// Reads into the buffer, which must be empty. 0 means that the peer has closed its side.
    pub fn fill(&mut self) -> io::Result<usize> {
        debug_assert!(self.bytes().is_empty());
        if self.last_read == SMALL && self.capacity() == SMALL {
            self.resize(LARGE);
        } else if self.small_reads >= SMALL_READS && self.capacity() > SMALL {
            self.resize(SMALL);
        }
        self.last_read = self.reader_mut().fill_buf()?.len();
        self.small_reads =
            if self.last_read < SMALL { self.small_reads.saturating_add(1) } else { 0 };
        Ok(self.last_read)
    }

    fn resize(&mut self, capacity: usize) {
        let source = self.reader.take().expect(ALWAYS_THERE).into_inner();
        self.reader = Some(BufReader::with_capacity(capacity, source));
    }
}

const ALWAYS_THERE: &str = "the reader is only gone while it is replaced";

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
