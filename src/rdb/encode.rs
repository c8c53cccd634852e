//! Writing a file: [`Encoder`] for items, [`Output`] for the bytes under them.
//!
//! Bytes are gathered in a buffer; when it is full they are summed and written at once. Nothing is
//! ever held as a whole but a single string or blob, whatever the size of the collection.

use std::io::{self, Write};

use super::Usage;
use super::checksum::crc64;
use super::format::{
    MAGIC, SPECIAL, STRING_I8, STRING_I16, STRING_I32, STRING_LZF, VERSION, opcode,
};
use super::length::push_length;
use super::lzf::Compressor;
use super::write_value::{NodeLimit, type_of, write_value};
use crate::number::parse_i64;
use crate::store::Value;

/// Bytes that are written at once.
const BUFFER: usize = 64 * 1024;
/// The longest text that is tried as an integer: 32 bits have ten digits and a sign.
const LONGEST_INTEGER: usize = 11;
/// Shorter strings are not worth compressing.
const SHORTEST_COMPRESSED: usize = 21;
/// Compression has to save so many bytes.
const WORTH_COMPRESSING: usize = 4;

/// What becomes of long strings (`rdbcompression`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// They are written as they are.
    None,
    /// They are compressed, where that helps.
    Lzf,
}

/// What is left to choose when a value is written; by default, as Redis does by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// What becomes of long strings.
    pub compression: Compression,
    /// How large the nodes of a list become.
    pub list_nodes: NodeLimit,
}

impl Default for Style {
    fn default() -> Self {
        Style { compression: Compression::Lzf, list_nodes: NodeLimit::default() }
    }
}

/// The bytes of a file or a payload on their way; counted and summed.
pub struct Output<W> {
    /// How large the nodes of a list become.
    pub list_nodes: NodeLimit,
    writer: W,
    buffer: Vec<u8>,
    flushed: u64,
    checksum: u64,
    compressor: Option<Compressor>,
}

impl<W: Write> Output<W> {
    /// Writes to `writer`, in large pieces.
    pub fn new(writer: W, style: Style) -> Self {
        let Style { compression, list_nodes } = style;
        let compressor = (compression == Compression::Lzf).then(Compressor::default);
        Output { list_nodes, writer, buffer: Vec::new(), flushed: 0, checksum: 0, compressor }
    }

    /// Bytes written.
    pub fn written(&self) -> u64 {
        self.flushed + self.buffer.len() as u64
    }

    /// Hands on what is in the buffer, and returns the checksum of everything.
    pub fn flush(&mut self) -> io::Result<u64> {
        self.checksum = crc64(self.checksum, &self.buffer);
        self.writer.write_all(&self.buffer)?;
        self.flushed += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(self.checksum)
    }

    /// The writer behind; what was not flushed is lost.
    pub fn into_inner(self) -> W {
        self.writer
    }

    /// Bytes as they are.
    pub fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER {
            self.flush()?;
        }
        Ok(())
    }

    /// A number.
    pub fn number(&mut self, number: u64) -> io::Result<()> {
        push_length(&mut self.buffer, number);
        Ok(())
    }

    /// A string, in the form that is shortest.
    pub fn string(&mut self, text: &[u8]) -> io::Result<()> {
        if text.len() <= LONGEST_INTEGER
            && let Some(value) = parse_i64(text)
            && self.narrow_integer(value)
        {
            return Ok(());
        }
        if text.len() >= SHORTEST_COMPRESSED
            && let Some(compressor) = &mut self.compressor
            && let Some(packed) = compressor.compress(text, text.len() - WORTH_COMPRESSING)
        {
            self.buffer.push(SPECIAL | STRING_LZF);
            self.number(packed.len() as u64)?;
            self.number(text.len() as u64)?;
            return self.put(&packed);
        }
        self.number(text.len() as u64)?;
        self.put(text)
    }

    /// A string that is an integer.
    pub fn integer(&mut self, value: i64) -> io::Result<()> {
        if self.narrow_integer(value) {
            return Ok(());
        }
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(value).as_bytes();
        self.number(digits.len() as u64)?;
        self.put(digits)
    }

    /// Writes an integer of up to 32 bits as one; false if it is larger.
    fn narrow_integer(&mut self, value: i64) -> bool {
        if let Ok(value) = i8::try_from(value) {
            self.buffer.extend([SPECIAL | STRING_I8, value as u8]);
        } else if let Ok(value) = i16::try_from(value) {
            self.buffer.push(SPECIAL | STRING_I16);
            self.buffer.extend(value.to_le_bytes());
        } else if let Ok(value) = i32::try_from(value) {
            self.buffer.push(SPECIAL | STRING_I32);
            self.buffer.extend(value.to_le_bytes());
        } else {
            return false;
        }
        true
    }
}

/// Writes a file, item by item. The order is the caller's: facts, functions, then for each
/// database [`select_db`](Self::select_db) and its keys, then [`finish`](Self::finish).
pub struct Encoder<W> {
    out: Output<W>,
    checksum: bool,
}

impl<W: Write> Encoder<W> {
    /// Begins a file. Without `checksum` (`rdbchecksum no`) zero stands in its place.
    pub fn new(writer: W, style: Style, checksum: bool) -> io::Result<Self> {
        let mut out = Output::new(writer, style);
        out.put(MAGIC)?;
        out.put(format!("{VERSION:04}").as_bytes())?;
        Ok(Encoder { out, checksum })
    }

    /// A fact about the file.
    pub fn aux(&mut self, name: &str, value: &str) -> io::Result<()> {
        self.out.put(&[opcode::AUX])?;
        self.out.string(name.as_bytes())?;
        self.out.string(value.as_bytes())
    }

    /// A library of functions: its source.
    pub fn function(&mut self, library: &[u8]) -> io::Result<()> {
        self.out.put(&[opcode::FUNCTION])?;
        self.out.string(library)
    }

    /// From here on, keys belong to this database. The reader makes room for so many.
    pub fn select_db(&mut self, db: usize, keys: usize, expiring: usize) -> io::Result<()> {
        self.out.put(&[opcode::SELECT_DB])?;
        self.out.number(db as u64)?;
        self.out.put(&[opcode::RESIZE_DB])?;
        self.out.number(keys as u64)?;
        self.out.number(expiring as u64)
    }

    /// A key: when it expires in Unix milliseconds, how it was used (if that is to be kept), and
    /// its value.
    pub fn key(
        &mut self,
        key: &[u8],
        value: &Value,
        expire_ms: Option<i64>,
        usage: Option<Usage>,
    ) -> io::Result<()> {
        if let Some(at) = expire_ms {
            self.out.put(&[opcode::EXPIRE_MS])?;
            self.out.put(&at.to_le_bytes())?;
        }
        match usage {
            Some(Usage::IdleSeconds(idle)) => {
                self.out.put(&[opcode::IDLE])?;
                self.out.number(idle)?;
            }
            Some(Usage::Frequency(counter)) => self.out.put(&[opcode::FREQUENCY, counter])?,
            None => {}
        }
        self.out.put(&[type_of(value) as u8])?;
        self.out.string(key)?;
        write_value(&mut self.out, value)
    }

    /// Bytes written so far.
    pub fn written(&self) -> u64 {
        self.out.written()
    }

    /// Hands everything written so far to the writer.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush().map(drop)
    }

    /// Ends the file and returns the writer, flushed.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.put(&[opcode::EOF])?;
        let checksum = self.out.flush()?;
        let checksum = if self.checksum { checksum } else { 0 };
        self.out.put(&checksum.to_le_bytes())?;
        self.out.flush()?;
        let mut writer = self.out.into_inner();
        writer.flush()?;
        Ok(writer)
    }
}
