//! `Value`: what a key holds, one variant per data type, in 24 bytes.
//!
//! A small collection is its bytes ([`Packed`]), which a snapshot copies. A large one is a pointer that counts
//! references, to a table, a tree or chunks. A snapshot takes the pointer; what it points to is copied
//! only when a command changes it while a snapshot really holds the old state, and since it is chunked,
//! this copy is one of pointers, too.
//!
//! [`Packed`]: super::packed::Packed

use std::sync::Arc;

use super::bytes::ARC_COUNTS;
use super::{Hash, List, Set, SortedSet, Str, Stream};

/// What a key holds.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the names are the data types
pub enum Value {
    Str(Str),
    List(List),
    Set(Set),
    Hash(Hash),
    SortedSet(SortedSet),
    Stream(Arc<Stream>),
}

/// A key holds another type than the one asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongType;

/// A data type that a [`Value`] can hold: lets callers ask for it by its Rust type.
pub trait Kind: Sized {
    /// The value, if it is of this type.
    fn of(value: &Value) -> Result<&Self, WrongType>;
    /// The value to change, if it is of this type.
    fn of_mut(value: &mut Value) -> Result<&mut Self, WrongType>;
    /// Makes it a value.
    fn into_value(self) -> Value;
    /// Whether nothing is left, so that the key goes away (a stream stays).
    fn is_gone(&self) -> bool;
}

macro_rules! kinds {
    ($($kind:ident: $gone:expr;)*) => {$(
        impl Kind for $kind {
            fn of(value: &Value) -> Result<&Self, WrongType> {
                if let Value::$kind(inner) = value { Ok(inner) } else { Err(WrongType) }
            }
            fn of_mut(value: &mut Value) -> Result<&mut Self, WrongType> {
                if let Value::$kind(inner) = value { Ok(inner) } else { Err(WrongType) }
            }
            fn into_value(self) -> Value {
                Value::$kind(self)
            }
            fn is_gone(&self) -> bool {
                let gone: fn(&$kind) -> bool = $gone;
                gone(self)
            }
        }
    )*};
}

kinds! {
    Str: |_| false;
    List: |list| list.is_empty();
    Set: |set| set.is_empty();
    Hash: |hash| hash.is_empty();
    SortedSet: |zset| zset.is_empty();
}

impl Kind for Stream {
    fn of(value: &Value) -> Result<&Self, WrongType> {
        if let Value::Stream(stream) = value { Ok(stream) } else { Err(WrongType) }
    }
    fn of_mut(value: &mut Value) -> Result<&mut Self, WrongType> {
        if let Value::Stream(stream) = value { Ok(Arc::make_mut(stream)) } else { Err(WrongType) }
    }
    fn into_value(self) -> Value {
        Value::Stream(Arc::new(self))
    }
    fn is_gone(&self) -> bool {
        false
    }
}

impl Value {
    /// The name that `TYPE` gives it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Str(_) => "string",
            Value::List(_) => "list",
            Value::Set(_) => "set",
            Value::Hash(_) => "hash",
            Value::SortedSet(_) => "zset",
            Value::Stream(_) => "stream",
        }
    }

    /// The name that `OBJECT ENCODING` gives its representation.
    pub fn encoding(&self) -> &'static str {
        match self {
            Value::Str(text) => text.encoding(),
            Value::List(list) => list.encoding(),
            Value::Set(set) => set.encoding(),
            Value::Hash(hash) => hash.encoding(),
            Value::SortedSet(zset) => zset.encoding(),
            Value::Stream(_) => "stream",
        }
    }

    /// Bytes allocated for it, outside of the keyspace's own tables. `samples` elements of a large
    /// collection are looked at, the rest is estimated from them; 0 looks at all.
    pub fn heap_size(&self, samples: usize) -> usize {
        match self {
            Value::Str(text) => text.heap_size(),
            Value::List(list) => list.heap_size(samples),
            Value::Set(set) => set.heap_size(samples),
            Value::Hash(hash) => hash.heap_size(samples),
            Value::SortedSet(zset) => zset.heap_size(samples),
            Value::Stream(stream) => ARC_COUNTS + size_of::<Stream>() + stream.heap_size(),
        }
    }

    /// Whether neither has changed since one was cloned from the other: no byte is compared of what
    /// is large. While a clone is kept, whoever changes a value gets an allocation of its own first, so
    /// that one address can't come to mean two states.
    pub fn is_same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Str(ours), Value::Str(theirs)) => ours.is_same(theirs),
            (Value::List(ours), Value::List(theirs)) => ours.is_same(theirs),
            (Value::Set(ours), Value::Set(theirs)) => ours.is_same(theirs),
            (Value::Hash(ours), Value::Hash(theirs)) => ours.is_same(theirs),
            (Value::SortedSet(ours), Value::SortedSet(theirs)) => ours.is_same(theirs),
            (Value::Stream(ours), Value::Stream(theirs)) => Arc::ptr_eq(ours, theirs),
            _ => false,
        }
    }

    /// Elements that have to be freed one by one: large values are dropped in the background.
    pub fn effort_to_drop(&self) -> usize {
        match self {
            Value::Str(text) => text.heap_size() / 4096,
            Value::List(list) => list.len(),
            Value::Set(set) => set.len(),
            Value::Hash(hash) => hash.len(),
            Value::SortedSet(zset) => zset.len(),
            Value::Stream(stream) => stream.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_shows_in_the_identity_of_a_value_that_is_kept() {
        let list = |elements: usize| {
            let mut list = List::new();
            (0..elements)
                .for_each(|n| list.push(super::super::list::End::Back, n.to_string().as_bytes()));
            list
        };
        for elements in [1, 10_000] {
            let mut now = Value::List(list(elements));
            let kept = now.clone();
            assert!(now.is_same(&kept));
            List::of_mut(&mut now).unwrap().push(super::super::list::End::Back, b"x");
            assert!(!now.is_same(&kept), "{elements} elements");
        }
        let long = Value::Str(Str::new(&[b'x'; 1000]));
        assert!(long.is_same(&long.clone()) && !long.is_same(&Value::Str(Str::new(&[b'x'; 1000]))));
        let text = |of: u8| Value::Str(Str::new(&[of; 100]));
        assert!(text(b'x').is_same(&text(b'x')) && !text(b'x').is_same(&text(b'y')));
        let number = |n: i64| Value::Str(Str::Int(n));
        assert!(number(7).is_same(&number(7)) && !number(7).is_same(&number(8)));
        assert!(!number(7).is_same(&Value::List(List::new())));
    }

    #[test]
    fn a_value_costs_24_bytes() {
        assert_eq!(size_of::<Value>(), 24);
        assert_eq!(size_of::<Option<Value>>(), 24);
    }
}
