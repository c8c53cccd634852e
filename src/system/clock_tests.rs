//! A clock that runs, one that stands, and what is due by it.

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn ticks_run_with_the_wall_clock() {
    let clock = Clock::machine();
    let begun = clock.tick();
    std::thread::sleep(Duration::from_millis(20));
    let ended = clock.tick();
    assert!(ended.since(begun) >= 20_000_000);
    assert_eq!(begun.since(ended), 0);
    assert!((clock.unix_us(ended) - us_of(SystemTime::now())).abs() < 10_000);
}

#[test]
fn one_that_stands_goes_only_where_it_is_put() {
    let clock = Clock::manual(at(1000));
    let begun = clock.tick();
    assert_eq!((clock.unix_ms(), clock.since(begun)), (1_000_000, Duration::ZERO));
    clock.advance(HOUR);
    clock.adjust();
    assert_eq!((clock.unix_ms(), clock.since(begun)), (4_600_000, HOUR));
    clock.set(at(4700));
    assert_eq!((clock.unix_ms(), clock.since(begun)), (4_700_000, HOUR + HOUR / 36));
    clock.set(at(10)); // back: what was to come in an hour still does
    assert_eq!((clock.unix_ms(), clock.since(begun)), (10_000, HOUR + HOUR / 36));
    assert_eq!(clock.sleep_until(Some(clock.after(Duration::from_secs(1)))), LONGEST_SLEEP);
}

#[test]
fn one_that_was_turned_runs_on_from_there() {
    let clock = Clock::manual(at(1000));
    clock.run();
    assert!(!clock.is_frozen() && (1_000_000..1_060_000).contains(&clock.unix_ms()));
    clock.advance(HOUR);
    clock.adjust();
    assert!(!clock.is_frozen() && (4_600_000..4_660_000).contains(&clock.unix_ms()));
    let before = clock.tick();
    clock.freeze();
    let stands = clock.tick();
    assert!(stands >= before && clock.tick() == stands);
    assert!(clock.sleep_until(Some(stands)) == LONGEST_SLEEP);
    clock.run();
    assert!(clock.tick() >= stands && clock.sleep_until(Some(stands)).is_zero());
}

#[test]
fn nonsense_is_refused() {
    let clock = Clock::manual(at(1000));
    for time in [Duration::MAX, Duration::from_secs(u64::MAX), Duration::from_millis(LAST_MS)] {
        assert_eq!(clock.turn(Turn::Advance(time)), Err(OutOfRange), "{time:?}");
    }
    assert_eq!(clock.turn(Turn::Set(LAST_MS + 1)), Err(OutOfRange));
    assert_eq!(clock.unix_ms(), 1_000_000);
    assert_eq!(clock.turn(Turn::Set(LAST_MS)), Ok(()));
    assert_eq!(clock.turn(Turn::Set(0)), Ok(()));
    assert_eq!(clock.turn(Turn::Set(LAST_MS)), Err(OutOfRange), "ticks go on and on");
    assert_eq!(clock.unix_ms(), 0);
}

/// Notes when it was run.
struct Alarm {
    clock: Clock,
    set_for: Mutex<Vec<Tick>>,
    rung: Mutex<Vec<Tick>>,
}

impl Timers for Alarm {
    fn next(&self) -> Option<Tick> {
        locked(&self.set_for).iter().min().copied()
    }

    fn run(&self, _: Instant) {
        let now = self.clock.tick();
        locked(&self.set_for).retain(|at| *at > now);
        locked(&self.rung).push(now);
    }

    fn turned(&self) {}
}

#[test]
fn what_is_due_happens_at_its_time_and_in_order() {
    let clock = Clock::manual(at(1000));
    let in_s = |seconds| clock.after(Duration::from_secs(seconds));
    let times = vec![in_s(50), in_s(10), in_s(9000), in_s(20), in_s(10)];
    let expected = [in_s(10), in_s(20), in_s(50)];
    let alarm = Alarm { clock: clock.clone(), set_for: times.into(), rung: Mutex::default() };
    let alarm = Arc::new(alarm);
    let weak = Arc::downgrade(&alarm);
    clock.add_timers(weak);
    clock.advance(HOUR);
    assert_eq!(*locked(&alarm.rung), expected);
    assert_eq!(clock.unix_ms(), 4_600_000);
    drop(alarm);
    clock.advance(HOUR * 3); // nobody is there any more
}
