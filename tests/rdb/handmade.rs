//! Files of forms that no server at hand writes any more, put together byte by byte.

use cacheflow::rdb::dump::{PayloadError, decode_value};
use cacheflow::rdb::{EncodingLimits, Reason, checksum::crc64};
use cacheflow::store::Value;

use super::{load, save};

/// A file of this version: items, the end, and the checksum if there is one.
fn file(version: u16, items: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("REDIS{version:04}").into_bytes();
    bytes.extend(items.concat());
    bytes.push(0xff);
    if version >= 5 {
        bytes.extend(crc64(0, &bytes).to_le_bytes());
    }
    bytes
}

const DB_0: &[u8] = b"\xfe\x00";

/// What the key `k` of a file with this one value holds, printed.
fn value(version: u16, key: &[u8]) -> String {
    let data = load(&file(version, &[DB_0, key])).unwrap();
    let again = load(&save(&data)).unwrap();
    let print = |data: &cacheflow::persistence::load::LoadedData| {
        let slot = data.databases[0].find(b"k").unwrap();
        match &data.databases[0].entry(slot).value {
            Value::Str(text) => format!("{:?}", text.bytes().escape_ascii().to_string()),
            Value::List(list) => format!("{list:?}"),
            Value::Set(set) => format!("{set:?}"),
            Value::Hash(hash) => format!("{hash:?}"),
            Value::SortedSet(zset) => format!("{zset:?}"),
            Value::Stream(stream) => format!("{} entries", stream.len()),
        }
    };
    assert_eq!(print(&data), print(&again));
    print(&data)
}

fn refused(version: u16, item: &[u8]) -> String {
    load(&file(version, &[DB_0, item])).unwrap_err().to_string()
}

#[test]
fn the_first_version_had_no_checksum() {
    assert_eq!(value(1, b"\x00\x01k\x01v"), r#""v""#);
    assert_eq!(value(4, b"\x01\x01k\x02\x01a\xc0\x05"), r#"["a", "5"]"#);
    assert_eq!(value(1, b"\x02\x01k\x01\x01m"), r#"{"m"}"#);
    assert_eq!(value(1, b"\x04\x01k\x01\x01f\x01v"), r#"{"f": "v"}"#);
}

#[test]
fn scores_were_digits_once() {
    let zset = b"\x03\x01k\x03\x01a\x031.5\x01b\xff\x01c\xfe";
    assert_eq!(value(1, zset), r#"{"b": -inf, "a": 1.5, "c": inf}"#);
    assert!(refused(1, b"\x03\x01k\x01\x01a\xfd").contains("not a number"));
    assert!(refused(1, b"\x03\x01k\x01\x01a\x02xy").contains("not a number"));
}

#[test]
fn small_collections_were_zipmaps_and_ziplists() {
    let zipmap = b"\x09\x01k\x10\x02\x01f\x03\x00abc\x01g\x01\x02dxx\xff";
    assert_eq!(value(2, zipmap), r#"{"f": "abc", "g": "d"}"#);
    // Two entries: "ab" and 5.
    let ziplist = b"\x11\x11\0\0\0\x0e\0\0\0\x02\0\x00\x02ab\x04\xf6\xff";
    let with_type = |kind: u8| [&[kind], &b"\x01k"[..], ziplist].concat();
    assert_eq!(value(3, &with_type(10)), r#"["ab", "5"]"#);
    assert_eq!(value(3, &with_type(12)), r#"{"ab": 5.0}"#);
    assert_eq!(value(4, &with_type(13)), r#"{"ab": "5"}"#);
    let quicklist = [&b"\x0e\x01k\x02"[..], ziplist, ziplist].concat();
    assert_eq!(value(7, &quicklist), r#"["ab", "5", "ab", "5"]"#);
}

#[test]
fn small_sets_are_listpacks_from_7_2() {
    let set = b"\x14\x01k\x0c\x0c\0\0\0\x02\0\x81a\x02\x07\x01\xff";
    assert_eq!(value(11, set), r#"{"a", "7"}"#);
}

/// An entry 1-1 with the field f of value v.
const NODE: &[u8] = b"\x1d\x1d\0\0\0\x0a\0\x01\x01\x00\x01\x01\x01\x81f\x02\x00\x01\
    \x02\x01\x00\x01\x00\x01\x81v\x02\x04\x01\xff";

fn stream(kind: u8, counters: &[u8], groups: &[u8]) -> Vec<u8> {
    let id = b"\x10\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x01";
    [&[kind], &b"\x01k\x01"[..], id, NODE, b"\x01\x01\x01", counters, groups].concat()
}

#[test]
fn streams_have_three_forms() {
    let counters = b"\x01\x01\x00\x00\x01";
    let pending = b"\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x01\x07\0\0\0\0\0\0\0\x03";
    let consumer = b"\x01\x01c\x09\0\0\0\0\0\0\0";
    let held = b"\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x01";
    let group_1 = [&b"\x01\x01g\x01\x01"[..], pending, consumer, held].concat();
    let group_2 = [&b"\x01\x01g\x01\x01\x01"[..], pending, consumer, held].concat();
    let active = [&consumer[..], b"\x09\0\0\0\0\0\0\0"].concat();
    let group_3 = [&b"\x01\x01g\x01\x01\x01"[..], pending, &active, held].concat();
    for stream in
        [stream(15, b"", &group_1), stream(19, counters, &group_2), stream(21, counters, &group_3)]
    {
        assert_eq!(value(11, &stream), "1 entries");
        let data = load(&file(11, &[DB_0, &stream])).unwrap();
        let slot = data.databases[0].find(b"k").unwrap();
        let Value::Stream(stream) = &data.databases[0].entry(slot).value else { panic!() };
        let group = stream.group(b"g").unwrap();
        assert_eq!((group.entries_read, group.pending().len()), (Some(1), 1));
        let pending = group.pending().first_key_value().unwrap().1;
        assert_eq!((pending.delivery_time_ms, pending.delivery_count), (7, 3));
        assert_eq!(group.consumers()[&b"c"[..]].seen_time_ms, 9);
    }
    let nobody = [&b"\x01\x01g\x01\x01\x01"[..], pending, b"\x00"].concat();
    assert!(refused(10, &stream(19, counters, &nobody)).contains("for no consumer"));
    let foreign = [&b"\x01\x01g\x01\x01\x01\x00"[..], consumer, held].concat();
    assert!(refused(10, &stream(19, counters, &foreign)).contains("not pending in its group"));
}

#[test]
fn deadlines_were_seconds_once() {
    let data = load(&file(2, &[DB_0, b"\xfd\x10\0\0\0\x00\x01k\x01v"])).unwrap();
    let slot = data.databases[0].find(b"k").unwrap();
    assert_eq!(data.databases[0].deadline(slot), Some(16_000));
}

#[test]
fn what_would_be_lost_is_refused_by_name() {
    // The name of the module type in nine letters of six bits: 'hellotype', version 0.
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let id = b"hellotype".iter().fold(0u64, |id, letter| {
        id << 6 | letters.iter().position(|each| each == letter).unwrap() as u64
    }) << 10;
    let module = [&b"\x07\x01k\x81"[..], &id.to_be_bytes(), b"\x00"].concat();
    assert!(refused(9, &module).contains("can't keep a value of the module type 'hellotype'"));
    let aux = [&b"\xf7\x81"[..], &id.to_be_bytes(), b"\x02\x02\x00"].concat();
    assert!(refused(9, &aux).contains("can't keep the data of the module type 'hellotype'"));
    assert!(refused(10, b"\xf6\x01x").contains("release candidates"));
    let error = load(&file(99, &[])).unwrap_err();
    assert!(matches!(error.reason, Reason::Unsupported(_)));
    assert_eq!(error.to_string(), "at offset 5: Can't handle RDB format version 99");
}

#[test]
fn what_contradicts_itself_is_refused_with_its_place() {
    let twice = b"\x00\x01k\x01v\x00\x01k\x01w";
    assert_eq!(refused(10, twice), "at offset 16: the key 'k' is twice in database 0");
    assert!(refused(10, b"\x02\x01k\x02\x01m\x01m").contains("twice in a set"));
    assert!(refused(10, b"\x04\x01k\x02\x01f\x01v\x01f\x01w").contains("twice in a hash"));
    let pair = b"\x01m\0\0\0\0\0\0\0\0";
    assert!(
        refused(10, &[b"\x05\x01k\x02", &pair[..], pair].concat()).contains("twice in a sorted")
    );
    let nan = b"\x05\x01k\x01\x01m\0\0\0\0\0\0\xf8\x7f";
    assert!(refused(10, nan).contains("not a number"));
    assert!(refused(10, b"\x08\x01k").contains("Unknown RDB encoding type 8"));
    assert!(refused(10, b"\xfc\0\0\0\0\0\0\0\0\xfe\x00").contains("without a key"));
    assert!(refused(10, b"\xfe\x10").contains("database 16"));
}

#[test]
fn a_collection_without_elements_is_left_out_of_a_file_and_refused_as_a_payload() {
    let data = load(&file(10, &[DB_0, b"\x02\x01k\x00\x00\x01l\x01v"])).unwrap();
    assert_eq!((data.keys, data.empty), (1, 1));
    let mut payload = b"\x02\x00\x0a\x00".to_vec();
    payload.extend(crc64(0, &payload).to_le_bytes());
    let error = decode_value(&payload, &EncodingLimits::default()).unwrap_err();
    assert_eq!(error, PayloadError::Value("an empty collection".into()));
}

#[test]
fn a_claim_of_terabytes_costs_nothing() {
    for kind in [1, 2, 3, 4, 5, 14, 18, 15, 19, 21] {
        let claim = [&[kind], &b"\x01k\x81\x00\x00\xff\xff\xff\xff\xff\xff\x01"[..]].concat();
        assert!(load(&file(10, &[DB_0, &claim])).is_err(), "type {kind}");
    }
}
