//! SCAN, and the arguments that it shares with HSCAN, SSCAN and ZSCAN.
//!
//! A scan keeps no state on the server: the cursor says where to go on. What is promised is that
//! an element that is there from the first call to the last is reported at least once; the store's
//! tables see to that (see [`crate::store::keyspace`]). Filters apply to what a call has found, so
//! a call may well answer with a cursor and nothing else.

use crate::catalogue::Command;
use crate::command::args::{Options, is};
use crate::command::context::Context;
use crate::command::error::{self, Error, Result};
use crate::config::CompatVersion;
use crate::number::glob;
use crate::resp::{Args, Reply};
use crate::store::Bytes;

/// How many elements a call looks at when COUNT doesn't say.
const DEFAULT_COUNT: usize = 10;

/// The options of the four commands.
pub struct ScanOptions<'a> {
    /// `COUNT`: how many elements to look at.
    pub count: usize,
    /// `TYPE`: only keys that hold this; SCAN alone has it.
    pub type_name: Option<&'a [u8]>,
    /// `NOVALUES` of HSCAN, `NOSCORES` of ZSCAN: fields and members alone.
    pub no_values: bool,
    pattern: Option<&'a [u8]>,
}

impl<'a> ScanOptions<'a> {
    /// Parses the options from argument `start` on. The last of a kind wins.
    pub fn parse(
        args: Args<'a>,
        start: usize,
        command: Command,
        compat: CompatVersion,
    ) -> Result<Self> {
        let mut scan =
            ScanOptions { count: DEFAULT_COUNT, type_name: None, no_values: false, pattern: None };
        let mut options = Options::new(args, start);
        while let Some(option) = options.next() {
            match option {
                _ if is(option, "COUNT") => {
                    let count = usize::try_from(options.integer()?).ok();
                    scan.count = count.filter(|count| *count > 0).ok_or(error::SYNTAX)?;
                }
                _ if is(option, "MATCH") => {
                    // `*` matches everything, even the empty text, which it would not as a glob.
                    scan.pattern = Some(options.value()?).filter(|pattern| *pattern != b"*");
                }
                _ if is(option, "TYPE") && command == Command::Scan => {
                    scan.type_name = Some(options.value()?);
                }
                _ if is(option, "NOVALUES") && command == Command::Hscan => scan.no_values = true,
                _ if is(option, "NOSCORES") && command == Command::Zscan => scan.no_values = true,
                _ if is(option, "NOVALUES") && compat.knows_options_of_others() => {
                    return Err(Error::new("ERR NOVALUES option can only be used in HSCAN"));
                }
                _ => return Err(error::SYNTAX),
            }
        }
        Ok(scan)
    }

    /// Whether an element may be reported.
    pub fn matches(&self, element: &[u8]) -> bool {
        self.pattern.is_none_or(|pattern| glob::matches(pattern, element, false))
    }
}

/// Parses a cursor as C's `strtoul` does: a sign is allowed, and nothing at all is zero. Redis 8.2
/// takes no minus, and wants a digit.
pub fn parse_cursor(text: &[u8], compat: CompatVersion) -> Result<u64> {
    if compat.is_strict_about_cursors() && (text.is_empty() || text[0] == b'-') {
        return Err(INVALID_CURSOR);
    }
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let cursor = digits.iter().try_fold(0u64, |cursor, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        cursor.checked_mul(10)?.checked_add(digit)
    });
    match cursor {
        // A sign without digits is no number, and strtoul leaves it unread.
        Some(_) if digits.is_empty() && !text.is_empty() => Err(INVALID_CURSOR),
        Some(cursor) if negative => Ok(cursor.wrapping_neg()),
        Some(cursor) => Ok(cursor),
        None => Err(INVALID_CURSOR),
    }
}

const INVALID_CURSOR: Error = Error::new("ERR invalid cursor");

/// `SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]`
pub fn scan(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let cursor = parse_cursor(args.at(1), ctx.compat())?;
    let options = ScanOptions::parse(args, 2, Command::Scan, ctx.compat())?;
    ctx.effects_are_apart();
    let mut found: Vec<Bytes> = Vec::new();
    let next = ctx.keyspace().scan(cursor, options.count, |entry| {
        if options.matches(&entry.key) {
            found.push(entry.key.clone());
        }
    });
    found.retain(|key| match options.type_name {
        Some(name) => ctx
            .look(key)
            .is_some_and(|value| value.type_name().as_bytes().eq_ignore_ascii_case(name)),
        None => ctx.exists(key),
    });
    reply.array(2);
    reply.bulk(next.to_string().as_bytes());
    reply.array(found.len());
    found.iter().for_each(|key| reply.bulk(key));
    Ok(())
}

/// The reply to a scan of a collection that doesn't exist.
pub fn reply_nothing(reply: &mut Reply) {
    reply_found(reply, |_| (0, 0));
}

/// The reply to a scan of a collection. `write` writes what it finds, and returns the next cursor
/// and how many values it has written.
pub fn reply_found(reply: &mut Reply, write: impl FnOnce(&mut Reply) -> (u64, usize)) {
    let start = reply.len();
    let (next, found) = write(reply);
    reply.prepend(start, |reply| {
        reply.array(2);
        reply.bulk(next.to_string().as_bytes());
        reply.array(found);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from redis-server 7.0.15.
    #[test]
    fn cursors_are_read_as_c_reads_them() {
        for (text, cursor) in [
            (&b"0"[..], Some(0)),
            (b"", Some(0)),
            (b"17", Some(17)),
            (b"+17", Some(17)),
            (b"-1", Some(u64::MAX)),
            (b"18446744073709551615", Some(u64::MAX)),
            (b"18446744073709551616", None),
            (b" 1", None),
            (b"1 ", None),
            (b"1.5", None),
            (b"-", None),
        ] {
            assert_eq!(parse_cursor(text, CompatVersion::Redis7).ok(), cursor, "{text:?}");
        }
    }
}
