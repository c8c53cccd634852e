//! The request reader: bytes from a socket in, batches of requests out.
//!
//! A client may send many requests before it reads the first reply (pipelining). Everything that
//! has arrived is parsed at once into a [`Batch`], so that the server takes its lock once and
//! writes once for all of it. Parsing copies nothing: an argument is a [`Span`] of the buffer.
//!
//! ```text
//! *2\r\n$3\r\nGET\r\n$1\r\nk\r\n*2\r\n$3\r\nGET\r\n$1\r\nk
//!             '-'        '                  '-'   ^ position: "k" needs two bytes more
//! '------ one request -------''--- in progress ---'
//! ```
//!
//! Below is a [`BufReader`] of one kilobyte, which a dozen pipelined commands fit into: what most of ten
//! thousand connections need. Requests that lie in it as a whole are parsed where they are. A request
//! that its end cuts is moved to a buffer of its own, the [`Spill`], and goes on there, as does a peer
//! that sends more than a kilobyte at a time: its next reads take sixteen. The spill grows with the
//! bytes received and never with a length that a peer claims, and is given back when it was not needed
//! for a while. A request in progress is not parsed again when more of it arrives.
//!
//! What isn't complete after these sixteen kilobytes goes on in a buffer that is [borrowed](BufferPool), and that most
//! requests fit into: the rest of them is read at once. It goes back when all that is in it was executed, so
//! whoever waits for a request has none. Who finds none there, or has to say more than fits in, reads into its
//! own: with each read as much as has arrived before.
//!
//! Left out on purpose: what a request means. RequestLimits that depend on the connection's state (is it
//! authenticated?) come in through [`RequestLimits`].

use std::io::{self, BufRead, BufReader, Read};
use std::mem;
use std::sync::Arc;

use super::args::{Batch, Span};
use super::buffer_pool::{BufferPool, LONGEST};
use super::parser::Parser;
pub use super::parser::{ProtocolError, RequestLimits};

/// How much a read of a quiet connection takes: the size of its `BufReader`.
const SMALL_READ: usize = 1024;
/// How much a read takes of a connection that has more to say: some hundred pipelined commands.
const READ: usize = 16 * 1024;
/// After so many reads in turn that brought less than a kilobyte, a kilobyte is what the next one takes.
const SMALL_READS: u32 = 64;
/// No read takes more, however much an argument lacks.
const LARGE_READ: usize = 1 << 20;
/// A spill may keep so much memory of its own from one batch to the next.
const KEEP_CAPACITY: usize = 64 * 1024;

/// Cuts a stream into requests; see the module documentation.
pub struct Reader<R> {
    input: BufReader<R>,
    /// What could not be parsed in the `BufReader`; in use if `spilled`, and then that one is empty.
    spill: Spill,
    spilled: bool,
    /// While the spill has a borrowed buffer: its own.
    own: Option<Vec<u8>>,
    pool: Arc<BufferPool>,
    /// So many of the next reads take much, since one of the last ones brought it.
    large_reads: u32,
    /// The last read brought all that it could: there may be more.
    was_full: bool,
    /// The words of an inline request, unquoted.
    unquoted: Vec<u8>,
    parser: Parser,
    error: Option<ProtocolError>,
}

impl<R: Read> Reader<R> {
    /// A reader of `input` that shares large buffers with nobody.
    pub fn new(input: R) -> Self {
        Reader::with_pool(input, Arc::default())
    }

    /// A reader of `input` that borrows large buffers.
    pub fn with_pool(input: R, pool: Arc<BufferPool>) -> Self {
        Reader {
            input: BufReader::with_capacity(SMALL_READ, input),
            spill: Spill::default(),
            spilled: false,
            own: None,
            pool,
            large_reads: 0,
            was_full: false,
            unquoted: Vec::new(),
            parser: Parser::default(),
            error: None,
        }
    }

    /// Bytes of the requests that the last call of [`batch`](Self::batch) has found.
    pub fn complete(&self) -> usize {
        self.parser.complete
    }

    /// Bytes that have arrived and are part of no complete request.
    pub fn incomplete(&self) -> usize {
        self.bytes().len() - self.parser.complete
    }

    /// How many of these belong to complete arguments.
    pub fn in_progress(&self) -> usize {
        self.parser.position - self.parser.complete
    }

    /// Memory held by the buffers; of a borrowed one, what is in use, and what it has grown by.
    pub fn capacity(&self) -> usize {
        let spill = match &self.own {
            Some(own) => {
                let grown = self.spill.bytes.capacity().saturating_sub(LONGEST);
                own.capacity() + self.spill.filled.max(grown)
            }
            None => self.spill.bytes.capacity(),
        };
        self.input.capacity() + spill
    }

    /// The same, with what is known of their contents.
    pub fn memory(&self) -> usize {
        let spans = self.parser.spans.capacity() * size_of::<Span>();
        self.capacity() + self.unquoted.capacity() + spans
    }

    fn bytes(&self) -> &[u8] {
        if self.spilled { self.spill.bytes() } else { self.input.buffer() }
    }

    /// The requests that have arrived completely, at most a thousand; empty when [`fill`] has to
    /// get more bytes. What an earlier call returned counts as executed.
    ///
    /// [`fill`]: Reader::fill
    pub fn batch(&mut self, limits: &RequestLimits) -> Result<Batch<'_>, ProtocolError> {
        self.drop_executed();
        if let Some(error) = self.error {
            return Err(error);
        }
        let bytes = if self.spilled { self.spill.bytes() } else { self.input.buffer() };
        self.error = self.parser.run(bytes, limits, &mut self.unquoted).err();
        // Behind a batch there may be any number of requests that are complete as well.
        let is_one = self.parser.ends.is_empty();
        if is_one && bytes.len() - self.parser.complete > limits.query_buffer {
            self.error = self.error.or(Some(ProtocolError::QueryBufferLimit));
        }
        // What came before the error is still executed.
        if let Some(error) = self.error.filter(|_| self.parser.ends.is_empty()) {
            return Err(error);
        }
        Ok(self.parsed())
    }

    /// The requests that the last call of [`batch`](Reader::batch) has found.
    pub fn parsed(&self) -> Batch<'_> {
        let bytes = if self.parser.is_inline { &self.unquoted[..] } else { self.bytes() };
        Batch {
            bytes,
            spans: &self.parser.spans,
            ends: &self.parser.ends,
            raw: self.bytes(),
            raw_ends: &self.parser.raw_ends,
            complete: self.parser.complete,
            is_inline: self.parser.is_inline,
        }
    }

    /// Waits for more bytes. 0 means that the peer has closed its side.
    pub fn fill(&mut self) -> io::Result<usize> {
        loop {
            match self.fill_once() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Reads on while the requests that [`batch`](Reader::batch) has found are not all executed, and leaves
    /// them what they are; for a source of which it is known that it won't make this wait. 0 means that
    /// the peer has closed its side.
    pub fn read_ahead(&mut self) -> io::Result<usize> {
        self.spill_over();
        self.spill.read(&mut self.input, READ)
    }

    /// How many bytes have arrived behind request `index` of the batch.
    pub fn behind(&self, index: usize) -> usize {
        self.bytes().len() - self.parser.raw_ends[index]
    }

    fn spill_over(&mut self) {
        if !self.spilled {
            let begun = self.input.buffer().len();
            self.spill.put(self.input.buffer());
            self.input.consume(begun);
            self.spilled = true;
        }
    }

    fn fill_once(&mut self) -> io::Result<usize> {
        if !self.spilled {
            if self.input.buffer().is_empty() && self.large_reads == 0 {
                let count = self.input.fill_buf()?.len();
                self.expect(count, SMALL_READ);
                return Ok(count);
            }
            self.spill_over();
        }
        let at_most = self.make_room();
        // Larger than the `BufReader`, which is empty: it passes the read on.
        let count = self.spill.read(&mut self.input, at_most)?;
        self.expect(count, at_most);
        Ok(count)
    }

    /// How much the next read takes: all that there is room for, and where that is short, as much again as
    /// has arrived.
    fn make_room(&mut self) -> usize {
        let arrived = self.spill.bytes().len();
        let missing = self.parser.missing(arrived);
        let is_full = self.was_full && arrived > 0;
        let is_short = is_full || missing > self.spill.room().max(READ);
        let as_much_again = if is_full { arrived } else { arrived.min(missing) };
        if is_short && self.own.is_none() {
            self.borrow(arrived + missing.max(as_much_again));
        }
        as_much_again.clamp(READ, LARGE_READ).max(self.spill.room())
    }

    /// Goes on in a buffer of the pool of at least that length, if there is one.
    fn borrow(&mut self, len: usize) {
        if let Some(bytes) = self.pool.borrow(len) {
            let own = mem::replace(&mut self.spill, Spill { bytes, ..Spill::default() });
            self.spill.put(own.bytes());
            self.own = Some(own.bytes);
        }
    }

    fn give_back(&mut self) {
        if let Some(own) = self.own.take() {
            self.pool.give_back(mem::replace(&mut self.spill.bytes, own));
        }
    }

    /// A read has brought so many bytes of those that it could: what will the next ones bring?
    fn expect(&mut self, count: usize, at_most: usize) {
        self.was_full = count == at_most;
        let is_large = count >= SMALL_READ;
        self.large_reads = if is_large { SMALL_READS } else { self.large_reads.saturating_sub(1) };
    }

    fn drop_executed(&mut self) {
        let executed = self.parser.forget_complete();
        if self.spilled {
            self.spill.drop_first(executed);
            self.spilled = !self.spill.bytes().is_empty();
            if !self.spilled {
                self.give_back();
                if self.large_reads == 0 || self.spill.bytes.len() > KEEP_CAPACITY {
                    self.spill = Spill::default();
                }
            }
        } else {
            self.input.consume(executed);
        }
    }
}

impl<R> Drop for Reader<R> {
    fn drop(&mut self) {
        if self.own.is_some() {
            self.pool.give_back(mem::take(&mut self.spill.bytes));
        }
    }
}

/// Bytes that were read, and room for more that was written once and need not be written again.
#[derive(Default)]
struct Spill {
    bytes: Vec<u8>,
    /// Before this place everything is executed.
    begin: usize,
    filled: usize,
}

impl Spill {
    fn bytes(&self) -> &[u8] {
        &self.bytes[self.begin..self.filled]
    }

    fn put(&mut self, bytes: &[u8]) {
        self.room_for(bytes.len()).copy_from_slice(bytes);
        self.filled += bytes.len();
    }

    /// How many bytes fit in as it is.
    fn room(&self) -> usize {
        self.bytes.len() - self.filled
    }

    fn room_for(&mut self, len: usize) -> &mut [u8] {
        let end = self.filled + len;
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        &mut self.bytes[self.filled..end]
    }

    /// One read of at most so many bytes.
    fn read(&mut self, input: &mut impl Read, at_most: usize) -> io::Result<usize> {
        let count = input.read(self.room_for(at_most))?;
        self.filled += count;
        Ok(count)
    }

    /// Moves what follows only when that is less than what is before it: many batches may come out of
    /// what has gathered while the connection waited.
    fn drop_first(&mut self, count: usize) {
        self.begin += count;
        if self.begin >= self.filled - self.begin {
            self.bytes.copy_within(self.begin..self.filled, 0);
            self.filled -= self.begin;
            self.begin = 0;
        }
    }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
