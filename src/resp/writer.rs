//! The reply writer: typed replies, formatted straight into the connection's output buffer.
//!
//! There is no tree of reply objects. A handler says `reply.bulk(value)` and the bytes are in the
//! buffer, in the protocol that the connection speaks:
//!
//! | call            | RESP2                       | RESP3                |
//! |-----------------|-----------------------------|----------------------|
//! | `null`          | `$-1`                       | `_`                  |
//! | `null_array`    | `*-1`                       | `_`                  |
//! | `map(n)`        | `*2n`                       | `%n`                 |
//! | `set(n)`        | `*n`                        | `~n`                 |
//! | `push(n)`       | `*n`                        | `>n`                 |
//! | `double(1.5)`   | `$3 1.5`                    | `,1.5`               |
//! | `boolean(true)` | `:1`                        | `#t`                 |
//! | `verbatim`      | `$n text`                   | `=n txt:text`        |
//!
//! A handler that fails has its output cut back to where it began ([`Reply::truncate`]).
//!
//! A reply may have a limit. It binds where the buffer would grow: what goes beyond it is dropped,
//! no memory is taken for it, and the reply says so ([`Reply::is_over_limit`]). Nothing of it is sent
//! then, the connection ends. A handler that writes very much asks between two values, or lets
//! [`Reply::each`] do so, and stops: it would work for nobody.

use crate::number::Precision;

/// The version of RESP that a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Protocol {
    /// Every client knows it.
    #[default]
    Resp2,
    /// Maps, sets, doubles and pushes have types of their own; chosen by `HELLO 3`.
    Resp3,
}

/// The output buffer of one connection.
#[derive(Debug)]
pub struct Reply {
    out: Vec<u8>,
    /// The version in which the next value is written.
    pub protocol: Protocol,
    /// How many digits of a floating-point number are written.
    pub precision: Precision,
    /// So many bytes are not too many.
    limit: usize,
    /// They were, and what follows is incomplete.
    is_over: bool,
}

/// More capacity than this is not kept for a connection's next reply.
pub const KEEP_CAPACITY: usize = 16 * 1024;
/// Room for a number of whatever kind, its marker and its line break.
const HEADER: usize = 32;

impl Default for Reply {
    fn default() -> Self {
        Reply::new(Protocol::default())
    }
}

impl Reply {
    /// An empty buffer.
    pub fn new(protocol: Protocol) -> Self {
        let precision = Precision::default();
        Reply { out: Vec::new(), protocol, precision, limit: usize::MAX, is_over: false }
    }

    /// The same, with a limit.
    pub fn limited(protocol: Protocol, limit: usize) -> Self {
        Reply { limit, ..Reply::new(protocol) }
    }

    /// A buffer for a part of this reply that has to be written first, to be added by
    /// [`append`](Self::append). It may have what this one still may.
    pub fn part(&self) -> Self {
        let limit = self.limit.saturating_sub(self.out.len());
        Reply { precision: self.precision, ..Reply::limited(self.protocol, limit) }
    }

    /// Adds such a part.
    pub fn append(&mut self, part: &Reply) {
        self.is_over |= part.is_over;
        self.raw(&part.out);
    }

    /// Sets how many bytes may wait in the buffer.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Whether there is no limit.
    pub fn is_unlimited(&self) -> bool {
        self.limit == usize::MAX
    }

    /// Whether more was to be written than may be.
    #[inline]
    pub fn is_over_limit(&self) -> bool {
        self.is_over
    }

    /// Makes room for so many bytes more. False: that would be too many.
    #[inline]
    fn has_room(&mut self, bytes: usize) -> bool {
        bytes <= self.out.capacity() - self.out.len() || self.grow(bytes)
    }

    /// Grows by doubling, like any vector, but never beyond the limit.
    #[cold]
    fn grow(&mut self, bytes: usize) -> bool {
        let needed = self.out.len().saturating_add(bytes);
        if needed > self.limit {
            self.is_over = true;
            return false;
        }
        let doubled = self.out.capacity().saturating_mul(2).max(64).min(self.limit);
        self.out.reserve_exact(doubled.max(needed) - self.out.len());
        true
    }

    /// The bytes to send.
    pub fn as_bytes(&self) -> &[u8] {
        &self.out
    }

    /// How many bytes wait to be sent.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// Memory held, sent or not.
    pub fn capacity(&self) -> usize {
        self.out.capacity()
    }

    /// Cuts back to `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        self.out.truncate(len);
    }

    /// Cuts back to `len` bytes as if the rest had never been written, however long it was.
    pub fn forget_since(&mut self, len: usize) {
        self.out.truncate(len);
        self.out.shrink_to(KEEP_CAPACITY);
        self.is_over = false;
    }

    /// Removes everything, and gives back the memory of an unusually large reply.
    pub fn clear(&mut self, keep_capacity: usize) {
        self.out.clear();
        self.out.shrink_to(keep_capacity);
    }

    /// Takes the bytes out.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Adds bytes that are formatted already.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        if self.has_room(bytes.len()) {
            self.out.extend_from_slice(bytes);
        }
    }

    /// `+OK`
    pub fn ok(&mut self) {
        self.raw(b"+OK\r\n");
    }

    /// A simple string. It must not contain a line break.
    pub fn simple(&mut self, text: &str) {
        debug_assert!(!text.contains(['\r', '\n']));
        self.raw(b"+");
        self.raw(text.as_bytes());
        self.raw(b"\r\n");
    }

    /// An error: its code, a blank, and the text. Line breaks become blanks.
    pub fn error(&mut self, text: &[u8]) {
        if self.has_room(text.len() + HEADER) {
            self.out.push(b'-');
            let bytes = text.iter().map(|b| if matches!(b, b'\r' | b'\n') { b' ' } else { *b });
            self.out.extend(bytes);
            self.raw(b"\r\n");
        }
    }

    /// An integer.
    pub fn integer(&mut self, value: i64) {
        self.header(b':', value);
    }

    /// A count or a length.
    pub fn count(&mut self, value: usize) {
        self.header(b':', value as i64);
    }

    /// A binary string.
    #[inline]
    pub fn bulk(&mut self, value: &[u8]) {
        if self.has_room(value.len() + HEADER) {
            self.header(b'$', value.len() as i64);
            self.raw(value);
            self.raw(b"\r\n");
        }
    }

    /// A binary string, or null.
    pub fn bulk_or_null(&mut self, value: Option<impl AsRef<[u8]>>) {
        match value {
            Some(value) => self.bulk(value.as_ref()),
            None => self.null(),
        }
    }

    /// The decimal digits of an integer, as a binary string.
    pub fn bulk_integer(&mut self, value: i64) {
        self.bulk(itoa::Buffer::new().format(value).as_bytes());
    }

    /// The null that stands for a missing string.
    pub fn null(&mut self) {
        match self.protocol {
            Protocol::Resp2 => self.raw(b"$-1\r\n"),
            Protocol::Resp3 => self.raw(b"_\r\n"),
        }
    }

    /// The null that stands for a missing array.
    pub fn null_array(&mut self) {
        match self.protocol {
            Protocol::Resp2 => self.raw(b"*-1\r\n"),
            Protocol::Resp3 => self.raw(b"_\r\n"),
        }
    }

    /// Starts an array of `len` values.
    pub fn array(&mut self, len: usize) {
        self.header(b'*', len as i64);
    }

    /// Starts a map of `len` pairs.
    pub fn map(&mut self, len: usize) {
        match self.protocol {
            Protocol::Resp2 => self.header(b'*', 2 * len as i64),
            Protocol::Resp3 => self.header(b'%', len as i64),
        }
    }

    /// Starts a set of `len` values.
    pub fn set(&mut self, len: usize) {
        let marker = if self.protocol == Protocol::Resp3 { b'~' } else { b'*' };
        self.header(marker, len as i64);
    }

    /// Starts a push of `len` values: something that the client didn't ask for just now.
    pub fn push(&mut self, len: usize) {
        let marker = if self.protocol == Protocol::Resp3 { b'>' } else { b'*' };
        self.header(marker, len as i64);
    }

    /// Writes each of the values, unless it is too much: then it stops.
    #[inline]
    pub fn each<T>(
        &mut self,
        values: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        for value in values {
            if self.is_over {
                break;
            }
            write(self, value);
        }
    }

    /// An array whose length is known only when it has been written: `write` returns it.
    pub fn array_of(&mut self, write: impl FnOnce(&mut Self) -> usize) {
        let start = self.out.len();
        let len = write(self);
        self.prepend(start, |reply| reply.array(len));
    }

    /// Writes what belongs in front of everything since `start` (a [`len`](Self::len)), once it is
    /// known: a length, or the cursor of a scan. Moving bytes is cheaper than keeping them aside.
    pub fn prepend(&mut self, start: usize, write: impl FnOnce(&mut Self)) {
        let end = self.out.len();
        write(self);
        let added = self.out.len() - end;
        self.out[start..].rotate_right(added);
    }

    /// A floating-point number.
    pub fn double(&mut self, value: f64) {
        let start = self.out.len();
        if self.has_room(HEADER) {
            self.precision.push(&mut self.out, value);
        }
        let len = self.out.len() - start;
        self.raw(b"\r\n");
        self.prepend(start, |reply| match reply.protocol {
            Protocol::Resp2 => reply.header(b'$', len as i64),
            Protocol::Resp3 => reply.raw(b","),
        });
    }

    /// A floating-point number as a binary string, whatever the protocol.
    pub fn bulk_double(&mut self, value: f64) {
        let mut text = Vec::with_capacity(HEADER);
        self.precision.push(&mut text, value);
        self.bulk(&text);
    }

    /// A floating-point number that is formatted already: some have more digits than others.
    pub fn double_text(&mut self, text: &str) {
        match self.protocol {
            Protocol::Resp2 => self.bulk(text.as_bytes()),
            Protocol::Resp3 => {
                self.raw(b",");
                self.raw(text.as_bytes());
                self.raw(b"\r\n");
            }
        }
    }

    /// A truth value.
    pub fn boolean(&mut self, value: bool) {
        match self.protocol {
            Protocol::Resp2 => self.integer(value.into()),
            Protocol::Resp3 => self.raw(if value { b"#t\r\n" } else { b"#f\r\n" }),
        }
    }

    /// A number of any length, in decimal digits; line breaks become blanks.
    pub fn big_number(&mut self, digits: &[u8]) {
        let digits: Vec<u8> = digits.iter().map(|byte| one_line(*byte)).collect();
        match self.protocol {
            Protocol::Resp2 => self.bulk(&digits),
            Protocol::Resp3 => {
                self.raw(b"(");
                self.raw(&digits);
                self.raw(b"\r\n");
            }
        }
    }

    /// A simple string that somebody else has made; line breaks become blanks.
    pub fn simple_text(&mut self, text: &[u8]) {
        let text: Vec<u8> = text.iter().map(|byte| one_line(*byte)).collect();
        self.raw(b"+");
        self.raw(&text);
        self.raw(b"\r\n");
    }

    /// Text for people; `format` is three letters, as `txt` or `mkd`.
    pub fn verbatim(&mut self, format: impl AsRef<[u8]>, text: &[u8]) {
        match self.protocol {
            Protocol::Resp2 => self.bulk(text),
            Protocol::Resp3 => {
                self.header(b'=', text.len() as i64 + 4);
                self.raw(format.as_ref());
                self.raw(b":");
                self.raw(text);
                self.raw(b"\r\n");
            }
        }
    }

    /// `<marker><value>\r\n`
    #[inline]
    fn header(&mut self, marker: u8, value: i64) {
        if (0..10).contains(&value) {
            self.raw(&[marker, b'0' + value as u8, b'\r', b'\n']);
        } else if self.has_room(HEADER) {
            self.out.push(marker);
            self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
            self.out.extend_from_slice(b"\r\n");
        }
    }
}

/// A byte of a line: no break.
fn one_line(byte: u8) -> u8 {
    if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }
}

/// The bytes of a request, as clients send it: also the form of journal and replication stream.
pub fn encode_request<'a>(out: &mut Vec<u8>, args: impl ExactSizeIterator<Item = &'a [u8]>) {
    let mut reply = Reply { out: std::mem::take(out), ..Reply::new(Protocol::Resp2) };
    reply.array(args.len());
    args.for_each(|arg| reply.bulk(arg));
    *out = reply.out;
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
