//! A trial: which of two ways serves more, found out by taking turns with them.
//!
//! ```text
//! served in each period   9 9 9 | 12 | 12 12 12 12 12 12 | 9 | 12 12 12 ...
//! way                     A A A | B  | B  B  B  B  B  B  | A | B  B  B  ...
//!                          try B ^   B is kept      try A ^   B is kept, for longer
//! ```
//!
//! What depends on the client, the number of cores and what else runs there can't be known beforehand, and what
//! is right for one program is wrong for the next. So both ways are tried, for a tenth of a second each. The longer one
//! of them has been the better, the less often the other one is tried again: a trial of the worse way is a tenth of a
//! second in which everybody is served late. When much more is served than before, or much less, it is another load,
//! and both ways are tried anew.
//!
//! Where little is served, neither is the better, and nothing is tried.

/// Periods before the other way is tried, when much begins to be served, and after a change.
const SOON: u32 = 2;
/// Periods between two trials, at most.
const SELDOM: u32 = 1024;
/// By how much longer the better way is left alone each time.
const LONGER: u32 = 8;
/// With fewer requests in a period than that, there is nothing to be found out.
const LEAST: u64 = 500;

/// Whether to do something, by what comes of it.
#[derive(Debug)]
pub struct Trial {
    /// What has come of the better way.
    does: bool,
    /// The other one is being tried.
    trying: bool,
    /// How much was served in the last period.
    before: u64,
    /// How much was served when the better way was found.
    usual: u64,
    /// Periods until the next trial, and from that one to the one after it.
    rest: u32,
    interval: u32,
}

impl Trial {
    /// It isn't done at first.
    pub const UNTRIED: Trial =
        Trial { does: false, trying: false, before: 0, usual: 0, rest: SOON, interval: SOON };

    /// A period is over, in which so many requests were served. Returns whether to do it in the next one.
    pub fn next(&mut self, served: u64) -> bool {
        if served < LEAST {
            *self = Trial { does: self.does, ..Trial::UNTRIED };
            return self.does;
        }
        if self.trying {
            self.trying = false;
            let (doing, not) =
                if self.does { (self.before, served) } else { (served, self.before) };
            // What makes no difference is not done.
            let does = doing > not + not / 20;
            self.interval =
                if does == self.does { (self.interval * LONGER).min(SELDOM) } else { SOON };
            (self.does, self.rest) = (does, self.interval);
            self.usual = if does { doing } else { not };
            return does;
        }
        if served.abs_diff(self.usual) > self.usual / 3 {
            (self.rest, self.interval, self.usual) = (self.rest.min(SOON), SOON, served);
        }
        self.before = served;
        self.trying = self.rest == 0;
        self.rest = self.rest.saturating_sub(1);
        self.does != self.trying
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of so many periods it is done in, if so much is served when it is done and when it isn't.
    fn done(trial: &mut Trial, periods: u32, doing: u64, not: u64) -> u32 {
        let mut does = trial.does;
        let mut count = 0;
        for _ in 0..periods {
            count += u32::from(does);
            does = trial.next(if does { doing } else { not });
        }
        count
    }

    #[test]
    fn the_way_that_serves_more_is_found_soon_and_kept() {
        let mut trial = Trial::UNTRIED;
        assert!(done(&mut trial, 20, 12_000, 10_000) >= 14);
        assert!(done(&mut trial, 1000, 12_000, 10_000) >= 980, "and hardly left again");
        assert!(done(&mut trial, 1000, 10_000, 12_000) < 600, "until it isn't the better any more");
        assert!(done(&mut trial, 1000, 10_000, 12_000) < 20);
    }

    #[test]
    fn another_load_is_a_reason_to_try_anew() {
        let mut trial = Trial::UNTRIED;
        done(&mut trial, 1000, 12_000, 10_000);
        assert!(done(&mut trial, 20, 20_000, 30_000) < 8);
        assert!(done(&mut trial, 1000, 20_000, 30_000) < 20);
        assert!(done(&mut trial, 20, 6_000, 5_000) > 12);
    }

    #[test]
    fn a_load_that_stays_is_hardly_ever_disturbed() {
        let mut trial = Trial::UNTRIED;
        done(&mut trial, 2000, 9_000, 10_000);
        assert!(done(&mut trial, 10_000, 9_000, 10_000) <= 10);
    }

    #[test]
    fn what_makes_no_difference_is_not_done() {
        let mut trial = Trial::UNTRIED;
        assert!(done(&mut trial, 1000, 10_500, 10_000) < 20);
        assert!(done(&mut trial, 1000, 9_500, 10_000) < 20);
    }

    #[test]
    fn nothing_is_tried_while_little_is_served() {
        let mut trial = Trial::UNTRIED;
        assert_eq!(done(&mut trial, 1000, LEAST - 1, LEAST - 1), 0);
        assert!(done(&mut trial, 20, 12_000, 10_000) >= 14);
        assert_eq!(done(&mut trial, 1000, 0, 0), 1000, "what was found out stands");
    }
}
