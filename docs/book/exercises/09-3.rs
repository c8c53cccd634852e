//! Two structures that agree.
//!
//! A sorted set is a map from member to score, and a set of pairs for the order. Write `add`, which is ZADD
//! for one member:
//!
//! | option | means |
//! |---|---|
//! | `nx` | only add: a member that is there keeps its score |
//! | `xx` | only update: nobody new comes |
//! | `gt`, `lt` | update only if the score becomes greater, or less; new members come all the same |
//!
//! It tells what has happened. Mind the member that gets another score: it has two places to change. `rank`
//! is the place of a member in the order of scores, and of members where those are the same.

use std::collections::{BTreeSet, HashMap};

#[derive(Clone, Copy, Default)]
pub struct Options {
    pub nx: bool,
    pub xx: bool,
    pub gt: bool,
    pub lt: bool,
}

#[derive(Debug, PartialEq)]
pub enum Outcome {
    Added,
    Updated,
    Nothing,
}

#[derive(Default)]
pub struct SortedSet {
    pub scores: HashMap<String, i64>,
    pub order: BTreeSet<(i64, String)>,
}

impl SortedSet {
    pub fn add(&mut self, member: &str, score: i64, options: Options) -> Outcome {
        self.scores.insert(member.into(), score);
        self.order.insert((score, member.into()));
        Outcome::Added
    }

    /// Whether it was there.
    pub fn remove(&mut self, member: &str) -> bool {
        self.scores.remove(member).is_some()
    }

    pub fn rank(&self, member: &str) -> Option<usize> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Options = Options { nx: false, xx: false, gt: false, lt: false };

    fn check(set: &SortedSet) {
        let mut pairs: Vec<(i64, String)> =
            set.scores.iter().map(|(member, score)| (*score, member.clone())).collect();
        pairs.sort();
        assert!(set.order.iter().eq(pairs.iter()), "{:?} and {pairs:?}", set.order);
    }

    fn of(members: &[(&str, i64)]) -> SortedSet {
        let mut set = SortedSet::default();
        members
            .iter()
            .for_each(|(it, score)| assert_eq!(set.add(it, *score, PLAIN), Outcome::Added));
        check(&set);
        set
    }

    #[test]
    fn members_change_their_places() {
        let mut set = of(&[("a", 1), ("b", 2), ("c", 3)]);
        assert_eq!(set.add("a", 9, PLAIN), Outcome::Updated);
        assert_eq!(set.add("b", 2, PLAIN), Outcome::Nothing);
        check(&set);
        assert_eq!(["a", "b", "c", "d"].map(|it| set.rank(it)), [Some(2), Some(0), Some(1), None]);
        assert!(set.remove("b") && !set.remove("b"));
        check(&set);
        assert_eq!(set.rank("c"), Some(0));
    }

    #[test]
    fn equal_scores_are_in_the_order_of_members() {
        let set = of(&[("bob", 5), ("ann", 5), ("bab", 5), ("zoe", 4)]);
        assert_eq!(["zoe", "ann", "bab", "bob"].map(|it| set.rank(it).unwrap()), [0, 1, 2, 3]);
    }

    #[test]
    fn options() {
        let nx = Options { nx: true, ..PLAIN };
        let xx = Options { xx: true, ..PLAIN };
        let gt = Options { gt: true, ..PLAIN };
        let xx_lt = Options { xx: true, lt: true, ..PLAIN };
        let mut set = of(&[("a", 5)]);
        for (member, score, options, outcome, now) in [
            ("a", 6, nx, Outcome::Nothing, Some(5)),
            ("b", 6, nx, Outcome::Added, Some(6)),
            ("c", 6, xx, Outcome::Nothing, None),
            ("a", 4, xx, Outcome::Updated, Some(4)),
            ("a", 3, gt, Outcome::Nothing, Some(4)),
            ("a", 4, gt, Outcome::Nothing, Some(4)),
            ("a", 8, gt, Outcome::Updated, Some(8)),
            ("d", -1, gt, Outcome::Added, Some(-1)),
            ("a", 9, xx_lt, Outcome::Nothing, Some(8)),
            ("a", 7, xx_lt, Outcome::Updated, Some(7)),
            ("e", 7, xx_lt, Outcome::Nothing, None),
        ] {
            assert_eq!(set.add(member, score, options), outcome, "{member} {score}");
            assert_eq!(set.scores.get(member).copied(), now, "{member} {score}");
            check(&set);
        }
    }
}
