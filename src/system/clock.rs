//! The clock: the one that everything asks that looks at time, and that tests can turn.
//!
//! A [`Clock`] belongs to a server and has two hands. A [`Tick`] is a moment as time-outs and durations
//! count: nanoseconds, and they never go back. Unix time is the time of day: plain arithmetic on a tick, so one
//! reading gives both. It is read once for each command, so its price counts: the standard library's
//! `Instant` keeps seconds and nanoseconds apart and checks each subtraction, several times the work
//! of looking up a key.
//!
//! ```text
//!   runs:    tick = the machine's + ahead          FREEZE, manual(at) ──> stands
//!   stands:  tick = where it was put               RUN ──> runs, from where it stood
//!
//!   advance(an hour), either way:
//!       now ──┬── 2 s: a key expires ──┬── 5 s: BLPOP gives up ──┬── ... ──> now + an hour
//!             └ all whom it concerns   └ its reply is written    └ the time goes on when that is done
//!               have been told
//! ```
//!
//! A clock knows nobody. Who has things to do by it gives it [`Timers`], and is asked when the next thing is
//! due, at each step of the way.
//!
//! Some waiting is no business of this clock, since it is for the outside world: a socket that has to
//! take bytes, a disk, another machine, a thread that has to end, and what a thread may take of the processor.
//! That goes by [`machine_now`], and this file is the only one that reads the machine's clocks.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use once_cell::sync::Lazy;

use super::mutex::locked;

static START: Lazy<Instant> = Lazy::new(Instant::now);

/// The machine's own time, which nobody turns: for waiting for the outside world, and for measuring what
/// work takes.
#[inline]
pub fn machine_now() -> Instant {
    Instant::now()
}

/// A moment of a clock, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick(u64);

impl Tick {
    /// This moment by no server's clock: nanoseconds since the process first looked.
    #[inline]
    pub fn of_machine() -> Tick {
        Tick::since_instant(*START)
    }

    #[inline]
    fn since_instant(start: Instant) -> Tick {
        let passed = Instant::now().saturating_duration_since(start);
        Tick(passed.as_secs() * 1_000_000_000 + u64::from(passed.subsec_nanos()))
    }

    /// A moment that was kept as a number.
    #[inline]
    pub fn from_ns(ns: u64) -> Tick {
        Tick(ns)
    }

    /// The number to keep it as.
    #[inline]
    pub fn as_ns(self) -> u64 {
        self.0
    }

    /// Nanoseconds since an earlier moment.
    #[inline]
    pub fn since(self, earlier: Tick) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The moment so much later. In centuries, it is one that no clock gets to.
    pub fn after(self, time: Duration) -> Tick {
        let ns = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        Tick(self.0.saturating_add(ns))
    }
}

/// The latest time that a clock can be turned to, in Unix milliseconds: in the year 2286.
const LAST_MS: u64 = 9_999_999_999_999;

const TOO_FAR: &str = "a clock goes from 1970 to 2286";

/// No clock goes so far, or so far back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange;

/// What is done to a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It shows this Unix time, in milliseconds. Ahead, that is the same as [`Turn::Advance`]; back, nothing is
    /// due for it, and what was to happen in an hour still does.
    Set(u64),
    /// So much time passes.
    Advance(Duration),
    /// It stands still.
    Freeze,
    /// It goes on at the machine's pace.
    Run,
}

/// Somebody who has things to do at certain times of a clock.
pub trait Timers: Send + Sync {
    /// When the next thing is due; it may have been for long.
    fn next(&self) -> Option<Tick>;
    /// Does what is due, and waits until those know whom it concerns, or the machine's time is this.
    fn run(&self, until: Instant);
    /// The clock was turned: who sleeps by it looks again, and what is done now and then is done once.
    fn turned(&self);
}

/// How long all steps of one turn wait together for threads that write what was due: a peer that reads nothing
/// holds no clock up.
const PATIENCE: Duration = Duration::from_secs(1);

/// No sleep is longer; any time would do.
const LONGEST_SLEEP: Duration = Duration::from_secs(3600);

/// A clock. Clones are the same one.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// let clock = cacheflow::Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000));
/// clock.advance(Duration::from_secs(3600));
/// assert_eq!(clock.unix_ms(), 1_900_003_600_000);
/// ```
#[derive(Clone, Default)]
pub struct Clock(Arc<Face>);

struct Face {
    /// Where it stands; [`RUNS`]: it doesn't.
    stands_at: AtomicU64,
    /// When it was made: the machine's tick 0.
    made: Instant,
    /// What is added to the machine's tick while it runs, wrapping around if it is behind.
    ahead_ns: AtomicU64,
    /// Unix time of tick 0, in microseconds.
    zero_us: AtomicI64,
    /// Somebody has turned it, so it isn't set by the machine's any more.
    is_turned: AtomicBool,
    timers: Mutex<Vec<Weak<dyn Timers>>>,
    /// Held while it is being turned.
    turning: Mutex<()>,
}

const RUNS: u64 = u64::MAX;

impl Default for Face {
    fn default() -> Self {
        let made = Instant::now();
        Face {
            stands_at: AtomicU64::new(RUNS),
            made,
            ahead_ns: AtomicU64::new(0),
            zero_us: AtomicI64::new(zero_us(made)),
            is_turned: AtomicBool::new(false),
            timers: Mutex::default(),
            turning: Mutex::default(),
        }
    }
}

/// The time of day at this moment, in Unix microseconds, as the machine would have it now.
fn zero_us(moment: Instant) -> i64 {
    us_of(SystemTime::now()) - (Tick::since_instant(moment).0 / 1000) as i64
}

fn us_of(time: SystemTime) -> i64 {
    let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX)
}

impl Clock {
    /// A clock that shows the machine's time, and goes with it until it is turned.
    ///
    /// ```
    /// let clock = cacheflow::Clock::machine();
    /// assert!(!clock.is_frozen());
    /// ```
    pub fn machine() -> Clock {
        Clock::default()
    }

    /// A clock that shows `at`, a time from 1970 to 2286, and stands still until it is turned.
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    /// let clock = cacheflow::Clock::manual(UNIX_EPOCH + Duration::from_secs(5));
    /// assert_eq!(clock.unix_ms(), 5000);
    /// ```
    pub fn manual(at: SystemTime) -> Clock {
        let clock = Clock::default();
        let face = &*clock.0;
        face.stands_at.store(0, Ordering::Release);
        face.zero_us.store(us_of(at).min(LAST_MS as i64 * 1000), Ordering::Release);
        face.is_turned.store(true, Ordering::Relaxed);
        clock
    }

    /// This moment.
    #[doc(hidden)]
    #[inline]
    pub fn tick(&self) -> Tick {
        match self.0.stands_at.load(Ordering::Acquire) {
            RUNS => {
                let ahead = self.0.ahead_ns.load(Ordering::Relaxed);
                Tick(Tick::since_instant(self.0.made).0.wrapping_add(ahead))
            }
            ns => Tick(ns),
        }
    }

    /// How much time has passed since.
    #[doc(hidden)]
    #[inline]
    pub fn since(&self, earlier: Tick) -> Duration {
        Duration::from_nanos(self.tick().since(earlier))
    }

    /// The moment so far from now.
    #[doc(hidden)]
    pub fn after(&self, time: Duration) -> Tick {
        self.tick().after(time)
    }

    /// Unix time in microseconds at a moment.
    #[doc(hidden)]
    #[inline]
    pub fn unix_us(&self, tick: Tick) -> i64 {
        self.0.zero_us.load(Ordering::Relaxed) + (tick.0 / 1000) as i64
    }

    /// Unix time in milliseconds.
    ///
    /// ```
    /// assert!(cacheflow::Clock::machine().unix_ms() > 0);
    /// ```
    #[inline]
    pub fn unix_ms(&self) -> i64 {
        self.unix_us(self.tick()) / 1000
    }

    /// The first moment at which Unix time in milliseconds is greater than this.
    #[doc(hidden)]
    pub fn when_past(&self, unix_ms: i64) -> Tick {
        let us = unix_ms.saturating_add(1).saturating_mul(1000);
        let since_zero = us.saturating_sub(self.0.zero_us.load(Ordering::Relaxed)).max(0) as u64;
        Tick(since_zero.saturating_mul(1000))
    }

    /// Whether it stands still.
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    /// let clock = cacheflow::Clock::manual(UNIX_EPOCH + Duration::from_secs(5));
    /// assert!(clock.is_frozen());
    /// ```
    pub fn is_frozen(&self) -> bool {
        self.0.stands_at.load(Ordering::Acquire) != RUNS
    }

    /// How long a thread may sleep that wants to look again at a moment. If the clock stands, nothing
    /// happens until somebody turns it, which wakes the thread.
    #[doc(hidden)]
    pub fn sleep_until(&self, moment: Option<Tick>) -> Duration {
        let Some(moment) = moment.filter(|_| !self.is_frozen()) else { return LONGEST_SLEEP };
        Duration::from_nanos(moment.since(self.tick())).min(LONGEST_SLEEP)
    }

    /// Compares the time of day with the machine's, which somebody may have set.
    #[doc(hidden)]
    pub fn adjust(&self) {
        if !self.0.is_turned.load(Ordering::Relaxed) {
            self.0.zero_us.store(zero_us(self.0.made), Ordering::Relaxed);
        }
    }

    /// From now on `timers` are run when it is turned, as long as they are there.
    #[doc(hidden)]
    pub fn add_timers(&self, timers: Weak<dyn Timers>) {
        locked(&self.0.timers).push(timers);
    }

    /// Lets time pass. What is due in it has happened when this returns, one thing after the other in the order
    /// in which it was: keys have expired and who listens has been told, clients that waited have their answers.
    ///
    /// # Panics
    ///
    /// Beyond the year 2286.
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    /// let clock = cacheflow::Clock::manual(UNIX_EPOCH + Duration::from_secs(5));
    /// clock.advance(Duration::from_millis(1));
    /// assert_eq!(clock.unix_ms(), 5001);
    /// ```
    pub fn advance(&self, time: Duration) {
        self.turn(Turn::Advance(time)).expect(TOO_FAR);
    }

    /// Sets the time. Ahead, this is [`advance`](Self::advance); back, only the time of day changes.
    ///
    /// # Panics
    ///
    /// Before 1970, and beyond the year 2286.
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    /// let clock = cacheflow::Clock::manual(UNIX_EPOCH + Duration::from_secs(5));
    /// clock.set(UNIX_EPOCH + Duration::from_secs(60));
    /// assert_eq!(clock.unix_ms(), 60_000);
    /// ```
    pub fn set(&self, to: SystemTime) {
        let ms = to.duration_since(UNIX_EPOCH).map(|time| time.as_millis() as u64);
        ms.or(Err(OutOfRange)).and_then(|ms| self.turn(Turn::Set(ms))).expect(TOO_FAR);
    }

    /// Stops it.
    ///
    /// ```
    /// let clock = cacheflow::Clock::machine();
    /// clock.freeze();
    /// assert_eq!(clock.unix_ms(), clock.unix_ms());
    /// ```
    pub fn freeze(&self) {
        self.turn(Turn::Freeze).expect("it may always stop");
    }

    /// Lets it go on at the machine's pace.
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    /// let clock = cacheflow::Clock::manual(UNIX_EPOCH + Duration::from_secs(5));
    /// clock.run();
    /// assert!(!clock.is_frozen());
    /// ```
    pub fn run(&self) {
        self.turn(Turn::Run).expect("it may always run");
    }

    /// Does one of these.
    #[doc(hidden)]
    pub fn turn(&self, turn: Turn) -> Result<(), OutOfRange> {
        let one = locked(&self.0.turning);
        match turn {
            Turn::Advance(time) => self.pass(self.tick().after(time))?,
            Turn::Set(ms) if ms > LAST_MS => return Err(OutOfRange),
            Turn::Set(ms) => {
                let ahead_us = ms as i64 * 1000 - self.unix_us(self.tick());
                match u64::try_from(ahead_us) {
                    Ok(us) => self.pass(self.tick().after(Duration::from_micros(us)))?,
                    Err(_) => _ = self.0.zero_us.fetch_add(ahead_us, Ordering::Relaxed),
                }
            }
            Turn::Freeze => self.stand_at(self.tick()),
            Turn::Run => self.go_on(),
        }
        self.0.is_turned.store(true, Ordering::Relaxed);
        drop(one);
        self.timers().iter().for_each(|timers| timers.turned());
        Ok(())
    }

    /// Goes from one thing that is due to the next, up to `end`. The clock stands at each until it is done.
    fn pass(&self, end: Tick) -> Result<(), OutOfRange> {
        if end.0 == u64::MAX || self.unix_us(end) / 1000 > LAST_MS as i64 {
            return Err(OutOfRange);
        }
        let (ran, now) = (!self.is_frozen(), self.tick());
        let (timers, patience) = (self.timers(), machine_now() + PATIENCE);
        self.stand_at(now);
        loop {
            let next = timers.iter().filter_map(|timers| timers.next()).min();
            match next.filter(|next| *next <= end) {
                Some(next) => {
                    self.stand_at(next.max(self.tick()));
                    timers.iter().for_each(|timers| timers.run(patience));
                }
                // Once more at the end: a moment ago somebody may have begun to wait.
                None if self.tick() < end => self.stand_at(end),
                None => break,
            }
        }
        if ran {
            self.go_on();
        }
        Ok(())
    }

    fn stand_at(&self, tick: Tick) {
        self.0.stands_at.store(tick.0, Ordering::Release);
    }

    fn go_on(&self) {
        if self.is_frozen() {
            let ahead = self.tick().0.wrapping_sub(Tick::since_instant(self.0.made).0);
            self.0.ahead_ns.store(ahead, Ordering::Relaxed);
            self.0.stands_at.store(RUNS, Ordering::Release);
        }
    }

    /// Those that are still there.
    fn timers(&self) -> Vec<Arc<dyn Timers>> {
        let mut timers = locked(&self.0.timers);
        timers.retain(|timers| timers.strong_count() > 0);
        timers.iter().filter_map(Weak::upgrade).collect()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = if self.is_frozen() { "stands" } else { "runs" };
        write!(f, "Clock({mode} at {} ms)", self.unix_ms())
    }
}

#[cfg(test)]
#[path = "clock_tests.rs"]
mod tests;
