//! Streams, read and written.
//!
//! ```text
//! stream   = nodes  (id listpack)*  length  last id
//!            first id  greatest deleted id  entries added              from type 19 on
//!            groups  group*
//! id       = ms seq, as two numbers; as the name of a node: a string of 16 bytes, high byte first
//! group    = name  last id  entries read (19 on; all ones: unknown)
//!            pending  (id: 16 bytes  delivered at: 8 bytes, ms  deliveries: number)*
//!            consumers  (name  seen at: 8 bytes  [active at: 8 bytes, type 21]
//!                        pending  (id: 16 bytes)*)*
//!
//! listpack = live  deleted  n  field * n  0                            of the node, then entries:
//!            flags  ms  seq  value * n  elements                       same fields (flags & 2)
//!            flags  ms  seq  n  (field value) * n  elements            flags & 1: deleted
//! ```
//!
//! `ms` and `seq` are distances from the node's ID; `elements` is how many there were before it in
//! the entry. Our own blocks hold the same entries in about the same way, so that node and block
//! translate one to one.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use super::format::Type;
use super::listpack::{self, Element};
use super::source::{Source, at, damaged};
use super::writer::RdbWriter;
use super::{Flaw, Result};
use crate::store::Stream;
use crate::store::stream::{Block, Entry, Group, Pending, StreamId};

const DELETED: i64 = 1;
const SAME_FIELDS: i64 = 2;
/// `entries read` when nobody knows.
const UNKNOWN: u64 = u64::MAX;

/// Reads what follows the type.
pub(super) fn read_stream<R: BufRead>(source: &mut Source<R>, kind: Type) -> Result<Stream> {
    let mut stream = Stream::new();
    for _ in 0..source.number()? {
        read_node(source, &mut stream)?;
    }
    let offset = source.offset();
    if source.number()? != stream.len() as u64 {
        return Err(damaged(offset, "a stream of another length than it says"));
    }
    let last_id = read_id(source)?;
    if stream.last().is_some_and(|last| last_id < last.id) {
        return Err(damaged(offset, "a stream whose last ID lies before its last entry"));
    }
    stream.last_id = last_id;
    stream.entries_added = stream.len() as u64;
    if kind != Type::StreamListpacks {
        read_id(source)?; // the first entry's, which is known
        stream.max_deleted_id = read_id(source)?;
        stream.entries_added = source.number()?;
    }
    for _ in 0..source.number()? {
        let offset = source.offset();
        let name = source.string()?;
        let group = read_group(source, kind, &stream)?;
        if !stream.create_group(&name, group) {
            return Err(damaged(offset, "a consumer group is twice in a stream"));
        }
    }
    Ok(stream)
}

fn read_node<R: BufRead>(source: &mut Source<R>, stream: &mut Stream) -> Result<()> {
    let offset = source.offset();
    let name = source.string()?;
    let id = <&[u8; 16]>::try_from(&name[..]).ok().map(id_of_bytes);
    let id = id.ok_or_else(|| damaged(offset, "the name of a stream node is no ID"))?;
    let offset = source.offset();
    let blob = source.string()?;
    let elements = listpack::read(&blob).map_err(at(offset))?;
    let block = node_to_block(id, &elements).map_err(at(offset))?;
    // A node of which every entry was deleted has nothing to keep.
    if block.live() > 0 && !stream.push_block(block) {
        return Err(damaged(offset, "the entries of a stream are not in order"));
    }
    Ok(())
}

/// A walk through the elements of a node, where each has its meaning by its place.
struct Elements<'a, 'b>(std::slice::Iter<'b, Element<'a>>);

impl Elements<'_, '_> {
    fn integer(&mut self) -> std::result::Result<i64, Flaw> {
        match self.0.next() {
            Some(Element::Integer(value)) => Ok(*value),
            _ => Err("a number is missing in a stream node".into()),
        }
    }

    /// A number of texts to come, of which each takes an element at least.
    fn count(&mut self) -> std::result::Result<usize, Flaw> {
        let count = usize::try_from(self.integer()?).ok().filter(|count| *count <= self.0.len());
        count.ok_or_else(|| "an impossible number of fields in a stream node".into())
    }

    fn text(&mut self) -> std::result::Result<Vec<u8>, Flaw> {
        match self.0.next() {
            Some(element) => Ok(element.to_vec()),
            None => Err("a stream node ends in the middle of an entry".into()),
        }
    }
}

fn node_to_block(first: StreamId, elements: &[Element<'_>]) -> std::result::Result<Block, Flaw> {
    let mut elements = Elements(elements.iter());
    let (live, deleted) = (elements.integer()?, elements.integer()?);
    let count = elements.count()?;
    let names = (0..count).map(|_| elements.text()).collect::<std::result::Result<Vec<_>, _>>()?;
    if elements.integer()? != 0 {
        return Err("the fields of a stream node do not end where they should".into());
    }
    let mut block = Block::new(first, names.iter().map(|name| (&name[..], &b""[..])));
    while elements.0.len() > 0 {
        read_entry(first, &names, &mut elements, &mut block)?;
    }
    let counts = (block.live() as i64, (block.total() - block.live()) as i64);
    if counts != (live, deleted) {
        return Err("a stream node with another number of entries than it says".into());
    }
    Ok(block)
}

fn read_entry(
    first: StreamId,
    names: &[Vec<u8>],
    elements: &mut Elements<'_, '_>,
    block: &mut Block,
) -> std::result::Result<(), Flaw> {
    let before = elements.0.len();
    let (flags, ms, seq) = (elements.integer()?, elements.integer()?, elements.integer()?);
    let id = StreamId::new(first.ms.wrapping_add(ms as u64), first.seq.wrapping_add(seq as u64));
    let mut fields = Vec::new();
    if flags & SAME_FIELDS != 0 {
        for name in names {
            fields.push((name.clone(), elements.text()?));
        }
    } else {
        for _ in 0..elements.count()? {
            fields.push((elements.text()?, elements.text()?));
        }
    }
    let taken = before - elements.0.len();
    if elements.integer()? != taken as i64 {
        return Err("a stream entry of another size than it says".into());
    }
    if !block.push(id, fields.iter().map(|(name, value)| (&name[..], &value[..]))) {
        return Err("the entries of a stream are not in order".into());
    }
    if flags & DELETED != 0 {
        block.delete(id);
    }
    Ok(())
}

fn read_group<R: BufRead>(source: &mut Source<R>, kind: Type, stream: &Stream) -> Result<Group> {
    let last_id = read_id(source)?;
    let entries_read = match kind {
        Type::StreamListpacks => stream.count_up_to(last_id),
        _ => Some(source.number()?).filter(|read| *read != UNKNOWN),
    };
    let mut group = Group::new(last_id, entries_read);
    let mut pending = BTreeMap::new();
    for _ in 0..source.number()? {
        let offset = source.offset();
        let id = id_of_bytes(&source.array()?);
        let delivery = (i64::from_le_bytes(source.array()?), source.number()?);
        if pending.insert(id, delivery).is_some() {
            return Err(damaged(offset, "an entry is pending twice in a group"));
        }
    }
    for _ in 0..source.number()? {
        read_consumer(source, kind, &mut group, &mut pending)?;
    }
    if pending.is_empty() {
        Ok(group)
    } else {
        Err(damaged(source.offset(), "an entry is pending in a group, but for no consumer"))
    }
}

fn read_consumer<R: BufRead>(
    source: &mut Source<R>,
    kind: Type,
    group: &mut Group,
    pending: &mut BTreeMap<StreamId, (i64, u64)>,
) -> Result<()> {
    let offset = source.offset();
    let name = source.string()?;
    let seen_time_ms = i64::from_le_bytes(source.array()?);
    if !group.see_consumer(&name, seen_time_ms) {
        return Err(damaged(offset, "a consumer is twice in a group"));
    }
    if kind == Type::StreamListpacks3 {
        let active_time_ms = i64::from_le_bytes(source.array()?);
        if active_time_ms >= 0 {
            group.note_activity(&name, active_time_ms);
        }
    }
    for _ in 0..source.number()? {
        let offset = source.offset();
        let id = id_of_bytes(&source.array()?);
        let Some((delivery_time_ms, delivery_count)) = pending.remove(&id) else {
            return Err(damaged(offset, "a consumer's entry is not pending in its group"));
        };
        let consumer = name.as_slice().into();
        group.assign(id, Pending { consumer, delivery_time_ms, delivery_count });
    }
    Ok(())
}

fn read_id<R: BufRead>(source: &mut Source<R>) -> Result<StreamId> {
    Ok(StreamId::new(source.number()?, source.number()?))
}

fn id_of_bytes(bytes: &[u8; 16]) -> StreamId {
    let id = u128::from_be_bytes(*bytes);
    StreamId::new((id >> 64) as u64, id as u64)
}

fn id_to_bytes(id: StreamId) -> [u8; 16] {
    (u128::from(id.ms) << 64 | u128::from(id.seq)).to_be_bytes()
}

/// Writes what follows the type.
pub(super) fn write_stream<W: Write>(out: &mut RdbWriter<W>, stream: &Stream) -> io::Result<()> {
    out.number(stream.blocks().len() as u64)?;
    for block in stream.blocks() {
        out.string(&id_to_bytes(block.first()))?;
        out.string(&block_to_node(block))?;
    }
    out.number(stream.len() as u64)?;
    for id in [stream.last_id, stream.first_id(), stream.max_deleted_id] {
        write_id(out, id)?;
    }
    out.number(stream.entries_added)?;
    out.number(stream.groups().len() as u64)?;
    for (name, group) in stream.groups() {
        out.string(name)?;
        write_group(out, group)?;
    }
    Ok(())
}

fn block_to_node(block: &Block) -> Vec<u8> {
    let mut node = listpack::Writer::default();
    let names: Vec<&[u8]> = block.field_names().collect();
    node.integer(block.live() as i64);
    node.integer((block.total() - block.live()) as i64);
    node.integer(names.len() as i64);
    names.iter().for_each(|name| node.text(name));
    node.integer(0);
    for (entry, deleted) in block.entries_and_deleted() {
        write_entry(&mut node, block.first(), &names, entry, deleted);
    }
    node.finish()
}

fn write_entry(
    node: &mut listpack::Writer,
    first: StreamId,
    names: &[&[u8]],
    entry: Entry<'_>,
    deleted: bool,
) {
    let same = entry.fields.clone().map(|(name, _)| name).eq(names.iter().copied());
    let before = node.count();
    node.integer(if same { SAME_FIELDS } else { 0 } | if deleted { DELETED } else { 0 });
    node.integer(entry.id.ms.wrapping_sub(first.ms) as i64);
    node.integer(entry.id.seq.wrapping_sub(first.seq) as i64);
    if !same {
        node.integer(entry.fields.len() as i64);
    }
    for (name, value) in entry.fields {
        if !same {
            node.text(name);
        }
        node.text(value);
    }
    node.integer((node.count() - before) as i64);
}

fn write_group<W: Write>(out: &mut RdbWriter<W>, group: &Group) -> io::Result<()> {
    write_id(out, group.last_id)?;
    out.number(group.entries_read.unwrap_or(UNKNOWN))?;
    out.number(group.pending().len() as u64)?;
    for (id, pending) in group.pending().iter() {
        out.put(&id_to_bytes(*id))?;
        out.put(&pending.delivery_time_ms.to_le_bytes())?;
        out.number(pending.delivery_count)?;
    }
    out.number(group.consumers().len() as u64)?;
    for (name, consumer) in group.consumers() {
        out.string(name)?;
        out.put(&consumer.seen_time_ms.to_le_bytes())?;
        out.number(consumer.pending().len() as u64)?;
        for id in consumer.pending().keys() {
            out.put(&id_to_bytes(*id))?;
        }
    }
    Ok(())
}

fn write_id<W: Write>(out: &mut RdbWriter<W>, id: StreamId) -> io::Result<()> {
    out.number(id.ms)?;
    out.number(id.seq)
}
