//! Writing a value in the form that Redis 7.0 would choose, so that both write the same bytes.
//!
//! | value                        | type                  |
//! |------------------------------|-----------------------|
//! | string                       | 0                     |
//! | list                         | 18, nodes of 8 KB     |
//! | set of integers, small / set | 11 / 2                |
//! | small hash / hash            | 16 / 4                |
//! | small sorted set / sorted set| 17 / 5, highest first |
//! | stream                       | 19                    |
//!
//! Our lists have chunks of their own size, so a list is cut into nodes again, filled from the
//! front: the nodes that a list has in Redis when it was built by RPUSH.

use std::io::{self, Write};

use super::encode::Output;
use super::format::{NODE_PACKED, Type};
use super::legacy::write_intset;
use super::listpack;
use super::streams::write_stream;
use crate::number::push_f64;
use crate::store::{Hash, List, Set, SortedSet, Str, Value};

/// The most bytes in a node, unless it is a single element (`list-max-listpack-size -2`).
const NODE_BYTES: usize = 8192;
/// What Redis allows for an element's header when it asks whether the element fits a node.
const ELEMENT_OVERHEAD: usize = 8;

/// The type that a value is written as.
pub fn type_of(value: &Value) -> Type {
    match value {
        Value::Str(_) => Type::String,
        Value::List(_) => Type::ListQuicklist2,
        Value::Set(set) if set.integers().is_some() => Type::SetIntset,
        Value::Set(_) => Type::Set,
        Value::Hash(hash) if hash.encoding() == "listpack" => Type::HashListpack,
        Value::Hash(_) => Type::Hash,
        Value::SortedSet(zset) if zset.encoding() == "listpack" => Type::ZsetListpack,
        Value::SortedSet(_) => Type::Zset,
        Value::Stream(_) => Type::StreamListpacks2,
    }
}

/// Writes what follows the type.
pub fn write_value<W: Write>(out: &mut Output<W>, value: &Value) -> io::Result<()> {
    match value {
        Value::Str(Str::Int(value)) => out.integer(*value),
        Value::Str(text) => text.with_bytes(|text| out.string(text)),
        Value::List(list) => write_list(out, list),
        Value::Set(set) => write_set(out, set),
        Value::Hash(hash) => write_hash(out, hash),
        Value::SortedSet(zset) => write_zset(out, zset),
        Value::Stream(stream) => write_stream(out, stream),
    }
}

fn write_list<W: Write>(out: &mut Output<W>, list: &List) -> io::Result<()> {
    // The number of nodes comes first. Finding it costs no allocation: a node is known by its size.
    let mut nodes = 0u64;
    each_node(list, |_| {
        nodes += 1;
        Ok(())
    })?;
    out.number(nodes)?;
    each_node(list, |node| {
        out.number(NODE_PACKED)?;
        out.string(&node.finish())
    })
}

fn each_node(
    list: &List,
    mut take: impl FnMut(listpack::Writer) -> io::Result<()>,
) -> io::Result<()> {
    let mut node = listpack::Writer::default();
    for text in list {
        if node.count() > 0 && node.size() + text.len() + ELEMENT_OVERHEAD > NODE_BYTES {
            take(std::mem::take(&mut node))?;
        }
        node.text(text);
    }
    if node.count() > 0 { take(node) } else { Ok(()) }
}

fn write_set<W: Write>(out: &mut Output<W>, set: &Set) -> io::Result<()> {
    if let Some(members) = set.integers() {
        return out.string(&write_intset(members));
    }
    out.number(set.len() as u64)?;
    for member in set {
        out.string(&member)?;
    }
    Ok(())
}

fn write_hash<W: Write>(out: &mut Output<W>, hash: &Hash) -> io::Result<()> {
    if hash.encoding() == "listpack" {
        let mut blob = listpack::Writer::default();
        for (field, value) in hash {
            blob.text(field);
            blob.text(value);
        }
        return out.string(&blob.finish());
    }
    out.number(hash.len() as u64)?;
    for (field, value) in hash {
        out.string(field)?;
        out.string(value)?;
    }
    Ok(())
}

fn write_zset<W: Write>(out: &mut Output<W>, zset: &SortedSet) -> io::Result<()> {
    if zset.encoding() == "listpack" {
        let mut blob = listpack::Writer::default();
        let mut digits = Vec::new();
        for (member, score) in zset.iter() {
            blob.text(member);
            digits.clear();
            push_f64(&mut digits, score);
            blob.text(&digits);
        }
        return out.string(&blob.finish());
    }
    out.number(zset.len() as u64)?;
    // Highest first: whoever loads the file inserts each member at the front, which is cheap.
    for (member, score) in zset.iter().rev() {
        out.string(member)?;
        out.put(&score.to_le_bytes())?;
    }
    Ok(())
}
