//! The clock that commands are timed with.
//!
//! It is read once for each command, so its price counts: a [`Tick`] is one number, nanoseconds of
//! the monotonic clock, and differences and times of day are plain arithmetic on it. The
//! standard library's `Instant` keeps seconds and nanoseconds apart and checks each subtraction,
//! several times the work of looking up a key.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use once_cell::sync::Lazy;

static START: Lazy<Instant> = Lazy::new(Instant::now);

/// A moment, in nanoseconds since the process first looked at the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick(u64);

impl Tick {
    /// This moment.
    #[inline]
    pub fn now() -> Tick {
        let passed = Instant::now().saturating_duration_since(*START);
        Tick(passed.as_secs() * 1_000_000_000 + u64::from(passed.subsec_nanos()))
    }

    /// Nanoseconds since the process first looked at the clock.
    #[inline]
    pub fn as_ns(self) -> u64 {
        self.0
    }

    /// Nanoseconds since an earlier moment.
    #[inline]
    pub fn since(self, earlier: Tick) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Wall time by way of the monotonic clock: one reading gives both.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Unix time of tick 0, in microseconds.
    offset_us: i64,
}

impl Clock {
    /// A clock that is right now.
    pub fn now() -> Clock {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Clock { offset_us: since_epoch.as_micros() as i64 - (Tick::now().0 / 1000) as i64 }
    }

    /// Unix time in microseconds.
    #[inline]
    pub fn unix_us(&self, tick: Tick) -> i64 {
        self.offset_us + (tick.0 / 1000) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_run_with_the_wall_clock() {
        let (clock, begun) = (Clock::now(), Tick::now());
        std::thread::sleep(Duration::from_millis(20));
        let ended = Tick::now();
        assert!(ended.since(begun) >= 20_000_000);
        assert_eq!(begun.since(ended), 0);
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as i64;
        assert!((clock.unix_us(ended) - wall).abs() < 10_000);
    }
}
