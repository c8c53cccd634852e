//! The parser under the reader: how far the bytes that have arrived are requests.

use std::fmt;

use super::args::Span;
use super::inline;
use crate::number;

/// The longest line: an inline request, or the digits of a length.
const MAX_LINE: usize = 64 * 1024;
/// A batch ends after this many requests, which bounds how long one client holds the lock.
const MAX_BATCH: usize = 1000;
/// The memory for so many arguments is kept from batch to batch: those of a full one of small requests.
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

/// The state of parsing: what is complete, and how far the request in progress has come.
#[derive(Default)]
pub(super) struct Parser {
    /// Everything before this offset is parsed.
    pub(super) position: usize,
    /// Everything before this offset belongs to complete requests.
    pub(super) complete: usize,
    /// Arguments of the complete requests, then those of the request in progress.
    pub(super) spans: Vec<Span>,
    /// For each complete request, where its arguments end in `spans`.
    pub(super) ends: Vec<usize>,
    /// For each complete request, where it ends in the bytes.
    pub(super) raw_ends: Vec<usize>,
    /// Arguments that the request in progress still lacks.
    pub(super) lacking: i64,
    /// The announced length of the next argument.
    pub(super) bulk: Option<usize>,
    /// The batch is one inline request, and its spans are offsets in the unquoted words.
    pub(super) is_inline: bool,
}

impl Parser {
    pub(super) fn run(
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
    pub(super) fn missing(&self, arrived: usize) -> usize {
        self.bulk.map_or(0, |length| (self.position + length + 2).saturating_sub(arrived))
    }

    /// Forgets the complete requests; what is in progress now starts at offset 0.
    pub(super) fn forget_complete(&mut self) -> usize {
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
