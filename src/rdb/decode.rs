//! Reading a file: [`Decoder`], one item at a time.
//!
//! An expiry, an idle time and a frequency come before the key they belong to; here they come with
//! it. Anything else is an [`Item`] of its own. After [`Item::End`] the reader stands behind the
//! checksum: an append-only file may go on there.

use std::io::BufRead;

use super::format::{FIRST_WITH_CHECKSUM, Type, opcode};
use super::source::{Source, damaged};
use super::values::{module_name, read_value, unsupported};
use super::version::Dialect;
use super::{EncodingLimits, Error, Reason, Result, Usage};
use crate::number::leading_integer;
use crate::store::Value;

/// One item of a file.
#[derive(Debug)]
pub enum Item {
    /// A fact about the file.
    Aux {
        /// Its name: `redis-ver`, `ctime`, ...
        name: Vec<u8>,
        /// Its value.
        value: Vec<u8>,
    },
    /// The source of a library of functions.
    Function(Vec<u8>),
    /// The next keys belong to this database.
    SelectDb(u64),
    /// How many keys it has, and how many of them expire. A hint, not to be relied on.
    ResizeDb,
    /// A key.
    Key(Key),
    /// The end of the file; the checksum was right.
    End,
}

/// A key and what belongs to it.
#[derive(Debug)]
pub struct Key {
    /// Where in the file it is.
    pub offset: u64,
    /// Its name.
    pub name: Vec<u8>,
    /// Its value; None is a collection without elements, which some versions wrote by mistake.
    pub value: Option<Value>,
    /// When it expires, in Unix milliseconds.
    pub expire_ms: Option<i64>,
    /// How it was used.
    pub usage: Option<Usage>,
}

/// Reads a file; see the module documentation.
pub struct Decoder<R> {
    source: Source<R>,
    version: u16,
    dialect: Dialect,
    limits: EncodingLimits,
    ignores_checksum: bool,
    ended: bool,
}

impl<R: BufRead> Decoder<R> {
    /// Reads the header. Collections take the form that `limits` allow.
    pub fn new(reader: R, limits: EncodingLimits) -> Result<Self> {
        let mut source = Source::new(reader);
        let header: [u8; 9] = source.array()?;
        let of = |dialect: Dialect| Some((dialect, header.strip_prefix(dialect.magic())?));
        let (dialect, digits) = of(Dialect::Redis)
            .or_else(|| of(Dialect::Valkey))
            .ok_or_else(|| damaged(0, "Wrong signature trying to load DB from file"))?;
        let of_this = |version: &u16| Dialect::of_version(*version) == Some(dialect);
        let Some(version) = version_of(digits).filter(of_this) else {
            let (of, shown) = match dialect {
                Dialect::Redis => ("", leading_integer(digits)),
                Dialect::Valkey => ("Valkey's ", leading_integer(digits)),
            };
            let text = format!("Can't handle {of}RDB format version {shown}");
            let offset = dialect.magic().len() as u64;
            return Err(Error { offset, reason: Reason::Unsupported(text.into()) });
        };
        Ok(Decoder { source, version, dialect, limits, ignores_checksum: false, ended: false })
    }

    /// Bytes read.
    pub fn offset(&self) -> u64 {
        self.source.offset()
    }

    /// The reader; after [`Item::End`] it stands behind the file.
    pub fn into_inner(self) -> R {
        self.source.into_inner()
    }

    /// Whether there is nothing left to read, be it RDB or not.
    pub fn is_at_end(&mut self) -> Result<bool> {
        self.source.is_at_end()
    }

    /// The next item. After the end it is the end again.
    pub fn next_item(&mut self) -> Result<Item> {
        if self.ended {
            return Ok(Item::End);
        }
        let (mut expire_ms, mut usage) = (None, None);
        loop {
            let offset = self.source.offset();
            let code = self.source.byte()?;
            match code {
                opcode::EXPIRE_MS => expire_ms = Some(i64::from_le_bytes(self.source.array()?)),
                opcode::EXPIRE_SECONDS => {
                    let seconds = i32::from_le_bytes(self.source.array()?);
                    expire_ms = Some(i64::from(seconds) * 1000);
                }
                opcode::IDLE => usage = Some(Usage::IdleSeconds(self.source.number()?)),
                opcode::FREQUENCY => usage = Some(Usage::Frequency(self.source.byte()?)),
                _ if Type::of_code(code).is_some() => {
                    return self.read_key(offset, code, expire_ms, usage).map(Item::Key);
                }
                _ if expire_ms.is_some() || usage.is_some() => {
                    return Err(damaged(offset, "an expiry or idle time without a key"));
                }
                opcode::SLOT_INFO => {
                    for _ in 0..3 {
                        self.source.number()?;
                    }
                }
                _ => return self.read_item(offset, code),
            }
        }
    }

    fn read_key(
        &mut self,
        offset: u64,
        code: u8,
        expire_ms: Option<i64>,
        usage: Option<Usage>,
    ) -> Result<Key> {
        let kind = Type::of_code(code).ok_or_else(|| unknown(offset, code))?;
        let name = self.source.string()?;
        let value = read_value(&mut self.source, kind, self.dialect, &self.limits)?;
        Ok(Key { offset, name, value, expire_ms, usage })
    }

    /// An item that is no key.
    fn read_item(&mut self, offset: u64, code: u8) -> Result<Item> {
        match code {
            opcode::AUX => {
                Ok(Item::Aux { name: self.source.string()?, value: self.source.string()? })
            }
            opcode::FUNCTION => Ok(Item::Function(self.source.string()?)),
            opcode::SELECT_DB => Ok(Item::SelectDb(self.source.number()?)),
            opcode::RESIZE_DB => {
                self.source.number()?;
                self.source.number()?;
                Ok(Item::ResizeDb)
            }
            opcode::FUNCTION_PRE_RELEASE => {
                Err(unsupported(offset, "functions as release candidates of Redis 7.0 wrote them"))
            }
            opcode::MODULE_AUX => {
                let module = module_name(self.source.number()?);
                Err(unsupported(offset, format!("the data of the module type '{module}'")))
            }
            opcode::SLOT_IMPORT if self.dialect == Dialect::Valkey => {
                Err(unsupported(offset, "slots that Valkey was taking in when it wrote this"))
            }
            opcode::EOF => {
                self.check_end(offset)?;
                self.ended = true;
                Ok(Item::End)
            }
            _ => Err(unknown(offset, code)),
        }
    }

    /// Takes the file for right whatever its checksum is.
    pub fn ignore_checksum(&mut self) {
        self.ignores_checksum = true;
    }

    fn check_end(&mut self, offset: u64) -> Result<()> {
        if self.version < FIRST_WITH_CHECKSUM {
            return Ok(());
        }
        let computed = self.source.checksum();
        let expected = u64::from_le_bytes(self.source.array()?);
        // Zero: the writer was told to spare itself the effort.
        if expected == 0 || expected == computed || self.ignores_checksum {
            return Ok(());
        }
        let text = format!("Wrong RDB checksum expected: ({expected:x}) but got ({computed:x})");
        Err(damaged(offset + 1, text))
    }
}

/// The version that four digits say.
fn version_of(digits: &[u8]) -> Option<u16> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None; // `parse` would take a plus sign
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn unknown(offset: u64, code: u8) -> Error {
    damaged(offset, format!("Unknown RDB encoding type {code}"))
}
