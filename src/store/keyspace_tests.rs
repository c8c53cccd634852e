//! The keyspace against a model, and the promises of SCAN and expiry.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::store::Str;

fn value(number: u32) -> Value {
    Value::Str(Str::Int(number.into()))
}

fn put(keyspace: &mut Keyspace, key: &[u8], value: Value) -> Slot {
    match keyspace.find(key) {
        Ok(slot) => {
            keyspace.entry_mut(slot).value = value;
            slot
        }
        Err(vacant) => keyspace.insert(vacant, key, value, 0),
    }
}

#[test]
fn an_entry_costs_56_bytes() {
    assert_eq!(size_of::<Entry>(), 56);
}

#[derive(Clone, Debug)]
enum Step {
    Put(u8, u32),
    Remove(u8),
    Expire(u8, i64),
    Persist(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (any::<u8>(), any::<u32>()).prop_map(|(key, value)| Step::Put(key, value)),
        any::<u8>().prop_map(Step::Remove),
        (any::<u8>(), 0..1000i64).prop_map(|(key, at)| Step::Expire(key, at)),
        any::<u8>().prop_map(Step::Persist),
    ]
}

proptest! {
    #[test]
    fn behaves_like_a_map(steps in proptest::collection::vec(step(), 1..400)) {
        let mut keyspace = Keyspace::default();
        let mut model: BTreeMap<u8, (u32, Option<i64>)> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Put(key, number) => {
                    put(&mut keyspace, &[key], value(number));
                    model.entry(key).or_default().0 = number;
                }
                Step::Remove(key) => {
                    let removed = keyspace.find(&[key]).ok().map(|slot| keyspace.remove(slot));
                    prop_assert_eq!(removed.is_some(), model.remove(&key).is_some());
                }
                Step::Expire(key, at) => {
                    if let Ok(slot) = keyspace.find(&[key]) {
                        keyspace.set_deadline(slot, at);
                        model.get_mut(&key).unwrap().1 = Some(at);
                    }
                }
                Step::Persist(key) => {
                    if let Ok(slot) = keyspace.find(&[key]) {
                        let had = model.get_mut(&key).unwrap().1.take().is_some();
                        prop_assert_eq!(keyspace.clear_deadline(slot), had);
                    }
                }
            }
        }
        prop_assert_eq!(keyspace.len(), model.len());
        prop_assert_eq!(keyspace.expiring(), model.values().filter(|v| v.1.is_some()).count());
        for (key, (number, deadline)) in &model {
            let slot = keyspace.find(&[*key]).unwrap();
            let Value::Str(text) = &keyspace.entry(slot).value else { unreachable!() };
            prop_assert_eq!(text.integer(), Some(i64::from(*number)));
            prop_assert_eq!(keyspace.deadline(slot), *deadline);
        }
        let mut expired = Vec::new();
        (0..TABLES).for_each(|table| _ = keyspace.expired(table, 500, usize::MAX, &mut expired));
        let expired: BTreeSet<u8> = expired.iter().map(|key| key[0]).collect();
        let due = model.iter().filter(|(_, v)| v.1.is_some_and(|at| at < 500)).map(|(key, _)| *key);
        prop_assert_eq!(expired, due.collect::<BTreeSet<u8>>());
    }

    /// Keys that stay are all reported, though others come and go between the calls.
    #[test]
    fn scan_misses_no_key_that_stays(changes in proptest::collection::vec(any::<u16>(), 1..300)) {
        let mut keyspace = Keyspace::default();
        let stays: BTreeSet<Vec<u8>> = (0..500).map(|i| format!("stay{i}").into_bytes()).collect();
        for key in &stays {
            put(&mut keyspace, key, value(0));
        }
        (0..2000).for_each(|i| { put(&mut keyspace, format!("go{i}").as_bytes(), value(0)); });
        let (mut seen, mut cursor, mut changes) = (BTreeSet::new(), 0, changes.into_iter());
        loop {
            cursor = keyspace.scan(cursor, 7, |entry| { seen.insert(entry.key.to_vec()); });
            if cursor == 0 {
                break;
            }
            for change in changes.by_ref().take(3) {
                match keyspace.find(format!("go{}", change % 2000).as_bytes()) {
                    Ok(slot) => { keyspace.remove(slot); }
                    Err(_) => { put(&mut keyspace, format!("new{change}").as_bytes(), value(1)); }
                }
            }
        }
        prop_assert!(stays.is_subset(&seen));
    }
}

proptest! {
    /// The same, while most of the database comes and goes again and again, and sub-tables with it.
    #[test]
    fn scan_misses_no_key_when_sub_tables_are_split_and_put_together(
        stay in 1..60u32,
        sizes in proptest::collection::vec(0..3000u32, 1..12),
        often in 1..40usize,
    ) {
        let mut keyspace = Keyspace::default();
        let stays: BTreeSet<Vec<u8>> = (0..stay).map(|i| format!("stay{i}").into_bytes()).collect();
        for key in &stays {
            put(&mut keyspace, key, value(0));
        }
        let (mut seen, mut cursor, mut there, mut calls) = (BTreeSet::new(), 0, 0, 0);
        let mut sizes = sizes.into_iter();
        loop {
            if calls % often == 0 && let Some(size) = sizes.next() {
                while there < size {
                    put(&mut keyspace, format!("go{there}").as_bytes(), value(0));
                    there += 1;
                }
                while there > size {
                    there -= 1;
                    let slot = keyspace.find(format!("go{there}").as_bytes()).unwrap();
                    keyspace.remove(slot);
                }
            }
            calls += 1;
            cursor = keyspace.scan(cursor, 3, |entry| { seen.insert(entry.key.to_vec()); });
            if cursor == 0 {
                break;
            }
        }
        prop_assert!(stays.is_subset(&seen));
        // And who is done with a scan of what doesn't change has seen each key once.
        let mut seen = Vec::new();
        while {
            cursor = keyspace.scan(cursor, 7, |entry| seen.push(entry.key.to_vec()));
            cursor != 0
        } {}
        prop_assert_eq!(seen.len(), keyspace.len());
    }
}

#[test]
fn tables_are_as_many_as_keys_need() {
    let mut keyspace = Keyspace::default();
    assert_eq!(keyspace.table_size(), 0);
    let mut expected = Vec::new();
    for number in 0..20_000u32 {
        let slot = put(&mut keyspace, &number.to_le_bytes(), value(number));
        keyspace.set_deadline(slot, i64::from(number));
        let keys = number as usize + 1;
        if keys.is_power_of_two() {
            expected.push((keys, keyspace.tables.len(), keyspace.table_size()));
        }
    }
    for (keys, tables, bytes) in &expected {
        assert!(*tables == (keys / 16).next_power_of_two().min(TABLES), "{keys}: {tables}");
        assert!(*bytes < 700 + 300 * keys, "{keys}: {bytes}");
    }
    assert_eq!(keyspace.tables.len(), TABLES);
    for number in 0..20_000u32 {
        let slot = keyspace.find(&number.to_le_bytes()).unwrap();
        assert_eq!(keyspace.deadline(slot), Some(i64::from(number)));
        keyspace.remove(slot);
        let left = 20_000 - number as usize - 1;
        assert!(keyspace.table_size() < 1000 + 1000 * left, "{left}: {}", keyspace.table_size());
    }
    assert_eq!((keyspace.tables.len(), keyspace.expiring()), (1, 0));
}

#[test]
fn random_reaches_every_key() {
    let mut keyspace = Keyspace::default();
    assert!(keyspace.random(5).is_none());
    (0..100u8).for_each(|key| {
        put(&mut keyspace, &[key], value(0));
    });
    let reached: BTreeSet<_> = (0..100).map(|n| keyspace.random(n).unwrap().key.to_vec()).collect();
    assert_eq!(reached.len(), 100);
}

#[test]
fn samples_come_from_everywhere() {
    let mut keyspace = Keyspace::default();
    assert!(keyspace.sample(0).is_none() && keyspace.sample_expiring(0).is_none());
    for number in 0..5000u32 {
        let slot = put(&mut keyspace, &number.to_le_bytes(), value(number));
        if number % 10 == 0 {
            keyspace.set_deadline(slot, i64::from(number));
        }
    }
    let mut rng = crate::system::random::Random::from_seed(1);
    let mut drawn = BTreeSet::new();
    for _ in 0..50_000 {
        drawn.insert(keyspace.sample(rng.next_u64()).unwrap().0.key.clone());
        let (_, deadline) = keyspace.sample_expiring(rng.next_u64()).unwrap();
        assert_eq!(deadline.unwrap() % 10, 0);
    }
    assert!(drawn.len() > 4900, "{}", drawn.len());
}
