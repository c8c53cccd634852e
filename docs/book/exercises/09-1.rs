//! Ranges of scores.
//!
//! `parse` reads one end of a range: a number, `-inf`, `+inf` or `inf`; with a `(` in front, that score itself
//! is outside. What is no number is an error, and so is `nan`. `ranks` says which places of the ascending
//! `scores` lie within a range. An upside-down range is an empty one; where it lies doesn't matter. There may
//! be a million scores: look by halves.

use std::ops::Range;

pub const NOT_FLOAT: &str = "ERR min or max is not a float";

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct End {
    pub score: f64,
    pub excluded: bool,
}

pub fn parse(text: &str) -> Result<End, &'static str> {
    Err(NOT_FLOAT)
}

pub fn ranks(scores: &[f64], min: End, max: End) -> Range<usize> {
    0..scores.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(scores: &[f64], min: &str, max: &str) -> Vec<f64> {
        let ranks = ranks(scores, parse(min).unwrap(), parse(max).unwrap());
        scores.get(ranks).unwrap_or_default().to_vec()
    }

    #[test]
    fn ends_are_read() {
        let end = |score, excluded| Ok(End { score, excluded });
        assert_eq!([parse("3"), parse("(3.5")], [end(3.0, false), end(3.5, true)]);
        assert_eq!([parse("-1e3"), parse("(-1")], [end(-1000.0, false), end(-1.0, true)]);
        let infinite = f64::INFINITY;
        assert_eq!([parse("-inf"), parse("inf")], [end(-infinite, false), end(infinite, false)]);
        assert_eq!(parse("(+inf"), end(infinite, true));
        for wrong in ["", "(", "x", "nan", "(nan", "((1", "[1", "1 ", "-nan"] {
            assert_eq!(parse(wrong), Err(NOT_FLOAT), "{wrong:?}");
        }
    }

    #[test]
    fn ranges_are_found() {
        let scores = [f64::NEG_INFINITY, -1.0, 0.0, 3.0, 3.0, 3.0, 7.5, f64::INFINITY];
        assert_eq!(found(&scores, "3", "7.5"), [3.0, 3.0, 3.0, 7.5]);
        assert_eq!(found(&scores, "(3", "7.5"), [7.5]);
        assert_eq!(found(&scores, "-1", "(3"), [-1.0, 0.0]);
        assert_eq!(found(&scores, "-inf", "+inf"), scores);
        assert_eq!(found(&scores, "(-inf", "(+inf"), scores[1..7]);
        assert_eq!(found(&scores, "-0", "0"), [0.0]);
        for (min, max) in [("4", "7"), ("7", "4"), ("(3", "3"), ("(3", "(3"), ("inf", "-inf")] {
            assert!(found(&scores, min, max).is_empty(), "{min} to {max}");
        }
        assert!(found(&[], "-inf", "inf").is_empty());
    }

    #[test]
    fn a_million_scores_take_no_time() {
        let scores: Vec<f64> = (0..1_000_000).map(f64::from).collect();
        let begin = std::time::Instant::now();
        for score in 0..10_000 {
            let end = |score| End { score: f64::from(score), excluded: false };
            assert_eq!(
                ranks(&scores, end(score), end(score + 9)),
                score as usize..score as usize + 10
            );
        }
        assert!(begin.elapsed().as_secs() < 5);
    }
}
