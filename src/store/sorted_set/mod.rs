//! `SortedSet`: what a key of type zset holds: members, each with a score, in order.
//!
//! ```text
//! form     holds                                      called     member costs
//! Packed   score and member, in order, within         listpack   its length + 2, and 0 to 8
//!          zset-max-listpack-entries and -value                  for the score
//! Indexed  RankedTree (score, member) for the order   skiplist   about 85, + twice each
//!          Table      member -> score                            length over 22
//! ```
//!
//! One entry of the packed form is one string of [`Packed`]: the score and the member. The last
//! bytes of a score are zeros if it is a small whole number, as most are; they are left out:
//!
//! ```text
//! 10.0, "abc":   02 | 40 24 | a b c       two bytes of 40 24 00 00 00 00 00 00, high byte first
//! ```
//!
//! Looking for anything is a walk, which for a hundred entries is faster than a tree. The set
//! becomes indexed when a member arrives that the limits don't allow, and stays so unless somebody
//! calls [`SortedSet::repack`], as the commands that store a whole result do.
//!
//! Every range, by score or by member, is first turned into a range of ranks. Whatever can be done
//! with a range (walk it either way, skip and limit, count, remove) is then written once, and
//! skipping a million members costs nothing.
//!
//! Left out on purpose: NaN. Who calls has checked that a score is a number.

mod ranges;

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::iter::FusedIterator;
use std::ops::Range;
use std::sync::Arc;

pub use self::ranges::{LexBound, LexRange, ScoreRange, page};
use super::Bytes;
use super::bytes::ARC_COUNTS;
use super::chains::Chains;
use super::packed::{self, Packed, PackedLimits};
use super::ranked_tree::{self, RankedTree};
use super::table::{Keyed, Table};

/// A set ordered by score, then by the bytes of the member; see the module documentation.
#[derive(Clone)]
pub struct SortedSet(Form);

#[derive(Clone)]
enum Form {
    Packed(Packed),
    Indexed(Arc<Indexed>),
}

#[derive(Clone, Default)]
struct Indexed {
    tree: RankedTree,
    scores: Table<Scored>,
}

#[derive(Clone)]
struct Scored {
    member: Bytes,
    score: f64,
}

impl Keyed for Scored {
    fn key(&self) -> &[u8] {
        &self.member
    }

    fn heap_size(&self) -> usize {
        self.member.heap_size()
    }
}

/// What an insertion did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Inserted {
    /// The member is new.
    Added,
    /// The member had this other score before.
    Updated(f64),
    /// The member had this score already.
    Same,
}

impl SortedSet {
    /// An empty set.
    pub fn new() -> Self {
        SortedSet(Form::Packed(Packed::new()))
    }

    /// Whether neither has changed since one was cloned from the other.
    pub fn is_same(&self, other: &SortedSet) -> bool {
        match (&self.0, &other.0) {
            (Form::Packed(ours), Form::Packed(theirs)) => ours.is_same(theirs),
            (Form::Indexed(ours), Form::Indexed(theirs)) => Arc::ptr_eq(ours, theirs),
            _ => false,
        }
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Packed(packed) => packed.len(),
            Form::Indexed(indexed) => indexed.tree.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of its form in OBJECT ENCODING.
    pub fn encoding(&self) -> &'static str {
        match &self.0 {
            Form::Packed(_) => "listpack",
            Form::Indexed(_) => "skiplist",
        }
    }

    /// The score of a member.
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        match &self.0 {
            Form::Packed(packed) => find(packed, member).map(|(_, score)| score),
            Form::Indexed(indexed) => indexed.scores.get(member).map(|found| found.score),
        }
    }

    /// The score of a member whose [`hash`](super::hash()) is known.
    pub fn score_hashed(&self, hash: u64, member: &[u8]) -> Option<f64> {
        match &self.0 {
            Form::Packed(_) => self.score(member),
            Form::Indexed(indexed) => indexed.scores.get_hashed(hash, member).map(|s| s.score),
        }
    }

    /// Gives a member a score, which must not be NaN.
    pub fn insert(&mut self, member: &[u8], score: f64, limits: PackedLimits) -> Inserted {
        debug_assert!(!score.is_nan());
        if let Form::Packed(packed) = &mut self.0 {
            let old = find(packed, member);
            if let Some((rank, old)) = old {
                if old == score {
                    return Inserted::Same;
                }
                packed.remove(rank..rank + 1);
            } else if packed.len() >= limits.entries || member.len() > limits.value {
                self.index();
                return self.insert(member, score, limits);
            }
            let before = |each: &[u8]| {
                let (other, at) = unpack(each);
                at < score || at == score && other < member
            };
            let rank = packed.iter().take_while(|each| before(each)).count();
            packed.insert(rank, &pack(member, score));
            return old.map_or(Inserted::Added, |(_, old)| Inserted::Updated(old));
        }
        let Form::Indexed(indexed) = &mut self.0 else { unreachable!("the other form is above") };
        let old = indexed.scores.get(member).map(|found| found.score);
        if old == Some(score) {
            return Inserted::Same;
        }
        let indexed = Arc::make_mut(indexed);
        let Some(old) = old else {
            indexed.scores.insert(Scored { member: Bytes::new(member), score });
            indexed.tree.insert(score, member);
            return Inserted::Added;
        };
        indexed.scores.get_mut(member).expect("found above").score = score;
        indexed.tree.remove(old, member);
        indexed.tree.insert(score, member);
        Inserted::Updated(old)
    }

    /// Removes a member; returns the score it had.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        match &mut self.0 {
            Form::Packed(packed) => {
                let (rank, score) = find(packed, member)?;
                packed.remove(rank..rank + 1);
                Some(score)
            }
            Form::Indexed(indexed) => {
                let indexed = Arc::make_mut(indexed);
                let Scored { score, .. } = indexed.scores.remove(member)?;
                indexed.tree.remove(score, member);
                Some(score)
            }
        }
    }

    /// The place of a member, counted from 0 at the lowest score, or at the highest if `reverse`.
    pub fn rank(&self, member: &[u8], reverse: bool) -> Option<usize> {
        let rank = match &self.0 {
            Form::Packed(packed) => find(packed, member)?.0,
            Form::Indexed(indexed) => {
                let score = indexed.scores.get(member)?.score;
                indexed.tree.rank(score, member)?
            }
        };
        Some(if reverse { self.len() - 1 - rank } else { rank })
    }

    /// The member at this rank, and its score.
    pub fn nth(&self, rank: usize) -> Option<(&[u8], f64)> {
        self.range(rank..self.len()).next()
    }

    /// The ranks of the members with these scores. Its length is the count.
    pub fn ranks_by_score(&self, range: &ScoreRange) -> Range<usize> {
        let start = self.position(0, |_, score| range.is_before(score));
        start..self.position(start, |_, score| range.is_before_end(score))
    }

    /// The ranks of these members, if all scores are equal; otherwise some range.
    pub fn ranks_by_lex(&self, range: &LexRange<'_>) -> Range<usize> {
        let start = self.position(0, |member, _| range.is_before(member));
        start..self.position(start, |member, _| range.is_before_end(member))
    }

    /// The members of these ranks with their scores, in order; `rev()` walks the other way.
    pub fn range(&self, ranks: Range<usize>) -> Iter<'_> {
        Iter(match &self.0 {
            Form::Packed(packed) => {
                let end = ranks.end.min(packed.len());
                let mut rest = packed.iter();
                let skipped = rest.by_ref().take(ranks.start).count();
                let left = end.saturating_sub(skipped);
                FormIter::Packed { rest, left, back: VecDeque::new() }
            }
            Form::Indexed(indexed) => FormIter::Tree(indexed.tree.range(ranks)),
        })
    }

    /// All members with their scores, in order.
    pub fn iter(&self) -> Iter<'_> {
        self.range(0..self.len())
    }

    /// Removes the members of these ranks; returns how many.
    pub fn remove_range(&mut self, ranks: Range<usize>) -> usize {
        let ranks = ranks.start..ranks.end.min(self.len());
        if ranks.is_empty() {
            return 0;
        }
        match &mut self.0 {
            Form::Packed(packed) => packed.remove(ranks.clone()),
            // The whole set: drop it rather than take it apart.
            Form::Indexed(indexed) if ranks.len() == indexed.tree.len() => {
                *indexed = Arc::default();
            }
            Form::Indexed(indexed) => {
                let indexed = Arc::make_mut(indexed);
                for entry in indexed.tree.range(ranks.clone()) {
                    indexed.scores.remove(&entry.member);
                }
                indexed.tree.remove_range(ranks.clone());
            }
        }
        ranks.len()
    }

    /// A member drawn at random, and its score. `rng` returns 64 random bits.
    pub fn random(&self, rng: &mut impl FnMut() -> u64) -> Option<(&[u8], f64)> {
        let rank = rng().checked_rem(self.len() as u64)?;
        self.nth(rank as usize)
    }

    /// `count` different members drawn at random, or all if there are fewer; in order.
    pub fn sample(&self, count: usize, rng: &mut impl FnMut() -> u64) -> Vec<(&[u8], f64)> {
        let len = self.len();
        if count >= len {
            return self.iter().collect();
        }
        // Floyd's sampling: one draw for each member, however close `count` is to `len`.
        let mut ranks = BTreeSet::new();
        for last in len - count..len {
            let drawn = (rng() % (last as u64 + 1)) as usize;
            if !ranks.insert(drawn) {
                ranks.insert(last);
            }
        }
        ranks.into_iter().filter_map(|rank| self.nth(rank)).collect()
    }

    /// Reports at least `count` members beginning at `cursor`, and returns the cursor to go on
    /// with, 0 at the end; see [`Table::scan`]. A packed set is reported at once.
    pub fn scan(&self, cursor: u64, count: usize, report: &mut impl FnMut(&[u8], f64)) -> u64 {
        match &self.0 {
            Form::Packed(_) => {
                self.iter().for_each(|(member, score)| report(member, score));
                0
            }
            Form::Indexed(indexed) => {
                let mut report = |found: &Scored| report(&found.member, found.score);
                indexed.scores.scan(cursor, count, &mut report)
            }
        }
    }

    /// Packs an indexed set again, if it is within the limits.
    pub fn repack(&mut self, limits: PackedLimits) {
        let Form::Indexed(indexed) = &self.0 else { return };
        let fits = |member: &[u8]| member.len() <= limits.value;
        if self.len() <= limits.entries && self.iter().all(|(member, _)| fits(member)) {
            let entries = indexed.tree.iter();
            let packed = entries.map(|entry| pack(&entry.member, entry.score)).collect();
            self.0 = Form::Packed(packed);
        }
    }

    /// How the members are spread in the table that finds them; None: they are packed.
    pub fn chains(&self) -> Option<Chains> {
        match &self.0 {
            Form::Packed(_) => None,
            Form::Indexed(indexed) => Some(indexed.scores.chains()),
        }
    }

    /// Bytes allocated, an estimate from about `samples` members; 0 looks at all of the table.
    pub fn heap_size(&self, samples: usize) -> usize {
        match &self.0 {
            Form::Packed(packed) => packed.heap_size(),
            Form::Indexed(indexed) => {
                let table = indexed.scores.heap_size(samples);
                // The tree holds the same long members a second time.
                let sampled = if samples == 0 { self.len() } else { samples.min(self.len()) };
                let long: usize =
                    indexed.tree.range(0..sampled).map(|entry| entry.member.heap_size()).sum();
                let long = (long as u128 * self.len() as u128).checked_div(sampled as u128);
                let fixed = ARC_COUNTS + size_of::<Indexed>();
                fixed + table + indexed.tree.heap_size() + long.unwrap_or(0) as usize
            }
        }
    }

    /// The first rank, not below `from`, whose member is not `before`.
    fn position(&self, from: usize, before: impl Fn(&[u8], f64) -> bool) -> usize {
        match &self.0 {
            Form::Packed(_) => {
                let rest = self.range(from..self.len());
                from + rest.take_while(|(member, score)| before(member, *score)).count()
            }
            Form::Indexed(indexed) => {
                indexed.tree.position(|entry| before(&entry.member, entry.score)).max(from)
            }
        }
    }

    fn index(&mut self) {
        let mut indexed = Indexed::default();
        for (member, score) in self.iter() {
            indexed.scores.insert(Scored { member: Bytes::new(member), score });
            indexed.tree.insert(score, member);
        }
        self.0 = Form::Indexed(Arc::new(indexed));
    }
}

impl Default for SortedSet {
    fn default() -> Self {
        SortedSet::new()
    }
}

impl fmt::Debug for SortedSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.iter().map(|(member, score)| (Bytes::new(member), score)))
            .finish()
    }
}

/// An entry of the packed form. Redis writes whole numbers into a listpack as integers, of which
/// none is -0; a client would see the sign, so it goes here too. (-0.0 + 0.0 is 0.0.)
fn pack(member: &[u8], score: f64) -> Vec<u8> {
    let score = (score + 0.0).to_be_bytes();
    let len = score.len() - score.iter().rev().take_while(|byte| **byte == 0).count();
    [&[len as u8], &score[..len], member].concat()
}

fn unpack(entry: &[u8]) -> (&[u8], f64) {
    let (len, rest) = entry.split_first().expect("every entry begins with a length");
    let (leading, member) = rest.split_at(usize::from(*len));
    let mut score = [0; 8];
    score[..leading.len()].copy_from_slice(leading);
    (member, f64::from_be_bytes(score))
}

/// The rank and the score of a member.
fn find(packed: &Packed, member: &[u8]) -> Option<(usize, f64)> {
    let mut entries = packed.iter().map(unpack).enumerate();
    entries.find(|(_, (each, _))| *each == member).map(|(rank, (_, score))| (rank, score))
}

/// Members and scores in order, from both ends; see [`SortedSet::range`].
pub struct Iter<'a>(FormIter<'a>);

enum FormIter<'a> {
    /// Packed strings can't be walked backwards: who asks for the last one has the rest collected.
    Packed {
        rest: packed::Iter<'a>,
        left: usize,
        back: VecDeque<&'a [u8]>,
    },
    Tree(ranked_tree::Iter<'a>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a [u8], f64);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            FormIter::Packed { rest, left, back } => {
                *left = left.checked_sub(1)?;
                back.pop_front().or_else(|| rest.next()).map(unpack)
            }
            FormIter::Tree(entries) => entries.next().map(|entry| (&*entry.member, entry.score)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            FormIter::Packed { left, .. } => (*left, Some(*left)),
            FormIter::Tree(entries) => entries.size_hint(),
        }
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            FormIter::Packed { rest, left, back } => {
                if back.is_empty() {
                    back.extend(rest.take(*left));
                }
                *left = left.checked_sub(1)?;
                back.pop_back().map(unpack)
            }
            FormIter::Tree(entries) => {
                entries.next_back().map(|entry| (&*entry.member, entry.score))
            }
        }
    }
}

impl ExactSizeIterator for Iter<'_> {}
impl FusedIterator for Iter<'_> {}

#[cfg(test)]
mod tests;
