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
        if limit.hard > 0 && waiting > limit.hard {
            return true;
        }
        if limit.soft == 0 || waiting < limit.soft {
            self.above_since = None;
            return false;
        }
        let since = *self.above_since.get_or_insert(now);
        now - since > Duration::from_secs(limit.soft_seconds)
    }
}
