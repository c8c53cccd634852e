//! The table against `HashMap`, and what it promises about scans, clones, fairness and memory.

use std::collections::{BTreeMap, HashMap, HashSet};

use proptest::prelude::*;

use super::*;

/// An entry with a value, so that replacing one can be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pair(Bytes, u32);

impl Keyed for Pair {
    fn key(&self) -> &[u8] {
        &self.0
    }
}

fn pair(key: u32, value: u32) -> Pair {
    Pair(Bytes::new(format!("key:{key}").as_bytes()), value)
}

/// A small generator (Knuth's constants), so that a failure repeats.
fn generator(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) ^ (state << 17)
    }
}

impl<T: Keyed + Clone> Table<T> {
    /// What must be true of every table, whatever happened to it.
    fn check(&self) {
        assert_eq!(self.directory.len(), 1 << self.depth);
        assert_eq!(self.buckets.iter().map(|b| b.len()).sum::<usize>(), self.len);
        assert_eq!(self.buckets.iter().filter(|b| b.depth == self.depth).count(), self.deepest);
        let mut slots = 0;
        for (index, bucket) in self.buckets.iter().enumerate() {
            assert!(bucket.depth <= self.depth && bucket.len() <= self.widest);
            let (start, count) = (self.slot(bucket.first), 1 << (self.depth - bucket.depth));
            assert!(self.directory[start..start + count].iter().all(|&i| i as usize == index));
            assert!(bucket.entries().iter().all(|e| self.bucket_of(hash(e.key())) == index));
            slots += count;
        }
        assert_eq!(slots, self.directory.len());
    }
}

fn scan_all(table: &Table<Pair>, count: usize, mut between: impl FnMut(u64)) -> Vec<Bytes> {
    let (mut seen, mut cursor) = (Vec::new(), 0);
    loop {
        cursor = table.scan(cursor, count, &mut |pair| seen.push(pair.0.clone()));
        assert!(cursor < 1 << CURSOR_BITS);
        if cursor == 0 {
            return seen;
        }
        between(cursor);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Waves of inserts and removals over a key space large enough for splits and merges.
    #[test]
    fn behaves_as_a_hash_map(waves in prop::collection::vec((any::<bool>(), 0..3000u32, 1..3000u32), 1..8)) {
        let (mut table, mut model) = (Table::new(), HashMap::new());
        for (wave, (insert, start, count)) in waves.into_iter().enumerate() {
            for key in start..start + count {
                let fresh = pair(key, wave as u32);
                if insert {
                    let old = model.insert(fresh.0.clone(), fresh.1);
                    prop_assert_eq!(table.insert(fresh).map(|p| p.1), old);
                } else {
                    let removed = table.remove(&fresh.0).map(|p| p.1);
                    prop_assert_eq!(removed, model.remove(&fresh.0));
                }
            }
            table.check();
            prop_assert_eq!(table.len(), model.len());
            prop_assert!(model.iter().all(|(k, v)| table.get(k).is_some_and(|p| p.1 == *v)));
            prop_assert_eq!(table.iter().count(), model.len());
        }
    }

    /// Entries that stay are reported exactly once while others come and go between the calls.
    #[test]
    fn a_scan_misses_nothing_that_stays(
        stay in 1..1500u32, others in 0..4000u32, count in 1..300usize, seed: u64,
    ) {
        let mut rng = generator(seed);
        let mut table = Table::new();
        for key in (0..stay).chain(10_000..10_000 + others) {
            table.insert(pair(key, 0));
        }
        let (mut seen, mut cursor) = (HashMap::<Bytes, u32>::new(), 0);
        loop {
            let next = table.scan(cursor, count, &mut |p| *seen.entry(p.0.clone()).or_default() += 1);
            prop_assert!(next == 0 || next > cursor);
            cursor = next;
            if cursor == 0 {
                break;
            }
            let shrink = rng().is_multiple_of(2);
            for _ in 0..rng() % 1500 {
                let key = 10_000 + (rng() % 4000) as u32;
                if shrink { table.remove(&pair(key, 0).0); } else { table.insert(pair(key, 0)); }
            }
        }
        for key in 0..stay {
            prop_assert_eq!(seen.get(&pair(key, 0).0), Some(&1));
        }
    }

    #[test]
    fn a_clone_does_not_see_later_writes(before in 0..1500u32, after in 0..1500u32, seed: u64) {
        let mut rng = generator(seed);
        let mut table: Table<Pair> = Table::new();
        for key in 0..before {
            table.insert(pair(key, 1));
        }
        let frozen = table.clone();
        for _ in 0..after {
            let key = (rng() % 2000) as u32;
            match rng() % 3 {
                0 => drop(table.remove(&pair(key, 0).0)),
                1 => drop(table.insert(pair(key, 2))),
                _ => if let Some(p) = table.get_mut(&pair(key, 0).0) { p.1 = 3 },
            }
        }
        table.check();
        frozen.check();
        prop_assert_eq!(frozen.len(), before as usize);
        prop_assert!((0..before).all(|key| frozen.get(&pair(key, 0).0) == Some(&pair(key, 1))));
    }
}

#[test]
fn a_write_after_a_clone_copies_one_bucket() {
    let mut table: Table<Pair> = Table::new();
    for key in 0..20_000 {
        table.insert(pair(key, 0));
    }
    let frozen = table.clone();
    table.get_mut(b"key:77").unwrap().1 = 1;
    assert!(table.get_mut(b"absent").is_none() && table.remove(b"absent").is_none());
    let copied = table.buckets.iter().zip(&frozen.buckets).filter(|(a, b)| !Arc::ptr_eq(a, b));
    assert_eq!(copied.count(), 1);
}

#[test]
fn scans_of_an_unchanged_table_report_about_as_many_as_asked_for() {
    let mut table = Table::new();
    for key in 0..5000 {
        table.insert(pair(key, 0));
    }
    let mut calls = 0;
    let seen = scan_all(&table, 10, |_| calls += 1);
    assert_eq!((seen.len(), seen.iter().collect::<HashSet<_>>().len()), (5000, 5000));
    assert!((490..=500).contains(&calls), "{calls} calls");
    // A cursor that no scan returned: it must end the scan, not panic.
    assert_eq!(table.scan(u64::MAX, 10, &mut |_| panic!("nothing lies there")), 0);
}

#[test]
fn hashes_that_agree_in_many_bits_share_a_long_bucket() {
    let alike = |i: &u32| hash(&pair(*i, 0).0) >> 52 == 0x5a5;
    let keys: Vec<u32> = (0..).filter(alike).take(400).collect();
    let mut table = Table::new();
    for &key in &keys {
        assert!(table.insert(pair(key, key)).is_none());
    }
    table.check();
    assert_eq!(table.widest, 400);
    assert!(table.directory.len() <= 2 * MAX_SLOTS_PER_BUCKET * table.buckets.len());
    assert!(keys.iter().all(|&key| table.get(&pair(key, 0).0) == Some(&pair(key, key))));
    assert_eq!(scan_all(&table, 7, |_| ()).len(), 400);
    for &key in &keys {
        assert!(table.remove(&pair(key, 0).0).is_some());
    }
    table.check();
}

#[test]
fn every_entry_is_drawn_equally_often() {
    let mut table = Table::new();
    for key in 0..600 {
        table.insert(pair(key, 0));
    }
    let (mut rng, mut drawn) = (generator(7), BTreeMap::<Bytes, u32>::new());
    for _ in 0..60_000 {
        *drawn.entry(table.random(&mut rng).unwrap().0.clone()).or_default() += 1;
    }
    // 100 expected, standard deviation 10.
    assert_eq!(drawn.len(), 600);
    assert!(drawn.values().all(|n| (50..=150).contains(n)), "{drawn:?}");
}

#[test]
fn a_table_that_is_emptied_gives_its_memory_back() {
    let mut table: Table<Pair> = Table::new();
    for key in 0..100_000 {
        table.insert(pair(key, 0));
    }
    let full = table.heap_size(0);
    let sampled = table.heap_size(1000);
    assert!(sampled.abs_diff(full) < full / 4, "{sampled} is no estimate of {full}");
    let mut rng = generator(3);
    while table.len() > 10 {
        table.pop(&mut rng).unwrap();
    }
    table.check();
    assert_eq!((table.buckets.len(), table.directory.len()), (1, 1));
    assert!(table.heap_size(0) < 2000, "{} bytes for 10 entries", table.heap_size(0));
}

#[test]
fn a_member_costs_little_more_than_itself() {
    let mut table = Table::new();
    for key in 0..100_000u32 {
        table.insert(Bytes::new(format!("member-of-20-b{key:06}").as_bytes()));
    }
    let each = table.heap_size(0) as f64 / 100_000.0;
    assert!((25.0..34.0).contains(&each), "{each} bytes");
}

#[test]
fn equality_is_that_of_the_entries() {
    let (mut a, mut b) = (Table::new(), Table::new());
    for key in 0..1000 {
        a.insert(pair(key, 0));
        b.insert(pair(999 - key, 0));
    }
    assert_eq!(a, b);
    b.get_mut(b"key:5").unwrap().1 = 1;
    assert_ne!(a, b);
    assert_eq!(Table::<Pair>::default().random(&mut || 0), None);
}
