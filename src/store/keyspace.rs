//! The keyspace: one database, from key to value and time to live.
//!
//! It is an array of sub-tables. A key's hash chooses its sub-table, so each of a thousand holds about a
//! thousandth of the keys, and whatever has to touch a whole table (growing it, copying it for a
//! snapshot, looking for expired keys) takes a thousandth of the time. While there are few keys there
//! are fewer sub-tables (see [`resize`](super::resize)).
//!
//! ```text
//!  hash ──> sub-table ── positions: a hash table ───────┐
//!                     ── entries:   [ key value access ttl ][ ... ][ ... ]   dense, 56 bytes each
//!                     ── deadlines: [ at, entry ][ at, entry ]          dense, ^ only keys that expire
//! ```
//!
//! Entries lie densely, in [segments](super::segments) of 64; removing one moves the last into its
//! place. Two things follow.
//!
//! * A walk of SCAN goes on where it was, however the tables have grown and shrunk meanwhile (see
//!   [`scan`](super::scan)).
//! * Expired keys are found by reading `deadlines`, 16 bytes a key, and only in sub-tables whose
//!   soonest deadline has passed. What was looked through rests for a while, the longer the more there
//!   was: of twenty million keys some end every moment, and looking for each would take all the time.
//!
//! A snapshot (see [`snapshot`](super::snapshot)) marks every sub-table. Until a marked one has been
//! copied, whoever changes an entry first puts its old state into the sub-table's `undo`; the copy
//! is the entries with those old states in place of the new.
//!
//! A node of a cluster also knows the keys of each hash slot (see [`slots`](super::slots)), and every
//! database which hashes have fields that expire (see [`field_expiry`](super::field_expiry)).
//!
//! Left out on purpose: what expiry means. Deadlines are kept and compared here; deleting, telling
//! replicas and notifying is the caller's.

use super::expiring_hashes::ExpiringHashes;
use super::hash_slot::hash_slot;
use super::hashing::hash;
use super::positions::Positions;
use super::segments::Segments;
use super::slot_index::SlotIndex;
use super::snapshot::{Mark, Saved, Undo};
use super::{Bytes, Value};

/// How many sub-tables. With ten million keys each has ten thousand, which grow in about a
/// millisecond.
pub const TABLES: usize = 1024;
pub(super) const TABLE_BITS: u32 = TABLES.trailing_zeros();
/// So few keys are in the processor's cache anyway.
const KEYS_IN_CACHE: usize = 10_000;
/// Deadlines of a sub-table that are looked at for each millisecond that it rests: the look takes a ten
/// thousandth of that.
const LOOKED_AT_PER_MS: i64 = 20;
/// A key is gone this long after its time at the latest, as far as it is up to looking.
const LONGEST_REST_MS: i64 = 1000;
/// `Entry::ttl` of a key that doesn't expire.
pub(super) const NO_TTL: u32 = u32::MAX;

/// A key and what belongs to it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: Bytes,
    /// Its value.
    pub value: Value,
    /// When or how often it was used; the caller's, for eviction.
    pub access: u32,
    /// Its place in `SubTable::deadlines`, or `NO_TTL`.
    pub(super) ttl: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Deadline {
    /// Unix time in milliseconds.
    pub(super) at: i64,
    pub(super) entry: u32,
}

#[derive(Debug)]
pub(super) struct SubTable {
    pub(super) positions: Positions,
    pub(super) entries: Segments<Entry>,
    pub(super) deadlines: Segments<Deadline>,
    /// No deadline is earlier than this.
    pub(super) soonest: i64,
    /// Until then nothing that is due is looked for.
    rests_until: i64,
    /// Marked for a snapshot: old states of the entries that have changed since.
    pub(super) undo: Option<Box<Undo>>,
}

/// Where an entry lies, until the next insertion or removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    table: u32,
    index: u32,
}

/// Where a missing key would go.
#[derive(Clone, Copy, Debug)]
pub struct Vacant {
    hash: u64,
}

/// One database.
#[derive(Debug, Default)]
pub struct Keyspace {
    /// A power of two of them, and none until the first key comes: most databases never see one.
    pub(super) tables: Vec<SubTable>,
    /// By how many bits a key's place among [`TABLES`] is more than its place among these.
    pub(super) shift: u32,
    /// Counts the changes of their number.
    pub(super) resized: u8,
    pub(super) len: usize,
    pub(super) expiring: usize,
    /// The hashes whose fields expire.
    pub(super) hashes: ExpiringHashes,
    /// Sub-tables of a snapshot that is not finished, though the database was emptied.
    pub(super) orphans: Vec<SubTable>,
    /// The snapshot that is not finished.
    pub(super) mark: Option<Mark>,
    /// On a node of a cluster: which keys are in which slot.
    pub(super) slots: Option<Box<SlotIndex>>,
}

impl Keyspace {
    /// How many keys.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many keys have a time to live.
    pub fn expiring(&self) -> usize {
        self.expiring
    }

    /// Looks a key up.
    #[inline]
    pub fn find(&self, key: &[u8]) -> Result<Slot, Vacant> {
        let hash = hash(key);
        let table = self.table_of(hash);
        self.tables
            .get(table)
            .and_then(|sub| sub.find(hash, key))
            .map(|index| Slot { table: table as u32, index })
            .ok_or(Vacant { hash })
    }

    /// Touches what the next requests will look up, all at once.
    ///
    /// A key among millions is in no cache, and waiting for memory takes longer than most commands.
    /// One look-up after the other waits each time; these don't depend on each other, so the
    /// processor waits for many at the same time.
    pub fn bring_near<'k>(&self, keys: impl Iterator<Item = &'k [u8]>) {
        if self.len > KEYS_IN_CACHE {
            std::hint::black_box(keys.fold(0, |touched, key| touched ^ self.touch(key)));
        }
    }

    /// Reads from where the key would be found. What is read means nothing.
    #[inline]
    fn touch(&self, key: &[u8]) -> u32 {
        let hash = hash(key);
        let Some(sub) = self.tables.get(self.table_of(hash)) else { return 0 };
        let found = sub.positions.find(hash, |_| true).map(|index| &sub.entries[index as usize]);
        // A new key would go behind the last one.
        found.or(sub.entries.last()).map_or(0, |entry| entry.access)
    }

    /// Which sub-table a key belongs to, of how many.
    pub fn sub_table(&self, key: &[u8]) -> (usize, usize) {
        (self.table_of(hash(key)), self.tables.len())
    }

    /// The entry at `slot`.
    #[inline]
    pub fn entry(&self, slot: Slot) -> &Entry {
        &self.tables[slot.table as usize].entries[slot.index as usize]
    }

    /// The entry at `slot`, to change its value: what belongs to it alone. For another value in its place,
    /// and for hashes, see [`field_expiry`](super::field_expiry).
    #[inline]
    pub fn entry_mut(&mut self, slot: Slot) -> &mut Entry {
        let sub = &mut self.tables[slot.table as usize];
        sub.preserve(slot.index);
        &mut sub.entries[slot.index as usize]
    }

    /// Notes that an entry was used. A snapshot doesn't care.
    #[inline]
    pub fn set_access(&mut self, slot: Slot, access: u32) {
        self.tables[slot.table as usize].entries[slot.index as usize].access = access;
    }

    /// Adds a key that [`find`](Self::find) has not found.
    pub fn insert(&mut self, vacant: Vacant, key: &[u8], value: Value, access: u32) -> Slot {
        if self.has_too_few_tables() {
            self.grow();
        }
        self.len += 1;
        self.hashes.add(key, &value);
        let table = self.table_of(vacant.hash);
        let entry = Entry { key: Bytes::new(key), value, access, ttl: NO_TTL };
        let index = self.tables[table].insert(vacant.hash, entry);
        if let Some(slots) = &mut self.slots {
            slots.add(hash_slot(key), vacant.hash);
        }
        Slot { table: table as u32, index }
    }

    /// Removes an entry and returns it.
    pub fn remove(&mut self, slot: Slot) -> Entry {
        let entry = self.tables[slot.table as usize].remove(slot.index);
        self.len -= 1;
        self.expiring -= usize::from(entry.ttl != NO_TTL);
        self.hashes.remove(&entry.key, &entry.value);
        if self.slots.is_some() {
            self.forget_slot(&entry.key);
        }
        if self.has_too_many_tables() {
            self.shrink();
        }
        entry
    }

    /// The sub-table of keys with this hash. Those of neighbouring sub-tables are in one while there are
    /// fewer.
    #[inline]
    pub(super) fn table_of(&self, hash: u64) -> usize {
        place_of(hash) >> self.shift
    }

    /// When the key expires, in Unix milliseconds.
    #[inline]
    pub fn deadline(&self, slot: Slot) -> Option<i64> {
        let sub = &self.tables[slot.table as usize];
        let ttl = sub.entries[slot.index as usize].ttl;
        (ttl != NO_TTL).then(|| sub.deadlines[ttl as usize].at)
    }

    /// Lets the key expire at `at`.
    pub fn set_deadline(&mut self, slot: Slot, at: i64) {
        let added = self.tables[slot.table as usize].set_deadline(slot.index, at);
        self.expiring += usize::from(added);
    }

    /// Lets the key stay. False: it would have stayed anyway.
    pub fn clear_deadline(&mut self, slot: Slot) -> bool {
        if self.deadline(slot).is_none() {
            return false;
        }
        self.expiring -= 1;
        self.tables[slot.table as usize].clear_deadline(slot.index);
        true
    }

    /// All entries.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.tables.iter().flat_map(|sub| sub.entries.iter())
    }

    /// All entries with their deadlines.
    pub fn iter_with_deadlines(&self) -> impl Iterator<Item = (&Entry, Option<i64>)> {
        self.tables.iter().flat_map(|sub| {
            sub.entries.iter().map(|entry| {
                let deadline = sub.deadlines.get(entry.ttl as usize).map(|deadline| deadline.at);
                (entry, deadline)
            })
        })
    }

    /// Whether a snapshot still has to copy this entry: it stays in memory when it is removed.
    pub fn is_held(&self, slot: Slot) -> bool {
        self.tables[slot.table as usize].undo.is_some()
    }

    /// Adds keys of sub-table `table` whose deadline is before `now` to `expired`, until it has
    /// `limit`. Returns how many deadlines it has looked at.
    pub fn expired(
        &mut self,
        table: usize,
        now: i64,
        limit: usize,
        expired: &mut Vec<Bytes>,
    ) -> usize {
        let Some(sub) = self.tables.get_mut(table).filter(|sub| sub.is_worth_a_look(now)) else {
            return 0;
        };
        let mut soonest = i64::MAX;
        for (index, deadline) in sub.deadlines.iter().enumerate() {
            if deadline.at >= now {
                soonest = soonest.min(deadline.at);
            } else if expired.len() < limit {
                expired.push(sub.entries[deadline.entry as usize].key.clone());
            } else {
                return index;
            }
        }
        // What is due goes now, so this is all.
        sub.soonest = soonest;
        sub.rests_until =
            now + (sub.deadlines.len() as i64 / LOOKED_AT_PER_MS).min(LONGEST_REST_MS);
        sub.deadlines.len()
    }
}

impl SubTable {
    pub(super) fn new() -> Self {
        SubTable {
            positions: Positions::new(),
            entries: Segments::new(),
            deadlines: Segments::new(),
            soonest: i64::MAX,
            rests_until: 0,
            undo: None,
        }
    }

    /// The same sub-table once more, without marks.
    pub(super) fn duplicate(&self) -> Self {
        SubTable {
            positions: self.positions.clone(),
            entries: self.entries.clone(),
            deadlines: self.deadlines.clone(),
            soonest: self.soonest,
            rests_until: self.rests_until,
            undo: None,
        }
    }

    /// Whether there may be something due. A clock that was set back makes nobody rest longer.
    fn is_worth_a_look(&self, now: i64) -> bool {
        let rests = now < self.rests_until && self.rests_until <= now + LONGEST_REST_MS;
        self.soonest < now && !rests
    }

    #[inline]
    fn find(&self, hash: u64, key: &[u8]) -> Option<u32> {
        self.positions.find(hash, |index| *self.entries[index as usize].key == *key)
    }

    /// The entries whose keys have this hash: one, nearly always.
    pub(super) fn with_hash(&self, hash: u64) -> impl Iterator<Item = &Entry> {
        let found = self.positions.with_hash(hash).map(|index| &self.entries[index as usize]);
        found.filter(move |entry| super::hashing::hash(&entry.key) == hash)
    }

    fn insert(&mut self, hash: u64, entry: Entry) -> u32 {
        self.preserve_absence(&entry.key);
        self.add(hash, entry)
    }

    pub(super) fn add(&mut self, hash: u64, entry: Entry) -> u32 {
        let index = self.entries.len() as u32;
        self.entries.push(entry);
        let entries = &self.entries;
        self.positions.add(hash, index, |index| key_hash(entries, index));
        index
    }

    fn remove(&mut self, index: u32) -> Entry {
        self.preserve(index);
        if self.entries[index as usize].ttl != NO_TTL {
            self.forget_deadline(index);
        }
        let last = self.entries.len() as u32 - 1;
        let removed = self.entries.swap_remove(index as usize);
        self.positions.remove(hash(&removed.key), index);
        if index != last {
            let moved = &self.entries[index as usize];
            self.positions.replace(hash(&moved.key), last, index);
            if moved.ttl != NO_TTL {
                self.deadlines[moved.ttl as usize].entry = index;
            }
        }
        self.shrink();
        removed
    }

    /// True: the key had no deadline before.
    pub(super) fn set_deadline(&mut self, index: u32, at: i64) -> bool {
        self.preserve(index);
        self.soonest = self.soonest.min(at);
        let entry = &mut self.entries[index as usize];
        if entry.ttl != NO_TTL {
            self.deadlines[entry.ttl as usize].at = at;
            return false;
        }
        entry.ttl = self.deadlines.len() as u32;
        self.deadlines.push(Deadline { at, entry: index });
        true
    }

    fn clear_deadline(&mut self, index: u32) {
        self.preserve(index);
        self.forget_deadline(index);
        self.entries[index as usize].ttl = NO_TTL;
    }

    /// Before entry `index` changes: keeps its old state for a snapshot that wants it.
    #[inline]
    fn preserve(&mut self, index: u32) {
        if let Some(undo) = &mut self.undo {
            let entry = &self.entries[index as usize];
            undo.keep(&entry.key, || Some(Saved::new(entry, &self.deadlines)));
        }
    }

    /// Before a key is added: a snapshot must not show it.
    #[inline]
    fn preserve_absence(&mut self, key: &[u8]) {
        if let Some(undo) = &mut self.undo {
            undo.keep(key, || None);
        }
    }

    /// Removes the deadline but leaves the entry's `ttl`, so that `remove` can tell it had one.
    fn forget_deadline(&mut self, index: u32) {
        let ttl = self.entries[index as usize].ttl;
        self.deadlines.swap_remove(ttl as usize);
        if let Some(moved) = self.deadlines.get(ttl as usize) {
            self.entries[moved.entry as usize].ttl = ttl;
        }
    }

    /// Gives memory of the index back when three quarters of it are unused.
    fn shrink(&mut self) {
        if self.entries.len() < self.positions.capacity() / 4 {
            let entries = &self.entries;
            self.positions.shrink_to(entries.len() * 2, |index| key_hash(entries, index));
        }
    }
}

fn key_hash(entries: &Segments<Entry>, index: u32) -> u64 {
    hash(&entries[index as usize].key)
}

/// A key's place among a thousand sub-tables: bits that `HashTable` uses neither for its buckets nor
/// for its tags.
#[inline]
pub(super) fn place_of(hash: u64) -> usize {
    (hash >> 32) as usize % TABLES
}

#[cfg(test)]
#[path = "keyspace_tests.rs"]
mod tests;
