//! The set against `BTreeSet`, in all its forms.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const MAX_INTSET: usize = 512;

fn set_of<T: AsRef<[u8]>>(members: impl IntoIterator<Item = T>) -> Set {
    let mut set = Set::new();
    for member in members {
        set.add(member.as_ref(), MAX_INTSET);
    }
    set
}

fn sorted(set: &Set) -> BTreeSet<Vec<u8>> {
    set.iter().map(|member| member.to_vec()).collect()
}

/// Integers of all widths, short texts that look like integers but are not, and long ones.
fn member() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        200 => (-300i64..300).prop_map(|i| i.to_string().into_bytes()),
        20 => any::<i64>().prop_map(|i| i.to_string().into_bytes()),
        2 => (0..200u8).prop_map(|i| format!("0{i}").into_bytes()),
        1 => (60..70usize).prop_map(|len| vec![b'x'; len]),
    ]
}

proptest! {
    #[test]
    fn behaves_as_an_ordered_set(
        ops in prop::collection::vec((0..5u8, member()), 0..500), max_intset in 0..300usize,
    ) {
        let (mut set, mut model) = (Set::new(), BTreeSet::<Vec<u8>>::new());
        let (mut state, mut frozen) = (0u64, None);
        for (op, member) in ops {
            state += 7;
            match op {
                0..=2 => prop_assert_eq!(set.add(&member, max_intset), model.insert(member)),
                3 => prop_assert_eq!(set.remove(&member), model.remove(&member)),
                _ => {
                    let popped = set.pop(&mut || { state += 1; state });
                    prop_assert_eq!(popped.is_some(), !model.is_empty());
                    prop_assert!(popped.is_none_or(|member| model.remove(&member[..])));
                    frozen = Some((set.clone(), model.clone()));
                }
            }
            prop_assert_eq!(set.len(), model.len());
        }
        prop_assert_eq!(sorted(&set), model.clone());
        prop_assert_eq!(set.iter().len(), model.len());
        prop_assert!(model.iter().all(|member| set.contains(member)));
        prop_assert_eq!(&set, &set_of(&model));
        if let Some(drawn) = set.random(&mut || 5) {
            prop_assert!(model.contains(&drawn[..]));
        }
        // The clone is as it was, whatever was done to the original since.
        if let Some((frozen, model)) = frozen {
            prop_assert_eq!(sorted(&frozen), model);
        }
    }
}

#[test]
fn changes_form_when_it_must_and_never_back() {
    let mut set = set_of((0..512).map(|i| i.to_string()));
    assert_eq!(set.encoding(), "intset");
    set.add(b"7", MAX_INTSET);
    assert_eq!(set.encoding(), "intset");
    set.add(b"512", MAX_INTSET);
    assert_eq!(set.encoding(), "hashtable");
    for i in 0..512 {
        set.remove(i.to_string().as_bytes());
    }
    assert_eq!((set.len(), set.encoding()), (1, "hashtable"));
    assert!(set_of(["1", "x"]).integers().is_none() && set_of(["1"]).integers().is_some());
    assert_eq!(set_of(["1", "x"]).encoding(), "hashtable");
    // Found on a real server: with a limit of 0 even one integer is too many.
    let mut set = Set::new();
    set.add(b"1", 0);
    assert_eq!(set.encoding(), "hashtable");
}

#[test]
fn an_intset_is_listed_in_ascending_order() {
    let set = set_of(["70000", "-5", "3", "10"]);
    assert_eq!(format!("{set:?}"), r#"{"-5", "3", "10", "70000"}"#);
}

#[test]
fn a_scan_that_spans_growth_misses_nothing() {
    let mut set = set_of((0..3000).map(|i| format!("m{i}")));
    let (mut seen, mut cursor, mut extra) = (BTreeSet::new(), 0, 0);
    loop {
        cursor = set.scan(cursor, 10, &mut |member| seen.extend([member.to_vec()]));
        if cursor == 0 {
            break;
        }
        for _ in 0..5 {
            extra += 1;
            set.add(format!("x{extra}").as_bytes(), MAX_INTSET);
        }
    }
    assert!((0..3000).all(|i| seen.contains(format!("m{i}").as_bytes())));
    let mut small = Vec::new();
    assert_eq!(set_of(["1", "2"]).scan(0, 1, &mut |m| small.push(m.to_vec())), 0);
    assert_eq!(small, [b"1", b"2"]);
}

#[test]
fn a_scan_of_a_small_set_keeps_to_its_count_and_goes_on_in_a_large_one() {
    let members: BTreeSet<Vec<u8>> = (0..40).map(|i| format!("m{i}").into_bytes()).collect();
    for grows_after in 0..10 {
        let mut set = set_of(members.iter());
        let (mut seen, mut cursor, mut calls) = (Vec::new(), 0, 0);
        loop {
            let before = seen.len();
            cursor = set.scan(cursor, 4, &mut |member| seen.push(member.to_vec()));
            assert!(seen.len() - before <= 4, "more than COUNT");
            calls += 1;
            if cursor == 0 {
                break;
            }
            set.remove(format!("x{calls}").as_bytes());
            set.add(format!("x{calls}").as_bytes(), MAX_INTSET);
            if calls == grows_after {
                (0..100).for_each(|i| _ = set.add(format!("y{i}").as_bytes(), MAX_INTSET));
            }
        }
        let all: BTreeSet<Vec<u8>> = seen.iter().cloned().collect();
        assert_eq!(all.len(), seen.len(), "a member twice");
        assert!(all.is_superset(&members));
        assert!(calls >= 10);
    }
}

#[test]
fn small_sets_are_small() {
    assert_eq!(size_of::<Set>(), 16);
    let bytes = set_of((0..50).map(|i| format!("member-{i:02}"))).heap_size(0);
    assert!(bytes < 50 * 14, "{bytes} bytes for 50 members of 9");
}
