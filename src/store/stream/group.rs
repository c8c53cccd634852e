//! `Group`: who has been given which entries of a stream, and has not said "done" yet.
//!
//! A group remembers how far it has read (`last_id`), and for each entry it has handed out, until
//! it is acknowledged, who holds it, since when and for the how-manieth time: the pending entries
//! list. The list is kept twice, as Redis does: by ID for the group, and as a set of IDs for each
//! consumer, so that a consumer's own list needs no search through everybody's.
//!
//! Both are in order, which makes `XPENDING` ranges and the walk of `XAUTOCLAIM` a plain range, and
//! both are shared by a clone ([`SortedMap`]), so that a write while a snapshot holds a million
//! pending entries copies a few of them.
//!
//! What it leaves out on purpose: the entries. A group only knows IDs, and an entry that is
//! removed from its stream stays pending until somebody claims or acknowledges it. What needs
//! both, a group and the entries, is in [`super::reading`].

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::StreamId;
use crate::store::Bytes;
use crate::store::sorted_map::SortedMap;

/// A consumer group; see the module documentation.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// The last entry handed out.
    pub last_id: StreamId,
    /// How many entries the stream had ever had up to `last_id`. `None` if nobody can tell, since
    /// entries in between were removed or the group began somewhere in the middle.
    pub entries_read: Option<u64>,
    pending: SortedMap<StreamId, Pending>,
    consumers: BTreeMap<Bytes, Consumer>,
}

/// An entry that was handed out and not acknowledged.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// Who has it.
    pub consumer: Bytes,
    /// When it was handed out last, in Unix milliseconds.
    pub delivery_time_ms: i64,
    /// How often it was handed out.
    pub delivery_count: u64,
}

/// A member of a group.
#[derive(Clone, Debug, Default)]
pub struct Consumer {
    /// When it last asked for anything, in Unix milliseconds.
    pub seen_time_ms: i64,
    /// When it was last given or could claim anything, if ever.
    pub active_time_ms: Option<i64>,
    pending: SortedMap<StreamId, ()>,
}

impl Consumer {
    /// The IDs of the entries it holds.
    pub fn pending(&self) -> &SortedMap<StreamId, ()> {
        &self.pending
    }
}

impl Group {
    /// A group that has read up to `last_id`.
    pub fn new(last_id: StreamId, entries_read: Option<u64>) -> Self {
        Group { last_id, entries_read, ..Group::default() }
    }

    /// All pending entries by ID.
    pub fn pending(&self) -> &SortedMap<StreamId, Pending> {
        &self.pending
    }

    /// The pending entries of these IDs, of one consumer or of all.
    pub fn pending_range<'a>(
        &'a self,
        ids: RangeInclusive<StreamId>,
        consumer: Option<&[u8]>,
    ) -> Box<dyn Iterator<Item = (StreamId, &'a Pending)> + 'a> {
        if ids.is_empty() {
            return Box::new(std::iter::empty());
        }
        let Some(name) = consumer else {
            return Box::new(self.pending.range(ids).map(|(&id, pending)| (id, pending)));
        };
        let own = self.consumers.get(name).into_iter().flat_map(move |it| {
            it.pending.range(ids.clone()).map(|(&id, ())| (id, &self.pending[&id]))
        });
        Box::new(own)
    }

    /// The consumers by name.
    pub fn consumers(&self) -> &BTreeMap<Bytes, Consumer> {
        &self.consumers
    }

    /// Notes that this consumer was here now, and makes it a member if it was not; true if so.
    pub fn see_consumer(&mut self, name: &[u8], now_ms: i64) -> bool {
        let before = self.consumers.len();
        self.consumers.entry(Bytes::new(name)).or_default().seen_time_ms = now_ms;
        self.consumers.len() > before
    }

    /// Notes that a member was given something at this time.
    pub fn note_activity(&mut self, name: &[u8], at_ms: i64) {
        if let Some(consumer) = self.consumers.get_mut(name) {
            consumer.active_time_ms = Some(at_ms);
        }
    }

    /// Removes a consumer and what it held. Returns how many entries that were, or `None` if
    /// there is no such consumer.
    pub fn delete_consumer(&mut self, name: &[u8]) -> Option<usize> {
        let consumer = self.consumers.remove(name)?;
        for id in consumer.pending.keys() {
            self.pending.remove(id);
        }
        Some(consumer.pending.len())
    }

    /// Puts an entry on a consumer's list, and takes it off the list of who had it before.
    pub fn assign(&mut self, id: StreamId, pending: Pending) {
        let consumer = self.consumers.entry(pending.consumer.clone()).or_default();
        consumer.pending.insert(id, ());
        let name = pending.consumer.clone();
        if let Some(old) = self.pending.insert(id, pending)
            && old.consumer != name
        {
            self.take_from(&old.consumer, id);
        }
    }

    /// Counts one more delivery of a pending entry.
    pub fn redeliver(&mut self, id: StreamId, now_ms: i64) {
        if let Some(pending) = self.pending.get_mut(&id) {
            pending.delivery_time_ms = now_ms;
            pending.delivery_count += 1;
        }
    }

    /// Removes an entry from the pending ones, and tells who had it; `None`: it was not pending.
    pub fn ack(&mut self, id: StreamId) -> Option<Pending> {
        let pending = self.pending.remove(&id)?;
        self.take_from(&pending.consumer, id);
        Some(pending)
    }

    fn take_from(&mut self, consumer: &Bytes, id: StreamId) {
        if let Some(consumer) = self.consumers.get_mut(consumer) {
            consumer.pending.remove(&id);
        }
    }

    /// About how many bytes are allocated; a B-tree's nodes are taken as three quarters full.
    pub fn heap_size(&self) -> usize {
        let held: usize = self.consumers.values().map(|it| it.pending.heap_size()).sum();
        let consumers = self.consumers.len() * size_of::<(Bytes, Consumer)>() * 4 / 3;
        self.pending.heap_size() + held + consumers
    }
}
