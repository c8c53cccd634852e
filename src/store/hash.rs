//! `Hash`: what a key of type hash holds: fields, each with a value.
//!
//! ```text
//! form     holds                                   called     order         pair costs
//! Packed   field, value, field, value, ... within  listpack   of insertion  its lengths + 2
//!          hash-max-listpack-entries and -value
//! Table    anything                                hashtable  none          about 53, + each
//!                                                                           length over 22
//! ```
//!
//! A hash begins packed, becomes a table when a pair arrives that the limits don't allow, and
//! stays one. The limits are passed in with each write, since they may be reconfigured at any
//! time: they decide over the next write, not over what is already there.
//!
//! Left out on purpose: numbers. HINCRBY reads a text and writes a text.

use std::fmt;
use std::sync::Arc;

use super::Bytes;
use super::bytes::ARC_COUNTS;
use super::chains::Chains;
use super::packed::{self, Packed, PackedLimits};
use super::table::{self, Keyed, Table};

/// A map from fields to values; see the module documentation.
#[derive(Clone)]
pub struct Hash(Form);

#[derive(Clone)]
enum Form {
    Packed(Packed),
    Table(Arc<Table<Field>>),
}

#[derive(Clone)]
struct Field {
    name: Bytes,
    value: Bytes,
}

impl Keyed for Field {
    fn key(&self) -> &[u8] {
        &self.name
    }

    fn heap_size(&self) -> usize {
        self.name.heap_size() + self.value.heap_size()
    }
}

impl Hash {
    /// An empty hash.
    pub const fn new() -> Self {
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
            Form::Packed(packed) => packed.len() / 2,
            Form::Table(table) => table.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of its form in OBJECT ENCODING.
    pub fn encoding(&self) -> &'static str {
        match &self.0 {
            Form::Packed(_) => "listpack",
            Form::Table(_) => "hashtable",
        }
    }

    /// The value of a field.
    pub fn get(&self, field: &[u8]) -> Option<&[u8]> {
        match &self.0 {
            Form::Packed(_) => self.iter().find(|(name, _)| *name == field).map(|(_, value)| value),
            Form::Table(table) => table.get(field).map(|found| &found.value[..]),
        }
    }

    /// Whether the field exists.
    pub fn contains(&self, field: &[u8]) -> bool {
        self.get(field).is_some()
    }

    /// The length of a field's value, 0 if there is no such field.
    pub fn value_len(&self, field: &[u8]) -> usize {
        self.get(field).map_or(0, <[u8]>::len)
    }

    /// Gives a field a value; true if the field is new.
    pub fn set(&mut self, field: &[u8], value: &[u8], limits: PackedLimits) -> bool {
        if field.len().max(value.len()) > limits.value {
            self.convert();
        }
        let packed = match &mut self.0 {
            Form::Packed(packed) => packed,
            Form::Table(table) => {
                let table = Arc::make_mut(table);
                if let Some(found) = table.get_mut(field) {
                    found.value = Bytes::new(value);
                    return false;
                }
                table.insert(Field { name: Bytes::new(field), value: Bytes::new(value) });
                return true;
            }
        };
        if let Some(index) = packed.find(field, 2) {
            packed.replace(index + 1, value);
            return false;
        }
        packed.push_back(field);
        packed.push_back(value);
        if self.len() > limits.entries {
            self.convert();
        }
        true
    }

    /// Removes a field; false if there was none.
    pub fn remove(&mut self, field: &[u8]) -> bool {
        match &mut self.0 {
            Form::Packed(packed) => match packed.find(field, 2) {
                Some(index) => {
                    packed.remove(index..index + 2);
                    true
                }
                None => false,
            },
            Form::Table(table) => Arc::make_mut(table).remove(field).is_some(),
        }
    }

    /// The pairs of field and value: in the order of insertion while the hash is packed.
    pub fn iter(&self) -> Iter<'_> {
        Iter(match &self.0 {
            Form::Packed(packed) => FormIter::Packed(packed.iter()),
            Form::Table(table) => FormIter::Table(table.iter()),
        })
    }

    /// A pair drawn at random, each with the same probability.
    pub fn random(&self, rng: &mut impl FnMut() -> u64) -> Option<(&[u8], &[u8])> {
        match &self.0 {
            Form::Packed(packed) if packed.is_empty() => None,
            Form::Packed(_) => self.iter().nth((rng() % self.len() as u64) as usize),
            Form::Table(table) => table.random(rng).map(Field::pair),
        }
    }

    /// Reports about `count` pairs, beginning at `cursor`, and returns the cursor to go on with;
    /// 0 begins a scan, and 0 ends it. A field that is there all the time is reported. A packed
    /// hash is reported at once: a scan that began in one has ended before it can grow.
    pub fn scan(&self, cursor: u64, count: usize, report: &mut impl FnMut(&[u8], &[u8])) -> u64 {
        if let Form::Table(table) = &self.0 {
            return table.scan(cursor, count, &mut |field| report(&field.name, &field.value));
        }
        self.iter().for_each(|(field, value)| report(field, value));
        0
    }

    /// How the fields are spread; None: they are packed.
    pub fn chains(&self) -> Option<Chains> {
        match &self.0 {
            Form::Packed(_) => None,
            Form::Table(table) => Some(table.chains()),
        }
    }

    /// Bytes allocated, estimated from `samples` pairs of a large hash; 0 looks at all.
    pub fn heap_size(&self, samples: usize) -> usize {
        match &self.0 {
            Form::Packed(packed) => packed.heap_size(),
            Form::Table(table) => ARC_COUNTS + size_of::<Table<Field>>() + table.heap_size(samples),
        }
    }

    fn convert(&mut self) {
        if let Form::Table(_) = self.0 {
            return;
        }
        let mut table = Table::new();
        for (name, value) in self.iter() {
            table.insert(Field { name: Bytes::new(name), value: Bytes::new(value) });
        }
        self.0 = Form::Table(Arc::new(table));
    }
}

impl Field {
    fn pair(&self) -> (&[u8], &[u8]) {
        (&self.name, &self.value)
    }
}

impl Default for Hash {
    fn default() -> Self {
        Hash::new()
    }
}

/// Equal pairs, in whatever form and order.
impl PartialEq for Hash {
    fn eq(&self, other: &Self) -> bool {
        let same = |(field, value)| other.get(field) == Some(value);
        self.len() == other.len() && self.iter().all(same)
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

/// The pairs of a [`struct@Hash`].
pub struct Iter<'a>(FormIter<'a>);

enum FormIter<'a> {
    Packed(packed::Iter<'a>),
    Table(table::Iter<'a, Field>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            FormIter::Packed(iter) => Some((iter.next()?, iter.next()?)),
            FormIter::Table(iter) => iter.next().map(Field::pair),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = match &self.0 {
            FormIter::Packed(iter) => iter.len() / 2,
            FormIter::Table(iter) => iter.len(),
        };
        (left, Some(left))
    }
}

impl ExactSizeIterator for Iter<'_> {}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    const LIMITS: PackedLimits = PackedLimits { entries: 128, value: 64 };

    fn hash_of(pairs: &[(Vec<u8>, Vec<u8>)], limits: PackedLimits) -> Hash {
        let mut hash = Hash::new();
        for (field, value) in pairs {
            hash.set(field, value, limits);
        }
        hash
    }

    fn pairs(hash: &Hash) -> Vec<(Vec<u8>, Vec<u8>)> {
        hash.iter().map(|(field, value)| (field.to_vec(), value.to_vec())).collect()
    }

    proptest! {
        #[test]
        fn behaves_as_an_ordered_map(
            ops in prop::collection::vec((0..10u8, 0..300u16, 0..66usize), 0..600), entries in 0..256usize,
        ) {
            let limits = PackedLimits { entries, value: 64 };
            let (mut hash, mut model) = (Hash::new(), Vec::<(Vec<u8>, Vec<u8>)>::new());
            let mut frozen = None;
            for (step, (op, field, len)) in ops.into_iter().enumerate() {
                let (field, value) = (format!("f{field}").into_bytes(), vec![step as u8; len]);
                let place = model.iter().position(|(f, _)| *f == field);
                if op < 2 {
                    prop_assert_eq!(hash.remove(&field), place.is_some());
                    if let Some(place) = place { model.remove(place); }
                } else {
                    prop_assert_eq!(hash.set(&field, &value, limits), place.is_none());
                    match place {
                        Some(place) => model[place].1 = value.clone(),
                        None => model.push((field.clone(), value.clone())),
                    }
                    prop_assert_eq!(hash.get(&field), Some(&value[..]));
                    prop_assert_eq!(hash.value_len(&field), len);
                }
                prop_assert_eq!(hash.len(), model.len());
                if step == 300 { frozen = Some((hash.clone(), model.clone())); }
            }
            // Once the hash is a table, only the contents count; until then the order does too.
            if hash.encoding() == "listpack" {
                prop_assert_eq!(pairs(&hash), model.clone());
            } else {
                let unordered: HashMap<_, _> = pairs(&hash).into_iter().collect();
                prop_assert_eq!(unordered, model.iter().cloned().collect::<HashMap<_, _>>());
            }
            prop_assert_eq!(hash.iter().len(), model.len());
            prop_assert_eq!(&hash, &hash_of(&model, PackedLimits { entries: 1 << 20, value: 1 << 20 }));
            let drawn = hash.random(&mut || 12345).map(|(f, v)| (f.to_vec(), v.to_vec()));
            prop_assert!(drawn.map_or(model.is_empty(), |pair| model.contains(&pair)));
            if let Some((frozen, model)) = frozen {
                prop_assert_eq!(frozen, hash_of(&model, limits));
            }
        }
    }

    #[test]
    fn changes_form_at_the_limits_and_never_back() {
        let mut hash = Hash::new();
        for i in 0..128 {
            hash.set(format!("f{i}").as_bytes(), &[b'v'; 64], LIMITS);
        }
        hash.set(b"f5", b"replaced", LIMITS);
        assert_eq!(hash.encoding(), "listpack");
        hash.set(b"f128", b"v", LIMITS);
        assert_eq!(hash.encoding(), "hashtable");
        for i in 0..128 {
            assert!(hash.remove(format!("f{i}").as_bytes()));
        }
        assert_eq!((hash.len(), hash.encoding()), (1, "hashtable"));
        for (field, value) in [(65, 1), (1, 65)] {
            let mut hash = Hash::new();
            hash.set(&vec![b'f'; field], &vec![b'v'; value], LIMITS);
            assert_eq!(hash.encoding(), "hashtable");
        }
    }

    #[test]
    fn a_value_that_is_also_a_field_name_is_not_found_as_one() {
        let mut hash = Hash::new();
        hash.set(b"a", b"b", LIMITS);
        assert!(!hash.contains(b"b") && !hash.remove(b"b") && hash.set(b"b", b"a", LIMITS));
        assert_eq!(format!("{hash:?}"), r#"{"a": "b", "b": "a"}"#);
    }

    #[test]
    fn scans_report_every_pair() {
        for len in [5, 1000] {
            let texts = |i: u32| (format!("f{i}").into_bytes(), format!("v{i}").into_bytes());
            let hash = hash_of(&(0..len).map(texts).collect::<Vec<_>>(), LIMITS);
            let (mut seen, mut cursor) = (HashMap::new(), 0);
            loop {
                cursor = hash.scan(cursor, 3, &mut |f, v| seen.extend([(f.to_vec(), v.to_vec())]));
                if cursor == 0 {
                    break;
                }
            }
            assert_eq!(seen, (0..len).map(texts).collect());
        }
    }
}
