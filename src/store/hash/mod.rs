//! `Hash`: what a key of type hash holds: fields, each with a value, some with a time to live.
//!
//! ```text
//! form         holds                                   called      order         pair costs
//! Packed       field, value, field, value, ... within  listpack    of insertion  its lengths + 2
//!              hash-max-listpack-entries and -value
//! Table        anything                                hashtable   none          about 53, + each
//!                                                                                length over 22
//! and when fields have had times to live
//! Packed       field, value, time, ... within these    listpackex  by time       its lengths + 3, with a
//!              limits, and marked                                                time 6 more
//! Table        anything                                hashtable   none          with a time about 25 more
//! ```
//!
//! A hash begins packed, becomes a table when a pair arrives that the limits don't allow, and
//! stays one. The limits are passed in with each write, since they may be reconfigured at any
//! time: they decide over the next write, not over what is already there.
//!
//! With the first time to live it gets room for times, and keeps that though the last one
//! goes. Why not a list of times beside any hash: a hash without times has no
//! room for one, not in its fields, and not in the key; and a time finds its place beside the value,
//! where looking for the field leads anyway. In a table no field has to move for it, for a field
//! can say by itself that it has a time (see [`field`]).
//!
//! Times are kept and compared here, with a clock that is the caller's. What it means that one is over,
//! deleting the field, telling others, is the caller's, too: for this module, the field is there until it
//! is removed.
//!
//! Left out on purpose: numbers. HINCRBY reads a text and writes a text.

mod field;
mod field_table;
mod iter;
mod timed_packed;

use std::fmt;
use std::sync::Arc;

use super::Bytes;
use super::bytes::ARC_COUNTS;
use super::chains::Chains;
use super::packed::{Packed, PackedLimits};
use super::table::Table;
use field::Field;
use field_table::FieldTable;
use iter::FormIter;
pub use iter::{Iter, Triples};

/// The latest time at which a field may expire, in Unix milliseconds: Redis' limit.
pub const MAX_EXPIRY: i64 = (1 << 46) - 1;

/// A field, its value, and when it expires, if it does.
pub type Triple<'a> = (&'a [u8], &'a [u8], Option<i64>);

/// Whether that time is over.
pub fn is_over(expiry: Option<i64>, now: i64) -> bool {
    expiry.is_some_and(|at| at < now)
}

/// A map from fields to values; see the module documentation.
#[derive(Clone)]
pub struct Hash(Form);

#[derive(Clone)]
enum Form {
    /// Marked: with times, as [`timed_packed`] has them.
    Packed(Packed),
    Table(Arc<FieldTable>),
}

impl Hash {
    /// An empty hash.
    pub fn new() -> Self {
        Hash(Form::Packed(Packed::new()))
    }

    /// Whether neither has changed since one was cloned from the other.
    pub fn is_same(&self, other: &Hash) -> bool {
        match (&self.0, &other.0) {
            (Form::Packed(ours), Form::Packed(theirs)) => ours.is_same(theirs),
            (Form::Table(ours), Form::Table(theirs)) => Arc::ptr_eq(ours, theirs),
            _ => false,
        }
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Packed(packed) if packed.is_marked() => timed_packed::len(packed),
            Form::Packed(packed) => packed.len() / 2,
            Form::Table(table) => table.fields().len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of its form in OBJECT ENCODING.
    pub fn encoding(&self) -> &'static str {
        match &self.0 {
            Form::Packed(packed) if packed.is_marked() => "listpackex",
            Form::Packed(_) => "listpack",
            Form::Table(_) => "hashtable",
        }
    }

    /// The value of a field.
    pub fn get(&self, field: &[u8]) -> Option<&[u8]> {
        self.look_up(field).map(|(value, _)| value)
    }

    /// The value of a field whose time is not over.
    pub fn get_live(&self, field: &[u8], now: i64) -> Option<&[u8]> {
        self.look_up(field).filter(|(_, at)| !is_over(*at, now)).map(|(value, _)| value)
    }

    /// When a field expires, in Unix milliseconds.
    pub fn expiry_of(&self, field: &[u8]) -> Option<i64> {
        if self.has_no_times() { None } else { self.look_up(field)?.1 }
    }

    /// When the next field expires.
    #[inline]
    pub fn next_expiry(&self) -> Option<i64> {
        match &self.0 {
            Form::Packed(packed) if packed.is_marked() => timed_packed::next_expiry(packed),
            Form::Packed(_) => None,
            Form::Table(table) => table.next_expiry(),
        }
    }

    /// The field that expires next.
    pub fn next_to_expire(&self) -> Option<&[u8]> {
        self.next_expiry()?;
        match &self.0 {
            Form::Packed(packed) => packed.iter().next(),
            Form::Table(table) => table.next_to_expire().map(|field| &field.name[..]),
        }
    }

    /// Removes a field whose time is over, the one that was to expire first. Returns it.
    pub fn remove_due(&mut self, now: i64) -> Option<Bytes> {
        if !is_over(self.next_expiry(), now) {
            return None;
        }
        let field = Bytes::new(self.next_to_expire()?);
        self.remove(&field);
        Some(field)
    }

    /// Whether the field exists.
    pub fn contains(&self, field: &[u8]) -> bool {
        self.look_up(field).is_some()
    }

    #[inline]
    fn look_up(&self, field: &[u8]) -> Option<(&[u8], Option<i64>)> {
        match &self.0 {
            Form::Packed(packed) if packed.is_marked() => timed_packed::get(packed, field),
            Form::Packed(_) => {
                self.iter().find(|(name, _)| *name == field).map(|(_, value)| (value, None))
            }
            Form::Table(table) => table.fields().get(field).map(Field::content),
        }
    }

    /// Gives a field a value, and no time to live; true if the field is new.
    pub fn set(&mut self, field: &[u8], value: &[u8], limits: PackedLimits) -> bool {
        self.set_both(field, value, None, limits)
    }

    /// Gives a field a value; a time to live stays. True if the field is new.
    pub fn set_keeping_expiry(&mut self, field: &[u8], value: &[u8], limits: PackedLimits) -> bool {
        self.set_both(field, value, self.expiry_of(field), limits)
    }

    fn set_both(
        &mut self,
        field: &[u8],
        value: &[u8],
        at: Option<i64>,
        limits: PackedLimits,
    ) -> bool {
        if field.len().max(value.len()) > limits.value {
            self.become_table();
        }
        let is_new = match &mut self.0 {
            Form::Packed(packed) if packed.is_marked() => {
                timed_packed::set(packed, field, value, at)
            }
            Form::Packed(packed) => match packed.find(field, 2) {
                Some(index) => {
                    packed.replace(index + 1, value);
                    false
                }
                None => {
                    packed.push_back(field);
                    packed.push_back(value);
                    true
                }
            },
            Form::Table(table) => Arc::make_mut(table).set(field, value, at),
        };
        if is_new && self.is_packed() && self.len() > limits.entries {
            self.become_table();
        }
        is_new
    }

    /// Lets a field expire at `at`, between 0 and [`MAX_EXPIRY`]. False: there is no such field.
    pub fn set_expiry(&mut self, field: &[u8], at: i64) -> bool {
        if self.has_no_times() && !self.contains(field) {
            return false;
        }
        self.make_room_for_times();
        self.change_expiry(field, Some(at))
    }

    /// Lets a field stay. False: it would have stayed anyway, or there is no such field.
    pub fn clear_expiry(&mut self, field: &[u8]) -> bool {
        self.expiry_of(field).is_some() && self.change_expiry(field, None)
    }

    fn change_expiry(&mut self, field: &[u8], at: Option<i64>) -> bool {
        match &mut self.0 {
            Form::Packed(packed) => timed_packed::set_expiry(packed, field, at),
            Form::Table(table) => Arc::make_mut(table).set_expiry(field, at),
        }
    }

    /// Removes a field; false if there was none.
    pub fn remove(&mut self, field: &[u8]) -> bool {
        match &mut self.0 {
            Form::Packed(packed) if packed.is_marked() => timed_packed::remove(packed, field),
            Form::Packed(packed) => match packed.find(field, 2) {
                Some(index) => {
                    packed.remove(index..index + 2);
                    true
                }
                None => false,
            },
            Form::Table(table) => Arc::make_mut(table).remove(field),
        }
    }

    /// The pairs of field and value: in the order of insertion while the hash is packed.
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.iter_with_expiry())
    }

    /// The pairs, each with when it expires.
    pub fn iter_with_expiry(&self) -> Triples<'_> {
        Triples(match &self.0 {
            Form::Packed(packed) if packed.is_marked() => FormIter::TimedPacked(packed.iter()),
            Form::Packed(packed) => FormIter::Packed(packed.iter()),
            Form::Table(table) => FormIter::Table(table.fields().iter()),
        })
    }

    /// The pairs whose time is not over.
    pub fn live(&self, now: i64) -> impl Iterator<Item = (&[u8], &[u8])> {
        let live = self.iter_with_expiry().filter(move |(.., at)| !is_over(*at, now));
        live.map(|(field, value, _)| (field, value))
    }

    /// How many pairs there are whose time is not over.
    pub fn live_len(&self, now: i64) -> usize {
        if is_over(self.next_expiry(), now) { self.live(now).count() } else { self.len() }
    }

    /// A pair drawn at random, each with the same probability.
    pub fn random(&self, rng: &mut impl FnMut() -> u64) -> Option<(&[u8], &[u8])> {
        match &self.0 {
            _ if self.is_empty() => None,
            Form::Packed(_) => self.iter().nth((rng() % self.len() as u64) as usize),
            Form::Table(table) => {
                table.fields().random(rng).map(|field| (&field.name[..], field.value()))
            }
        }
    }

    /// Reports about `count` pairs, beginning at `cursor`, and returns the cursor to go on with;
    /// 0 begins a scan, and 0 ends it. A field that is there all the time is reported. A packed
    /// hash is reported at once: a scan that began in one has ended before it can grow.
    pub fn scan(&self, cursor: u64, count: usize, report: &mut impl FnMut(Triple<'_>)) -> u64 {
        match self.fields() {
            Some(table) => table.scan(cursor, count, &mut |field| report(field.triple())),
            None => {
                self.iter_with_expiry().for_each(report);
                0
            }
        }
    }

    /// How the fields are spread; None: they are packed.
    pub fn chains(&self) -> Option<Chains> {
        self.fields().map(Table::chains)
    }

    /// Bytes allocated, estimated from `samples` pairs of a large hash; 0 looks at all.
    pub fn heap_size(&self, samples: usize) -> usize {
        match &self.0 {
            Form::Packed(packed) => packed.heap_size(),
            Form::Table(table) => ARC_COUNTS + size_of::<FieldTable>() + table.heap_size(samples),
        }
    }

    fn has_no_times(&self) -> bool {
        match &self.0 {
            Form::Packed(packed) => !packed.is_marked(),
            Form::Table(table) => table.has_no_times(),
        }
    }

    fn is_packed(&self) -> bool {
        matches!(self.0, Form::Packed(_))
    }

    /// The fields, if they are in a table.
    fn fields(&self) -> Option<&Table<Field>> {
        match &self.0 {
            Form::Packed(_) => None,
            Form::Table(table) => Some(table.fields()),
        }
    }

    fn become_table(&mut self) {
        if self.is_packed() {
            let mut table = FieldTable::default();
            for (field, value, at) in self.iter_with_expiry() {
                table.set(field, value, at);
            }
            self.0 = Form::Table(Arc::new(table));
        }
    }

    /// A table has it anyway.
    fn make_room_for_times(&mut self) {
        if let Form::Packed(packed) = &mut self.0
            && !packed.is_marked()
        {
            *packed = timed_packed::from_untimed(packed);
        }
    }
}

impl Default for Hash {
    fn default() -> Self {
        Hash::new()
    }
}

/// Equal pairs that expire at the same time, in whatever form and order.
impl PartialEq for Hash {
    fn eq(&self, other: &Self) -> bool {
        let same = |(field, value, at)| other.look_up(field) == Some((value, at));
        self.len() == other.len() && self.iter_with_expiry().all(same)
    }
}

impl Eq for Hash {}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = self.iter().map(|(field, value)| (Bytes::new(field), Bytes::new(value)));
        f.debug_map().entries(pairs).finish()
    }
}

impl<'a> IntoIterator for &'a Hash {
    type Item = (&'a [u8], &'a [u8]);
    type IntoIter = Iter<'a>;
    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

#[cfg(test)]
mod tests;
