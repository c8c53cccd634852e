//! A packed hash of which some fields expire.
//!
//! ```text
//! field, value, time, field, value, time, ...     by time; an empty time: never
//! '----- soonest ---'                             these at the end, as they came
//! ```
//!
//! So it tells at once what expires next, and takes that out without looking at the rest. The mark of the
//! [`Packed`] says that it is read in threes, and stays until the hash is empty.
//!
//! The order is seen by clients (HGETALL), and by those who read files, hence it is Redis': a field that gets
//! a time goes before those with the same.

use super::super::Bytes;
use super::super::packed::Packed;
use super::Triple;
use super::field::{decode_time, encode_time};

/// Strings for each field.
pub(super) const STEP: usize = 3;

/// The same fields, with room for times.
pub(super) fn from_untimed(untimed: &Packed) -> Packed {
    let mut packed = Packed::new();
    for (index, text) in untimed.iter().enumerate() {
        packed.push_back(text);
        if index % 2 == 1 {
            packed.push_back(b"");
        }
    }
    packed.shrink_to_fit();
    packed.mark();
    packed
}

pub(super) fn len(packed: &Packed) -> usize {
    packed.len() / STEP
}

fn iter(packed: &Packed) -> impl Iterator<Item = Triple<'_>> {
    let mut texts = packed.iter();
    std::iter::from_fn(move || Some((texts.next()?, texts.next()?, decode_time(texts.next()?))))
}

/// The value and the time of a field.
pub(super) fn get<'a>(packed: &'a Packed, field: &[u8]) -> Option<(&'a [u8], Option<i64>)> {
    iter(packed).find(|(name, ..)| *name == field).map(|(_, value, at)| (value, at))
}

pub(super) fn next_expiry(packed: &Packed) -> Option<i64> {
    packed.get(STEP - 1).and_then(decode_time)
}

/// Gives a field a value and a time; true if the field is new. It stays where it is if its time does.
pub(super) fn set(packed: &mut Packed, field: &[u8], value: &[u8], at: Option<i64>) -> bool {
    let Some(index) = packed.find(field, STEP) else {
        insert(packed, field, value, at);
        return true;
    };
    if packed.get(index + 2).and_then(decode_time) == at {
        packed.replace(index + 1, value);
    } else {
        packed.remove(index..index + STEP);
        insert(packed, field, value, at);
    }
    false
}

/// Gives a field a time, or none; false: there is no such field.
pub(super) fn set_expiry(packed: &mut Packed, field: &[u8], at: Option<i64>) -> bool {
    let Some(index) = packed.find(field, STEP) else { return false };
    let value = Bytes::new(packed.get(index + 1).unwrap_or_default());
    packed.remove(index..index + STEP);
    insert(packed, field, &value, at);
    true
}

pub(super) fn remove(packed: &mut Packed, field: &[u8]) -> bool {
    let found = packed.find(field, STEP);
    found.inspect(|index| packed.remove(*index..index + STEP)).is_some()
}

/// Before the fields that don't expire sooner.
fn insert(packed: &mut Packed, field: &[u8], value: &[u8], at: Option<i64>) {
    let sooner = |(.., other): &(_, _, Option<i64>)| at.is_none() || *other < at && other.is_some();
    let index = iter(packed).take_while(sooner).count() * STEP;
    let time = at.map(encode_time);
    packed.insert(index, field);
    packed.insert(index + 1, value);
    packed.insert(index + 2, time.as_ref().map_or(&[], |time| time));
    packed.mark(); // it may have been empty
}
