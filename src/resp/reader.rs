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
//! Left out on purpose: what a request means. RequestLimits that depend on the connection's state (is it
//! authenticated?) come in through [`RequestLimits`].

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use super::args::{Batch, Span};
use super::inline;
use crate::number;

/// The longest line: an inline request, or the digits of a length.
const MAX_LINE: usize = 64 * 1024;
/// A batch ends after this many requests, which bounds how long one client holds the lock.
const MAX_BATCH: usize = 1000;
/// How much a read of a quiet connection takes: the size of its `BufReader`.
const SMALL_READ: usize = 1024;
/// How much a read takes of a connection that has more to say: some hundred pipelined commands.
const READ: usize = 16 * 1024;
/// After so many reads in turn that brought less than a kilobyte, a kilobyte is what the next one takes.
const SMALL_READS: u32 = 64;
/// An argument that lacks more than that is read in steps of this size.
const LARGE_READ: usize = 1 << 20;
/// A spill may keep so much memory from one batch to the next.
const KEEP_CAPACITY: usize = 64 * 1024;
/// For so many arguments likewise: those of a full batch of small requests.
const KEEP_SPANS: usize = 4 * MAX_BATCH;

/// What a peer may send. Before a client has authenticated, much less.
#[derive(Clone, Copy, Debug)]
pub struct RequestLimits {
    /// The longest argument (`proto-max-bulk-len`).
    pub bulk: usize,
    /// The most bytes that may wait to become a request (`client-query-buffer-limit`).
    pub query_buffer: usize,
    /// False: at most 10 arguments of 16 KB, and one request a batch, for it may be AUTH.
    pub authenticated: bool,
}

const UNAUTHENTICATED_ARGS: i64 = 10;
const UNAUTHENTICATED_BULK: i64 = 16 * 1024;

/// A peer that doesn't speak the protocol. It is told so, then the connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each name says what its text says
pub enum ProtocolError {
    InvalidMultibulkLength,
    InvalidBulkLength,
    UnauthenticatedMultibulkLength,
    UnauthenticatedBulkLength,
    ExpectedDollar(u8),
    TooBigMbulkCount,
    TooBigBulkCount,
    TooBigInline,
    UnbalancedQuotes,
    /// Closed without a reply, as the peer evidently isn't reading.
    QueryBufferLimit,
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::InvalidMultibulkLength => "invalid multibulk length",
            Self::InvalidBulkLength => "invalid bulk length",
            Self::UnauthenticatedMultibulkLength => "unauthenticated multibulk length",
            Self::UnauthenticatedBulkLength => "unauthenticated bulk length",
            Self::ExpectedDollar(byte) => {
                let byte = if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte };
                return write!(f, "Protocol error: expected '$', got '{}'", byte as char);
            }
            Self::TooBigMbulkCount => "too big mbulk count string",
            Self::TooBigBulkCount => "too big bulk count string",
            Self::TooBigInline => "too big inline request",
            Self::UnbalancedQuotes => "unbalanced quotes in request",
            Self::QueryBufferLimit => "query buffer limit reached",
        };
        write!(f, "Protocol error: {text}")
    }
}

/// Cuts a stream into requests; see the module documentation.
pub struct Reader<R> {
    input: BufReader<R>,
    /// What could not be parsed in the `BufReader`; in use if `spilled`, and then that one is empty.
    spill: Spill,
    spilled: bool,
    /// So many of the next reads take much, since one of the last ones brought it.
    large_reads: u32,
    /// The words of an inline request, unquoted.
    unquoted: Vec<u8>,
    parser: Parser,
    error: Option<ProtocolError>,
}

impl<R: Read> Reader<R> {
    /// A reader of `input`.
    pub fn new(input: R) -> Self {
        Reader {
            input: BufReader::with_capacity(SMALL_READ, input),
            spill: Spill::default(),
            spilled: false,
            large_reads: 0,
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

    /// Memory held by the buffers.
    pub fn capacity(&self) -> usize {
        self.input.capacity() + self.spill.bytes.capacity()
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
        if bytes.len() - self.parser.complete > limits.query_buffer {
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
                self.expect(count);
                return Ok(count);
            }
            self.spill_over();
        }
        let missing = self.parser.missing(self.spill.bytes().len());
        if missing > READ {
            return self.spill.read_to_end(&mut self.input, missing.min(LARGE_READ));
        }
        // Larger than the `BufReader`, which is empty: it passes the read on.
        let count = self.spill.read(&mut self.input, READ)?;
        self.expect(count);
        Ok(count)
    }

    /// A read has brought so many bytes: what will the next ones bring?
    fn expect(&mut self, count: usize) {
        let is_large = count >= SMALL_READ;
        self.large_reads = if is_large { SMALL_READS } else { self.large_reads.saturating_sub(1) };
    }

    fn drop_executed(&mut self) {
        let executed = self.parser.forget_complete();
        if self.spilled {
            self.spill.drop_first(executed);
            self.spilled = !self.spill.bytes().is_empty();
            if !self.spilled && (self.large_reads == 0 || self.spill.bytes.len() > KEEP_CAPACITY) {
                self.spill = Spill::default();
            }
        } else {
            self.input.consume(executed);
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
        self.room(bytes.len()).copy_from_slice(bytes);
        self.filled += bytes.len();
    }

    fn room(&mut self, len: usize) -> &mut [u8] {
        let end = self.filled + len;
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        &mut self.bytes[self.filled..end]
    }

    /// One read of at most so many bytes.
    fn read(&mut self, input: &mut impl Read, at_most: usize) -> io::Result<usize> {
        let count = input.read(self.room(at_most))?;
        self.filled += count;
        Ok(count)
    }

    /// As many reads as it takes to get so many bytes, unless the input ends.
    fn read_to_end(&mut self, input: &mut impl Read, len: usize) -> io::Result<usize> {
        self.bytes.truncate(self.filled);
        let result = input.take(len as u64).read_to_end(&mut self.bytes);
        self.filled = self.bytes.len(); // also what came before an error
        result
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

/// The state of parsing: what is complete, and how far the request in progress has come.
#[derive(Default)]
struct Parser {
    /// Everything before this offset is parsed.
    position: usize,
    /// Everything before this offset belongs to complete requests.
    complete: usize,
    /// Arguments of the complete requests, then those of the request in progress.
    spans: Vec<Span>,
    /// For each complete request, where its arguments end in `spans`.
    ends: Vec<usize>,
    /// For each complete request, where it ends in the bytes.
    raw_ends: Vec<usize>,
    /// Arguments that the request in progress still lacks.
    lacking: i64,
    /// The announced length of the next argument.
    bulk: Option<usize>,
    /// The batch is one inline request, and its spans are offsets in the unquoted words.
    is_inline: bool,
}

impl Parser {
    fn run(
        &mut self,
        bytes: &[u8],
        limits: &RequestLimits,
        unquoted: &mut Vec<u8>,
    ) -> Result<(), ProtocolError> {
        let most = if limits.authenticated { MAX_BATCH } else { 1 };
        while self.ends.len() < most {
            if self.lacking == 0 {
                match bytes.get(self.position) {
                    None => break,
                    Some(b'*') => {
                        if !self.multibulk_header(bytes, limits)? {
                            break;
                        }
                    }
                    // An inline request is a batch of its own, for its words lie elsewhere.
                    Some(_) if !self.ends.is_empty() => break,
                    Some(_) => {
                        if !self.inline(bytes, unquoted)? || self.is_inline {
                            break;
                        }
                    }
                }
            } else if !self.argument(bytes, limits)? {
                break;
            }
        }
        Ok(())
    }

    /// `*<count>\r\n`. False: the line is not complete yet.
    fn multibulk_header(
        &mut self,
        bytes: &[u8],
        limits: &RequestLimits,
    ) -> Result<bool, ProtocolError> {
        let (count, next) = match short_number(bytes, self.position + 1) {
            Some(found) => found,
            None => {
                let Some((digits, next)) =
                    line(bytes, self.position + 1).map_err(|_| ProtocolError::TooBigMbulkCount)?
                else {
                    return Ok(false);
                };
                let count = number::parse_i64(digits).filter(|count| *count <= i64::from(i32::MAX));
                (count.ok_or(ProtocolError::InvalidMultibulkLength)?, next)
            }
        };
        if count > UNAUTHENTICATED_ARGS && !limits.authenticated {
            return Err(ProtocolError::UnauthenticatedMultibulkLength);
        }
        self.position = next;
        self.lacking = count.max(0);
        if self.lacking == 0 {
            self.complete = next; // "*0" and "*-1" ask for nothing
        }
        Ok(true)
    }

    /// `$<length>\r\n<bytes>\r\n`. False: it is not complete yet.
    fn argument(&mut self, bytes: &[u8], limits: &RequestLimits) -> Result<bool, ProtocolError> {
        let length = match self.bulk {
            Some(length) => length,
            None => {
                let Some((length, next)) = self.bulk_length(bytes)? else { return Ok(false) };
                if length > limits.bulk as i64 {
                    return Err(ProtocolError::InvalidBulkLength);
                }
                if length > UNAUTHENTICATED_BULK && !limits.authenticated {
                    return Err(ProtocolError::UnauthenticatedBulkLength);
                }
                self.position = next;
                length as usize
            }
        };
        let end = self.position + length;
        if bytes.len() < end + 2 {
            self.bulk = Some(length);
            return Ok(false);
        }
        self.bulk = None;
        self.spans.push(Span::new(self.position, end));
        self.position = end + 2; // the two bytes after an argument are skipped unseen, as in Redis
        self.lacking -= 1;
        if self.lacking == 0 {
            self.complete = self.position;
            self.ends.push(self.spans.len());
            self.raw_ends.push(self.position);
        }
        Ok(true)
    }

    /// The length in `$<length>\r\n`, and the offset behind it. None: the line is not complete yet.
    #[inline]
    fn bulk_length(&self, bytes: &[u8]) -> Result<Option<(i64, usize)>, ProtocolError> {
        if bytes.get(self.position) == Some(&b'$')
            && let Some(found) = short_number(bytes, self.position + 1)
        {
            return Ok(Some(found));
        }
        let Some((header, next)) =
            line(bytes, self.position).map_err(|_| ProtocolError::TooBigBulkCount)?
        else {
            return Ok(None);
        };
        let Some((b'$', digits)) = header.split_first() else {
            let got = header.first().copied().unwrap_or(b'\r');
            return Err(ProtocolError::ExpectedDollar(got));
        };
        let length = number::parse_i64(digits).filter(|length| *length >= 0);
        Ok(Some((length.ok_or(ProtocolError::InvalidBulkLength)?, next)))
    }

    /// A line of words. False: it is not complete yet.
    fn inline(&mut self, bytes: &[u8], unquoted: &mut Vec<u8>) -> Result<bool, ProtocolError> {
        let rest = &bytes[self.position..];
        let Some(newline) = memchr::memchr(b'\n', rest) else {
            return if rest.len() > MAX_LINE {
                Err(ProtocolError::TooBigInline)
            } else {
                Ok(false)
            };
        };
        if newline > MAX_LINE {
            return Err(ProtocolError::TooBigInline);
        }
        let text = rest[..newline].strip_suffix(b"\r").unwrap_or(&rest[..newline]);
        unquoted.clear();
        inline::split(text, unquoted, |start, end| self.spans.push(Span::new(start, end)))
            .map_err(|_| ProtocolError::UnbalancedQuotes)?;
        self.position += newline + 1;
        self.complete = self.position;
        if !self.spans.is_empty() {
            self.ends.push(self.spans.len());
            self.raw_ends.push(self.position);
            self.is_inline = true;
        }
        Ok(true)
    }

    /// How many bytes the argument in progress lacks, when `arrived` have come.
    fn missing(&self, arrived: usize) -> usize {
        self.bulk.map_or(0, |length| (self.position + length + 2).saturating_sub(arrived))
    }

    /// Forgets the complete requests; what is in progress now starts at offset 0.
    fn forget_complete(&mut self) -> usize {
        let executed = std::mem::take(&mut self.complete);
        if executed == 0 {
            return 0;
        }
        let done = self.ends.last().copied().unwrap_or(0);
        self.spans.drain(..done);
        if self.spans.is_empty() {
            self.spans.shrink_to(KEEP_SPANS);
        }
        for span in &mut self.spans {
            *span = Span::new(span.start - executed, span.end - executed);
        }
        self.ends.clear();
        self.raw_ends.clear();
        self.position -= executed;
        self.is_inline = false;
        executed
    }
}

/// No newline where one is overdue.
struct TooLong;

/// The line that starts at `start`, without its `\r\n`, and the offset behind it.
fn line(bytes: &[u8], start: usize) -> Result<Option<(&[u8], usize)>, TooLong> {
    let rest = &bytes[start.min(bytes.len())..];
    // A length has a few digits, so looking byte by byte beats a search that first sets up.
    let end = rest.iter().take(MAX_LINE + 1).position(|byte| *byte == b'\r');
    match end {
        Some(end) if end + 2 <= rest.len() => Ok(Some((&rest[..end], start + end + 2))),
        None if rest.len() > MAX_LINE => Err(TooLong),
        _ => Ok(None),
    }
}

/// A number as nearly all are, of one to eight digits and complete, and the offset behind its line. What
/// else there may be, and what is wrong, is for [`line()`] and [`number::parse_i64`] to find out.
#[inline]
fn short_number(bytes: &[u8], start: usize) -> Option<(i64, usize)> {
    let rest = bytes.get(start..)?;
    let mut value = 0;
    for (length, byte) in rest.iter().enumerate().take(9) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            let is_number = *byte == b'\r' && length > 0 && (rest[0] != b'0' || length == 1);
            return (is_number && length + 2 <= rest.len()).then_some((value, start + length + 2));
        }
        value = value * 10 + i64::from(digit);
    }
    None
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
