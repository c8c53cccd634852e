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
        self.save(Save::Written);
        self.recheck();
        if was_mine && key != self.myself {
            let is_last = self.myself().slots.is_empty();
            if is_last && self.settings.replica_migration {
                crate::notice!(
                    "Configuration change detected. Reconfiguring myself as a replica of {}",
                    self.table[key].id
                );
                self.follow(key);
                self.save(Save::Synced);
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
