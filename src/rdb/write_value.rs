//! Writing a value in the form that Redis 7.0 would choose, so that both write the same bytes.
//!
//! | value                        | type                  |
//! |------------------------------|-----------------------|
//! | string                       | 0                     |
//! | list                         | 18, nodes of a limit  |
//! | set of integers, small / set | 11 / 2                |
//! | small hash / hash            | 16 / 4                |
//! | the same, with fields that expire | 25 / 24, Valkey: 22 |
//! | small sorted set / sorted set| 17 / 5, highest first |
//! | stream                       | 19                    |
//!
//! Our lists have chunks of their own size, so a list is cut into nodes again, filled from the
//! front: the nodes that a list has in Redis when it was built by RPUSH. How large they become is the
//! only thing that `list-max-listpack-size` means here ([`NodeLimit`]).

use std::io::{self, Write};

use super::format::{NODE_PACKED, Type};
use super::legacy::write_intset;
use super::listpack;
use super::streams::write_stream;
use super::timed_hash::{self, write_timed_hash};
use super::version::{Target, Unwritable};
use super::writer::{NodeLimit, RdbWriter};
use crate::number::push_f64;
use crate::store::{Hash, List, Set, SortedSet, Str, Value};

/// The type that a value is written as, if the version has one.
pub fn type_of(value: &Value, target: Target) -> Result<Type, Unwritable> {
    Ok(match value {
        Value::Str(_) => Type::String,
        Value::List(_) => Type::ListQuicklist2,
        Value::Set(set) if set.integers().is_some() => Type::SetIntset,
        Value::Set(_) => Type::Set,
        Value::Hash(hash) if hash.next_expiry().is_some() => {
            if !target.has_fields_that_expire() {
                return Err(Unwritable { version: target.version(true) });
            }
            timed_hash::type_of(hash, target.dialect())
        }
        Value::Hash(hash) if hash.encoding() != "hashtable" => Type::HashListpack,
        Value::Hash(_) => Type::Hash,
        Value::SortedSet(zset) if zset.encoding() == "listpack" => Type::ZsetListpack,
        Value::SortedSet(_) => Type::Zset,
        Value::Stream(_) => Type::StreamListpacks2,
    })
}

/// Writes what follows the type.
pub fn write_value<W: Write>(out: &mut RdbWriter<W>, value: &Value) -> io::Result<()> {
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

fn write_list<W: Write>(out: &mut RdbWriter<W>, list: &List) -> io::Result<()> {
    // The number of nodes comes first. Finding it costs no allocation: a node is known by its size.
    let mut nodes = 0u64;
    let limit = out.list_nodes;
    each_node(list, limit, |_| {
        nodes += 1;
        Ok(())
    })?;
    out.number(nodes)?;
    each_node(list, limit, |node| {
        out.number(NODE_PACKED)?;
        out.string(&node.finish())
    })
}

/// Whether a list is small enough for one node.
pub fn fits_one_node(list: &List, limit: NodeLimit) -> bool {
    let mut node = listpack::Writer::default();
    list.iter().all(|element| {
        element.with_bytes(|text| {
            let fits = limit.allows(&node, text);
            node.text(text);
            fits
        })
    })
}

fn each_node(
    list: &List,
    limit: NodeLimit,
    mut take: impl FnMut(listpack::Writer) -> io::Result<()>,
) -> io::Result<()> {
    let mut node = listpack::Writer::default();
    for element in list {
        element.with_bytes(|text| {
            if node.count() > 0 && !limit.allows(&node, text) {
                take(std::mem::take(&mut node))?;
            }
            node.text(text);
            io::Result::Ok(())
        })?;
    }
    if node.count() > 0 { take(node) } else { Ok(()) }
}

fn write_set<W: Write>(out: &mut RdbWriter<W>, set: &Set) -> io::Result<()> {
    if let Some(members) = set.integers() {
        return out.string(&write_intset(members));
    }
    out.number(set.len() as u64)?;
    for member in set {
        out.string(&member)?;
    }
    Ok(())
}

fn write_hash<W: Write>(out: &mut RdbWriter<W>, hash: &Hash) -> io::Result<()> {
    if let Some(smallest) = hash.next_expiry() {
        return write_timed_hash(out, hash, smallest);
    }
    if hash.encoding() != "hashtable" {
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

fn write_zset<W: Write>(out: &mut RdbWriter<W>, zset: &SortedSet) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_as_large_as_in_redis() {
        let list: List = (0..1000).map(|number| format!("{number:x>100}")).collect();
        // What `DEBUG OBJECT` of redis-server 7.0.15 says of such a list.
        for (value, nodes) in [
            (-1, 26),
            (-2, 13),
            (-3, 7),
            (-4, 4),
            (-5, 2),
            (-6, 2),
            (i32::MIN, 2),
            (0, 1000),
            (1, 1000),
            (7, 143),
            (1000, 13),
        ] {
            let mut count = 0;
            let count_node = |_| {
                count += 1;
                Ok(())
            };
            each_node(&list, NodeLimit::of_config(value), count_node).unwrap();
            assert_eq!(count, nodes, "list-max-listpack-size {value}");
        }
    }
}
