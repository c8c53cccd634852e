//! Nobody has the truth.
//!
//! A node keeps for each slot who owns it and since which epoch. Others send claims: who, epoch, slots. They
//! may arrive in any order, late, or twice. Write `hear`, so that all nodes that have heard the same
//! claims agree in the end:
//!
//! - a claim wins a slot that is nobody's, or whose owner's epoch is lower; at the same epoch, the larger
//!   name wins. (Elections don't let that happen, administrators do.)
//! - a node has one epoch, the highest that it has claimed; an older claim of the same node is old
//!   news, and says nothing. A newer one replaces all that it had: what it no longer claims is nobody's.
//! - `hear` gives back the slots that `me` has lost by it.

use std::collections::BTreeMap;

#[derive(Clone)]
pub struct Claim {
    pub who: &'static str,
    pub epoch: u64,
    pub slots: Vec<u16>,
}

pub struct Table {
    me: &'static str,
    /// The owner of each slot that has one.
    pub owners: BTreeMap<u16, &'static str>,
    // What else must be known?
}

impl Table {
    pub fn new(me: &'static str) -> Self {
        Table { me, owners: BTreeMap::new() }
    }

    pub fn hear(&mut self, claim: &Claim) -> Vec<u16> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(who: &'static str, epoch: u64, slots: &[u16]) -> Claim {
        Claim { who, epoch, slots: slots.to_vec() }
    }

    #[test]
    fn the_newer_claim_wins() {
        let mut table = Table::new("a");
        table.hear(&claim("a", 1, &[1, 2, 3]));
        assert_eq!(table.hear(&claim("b", 2, &[2, 3])), [2, 3], "lost");
        assert_eq!(table.hear(&claim("c", 1, &[3])), [0u16; 0]);
        assert_eq!(table.owners, BTreeMap::from([(1, "a"), (2, "b"), (3, "b")]));
    }

    #[test]
    fn old_news_is_none() {
        let mut table = Table::new("a");
        table.hear(&claim("b", 5, &[1]));
        table.hear(&claim("b", 4, &[1, 2]));
        assert_eq!(table.owners, BTreeMap::from([(1, "b")]));
        table.hear(&claim("b", 6, &[2]));
        assert_eq!(table.owners, BTreeMap::from([(2, "b")]));
    }

    #[test]
    fn a_tie_is_settled_by_name() {
        let claims = [claim("a", 3, &[1]), claim("b", 3, &[1])];
        for order in [[0, 1], [1, 0]] {
            let mut table = Table::new("a");
            order.iter().for_each(|index| drop(table.hear(&claims[*index])));
            assert_eq!(table.owners[&1], "b");
        }
    }

    #[test]
    fn all_orders_end_alike() {
        let claims = [
            claim("a", 1, &[1, 2, 3]),
            claim("b", 2, &[4, 5]),
            claim("c", 3, &[2, 3]),
            claim("b", 4, &[3, 5]),
        ];
        let expected = BTreeMap::from([(1, "a"), (2, "c"), (3, "b"), (5, "b")]);
        for number in 0..256usize {
            let mut table = Table::new("c");
            let order = [number % 4, number / 4 % 4, number / 16 % 4, number / 64];
            // Whatever was missing is said again, as nodes do: all the time, the latest of each.
            order.iter().for_each(|index| drop(table.hear(&claims[*index])));
            [3, 2, 0, 3].iter().for_each(|index| drop(table.hear(&claims[*index])));
            assert_eq!(table.owners, expected, "{order:?}");
        }
    }
}
