//! Is it faster?
//!
//! Two servers were measured in rounds, one right after the other. Write `compare`: from the pairs (ours,
//! theirs), the median of the ratios ours / theirs, the lowest and the highest. With an even number of
//! rounds, the median is the mean of the two in the middle. Rounds in which theirs is 0 tell nothing. None,
//! if none is left.
//!
//! And `verdict`: `Faster` if all ratios are above 1, `Slower` if all are below, otherwise `NoDifference`.

#[derive(Debug, PartialEq)]
pub struct Ratio {
    pub median: f64,
    pub lowest: f64,
    pub highest: f64,
}

#[derive(Debug, PartialEq)]
pub enum Verdict {
    Faster,
    Slower,
    NoDifference,
}

pub fn compare(rounds: &[(f64, f64)]) -> Option<Ratio> {
    None
}

pub fn verdict(ratio: &Ratio) -> Verdict {
    Verdict::NoDifference
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_minute_counts_for_neither() {
        // The machine was half as fast in the second round, for both.
        let ratio = compare(&[(110.0, 100.0), (55.0, 50.0), (220.0, 200.0)]).unwrap();
        assert!((ratio.median - 1.1).abs() < 1e-9 && (ratio.highest - ratio.lowest) < 1e-9);
        assert_eq!(verdict(&ratio), Verdict::Faster);
    }

    #[test]
    fn the_median_is_of_the_ratios() {
        let ratio = compare(&[(3.0, 1.0), (1.0, 2.0), (4.0, 2.0), (9.0, 9.0)]).unwrap();
        assert_eq!(ratio, Ratio { median: 1.5, lowest: 0.5, highest: 3.0 });
        assert_eq!(verdict(&ratio), Verdict::NoDifference);
        assert_eq!(compare(&[(1.0, 2.0)]).unwrap().median, 0.5);
    }

    #[test]
    fn rounds_without_a_number() {
        assert_eq!(compare(&[]), None);
        assert_eq!(compare(&[(1.0, 0.0)]), None);
        let ratio = compare(&[(1.0, 0.0), (1.0, 2.0)]).unwrap();
        assert_eq!(verdict(&ratio), Verdict::Slower);
    }
}
