//! `Set`: what a key of type set holds, in one of three forms.
//!
//! ```text
//! form     holds                                          called       member costs
//! Ints     integers only, up to set-max-intset-entries    intset       2, 4 or 8 bytes
//! Packed   up to 64 members of up to 64 bytes             hashtable    its length + 1
//! Table    anything                                       hashtable    about 30, + its length
//!                                                                      when over 22
//! ```
//!
//! A set begins as integers and moves down this table when something enters that its form can't
//! hold, never up again. OBJECT ENCODING knows two names only, those of Redis 7.0, where small
//! sets of text have no form of their own; the packed one is ours, and invisible but for the
//! memory it saves. Left out on purpose: union, intersection and difference. They are loops over
//! `iter` and `contains`, and belong to the commands.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::Bytes;
use super::blob::Blob;
use super::bytes::ARC_COUNTS;
use super::chains::Chains;
use super::intset::{self, IntSet, IntSetRef};
use super::packed::{self, Packed};
use super::table::{self, Table};
use crate::number::parse_i64;

/// The largest set kept packed. A search reads half of it on average: about 100 ns.
const MAX_PACKED_MEMBERS: usize = 64;

/// The longest member of a packed set, so that moving the others about stays cheap.
const MAX_PACKED_LEN: usize = 64;

/// A set of binary strings; see the module documentation.
#[derive(Clone)]
pub struct Set(Form);

#[derive(Clone)]
enum Form {
    /// Packed texts, or integers in their place: what a key's entry has room for is one address and
    /// one length, and the blob itself says which of the two it holds.
    Small(Packed),
    Table(Arc<Table<Bytes>>),
}

/// A set as its form.
enum View<'a> {
    Ints(IntSetRef<'a>),
    Packed(&'a Packed),
    Table(&'a Table<Bytes>),
}

/// The same, to be changed.
enum ViewMut<'a> {
    Ints(IntSet<&'a mut Blob>),
    Packed(&'a mut Packed),
    Table(&'a mut Arc<Table<Bytes>>),
}

/// A member of a [`Set`]: its text, borrowed where the set has it as text.
#[derive(Clone)]
pub enum Member<'a> {
    /// Borrowed from the set.
    Text(&'a [u8]),
    /// Written out from an integer; the longest has 20 digits, so this never allocates.
    Digits(Bytes),
}

impl Set {
    /// An empty set.
    pub fn new() -> Self {
        Set(Form::Small(Packed::new()))
    }

    #[inline]
    fn view(&self) -> View<'_> {
        match &self.0 {
            Form::Small(small) => match intset::is_in(small.blob()) {
                true => View::Ints(IntSet::new(small.blob())),
                false => View::Packed(small),
            },
            Form::Table(table) => View::Table(table),
        }
    }

    #[inline]
    fn view_mut(&mut self) -> ViewMut<'_> {
        match &mut self.0 {
            Form::Small(small) => match intset::is_in(small.blob()) {
                true => ViewMut::Ints(IntSet::new(small.blob_mut())),
                false => ViewMut::Packed(small),
            },
            Form::Table(table) => ViewMut::Table(table),
        }
    }

    /// Whether neither has changed since one was cloned from the other.
    pub fn is_same(&self, other: &Set) -> bool {
        match (&self.0, &other.0) {
            (Form::Small(ours), Form::Small(theirs)) => ours.is_same(theirs),
            (Form::Table(ours), Form::Table(theirs)) => Arc::ptr_eq(ours, theirs),
            _ => false,
        }
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        match self.view() {
            View::Ints(ints) => ints.len(),
            View::Packed(packed) => packed.len(),
            View::Table(table) => table.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of its form in OBJECT ENCODING.
    pub fn encoding(&self) -> &'static str {
        match self.view() {
            View::Ints(_) => "intset",
            View::Packed(_) | View::Table(_) => "hashtable",
        }
    }

    /// The members as integers, if it is an intset.
    pub fn integers(&self) -> Option<IntSetRef<'_>> {
        match self.view() {
            View::Ints(ints) => Some(ints),
            View::Packed(_) | View::Table(_) => None,
        }
    }

    /// Adds a member; false if it was there. More than `max_intset` integers become a hashtable.
    pub fn add(&mut self, member: &[u8], max_intset: usize) -> bool {
        match self.view_mut() {
            ViewMut::Ints(mut ints) => {
                let Some(value) = parse_i64(member) else {
                    self.convert(Some(member));
                    return true;
                };
                let added = ints.insert(value);
                if added && ints.len() > max_intset {
                    self.convert(None);
                }
                added
            }
            ViewMut::Packed(packed) => {
                if packed.find(member, 1).is_some() {
                    return false;
                }
                if packed.len() >= MAX_PACKED_MEMBERS || member.len() > MAX_PACKED_LEN {
                    self.convert_to_table();
                    return self.add(member, max_intset);
                }
                packed.push_back(member);
                true
            }
            ViewMut::Table(table) => {
                // Looking first spares making a `Bytes` of a long member that is there.
                let added = table.get(member).is_none();
                if added {
                    Arc::make_mut(table).insert(Bytes::new(member));
                }
                added
            }
        }
    }

    /// Removes a member; false if it wasn't there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        match self.view_mut() {
            ViewMut::Ints(mut ints) => parse_i64(member).is_some_and(|value| ints.remove(value)),
            ViewMut::Packed(packed) => match packed.find(member, 1) {
                Some(index) => {
                    packed.remove(index..index + 1);
                    true
                }
                None => false,
            },
            ViewMut::Table(table) => Arc::make_mut(table).remove(member).is_some(),
        }
    }

    /// Whether `member` is one.
    pub fn contains(&self, member: &[u8]) -> bool {
        match self.view() {
            View::Ints(ints) => parse_i64(member).is_some_and(|value| ints.contains(value)),
            View::Packed(packed) => packed.find(member, 1).is_some(),
            View::Table(table) => table.get(member).is_some(),
        }
    }

    /// The same for a member whose [`hash`](super::hash()) is known.
    pub fn contains_hashed(&self, hash: u64, member: &[u8]) -> bool {
        match self.view() {
            View::Table(table) => table.get_hashed(hash, member).is_some(),
            View::Ints(_) | View::Packed(_) => self.contains(member),
        }
    }

    /// The members: ascending in an intset, else in no particular order.
    pub fn iter(&self) -> Iter<'_> {
        Iter(match self.view() {
            View::Ints(ints) => FormIter::Ints(ints, 0),
            View::Packed(packed) => FormIter::Packed(packed.iter()),
            View::Table(table) => FormIter::Table(table.iter()),
        })
    }

    /// A member drawn at random, each with the same probability.
    pub fn random(&self, rng: &mut impl FnMut() -> u64) -> Option<Member<'_>> {
        if self.is_empty() {
            return None;
        }
        match self.view() {
            View::Ints(ints) => Some(Member::digits(ints.get(draw(ints.len(), rng)))),
            View::Packed(packed) => packed.get(draw(packed.len(), rng)).map(Member::Text),
            View::Table(table) => table.random(rng).map(|member| Member::Text(member)),
        }
    }

    /// Takes out a member drawn at random.
    pub fn pop(&mut self, rng: &mut impl FnMut() -> u64) -> Option<Bytes> {
        if self.is_empty() {
            return None;
        }
        match self.view_mut() {
            ViewMut::Ints(mut ints) => {
                let value = ints.remove_at(draw(ints.len(), rng));
                Some(Member::digits(value).into_bytes())
            }
            ViewMut::Packed(packed) => packed.take(draw(packed.len(), rng)),
            ViewMut::Table(table) => Arc::make_mut(table).pop(rng),
        }
    }

    /// Reports about `count` members, beginning at `cursor`, and returns the cursor to go on
    /// with; 0 begins a scan, and 0 ends it. A member that is there all the time is reported.
    /// Integers are reported at once: a scan that began among them has ended before they can grow.
    /// A packed set has the same cursors as the table that it may become.
    pub fn scan(&self, cursor: u64, count: usize, report: &mut impl FnMut(&[u8])) -> u64 {
        match self.view() {
            View::Ints(_) => {
                self.iter().for_each(|member| report(&member));
                0
            }
            View::Packed(packed) => table::scan_list(packed.iter(), cursor, count, report),
            View::Table(table) => table.scan(cursor, count, &mut |member| report(member)),
        }
    }

    /// How the members are spread; None: they are listed as integers.
    pub fn chains(&self) -> Option<Chains> {
        match self.view() {
            View::Ints(_) => None,
            View::Packed(packed) => {
                let mut chains = Chains::default();
                chains.add(packed.len()); // all in one place
                Some(chains)
            }
            View::Table(table) => Some(table.chains()),
        }
    }

    /// Bytes allocated, estimated from `samples` members of a large set; 0 looks at all.
    pub fn heap_size(&self, samples: usize) -> usize {
        match &self.0 {
            Form::Small(small) => small.heap_size(),
            Form::Table(table) => ARC_COUNTS + size_of::<Table<Bytes>>() + table.heap_size(samples),
        }
    }

    /// Leaves the intset form, perhaps for a new member.
    fn convert(&mut self, new: Option<&[u8]>) {
        let fits = new.is_none_or(|member| member.len() <= MAX_PACKED_LEN);
        if self.len() < MAX_PACKED_MEMBERS && fits {
            let mut packed: Packed = self.iter().collect();
            new.into_iter().for_each(|member| packed.push_back(member));
            self.0 = Form::Small(packed);
        } else {
            self.convert_to_table();
            new.into_iter().for_each(|member| _ = self.add(member, 0));
        }
    }

    fn convert_to_table(&mut self) {
        let mut table = Table::new();
        for member in self.iter() {
            table.insert(member.into_bytes());
        }
        self.0 = Form::Table(Arc::new(table));
    }
}

/// An index below `len`, which is not 0.
fn draw(len: usize, rng: &mut impl FnMut() -> u64) -> usize {
    (rng() % len as u64) as usize
}

impl Default for Set {
    fn default() -> Self {
        Set::new()
    }
}

/// Equal members, in whatever form.
impl PartialEq for Set {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|member| other.contains(&member))
    }
}

impl Eq for Set {}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<'a> IntoIterator for &'a Set {
    type Item = Member<'a>;
    type IntoIter = Iter<'a>;
    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl Member<'_> {
    fn digits(value: i64) -> Self {
        Member::Digits(Bytes::new(itoa::Buffer::new().format(value).as_bytes()))
    }

    /// The member as a value of its own.
    pub fn into_bytes(self) -> Bytes {
        match self {
            Member::Text(text) => Bytes::new(text),
            Member::Digits(digits) => digits,
        }
    }
}

impl Deref for Member<'_> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match self {
            Member::Text(text) => text,
            Member::Digits(digits) => digits,
        }
    }
}

impl AsRef<[u8]> for Member<'_> {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for Member<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}

/// The members of a [`Set`].
pub struct Iter<'a>(FormIter<'a>);

enum FormIter<'a> {
    Ints(IntSetRef<'a>, usize),
    Packed(packed::Iter<'a>),
    Table(table::Iter<'a, Bytes>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        match &mut self.0 {
            FormIter::Ints(ints, index) => {
                *index += 1;
                (*index <= ints.len()).then(|| Member::digits(ints.get(*index - 1)))
            }
            FormIter::Packed(iter) => iter.next().map(Member::Text),
            FormIter::Table(iter) => iter.next().map(|member| Member::Text(member)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = match &self.0 {
            FormIter::Ints(ints, index) => ints.len().saturating_sub(*index),
            FormIter::Packed(iter) => iter.len(),
            FormIter::Table(iter) => iter.len(),
        };
        (left, Some(left))
    }
}

impl ExactSizeIterator for Iter<'_> {}

#[cfg(test)]
mod tests;
