//! The data structures, without anything around them: what a look-up or an insertion costs by size.

use cacheflow::store::keyspace::Keyspace;
use cacheflow::store::list::End;
use cacheflow::store::packed::PackedLimits;
use cacheflow::store::{Hash, List, Set, SortedSet, Str, Value, hash};
use divan::Bencher;

/// Small collections are packed, large ones are not; both sides are measured.
const SIZES: [usize; 2] = [50, 100_000];
/// As configured by default.
const LIMITS: PackedLimits = PackedLimits { entries: 128, value: 64 };
/// The default of `set-max-intset-entries`.
const MAX_INTSET: usize = 512;

/// Names in an order that no cache can guess.
struct Names {
    count: usize,
    next: usize,
}

impl Names {
    fn of(count: usize) -> Self {
        Names { count, next: 0 }
    }

    fn next(&mut self) -> String {
        self.next = (self.next + 7919) % self.count; // a prime: all of them come in turn
        name(self.next)
    }
}

fn name(number: usize) -> String {
    format!("key:{number:012}")
}

fn keyspace(count: usize) -> Keyspace {
    let mut keyspace = Keyspace::default();
    for number in 0..count {
        insert(&mut keyspace, &name(number));
    }
    keyspace
}

fn insert(keyspace: &mut Keyspace, key: &str) {
    if let Err(vacant) = keyspace.find(key.as_bytes()) {
        let value = Value::Str(Str::new(b"0123456789abcdef"));
        keyspace.insert(vacant, key.as_bytes(), value, 0);
    }
}

#[divan::bench(args = [16, 64, 1024])]
fn hash_a_key(bencher: Bencher, length: usize) {
    let key = vec![b'k'; length];
    bencher.bench_local(|| hash(divan::black_box(&key)));
}

#[divan::bench(args = SIZES)]
fn keyspace_find(bencher: Bencher, count: usize) {
    let keyspace = keyspace(count);
    let mut names = Names::of(count);
    bencher.with_inputs(|| names.next()).bench_local_refs(|key| keyspace.find(key.as_bytes()));
}

#[divan::bench(args = SIZES)]
fn keyspace_remove_and_insert(bencher: Bencher, count: usize) {
    let mut keyspace = keyspace(count);
    let mut names = Names::of(count);
    bencher.with_inputs(|| names.next()).bench_local_refs(|key| {
        if let Ok(slot) = keyspace.find(key.as_bytes()) {
            keyspace.remove(slot);
        }
        insert(&mut keyspace, key);
    });
}

#[divan::bench(args = SIZES)]
fn list_push_and_pop(bencher: Bencher, count: usize) {
    let mut list = List::default();
    (0..count).for_each(|number| list.push(End::Back, name(number).as_bytes()));
    bencher.bench_local(|| {
        list.push(End::Front, b"element");
        list.pop(End::Front)
    });
}

#[divan::bench(args = SIZES)]
fn hash_set_existing(bencher: Bencher, count: usize) {
    let mut fields = Hash::default();
    (0..count).for_each(|number| _ = fields.set(name(number).as_bytes(), b"value", LIMITS));
    let mut names = Names::of(count);
    bencher
        .with_inputs(|| names.next())
        .bench_local_refs(|field| fields.set(field.as_bytes(), b"other", LIMITS));
}

#[divan::bench(args = SIZES)]
fn set_contains(bencher: Bencher, count: usize) {
    let mut set = Set::default();
    (0..count).for_each(|number| _ = set.add(name(number).as_bytes(), MAX_INTSET));
    let mut names = Names::of(count);
    bencher.with_inputs(|| names.next()).bench_local_refs(|member| set.contains(member.as_bytes()));
}

#[divan::bench(args = SIZES)]
fn sorted_set_move(bencher: Bencher, count: usize) {
    let mut sorted = SortedSet::default();
    for number in 0..count {
        sorted.insert(name(number).as_bytes(), number as f64, LIMITS);
    }
    let mut names = Names::of(count);
    let mut score = 0.5;
    bencher.with_inputs(|| names.next()).bench_local_refs(|member| {
        score = (score + 1009.0) % count as f64;
        sorted.insert(member.as_bytes(), score, LIMITS)
    });
}

#[divan::bench(args = SIZES)]
fn sorted_set_rank(bencher: Bencher, count: usize) {
    let mut sorted = SortedSet::default();
    for number in 0..count {
        sorted.insert(name(number).as_bytes(), number as f64, LIMITS);
    }
    let mut names = Names::of(count);
    bencher
        .with_inputs(|| names.next())
        .bench_local_refs(|member| sorted.rank(member.as_bytes(), false));
}
