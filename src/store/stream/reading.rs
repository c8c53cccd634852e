//! Consumer groups at work: what needs the entries of a stream and a group at once.
//!
//! # How far behind is a group?
//!
//! `lag` is the number of entries a group has yet to read. Counting them would be a walk, so a
//! stream counts what it was ever given (`entries_added`), a group what it has read
//! (`entries_read`), and the lag is the difference; as long as no entry ahead of the group has
//! been removed one by one. Where one was, or where a group began at some ID in the middle, the
//! counter is unknown (`None`), until the group comes to a place whose number is certain: the
//! last entry, or the first one when nothing behind it is missing.
//!
//! The rules are Redis 7.0's, one by one, because its clients see the numbers.

use std::cmp::Ordering;
use std::sync::Arc;

use super::group::{Group, Pending};
use super::{Stream, StreamId};
use crate::store::Bytes;

/// The entries `read_group` handed out: consecutive ones, from `first` to `last`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delivered {
    /// The first of them.
    pub first: StreamId,
    /// The last of them.
    pub last: StreamId,
    /// How many.
    pub count: usize,
}

/// The conditions and the outcome of a claim.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// The time of the command.
    pub now_ms: i64,
    /// Only entries that nobody has touched for so long.
    pub min_idle_ms: i64,
    /// The time the entry counts as handed out.
    pub delivery_time_ms: i64,
    /// The new number of deliveries; `None` adds one, unless `just_id`.
    pub delivery_count: Option<u64>,
    /// Only the ID is asked for, which is no delivery.
    pub just_id: bool,
    /// Also claim an entry that is not pending.
    pub force: bool,
}

/// What a claim did.
#[derive(Clone, Debug, PartialEq)]
pub enum Claimed {
    /// The consumer has the entry now.
    Yes,
    /// It was not pending, or not idle for long enough.
    No,
    /// It was pending but is no longer in the stream: it has been taken off the list.
    Deleted(Pending),
}

/// What `autoclaim` found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AutoClaimed {
    /// The entries that changed hands.
    pub claimed: Vec<StreamId>,
    /// The IDs that were pending without an entry, and are not any more.
    pub deleted: Vec<(StreamId, Pending)>,
    /// Where to go on, `0-0` at the end of the list.
    pub next: StreamId,
}

/// `XAUTOCLAIM` looks at so many pending entries for each one it may return.
const AUTOCLAIM_ATTEMPTS: usize = 10;

impl Stream {
    /// The groups by name.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = (&Bytes, &Group)> {
        self.groups.iter().map(|(name, group)| (name, &**group))
    }

    /// A group.
    pub fn group(&self, name: &[u8]) -> Option<&Group> {
        self.groups.get(name).map(|group| &**group)
    }

    /// A group, to change it. If a snapshot still holds the group, this copies it.
    pub fn group_mut(&mut self, name: &[u8]) -> Option<&mut Group> {
        self.groups.get_mut(name).map(Arc::make_mut)
    }

    /// Adds a group; false if the name is taken.
    pub fn create_group(&mut self, name: &[u8], group: Group) -> bool {
        if self.groups.contains_key(name) {
            return false;
        }
        self.groups.insert(Bytes::new(name), Arc::new(group));
        true
    }

    /// Removes a group, and hands it over so that freeing it can wait.
    pub fn destroy_group(&mut self, name: &[u8]) -> Option<Arc<Group>> {
        self.groups.remove(name)
    }

    /// Hands the next entries, at most `limit`, to a consumer. With `no_ack` they do not become
    /// pending. `None` if there is no such group or nothing new; then the consumer counts as not
    /// seen, and is not even created.
    pub fn read_group(
        &mut self,
        group: &[u8],
        consumer: &[u8],
        limit: usize,
        no_ack: bool,
        now_ms: i64,
    ) -> Option<Delivered> {
        // Out of the map while it changes, so that the entries can be read meanwhile.
        let mut shared = std::mem::take(self.groups.get_mut(group)?);
        let group_now = Arc::make_mut(&mut shared);
        let mut delivered: Option<Delivered> = None;
        if let Some(start) = group_now.last_id.next() {
            for entry in self.range(start, StreamId::MAX).take(limit) {
                let so_far = delivered.map_or((entry.id, 0), |it| (it.first, it.count));
                let (first, count) = so_far;
                delivered = Some(Delivered { first, last: entry.id, count: count + 1 });
                self.advance(group_now, entry.id);
                if !no_ack {
                    let consumer = Bytes::new(consumer);
                    let pending = Pending { consumer, delivery_time_ms: now_ms, delivery_count: 1 };
                    group_now.assign(entry.id, pending);
                }
            }
        }
        if delivered.is_some() {
            group_now.see_consumer(consumer, now_ms);
            if !no_ack {
                group_now.note_activity(consumer, now_ms);
            }
        }
        *self.groups.get_mut(group).expect("it was there above") = shared;
        delivered
    }

    /// Hands entries that a consumer holds already to it once more: at most `limit`, from `start`
    /// on. The flag says whether the entry is still there; only then it counts as a delivery.
    pub fn reread_group(
        &mut self,
        group: &[u8],
        consumer: &[u8],
        start: StreamId,
        limit: usize,
        now_ms: i64,
    ) -> Vec<(StreamId, bool)> {
        if let Some(group) = self.group_mut(group) {
            group.see_consumer(consumer, now_ms);
        }
        let held = self.group(group).and_then(|group| group.consumers().get(consumer));
        let held = held.into_iter().flat_map(|consumer| consumer.pending().range(start..));
        let found: Vec<_> = held.take(limit).map(|(&id, ())| (id, self.contains(id))).collect();
        if let Some(group) = self.group_mut(group) {
            let there = found.iter().filter(|(_, exists)| *exists);
            there.for_each(|&(id, _)| group.redeliver(id, now_ms));
        }
        found
    }

    /// Hands one entry to another consumer, if the conditions hold.
    pub fn claim(&mut self, group: &[u8], id: StreamId, consumer: &[u8], claim: &Claim) -> Claimed {
        let exists = self.contains(id);
        let Some(group) = self.group_mut(group) else { return Claimed::No };
        let old = group.pending().get(&id);
        if !exists {
            return group.ack(id).map_or(Claimed::No, Claimed::Deleted);
        }
        let count = match old {
            None if !claim.force => return Claimed::No,
            None => 1,
            Some(old)
                if claim.min_idle_ms > 0
                    && claim.now_ms.saturating_sub(old.delivery_time_ms) < claim.min_idle_ms =>
            {
                return Claimed::No;
            }
            Some(old) => old.delivery_count,
        };
        let counted = count + u64::from(!claim.just_id);
        let pending = Pending {
            consumer: Bytes::new(consumer),
            delivery_time_ms: claim.delivery_time_ms,
            delivery_count: claim.delivery_count.unwrap_or(counted),
        };
        group.see_consumer(consumer, claim.now_ms);
        group.assign(id, pending);
        group.note_activity(consumer, claim.now_ms);
        Claimed::Yes
    }

    /// Walks over the pending entries from `start` and claims up to `count` of them.
    pub fn autoclaim(
        &mut self,
        group: &[u8],
        consumer: &[u8],
        start: StreamId,
        count: usize,
        claim: &Claim,
    ) -> AutoClaimed {
        let mut found = AutoClaimed::default();
        let attempts = count.saturating_mul(AUTOCLAIM_ATTEMPTS);
        let Some(pending) = self.group(group).map(Group::pending) else { return found };
        let ids: Vec<StreamId> =
            pending.range(start..).map(|(&id, _)| id).take(attempts.saturating_add(1)).collect();
        let mut ids = ids.into_iter();
        for id in ids.by_ref().take(attempts) {
            match self.claim(group, id, consumer, claim) {
                Claimed::Yes => found.claimed.push(id),
                Claimed::Deleted(pending) => found.deleted.push((id, pending)),
                Claimed::No => {}
            }
            if found.claimed.len() + found.deleted.len() == count {
                break;
            }
        }
        found.next = ids.next().unwrap_or_default();
        found
    }

    /// The number of entries this group has yet to read, if that is known.
    pub fn lag(&self, group: &Group) -> Option<i64> {
        if self.entries_added == 0 {
            return Some(0);
        }
        let read = match group.entries_read {
            Some(read) if !self.has_gap_after(group.last_id) => read,
            _ => self.count_up_to(group.last_id)?,
        };
        Some(self.entries_added.wrapping_sub(read) as i64)
    }

    /// The same where it is the whole stream, which may be told even if it is not known how much the
    /// group has read: all that there is comes after that, and nothing in it was removed. Of a stream that
    /// is empty it is nothing.
    pub fn lag_of_all(&self, group: &Group) -> Option<i64> {
        let first = self.first_id();
        let is_all = self.len == 0 || first > group.last_id && self.max_deleted_id < first;
        if is_all { Some(self.len as i64) } else { self.lag(group) }
    }

    /// Lets a group find out anew how many entries it has read, when it goes on: where some were trimmed
    /// before it came to read them, or removed from ahead of it, its own count misses those.
    pub fn doubt_count(&mut self, group: &[u8]) {
        let (has_entries, first) = (self.len > 0, self.first_id());
        let Some(last_id) = self.group(group).map(|group| group.last_id) else { return };
        let is_wrong = last_id < first || self.has_gap_after(last_id);
        if has_entries
            && is_wrong
            && let Some(group) = self.group_mut(group)
        {
            group.entries_read = None;
        }
    }

    /// Moves a group on to an entry it has just read.
    fn advance(&self, group: &mut Group, id: StreamId) {
        match &mut group.entries_read {
            Some(read) if !self.has_gap_after(id) => *read += 1,
            read => *read = self.count_up_to(id),
        }
        group.last_id = id;
    }

    /// Whether an entry at or after `id` was removed by name, and not just from the front.
    fn has_gap_after(&self, id: StreamId) -> bool {
        self.len > 0 && self.max_deleted_id >= id && self.max_deleted_id >= self.first_id()
    }

    /// How many entries the stream had ever had up to `id`, where that can be told.
    pub fn count_up_to(&self, id: StreamId) -> Option<u64> {
        if self.entries_added == 0 {
            return Some(0);
        }
        if id == self.last_id || self.len == 0 && id < self.last_id {
            return Some(self.entries_added);
        }
        if id > self.last_id {
            return None;
        }
        let first = self.first_id();
        if self.max_deleted_id >= first {
            return None;
        }
        // Counters that were loaded or set by hand need not fit together, hence saturating.
        let before_first = self.entries_added.saturating_sub(self.len as u64);
        match id.cmp(&first) {
            Ordering::Less => Some(before_first),
            Ordering::Equal => Some(before_first + 1),
            Ordering::Greater => None,
        }
    }
}
