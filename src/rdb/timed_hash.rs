//! Hashes of which some fields expire, read and written.
//!
//! ```text
//! 24  smallest (8 bytes)  count  (ttl  field  value)*      ttl: expiry - smallest + 1; 0: never
//! 25  smallest (8 bytes)  listpack: (field value expiry)*  by expiry, 0: never, these at the end
//! 22  count  (expiry  field  value)*                       7.4's release candidates: a number, 0: never
//! 23  listpack: (field value expiry)*                      the same
//! 22  count  (field  value  expiry (8 bytes))*             Valkey 9.0; -1: never
//! ```
//!
//! Expiries are Unix milliseconds, low byte first where they have a width. In 25 `smallest` is a hint, and
//! not even right if a field got an earlier time later on: redis-server 8.2.3 writes what it was first.
//!
//! Fields whose time is over are read as others are: who loads them removes them.

use std::io::{self, BufRead, Write};

use super::format::Type;
use super::listpack::{self, Element};
use super::source::{Source, at};
use super::version::Dialect;
use super::writer::RdbWriter;
use super::{EncodingLimits, Flaw, Result};
use crate::store::Hash;
use crate::store::hash::MAX_EXPIRY;

const TWICE: &str = "a field is twice in a hash";
const NO_TIME: &str = "a field expires at a time that can't be";

/// Reads what follows the type.
pub(super) fn read_timed_hash<R: BufRead>(
    source: &mut Source<R>,
    kind: Type,
    dialect: Dialect,
    limits: &EncodingLimits,
) -> Result<Hash> {
    let is_final = matches!(kind, Type::HashExpiring | Type::HashListpackExpiring);
    let smallest = if is_final { Some(i64::from_le_bytes(source.array()?)) } else { None };
    if matches!(kind, Type::HashListpackExpiring | Type::HashListpackExpiringPreRelease) {
        let offset = source.offset();
        let blob = source.string()?;
        return listpack::read(&blob).and_then(|it| packed(&it, limits)).map_err(at(offset));
    }
    let mut hash = Hash::new();
    for _ in 0..source.number()? {
        let offset = source.offset();
        let number = if dialect == Dialect::Redis { Some(source.number()?) } else { None };
        let (field, value) = (source.string()?, source.string()?);
        let expiry = match (number, smallest) {
            (None, _) => Some(i64::from_le_bytes(source.array()?)).filter(|at| *at != -1),
            (Some(0), _) => None,
            (Some(ttl), Some(smallest)) => Some(smallest.saturating_add_unsigned(ttl - 1)),
            (Some(expiry), None) => Some(i64::try_from(expiry).unwrap_or(i64::MAX)),
        };
        add(&mut hash, &field, &value, expiry, limits).map_err(at(offset))?;
    }
    Ok(hash)
}

/// Fields with the same time are put in front of each other, so those come last that are first here.
fn packed(elements: &[Element<'_>], limits: &EncodingLimits) -> std::result::Result<Hash, Flaw> {
    let (triples, []) = elements.as_chunks::<3>() else {
        return Err("a field without a value or a time".into());
    };
    let mut hash = Hash::new();
    let timed = |triple: &&[Element<'_>; 3]| triple[2] != Element::Integer(0);
    let untimed = triples.iter().filter(|triple| !timed(triple));
    for [field, value, expiry] in triples.iter().rev().filter(timed).chain(untimed) {
        let Element::Integer(expiry) = expiry else {
            return Err(NO_TIME.into());
        };
        let expiry = Some(*expiry).filter(|at| *at != 0);
        add(&mut hash, &field.to_vec(), &value.to_vec(), expiry, limits)?;
    }
    Ok(hash)
}

fn add(
    hash: &mut Hash,
    field: &[u8],
    value: &[u8],
    expiry: Option<i64>,
    limits: &EncodingLimits,
) -> std::result::Result<(), Flaw> {
    if expiry.is_some_and(|at| !(0..=MAX_EXPIRY).contains(&at)) {
        return Err(NO_TIME.into());
    }
    if !hash.set(field, value, limits.hash) {
        return Err(TWICE.into());
    }
    if let Some(at) = expiry {
        hash.set_expiry(field, at);
    }
    Ok(())
}

/// The type that a hash is written as, some of whose fields expire.
pub(super) fn type_of(hash: &Hash, dialect: Dialect) -> Type {
    match dialect {
        Dialect::Valkey => Type::HashExpiringPreRelease,
        Dialect::Redis if hash.encoding() == "listpackex" => Type::HashListpackExpiring,
        Dialect::Redis => Type::HashExpiring,
    }
}

/// Writes what follows the type. The first field to expire does at `smallest`.
pub(super) fn write_timed_hash<W: Write>(
    out: &mut RdbWriter<W>,
    hash: &Hash,
    smallest: i64,
) -> io::Result<()> {
    let kind = type_of(hash, out.target.dialect());
    if kind != Type::HashExpiringPreRelease {
        out.put(&smallest.to_le_bytes())?;
    }
    if kind == Type::HashListpackExpiring {
        let mut blob = listpack::Writer::default();
        for (field, value, expiry) in hash.iter_with_expiry() {
            blob.text(field);
            blob.text(value);
            blob.integer(expiry.unwrap_or(0));
        }
        return out.string(&blob.finish());
    }
    out.number(hash.len() as u64)?;
    for (field, value, expiry) in hash.iter_with_expiry() {
        if kind == Type::HashExpiring {
            out.number(expiry.map_or(0, |at| at.abs_diff(smallest) + 1))?;
        }
        out.string(field)?;
        out.string(value)?;
        if kind == Type::HashExpiringPreRelease {
            out.put(&expiry.unwrap_or(-1).to_le_bytes())?;
        }
    }
    Ok(())
}
