//! The next ID.
//!
//! `next_id` reads the ID that XADD was given, and says which one the entry gets:
//!
//! | text | ID |
//! |---|---|
//! | `*` | the time, and 0; just after the last ID, if that is not before this |
//! | `5-*` | the first that is free in millisecond 5 |
//! | `5-3`, `5` | this one; `5` is `5-0` |
//!
//! It must be greater than the last one, and greater than 0-0. Behind the last sequence number of a
//! millisecond, `*` goes on with the next millisecond; `5-*` doesn't. Behind the last ID there is none.

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    pub ms: u64,
    pub seq: u64,
}

pub const INVALID: &str = "ERR Invalid stream ID specified as stream command argument";
pub const TOO_SMALL: &str =
    "ERR The ID specified in XADD is equal or smaller than the target stream top item";
pub const ZERO: &str = "ERR The ID specified in XADD must be greater than 0-0";
pub const EXHAUSTED: &str =
    "ERR The stream has exhausted the last possible ID, unable to add more items";

/// `last` is the greatest ID that there ever was in the stream; 0-0: none.
pub fn next_id(text: &str, last: Id, now_ms: u64) -> Result<Id, &'static str> {
    Ok(Id { ms: now_ms, seq: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: u64 = u64::MAX;

    fn next(text: &str, ms: u64, seq: u64) -> Result<(u64, u64), &'static str> {
        next_id(text, Id { ms, seq }, 1000).map(|id| (id.ms, id.seq))
    }

    #[test]
    fn the_time() {
        assert_eq!(next("*", 0, 0), Ok((1000, 0)));
        assert_eq!(next("*", 999, 7), Ok((1000, 0)));
        assert_eq!(next("*", 1000, 7), Ok((1000, 8)), "the same millisecond");
        assert_eq!(next("*", 2000, 7), Ok((2000, 8)), "the clock has gone back");
        assert_eq!(next("*", 2000, MAX), Ok((2001, 0)));
    }

    #[test]
    fn a_millisecond() {
        assert_eq!(next("5-*", 0, 0), Ok((5, 0)));
        assert_eq!(next("5-*", 5, 3), Ok((5, 4)));
        assert_eq!(next("0-*", 0, 0), Ok((0, 1)), "0-0 is none");
        assert_eq!(next("5-*", 6, 0), Err(TOO_SMALL));
        assert_eq!(next("5-*", 5, MAX), Err(TOO_SMALL));
    }

    #[test]
    fn an_id() {
        assert_eq!([next("5-3", 5, 2), next("5", 4, 9)], [Ok((5, 3)), Ok((5, 0))]);
        assert_eq!(next("18446744073709551615-18446744073709551615", 5, 0), Ok((MAX, MAX)));
        for text in ["5-3", "5-2", "5", "4-9", "1"] {
            assert_eq!(next(text, 5, 3), Err(TOO_SMALL), "{text}");
        }
        assert_eq!([next("0-0", 0, 0), next("0", 0, 0)], [Err(ZERO); 2]);
    }

    #[test]
    fn none_is_left() {
        assert_eq!([next("*", MAX, MAX), next("7", MAX, MAX)], [Err(EXHAUSTED); 2]);
    }

    #[test]
    fn what_is_none() {
        for text in ["", "-", "x", "5-", "-5", "5-x", "5-1-1", "*-5", "*-*", "18446744073709551616"]
        {
            assert_eq!(next(text, 0, 0), Err(INVALID), "{text}");
        }
        assert_eq!(next("x", MAX, MAX), Err(INVALID), "that is looked at first");
    }
}
