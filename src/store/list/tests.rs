//! The list against `VecDeque`, and how its chunks are cut.

use std::collections::VecDeque;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

impl List {
    /// What must be true of every list, whatever happened to it.
    fn check(&self) {
        assert_eq!(self.chunks().map(Elements::len).sum::<usize>(), self.len());
        for texts in self.chunks() {
            assert!((1..=chunks::MOST_ENTRIES).contains(&texts.len()));
            assert!(texts.len() == 1 || texts.byte_size() <= CHUNK_BYTES);
        }
        if let Form::Chunks(chunks) = &self.0 {
            assert!(chunks.chunks.iter().all(|chunk| chunk.len() == chunk.texts.len()));
        }
    }
}

/// A few values, so that some are equal: many short ones and integers, some that fill a chunk with ten of
/// their kind, and some that need a chunk of their own.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let len = prop_oneof![30 => 0..3usize, 3 => Just(800), 1 => Just(9000)];
    // "11" is an integer, "1" and what is longer is not.
    (len, prop_oneof![b'a'..b'd', Just(b'1')]).prop_map(|(len, fill)| vec![fill; len])
}

#[derive(Clone, Debug)]
enum Op {
    Push(End, Vec<u8>, usize),
    Pop(End, usize),
    Insert(Index, Vec<u8>),
    Set(Index, Vec<u8>),
    Remove(Index),
    RemoveEqual(Vec<u8>, usize, End),
    Trim(usize, usize),
    Clone,
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![Just(End::Front), Just(End::Back)]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (end(), text(), 1..200usize).prop_map(|(end, text, n)| Op::Push(end, text, n)),
        2 => (end(), 1..100usize).prop_map(|(end, n)| Op::Pop(end, n)),
        8 => (any::<Index>(), text()).prop_map(|(at, text)| Op::Insert(at, text)),
        6 => (any::<Index>(), text()).prop_map(|(at, text)| Op::Set(at, text)),
        6 => any::<Index>().prop_map(Op::Remove),
        2 => (text(), 1..400usize, end()).prop_map(|(text, n, end)| Op::RemoveEqual(text, n, end)),
        1 => (0..100usize, 0..100usize).prop_map(|(front, back)| Op::Trim(front, back)),
        1 => Just(Op::Clone),
    ]
}

type Model = VecDeque<Vec<u8>>;

fn remove_equal(model: &mut Model, text: &[u8], limit: usize, nearest: End) -> usize {
    let mut places: Vec<usize> = (0..model.len()).filter(|&i| model[i] == text).collect();
    if nearest == End::Back {
        places.reverse();
    }
    places.truncate(limit);
    places.sort_unstable();
    for &place in places.iter().rev() {
        model.remove(place);
    }
    places.len()
}

/// Does the same to both; what they return must be the same.
fn apply(op: Op, list: &mut List, model: &mut Model) {
    match op {
        Op::Push(end, text, n) => {
            for _ in 0..n.min(20_000 / (text.len() + 1)) {
                list.push(end, &text);
                match end {
                    End::Front => model.push_front(text.clone()),
                    End::Back => model.push_back(text.clone()),
                }
            }
        }
        Op::Pop(end, n) => {
            for _ in 0..n {
                let expected = match end {
                    End::Front => model.pop_front(),
                    End::Back => model.pop_back(),
                };
                assert_eq!(list.pop(end).map(|text| text.to_vec()), expected);
            }
        }
        Op::Insert(at, text) => {
            let at = at.index(model.len() + 1);
            list.insert(at, &text);
            model.insert(at, text);
        }
        Op::Set(at, text) => {
            let at = at.index(model.len() + 1);
            assert_eq!(list.set(at, &text), at < model.len());
            if at < model.len() {
                model[at] = text;
            }
        }
        Op::Remove(at) => {
            let at = at.index(model.len() + 1);
            assert_eq!(list.remove(at), model.remove(at).is_some());
        }
        Op::RemoveEqual(text, n, end) => {
            assert_eq!(list.remove_equal(&text, n, end), remove_equal(model, &text, n, end));
        }
        Op::Trim(front, back) => {
            let end = model.len().saturating_sub(back);
            list.trim(front..end);
            model.truncate(end);
            model.drain(..front.min(end));
        }
        Op::Clone => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn behaves_as_a_deque(ops in prop::collection::vec(op(), 0..120), at: Index, count in 0..500usize) {
        let (mut list, mut model) = (List::new(), Model::new());
        let mut frozen = (list.clone(), model.clone());
        for op in ops {
            if let Op::Clone = op {
                frozen = (list.clone(), model.clone());
            }
            apply(op, &mut list, &mut model);
            list.check();
            prop_assert_eq!(list.len(), model.len());
        }
        prop_assert!(list.iter().eq(model.iter().map(|t| Element::of(t))));
        prop_assert!(list.iter_back().eq(model.iter().rev().map(|t| Element::of(t))));
        prop_assert!((0..model.len()).all(|i| list.get(i) == Some(Element::of(&model[i]))));
        let start = at.index(model.len() + 1);
        let range = start..start + count;
        prop_assert!(list.range(range).eq(model.iter().skip(start).take(count).map(|t| Element::of(t))));
        prop_assert_eq!(list.get(model.len()), None);
        prop_assert_eq!(list.find(b"bb"), model.iter().position(|t| t == b"bb"));
        prop_assert_eq!(&list, &model.iter().collect::<List>());
        // The clone is as it was, whatever was done to the original since.
        frozen.0.check();
        prop_assert!(frozen.0.iter().eq(frozen.1.iter().map(|t| Element::of(t))));
    }
}

#[test]
fn large_elements_get_a_chunk_of_their_own() {
    let mut list: List = ["a", "b", "c"].into_iter().collect();
    list.set(1, &[b'x'; 10_000]);
    list.insert(2, &[b'y'; 10_000]);
    assert_eq!(list.chunks().map(Elements::len).collect::<Vec<_>>(), [1, 1, 1, 1]);
    list.set(2, b"small again");
    assert_eq!(list.chunks().map(Elements::len).collect::<Vec<_>>(), [1, 1, 2]);
    list.remove(1);
    list.check();
    assert_eq!(list.chunks().count(), 1, "small neighbours merge");
    assert_eq!(format!("{list:?}"), r#"["a", "small again", "c"]"#);
}

#[test]
fn a_write_after_a_clone_copies_one_chunk() {
    let mut list: List = (0..10_000).map(|i| i.to_string()).collect();
    let frozen = list.clone();
    list.set(5000, b"x");
    let pairs = list.chunks().zip(frozen.chunks());
    let copied = pairs.filter(|(a, b)| !std::ptr::eq(*a, *b)).count();
    assert_eq!((copied, frozen.get(5000)), (1, Some(Element::Integer(5000))));
}

#[test]
fn a_short_list_is_one_allocation() {
    let mut list: List = (0..CHUNK_ENTRIES).map(|i| i.to_string()).collect();
    assert!(matches!(&list.0, Form::Packed(_)));
    list.push(End::Back, b"x");
    assert!(matches!(&list.0, Form::Chunks(_)));
    list.trim(0..CHUNK_ENTRIES / 2);
    assert!(matches!(&list.0, Form::Packed(_)));
}

#[test]
fn removing_most_elements_leaves_few_chunks() {
    let mut list: List = (0..20_000).map(|i| if i % 100 == 0 { "keep" } else { "drop" }).collect();
    assert_eq!(list.remove_equal(b"drop", usize::MAX, End::Back), 19_800);
    list.check();
    assert!(list.chunks().count() <= 8, "{} chunks for 200 elements", list.chunks().count());
}

#[test]
fn an_integer_costs_what_it_needs() {
    let list: List = (100_000..200_000).map(|i| i.to_string()).collect();
    let bytes = list.heap_size(0);
    assert!(bytes < 100_000 * 9 / 2, "{bytes} bytes");
}

#[test]
fn a_short_text_costs_little_more_than_itself() {
    let list: List = (0..100_000).map(|i| format!("{i:09}")).collect();
    let bytes = list.heap_size(0);
    assert!(bytes < 100_000 * 12, "{bytes} bytes");
    assert!(list.heap_size(500).abs_diff(bytes) < bytes / 4);
}
