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
    busy_until_ns: u64,
}

impl Waiter {
    pub fn wait(&mut self, world: &mut impl World) -> bool {
        for _ in 0..LOOKS {
            let before = world.now_ns();
            if before < self.busy_until_ns {
                break;
            }
            world.give_way();
            let now = world.now_ns();
            if now - before > LONG_AWAY_NS {
                self.busy_until_ns = now + BUSY_FOR_NS;
            }
            if world.has_come() {
                return false;
            }
        }
        world.sleep();
        true
    }
}
