//! What a command answers when it can't do what was asked: a code, and the exact text of Redis.
//!
//! A command error never closes the connection. The texts that several commands share are here by
//! name, as a glossary; a text that only one command uses stands beside the check that gives it.

use std::borrow::Cow;

use crate::store::WrongType;

/// The error reply of a command, without the leading `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Cow<'static, [u8]>);

/// What a handler returns: its reply is written, or there is an error to reply instead.
pub type Result<T = ()> = std::result::Result<T, Error>;

impl Error {
    /// An error with a fixed text.
    pub const fn new(text: &'static str) -> Self {
        Error(Cow::Borrowed(text.as_bytes()))
    }

    /// An error whose text is made for the occasion; it may repeat binary input.
    pub fn text(text: impl Into<Vec<u8>>) -> Self {
        Error(Cow::Owned(text.into()))
    }

    /// The text, code first.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The code, as `INFO errorstats` counts it: the first word, if more follow.
    pub fn code(&self) -> &[u8] {
        const LONGEST: usize = 32;
        let head = &self.0[..self.0.len().min(LONGEST)];
        memchr::memchr(b' ', head).map_or(b"ERR", |end| &head[..end])
    }

    /// `ERR wrong number of arguments for '<name>' command`
    pub fn arity(name: &str) -> Self {
        Error::text(format!("ERR wrong number of arguments for '{name}' command"))
    }

    /// `ERR invalid expire time in '<name>' command`
    pub fn expire_time(name: &str) -> Self {
        Error::text(format!("ERR invalid expire time in '{name}' command"))
    }
}

/// A script, or a function, keeps everybody waiting.
pub fn busy(is_function: bool) -> Error {
    let family = if is_function { "FUNCTION" } else { "SCRIPT" };
    Error::text(format!(
        "BUSY Redis is busy running a script. You can only call {family} KILL or SHUTDOWN NOSAVE."
    ))
}

/// What is shown of input in an error: Redis prints it as a C string, which ends with a zero.
pub fn until_nul(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == 0).next().unwrap_or_default()
}

impl From<WrongType> for Error {
    fn from(_: WrongType) -> Self {
        WRONG_TYPE
    }
}

/// The key holds another data type.
pub const WRONG_TYPE: Error =
    Error::new("WRONGTYPE Operation against a key holding the wrong kind of value");
/// An option that doesn't exist, or options that exclude each other.
pub const SYNTAX: Error = Error::new("ERR syntax error");
/// Not the decimal digits of an `i64`, or outside of what the argument may be.
pub const NOT_INTEGER: Error = Error::new("ERR value is not an integer or out of range");
/// An integer that C's `int` can't hold.
pub const NOT_INT: Error =
    Error::new("ERR value is out of range, value must between -2147483648 and 2147483647");
/// `value is out of range, value must between ...`, for a number whose absolute value is none.
pub const NOT_BELOW_MIN: Error = Error::new(
    "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
);
/// `timeout is out of range`
pub const TIMEOUT_TOO_LONG: Error = Error::new("ERR timeout is out of range");
/// Not the text of a floating-point number.
pub const NOT_FLOAT: Error = Error::new("ERR value is not a valid float");
/// The command needs the key to exist.
pub const NO_SUCH_KEY: Error = Error::new("ERR no such key");
/// An index behind the end.
pub const INDEX_OUT_OF_RANGE: Error = Error::new("ERR index out of range");
/// An integer that may not be negative is.
pub const OUT_OF_RANGE: Error = Error::new("ERR value is out of range");
/// The same, where Redis says more.
pub const MUST_BE_POSITIVE: Error = Error::new("ERR value is out of range, must be positive");
/// INCR and its relatives would leave the range of `i64`.
pub const OVERFLOW: Error = Error::new("ERR increment or decrement would overflow");
/// A float would become infinite or no number at all.
pub const NAN_OR_INFINITY: Error = Error::new("ERR increment would produce NaN or Infinity");
/// A string would become longer than `proto-max-bulk-len`.
pub const TOO_LONG: Error =
    Error::new("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
/// SELECT and its relatives.
pub const DB_OUT_OF_RANGE: Error = Error::new("ERR DB index is out of range");
/// The client has to authenticate first.
pub const NO_AUTH: Error = Error::new("NOAUTH Authentication required.");
/// AUTH failed; which half was wrong is not told.
pub const WRONG_PASS: Error =
    Error::new("WRONGPASS invalid username-password pair or user is disabled.");
