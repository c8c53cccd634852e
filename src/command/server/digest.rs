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
        self.xor(&Digest::of_pair(first, second).0);
    }

    fn of_pair(first: &[u8], second: &[u8]) -> Self {
        let mut pair = Digest::default();
        pair.mix(first);
        pair.mix(second);
        pair
    }

    fn add_value(&mut self, value: &Value, expires: bool) {
        self.mix(&type_number(value).to_be_bytes());
        match value {
            Value::Str(text) => text.with_bytes(|text| self.mix(text)),
            Value::List(list) => {
                list.iter().for_each(|element| element.with_bytes(|text| self.mix(text)))
            }
            Value::Set(set) => set.iter().for_each(|member| self.xor(&member)),
            Value::SortedSet(zset) => zset
                .iter()
                .for_each(|(member, score)| self.xor_pair(member, format_f64(score).as_bytes())),
            Value::Hash(hash) => {
                for (field, value, expiry) in hash.iter_with_expiry() {
                    let mut pair = Digest::of_pair(field, value);
                    if expiry.is_some() {
                        pair.xor(b"!!hexpire!!"); // whenever that is
                    }
                    self.xor(&pair.0);
                }
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::packed::PackedLimits;
    use crate::store::stream::BlockLimits;
    use crate::store::{Hash, List, Set, SortedSet, Str, Stream};

    fn value_of<K: crate::store::value::Kind>(kind: K) -> Value {
        kind.into_value()
    }

    fn data() -> Vec<(&'static [u8], Value)> {
        let limits = PackedLimits { entries: 128, value: 64 };
        let (mut set, mut ints) = (Set::new(), Set::new());
        for member in [&b"1"[..], b"2", b"x"] {
            set.add(member, 512);
        }
        for member in [&b"1"[..], b"2"] {
            ints.add(member, 512);
        }
        let mut zset = SortedSet::new();
        for (score, member) in [(1.5, b"a"), (-0.1, b"b"), (f64::INFINITY, b"c"), (3.0, b"d")] {
            zset.insert(member, score, limits);
        }
        let mut hash = Hash::new();
        hash.set(b"f", b"v", limits);
        hash.set(b"g", b"1", limits);
        let mut stream = Stream::new();
        let pairs = |pairs: &'static [(&[u8], &[u8])]| pairs.iter().copied();
        let entries = [
            (StreamId::new(1, 1), pairs(&[(b"f", b"v"), (b"g", b"w")])),
            (StreamId::new(2, 5), pairs(&[(b"f", b"v")])),
            (StreamId::new(3, 0), pairs(&[(b"a", b"b")])),
        ];
        for (id, fields) in entries {
            assert!(stream.append(id, fields, &BlockLimits::default()));
        }
        stream.delete(StreamId::new(2, 5));
        vec![
            (b"s", value_of(Str::new(b"v"))),
            (b"l", value_of(["a", "b", "1"].iter().collect::<List>())),
            (b"st", value_of(set)),
            (b"si", value_of(ints)),
            (b"z", value_of(zset)),
            (b"h", value_of(hash)),
            (b"x", value_of(stream)),
        ]
    }

    /// Recorded from redis-server 7.0.15 (DEBUG DIGEST-VALUE).
    #[test]
    fn values_have_the_digests_of_redis() {
        let expected = [
            "d79ee9fe5d5ad902d7f6620efc3b07b75ddd742f",
            "981fd62c1655c074205cff40b800bd5a5bfdcd41",
            "4c6eef6b7853d1b76391c849d71b0d35d3faf18f",
            "5d9842e5bd79f833c83b3535ec4a6836aba6d1fd",
            "64c4fc582335e2a0c0fe12663dbf167c07557bd1",
            "6679ee22f89ed8001eeb5309d0900265ea56c03a",
            "cf19dbf06b7ae3126711cb9e907f4d0297710aca",
        ];
        for ((key, value), expected) in data().iter().zip(expected) {
            let key = String::from_utf8_lossy(key);
            assert_eq!(Digest::of_value(value, false).to_string(), expected, "{key}");
        }
        let expiring = Digest::of_value(&value_of(Str::new(b"v")), true);
        assert_eq!(expiring.to_string(), "311b17018163335616e089f6b951c82c477335ac");
    }

    /// Recorded from redis-server 8.2.3 (DEBUG DIGEST-VALUE): that a field expires counts, and not when.
    #[test]
    fn fields_that_expire_have_a_digest_of_their_own() {
        let limits = PackedLimits { entries: 128, value: 64 };
        let mut hash = Hash::new();
        hash.set(b"a", b"1", limits);
        hash.set(b"b", b"2", limits);
        let digest = |hash: &Hash| Digest::of_value(&value_of(hash.clone()), false).to_string();
        assert_eq!(digest(&hash), "6c8f22b3bf510fdcfd6122dd0f908a80e88243bf");
        hash.set_expiry(b"a", 9_000_000_000_000);
        assert_eq!(digest(&hash), "c07db73128914a41e685572f9d83e5ec946f598d");
        hash.set_expiry(b"b", 9_100_000_000_000);
        assert_eq!(digest(&hash), "25d61037a58d4d381c5c2c91e18cd2bb915e5aff");
        hash.clear_expiry(b"a");
        assert_eq!(digest(&hash), "892485b5324d08a507b85963739fbdd7edb340cd");
    }

    /// Recorded from redis-server 7.0.15 (DEBUG DIGEST): the keys above, `e`, which expires, and
    /// `n` in database 3.
    #[test]
    fn a_data_set_has_the_digest_of_redis() {
        let mut databases: Vec<Keyspace> = (0..4).map(|_| Keyspace::default()).collect();
        let mut add = |db: usize, key: &[u8], value: Value, deadline: Option<i64>| {
            let vacant = databases[db].find(key).expect_err("each key is added once");
            let slot = databases[db].insert(vacant, key, value, 0);
            deadline.into_iter().for_each(|at| databases[db].set_deadline(slot, at));
        };
        data().into_iter().for_each(|(key, value)| add(0, key, value, None));
        add(0, b"e", value_of(Str::new(b"v")), Some(1));
        add(3, b"n", value_of(Str::new(b"17")), None);
        let digest = Digest::of_databases(&databases).to_string();
        assert_eq!(digest, "fdc8eaf03e9904071f5439f40f4853cd31351787");
    }
}
