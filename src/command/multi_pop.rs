//! What LMPOP, ZMPOP and their blocking twins BLMPOP and BZMPOP are asked for: all four are written
//!
//! ```text
//! numkeys key [key ...] <one end|the other> [COUNT count]
//! ```
//!
//! and differ only in how they name the ends.

use super::args::{Options, integer_in, is};
use super::error::{self, Error, Result};
use crate::resp::Args;

/// A request to take elements from the first of several keys that has any.
#[derive(Clone, Copy)]
pub struct MultiPop<'a, End> {
    /// The keys to look at, in order.
    pub keys: Args<'a>,
    /// Which end to take from.
    pub end: End,
    /// How many elements at most.
    pub count: usize,
}

impl<'a, End> MultiPop<'a, End> {
    /// Parses the arguments from `start` on; `end` knows the words for the ends.
    pub fn parse(args: Args<'a>, start: usize, end: fn(&[u8]) -> Result<End>) -> Result<Self> {
        const NO_KEYS: Error = Error::new("ERR numkeys should be greater than 0");
        const NO_COUNT: Error = Error::new("ERR count should be greater than 0");
        let mut options = Options::new(args, start);
        let numkeys = integer_in(options.value()?, 1, i64::MAX, NO_KEYS)? as usize;
        // The end must follow the keys.
        if numkeys >= options.left() {
            return Err(error::SYNTAX);
        }
        let keys = options.take_many(numkeys);
        let end = end(options.value()?)?;
        let mut count = None;
        while let Some(option) = options.next() {
            match option {
                _ if is(option, "COUNT") && count.is_none() => {
                    count = Some(integer_in(options.value()?, 1, i64::MAX, NO_COUNT)? as usize);
                }
                _ => return Err(error::SYNTAX),
            }
        }
        Ok(MultiPop { keys, end, count: count.unwrap_or(1) })
    }
}
