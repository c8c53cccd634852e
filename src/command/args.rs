//! Reading a request's arguments: numbers with Redis' errors, and a cursor over options.

use super::error::{self, Result};
use crate::number;
use crate::resp::Args;
pub use crate::resp::args::is;

/// An `i64`, or "not an integer".
pub fn integer(text: &[u8]) -> Result<i64> {
    number::parse_i64(text).ok_or(error::NOT_INTEGER)
}

/// An `i64` between `low` and `high`, or the error that `otherwise` says.
pub fn integer_in(text: &[u8], low: i64, high: i64, otherwise: error::Error) -> Result<i64> {
    number::parse_i64(text).filter(|value| (low..=high).contains(value)).ok_or(otherwise)
}

/// An `f64`, or "not a valid float".
pub fn float(text: &[u8]) -> Result<f64> {
    number::parse_f64(text).ok_or(error::NOT_FLOAT)
}

/// A count that may not be negative.
pub fn count(text: &[u8]) -> Result<usize> {
    integer_in(text, 0, i64::MAX, error::MUST_BE_POSITIVE).map(|count| count as usize)
}

/// Walks over the options of a request from left to right.
///
/// ```text
/// SET key value  PX 1500 NX
///                ^ next() takes "PX", then value() takes "1500"
/// ```
///
/// All commands read theirs in this way: what may not come twice, or not without a value behind it,
/// says so in its arm's condition, and an option that no arm takes is an error.
///
/// ```text
/// while let Some(option) = options.next() {
///     match option {
///         _ if is(option, "REPLACE") => replace = true,
///         _ if is(option, "DB") && options.left() > 0 => db = options.integer()?,
///         _ => return Err(error::SYNTAX),
///     }
/// }
/// ```
pub struct Options<'a> {
    args: Args<'a>,
    next: usize,
}

impl<'a> Options<'a> {
    /// The options that begin at argument `start`.
    pub fn new(args: Args<'a>, start: usize) -> Self {
        Options { args, next: start }
    }

    /// The next argument, if there is one.
    #[allow(clippy::should_implement_trait)] // a cursor, not an iterator: `value` moves it, too
    pub fn next(&mut self) -> Option<&'a [u8]> {
        let arg = self.args.get(self.next)?;
        self.next += 1;
        Some(arg)
    }

    /// The next argument, without taking it.
    pub fn peek(&self) -> Option<&'a [u8]> {
        self.args.get(self.next)
    }

    /// Takes the next argument if it is this word.
    pub fn take(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|arg| is(arg, word));
        self.next += usize::from(found);
        found
    }

    /// The value of the option just taken; without one, the syntax is wrong.
    pub fn value(&mut self) -> Result<&'a [u8]> {
        self.next().ok_or(error::SYNTAX)
    }

    /// The value of the option just taken, as an integer.
    pub fn integer(&mut self) -> Result<i64> {
        integer(self.value()?)
    }

    /// How many arguments are left.
    pub fn left(&self) -> usize {
        self.args.len() - self.next.min(self.args.len())
    }

    /// The index of the next argument.
    pub fn position(&self) -> usize {
        self.next
    }

    /// The arguments that are left.
    pub fn rest(&self) -> Args<'a> {
        self.args.from(self.next)
    }

    /// Takes `count` arguments; the caller has checked that there are so many.
    pub fn take_many(&mut self, count: usize) -> Args<'a> {
        let taken = self.args.from(self.next).first(count);
        self.next += count;
        taken
    }
}

/// The part of a sequence of `len` that `start` and `end` mean, where negative numbers count from
/// the end and the end is included; empty if there is none.
pub fn range(start: i64, end: i64, len: usize) -> std::ops::Range<usize> {
    let len = len as i64;
    let from_end = |index: i64| if index < 0 { index.saturating_add(len).max(0) } else { index };
    let negative_end = end < 0 && end.saturating_add(len) < 0;
    let (start, end) = (from_end(start), from_end(end).min(len - 1));
    if negative_end || start > end || start >= len {
        0..0
    } else {
        start as usize..end as usize + 1
    }
}
