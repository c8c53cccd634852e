//! Counting replies in what arrives, without keeping them.
//!
//! ```text
//! missing   1             1+2          2          1       0: one reply
//!           | *2 \r\n      | $3 \r\n a b c \r\n  | :7 \r\n |
//! ```
//!
//! An array makes as many replies missing as it has elements, and each thing that ends makes one less;
//! no stack is needed to know when the outermost one has ended. Bytes come in pieces of any size: a
//! line that isn't whole is kept, and of a string only how much of it is still to come.
//!
//! An error is an answer, too, but not one that a benchmark may count as work done: the first is kept.

use std::io::{Error, Result};

/// Of one connection, what has come of the replies.
pub struct Replies {
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    /// Bytes of a string that have not come.
    body: usize,
    /// Elements, and elements of these, until the reply is whole.
    missing: usize,
    error: Option<String>,
}

impl Replies {
    /// Nothing has come.
    pub fn new() -> Self {
        Replies { line: Vec::new(), body: 0, missing: 1, error: None }
    }

    /// Takes what has come, and tells how many replies ended in it.
    pub fn take(&mut self, mut bytes: &[u8]) -> Result<usize> {
        let mut ended = 0;
        while !bytes.is_empty() {
            if self.body > 0 {
                let come = self.body.min(bytes.len());
                self.body -= come;
                bytes = &bytes[come..];
                ended += usize::from(self.body == 0 && self.one_less());
                continue;
            }
            let Some(end) = memchr::memchr(b'\n', bytes) else {
                self.line.extend_from_slice(bytes);
                break;
            };
            let (line, rest) = bytes.split_at(end + 1);
            bytes = rest;
            let is_one = if self.line.is_empty() {
                self.header(line)?
            } else {
                let mut whole = std::mem::take(&mut self.line);
                whole.extend_from_slice(line);
                self.header(&whole)?
            };
            ended += usize::from(is_one);
        }
        Ok(ended)
    }

    /// The first error among the replies.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// Takes a line, and tells whether a reply ends with it.
    fn header(&mut self, line: &[u8]) -> Result<bool> {
        let text = || String::from_utf8_lossy(line).trim_end().to_owned();
        let number = || text()[1..].parse::<i64>().map_err(|_| Error::other(text()));
        match line[0] {
            b'+' | b':' => Ok(self.one_less()),
            b'-' => {
                self.error.get_or_insert_with(text);
                Ok(self.one_less())
            }
            b'$' => match number()? {
                length @ 0.. => {
                    self.body = length as usize + 2;
                    Ok(false)
                }
                _ => Ok(self.one_less()),
            },
            b'*' => {
                self.missing += number()?.max(0) as usize;
                Ok(self.one_less())
            }
            _ => Err(Error::other(format!("that is no reply: {}", text()))),
        }
    }

    /// Something has ended. Tells whether the reply has.
    fn one_less(&mut self) -> bool {
        self.missing -= 1;
        let is_whole = self.missing == 0;
        if is_whole {
            self.missing = 1;
        }
        is_whole
    }
}
