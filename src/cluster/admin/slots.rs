//! CLUSTER ADDSLOTS, DELSLOTS, FLUSHSLOTS and SETSLOT: who owns what, by command.

use super::Outcome;
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
