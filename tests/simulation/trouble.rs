//! Trouble, as a seed decides.

use cacheflow::cluster::manual::Manner;
use cacheflow::system::random::Random;

use super::world::World;

pub struct Trouble {
    random: Random,
    /// Hosts that are to start again, and when.
    to_start: Vec<(u64, usize)>,
    /// When the partition ends.
    parted_until_ms: u64,
}

impl Trouble {
    pub fn new(seed: u64) -> Trouble {
        Trouble {
            random: Random::from_seed(seed ^ 0x7206b1e),
            to_start: Vec::new(),
            parted_until_ms: 0,
        }
    }

    fn below(&mut self, below: u64) -> u64 {
        self.random.next_u64() % below
    }

    /// Something happens, perhaps.
    pub fn make(&mut self, world: &mut World) {
        let now_ms = world.now_ms;
        let (due, later) = self.to_start.iter().partition(|(at_ms, _)| *at_ms <= now_ms);
        self.to_start = later;
        let due: Vec<(u64, usize)> = due;
        due.into_iter().for_each(|(_, host)| world.start(host));
        if now_ms > self.parted_until_ms {
            world.side.fill(0);
            world.cut.clear();
            world.slowest_ms = 5;
        }
        let count = world.hosts.len() as u64;
        let host = self.below(count) as usize;
        let is_up = world.hosts[host].node.is_some();
        match self.below(24) {
            0 | 1 if is_up => {
                let with_power = self.below(2) == 0;
                world.stop(host, with_power);
                let at_ms = now_ms + 100 + self.below(20_000);
                self.to_start.push((at_ms, host));
            }
            2 => world.hosts[host].paused_until_ms = now_ms + self.below(10_000),
            3 => {
                for side in &mut world.side {
                    *side = u8::from(self.random.next_u64().is_multiple_of(3));
                }
                self.parted_until_ms = now_ms + self.below(20_000);
            }
            4 => {
                for _ in 0..count {
                    let pair = (self.below(count) as usize, self.below(count) as usize);
                    world.cut.push(pair);
                }
                self.parted_until_ms = now_ms + self.below(10_000);
            }
            5 => {
                world.slowest_ms = 1 + self.below(2000);
                self.parted_until_ms = now_ms + self.below(10_000);
            }
            6 | 7 => {
                let manners = [Manner::Agreed, Manner::Force, Manner::Takeover];
                let manner = manners[self.below(3) as usize];
                world.witness.is_takeover = manner == Manner::Takeover;
                // Refused by who is no replica.
                let _ = world.tell(host, |node| node.fail_over(manner));
                world.witness.is_takeover = false;
            }
            _ => {}
        }
    }
}
