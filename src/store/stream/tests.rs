//! `Stream` against a `BTreeMap`, and the numbers that clients see.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

type Owned = Vec<(Vec<u8>, Vec<u8>)>;
type Model = BTreeMap<StreamId, Owned>;

fn borrowed(fields: &Owned) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
    fields.iter().map(|(name, value)| (&name[..], &value[..]))
}

fn owned(entry: Entry<'_>) -> (StreamId, Owned) {
    (entry.id, entry.fields.map(|(name, value)| (name.to_vec(), value.to_vec())).collect())
}

/// `len` entries `1-0`, `2-0`, ... of one small field.
fn stream(len: u64) -> Stream {
    let mut stream = Stream::new();
    for ms in 1..=len {
        let fields = [(&b"f"[..], &b"v"[..])];
        let limits = BlockLimits::default();
        assert!(stream.append(StreamId::new(ms, 0), fields.into_iter(), &limits));
    }
    stream
}

fn id(ms: u64) -> StreamId {
    StreamId::new(ms, 0)
}

#[derive(Clone, Debug)]
enum Step {
    Append(u64, u64, Owned),
    Delete(usize),
    TrimLast(usize),
    TrimFrom(usize),
    TrimBlocks(usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let text = || prop::collection::vec(any::<u8>(), 0..20);
    let name = prop_oneof![4 => Just(b"name".to_vec()), 1 => text()];
    let fields = prop::collection::vec((name, text()), 0..4);
    prop_oneof![
        12 => (0..3u64, any::<u64>(), fields).prop_map(|(ms, seq, it)| Step::Append(ms, seq, it)),
        3 => any::<usize>().prop_map(Step::Delete),
        1 => (0..100usize).prop_map(Step::TrimLast),
        1 => any::<usize>().prop_map(Step::TrimFrom),
        1 => (0..100usize, 0..30usize).prop_map(|(last, limit)| Step::TrimBlocks(last, limit)),
    ]
}

fn some_id(model: &Model, at: usize) -> StreamId {
    model.keys().nth(at % model.len().max(1)).copied().unwrap_or(id(7))
}

fn apply(stream: &mut Stream, model: &mut Model, step: Step) {
    let limits = BlockLimits { bytes: 300, entries: 10 };
    match step {
        Step::Append(ms, seq, fields) => {
            let id = StreamId::new(stream.last_id.ms + ms, seq);
            let fits = id > stream.last_id;
            assert_eq!(stream.append(id, borrowed(&fields), &limits), fits);
            if fits {
                model.insert(id, fields);
            }
        }
        Step::Delete(at) => {
            let id = some_id(model, at);
            let there = model.remove(&id).is_some();
            assert_eq!(stream.delete(id), there);
            assert!(!stream.delete(id));
        }
        Step::TrimLast(last) => {
            let removed = stream.trim(Keep::Last(last), Precision::Exact, References::Keep);
            (0..removed).for_each(|_| drop(model.pop_first().unwrap()));
            assert!(model.len() <= last);
        }
        Step::TrimFrom(at) => {
            let from = some_id(model, at);
            *model = model.split_off(&from);
            stream.trim(Keep::From(from), Precision::Exact, References::Keep);
        }
        Step::TrimBlocks(last, limit) => {
            let before = model.len();
            let removed =
                stream.trim(Keep::Last(last), Precision::Blocks { limit }, References::Keep);
            assert!(limit == 0 || removed <= limit);
            assert!(removed == 0 || before - removed >= last);
            (0..removed).for_each(|_| drop(model.pop_first().unwrap()));
        }
    }
}

proptest! {
    #[test]
    fn behaves_like_a_map(
        steps in prop::collection::vec(step(), 1..120),
        bounds: (usize, usize),
    ) {
        let (mut stream, mut model) = (Stream::new(), Model::new());
        let half = steps.len() / 2;
        let mut saved = None;
        for (done, step) in steps.into_iter().enumerate() {
            if done == half {
                saved = Some((stream.clone(), model.clone()));
            }
            apply(&mut stream, &mut model, step);
            prop_assert_eq!(stream.len(), model.len());
            prop_assert!(stream.blocks().all(|block| block.live() > 0));
        }
        let all = |stream: &Stream| -> Model {
            stream.range(StreamId::MIN, StreamId::MAX).map(owned).collect()
        };
        prop_assert_eq!(&all(&stream), &model);
        prop_assert_eq!(stream.first_id(), model.keys().next().copied().unwrap_or_default());
        prop_assert_eq!(stream.last().map(|entry| entry.id), model.keys().last().copied());
        let bytes: usize = stream.blocks().map(Block::heap_size).sum();
        prop_assert_eq!(stream.block_bytes, bytes);
        let (saved_stream, saved_model) = saved.unwrap();
        prop_assert_eq!(all(&saved_stream), saved_model);

        let (a, b) = (some_id(&model, bounds.0), some_id(&model, bounds.1));
        let (a, b) = (a.min(b).prev().unwrap_or(a), a.max(b));
        let expected: Vec<_> = model.range(a..=b).map(|(id, it)| (*id, it.clone())).collect();
        prop_assert_eq!(stream.range(a, b).map(owned).collect::<Vec<_>>(), &expected[..]);
        let backwards: Vec<_> = stream.range_back(a, b).map(owned).collect();
        prop_assert_eq!(backwards.into_iter().rev().collect::<Vec<_>>(), expected);

        // Saved block by block and loaded again, it is the same stream.
        let mut loaded = Stream::new();
        for block in stream.blocks() {
            let (first, _) = block.entries_and_deleted().next().unwrap();
            let mut copy = Block::new(block.first(), first.fields);
            for (entry, deleted) in block.entries_and_deleted() {
                prop_assert!(copy.push(entry.id, entry.fields));
                prop_assert_eq!(deleted && copy.delete(entry.id), deleted);
            }
            prop_assert_eq!(copy.listpack_size(), block.listpack_size());
            prop_assert!(loaded.push_block(copy));
        }
        prop_assert_eq!(all(&loaded), model);
    }
}

#[test]
fn an_approximate_trim_removes_whole_blocks() {
    // What redis-server 7.0.15 answers to XADD x 250 and then XTRIM.
    let blocks = |limit| Precision::Blocks { limit };
    let mut it = stream(250);
    assert_eq!(it.trim(Keep::Last(151), blocks(10_000), References::Keep), 0);
    assert_eq!(it.trim(Keep::Last(150), blocks(99), References::Keep), 0);
    assert_eq!(it.trim(Keep::Last(150), blocks(100), References::Keep), 100);
    assert_eq!(it.trim(Keep::From(id(200)), blocks(0), References::Keep), 0);
    assert_eq!(it.trim(Keep::From(id(201)), blocks(0), References::Keep), 100);
    assert_eq!(it.trim(Keep::Last(0), blocks(0), References::Keep), 50);
    assert_eq!((it.len(), it.first_id(), it.last_id), (0, StreamId::MIN, id(250)));
}

#[test]
fn a_million_small_entries_cost_a_few_bytes_each() {
    let stream = stream(100_000);
    assert!(stream.heap_size() / 100_000 <= 8, "{}", stream.heap_size());
}

#[test]
fn a_write_after_a_clone_copies_one_block() {
    let old = stream(1000);
    let mut new = old.clone();
    assert!(new.delete(id(450)));
    let shared = old.blocks.iter().zip(&new.blocks).filter(|(a, b)| Arc::ptr_eq(a, b)).count();
    assert_eq!(shared, 9);
    assert!(old.contains(id(450)) && !new.contains(id(450)));
}

#[test]
fn ids_follow_the_clock_or_the_last_entry() {
    let mut stream = stream(5);
    assert_eq!(stream.next_id(9), Some(id(9)));
    assert_eq!(stream.next_id(3), Some(StreamId::new(5, 1)));
    assert_eq!(stream.next_id_within(5), Some(StreamId::new(5, 1)));
    assert_eq!(stream.next_id_within(7), Some(id(7)));
    stream.last_id = StreamId::MAX;
    assert_eq!((stream.next_id(9), stream.next_id_within(u64::MAX)), (None, None));
}

fn claim(now_ms: i64, min_idle_ms: i64) -> Claim {
    Claim {
        now_ms,
        min_idle_ms,
        delivery_time_ms: now_ms,
        delivery_count: None,
        just_id: false,
        force: false,
    }
}

/// Everything a group says twice must agree.
fn check(group: &Group) {
    let mut of_consumers: Vec<_> = group
        .consumers()
        .iter()
        .flat_map(|(name, consumer)| consumer.pending().keys().map(move |id| (*id, name.clone())))
        .collect();
    of_consumers.sort();
    let of_group: Vec<_> =
        group.pending().iter().map(|(id, it)| (*id, it.consumer.clone())).collect();
    assert_eq!(of_consumers, of_group);
}

#[test]
fn entries_are_delivered_claimed_and_acknowledged() {
    let mut stream = stream(10);
    assert!(stream.create_group(b"g", Group::new(StreamId::MIN, None)));
    assert!(!stream.create_group(b"g", Group::default()));
    let delivered = stream.read_group(b"g", b"ann", 3, false, 100);
    assert_eq!(delivered, Some(Delivered { first: id(1), last: id(3), count: 3 }));
    stream.read_group(b"g", b"bob", 3, false, 200);
    let delivered = stream.read_group(b"g", b"bob", 99, true, 200);
    assert_eq!(delivered.map(|it| it.count), Some(4));
    assert_eq!(stream.read_group(b"g", b"bob", 99, false, 200), None);
    assert_eq!(stream.group(b"g").unwrap().pending().len(), 6);

    assert_eq!(stream.claim(b"g", id(1), b"cat", &claim(300, 201)), Claimed::No);
    assert_eq!(stream.claim(b"g", id(1), b"cat", &claim(300, 200)), Claimed::Yes);
    assert_eq!(stream.claim(b"g", id(9), b"cat", &claim(300, 0)), Claimed::No);
    let force = Claim { force: true, ..claim(300, 0) };
    assert_eq!(stream.claim(b"g", id(9), b"cat", &force), Claimed::Yes);
    stream.delete(id(2));
    let Claimed::Deleted(was) = stream.claim(b"g", id(2), b"cat", &claim(300, 0)) else {
        panic!("the entry is gone, so it can't be claimed");
    };
    assert_eq!((&*was.consumer, was.delivery_count), (&b"ann"[..], 1));

    let group = stream.group_mut(b"g").unwrap();
    check(group);
    assert_eq!(group.pending()[&id(9)].delivery_count, 2);
    assert!(group.ack(id(9)).is_some() && group.ack(id(9)).is_none());
    let own: Vec<_> = group.pending_range(id(1)..=id(4), Some(b"bob")).map(|it| it.0).collect();
    assert_eq!(own, [id(4)]);
    assert_eq!(group.pending_range(StreamId::MIN..=StreamId::MAX, None).count(), 5);
    assert_eq!(group.delete_consumer(b"bob"), Some(3));
    assert_eq!(group.delete_consumer(b"bob"), None);
    check(group);
    assert_eq!(stream.destroy_group(b"g").unwrap().pending().len(), 2);
}

#[test]
fn what_is_held_can_be_read_again() {
    let mut stream = stream(4);
    stream.create_group(b"g", Group::default());
    stream.read_group(b"g", b"ann", 4, false, 100);
    stream.delete(id(2));
    let found = stream.reread_group(b"g", b"ann", id(1), 2, 500);
    assert_eq!(found, [(id(1), true), (id(2), false)]);
    let counts: Vec<_> =
        stream.group(b"g").unwrap().pending().iter().map(|(_, it)| it.delivery_count).collect();
    assert_eq!(counts, [2, 1, 1, 1]);
}

#[test]
fn autoclaim_walks_the_list_in_steps() {
    let mut stream = stream(30);
    stream.create_group(b"g", Group::default());
    stream.read_group(b"g", b"ann", 30, false, 100);
    stream.delete(id(2));
    let found = stream.autoclaim(b"g", b"bob", StreamId::MIN, 3, &claim(200, 50));
    let deleted: Vec<_> = found.deleted.iter().map(|(id, _)| *id).collect();
    assert_eq!((found.claimed, deleted, found.next), (vec![id(1), id(3)], vec![id(2)], id(4)));
    // Ten times the count is looked at, found or not.
    let found = stream.autoclaim(b"g", b"bob", found.next, 2, &claim(200, 500));
    assert_eq!(found, AutoClaimed { next: id(24), ..AutoClaimed::default() });
    let found = stream.autoclaim(b"g", b"bob", id(24), 100, &claim(200, 50));
    assert_eq!((found.claimed.len(), found.next), (7, StreamId::MIN));
    check(stream.group(b"g").unwrap());
}

#[test]
fn the_lag_is_told_where_it_is_certain() {
    // Each pair (entries-read, lag) is what redis-server 7.0.15 tells after the same commands.
    let mut stream = stream(10);
    let told = |stream: &Stream, name: &[u8]| {
        let group = stream.group(name).unwrap();
        (group.entries_read, stream.lag(group))
    };
    stream.create_group(b"g", Group::default());
    assert_eq!(told(&stream, b"g"), (None, Some(10)));
    stream.read_group(b"g", b"c", 3, false, 0);
    assert_eq!(told(&stream, b"g"), (Some(3), Some(7)));
    stream.delete(id(5));
    assert_eq!(told(&stream, b"g"), (Some(3), None));
    stream.read_group(b"g", b"c", 3, false, 0);
    assert_eq!(told(&stream, b"g"), (None, None));
    // The gap is trimmed away, and the group stands just before the first entry.
    stream.trim(Keep::Last(3), Precision::Exact, References::Keep);
    assert_eq!(told(&stream, b"g"), (None, Some(3)));
    stream.read_group(b"g", b"c", 9, false, 0);
    assert_eq!(told(&stream, b"g"), (Some(10), Some(0)));
    stream.create_group(b"mid", Group::new(id(9), None));
    assert_eq!(told(&stream, b"mid"), (None, None));
}

#[test]
fn a_consumer_is_seen_when_it_gets_something() {
    let mut stream = stream(1);
    stream.create_group(b"g", Group::new(id(1), None));
    assert_eq!(stream.read_group(b"g", b"new", 9, false, 7), None);
    assert_eq!(stream.claim(b"g", id(1), b"new", &claim(8, 0)), Claimed::No);
    assert!(stream.group(b"g").unwrap().consumers().is_empty());
    stream.reread_group(b"g", b"new", StreamId::MIN, 9, 9);
    assert_eq!(stream.group(b"g").unwrap().consumers()[&b"new"[..]].seen_time_ms, 9);
}

/// 35 entries in blocks of ten, read up to 30 by `slow` and 33 by `fast`; they still hold every third, and 4.
fn shared() -> Stream {
    let mut stream = Stream::new();
    for ms in 1..=35 {
        let limits = BlockLimits { bytes: 0, entries: 10 };
        assert!(stream.append(id(ms), [(&b"f"[..], &b"v"[..])].into_iter(), &limits));
    }
    for (name, read) in [(&b"slow"[..], 30), (b"fast", 33)] {
        stream.create_group(name, Group::default());
        stream.read_group(name, b"ann", read, false, 0);
        let done =
            |ms: &u64| (name == b"slow" || *ms != 4) && (name == b"fast" || !ms.is_multiple_of(3));
        let group = stream.group_mut(name).unwrap();
        (1..=read as u64).filter(done).for_each(|ms| _ = group.ack(id(ms)));
    }
    stream
}

fn ids(stream: &Stream) -> Vec<u64> {
    stream.range(StreamId::MIN, StreamId::MAX).map(|entry| entry.id.ms).collect()
}

#[test]
fn a_trim_respects_what_groups_need() {
    let needed = |ms: &u64| ms.is_multiple_of(3) || *ms == 4 || *ms > 30;
    for keep in [Keep::Last(0), Keep::From(id(99))] {
        let mut stream = shared();
        assert_eq!(stream.trim(keep, Precision::Exact, References::Respect), 19);
        assert_eq!(ids(&stream), (1..=35).filter(needed).collect::<Vec<_>>());
        assert_eq!(stream.max_deleted_id, StreamId::MIN, "nothing was removed by name");
    }
    // As many as are too many, from the front; of a block only if it could go as a whole.
    let mut stream = shared();
    assert_eq!(stream.trim(Keep::Last(31), Precision::Exact, References::Respect), 4);
    assert_eq!(ids(&stream)[..5], [3, 4, 6, 8, 9]);
    let blocks = Precision::Blocks { limit: 0 };
    let mut stream = shared();
    assert_eq!(stream.trim(Keep::From(id(25)), blocks, References::Respect), 13);
    assert_eq!(ids(&stream)[..8], [3, 4, 6, 9, 12, 15, 18, 21]);
    assert_eq!(ids(&stream)[8..11], [22, 23, 24]);
}

#[test]
fn references_go_with_the_entries() {
    let blocks = Precision::Blocks { limit: 0 };
    for precision in [Precision::Exact, blocks] {
        let mut stream = shared();
        let before = stream.clone();
        assert_eq!(stream.trim(Keep::From(id(21)), precision, References::Remove), 20);
        let left = |name: &[u8]| stream.group(name).unwrap().pending().keys().next().copied();
        assert_eq!((left(b"slow"), left(b"fast")), (Some(id(21)), None));
        assert_eq!((before.pending(), stream.pending()), (11, 4));
        stream.groups().for_each(|(_, group)| check(group));
    }
}

#[test]
fn an_entry_goes_when_nobody_needs_it() {
    let mut stream = shared();
    let mut remove = |ms, references| stream.remove(id(ms), references);
    assert_eq!(remove(4, References::Respect), Removal::Needed);
    assert_eq!(remove(5, References::Respect), Removal::Done);
    assert_eq!(remove(5, References::Respect), Removal::Nothing);
    assert_eq!(remove(31, References::Respect), Removal::Needed, "it has yet to be read");
    assert_eq!(remove(99, References::Respect), Removal::Needed, "so has what isn't there");
    assert_eq!(remove(3, References::Keep), Removal::Done);
    assert_eq!(remove(3, References::Respect), Removal::Needed, "it is gone, but pending");
    assert_eq!(remove(3, References::Remove), Removal::Nothing, "and now forgotten");
    assert_eq!(remove(3, References::Respect), Removal::Nothing);
    let mut ack =
        |group: &[u8], ms, references| stream.acknowledge_and_remove(group, id(ms), references);
    assert_eq!(ack(b"slow", 4, References::Respect), Removal::Nothing, "of another group");
    assert_eq!(ack(b"fast", 4, References::Respect), Removal::Done);
    assert_eq!(ack(b"nosuch", 6, References::Keep), Removal::Nothing);
    assert_eq!(ack(b"slow", 6, References::Keep), Removal::Done);
    assert_eq!(stream.range(id(3), id(7)).map(|entry| entry.id.ms).collect::<Vec<_>>(), [7]);
}

#[test]
fn a_badly_loaded_stream_stays_in_order() {
    let mut stream = stream(100);
    stream.last_id = id(50);
    stream.entries_added = 3;
    let fields = [(&b"f"[..], &b"v"[..])];
    assert!(!stream.append(id(60), fields.into_iter(), &BlockLimits::default()));
    assert_eq!(stream.range(id(1), id(200)).count(), 100);
    assert!(!stream.push_block(Block::new(id(200), fields.into_iter())), "it is empty");
    let mut block = Block::new(id(99), fields.into_iter());
    assert!(!block.push(id(98), fields.into_iter()) && block.push(id(99), fields.into_iter()));
    assert!(!stream.push_block(block));
    assert_eq!(stream.count_up_to(StreamId::MIN), Some(0));
}
