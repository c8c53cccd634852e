//! The questions a sorted set is asked: ranges of scores, ranges of members, and pages of them.
//!
//! A range is two predicates: is this entry before the range, and is it before the end of the
//! range. Both are true for a beginning of the order and false for the rest, which is all that a
//! binary search needs to turn a range into ranks. An upside-down range becomes an empty one.

use std::ops::{Bound, Range};

/// A range of scores; infinities are scores like any other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreRange {
    /// Where it begins.
    pub min: Bound<f64>,
    /// Where it ends.
    pub max: Bound<f64>,
}

/// One end of a range of members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LexBound<'a> {
    /// `-`: before every member.
    First,
    /// `+`: after every member.
    Last,
    /// `[member`
    Included(&'a [u8]),
    /// `(member`
    Excluded(&'a [u8]),
}

/// A range of members, for sets in which all scores are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LexRange<'a> {
    /// Where it begins.
    pub min: LexBound<'a>,
    /// Where it ends.
    pub max: LexBound<'a>,
}

impl ScoreRange {
    pub(super) fn is_before(&self, score: f64) -> bool {
        match self.min {
            Bound::Included(min) => score < min,
            Bound::Excluded(min) => score <= min,
            Bound::Unbounded => false,
        }
    }

    pub(super) fn is_before_end(&self, score: f64) -> bool {
        match self.max {
            Bound::Included(max) => score <= max,
            Bound::Excluded(max) => score < max,
            Bound::Unbounded => true,
        }
    }
}

impl LexRange<'_> {
    pub(super) fn is_before(&self, member: &[u8]) -> bool {
        match self.min {
            LexBound::First => false,
            LexBound::Last => true,
            LexBound::Included(min) => member < min,
            LexBound::Excluded(min) => member <= min,
        }
    }

    pub(super) fn is_before_end(&self, member: &[u8]) -> bool {
        match self.max {
            LexBound::First => false,
            LexBound::Last => true,
            LexBound::Included(max) => member <= max,
            LexBound::Excluded(max) => member < max,
        }
    }
}

/// The part of `ranks` that is left after skipping `offset` and taking at most `count`, counted
/// from the front or, if `reverse`, from the back.
pub fn page(ranks: Range<usize>, reverse: bool, offset: usize, count: usize) -> Range<usize> {
    let offset = offset.min(ranks.len());
    let count = count.min(ranks.len() - offset);
    if reverse {
        let end = ranks.end - offset;
        end - count..end
    } else {
        let start = ranks.start + offset;
        start..start + count
    }
}
