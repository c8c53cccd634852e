//! CLUSTER ADDSLOTS, DELSLOTS, FLUSHSLOTS and SETSLOT: who owns what, by command.

use super::Outcome;
use crate::cluster::key::NodeKey;
use crate::cluster::output::Save;
use crate::cluster::slots::{Slot, SlotSet};
use crate::cluster::state::Cluster;

impl Cluster {
    /// Takes slots that are nobody's: all of them, or none.
    pub fn add_slots(&mut self, slots: &[Slot]) -> Outcome {
        self.check_slots(slots, |cluster, slot| match cluster.owner(slot) {
            Some(_) => Err(format!("Slot {slot} is already busy")),
            None => Ok(()),
        })?;
        for slot in slots {
            self.importing.remove(slot); // it is here now
            self.table.assign(*slot, self.myself);
        }
        self.save(Save::Written);
        self.recheck();
        Ok(())
    }

    /// Makes slots nobody's: all of them, or none.
    pub fn delete_slots(&mut self, slots: &[Slot]) -> Outcome {
        self.check_slots(slots, |cluster, slot| match cluster.owner(slot) {
            Some(_) => Ok(()),
            None => Err(format!("Slot {slot} is already unassigned")),
        })?;
        self.release(slots.iter().copied());
        Ok(())
    }

    /// Makes all slots of this node nobody's.
    pub fn flush_slots(&mut self) {
        let slots = self.myself().slots.clone();
        self.release(slots.iter());
    }

    /// A slot of this node moves to another one.
    pub fn migrate_slot(&mut self, slot: Slot, to: &[u8]) -> Outcome {
        if !self.is_mine(slot) {
            return Err(format!("I'm not the owner of hash slot {slot}"));
        }
        let to = self.other_master(to)?;
        self.migrating.insert(slot, to);
        self.save(Save::Written);
        Ok(())
    }

    /// A slot moves here from another node.
    pub fn import_slot(&mut self, slot: Slot, from: &[u8]) -> Outcome {
        if self.is_mine(slot) {
            return Err(format!("I'm already the owner of hash slot {slot}"));
        }
        let from = self.other_master(from)?;
        self.importing.insert(slot, from);
        self.save(Save::Written);
        Ok(())
    }

    /// A slot stays where it is.
    pub fn settle_slot(&mut self, slot: Slot) {
        self.migrating.remove(&slot);
        self.importing.remove(&slot);
        self.save(Save::Written);
    }

    /// A slot is a node's. Where it has come from there may be no keys left.
    pub fn give_slot(&mut self, slot: Slot, to: &[u8], keys_left: usize) -> Outcome {
        let key = self.known(to)?;
        if self.table[key].is_replica() {
            return Err("Target node is not a master".into());
        }
        let was_mine = self.is_mine(slot);
        if was_mine && key != self.myself && keys_left > 0 {
            return Err(format!(
                "Can't assign hashslot {slot} to a different node while I still hold keys for this \
                 hash slot."
            ));
        }
        if keys_left == 0 {
            self.migrating.remove(&slot);
        }
        self.table.assign(slot, key);
        self.slots_moved();
        // Who has given a slot away can't have it back: the new owner mustn't forget it with its power.
        self.save(Save::Synced);
        self.recheck();
        if was_mine && key != self.myself {
            let is_last = self.myself().slots.is_empty();
            if is_last && self.settings.replica_migration {
                crate::notice!(
                    "Configuration change detected. Reconfiguring myself as a replica of {}",
                    self.table[key].id
                );
                self.follow(key);
            }
        } else if key == self.myself && self.importing.remove(&slot).is_some() {
            // A new epoch without anybody's agreement: the old owner's claim has to be older.
            if let Some(epoch) = self.bump_epoch() {
                crate::notice!("configEpoch updated after importing slot {slot}: {epoch}");
            }
            self.broadcast_pong();
        }
        Ok(())
    }

    fn other_master(&self, id: &[u8]) -> Outcome<NodeKey> {
        let key = self
            .known(id)
            .map_err(|_| format!("I don't know about node {}", String::from_utf8_lossy(id)))?;
        match self.table[key].is_replica() {
            true => Err("Target node is not a master".into()),
            false => Ok(key),
        }
    }

    fn release(&mut self, slots: impl Iterator<Item = Slot>) {
        slots.for_each(|slot| self.table.unassign(slot));
        self.save(Save::Written);
        self.recheck();
        self.slots_moved();
    }

    /// Every slot passes, and comes once.
    fn check_slots(&self, slots: &[Slot], check: impl Fn(&Cluster, Slot) -> Outcome) -> Outcome {
        let mut seen = SlotSet::default();
        for slot in slots {
            check(self, *slot)?;
            if !seen.insert(*slot) {
                return Err(format!("Slot {slot} specified multiple times"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::settings::Settings;
    use crate::system::random::Random;

    /// The first one has the highest epoch, so it takes no new one, which would be synced in any case.
    #[test]
    fn a_slot_that_is_given_is_synced() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let text = format!(
            "{a} 10.0.0.1:7000@17000 myself,master - 0 0 2 connected 0-100\n\
             {b} 10.0.0.2:7000@17000 master - 0 0 1 connected 101-16383\nvars currentEpoch 2 lastVoteEpoch 0\n"
        );
        let random = Random::from_seed(1);
        let mut cluster = Cluster::from_file(&text, Settings::default(), random, 1000).unwrap();
        cluster.import_slot(200, b.as_bytes()).unwrap();
        cluster.take_save();
        cluster.give_slot(200, a.as_bytes(), 0).unwrap();
        assert_eq!((cluster.is_mine(200), cluster.myself().config_epoch), (true, 2));
        assert_eq!(cluster.take_save(), Save::Synced);
    }
}
