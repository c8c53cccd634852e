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

use crate::number;

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
#[derive(Debug, Default)]
pub struct Reply {
    out: Vec<u8>,
    /// The version in which the next value is written.
    pub protocol: Protocol,
}

impl Reply {
    /// An empty buffer.
    pub fn new(protocol: Protocol) -> Self {
        Reply { out: Vec::new(), protocol }
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
    pub fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// `+OK`
    pub fn ok(&mut self) {
        self.raw(b"+OK\r\n");
    }

    /// A simple string. It must not contain a line break.
    pub fn simple(&mut self, text: &str) {
        debug_assert!(!text.contains(['\r', '\n']));
        self.out.push(b'+');
        self.raw(text.as_bytes());
        self.raw(b"\r\n");
    }

    /// An error: its code, a blank, and the text. Line breaks become blanks.
    pub fn error(&mut self, text: &[u8]) {
        self.out.push(b'-');
        self.out.extend(text.iter().map(|b| if matches!(b, b'\r' | b'\n') { b' ' } else { *b }));
        self.raw(b"\r\n");
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
        self.out.reserve(value.len() + 32);
        self.header(b'$', value.len() as i64);
        self.raw(value);
        self.raw(b"\r\n");
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
        number::push_f64(&mut self.out, value);
        let len = self.out.len() - start;
        self.raw(b"\r\n");
        self.prepend(start, |reply| match reply.protocol {
            Protocol::Resp2 => reply.header(b'$', len as i64),
            Protocol::Resp3 => reply.out.push(b','),
        });
    }

    /// A floating-point number that is formatted already: some have more digits than others.
    pub fn double_text(&mut self, text: &str) {
        match self.protocol {
            Protocol::Resp2 => self.bulk(text.as_bytes()),
            Protocol::Resp3 => {
                self.out.push(b',');
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

    /// Text for people; `format` is three letters, as `txt` or `mkd`.
    pub fn verbatim(&mut self, format: &str, text: &[u8]) {
        match self.protocol {
            Protocol::Resp2 => self.bulk(text),
            Protocol::Resp3 => {
                self.header(b'=', text.len() as i64 + 4);
                self.raw(format.as_bytes());
                self.out.push(b':');
                self.raw(text);
                self.raw(b"\r\n");
            }
        }
    }

    /// `<marker><value>\r\n`
    #[inline]
    fn header(&mut self, marker: u8, value: i64) {
        self.out.push(marker);
        if (0..10).contains(&value) {
            self.out.push(b'0' + value as u8);
        } else {
            self.raw(itoa::Buffer::new().format(value).as_bytes());
        }
        self.raw(b"\r\n");
    }
}

/// The bytes of a request, as clients send it: also the form of journal and replication stream.
pub fn encode_request<'a>(out: &mut Vec<u8>, args: impl ExactSizeIterator<Item = &'a [u8]>) {
    let mut reply = Reply { out: std::mem::take(out), protocol: Protocol::Resp2 };
    reply.array(args.len());
    args.for_each(|arg| reply.bulk(arg));
    *out = reply.out;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(protocol: Protocol, write: impl FnOnce(&mut Reply)) -> String {
        let mut reply = Reply::new(protocol);
        write(&mut reply);
        String::from_utf8(reply.take()).unwrap().replace("\r\n", " ")
    }

    #[test]
    fn each_protocol_has_its_form() {
        let write = |reply: &mut Reply| {
            reply.null();
            reply.null_array();
            reply.map(1);
            reply.set(2);
            reply.double(1.5);
            reply.boolean(true);
            reply.verbatim("txt", b"hi");
        };
        assert_eq!(text(Protocol::Resp2, write), "$-1 *-1 *2 *2 $3 1.5 :1 $2 hi ");
        assert_eq!(text(Protocol::Resp3, write), "_ _ %1 ~2 ,1.5 #t =6 txt:hi ");
    }

    #[test]
    fn a_late_length_stands_before_its_values() {
        let write = |reply: &mut Reply| {
            reply.ok();
            reply.array_of(|reply| {
                reply.integer(-12);
                reply.bulk(b"x");
                2
            });
        };
        assert_eq!(text(Protocol::Resp2, write), "+OK *2 :-12 $1 x ");
    }

    #[test]
    fn errors_stay_on_one_line() {
        assert_eq!(text(Protocol::Resp2, |reply| reply.error(b"ERR a\r\nb")), "-ERR a  b ");
    }
}
