//! Union, intersection and difference of sorted sets, replied or stored.
//!
//! ```text
//! key -> Operand (a clone of a set or sorted set) ----.
//! WEIGHTS ------------------------------------------ +--> [(member, score)] --> sort --> reply
//! AGGREGATE ----------------------------------------'       borrowed                 '-> store
//! ```
//!
//! A plain set takes part as a sorted set whose scores are all 1. The result has to be put in
//! order, so it is collected first; its members are borrowed from the operands, clones that
//! are pointers. A member is hashed once, however many operands it is looked up in.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::{
    Args, Context, PackedLimits, Reply, Result, SortedSet, Value, limits, members_header,
    reply_member, store,
};
use crate::catalogue::row;
use crate::command::args::{Options, float, integer_in, is};
use crate::command::error::{self, Error};
use crate::command::sets::algebra::{Seen, removing_is_faster};
use crate::store::set::Member;
use crate::store::{Set, hash};

/// `ZUNION numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM|MIN|MAX>]
/// [WITHSCORES]`
pub fn zunion(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    combine(ctx, args, Operation::Union, reply)
}

/// `ZINTER numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM|MIN|MAX>]
/// [WITHSCORES]`
pub fn zinter(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    combine(ctx, args, Operation::Intersection, reply)
}

/// `ZDIFF numkeys key [key ...] [WITHSCORES]`
pub fn zdiff(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    combine(ctx, args, Operation::Difference, reply)
}

/// `ZUNIONSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE
/// <SUM|MIN|MAX>]`
pub fn zunionstore(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    combine_and_store(ctx, args, Operation::Union, reply)
}

/// `ZINTERSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE
/// <SUM|MIN|MAX>]`
pub fn zinterstore(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    combine_and_store(ctx, args, Operation::Intersection, reply)
}

/// `ZDIFFSTORE destination numkeys key [key ...]`
pub fn zdiffstore(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    combine_and_store(ctx, args, Operation::Difference, reply)
}

/// `ZINTERCARD numkeys key [key ...] [LIMIT limit]`
pub fn zintercard(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let query = Query::parse(ctx, args, 1, Operation::Cardinality)?;
    let mut count = 0;
    query.intersect(|_, _| {
        count += 1;
        count != query.limit
    });
    reply.count(count);
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Union,
    Intersection,
    Difference,
    Cardinality,
}

#[derive(Clone, Copy)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

impl Aggregate {
    fn of(self, a: f64, b: f64) -> f64 {
        match self {
            // Infinities that cancel out: no number, which a score may not be.
            Aggregate::Sum if (a + b).is_nan() => 0.0,
            Aggregate::Sum => a + b,
            // Written out, since a NaN as `b` must not win.
            Aggregate::Min => {
                if b < a {
                    b
                } else {
                    a
                }
            }
            Aggregate::Max => {
                if b > a {
                    b
                } else {
                    a
                }
            }
        }
    }
}

/// What a key holds.
enum Operand {
    Missing,
    Set(Set),
    Sorted(SortedSet),
}

impl Operand {
    fn of(value: Option<&Value>) -> Result<Operand> {
        match value {
            None => Ok(Operand::Missing),
            Some(Value::Set(set)) => Ok(Operand::Set(set.clone())),
            Some(Value::SortedSet(zset)) => Ok(Operand::Sorted(zset.clone())),
            Some(_) => Err(error::WRONG_TYPE),
        }
    }

    fn len(&self) -> usize {
        match self {
            Operand::Missing => 0,
            Operand::Set(set) => set.len(),
            Operand::Sorted(zset) => zset.len(),
        }
    }

    fn score(&self, hash: u64, member: &[u8]) -> Option<f64> {
        match self {
            Operand::Missing => None,
            Operand::Set(set) => set.contains_hashed(hash, member).then_some(1.0),
            Operand::Sorted(zset) => zset.score_hashed(hash, member),
        }
    }

    fn iter(&self) -> Box<dyn Iterator<Item = (Member<'_>, f64)> + '_> {
        match self {
            Operand::Missing => Box::new(std::iter::empty()),
            Operand::Set(set) => Box::new(set.iter().map(|member| (member, 1.0))),
            Operand::Sorted(zset) => {
                Box::new(zset.iter().map(|(member, score)| (Member::Text(member), score)))
            }
        }
    }
}

/// What is to be combined, and how.
struct Query {
    operation: Operation,
    /// With their weights; the smallest first, except for a difference.
    operands: Vec<(Operand, f64)>,
    aggregate: Aggregate,
    with_scores: bool,
    limit: usize,
}

impl Query {
    /// Parses `numkeys key [key ...] [option ...]`, which begin at argument `start`. The keys are
    /// looked up first: one of a wrong type counts more than a wrong option.
    fn parse(
        ctx: &mut Context<'_>,
        args: Args<'_>,
        start: usize,
        operation: Operation,
    ) -> Result<Self> {
        let mut options = Options::new(args, start);
        let numkeys = options.integer()?;
        if numkeys < 1 {
            let name = row(ctx.command).name;
            let text = format!("ERR at least 1 input key is needed for '{name}' command");
            return Err(Error::text(text));
        }
        let numkeys = numkeys as usize;
        if numkeys > options.left() {
            return Err(error::SYNTAX);
        }
        let keys = options.take_many(numkeys).iter();
        let operands: Result<Vec<_>> =
            keys.map(|key| Ok((Operand::of(ctx.read(key))?, 1.0))).collect();
        let mut query = Query {
            operation,
            operands: operands?,
            aggregate: Aggregate::Sum,
            with_scores: false,
            limit: 0,
        };
        query.parse_options(options, start > 1)?;
        if operation != Operation::Difference {
            query.operands.sort_by_key(|(operand, _)| operand.len());
        }
        Ok(query)
    }

    fn parse_options(&mut self, mut options: Options<'_>, storing: bool) -> Result {
        const NO_WEIGHT: Error = Error::new("ERR weight value is not a float");
        const NEGATIVE: Error = Error::new("ERR LIMIT can't be negative");
        let counting = self.operation == Operation::Cardinality;
        let weighing = matches!(self.operation, Operation::Union | Operation::Intersection);
        while let Some(option) = options.next() {
            let left = options.left();
            match option {
                _ if weighing && is(option, "WEIGHTS") && left >= self.operands.len() => {
                    for (_, weight) in &mut self.operands {
                        *weight = float(options.value()?).map_err(|_| NO_WEIGHT)?;
                    }
                }
                _ if weighing && is(option, "AGGREGATE") => {
                    self.aggregate = match options.value()? {
                        word if is(word, "SUM") => Aggregate::Sum,
                        word if is(word, "MIN") => Aggregate::Min,
                        word if is(word, "MAX") => Aggregate::Max,
                        _ => return Err(error::SYNTAX),
                    };
                }
                _ if !storing && !counting && is(option, "WITHSCORES") => self.with_scores = true,
                _ if counting && is(option, "LIMIT") => {
                    let limit = integer_in(options.value()?, 0, i64::MAX, NEGATIVE)?;
                    self.limit = limit as usize;
                }
                _ => return Err(error::SYNTAX),
            }
        }
        Ok(())
    }

    /// The result, in order.
    fn result(&self) -> Vec<(Member<'_>, f64)> {
        let mut result = match self.operation {
            Operation::Union => self.union(),
            Operation::Difference => self.difference(),
            Operation::Intersection | Operation::Cardinality => {
                let mut result = Vec::new();
                self.intersect(|member, score| {
                    result.push((member, score));
                    true
                });
                result
            }
        };
        result.sort_unstable_by(|(a, score_a), (b, score_b)| {
            score_a.partial_cmp(score_b).expect("no score is NaN").then_with(|| a.cmp(b))
        });
        result
    }

    fn union(&self) -> Vec<(Member<'_>, f64)> {
        let mut sums: HashTable<(u64, Member<'_>, f64)> = HashTable::new();
        for (operand, weight) in &self.operands {
            for (member, score) in operand.iter() {
                let score = weigh(score, *weight);
                let hash = hash(&member);
                match sums.entry(hash, |(_, other, _)| **other == *member, |(hash, ..)| *hash) {
                    Entry::Occupied(mut found) => {
                        let sum = &mut found.get_mut().2;
                        *sum = self.aggregate.of(*sum, score);
                    }
                    Entry::Vacant(vacant) => _ = vacant.insert((hash, member, score)),
                }
            }
        }
        sums.into_iter().map(|(_, member, score)| (member, score)).collect()
    }

    /// Calls `each` with every member that all operands have, until it returns false.
    fn intersect<'a>(&'a self, mut each: impl FnMut(Member<'a>, f64) -> bool) {
        let Some(((smallest, weight), others)) = self.operands.split_first() else { return };
        for (member, score) in smallest.iter() {
            let hash = hash(&member);
            let sum = others.iter().try_fold(weigh(score, *weight), |sum, (other, weight)| {
                Some(self.aggregate.of(sum, other.score(hash, &member)? * weight))
            });
            if sum.is_some_and(|sum| !each(member, sum)) {
                return;
            }
        }
    }

    fn difference(&self) -> Vec<(Member<'_>, f64)> {
        let Some(((first, _), others)) = self.operands.split_first() else { return Vec::new() };
        if !removing_is_faster(first.len(), others.iter().map(|(other, _)| other.len())) {
            let is_in_none = |(member, _): &(Member<'_>, f64)| {
                let hash = hash(member);
                others.iter().all(|(other, _)| other.score(hash, member).is_none())
            };
            return first.iter().filter(is_in_none).collect();
        }
        let mut seen = Seen::default();
        for (member, _) in others.iter().flat_map(|(other, _)| other.iter()) {
            seen.add(hash(&member), member);
        }
        first.iter().filter(|(member, _)| !seen.contains(hash(member), member)).collect()
    }
}

/// Infinity times zero is no number, and counts as zero.
fn weigh(score: f64, weight: f64) -> f64 {
    let product = score * weight;
    if product.is_nan() { 0.0 } else { product }
}

fn combine(
    ctx: &mut Context<'_>,
    args: Args<'_>,
    operation: Operation,
    reply: &mut Reply,
) -> Result {
    let query = Query::parse(ctx, args, 1, operation)?;
    let result = query.result();
    members_header(reply, result.len(), query.with_scores);
    for (member, score) in &result {
        reply_member(reply, member, *score, query.with_scores);
    }
    Ok(())
}

fn combine_and_store(
    ctx: &mut Context<'_>,
    args: Args<'_>,
    operation: Operation,
    reply: &mut Reply,
) -> Result {
    let query = Query::parse(ctx, args, 2, operation)?;
    // Indexed first and packed at the end, if it fits: a packed set knows no -0, an indexed one
    // must not lose it on the way.
    const NONE: PackedLimits = PackedLimits { entries: 0, value: 0 };
    let mut result = SortedSet::new();
    for (member, score) in query.result() {
        result.insert(&member, score, NONE);
    }
    drop(query);
    result.repack(limits(ctx));
    let event = match operation {
        Operation::Union => "zunionstore",
        Operation::Difference => "zdiffstore",
        Operation::Intersection | Operation::Cardinality => "zinterstore",
    };
    store(ctx, &args[1], result, event, reply);
    Ok(())
}
