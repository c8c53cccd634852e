//! What later servers write: fields of hashes that expire, Valkey's dialect, and which version we write.

use cacheflow::persistence::load::LoadedData;
use cacheflow::rdb::dump::{PayloadError, decode_value};
use cacheflow::rdb::{EncodingLimits, Style, Target, checksum::crc64, dump};
use cacheflow::store::{Hash, Value, packed::PackedLimits};

use super::{load, save_as, try_save_as};

/// Expiry of the field `c`; `b` expires 5 ms later, `a` never.
const AT: i64 = 4_000_000_000_000;

/// From redis-server 8.2.3: HSET h a 1 b 2 c 3, HPEXPIREAT of b and c; then the same as a table.
const PACKED: &[u8] = b"\x19\x05@\x94R\xa3\x03\0\0,,\0\0\0\t\0\x81c\x02\x03\x01\xf4\0@\x94R\xa3\
    \x03\0\0\t\x81b\x02\x02\x01\xf4\x05@\x94R\xa3\x03\0\0\t\x81a\x02\x01\x01\0\x01\xff\x0c\0|\x97\
    \x11\x03\x7fK\x19\xf8";
const TABLE: &[u8] = b"\x18\0@\x94R\xa3\x03\0\0\x03\x01\x01c\xc0\x03\x06\x01b\xc0\x02\0\x01a\xc0\
    \x01\x0c\0]\x01\x15\xef\x8e\xb5\x8fK";

fn payload(body: &[u8], version: u16) -> Vec<u8> {
    let mut bytes = [body, &version.to_le_bytes()].concat();
    bytes.extend(crc64(0, &bytes).to_le_bytes());
    bytes
}

fn decode(payload: &[u8]) -> Result<Value, PayloadError> {
    decode_value(payload, &EncodingLimits::default())
}

/// The fields of a hash, by name, each with its value and when it expires.
fn fields(value: &Value) -> Vec<(String, String, Option<i64>)> {
    let Value::Hash(hash) = value else { panic!("a hash was expected") };
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let triples = hash.iter_with_expiry();
    let mut fields: Vec<_> = triples.map(|(name, v, at)| (text(name), text(v), at)).collect();
    fields.sort();
    fields
}

fn abc() -> Vec<(String, String, Option<i64>)> {
    [("a", "1", None), ("b", "2", Some(AT + 5)), ("c", "3", Some(AT))]
        .map(|(field, value, at)| (field.to_owned(), value.to_owned(), at))
        .into()
}

#[test]
fn hashes_of_redis_8_whose_fields_expire() {
    for bytes in [PACKED, TABLE] {
        let value = decode(bytes).unwrap();
        assert_eq!(fields(&value), abc());
        let again = decode(&dump(&value, Style::default()).unwrap()).unwrap();
        assert_eq!(fields(&again), fields(&value));
    }
    // Byte for byte, but for the hint in front, which redis-server leaves at what it was first.
    let ours = dump(&decode(PACKED).unwrap(), Style::default()).unwrap();
    assert_eq!((ours[0], &ours[9..ours.len() - 10]), (25, &PACKED[9..PACKED.len() - 10]));
    assert_eq!(i64::from_le_bytes(ours[1..9].try_into().unwrap()), AT);
}

#[test]
fn those_of_the_release_candidates() {
    let far = [b"\x81".as_slice(), &AT.to_be_bytes()].concat();
    let table = [b"\x16\x02", &far[..], b"\x01c\x013\0\x01a\x011"].concat();
    let packed = [b"\x17", &PACKED[9..PACKED.len() - 10]].concat();
    let read = |body: &[u8]| fields(&decode(&payload(body, 12)).unwrap());
    assert_eq!(read(&packed), abc());
    assert_eq!(read(&table), [abc()[0].clone(), abc()[2].clone()]);
}

#[test]
fn those_of_valkey() {
    let body =
        [&b"\x16\x02\x01c\x013"[..], &AT.to_le_bytes(), b"\x01a\x011", &(-1i64).to_le_bytes()]
            .concat();
    let value = decode(&payload(&body, 80)).unwrap();
    assert_eq!(fields(&value), [abc()[0].clone(), abc()[2].clone()]);
    let style = Style { target: Target::Exactly(80), ..Style::default() };
    let again = decode(&dump(&value, style).unwrap()).unwrap();
    assert_eq!(fields(&again), fields(&value));
    // The same bytes under a version of Redis are something else.
    assert!(decode(&payload(&body, 12)).is_err());
    for version in [13, 79, 81, 1000] {
        assert_eq!(decode(&payload(&body, version)).unwrap_err(), PayloadError::Trailer);
    }
}

#[test]
fn a_hash_that_contradicts_itself_is_refused() {
    let min = AT.to_le_bytes();
    let huge = [b"\x81".as_slice(), &u64::MAX.to_be_bytes()].concat();
    let listpack = |elements: &[&[u8]]| {
        let body: Vec<u8> = elements.concat();
        let len = body.len() + 7;
        let count = elements.len() as u16;
        [
            &[25][..],
            &min,
            &[len as u8],
            &(len as u32).to_le_bytes(),
            &count.to_le_bytes(),
            &body,
            b"\xff",
        ]
        .concat()
    };
    let (a, one, zero) = (&b"\x81a\x02"[..], &b"\x01\x01"[..], &b"\0\x01"[..]);
    assert!(decode(&payload(&listpack(&[a, one, zero]), 12)).is_ok());
    for (body, reason) in [
        ([b"\x18", &min[..], b"\x02\x01\x01a\x01v\x01\x01a\x01w"].concat(), "twice"),
        ([b"\x18", &min[..], b"\x01", &huge[..], b"\x01a\x01v"].concat(), "can't be"),
        ([b"\x18", &[0xff; 8][..], b"\x01\x01\x01a\x01v"].concat(), "can't be"),
        ([b"\x18", &min[..], b"\0"].concat(), "empty"),
        (listpack(&[a, one]), "without a value or a time"),
        (listpack(&[a, one, a]), "can't be"),
        (listpack(&[a, one, zero, a, one, zero]), "twice"),
        (listpack(&[a, one, b"\xdf\xff\x02"]), "can't be"), // -1
    ] {
        match decode(&payload(&body, 12)) {
            Err(PayloadError::Value(text)) => assert!(text.contains(reason), "{reason}: {text}"),
            other => panic!("{reason}: {}", other.is_ok()),
        }
    }
}

fn file(magic: &str, items: &[u8]) -> Vec<u8> {
    let mut bytes = [magic.as_bytes(), items, b"\xff"].concat();
    bytes.extend(crc64(0, &bytes).to_le_bytes());
    bytes
}

#[test]
fn files_are_of_a_family_by_magic_and_version() {
    let key = b"\xfe\0\0\x01k\x01v";
    for magic in ["REDIS0010", "REDIS0011", "REDIS0012", "VALKEY080"] {
        assert_eq!(load(&file(magic, key)).unwrap().keys, 1, "{magic}");
    }
    for (magic, reason) in [
        ("REDIS0013", "Can't handle RDB format version 13"),
        ("REDIS0080", "Can't handle RDB format version 80"),
        ("VALKEY012", "Can't handle Valkey's RDB format version 12"),
        ("VALKEY010", "Can't handle Valkey's RDB format version 10"),
        ("VALKEY081", "Can't handle Valkey's RDB format version 81"),
        ("VALKEYabc", "Can't handle Valkey's RDB format version 0"),
        ("RADISH012", "Wrong signature"),
    ] {
        let error = load(&file(magic, key)).unwrap_err().to_string();
        assert!(error.contains(reason), "{magic}: {error}");
    }
    let refused = |magic, items: &[u8]| load(&file(magic, items)).unwrap_err().to_string();
    assert!(refused("VALKEY080", b"\xf3\x01j\x01\x01\x02").contains("taking in"));
    assert!(
        refused("REDIS0012", b"\xf3\x01j\x01\x01\x02").contains("Unknown RDB encoding type 243")
    );
    let timed = [b"\xfe\0", &PACKED[..1], b"\x01k", &PACKED[1..PACKED.len() - 10]].concat();
    assert_eq!(load(&file("REDIS0012", &timed)).unwrap().keys, 1);
    assert!(refused("VALKEY080", &timed).contains("Unknown RDB encoding type 25"));
    // Where a cluster of 8.2 says which slots its keys are in.
    let slots = [b"\xfe\0\xf4\x41\x02\x01\0", &key[2..]].concat();
    assert_eq!(load(&file("REDIS0012", &slots)).unwrap().keys, 1);
}

/// A database with these fields in the hash `k`: of each the time at which it expires.
fn data(times: &[Option<i64>], limits: PackedLimits) -> LoadedData {
    let mut data = load(&file("REDIS0010", b"")).unwrap();
    let mut hash = Hash::new();
    for (index, at) in times.iter().enumerate() {
        let field = format!("field {index}");
        hash.set(field.as_bytes(), b"value", limits);
        at.map(|at| hash.set_expiry(field.as_bytes(), at));
    }
    let Err(vacant) = data.databases[0].find(b"k") else { unreachable!() };
    data.databases[0].insert(vacant, b"k", Value::Hash(hash), 0);
    data
}

#[test]
fn the_oldest_version_that_suffices_is_written() {
    let limits = PackedLimits { entries: 128, value: 64 };
    let untimed = data(&[None, None], limits);
    let few = data(&[None, Some(AT + 7), Some(AT), Some(AT)], limits);
    let many: Vec<Option<i64>> = (0..1000).map(|n| (n % 3 > 0).then_some(AT + n)).collect();
    let many = data(&many, limits);
    for (data, needed) in [(&untimed, "REDIS0010"), (&few, "REDIS0012"), (&many, "REDIS0012")] {
        for (target, magic) in [
            (Target::AsNeeded, needed),
            (Target::Exactly(12), "REDIS0012"),
            (Target::Exactly(80), "VALKEY080"),
        ] {
            let bytes = save_as(data, target);
            assert!(bytes.starts_with(magic.as_bytes()), "{target:?}");
            let again = load(&bytes).unwrap();
            let value = |data: &LoadedData| {
                let slot = data.databases[0].find(b"k").unwrap();
                data.databases[0].entry(slot).value.clone()
            };
            assert_eq!(fields(&value(&again)), fields(&value(data)), "{target:?}");
            assert_eq!(again.databases[0].expiring_hashes(), data.databases[0].expiring_hashes());
        }
        for version in [10, 11] {
            let result = try_save_as(data, Target::Exactly(version));
            match needed {
                "REDIS0010" => {
                    let magic = format!("REDIS{version:04}");
                    assert!(result.unwrap().starts_with(magic.as_bytes()));
                }
                _ => assert_eq!(
                    result.unwrap_err().to_string(),
                    format!(
                        "the key 'k': fields of a hash expire, which RDB version {version} can't \
                         say (rdb-version)"
                    )
                ),
            }
        }
    }
}

/// The order of fields is seen by clients, so it has to be the same after a restart.
#[test]
fn a_packed_hash_keeps_its_order() {
    let limits = EncodingLimits::default().hash;
    let data = data(&[Some(AT), None, Some(AT), Some(AT - 1), None, Some(AT)], limits);
    let order = |data: &LoadedData| {
        let slot = data.databases[0].find(b"k").unwrap();
        let Value::Hash(hash) = &data.databases[0].entry(slot).value else { unreachable!() };
        assert_eq!(hash.encoding(), "listpackex");
        hash.iter().map(|(field, _)| field.to_vec()).collect::<Vec<_>>()
    };
    assert_eq!(order(&load(&save_as(&data, Target::AsNeeded)).unwrap()), order(&data));
}
