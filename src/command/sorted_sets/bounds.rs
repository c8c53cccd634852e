//! What a range of a sorted set can be, and how its ends are written.
//!
//! | by    | ends                                                                         |
//! |-------|------------------------------------------------------------------------------|
//! | rank  | integers; negative ones count from the end; both are included                |
//! | score | numbers, or `-inf` and `+inf`; `(5` leaves 5 itself out                      |
//! | lex   | `[name` with the name, `(name` without it, `-` before and `+` after all names |
//!
//! Each becomes a range of ranks as soon as the set is known, and all further work is the same.

use std::ops::{Bound, Range};

use super::{Result, SortedSet};
use crate::command::args::{integer, range};
use crate::command::error::Error;
use crate::number::parse_score_bound;
use crate::store::sorted_set::{LexBound, LexRange, ScoreRange};

/// What the ends of a range are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum By {
    Rank,
    Score,
    Lex,
}

/// Some of the members of a sorted set.
#[derive(Clone, Copy, Debug)]
pub enum Selection<'a> {
    /// The first and the last rank.
    Ranks(i64, i64),
    /// Those with these scores.
    Scores(ScoreRange),
    /// Those with these names; all scores should be equal.
    Names(LexRange<'a>),
}

impl<'a> Selection<'a> {
    /// Parses the two ends of a range.
    pub fn parse(by: By, min: &'a [u8], max: &'a [u8]) -> Result<Self> {
        const NO_SCORE: Error = Error::new("ERR min or max is not a float");
        const NO_NAME: Error = Error::new("ERR min or max not valid string range item");
        Ok(match by {
            By::Rank => Selection::Ranks(integer(min)?, integer(max)?),
            By::Score => {
                let (min, max) = (score_bound(min), score_bound(max));
                let (Some(min), Some(max)) = (min, max) else { return Err(NO_SCORE) };
                Selection::Scores(ScoreRange { min, max })
            }
            By::Lex => {
                let (min, max) = (lex_bound(min), lex_bound(max));
                let (Some(min), Some(max)) = (min, max) else { return Err(NO_NAME) };
                Selection::Names(LexRange { min, max })
            }
        })
    }

    /// The ranks of these members. `reverse` counts ranks from the highest score on.
    pub fn ranks(&self, zset: &SortedSet, reverse: bool) -> Range<usize> {
        match self {
            Selection::Ranks(start, end) => {
                let len = zset.len();
                let ranks = range(*start, *end, len);
                if reverse { len - ranks.end..len - ranks.start } else { ranks }
            }
            Selection::Scores(scores) => zset.ranks_by_score(scores),
            Selection::Names(names) => zset.ranks_by_lex(names),
        }
    }
}

fn score_bound(text: &[u8]) -> Option<Bound<f64>> {
    match text {
        [b'(', score @ ..] => parse_score_bound(score).map(Bound::Excluded),
        score => parse_score_bound(score).map(Bound::Included),
    }
}

fn lex_bound(text: &[u8]) -> Option<LexBound<'_>> {
    match text {
        // What follows a zero byte goes unnoticed, as with all C strings.
        [b'-'] | [b'-', 0, ..] => Some(LexBound::First),
        [b'+'] | [b'+', 0, ..] => Some(LexBound::Last),
        [b'[', name @ ..] => Some(LexBound::Included(name)),
        [b'(', name @ ..] => Some(LexBound::Excluded(name)),
        _ => None,
    }
}
