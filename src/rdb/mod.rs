//! RDB: the data set as a file, in Redis' own format.
//!
//! ```text
//! REDIS0010                                     magic and version ([`version`])
//! FA redis-ver 7.0.15  FA ctime ... FA ...      facts about the file
//! F5 <library>                                  functions, if there are any
//! FE 00  FB 3 1                                 database 0, which has 3 keys, 1 of which expires
//!   FC <ms>  00 key value                       expires at; type 0 (string), key, value
//!   F8 <s>   04 key 2 field value field value   idle for s seconds; type 4 (hash), ...
//!   10 key <listpack>                           type 16: a small hash, as memory holds it
//! FE 01 ...                                     the next database
//! FF <crc64>                                    the end, and a checksum of all before it
//! ```
//!
//! The file is a sequence of *items*: an opcode or a value type in one byte, and what belongs to
//! it. [`Decoder`] turns bytes into items one at a time, [`Encoder`] writes them; neither ever
//! holds more than one value. The same value, without a key, is what DUMP replies and RESTORE
//! takes ([`dump`](mod@dump)).
//!
//! A file comes from outside, and so does a payload. Three rules make reading safe:
//!
//! * memory grows with the bytes that were read, never with a length that the file claims;
//! * every structure is walked to its end before a value is made of it: a byte that is wrong, missing,
//!   or left over is an [`Error`] that names its offset, and so is an element that comes twice;
//! * what can't be kept (a module's data, slots on their way) is refused, not dropped.
//!
//! Read on in this order: [`format`](mod@format) names every byte, [`length`] numbers, [`mod@source`] the bytes
//! as they arrive, [`decode`] items, `values`, `timed_hash` and `streams` what is behind a type, [`listpack`] and
//! `legacy` the blobs in which small collections are written, [`encode`] and `write_value` the way
//! back. Whole files are loaded and saved in [`crate::persistence`].
//!
//! Left out on purpose: writing versions before 10, that of Redis 7.0, and module data, which only
//! its module can read.

pub mod checksum;
pub mod decode;
pub mod dump;
pub mod encode;
pub mod format;
pub mod legacy;
pub mod length;
pub mod listpack;
pub mod lzf;
pub mod source;
pub mod streams;
mod timed_hash;
pub mod values;
pub mod version;
pub mod write_value;
pub mod writer;

use std::borrow::Cow;
use std::{fmt, io};

pub use self::decode::Decoder;
#[cfg(feature = "internals")] // for tests
pub use self::decode::Item;
pub use self::dump::{decode_value, decode_value_unchecked, dump};
pub use self::encode::Encoder;
pub use self::version::{Target, Unwritable};
pub use self::write_value::fits_one_node;
pub use self::writer::{Compression, NodeLimit, Style};

use crate::store::packed;

/// How large a collection may be in its compact form, as configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodingLimits {
    /// `hash-max-listpack-entries` and `-value`.
    pub hash: packed::PackedLimits,
    /// `zset-max-listpack-entries` and `-value`.
    pub zset: packed::PackedLimits,
    /// `set-max-intset-entries`.
    pub intset: usize,
}

impl Default for EncodingLimits {
    fn default() -> Self {
        EncodingLimits {
            hash: packed::PackedLimits { entries: 512, value: 64 },
            zset: packed::PackedLimits { entries: 128, value: 64 },
            intset: 512,
        }
    }
}

/// How lately or how often a key was used; a file has one of them, or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// Seconds since its last use.
    IdleSeconds(u64),
    /// Its logarithmic counter of uses.
    Frequency(u8),
}

/// Why a file or a payload can't be read, and where.
#[derive(Debug)]
pub struct Error {
    /// Bytes before the item, or the part of it, that is wrong.
    pub offset: u64,
    /// What is wrong.
    pub reason: Reason,
}

/// What is wrong with a file.
#[derive(Debug)]
pub enum Reason {
    /// It ends too early.
    Truncated,
    /// It could not be read.
    Io(io::Error),
    /// It contradicts the format, or itself.
    Damaged(Cow<'static, str>),
    /// It is right, perhaps, but reading it would lose something.
    Unsupported(Cow<'static, str>),
}

/// What reading returns.
pub type Result<T> = std::result::Result<T, Error>;

/// What is wrong inside of a blob: its reader doesn't know where in the file it is.
type Flaw = Cow<'static, str>;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at offset {}: ", self.offset)?;
        match &self.reason {
            Reason::Truncated => write!(f, "unexpected end of file"),
            Reason::Io(error) => write!(f, "{error}"),
            Reason::Damaged(text) | Reason::Unsupported(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Error {}
