//! The hash against an ordered list of pairs, in all its forms.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

const LIMITS: PackedLimits = PackedLimits { entries: 128, value: 64 };

fn hash_of(pairs: &[(Vec<u8>, Vec<u8>)], limits: PackedLimits) -> Hash {
    let mut hash = Hash::new();
    for (field, value) in pairs {
        hash.set(field, value, limits);
    }
    hash
}

fn pairs(hash: &Hash) -> Vec<(Vec<u8>, Vec<u8>)> {
    hash.iter().map(|(field, value)| (field.to_vec(), value.to_vec())).collect()
}

proptest! {
    #[test]
    fn behaves_as_an_ordered_map(
        ops in prop::collection::vec((0..10u8, 0..300u16, 0..66usize), 0..600), entries in 0..256usize,
    ) {
        let limits = PackedLimits { entries, value: 64 };
        let (mut hash, mut model) = (Hash::new(), Vec::<(Vec<u8>, Vec<u8>)>::new());
        let mut frozen = None;
        for (step, (op, field, len)) in ops.into_iter().enumerate() {
            let (field, value) = (format!("f{field}").into_bytes(), vec![step as u8; len]);
            let place = model.iter().position(|(f, _)| *f == field);
            if op < 2 {
                prop_assert_eq!(hash.remove(&field), place.is_some());
                if let Some(place) = place { model.remove(place); }
            } else {
                prop_assert_eq!(hash.set(&field, &value, limits), place.is_none());
                match place {
                    Some(place) => model[place].1 = value.clone(),
                    None => model.push((field.clone(), value.clone())),
                }
                prop_assert_eq!(hash.get(&field), Some(&value[..]));
            }
            prop_assert_eq!(hash.len(), model.len());
            if step == 300 { frozen = Some((hash.clone(), model.clone())); }
        }
        // Once the hash is a table, only the contents count; until then the order does too.
        if hash.encoding() == "listpack" {
            prop_assert_eq!(pairs(&hash), model.clone());
        } else {
            let unordered: HashMap<_, _> = pairs(&hash).into_iter().collect();
            prop_assert_eq!(unordered, model.iter().cloned().collect::<HashMap<_, _>>());
        }
        prop_assert_eq!(hash.iter().len(), model.len());
        prop_assert_eq!(&hash, &hash_of(&model, PackedLimits { entries: 1 << 20, value: 1 << 20 }));
        let drawn = hash.random(&mut || 12345).map(|(f, v)| (f.to_vec(), v.to_vec()));
        prop_assert!(drawn.map_or(model.is_empty(), |pair| model.contains(&pair)));
        if let Some((frozen, model)) = frozen {
            prop_assert_eq!(frozen, hash_of(&model, limits));
        }
    }
}

type Model = Vec<(Vec<u8>, Vec<u8>, Option<i64>)>;

/// Where Redis puts a field into a packed hash: before those that don't expire sooner.
fn put(model: &mut Model, field: Vec<u8>, value: Vec<u8>, at: Option<i64>) {
    let sooner = |other: Option<i64>| at.is_none() || other.is_some_and(|other| Some(other) < at);
    let place = model.iter().take_while(|(.., other)| sooner(*other)).count();
    model.insert(place, (field, value, at));
}

proptest! {
    #[test]
    fn times_stay_with_their_fields(
        ops in prop::collection::vec((0..10u8, 0..40u8, 0..30usize, 0..15i64), 0..400), entries in 0..50usize,
    ) {
        let limits = PackedLimits { entries, value: 28 };
        let (mut hash, mut model) = (Hash::new(), Model::new());
        let mut frozen = None;
        for (step, (op, field, len, at)) in ops.into_iter().enumerate() {
            let (field, value) = (format!("f{field}").into_bytes(), vec![step as u8; len]);
            let place = model.iter().position(|(f, ..)| *f == field);
            let expiry = place.and_then(|place| model[place].2);
            match op {
                0 => {
                    prop_assert_eq!(hash.remove(&field), place.is_some());
                    if let Some(place) = place { model.remove(place); }
                }
                1 => {
                    prop_assert_eq!(hash.clear_expiry(&field), expiry.is_some());
                    if let Some(place) = place.filter(|_| expiry.is_some()) {
                        let (field, value, _) = model.remove(place);
                        put(&mut model, field, value, None);
                    }
                }
                2..6 => {
                    prop_assert_eq!(hash.set_expiry(&field, at), place.is_some());
                    if let Some(place) = place {
                        let (field, value, _) = model.remove(place);
                        put(&mut model, field, value, Some(at));
                    }
                }
                _ => {
                    let kept = if op < 8 { expiry } else { None };
                    let is_new = match op < 8 {
                        true => hash.set_keeping_expiry(&field, &value, limits),
                        false => hash.set(&field, &value, limits),
                    };
                    prop_assert_eq!(is_new, place.is_none());
                    match place {
                        Some(place) if kept == expiry => model[place].1 = value,
                        place => {
                            place.map(|place| model.remove(place));
                            put(&mut model, field.clone(), value, kept);
                        }
                    }
                }
            }
            prop_assert_eq!(hash.len(), model.len());
            let found = model.iter().find(|(f, ..)| *f == field);
            prop_assert_eq!(hash.get(&field), found.map(|(_, value, _)| &value[..]));
            prop_assert_eq!(hash.expiry_of(&field), found.and_then(|(.., at)| *at));
            prop_assert_eq!(hash.next_expiry(), model.iter().filter_map(|(.., at)| *at).min());
            let next = hash.next_to_expire().map(|field| hash.expiry_of(field));
            prop_assert_eq!(next.flatten(), hash.next_expiry());
            prop_assert_eq!(hash.live_len(7), model.iter().filter(|(.., at)| !is_over(*at, 7)).count());
            if step == 200 { frozen = Some((hash.clone(), model.clone())); }
        }
        for (hash, mut model) in [(hash, model)].into_iter().chain(frozen) {
            let owned = |(f, v, at): Triple<'_>| (f.to_vec(), v.to_vec(), at);
            let mut triples: Model = hash.iter_with_expiry().map(owned).collect();
            if hash.encoding() == "hashtable" {
                triples.sort();
                model.sort();
            }
            prop_assert_eq!(&triples, &model);
            let mut scanned = Model::new();
            prop_assert_eq!(hash.scan(0, 1000, &mut |triple| scanned.push(owned(triple))), 0);
            if hash.encoding() == "hashtable" { scanned.sort(); }
            prop_assert_eq!(scanned, triples);
            let mut same = Hash::new();
            for (field, value, at) in &model {
                same.set(field, value, LIMITS);
                at.map(|at| same.set_expiry(field, at));
            }
            prop_assert_eq!(&hash, &same);
            if let Some((field, ..)) = model.first() {
                same.set_expiry(field, 99);
                prop_assert_ne!(&hash, &same);
            }
        }
    }
}

#[test]
fn the_form_says_whether_there_were_times() {
    assert_eq!(size_of::<Hash>(), 16);
    let mut hash = Hash::new();
    hash.set(b"a", b"1", LIMITS);
    let plain = hash.heap_size(0);
    assert!(!hash.set_expiry(b"b", 5) && !hash.clear_expiry(b"a"));
    assert_eq!((hash.encoding(), hash.heap_size(0)), ("listpack", plain));
    assert!(hash.set_expiry(b"a", 5) && hash.clear_expiry(b"a"));
    assert_eq!((hash.encoding(), hash.next_expiry()), ("listpackex", None));
    hash.set(b"b", &[b'v'; 65], LIMITS);
    assert!(hash.set_expiry(b"b", MAX_EXPIRY));
    assert_eq!((hash.encoding(), hash.next_expiry()), ("hashtable", Some(MAX_EXPIRY)));
}

#[test]
fn a_time_costs_a_table_little() {
    let mut hash = Hash::new();
    for number in 0..100_000 {
        hash.set(format!("field:{number}").as_bytes(), b"value", LIMITS);
    }
    let plain = hash.heap_size(0);
    for number in 0..100_000i64 {
        hash.set_expiry(format!("field:{number}").as_bytes(), number * 7919 % 1_000_003);
    }
    let each = (hash.heap_size(0) - plain) as f64 / 100_000.0;
    assert!(each < 30.0, "{each} bytes for a time");
}

#[test]
fn changes_form_at_the_limits_and_never_back() {
    let mut hash = Hash::new();
    for i in 0..128 {
        hash.set(format!("f{i}").as_bytes(), &[b'v'; 64], LIMITS);
    }
    hash.set(b"f5", b"replaced", LIMITS);
    assert_eq!(hash.encoding(), "listpack");
    hash.set(b"f128", b"v", LIMITS);
    assert_eq!(hash.encoding(), "hashtable");
    for i in 0..128 {
        assert!(hash.remove(format!("f{i}").as_bytes()));
    }
    assert_eq!((hash.len(), hash.encoding()), (1, "hashtable"));
    for (field, value) in [(65, 1), (1, 65)] {
        let mut hash = Hash::new();
        hash.set(&vec![b'f'; field], &vec![b'v'; value], LIMITS);
        assert_eq!(hash.encoding(), "hashtable");
    }
}

#[test]
fn a_value_that_is_also_a_field_name_is_not_found_as_one() {
    let mut hash = Hash::new();
    hash.set(b"a", b"b", LIMITS);
    assert!(!hash.contains(b"b") && !hash.remove(b"b") && hash.set(b"b", b"a", LIMITS));
    assert_eq!(format!("{hash:?}"), r#"{"a": "b", "b": "a"}"#);
}

#[test]
fn scans_report_every_pair() {
    for len in [5, 1000] {
        let texts = |i: u32| (format!("f{i}").into_bytes(), format!("v{i}").into_bytes());
        let hash = hash_of(&(0..len).map(texts).collect::<Vec<_>>(), LIMITS);
        let (mut seen, mut cursor) = (HashMap::new(), 0);
        loop {
            cursor = hash.scan(cursor, 3, &mut |(f, v, _)| seen.extend([(f.to_vec(), v.to_vec())]));
            if cursor == 0 {
                break;
            }
        }
        assert_eq!(seen, (0..len).map(texts).collect());
    }
}
