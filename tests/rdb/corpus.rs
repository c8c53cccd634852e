//! The files of `tests/data/rdb`, written by real servers.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cacheflow::rdb::decode::Key;
use cacheflow::rdb::{
    Compression, Decoder, EncodingLimits, Item, NodeLimit, Result, Style, Target, decode_value,
    dump,
};
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};

use super::{digest, load, save};

const PLAIN: Style = Style {
    compression: Compression::None,
    list_nodes: NodeLimit::Bytes(8192),
    target: Target::AsNeeded,
};

fn corpus() -> Vec<(String, Vec<u8>)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/rdb");
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rdb"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

#[test]
fn every_file_loads_and_is_the_same_when_written_again() {
    for (name, bytes) in corpus() {
        let data = load(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(data.keys > 20, "{name}: only {} keys", data.keys);
        let version = if name.contains("7.0") { &b"7.0.15"[..] } else { b"8.2.3" };
        assert_eq!(data.fact("redis-ver"), Some(version), "{name}");
        let again = load(&save(&data)).unwrap_or_else(|error| panic!("{name}, ours: {error}"));
        assert_eq!(digest(&again), digest(&data), "{name}");
        assert_eq!((again.keys, &again.functions), (data.keys, &data.functions));
        assert_eq!(data.functions.len(), 1);
    }
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    for (name, bytes) in corpus() {
        for len in 0..bytes.len() {
            let error = load(&bytes[..len]).expect_err(&name);
            assert!(error.offset <= len as u64, "{name} cut to {len}: {error}");
        }
    }
}

#[test]
fn the_checksum_notices_any_changed_byte() {
    for (name, mut bytes) in corpus() {
        for at in 0..bytes.len() {
            for flip in [1, 0x80] {
                bytes[at] ^= flip;
                assert!(load(&bytes).is_err(), "{name}: byte {at}");
                bytes[at] ^= flip;
            }
        }
    }
}

/// Without the checksum only the structure speaks. Whatever is read must be whole: it can be written
/// and read again.
#[test]
fn without_a_checksum_a_changed_byte_is_an_error_or_a_sound_value() {
    for (name, mut bytes) in corpus() {
        let checksum = bytes.len() - 8;
        bytes[checksum..].fill(0);
        let mut whole = 0;
        for at in 0..checksum {
            let flip = if at % 2 == 0 { 0xff } else { 1 << (at / 2 % 8) };
            bytes[at] ^= flip;
            let place = format!("{name}: byte {at} ^ {flip}");
            whole += usize::from(check_values(&bytes, &place).is_ok());
            bytes[at] ^= flip;
        }
        assert!(whole > 0, "{name}: some changes must go unnoticed, in the middle of a text");
    }
}

/// So many changes at random places, a few in each file: refused, or not changed after all.
fn flip_at_random(tries: u64) {
    let files: Vec<(String, Vec<u8>, String)> = corpus()
        .into_iter()
        .map(|(name, bytes)| (name, bytes.clone(), digest(&load(&bytes).unwrap())))
        .collect();
    let (mut refused, mut sound) = (0, 0);
    for seed in 0..tries {
        let mut random = TestRng::from_seed(RngAlgorithm::XorShift, &seed_bytes(seed));
        let mut below = |limit: usize| random.next_u64() as usize % limit;
        let (name, bytes, expected) = &files[below(files.len())];
        let mut bytes = bytes.clone();
        for _ in 0..1 + below(3) {
            let at = below(bytes.len());
            bytes[at] ^= 1 << below(8);
        }
        match load(&bytes) {
            Ok(data) => assert_eq!(&digest(&data), expected, "{name}, seed {seed}"),
            Err(_) => refused += 1,
        }
        let checksum = bytes.len() - 8;
        bytes[checksum..].fill(0);
        sound += usize::from(check_values(&bytes, &format!("{name}, seed {seed}")).is_ok());
    }
    println!("{tries} files, {refused} refused, {sound} sound without their checksum");
    assert!(refused > tries * 9 / 10 && sound > 0);
}

#[test]
fn a_thousand_changes_are_errors() {
    flip_at_random(1_000);
}

#[test]
#[ignore = "takes minutes: make differential (RDB_CHANGES: how many)"]
fn many_changes_are_errors() {
    flip_at_random(std::env::var("RDB_CHANGES").map_or(100_000, |text| text.parse().unwrap()));
}

/// Several places at once, for as many seconds as `CACHEFLOW_TEST_SECONDS` says: what `make fuzz` does
/// better, where there is no nightly compiler.
#[test]
#[ignore = "takes as long as it is told to"]
fn random_damage_is_an_error_or_a_sound_value() {
    let seconds = std::env::var("CACHEFLOW_TEST_SECONDS").map_or(10, |text| text.parse().unwrap());
    let end = Instant::now() + Duration::from_secs(seconds);
    let files = corpus();
    let begun = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let (mut seed, mut tries) = (begun.as_nanos() as u64, 0);
    while Instant::now() < end {
        seed = seed.wrapping_add(1);
        let mut random = TestRng::from_seed(RngAlgorithm::XorShift, &seed_bytes(seed));
        let mut below = |limit: usize| random.next_u64() as usize % limit;
        let mut bytes = files[below(files.len())].1.clone();
        for _ in 0..1 + below(8) {
            let at = 9 + below(bytes.len() - 9);
            match below(4) {
                0 => bytes[at] = below(256) as u8,
                1 => bytes[at] ^= 1 << below(8),
                2 => bytes.insert(at, [0, 1, 0x40, 0x80, 0x81, 0xc3, 0xff][below(7)]),
                _ => _ = bytes.remove(at),
            }
        }
        let checksum = bytes.len() - 8;
        bytes[checksum..].fill(0);
        let _ = check_values(&bytes, &format!("seed {seed}"));
        tries += 1;
    }
    println!("{tries} damaged files");
}

fn seed_bytes(seed: u64) -> [u8; 16] {
    let mut bytes = [1; 16];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes
}

/// Reads a file to its end, and takes each value there and back.
fn check_values(bytes: &[u8], place: &str) -> Result<()> {
    let limits = EncodingLimits::default();
    let mut decoder = Decoder::new(bytes, limits)?;
    loop {
        match decoder.next_item()? {
            Item::End => return Ok(()),
            Item::Key(Key { value: Some(value), .. }) => {
                let payload = dump(&value, PLAIN).unwrap();
                let again = decode_value(&payload, &limits)
                    .unwrap_or_else(|error| panic!("{place}: {error:?}"));
                let ordered = !matches!(payload[0], 2 | 4 | 24); // hash tables have no order
                assert!(!ordered || dump(&again, PLAIN).unwrap() == payload, "{place}");
            }
            _ => {}
        }
    }
}
