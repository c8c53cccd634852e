//! Replies as a client reads them: the other side of the protocol, RESP2 and RESP3. The window is such a client, and a
//! program that embeds a server.

use std::io::{self, BufRead, Read};

/// Replies within replies, where the peer isn't known to stop. The reader calls itself for each.
const DEEPEST: usize = 64;

/// A reply.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// A short text.
    Status(Vec<u8>),
    /// An error.
    Error(Vec<u8>),
    /// A number, also one that is too large for 64 bits, or has a fraction: its kind, and its text.
    Number(u8, Vec<u8>),
    /// A string.
    Bulk(Vec<u8>),
    /// A string for people.
    Verbatim(Vec<u8>),
    /// Yes or no.
    Flag(bool),
    /// Nothing.
    Null,
    /// Several.
    Array(Vec<Reply>),
    /// Several, in no order.
    Set(Vec<Reply>),
    /// Pairs.
    Map(Vec<(Reply, Reply)>),
    /// Something that nobody has asked for.
    Push(Vec<Reply>),
}

impl Reply {
    /// Reads the next reply, which takes no more than so many bytes.
    pub fn read(from: &mut impl BufRead, most: usize) -> io::Result<Reply> {
        read(&mut from.take(most as u64), DEEPEST)
    }

    /// Reads the next reply, however much it is: for who takes what comes from the peer.
    pub fn read_all(from: &mut impl BufRead) -> io::Result<Reply> {
        read(&mut from.take(u64::MAX), usize::MAX)
    }

    /// The text of an error.
    pub fn error(&self) -> Option<String> {
        match self {
            Reply::Error(text) => Some(String::from_utf8_lossy(text).into_owned()),
            _ => None,
        }
    }

    /// The bytes of a string.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Reply::Bulk(bytes) | Reply::Verbatim(bytes) | Reply::Status(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The replies in this one.
    pub fn items(&self) -> &[Reply] {
        match self {
            Reply::Array(items) | Reply::Set(items) => items,
            _ => &[],
        }
    }

    /// A number.
    pub fn number(&self) -> Option<i64> {
        match self {
            Reply::Number(_, text) => std::str::from_utf8(text).ok()?.parse().ok(),
            _ => None,
        }
    }
}

/// Reads a reply, with so many levels of others in it.
fn read<R: BufRead>(from: &mut io::Take<R>, levels: usize) -> io::Result<Reply> {
    let inner = |from: &mut io::Take<R>| read(from, levels.checked_sub(1).ok_or_else(garbage)?);
    let line = line(from)?;
    let (kind, text) = line.split_first().ok_or_else(garbage)?;
    let text = text.to_vec();
    Ok(match kind {
        b'+' => Reply::Status(text),
        b'-' => Reply::Error(text),
        b':' | b',' | b'(' => Reply::Number(*kind, text),
        b'_' => Reply::Null,
        b'#' => Reply::Flag(text == b"t"),
        b'$' | b'=' | b'!' => match length(&text)? {
            None => Reply::Null,
            Some(len) => {
                let mut bytes = Vec::new();
                from.take(len as u64 + 2).read_to_end(&mut bytes)?;
                if bytes.len() != len + 2 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                bytes.truncate(len);
                match kind {
                    b'!' => Reply::Error(bytes),
                    b'=' => Reply::Verbatim(bytes.split_off(4.min(len))), // "txt:"
                    _ => Reply::Bulk(bytes),
                }
            }
        },
        b'*' | b'~' | b'>' => match length(&text)? {
            None => Reply::Null,
            Some(len) => {
                let items = (0..len).map(|_| inner(from)).collect::<io::Result<_>>()?;
                match kind {
                    b'*' => Reply::Array(items),
                    b'~' => Reply::Set(items),
                    _ => Reply::Push(items),
                }
            }
        },
        b'%' => {
            let len = length(&text)?.ok_or_else(garbage)?;
            let mut pair = || Ok((inner(from)?, inner(from)?));
            Reply::Map((0..len).map(|_| pair()).collect::<io::Result<_>>()?)
        }
        _ => return Err(garbage()),
    })
}

/// A line, without its end.
fn line<R: BufRead>(from: &mut io::Take<R>) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    from.read_until(b'\n', &mut line)?;
    match line.strip_suffix(b"\r\n") {
        Some(text) => Ok(text.to_vec()),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// A length; None stands for nothing at all.
fn length(text: &[u8]) -> io::Result<Option<usize>> {
    let text = std::str::from_utf8(text).map_err(|_| garbage())?;
    let length: i64 = text.parse().map_err(|_| garbage())?;
    Ok(usize::try_from(length).ok())
}

fn garbage() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "that is no reply")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_read_whole_or_not_at_all() {
        let text = b"*3\r\n%1\r\n+a\r\n:1\r\n=5\r\ntxt:x\r\n$-1\r\n";
        let map = Reply::Map(vec![(Reply::Status(b"a".into()), Reply::Number(b':', b"1".into()))]);
        let whole = Reply::Array(vec![map, Reply::Verbatim(b"x".into()), Reply::Null]);
        assert_eq!(Reply::read(&mut &text[..], 1000).unwrap(), whole);
        for len in 0..text.len() {
            assert!(Reply::read(&mut &text[..len], 1000).is_err(), "{len}");
            assert!(Reply::read(&mut &text[..], len).is_err(), "{len}");
        }
        let deep = "*1\r\n".repeat(1000);
        assert!(Reply::read(&mut deep.as_bytes(), 100_000).is_err());
        assert!(Reply::read(&mut &b"$99999999999\r\nabc"[..], 1000).is_err());
    }
}
