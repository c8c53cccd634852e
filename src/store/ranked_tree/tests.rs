//! `RankedTree` against a sorted `Vec`, and the shape of the tree itself.

use proptest::prelude::*;

use super::*;

/// Checks every promise the module makes about the nodes below `node`; returns the depth.
fn check(node: &Node, low: Option<&Entry>, high: Option<&Entry>) -> usize {
    assert!(node.width() <= NODE_MAX);
    let fits = |entry: &Entry| {
        low.is_none_or(|low| low.compare(entry.score, &entry.member).is_le())
            && high.is_none_or(|high| high.compare(entry.score, &entry.member).is_gt())
    };
    match node {
        Node::Leaf(entries) => {
            assert!(entries.iter().all(fits));
            assert!(entries.is_sorted_by(|a, b| a.compare(b.score, &b.member).is_lt()));
            0
        }
        Node::Inner(children) => {
            let mut depth = None;
            for (at, child) in children.iter().enumerate() {
                assert!(child.count > 0 && child.count == child.node.count());
                let low = if at == 0 { low } else { Some(&child.first) };
                let high = children.get(at + 1).map(|next| &next.first).or(high);
                let below = check(&child.node, low, high);
                assert_eq!(*depth.get_or_insert(below), below);
            }
            depth.unwrap() + 1
        }
    }
}

fn depth(tree: &RankedTree) -> usize {
    assert_eq!(tree.root.count(), tree.len());
    check(&tree.root, None, None)
}

type Model = Vec<(i32, Vec<u8>)>;

fn contents(tree: &RankedTree) -> Model {
    tree.iter().map(|entry| (entry.score as i32, entry.member.to_vec())).collect()
}

fn grown(len: usize) -> RankedTree {
    let mut tree = RankedTree::default();
    for at in 0..len {
        // A permutation of 0..len, as long as len is no multiple of the prime.
        let score = at * 7919 % len;
        assert!(tree.insert(score as f64, format!("member:{score}").as_bytes()));
    }
    tree
}

#[derive(Clone, Debug)]
enum Step {
    Insert(i32, u8),
    Remove(usize),
    RemoveRange(usize, usize),
    InsertMany(i32, u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..40, any::<u8>()).prop_map(|(score, member)| Step::Insert(score, member)),
        4 => any::<usize>().prop_map(Step::Remove),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Step::RemoveRange(a, b)),
        2 => (0..40, 1..2000u16).prop_map(|(score, many)| Step::InsertMany(score, many)),
    ]
}

fn apply(tree: &mut RankedTree, model: &mut Model, step: Step) {
    let mut insert = |score: i32, member: Vec<u8>| {
        let added = tree.insert(f64::from(score), &member);
        let at = model.binary_search(&(score, member.clone()));
        assert_eq!(added, at.is_err());
        if let Err(at) = at {
            model.insert(at, (score, member));
        }
    };
    match step {
        Step::Insert(score, member) => insert(score, vec![member; usize::from(member % 40)]),
        Step::InsertMany(score, many) => {
            (0..many).for_each(|at| insert(score, (at * 31).to_be_bytes().to_vec()));
        }
        Step::Remove(_) | Step::RemoveRange(..) if model.is_empty() => {}
        Step::Remove(at) => {
            let (score, member) = model.remove(at % model.len());
            assert!(tree.remove(f64::from(score), &member));
            assert!(!tree.remove(f64::from(score), &member));
        }
        Step::RemoveRange(a, b) => {
            let (a, b) = (a % (model.len() + 1), b % (model.len() + 1));
            model.drain(a.min(b)..a.max(b));
            tree.remove_range(a.min(b)..a.max(b));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn behaves_like_a_sorted_vec(steps in prop::collection::vec(step(), 1..60), at: usize) {
        let (mut tree, mut model) = (RankedTree::default(), Model::new());
        let half = steps.len() / 2;
        let mut saved = None;
        for (done, step) in steps.into_iter().enumerate() {
            if done == half {
                saved = Some((tree.clone(), model.clone()));
            }
            apply(&mut tree, &mut model, step);
            depth(&tree);
        }
        prop_assert_eq!(contents(&tree), &model[..]);
        let mut backwards = contents(&tree);
        backwards.reverse();
        let reversed: Model =
            tree.iter().rev().map(|entry| (entry.score as i32, entry.member.to_vec())).collect();
        prop_assert_eq!(reversed, backwards);

        // The clone taken half-way has seen nothing of the second half.
        let (saved_tree, saved_model) = saved.unwrap();
        depth(&saved_tree);
        prop_assert_eq!(contents(&saved_tree), saved_model);

        let at = at % (model.len() + 1);
        prop_assert_eq!(tree.range(at..at + 100).count(), (model.len() - at).min(100));
        if let Some((score, member)) = model.get(at) {
            prop_assert_eq!(tree.rank(f64::from(*score), member), Some(at));
            prop_assert_eq!(&*tree.nth(at).unwrap().member, &member[..]);
            prop_assert_eq!(tree.rank(f64::from(*score) + 0.5, member), None);
            let before = model.iter().filter(|entry| entry.0 < *score).count();
            prop_assert_eq!(tree.position(|entry| entry.score < f64::from(*score)), before);
        }
    }
}

#[test]
fn walks_from_both_ends_meet() {
    let tree = grown(1000);
    let mut iter = tree.range(10..990);
    assert_eq!(iter.len(), 980);
    for at in 0..490 {
        assert_eq!(iter.next().unwrap().score, f64::from(10 + at));
        assert_eq!(iter.next_back().unwrap().score, f64::from(989 - at));
    }
    assert!(iter.next().is_none() && iter.next_back().is_none());
}

#[test]
fn stays_flat_and_shrinks_again() {
    let mut tree = grown(100_000);
    assert!(depth(&tree) <= 3);
    // What is left of a cut through the middle comes together in one leaf.
    let mut cut = tree.clone();
    cut.remove_range(10..99_990);
    assert_eq!((cut.len(), depth(&cut)), (20, 0));
    // So does what is left after removing one by one.
    for score in 0..99_990 {
        assert!(tree.remove(f64::from(score), format!("member:{score}").as_bytes()));
    }
    assert_eq!((tree.len(), depth(&tree)), (10, 0));
}

#[test]
fn bounds_hold_when_inner_nodes_lose_their_front_and_merge() {
    // A child 0 whose bound is above what was added to it must not bring that bound along when
    // its node merges into the one before.
    let mut tree = grown(20_000);
    let mut state = 1u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % below
    };
    for _ in 0..100 {
        let start = random(tree.len());
        tree.remove_range(start..start + random(3000));
        for _ in 0..random(1500) {
            tree.insert(random(20_000) as f64, b"again");
        }
        depth(&tree);
    }
}

#[test]
fn growing_scores_leave_full_nodes() {
    let mut tree = RankedTree::default();
    for score in 0..6400 {
        tree.insert(f64::from(score), b"");
    }
    let Node::Inner(children) = &*tree.root else { panic!("more than one leaf") };
    let leaves: usize = children.iter().map(|child| child.node.width()).sum();
    assert_eq!(leaves, 100);
}

#[test]
fn a_write_after_a_clone_copies_one_path() {
    let tree = grown(100_000);
    let mut copy = tree.clone();
    copy.insert(500.5, b"new");
    let (Node::Inner(old), Node::Inner(new)) = (&*tree.root, &*copy.root) else { panic!() };
    let shared = old.iter().filter(|a| new.iter().any(|b| Arc::ptr_eq(&a.node, &b.node))).count();
    assert_eq!(shared, old.len() - 1);
}

#[test]
fn zero_has_one_place() {
    let mut tree = RankedTree::default();
    assert!(tree.insert(0.0, b"a"));
    assert!(!tree.insert(-0.0, b"a"));
    assert_eq!(tree.rank(-0.0, b"a"), Some(0));
}
