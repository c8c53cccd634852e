//! The bytes of a file as they arrive: counted, summed, and taken in the units of the format.
//!
//! Every byte goes through [`Source::read`], which is what makes the offset of an error and the
//! checksum right. A long string is read as far as it really goes; a length that a damaged file
//! claims reserves nothing.

use std::io::{self, BufRead};

use super::checksum::crc64;
use super::format::{STRING_I8, STRING_I16, STRING_I32, STRING_LZF};
use super::length::{Length, classify};
use super::{Error, Flaw, Reason, Result, lzf};

/// What is reserved for a string before its bytes are seen.
const RESERVE_AT_MOST: u64 = 64 * 1024;

/// A reader that counts and sums; see the module documentation.
pub struct Source<R> {
    reader: R,
    offset: u64,
    checksum: u64,
}

impl<R: BufRead> Source<R> {
    /// Reads from `reader`, whose position counts as 0.
    pub fn new(reader: R) -> Self {
        Source { reader, offset: 0, checksum: 0 }
    }

    /// Bytes read.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The checksum of the bytes read.
    pub fn checksum(&self) -> u64 {
        self.checksum
    }

    /// The reader, which stands behind the last byte that was taken.
    pub fn into_inner(self) -> R {
        self.reader
    }

    /// Whether there is nothing left.
    pub fn is_at_end(&mut self) -> Result<bool> {
        loop {
            match self.reader.fill_buf() {
                Ok(available) => return Ok(available.is_empty()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error { offset: self.offset, reason: Reason::Io(error) }),
            }
        }
    }

    /// Reads exactly `len` bytes and gives them to `take`, piece by piece.
    fn read(&mut self, mut len: u64, mut take: impl FnMut(&[u8])) -> Result<()> {
        while len > 0 {
            if self.is_at_end()? {
                return Err(Error { offset: self.offset, reason: Reason::Truncated });
            }
            let offset = self.offset;
            let io = |error| Error { offset, reason: Reason::Io(error) };
            let available = self.reader.fill_buf().map_err(io)?;
            let piece =
                &available[..available.len().min(usize::try_from(len).unwrap_or(usize::MAX))];
            take(piece);
            self.checksum = crc64(self.checksum, piece);
            let taken = piece.len();
            self.reader.consume(taken);
            self.offset += taken as u64;
            len -= taken as u64;
        }
        Ok(())
    }

    /// `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        let mut at = 0;
        self.read(N as u64, |piece| {
            bytes[at..at + piece.len()].copy_from_slice(piece);
            at += piece.len();
        })?;
        Ok(bytes)
    }

    /// One byte.
    pub fn byte(&mut self) -> Result<u8> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    /// `len` bytes.
    pub fn bytes(&mut self, len: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(len.min(RESERVE_AT_MOST) as usize);
        self.read(len, |piece| bytes.extend_from_slice(piece))?;
        Ok(bytes)
    }

    /// A number, where nothing else may stand.
    pub fn number(&mut self) -> Result<u64> {
        let offset = self.offset;
        match self.length()? {
            Length::Plain(number) => Ok(number),
            _ => Err(damaged(offset, "a number was expected")),
        }
    }

    /// A number, or the form of a string.
    fn length(&mut self) -> Result<Length> {
        let offset = self.offset;
        let first = self.byte()?;
        Ok(match classify(first).ok_or_else(|| damaged(offset, "no length begins like this"))? {
            Length::Fourteen(high) => Length::Plain(u64::from(high) << 8 | u64::from(self.byte()?)),
            Length::Wide(4) => Length::Plain(u32::from_be_bytes(self.array()?).into()),
            Length::Wide(_) => Length::Plain(u64::from_be_bytes(self.array()?)),
            complete => complete,
        })
    }

    /// A string in any form.
    pub fn string(&mut self) -> Result<Vec<u8>> {
        let offset = self.offset;
        let integer = match self.length()? {
            Length::Plain(len) => return self.bytes(len),
            Length::Special(STRING_I8) => i8::from_le_bytes(self.array()?).into(),
            Length::Special(STRING_I16) => i16::from_le_bytes(self.array()?).into(),
            Length::Special(STRING_I32) => i32::from_le_bytes(self.array()?),
            Length::Special(STRING_LZF) => {
                let (compressed_len, len) = (self.number()?, self.number()?);
                let compressed = self.bytes(compressed_len)?;
                let text =
                    usize::try_from(len).ok().and_then(|len| lzf::decompress(&compressed, len));
                return text.ok_or_else(|| damaged(offset, "a compressed string is damaged"));
            }
            _ => return Err(damaged(offset, "unknown form of a string")),
        };
        Ok(itoa::Buffer::new().format(integer).as_bytes().to_vec())
    }
}

/// The error for something at `offset` that can't be right.
pub fn damaged(offset: u64, reason: impl Into<Flaw>) -> Error {
    Error { offset, reason: Reason::Damaged(reason.into()) }
}

/// Gives a flaw its place.
pub(super) fn at(offset: u64) -> impl Fn(Flaw) -> Error {
    move |flaw| damaged(offset, flaw)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(bytes: &[u8]) -> Result<Vec<u8>> {
        Source::new(bytes).string()
    }

    #[test]
    fn strings_come_in_five_forms() {
        assert_eq!(string(b"\x03abc").unwrap(), b"abc");
        assert_eq!(string(b"\xc0\xff").unwrap(), b"-1");
        assert_eq!(string(b"\xc1\x2c\x01").unwrap(), b"300");
        assert_eq!(string(b"\xc2\x00\x00\x00\x80").unwrap(), b"-2147483648");
        assert_eq!(string(b"\xc3\x04\x08\x00a\xa0\x00").unwrap(), b"aaaaaaaa");
    }

    #[test]
    fn errors_name_their_offset() {
        let error = string(b"\x05abc").unwrap_err();
        assert!(matches!(error, Error { offset: 4, reason: Reason::Truncated }), "{error}");
        let error = string(b"\xc4").unwrap_err();
        assert_eq!(error.to_string(), "at offset 0: unknown form of a string");
    }

    #[test]
    fn a_claimed_length_reserves_nothing() {
        assert!(string(b"\x81\x7f\xff\xff\xff\xff\xff\xff\xffabc").is_err());
        assert!(string(b"\xc3\x01\x81\x7f\xff\xff\xff\xff\xff\xff\xff\x00").is_err());
    }
}
