//! The bytes of a file or a payload on their way: numbers and strings in their shortest form.
//!
//! Bytes are gathered in a buffer; when it is full they are summed and written at once. Nothing is
//! ever held as a whole but a single string or blob, whatever the size of the collection.

use std::io::{self, Write};

use super::checksum::crc64;
use super::format::{SPECIAL, STRING_I8, STRING_I16, STRING_I32, STRING_LZF};
use super::length::push_length;
use super::listpack;
use super::lzf::Compressor;
use super::version::Target;
use crate::number::parse_i64;

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
    /// Which version it is.
    pub target: Target,
}

impl Default for Style {
    fn default() -> Self {
        Style {
            compression: Compression::Lzf,
            list_nodes: NodeLimit::default(),
            target: Target::AsNeeded,
        }
    }
}

/// The bytes of a file or a payload on their way, and their checksum.
pub struct RdbWriter<W> {
    /// How large the nodes of a list become.
    pub list_nodes: NodeLimit,
    /// Which version it is.
    pub target: Target,
    writer: W,
    buffer: Vec<u8>,
    checksum: u64,
    compressor: Option<Compressor>,
}

impl<W: Write> RdbWriter<W> {
    /// Writes to `writer`, in large pieces.
    pub fn new(writer: W, style: Style) -> Self {
        let Style { compression, list_nodes, target } = style;
        let compressor = (compression == Compression::Lzf).then(Compressor::default);
        RdbWriter { list_nodes, target, writer, buffer: Vec::new(), checksum: 0, compressor }
    }

    /// Hands on what is in the buffer, and returns the checksum of everything.
    pub fn flush(&mut self) -> io::Result<u64> {
        self.checksum = crc64(self.checksum, &self.buffer);
        self.writer.write_all(&self.buffer)?;
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

/// The most bytes in a node of several elements, where their number is what is limited.
const SAFE_BYTES: usize = 8192;
/// What Redis allows for an element's header when it asks whether the element fits a node.
const ELEMENT_OVERHEAD: usize = 8;

/// How large a node of a list becomes (`list-max-listpack-size`); one element is always possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeLimit {
    /// So many bytes.
    Bytes(usize),
    /// So many elements, and no more than 8 KB.
    Elements(usize),
}

impl Default for NodeLimit {
    fn default() -> Self {
        NodeLimit::of_config(-2)
    }
}

impl NodeLimit {
    /// What the parameter says: a number of elements, or -1 to -5 for 4, 8, 16, 32 or 64 KB.
    pub fn of_config(value: i32) -> Self {
        match usize::try_from(value) {
            Ok(elements) => NodeLimit::Elements(elements),
            Err(_) => NodeLimit::Bytes(2048 << value.unsigned_abs().min(5)),
        }
    }

    /// Whether an element still fits.
    pub(super) fn allows(self, node: &listpack::Writer, text: &[u8]) -> bool {
        let bytes = node.size() + text.len() + ELEMENT_OVERHEAD;
        match self {
            NodeLimit::Bytes(limit) => bytes <= limit,
            NodeLimit::Elements(limit) => bytes <= SAFE_BYTES && node.count() < limit,
        }
    }
}
