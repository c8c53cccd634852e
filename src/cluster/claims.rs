//! Who owns a slot: claims, and which of two wins.
//!
//! Every master tells what it owns, and since which epoch. No two masters have won their slots in the same
//! epoch: elections see to it, and where administrators have caused it (or both have it from the start),
//! one of them takes a new one. So of two claims to a slot the one of the higher epoch is newer, and
//! wins, at every node that hears of both. Who claims what it has lost is told so (an update).

use super::key::NodeKey;
use super::output::{Order, Save};
use super::packet::Header;
use super::slots::SlotSet;
use super::state::Cluster;

/// The highest epoch that an administrator can set. Nobody who comes from further below is believed to have a
/// higher one,
const HIGHEST_LEAP: u64 = i64::MAX as u64;
/// but who is ahead by no more than so many elections is.
const LARGEST_STEP: u64 = 1 << 20;

impl Cluster {
    /// An epoch that somebody tells, as far as it is believed. After the highest number of all there would never be
    /// another election, so it can't be reached by saying it.
    pub(super) fn believe(&self, epoch: u64) -> u64 {
        epoch.min(HIGHEST_LEAP.max(self.current_epoch.saturating_add(LARGEST_STEP)))
    }

    /// Begins an epoch that nobody has had yet, as far as is known.
    pub(super) fn next_epoch(&mut self) -> u64 {
        self.current_epoch = self.current_epoch.saturating_add(1);
        self.current_epoch
    }

    /// A node tells what it, or its master, owns.
    pub(super) fn hear_claims(&mut self, sender: NodeKey, header: &Header) {
        let owner = self.master_of(sender);
        if owner.is_none_or(|owner| self.table[owner].slots == header.slots) {
            return;
        }
        if self.table[sender].is_master() {
            self.apply_claims(sender, header.config_epoch, &header.slots);
        }
        self.correct_claims(sender, header);
    }

    /// A master claims slots: it gets those that are nobody's, or whose owner's claim is older.
    pub(super) fn apply_claims(&mut self, claimer: NodeKey, epoch: u64, slots: &SlotSet) {
        if claimer == self.myself {
            return;
        }
        // Whose slots are served here.
        let mine = self.master_of(self.myself);
        let (mut lost, mut taken_from_mine) = (SlotSet::default(), 0);
        for slot in slots.iter() {
            let owner = self.table.owner(slot);
            // What is being imported here is decided by command.
            if owner == Some(claimer) || self.importing.contains_key(&slot) {
                continue;
            }
            let is_older = owner.is_none_or(|owner| self.table[owner].config_epoch < epoch);
            if !is_older && !self.table.is_unclaimed(slot) {
                continue;
            }
            if owner == Some(self.myself) {
                lost.insert(slot);
            }
            if owner.is_some() && owner == mine {
                taken_from_mine += 1;
            }
            self.migrating.remove(&slot);
            self.table.assign(slot, claimer);
            self.slots_moved();
            self.save(Save::Synced);
            self.recheck();
        }
        let dropped: Vec<_> = self.table[claimer].slots.iter().collect();
        for slot in dropped.into_iter().filter(|slot| !slots.contains(*slot)) {
            self.table.drop_claim(slot);
        }
        let Some(mine) = mine else { return };
        let has_none_left = taken_from_mine > 0 && self.table[mine].slots.is_empty();
        // Allowed to move, or everything that the new owner has was ours: it has taken our place.
        let may_follow = self.settings.replica_migration || slots.len() == taken_from_mine;
        if has_none_left && may_follow {
            let id = self.table[claimer].id;
            crate::notice!(
                "Configuration change detected. Reconfiguring myself as a replica of {id}"
            );
            self.follow(claimer);
            self.save(Save::Synced);
        } else if !lost.is_empty() {
            self.order(Order::DropSlots(lost));
        }
    }

    /// A replica whose master has become another one's replica copies that one: it has the slots.
    pub(super) fn follow_masters_master(&mut self) {
        let Some(master) = self.myself().master else { return };
        let next = self.table[master].master.filter(|next| *next != self.myself);
        if let Some(next) = next.filter(|next| self.table[*next].is_master()) {
            crate::notice!("My master is a replica itself: following its master");
            self.follow(next);
        }
    }

    /// Who claims a slot whose owner has a newer claim is told of that one; the first is enough, more are
    /// told when it speaks again.
    fn correct_claims(&mut self, sender: NodeKey, header: &Header) {
        let newer = header.slots.iter().find_map(|slot| {
            let owner = self.table.owner(slot)?;
            let is_newer = self.table[owner].config_epoch > header.config_epoch;
            let is_other = owner != sender && !self.table.is_unclaimed(slot);
            (is_newer && is_other).then_some(owner)
        });
        if let Some(owner) = newer {
            self.send_update(sender, owner);
        }
    }

    /// Two masters have the same epoch: the one with the smaller name takes a new one.
    pub(super) fn resolve_collision(&mut self, sender: NodeKey) {
        let (myself, other) = (self.myself(), &self.table[sender]);
        // What it is known to have: what it has just said may be older.
        let is_same = myself.config_epoch == other.config_epoch;
        let collides = myself.is_master() && other.is_master() && is_same;
        if !collides || other.id <= myself.id {
            return;
        }
        self.table[self.myself].config_epoch = self.next_epoch();
        crate::verbose!("configEpoch collision: taking epoch {}", self.current_epoch);
        self.save(Save::Synced);
    }

    /// Takes an epoch above all others, without asking anybody: by command, or when a slot has moved.
    /// None: this node has it already.
    pub fn bump_epoch(&mut self) -> Option<u64> {
        let highest = self.table.highest_epoch().max(self.current_epoch);
        let mine = self.myself().config_epoch;
        if mine != 0 && mine == highest {
            return None;
        }
        self.table[self.myself].config_epoch = self.next_epoch();
        self.save(Save::Synced);
        Some(self.current_epoch)
    }
}
