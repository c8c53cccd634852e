//! Trouble, as a seed decides.

use cacheflow::cluster::Slot;
use cacheflow::cluster::manual::Manner;
use cacheflow::system::random::Random;

use super::world::World;

pub struct Trouble {
    random: Random,
    /// Hosts that are to start again, and when.
    to_start: Vec<(u64, usize)>,
    /// When the partition ends.
    parted_until_ms: u64,
    /// So many kinds of trouble there are.
    kinds: u64,
    /// Replicas take over without asking.
    has_takeovers: bool,
}

/// Kinds of trouble that come by themselves, and those for which it takes an administrator as well.
const BY_ITSELF: u64 = 24;
const WITH_ADMINISTRATORS: u64 = 28;

impl Trouble {
    pub fn new(seed: u64, has_administrators: bool) -> Trouble {
        Trouble {
            kinds: if has_administrators { WITH_ADMINISTRATORS } else { BY_ITSELF },
            has_takeovers: seed.is_multiple_of(2),
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
        match self.below(self.kinds) {
            0 | 1 if is_up => {
                let with_power = self.below(2) == 0;
                world.stop(host, with_power);
                // One host stays where it is, or those who have moved would look for each other in vain.
                if self.kinds > BY_ITSELF && host > 0 && self.below(4) == 0 {
                    world.move_away(host);
                }
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
                let manner = manners[self.below(2 + u64::from(self.has_takeovers)) as usize];
                world.witness.had_takeover |= manner == Manner::Takeover;
                // Refused by who is no replica.
                let _ = world.tell(host, |node| node.fail_over(manner));
            }
            24 | 25 => self.move_slots(world, host),
            26 => {
                // Refused by masters, and if the other one is none.
                let other = self.below(count) as usize;
                if let Some(id) = world.tell(other, |node| node.myself().id) {
                    let _ = world.tell(host, |node| node.replicate(id.as_bytes(), true));
                }
            }
            _ => {}
        }
    }

    /// A few slots move to a host, as redis-cli moves them.
    fn move_slots(&mut self, world: &mut World, to: usize) {
        let from = self.below(world.hosts.len() as u64) as usize;
        let ids = [from, to].map(|host| world.tell(host, |node| node.myself().id));
        let ([Some(from_id), Some(to_id)], true) = (ids, from != to) else { return };
        let steps = self.below(5) as usize; // it may be interrupted after each
        let slots = world.tell(from, |node| node.myself().slots.iter().collect::<Vec<Slot>>());
        let Some(slots) = slots.filter(|slots| slots.len() > 4) else { return };
        let first = self.below(slots.len() as u64 - 4) as usize;
        for slot in slots[first..first + 4].iter().copied() {
            for step in 0..steps {
                // The new owner is the first to know, or the slot could be nobody's.
                let host = [to, from, to, from][step];
                let told = world.tell(host, |node| match step {
                    _ if node.is_replica() => Err("Please use SETSLOT only with masters.".into()),
                    0 => node.import_slot(slot, from_id.as_bytes()),
                    1 => node.migrate_slot(slot, to_id.as_bytes()),
                    _ => node.give_slot(slot, to_id.as_bytes(), 0),
                });
                if told != Some(Ok(())) {
                    return;
                }
            }
        }
    }
}
