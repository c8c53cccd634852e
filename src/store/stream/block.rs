//! `Block`: up to a hundred neighbouring stream entries in one allocation.
//!
//! Neighbours resemble each other: they come from one producer, milliseconds apart, with the same
//! field names. So a block writes the names of its first entry once, and for each entry only what
//! is different from the entry before it:
//!
//! ```text
//! data  = names  entry  entry ...
//! names = n  (len text) * n                         field names of the first entry
//! entry = flags  ms  seq  (len value) * n                      same names   (SAME_FIELDS)
//!       | flags  ms  seq  m  (len name  len value) * m         other names
//!
//! XADD s 1700000000000-0 temp 21      04 't' 'e' 'm' 'p' before it, once for the block
//! XADD s 1700000000007-0 temp 22      01  07  00  02 '2' '2'                  six bytes
//! ```
//!
//! All numbers are LEB128 varints. `ms` is the distance from the entry before; `seq` likewise if
//! `ms` is 0, else the sequence itself. The first entry counts from the block's `first` ID.
//!
//! A removed entry keeps its bytes and gets a flag: moving what follows would cost as much as
//! rewriting the block. A block none of whose entries is left is dropped by the stream.
//!
//! Entries can only be read from the front; walking backwards decodes a block first. With a
//! hundred entries that is cheaper than the bytes that a link back would take in each of them.

use super::StreamId;
use super::listpack_size;

const DELETED: u8 = 1;
const SAME_FIELDS: u8 = 2;

/// A run of entries; see the module documentation.
#[derive(Clone, Debug)]
pub struct Block {
    first: StreamId,
    last: StreamId,
    live: usize,
    deleted: usize,
    /// Bytes of `data` taken by the names.
    names: usize,
    /// What the elements of an equal Redis node take, but for the two counters at its front.
    listpack: usize,
    data: Vec<u8>,
}

/// One entry, borrowed from its block.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Its ID.
    pub id: StreamId,
    /// Its field names and values, in the order they were given.
    pub fields: Fields<'a>,
}

/// An entry, its state and where it lies: what only the block and the stream need to know.
pub(super) struct Slot<'a> {
    pub(super) entry: Entry<'a>,
    pub(super) deleted: bool,
    flags_at: usize,
}

impl Block {
    /// An empty block whose first entry will have this ID and these fields.
    pub fn new<'a>(first: StreamId, fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let names: Vec<&[u8]> = fields.map(|(name, _)| name).collect();
        let mut data = Vec::new();
        put_number(&mut data, names.len() as u64);
        names.iter().for_each(|name| put_text(&mut data, name));
        let count = listpack_size::integer(names.len() as i64);
        let terminator = listpack_size::integer(0);
        let texts: usize = names.iter().map(|name| listpack_size::text(name)).sum();
        Block {
            first,
            last: first,
            live: 0,
            deleted: 0,
            names: data.len(),
            listpack: listpack_size::EMPTY + count + texts + terminator,
            data,
        }
    }

    /// The ID that the first entry had when it came, removed or not.
    pub fn first(&self) -> StreamId {
        self.first
    }

    /// The ID of the last entry, removed or not.
    pub fn last(&self) -> StreamId {
        self.last
    }

    /// Entries that have not been removed.
    pub fn live(&self) -> usize {
        self.live
    }

    /// All entries that came, removed or not.
    pub fn total(&self) -> usize {
        self.live + self.deleted
    }

    /// The size of a Redis node with the same entries.
    pub fn listpack_size(&self) -> usize {
        let counter = |value: usize| listpack_size::integer(value as i64);
        self.listpack + counter(self.live) + counter(self.deleted)
    }

    /// Bytes allocated outside the value itself.
    pub fn heap_size(&self) -> usize {
        self.data.capacity()
    }

    /// Adds an entry; false if its ID is not greater than `last()` (or, the first time, is less
    /// than `first()`).
    #[must_use]
    pub fn push<'a>(
        &mut self,
        id: StreamId,
        fields: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
    ) -> bool {
        let in_order = id > self.last || self.total() == 0 && id == self.last;
        if !in_order {
            return false;
        }
        let same = self.field_names().eq(fields.clone().map(|(name, _)| name));
        self.data.push(if same { SAME_FIELDS } else { 0 });
        let ms = id.ms - self.last.ms;
        put_number(&mut self.data, ms);
        put_number(&mut self.data, if ms == 0 { id.seq - self.last.seq } else { id.seq });
        let mut elements = 4; // flags, both distances, and this number itself as a way back
        let mut listpack = listpack_size::integer(i64::from(SAME_FIELDS))
            + listpack_size::integer(id.ms.wrapping_sub(self.first.ms) as i64)
            + listpack_size::integer(id.seq.wrapping_sub(self.first.seq) as i64);
        if !same {
            let count = fields.clone().count();
            put_number(&mut self.data, count as u64);
            listpack += listpack_size::integer(count as i64);
            elements += 1;
        }
        for (name, value) in fields {
            if !same {
                put_text(&mut self.data, name);
                listpack += listpack_size::text(name);
                elements += 1;
            }
            put_text(&mut self.data, value);
            listpack += listpack_size::text(value);
            elements += 1;
        }
        self.listpack += listpack + listpack_size::integer(elements - 1);
        self.last = id;
        self.live += 1;
        true
    }

    /// Returns what the vector reserved for more entries, for a block that gets none.
    pub fn shrink(&mut self) {
        self.data.shrink_to_fit();
    }

    /// Marks an entry as removed; false if there is no such entry (any more).
    pub fn delete(&mut self, id: StreamId) -> bool {
        let slot = self.slots().take_while(|slot| slot.entry.id <= id).last();
        let Some(Slot { entry, deleted: false, flags_at }) = slot else { return false };
        if entry.id != id {
            return false;
        }
        self.mark_deleted(flags_at);
        true
    }

    /// The IDs of the entries that are left, in order, with the place of each for `delete_at`.
    pub fn places(&self) -> impl Iterator<Item = (StreamId, usize)> {
        self.slots().filter(|slot| !slot.deleted).map(|slot| (slot.entry.id, slot.flags_at))
    }

    /// Marks the entries in these places as removed.
    pub fn delete_at(&mut self, places: &[usize]) {
        places.iter().for_each(|&flags_at| self.mark_deleted(flags_at));
    }

    /// The entries that are left, in order.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> + Clone {
        self.slots().filter(|slot| !slot.deleted).map(|slot| slot.entry)
    }

    /// All entries in order, and whether each has been removed.
    pub fn entries_and_deleted(&self) -> impl Iterator<Item = (Entry<'_>, bool)> {
        self.slots().map(|slot| (slot.entry, slot.deleted))
    }

    /// The field names of the entry the block began with.
    pub fn field_names(&self) -> impl Iterator<Item = &[u8]> {
        let mut names = self.names();
        (0..take_number(&mut names)).map(move |_| take_text(&mut names))
    }

    fn names(&self) -> &[u8] {
        &self.data[..self.names]
    }

    fn slots(&self) -> Slots<'_> {
        Slots { block: self, at: self.names, id: self.first }
    }

    fn mark_deleted(&mut self, flags_at: usize) {
        self.data[flags_at] |= DELETED;
        self.live -= 1;
        self.deleted += 1;
    }
}

/// Decodes one entry after the other.
#[derive(Clone)]
struct Slots<'a> {
    block: &'a Block,
    at: usize,
    id: StreamId,
}

impl<'a> Iterator for Slots<'a> {
    type Item = Slot<'a>;

    fn next(&mut self) -> Option<Slot<'a>> {
        let data = &self.block.data;
        let flags_at = self.at;
        let flags = *data.get(flags_at)?;
        let mut rest = &data[flags_at + 1..];
        let (ms, seq) = (take_number(&mut rest), take_number(&mut rest));
        let seq = if ms == 0 { self.id.seq + seq } else { seq };
        self.id = StreamId::new(self.id.ms + ms, seq);
        let mut names = (flags & SAME_FIELDS != 0).then(|| self.block.names());
        let left = take_number(names.as_mut().unwrap_or(&mut rest)) as usize;
        let fields = Fields { left, names, data: rest };
        let texts = if names.is_some() { left } else { left * 2 };
        for _ in 0..texts {
            take_text(&mut rest);
        }
        self.at = data.len() - rest.len();
        let entry = Entry { id: self.id, fields };
        Some(Slot { entry, deleted: flags & DELETED != 0, flags_at })
    }
}

/// The fields of an entry: pairs of name and value.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    left: usize,
    /// The rest of the block's names, if the entry has the same ones.
    names: Option<&'a [u8]>,
    data: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let name = take_text(self.names.as_mut().unwrap_or(&mut self.data));
        Some((name, take_text(&mut self.data)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Fields<'_> {}

/// Appends a number, seven bits a byte, the lowest first.
fn put_number(data: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        data.push(number as u8 | 0x80);
        number >>= 7;
    }
    data.push(number as u8);
}

fn take_number(data: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..).step_by(7) {
        let byte = *data.split_off_first().expect("the block wrote the whole number");
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    number
}

fn put_text(data: &mut Vec<u8>, text: &[u8]) {
    put_number(data, text.len() as u64);
    data.extend_from_slice(text);
}

fn take_text<'a>(data: &mut &'a [u8]) -> &'a [u8] {
    let len = take_number(data) as usize;
    data.split_off(..len).expect("the block wrote the whole text")
}
