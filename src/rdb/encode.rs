//! Writing a file, item by item: the [`Encoder`]. The bytes under it are the [`writer`](super::writer)'s.

use std::io::{self, Write};

use super::Usage;
use super::format::opcode;
use super::write_value::{type_of, write_value};
use super::writer::{RdbWriter, Style};
use crate::store::Value;

/// Bytes of magic and version.
const HEADER: usize = 9;

/// Writes a file, item by item. The order is the caller's: facts, functions, then for each
/// database [`select_db`](Self::select_db) and its keys, then [`finish`](Self::finish).
pub struct Encoder<W> {
    out: RdbWriter<W>,
    checksum: bool,
}

impl<W: Write> Encoder<W> {
    /// Begins a file. Whether there are fields that expire decides over its version. Without
    /// `checksum` (`rdbchecksum no`) zero stands in its place.
    pub fn new(writer: W, style: Style, fields_expire: bool, checksum: bool) -> io::Result<Self> {
        let mut out = RdbWriter::new(writer, style);
        let (magic, version) =
            (style.target.dialect().magic(), style.target.version(fields_expire));
        out.put(magic)?;
        out.put(format!("{version:0width$}", width = HEADER - magic.len()).as_bytes())?;
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
    /// its value. The error is an [`Unwritable`](super::version::Unwritable) if the version can't say it.
    pub fn key(
        &mut self,
        key: &[u8],
        value: &Value,
        expire_ms: Option<i64>,
        usage: Option<Usage>,
    ) -> io::Result<()> {
        let kind = type_of(value, self.out.target).map_err(io::Error::other)?;
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
        self.out.put(&[kind as u8])?;
        self.out.string(key)?;
        write_value(&mut self.out, value)
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
