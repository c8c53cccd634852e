//! `FieldTable`: a large hash, of which some fields may expire.
//!
//! ```text
//! fields: Table<Field>          each field knows its time, if it has one
//! order:  (time, hash), ...     who is next: a field is found by the hash of its name
//! ```
//!
//! So it tells at once what expires next, and takes that out without looking at the rest. There is no order
//! until the first field gets a time.

use super::super::hashing::hash;
use super::super::sorted_map::SortedMap;
use super::super::table::Table;
use super::field::Field;

/// When fields expire, and the hashes of their names. Two names may have the same hash, though hardly
/// ever: if their times are the same, too, this stands here once for both.
type Order = SortedMap<(i64, u64), ()>;

/// The fields of a large hash; see the module documentation.
#[derive(Clone, Default)]
pub(super) struct FieldTable {
    fields: Table<Field>,
    order: Option<Box<Order>>,
}

impl FieldTable {
    pub(super) fn fields(&self) -> &Table<Field> {
        &self.fields
    }

    /// Whether no field has ever had a time.
    pub(super) fn has_no_times(&self) -> bool {
        self.order.is_none()
    }

    pub(super) fn next_expiry(&self) -> Option<i64> {
        self.order.as_ref()?.first_key_value().map(|((at, _), ())| *at)
    }

    /// Gives a field a value and a time; true if the field is new.
    pub(super) fn set(&mut self, field: &[u8], value: &[u8], at: Option<i64>) -> bool {
        let (is_new, before) = match self.fields.get_mut(field) {
            Some(found) => {
                let before = found.expiry();
                found.replace(value, at);
                (false, before)
            }
            None => {
                self.fields.insert(Field::new(field, value, at));
                (true, None)
            }
        };
        self.reorder(field, before, at);
        is_new
    }

    /// Gives a field a time, or none; false: there is no such field.
    pub(super) fn set_expiry(&mut self, field: &[u8], at: Option<i64>) -> bool {
        let Some(found) = self.fields.get_mut(field) else { return false };
        let before = found.expiry();
        found.set_expiry(at);
        self.reorder(field, before, at);
        true
    }

    pub(super) fn remove(&mut self, field: &[u8]) -> bool {
        let Some(removed) = self.fields.remove(field) else { return false };
        self.reorder(field, removed.expiry(), None);
        true
    }

    /// The field that expires next.
    pub(super) fn next_to_expire(&self) -> Option<&Field> {
        let ((at, hash), ()) = self.order.as_ref()?.first_key_value()?;
        self.fields.with_hash(*hash).find(|field| field.expiry() == Some(*at))
    }

    /// Bytes allocated, apart from the table itself.
    pub(super) fn heap_size(&self, samples: usize) -> usize {
        let order = self.order.as_ref().map_or(0, |order| size_of::<Order>() + order.heap_size());
        self.fields.heap_size(samples) + order
    }

    /// After a field's time has changed.
    fn reorder(&mut self, field: &[u8], before: Option<i64>, after: Option<i64>) {
        if before == after {
            return;
        }
        let hash = hash(field);
        let order = self.order.get_or_insert_default();
        if let Some(at) = before
            && !self.fields.with_hash(hash).any(|other| other.expiry() == before)
        {
            order.remove(&(at, hash));
        }
        after.map(|at| order.insert((at, hash), ()));
    }
}
