//! `SortedSet` in both forms against a sorted `Vec`.

use std::ops::Bound;

use proptest::prelude::*;

use super::*;

const LIMITS: PackedLimits = PackedLimits { entries: 128, value: 64 };

type Model = Vec<(i32, Vec<u8>)>;

fn set(members: &[(&str, f64)]) -> SortedSet {
    let mut set = SortedSet::new();
    for (member, score) in members {
        assert_eq!(set.insert(member.as_bytes(), *score, LIMITS), Inserted::Added);
    }
    set
}

fn contents(entries: impl Iterator<Item = (impl AsRef<[u8]>, f64)>) -> Model {
    entries.map(|(member, score)| (score as i32, member.as_ref().to_vec())).collect()
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u16, i32),
    Remove(u16),
    RemoveRange(usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..300u16, -5..5).prop_map(|(member, score)| Step::Insert(member, score)),
        3 => (0..300u16).prop_map(Step::Remove),
        1 => (any::<usize>(), 0..10usize).prop_map(|(at, len)| Step::RemoveRange(at, len)),
    ]
}

fn member(number: u16) -> Vec<u8> {
    format!("{:0>1$}", number, usize::from(number % 30)).into_bytes()
}

fn apply(set: &mut SortedSet, model: &mut Model, step: Step, limits: PackedLimits) {
    let find = |model: &Model, name: &[u8]| model.iter().position(|entry| entry.1 == name);
    match step {
        Step::Insert(number, score) => {
            let name = member(number);
            let old = find(model, &name).map(|at| model.remove(at).0);
            let expected = match old {
                None => Inserted::Added,
                Some(old) if old == score => Inserted::Same,
                Some(old) => Inserted::Updated(f64::from(old)),
            };
            assert_eq!(set.insert(&name, f64::from(score), limits), expected);
            let at = model.partition_point(|entry| *entry < (score, name.clone()));
            model.insert(at, (score, name));
        }
        Step::Remove(number) => {
            let old = find(model, &member(number)).map(|at| f64::from(model.remove(at).0));
            assert_eq!(set.remove(&member(number)), old);
        }
        Step::RemoveRange(at, len) => {
            let at = at % (model.len() + 1);
            let end = model.len().min(at + len);
            assert_eq!(set.remove_range(at..at + len), end - at);
            model.drain(at..end);
        }
    }
}

fn bound() -> impl Strategy<Value = Bound<i32>> {
    prop_oneof![
        (-6..6).prop_map(Bound::Included),
        (-6..6).prop_map(Bound::Excluded),
        Just(Bound::Unbounded)
    ]
}

fn agree(set: &SortedSet, model: &Model, min: Bound<i32>, max: Bound<i32>) {
    assert_eq!(set.len(), model.len());
    assert_eq!(contents(set.iter()), *model);
    let backwards: Model = model.iter().rev().cloned().collect();
    assert_eq!(contents(set.iter().rev()), backwards);
    for (rank, (score, name)) in model.iter().enumerate() {
        assert_eq!(set.score(name), Some(f64::from(*score)));
        assert_eq!(set.rank(name, false), Some(rank));
        assert_eq!(set.rank(name, true), Some(model.len() - 1 - rank));
    }
    let range = ScoreRange { min: min.map(f64::from), max: max.map(f64::from) };
    let inside = |score: i32| {
        (match min {
            Bound::Included(min) => score >= min,
            Bound::Excluded(min) => score > min,
            Bound::Unbounded => true,
        }) && match max {
            Bound::Included(max) => score <= max,
            Bound::Excluded(max) => score < max,
            Bound::Unbounded => true,
        }
    };
    let expected: Model = model.iter().filter(|entry| inside(entry.0)).cloned().collect();
    let ranks = set.ranks_by_score(&range);
    assert_eq!(ranks.len(), expected.len());
    assert_eq!(contents(set.range(ranks)), expected);

    let mut scanned = Vec::new();
    let mut cursor = 0;
    loop {
        cursor =
            set.scan(cursor, 10, &mut |name, score| scanned.push((score as i32, name.to_vec())));
        if cursor == 0 {
            break;
        }
    }
    scanned.sort();
    assert_eq!(scanned, *model);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn behaves_like_a_sorted_vec(
        steps in prop::collection::vec(step(), 1..300),
        entries in prop_oneof![Just(0usize), Just(20), Just(1000)],
        min in bound(),
        max in bound(),
    ) {
        let limits = PackedLimits { entries, value: 64 };
        let (mut set, mut model) = (SortedSet::new(), Model::new());
        let half = steps.len() / 2;
        let mut saved = None;
        for (done, step) in steps.into_iter().enumerate() {
            if done == half {
                saved = Some((set.clone(), model.clone()));
            }
            apply(&mut set, &mut model, step, limits);
        }
        agree(&set, &model, min, max);
        let (saved, saved_model) = saved.unwrap();
        agree(&saved, &saved_model, min, max);
        set.repack(PackedLimits { entries: 1000, value: 64 });
        prop_assert_eq!(set.encoding(), "listpack");
        agree(&set, &model, min, max);
    }
}

#[test]
fn changes_its_form_where_redis_does() {
    let mut it = SortedSet::new();
    for at in 0..128 {
        it.insert(format!("{at}").as_bytes(), 0.0, LIMITS);
    }
    assert_eq!(it.encoding(), "listpack");
    // A new score is no new member.
    it.insert(b"5", 1.0, LIMITS);
    assert_eq!(it.encoding(), "listpack");
    it.insert(b"one more", 1.0, LIMITS);
    assert_eq!(it.encoding(), "skiplist");
    it.remove(b"one more");
    assert_eq!(it.encoding(), "skiplist");
    it.repack(PackedLimits { entries: 127, value: 64 });
    assert_eq!(it.encoding(), "skiplist");

    let mut it = set(&[("a", 1.0)]);
    it.insert(&[b'x'; 64], 1.0, LIMITS);
    assert_eq!(it.encoding(), "listpack");
    it.insert(&[b'x'; 65], 1.0, LIMITS);
    assert_eq!((it.encoding(), it.len()), ("skiplist", 3));
    it.repack(LIMITS);
    assert_eq!(it.encoding(), "skiplist");
}

#[test]
fn orders_infinities_zeros_and_prefixes() {
    let it = set(&[
        ("top", f64::INFINITY),
        ("b", 0.0),
        ("ab", -0.0),
        ("a", 0.0),
        ("bottom", f64::NEG_INFINITY),
    ]);
    let order: Vec<_> = it.iter().map(|(member, _)| member).collect();
    assert_eq!(order, [&b"bottom"[..], b"a", b"ab", b"b", b"top"]);
    let all =
        ScoreRange { min: Bound::Included(f64::NEG_INFINITY), max: Bound::Included(f64::INFINITY) };
    assert_eq!(it.ranks_by_score(&all), 0..5);
    let open =
        ScoreRange { min: Bound::Excluded(f64::NEG_INFINITY), max: Bound::Excluded(f64::INFINITY) };
    assert_eq!(it.ranks_by_score(&open), 1..4);
    let zero = ScoreRange { min: Bound::Included(-0.0), max: Bound::Included(0.0) };
    assert_eq!(it.ranks_by_score(&zero), 1..4);
}

#[test]
fn only_the_indexed_form_keeps_the_sign_of_zero() {
    // redis-server 7.0.15: ZADD z -0 a, ZSCORE z a.
    for (entries, negative) in [(128, false), (0, true)] {
        let mut it = SortedSet::new();
        it.insert(b"a", -0.0, PackedLimits { entries, value: 64 });
        assert_eq!(it.score(b"a").unwrap().is_sign_negative(), negative);
        assert_eq!(it.insert(b"a", 0.0, LIMITS), Inserted::Same);
    }
}

#[test]
fn finds_ranges_of_members() {
    let packed = set(&[("a", 0.0), ("aa", 0.0), ("b", 0.0), ("c", 0.0)]);
    let mut indexed = packed.clone();
    indexed.index();
    assert_eq!(indexed.encoding(), "skiplist");
    use LexBound::*;
    for (min, max, expected) in [
        (First, Last, 0..4),
        (Last, First, 4..4),
        (First, First, 0..0),
        (Included(b"a"), Included(b"b"), 0..3),
        (Excluded(b"a"), Excluded(b"b"), 1..2),
        (Included(b"bb"), Last, 3..4),
        (Included(b"c"), Included(b"a"), 3..3),
        (Excluded(b"c"), Last, 4..4),
    ] {
        let range = LexRange { min, max };
        assert_eq!(packed.ranks_by_lex(&range), expected, "{range:?}");
        assert_eq!(indexed.ranks_by_lex(&range), expected, "{range:?}");
    }
}

#[test]
fn a_page_is_cut_from_either_end() {
    assert_eq!(page(10..20, false, 2, 3), 12..15);
    assert_eq!(page(10..20, true, 2, 3), 15..18);
    assert_eq!(page(10..20, false, 8, usize::MAX), 18..20);
    assert_eq!(page(10..20, true, 8, usize::MAX), 10..12);
    assert!(page(10..20, false, 11, 5).is_empty() && page(10..20, true, 11, 5).is_empty());
}

#[test]
fn a_packed_range_meets_in_the_middle() {
    let it = set(&[("a", 1.0), ("b", 2.0), ("c", 3.0), ("d", 4.0), ("e", 5.0)]);
    let mut range = it.range(0..4);
    assert_eq!(range.len(), 4);
    assert_eq!(range.next(), Some((&b"a"[..], 1.0)));
    assert_eq!(range.next_back(), Some((&b"d"[..], 4.0)));
    assert_eq!(range.next(), Some((&b"b"[..], 2.0)));
    assert_eq!(range.next_back(), Some((&b"c"[..], 3.0)));
    assert_eq!((range.next(), range.next_back()), (None, None));
    assert_eq!(it.range(7..9).next(), None);
    assert_eq!(it.nth(4), Some((&b"e"[..], 5.0)));
}

#[test]
fn a_sample_has_no_member_twice() {
    let mut it = SortedSet::new();
    assert_eq!(it.random(&mut || 7), None);
    for at in 0..1000 {
        it.insert(format!("{at:04}").as_bytes(), 0.0, LIMITS);
    }
    let mut state = 1u64;
    let mut rng = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 16
    };
    for count in [0, 1, 500, 999, 1000, 5000] {
        let sample = it.sample(count, &mut rng);
        assert_eq!(sample.len(), count.min(1000));
        assert!(sample.is_sorted_by(|a, b| a.0 < b.0));
    }
    let drawn: BTreeSet<_> = (0..1000).map(|_| it.random(&mut rng).unwrap().0).collect();
    assert!(drawn.len() > 500, "{}", drawn.len());
}

#[test]
fn a_large_set_costs_less_than_a_skip_list() {
    let mut it = SortedSet::new();
    for at in 0..20_000 {
        it.insert(format!("member:{at}").as_bytes(), f64::from(at), LIMITS);
    }
    let each = it.heap_size(0) / it.len();
    assert!((64..110).contains(&each), "{each} bytes");
}

#[test]
fn a_packed_score_is_as_short_as_it_can_be() {
    let sizes = [0.0, -0.0, 10.0, -3.0, 1_700_000_000.0, 0.1, f64::NEG_INFINITY].map(|score| {
        let entry = pack(b"abc", score);
        assert_eq!(unpack(&entry), (&b"abc"[..], score));
        entry.len() - 4
    });
    assert_eq!(sizes, [0, 0, 2, 2, 5, 8, 2]);
}
