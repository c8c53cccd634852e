//! How long the link waits before it tries again.
//!
//! A link that broke is tried again soon, and then less and less often, up to once a second. A full
//! synchronisation is another matter, for it costs the master a snapshot. One that has led nowhere (a
//! snapshot of a version that we don't know, a command in the stream that fails here) is worth one more
//! attempt at once: perhaps it was our data that was wrong. After that it is as likely to lead nowhere
//! again, so the pauses double up to some minutes, until a link has lasted for longer than that.

use std::time::Duration;

/// The first pause after a link that broke, and the longest.
const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(1);
/// The longest pause between full synchronisations that lead nowhere.
const LONGEST_FRUITLESS: Duration = Duration::from_secs(300);

/// What is known of the attempts to follow one master.
#[derive(Debug)]
pub struct Retry {
    pause: Duration,
    /// How many full synchronisations have led nowhere.
    fruitless: u32,
}

/// How an attempt has ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ended {
    /// How long the link was up.
    pub up_for: Option<Duration>,
    /// The next attempt has to be a full synchronisation, though there was one, or this one was one.
    pub fruitless: bool,
}

impl Default for Retry {
    fn default() -> Self {
        Retry { pause: FIRST, fruitless: 0 }
    }
}

impl Retry {
    /// How long to wait now.
    pub fn pause_after(&mut self, ended: Ended) -> Duration {
        if ended.up_for.is_some() {
            self.pause = FIRST;
        }
        if ended.up_for.is_some_and(|time| time > LONGEST_FRUITLESS) {
            self.fruitless = 0;
        }
        if ended.fruitless {
            self.fruitless += 1;
            return match self.fruitless {
                1 => FIRST,
                count => (LONGEST * (1 << (count - 2).min(16))).min(LONGEST_FRUITLESS),
            };
        }
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BROKEN: Ended = Ended { up_for: None, fruitless: false };
    const FRUITLESS: Ended = Ended { up_for: Some(Duration::from_secs(1)), fruitless: true };

    #[test]
    fn a_link_that_breaks_is_tried_again_within_a_second() {
        let mut retry = Retry::default();
        let pauses: Vec<u128> = (0..7).map(|_| retry.pause_after(BROKEN).as_millis()).collect();
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1000, 1000]);
        let was_up = Ended { up_for: Some(Duration::ZERO), fruitless: false };
        assert_eq!(retry.pause_after(was_up), FIRST);
    }

    #[test]
    fn what_leads_nowhere_is_tried_less_and_less_often() {
        let mut retry = Retry::default();
        let pauses: Vec<u128> = (0..5).map(|_| retry.pause_after(FRUITLESS).as_millis()).collect();
        assert_eq!(pauses, [50, 1000, 2000, 4000, 8000]);
        assert_eq!(retry.pause_after(BROKEN), FIRST);
        let pauses = (0..40).map(|_| retry.pause_after(FRUITLESS));
        assert_eq!(pauses.max(), Some(LONGEST_FRUITLESS));
        let lasted = Ended { up_for: Some(LONGEST_FRUITLESS * 2), fruitless: true };
        assert_eq!(retry.pause_after(lasted), FIRST);
    }
}
