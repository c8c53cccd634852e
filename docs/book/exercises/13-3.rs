//! Too slow.
//!
//! Write `Reader::is_too_slow`. It is asked whenever something is added to what waits for a client, with how
//! many bytes that are now, and what time it is. Above the hard limit: at once. At or above the soft limit:
//! when it has been so for more than `soft_seconds`, without having been below in between. A limit of 0 is none.

use std::time::Duration;

#[derive(Clone, Copy)]
pub struct Limit {
    pub hard: usize,
    pub soft: usize,
    pub soft_seconds: u64,
}

#[derive(Default)]
pub struct Reader {
    /// Since when it has been above the soft limit.
    pub above_since: Option<Duration>,
}

impl Reader {
    /// `now` is the time since the server's start.
    pub fn is_too_slow(&mut self, waiting: usize, limit: Limit, now: Duration) -> bool {
        waiting > limit.hard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit { hard: 1000, soft: 100, soft_seconds: 60 };

    fn answers(limit: Limit, asked: &[(u64, usize)]) -> Vec<bool> {
        let mut reader = Reader::default();
        let ask = |(seconds, waiting): &(u64, usize)| {
            reader.is_too_slow(*waiting, limit, Duration::from_secs(*seconds))
        };
        asked.iter().map(ask).collect()
    }

    #[test]
    fn the_hard_limit_binds_at_once() {
        assert_eq!(answers(LIMIT, &[(0, 99), (1, 1000), (2, 1001)]), [false, false, true]);
    }

    #[test]
    fn the_soft_limit_binds_after_a_while() {
        assert_eq!(answers(LIMIT, &[(10, 100), (70, 500), (71, 100)]), [false, false, true]);
    }

    #[test]
    fn who_has_caught_up_begins_anew() {
        let asked = [(10, 500), (60, 99), (75, 500), (130, 500), (136, 500)];
        assert_eq!(answers(LIMIT, &asked), [false, false, false, false, true]);
    }

    #[test]
    fn zero_is_no_limit() {
        let none = Limit { hard: 0, soft: 0, soft_seconds: 0 };
        assert_eq!(answers(none, &[(0, 1 << 40), (99, 1 << 40)]), [false, false]);
        let soft = Limit { hard: 0, soft: 100, soft_seconds: 1 };
        assert_eq!(answers(soft, &[(0, 1 << 40), (2, 100)]), [false, true]);
    }
}
