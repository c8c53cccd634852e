//! A tree of two levels.
//!
//! Entries, pairs of a score and a member, stand in order in leaves of at most `LEAF`. Beside the leaves stand
//! their counts. `insert` puts everything into one leaf; let a leaf that is too long give its right half to a
//! new one behind it. `rank` and `nth` add up counts, and look into one leaf only. `looks` counts the leaves
//! that `leaf` was asked for: the tests see to that.

use std::cell::Cell;

pub const LEAF: usize = 8;

pub type Entry = (i64, String);

#[derive(Default)]
pub struct Tree {
    leaves: Vec<Vec<Entry>>,
    pub counts: Vec<usize>,
    /// The first entry that each leaf had when it was made: nothing in it is less, but for the first leaf.
    pub firsts: Vec<Entry>,
    pub looks: Cell<usize>,
}

impl Tree {
    /// A leaf. Who wants to look into one, asks here.
    pub fn leaf(&self, index: usize) -> &[Entry] {
        self.looks.set(self.looks.get() + 1);
        &self.leaves[index]
    }

    /// Adds an entry that isn't there.
    pub fn insert(&mut self, entry: Entry) {
        if self.leaves.is_empty() {
            self.leaves.push(Vec::new());
            self.counts.push(0);
            self.firsts.push(entry.clone());
        }
        let leaf = &mut self.leaves[0];
        let at = leaf.partition_point(|other| *other < entry);
        leaf.insert(at, entry);
        self.counts[0] += 1;
    }

    /// The place of an entry, counted from 0.
    pub fn rank(&self, entry: &Entry) -> Option<usize> {
        None
    }

    /// The entry at this place.
    pub fn nth(&self, rank: usize) -> Option<&Entry> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: i64) -> Entry {
        (number / 3, format!("m{}", number % 3))
    }

    fn of(numbers: impl Iterator<Item = i64>) -> Tree {
        let mut tree = Tree::default();
        numbers.for_each(|number| tree.insert(entry(number)));
        tree
    }

    #[test]
    fn leaves_are_split() {
        let tree = of((0..500).map(|it| it * 7919 % 500));
        assert!(tree.counts.iter().all(|count| (1..=LEAF).contains(count)), "{:?}", tree.counts);
        assert_eq!(tree.counts.iter().sum::<usize>(), 500);
        let leaves = (0..tree.counts.len()).flat_map(|index| tree.leaf(index));
        assert!(leaves.cloned().eq((0..500).map(entry)), "in order");
        assert!((0..tree.counts.len()).all(|index| tree.leaf(index).len() == tree.counts[index]));
    }

    #[test]
    fn ranks_and_entries() {
        let tree = of((0..300).map(|it| it * 77 % 300));
        for number in 0..300 {
            assert_eq!(tree.rank(&entry(number)), Some(number as usize));
            assert_eq!(tree.nth(number as usize), Some(&entry(number)));
        }
        assert_eq!(tree.nth(300), None);
        for missing in [(-1, "m0"), (5, "m"), (5, "m3"), (100, "m0")] {
            assert_eq!(tree.rank(&(missing.0, missing.1.into())), None, "{missing:?}");
        }
        let empty = Tree::default();
        assert_eq!((empty.nth(0), empty.rank(&entry(1))), (None, None));
    }

    #[test]
    fn one_leaf_is_looked_at() {
        let tree = of((0..300).map(|it| it * 77 % 300));
        tree.looks.set(0);
        for number in 0..300 {
            tree.rank(&entry(number));
            tree.nth(number as usize);
        }
        assert!((300..=600).contains(&tree.looks.get()), "{} looks", tree.looks.get());
    }
}
