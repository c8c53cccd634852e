//! A fingerprint of the data: equal for equal data, on cacheflow and on Redis alike.
//!
//! `DEBUG DIGEST` is how two servers, or one server before and after a restart, are compared. Two
//! ways to add something to a digest of twenty bytes make it independent of the order in which
//! tables happen to keep things:
//!
//! ```text
//! xor(digest, text)   digest ^= SHA1(text)            order doesn't matter
//! mix(digest, text)   digest = SHA1(digest ^ SHA1(text))          it does
//!
//! data set   for each database that has keys: mix its number (4 bytes, big endian);
//!            for each key: a digest from zero - mix the name, add the value - and xor it
//! value      mix the number of its type (4 bytes, big endian), then
//!              string         mix it
//!              list           mix each element
//!              set            xor each member
//!              sorted set     for each member a digest of name and score, and xor it
//!              hash           for each field a digest of name and value, and xor it
//!              stream         mix each id (as ms.seq), field and value
//!            if it expires: xor "!!expire!!", but not when
//! ```
//!
//! Left out, as Redis does: when a key expires, and a stream's consumer groups.

use sha1::{Digest as _, Sha1};

use crate::number::format_f64;
use crate::store::stream::StreamId;
use crate::store::{Keyspace, Value};

/// Twenty bytes, shown as forty hexadecimal digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest([u8; 20]);

impl Digest {
    /// The digest of a whole data set: all databases, by number.
    pub fn of_databases(databases: &[Keyspace]) -> Self {
        let mut digest = Digest::default();
        for (number, keyspace) in databases.iter().enumerate() {
            if keyspace.is_empty() {
                continue;
            }
            digest.mix(&(number as u32).to_be_bytes());
            for (entry, deadline) in keyspace.iter_with_deadlines() {
                let mut key = Digest::default();
                key.mix(&entry.key);
                key.add_value(&entry.value, deadline.is_some());
                digest.xor(&key.0);
            }
        }
        digest
    }

    /// The digest of one value, apart from its key.
    pub fn of_value(value: &Value, expires: bool) -> Self {
        let mut digest = Digest::default();
        digest.add_value(value, expires);
        digest
    }

    fn xor(&mut self, text: &[u8]) {
        let hash = Sha1::digest(text);
        self.0.iter_mut().zip(hash).for_each(|(byte, other)| *byte ^= other);
    }

    fn mix(&mut self, text: &[u8]) {
        self.xor(text);
        self.0 = Sha1::digest(self.0).into();
    }

    /// Adds a pair as a unit of its own.
    fn xor_pair(&mut self, first: &[u8], second: &[u8]) {
        let mut pair = Digest::default();
        pair.mix(first);
        pair.mix(second);
        self.xor(&pair.0);
    }

    fn add_value(&mut self, value: &Value, expires: bool) {
        self.mix(&type_number(value).to_be_bytes());
        match value {
            Value::Str(text) => text.with_bytes(|text| self.mix(text)),
            Value::List(list) => list.iter().for_each(|element| self.mix(element)),
            Value::Set(set) => set.iter().for_each(|member| self.xor(&member)),
            Value::SortedSet(zset) => zset
                .iter()
                .for_each(|(member, score)| self.xor_pair(member, format_f64(score).as_bytes())),
            Value::Hash(hash) => hash.iter().for_each(|(field, value)| self.xor_pair(field, value)),
            Value::Stream(stream) => {
                for entry in stream.range(StreamId::MIN, StreamId::MAX) {
                    self.mix(format!("{}.{}", entry.id.ms, entry.id.seq).as_bytes());
                    for (field, value) in entry.fields {
                        self.mix(field);
                        self.mix(value);
                    }
                }
            }
        }
        if expires {
            self.xor(b"!!expire!!");
        }
    }
}

/// The numbers that Redis gives to the types; 5 is a module's.
fn type_number(value: &Value) -> u32 {
    match value {
        Value::Str(_) => 0,
        Value::List(_) => 1,
        Value::Set(_) => 2,
        Value::SortedSet(_) => 3,
        Value::Hash(_) => 4,
        Value::Stream(_) => 6,
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
