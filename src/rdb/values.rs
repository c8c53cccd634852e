//! Reading a value: a type, and what is behind it.
//!
//! Every element goes through the store's own insertion, which tells whether it was there already,
//! and chooses the form (packed or table) from the limits of this server, not of the one that
//! wrote the file.
//!
//! A collection without elements is no value: Redis before 7.0 could write one by mistake.
//! It reads as `None`, which a file's loader skips and RESTORE refuses.

use std::io::BufRead;

use super::format::{
    NODE_PACKED, NODE_PLAIN, SCORE_INFINITY, SCORE_NAN, SCORE_NEGATIVE_INFINITY, Type,
};
use super::legacy::{read_intset, read_ziplist, read_zipmap};
use super::listpack::{self, Element};
use super::source::{Source, at, damaged};
use super::timed_hash::read_timed_hash;
use super::version::Dialect;
use super::{EncodingLimits, Error, Flaw, Reason, Result, streams};
use crate::number::parse_f64;
use crate::store::list::End;
use crate::store::sorted_set::Inserted;
use crate::store::value::Kind;
use crate::store::{Hash, List, Set, SortedSet, Str, Value, packed};

/// Reads the elements of a blob.
type ReadBlob = for<'a> fn(&'a [u8]) -> std::result::Result<Vec<Element<'a>>, Flaw>;

/// Reads what follows the type; None is an empty collection.
pub(super) fn read_value<R: BufRead>(
    source: &mut Source<R>,
    kind: Type,
    dialect: Dialect,
    limits: &EncodingLimits,
) -> Result<Option<Value>> {
    let offset = source.offset();
    match kind {
        Type::String => Ok(Some(Value::Str(Str::new(&source.string()?)))),
        Type::List => some(read_list(source)?),
        Type::ListZiplist => {
            let mut list = List::new();
            push_all(&mut list, &source.string()?, read_ziplist).map_err(at(offset))?;
            some(list)
        }
        Type::ListQuicklist => some(read_quicklist(source)?),
        Type::ListQuicklist2 => some(read_quicklist_2(source)?),
        Type::Set => some(read_set(source, limits)?),
        Type::SetIntset => some(intset(&source.string()?, limits).map_err(at(offset))?),
        Type::SetListpack => some(packed_set(&source.string()?, limits).map_err(at(offset))?),
        Type::Hash => some(read_hash(source, limits)?),
        Type::HashZipmap => some(zipmap(&source.string()?, limits).map_err(at(offset))?),
        Type::HashZiplist => {
            some(packed_hash(&source.string()?, read_ziplist, limits).map_err(at(offset))?)
        }
        Type::HashListpack => {
            some(packed_hash(&source.string()?, listpack::read, limits).map_err(at(offset))?)
        }
        Type::Zset => some(read_zset(source, limits, read_binary_score)?),
        Type::ZsetText => some(read_zset(source, limits, read_text_score)?),
        Type::ZsetZiplist => {
            some(packed_zset(&source.string()?, read_ziplist, limits).map_err(at(offset))?)
        }
        Type::ZsetListpack => {
            some(packed_zset(&source.string()?, listpack::read, limits).map_err(at(offset))?)
        }
        Type::StreamListpacks | Type::StreamListpacks2 | Type::StreamListpacks3 => {
            Ok(Some(streams::read_stream(source, kind)?.into_value()))
        }
        Type::HashListpackExpiringPreRelease | Type::HashExpiring | Type::HashListpackExpiring
            if dialect == Dialect::Valkey =>
        {
            Err(damaged(offset, format!("Unknown RDB encoding type {}", kind as u8)))
        }
        Type::HashExpiringPreRelease
        | Type::HashListpackExpiringPreRelease
        | Type::HashExpiring
        | Type::HashListpackExpiring => some(read_timed_hash(source, kind, dialect, limits)?),
        Type::ModulePreRelease => Err(unsupported(offset, "a module's value, from Redis 4.0-rc")),
        Type::Module => {
            let module = module_name(source.number()?);
            Err(unsupported(offset, format!("a value of the module type '{module}'")))
        }
    }
}

/// A value that has elements.
fn some<K: Kind>(value: K) -> Result<Option<Value>> {
    Ok((!value.is_gone()).then(|| value.into_value()))
}

/// The error for what would be lost.
pub(super) fn unsupported(offset: u64, what: impl Into<Flaw>) -> Error {
    Error { offset, reason: Reason::Unsupported(format!("can't keep {}", what.into()).into()) }
}

/// A module's type has nine letters of six bits each, then ten bits of version.
pub(super) fn module_name(id: u64) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    (0..9).rev().map(|n| char::from(LETTERS[(id >> (10 + 6 * n)) as usize & 63])).collect()
}

fn read_list<R: BufRead>(source: &mut Source<R>) -> Result<List> {
    let mut list = List::new();
    for _ in 0..source.number()? {
        list.push(End::Back, &source.string()?);
    }
    Ok(list)
}

fn read_quicklist<R: BufRead>(source: &mut Source<R>) -> Result<List> {
    let mut list = List::new();
    for _ in 0..source.number()? {
        let offset = source.offset();
        push_all(&mut list, &source.string()?, read_ziplist).map_err(at(offset))?;
    }
    Ok(list)
}

fn read_quicklist_2<R: BufRead>(source: &mut Source<R>) -> Result<List> {
    let mut list = List::new();
    for _ in 0..source.number()? {
        let offset = source.offset();
        match source.number()? {
            NODE_PLAIN => list.push(End::Back, &source.string()?),
            NODE_PACKED => {
                push_all(&mut list, &source.string()?, listpack::read).map_err(at(offset))?;
            }
            _ => return Err(damaged(offset, "unknown form of a list node")),
        }
    }
    Ok(list)
}

fn push_all(list: &mut List, blob: &[u8], read: ReadBlob) -> std::result::Result<(), Flaw> {
    for element in read(blob)? {
        list.push(End::Back, &element.to_vec());
    }
    Ok(())
}

const TWICE_IN_SET: &str = "a member is twice in a set";
const TWICE_IN_HASH: &str = "a field is twice in a hash";
const TWICE_IN_ZSET: &str = "a member is twice in a sorted set";

fn read_set<R: BufRead>(source: &mut Source<R>, limits: &EncodingLimits) -> Result<Set> {
    let mut set = Set::new();
    for _ in 0..source.number()? {
        let offset = source.offset();
        if !set.add(&source.string()?, limits.intset) {
            return Err(damaged(offset, TWICE_IN_SET));
        }
    }
    Ok(set)
}

fn intset(blob: &[u8], limits: &EncodingLimits) -> std::result::Result<Set, Flaw> {
    let mut set = Set::new();
    for member in read_intset(blob)? {
        set.add(itoa::Buffer::new().format(member).as_bytes(), limits.intset);
    }
    Ok(set)
}

fn packed_set(blob: &[u8], limits: &EncodingLimits) -> std::result::Result<Set, Flaw> {
    let mut set = Set::new();
    for element in listpack::read(blob)? {
        if !set.add(&element.to_vec(), limits.intset) {
            return Err(TWICE_IN_SET.into());
        }
    }
    Ok(set)
}

fn read_hash<R: BufRead>(source: &mut Source<R>, limits: &EncodingLimits) -> Result<Hash> {
    let mut hash = Hash::new();
    for _ in 0..source.number()? {
        let offset = source.offset();
        let (field, value) = (source.string()?, source.string()?);
        if !hash.set(&field, &value, limits.hash) {
            return Err(damaged(offset, TWICE_IN_HASH));
        }
    }
    Ok(hash)
}

fn zipmap(blob: &[u8], limits: &EncodingLimits) -> std::result::Result<Hash, Flaw> {
    let mut hash = Hash::new();
    for (field, value) in read_zipmap(blob)? {
        if !hash.set(field, value, limits.hash) {
            return Err(TWICE_IN_HASH.into());
        }
    }
    Ok(hash)
}

fn packed_hash(
    blob: &[u8],
    read: ReadBlob,
    limits: &EncodingLimits,
) -> std::result::Result<Hash, Flaw> {
    let mut hash = Hash::new();
    for [field, value] in pairs(&read(blob)?)? {
        if !hash.set(&field.to_vec(), &value.to_vec(), limits.hash) {
            return Err(TWICE_IN_HASH.into());
        }
    }
    Ok(hash)
}

fn pairs<'a, 'b>(elements: &'b [Element<'a>]) -> std::result::Result<&'b [[Element<'a>; 2]], Flaw> {
    match elements.as_chunks() {
        (pairs, []) => Ok(pairs),
        _ => Err("a field or member has no partner".into()),
    }
}

/// Nothing fits. What was no listpack in the file becomes one, if at all, when all of it is there:
/// a listpack has no minus zero.
const INDEXED: packed::PackedLimits = packed::PackedLimits { entries: 0, value: 0 };

fn read_zset<R: BufRead>(
    source: &mut Source<R>,
    limits: &EncodingLimits,
    read_score: fn(&mut Source<R>) -> Result<Option<f64>>,
) -> Result<SortedSet> {
    let mut zset = SortedSet::new();
    for _ in 0..source.number()? {
        let offset = source.offset();
        let member = source.string()?;
        let score = read_score(source)?;
        let score = score.filter(|score| !score.is_nan());
        let score = score.ok_or_else(|| damaged(offset, "a score that is not a number"))?;
        insert(&mut zset, &member, score, INDEXED).map_err(at(offset))?;
    }
    zset.repack(limits.zset);
    Ok(zset)
}

fn read_binary_score<R: BufRead>(source: &mut Source<R>) -> Result<Option<f64>> {
    Ok(Some(f64::from_le_bytes(source.array()?)))
}

fn read_text_score<R: BufRead>(source: &mut Source<R>) -> Result<Option<f64>> {
    Ok(match source.byte()? {
        SCORE_NAN => None,
        SCORE_INFINITY => Some(f64::INFINITY),
        SCORE_NEGATIVE_INFINITY => Some(f64::NEG_INFINITY),
        len => parse_f64(&source.bytes(len.into())?),
    })
}

fn packed_zset(
    blob: &[u8],
    read: ReadBlob,
    limits: &EncodingLimits,
) -> std::result::Result<SortedSet, Flaw> {
    let mut zset = SortedSet::new();
    for [member, score] in pairs(&read(blob)?)? {
        let score = match score {
            Element::Integer(score) => Some(*score as f64),
            Element::Text(text) => parse_f64(text),
        };
        let score = score.ok_or("a score that is not a number")?;
        insert(&mut zset, &member.to_vec(), score, limits.zset)?;
    }
    Ok(zset)
}

fn insert(
    zset: &mut SortedSet,
    member: &[u8],
    score: f64,
    limits: packed::PackedLimits,
) -> std::result::Result<(), Flaw> {
    match zset.insert(member, score, limits) {
        Inserted::Added => Ok(()),
        Inserted::Updated(_) | Inserted::Same => Err(TWICE_IN_ZSET.into()),
    }
}
