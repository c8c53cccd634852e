//! A trial: which of two ways serves more, found out by taking turns with them.
//!
//! ```text
//! served in each period   9 9 9 | 12 | 12 12 12 12 12 12 | 9 | 12 12 12 ...
//! way                     A A A | B  | B  B  B  B  B  B  | A | B  B  B  ...
//!                          try B ^   B is kept      try A ^   B is kept, for twice as long
//! ```
//!
//! What depends on the client, the number of cores and what else runs there can't be known beforehand, and what
//! is right for one program is wrong for the next. So both ways are tried, for a tenth of a second each. The longer one
//! of them has been the better, the less often the other one is tried again.
//!
//! Where little is served, neither is the better, and nothing is tried.

/// Periods before the other way is tried, when much begins to be served, and after a change.
const SOON: u32 = 2;
/// Periods between two trials, at most.
const SELDOM: u32 = 128;
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
    /// Periods until the next trial, and from that one to the one after it.
    rest: u32,
    interval: u32,
}

impl Trial {
    /// It isn't done at first.
    pub const UNTRIED: Trial =
        Trial { does: false, trying: false, before: 0, rest: SOON, interval: SOON };

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
            self.interval = if does == self.does { (self.interval * 2).min(SELDOM) } else { SOON };
            (self.does, self.rest) = (does, self.interval);
            return does;
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
        assert!(done(&mut trial, 200, 10_000, 12_000) < 150, "until it isn't the better any more");
        assert!(done(&mut trial, 1000, 10_000, 12_000) < 20);
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
