//! To look or to sleep.
//!
//! A worker that finds nothing to read may look again a few times before it sleeps. Write the decision.
//! `wait` is called when there is nothing; it looks up to `LOOKS` times, giving the processor away before each
//! look (`world.give_way`), and sleeps (`world.sleep`) if nothing has come by then. It gives back whether it
//! had to sleep.
//!
//! If `give_way` took longer than `LONG_AWAY_NS`, another program wants the processor: look once more, since
//! you are awake, then sleep; and look no more at all for `BUSY_FOR_NS` after that.

pub const LOOKS: usize = 20;
pub const LONG_AWAY_NS: u64 = 2_000_000;
pub const BUSY_FOR_NS: u64 = 100_000_000;

pub trait World {
    fn now_ns(&self) -> u64;
    fn give_way(&mut self);
    /// Whether there is something to read.
    fn has_come(&mut self) -> bool;
    fn sleep(&mut self);
}

#[derive(Default)]
pub struct Waiter {
    // What has to be remembered?
}

impl Waiter {
    pub fn wait(&mut self, world: &mut impl World) -> bool {
        world.sleep();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Something comes at `comes_ns`; giving way takes `away_ns`.
    struct Pretended {
        now_ns: u64,
        comes_ns: u64,
        away_ns: u64,
        given: usize,
        looked: usize,
        slept: usize,
    }

    impl World for Pretended {
        fn now_ns(&self) -> u64 {
            self.now_ns
        }
        fn give_way(&mut self) {
            self.given += 1;
            self.now_ns += self.away_ns;
        }
        fn has_come(&mut self) -> bool {
            self.looked += 1;
            self.now_ns >= self.comes_ns
        }
        fn sleep(&mut self) {
            self.slept += 1;
            self.now_ns = self.now_ns.max(self.comes_ns);
        }
    }

    fn world(comes_ns: u64, away_ns: u64) -> Pretended {
        Pretended { now_ns: 0, comes_ns, away_ns, given: 0, looked: 0, slept: 0 }
    }

    #[test]
    fn what_comes_soon_needs_no_sleep() {
        let mut world = world(3_000, 500);
        assert!(!Waiter::default().wait(&mut world));
        assert_eq!((world.given, world.slept, world.now_ns), (6, 0, 3_000));
    }

    #[test]
    fn what_does_not_is_slept_for() {
        let mut world = world(1_000_000_000, 500);
        assert!(Waiter::default().wait(&mut world));
        assert_eq!((world.given, world.looked, world.slept), (LOOKS, LOOKS, 1));
    }

    #[test]
    fn others_are_noticed() {
        let mut waiter = Waiter::default();
        let mut world = world(1_000_000_000, 10_000_000);
        assert!(waiter.wait(&mut world));
        assert_eq!((world.given, world.looked, world.slept), (1, 1, 1));
        // Within the time nobody looks; what comes, is slept for.
        let mut soon = Pretended { now_ns: 60_000_000, comes_ns: 60_000_500, ..world };
        (soon.given, soon.looked, soon.away_ns) = (0, 0, 500);
        assert!(waiter.wait(&mut soon));
        assert_eq!((soon.given, soon.looked), (0, 0));
        // Afterwards as before.
        (soon.now_ns, soon.comes_ns) = (110_000_001, 110_000_400);
        assert!(!waiter.wait(&mut soon));
    }

    #[test]
    fn what_has_come_meanwhile_is_not_slept_for() {
        let mut world = world(5_000_000, 10_000_000);
        assert!(!Waiter::default().wait(&mut world), "it was there when the worker came back");
    }
}
