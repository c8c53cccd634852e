//! Union, intersection and difference of sets, replied or stored.
//!
//! The operands stay where they are: a clone of each, which is a pointer, keeps it in place while
//! its members are walked, and a result that is only replied goes straight into the reply, without
//! ever being a set. A member that has to be looked up in several operands is hashed once.
//!
//! | command | way                                                                                |
//! |---------|------------------------------------------------------------------------------------|
//! | SINTER  | walk over the smallest; a member must be in all others, the next smallest asked first |
//! | SUNION  | reply the largest; of all others, what neither it nor [`Seen`] has                    |
//! | SDIFF   | walk over the first; a member must be in no other, or in no [`Seen`] of all others     |

use hashbrown::HashTable;

use crate::command::args::{Options, integer_in, is};
use crate::command::context::Context;
use crate::command::error::{self, Error, Result};
use crate::config::EventClasses;
use crate::resp::{Args, Reply};
use crate::store::set::Member;
use crate::store::{Set, Value, hash};

/// `SINTER key [key ...]`
pub fn sinter(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let sets = operands(ctx, args.from(1))?;
    reply_members(reply, |each| intersection(sets, each));
    Ok(())
}

/// `SINTERCARD numkeys key [key ...] [LIMIT limit]`
pub fn sintercard(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    const NO_KEYS: Error = Error::new("ERR numkeys should be greater than 0");
    const NEGATIVE: Error = Error::new("ERR LIMIT can't be negative");
    let numkeys = integer_in(&args[1], 1, i64::MAX, NO_KEYS)? as usize;
    let mut options = Options::new(args, 2);
    if numkeys > options.left() {
        return Err(Error::new("ERR Number of keys can't be greater than number of args"));
    }
    let keys = options.take_many(numkeys);
    let mut limit = 0;
    while let Some(option) = options.next() {
        match option {
            _ if is(option, "LIMIT") => {
                limit = integer_in(options.value()?, 0, i64::MAX, NEGATIVE)? as usize;
            }
            _ => return Err(error::SYNTAX),
        }
    }
    let mut count = 0;
    intersection(operands(ctx, keys)?, |_| {
        count += 1;
        count != limit
    });
    reply.count(count);
    Ok(())
}

/// `SINTERSTORE destination key [key ...]`
pub fn sinterstore(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let sets = operands(ctx, args.from(2))?;
    let mut result = Collector::new(ctx);
    intersection(sets, |member| result.add(&member));
    store(ctx, &args[1], result.set, "sinterstore", reply);
    Ok(())
}

/// `SUNION key [key ...]`
pub fn sunion(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let mut sets: Vec<Set> = operands(ctx, args.from(1))?.into_iter().flatten().collect();
    if sets.iter().all(|set| set.integers().is_some()) {
        reply_integers(reply, &sets);
        return Ok(());
    }
    sets.sort_by_key(|set| std::cmp::Reverse(set.len()));
    reply_members(reply, |each| {
        let Some((largest, others)) = sets.split_first() else { return };
        if !largest.iter().all(&mut *each) {
            return;
        }
        let mut seen = Seen::default();
        for member in others.iter().flat_map(|set| set.iter()) {
            let hash = hash(&member);
            let is_new = !largest.contains_hashed(hash, &member) && seen.add(hash, member.clone());
            if is_new && !each(member) {
                return;
            }
        }
    });
    Ok(())
}

/// `SUNIONSTORE destination key [key ...]`
pub fn sunionstore(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let sets = operands(ctx, args.from(2))?;
    let mut result = Collector::new(ctx);
    for member in sets.iter().flatten().flat_map(|set| set.iter()) {
        result.add(&member);
    }
    drop(sets);
    store(ctx, &args[1], result.set, "sunionstore", reply);
    Ok(())
}

/// `SDIFF key [key ...]`
pub fn sdiff(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let Difference { first, others } = Difference::new(operands(ctx, args.from(1))?);
    reply_members(reply, |each| {
        if !removing_is_faster(first.len(), others.iter().map(|set| set.len())) {
            return difference(&first, &others, each);
        }
        let mut seen = Seen::default();
        for member in others.iter().flat_map(|set| set.iter()) {
            seen.add(hash(&member), member);
        }
        first.iter().filter(|m| !seen.contains(hash(m), m)).all(each);
    });
    Ok(())
}

/// `SDIFFSTORE destination key [key ...]`
pub fn sdiffstore(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let Difference { first, others } = Difference::new(operands(ctx, args.from(2))?);
    let mut result = Collector::new(ctx);
    if removing_is_faster(first.len(), others.iter().map(|set| set.len())) {
        first.iter().for_each(|member| _ = result.add(&member));
        for member in others.iter().flat_map(|set| set.iter()) {
            result.set.remove(&member);
        }
    } else {
        difference(&first, &others, |member| result.add(&member));
    }
    drop((first, others));
    store(ctx, &args[1], result.set, "sdiffstore", reply);
    Ok(())
}

/// The sets of these keys; a key that doesn't exist has none.
fn operands(ctx: &mut Context<'_>, keys: Args<'_>) -> Result<Vec<Option<Set>>> {
    keys.iter()
        .map(|key| match ctx.read(key) {
            None => Ok(None),
            Some(Value::Set(set)) => Ok(Some(set.clone())),
            Some(_) => Err(error::WRONG_TYPE),
        })
        .collect()
}

/// Calls `each` with every member that all sets have, until it returns false.
fn intersection(sets: Vec<Option<Set>>, mut each: impl FnMut(Member<'_>) -> bool) {
    let Some(mut sets) = sets.into_iter().collect::<Option<Vec<_>>>() else { return };
    sets.sort_by_key(|set| set.len());
    let Some((smallest, others)) = sets.split_first() else { return };
    for member in smallest.iter() {
        let hash = hash(&member);
        if others.iter().all(|set| set.contains_hashed(hash, &member)) && !each(member) {
            return;
        }
    }
}

/// The operands of a difference.
struct Difference {
    first: Set,
    others: Vec<Set>,
}

impl Difference {
    fn new(sets: Vec<Option<Set>>) -> Self {
        let mut sets = sets.into_iter();
        let first = sets.next().flatten().unwrap_or_default();
        let mut others: Vec<_> = sets.flatten().collect();
        // The largest is the one that most likely has a member.
        others.sort_by_key(|set| std::cmp::Reverse(set.len()));
        Difference { first, others }
    }
}

/// Whether to go through the others once, rather than look every member of the first up in all of
/// them. Redis decides in the same way, which shows in the encoding of what SDIFFSTORE stores.
pub fn removing_is_faster(first: usize, others: impl ExactSizeIterator<Item = usize>) -> bool {
    // A look-up often ends early, and is cheaper than an insertion: it counts half.
    let looking_up = first * (others.len() + 1) / 2;
    looking_up > first + others.sum::<usize>()
}

/// Calls `each` with every member of the first set that no other has, until it returns false.
fn difference(first: &Set, others: &[Set], mut each: impl FnMut(Member<'_>) -> bool) {
    for member in first.iter() {
        let hash = hash(&member);
        if !others.iter().any(|set| set.contains_hashed(hash, &member)) && !each(member) {
            return;
        }
    }
}

/// Members that have come before, by reference.
#[derive(Default)]
pub struct Seen<'a>(HashTable<(u64, Member<'a>)>);

impl<'a> Seen<'a> {
    /// Remembers a member; false if it was there.
    pub fn add(&mut self, hash: u64, member: Member<'a>) -> bool {
        let same = |(_, other): &(u64, Member<'_>)| **other == *member;
        match self.0.entry(hash, same, |(hash, _)| *hash) {
            hashbrown::hash_table::Entry::Occupied(_) => false,
            hashbrown::hash_table::Entry::Vacant(vacant) => {
                vacant.insert((hash, member));
                true
            }
        }
    }

    /// Whether a member has come before.
    pub fn contains(&self, hash: u64, member: &[u8]) -> bool {
        self.0.find(hash, |(_, other)| **other == *member).is_some()
    }
}

/// Replies what `produce` gives as a set, whose size is known only afterwards.
fn reply_members(reply: &mut Reply, produce: impl FnOnce(&mut dyn FnMut(Member<'_>) -> bool)) {
    let start = reply.len();
    let mut count = 0;
    produce(&mut |member| {
        reply.bulk(&member);
        count += 1;
        !reply.is_over_limit()
    });
    reply.prepend(start, |reply| reply.set(count));
}

/// The union of sets of integers: in order, as it would be if they were in one.
fn reply_integers(reply: &mut Reply, sets: &[Set]) {
    let mut union = Vec::new();
    for integers in sets.iter().filter_map(|set| set.integers()) {
        union.extend(integers.iter());
    }
    union.sort_unstable();
    union.dedup();
    reply.set(union.len());
    reply.each(union, |reply, integer| reply.bulk_integer(integer));
}

/// A result that is going to be stored.
struct Collector {
    set: Set,
    max_intset: usize,
}

impl Collector {
    fn new(ctx: &Context<'_>) -> Self {
        Collector { set: Set::new(), max_intset: ctx.engine.config.set_max_intset_entries }
    }

    /// Adds a member; true: there may be more.
    fn add(&mut self, member: &[u8]) -> bool {
        self.set.add(member, self.max_intset);
        true
    }
}

/// Stores a result, which replaces whatever was there. An empty one removes the key.
fn store(ctx: &mut Context<'_>, key: &[u8], result: Set, event: &str, reply: &mut Reply) {
    reply.count(result.len());
    if !result.is_empty() {
        ctx.set(key, Value::Set(result));
        ctx.modified(EventClasses::SET, event, key);
    } else if ctx.remove(key) {
        ctx.modified(EventClasses::GENERIC, "del", key);
    }
}
