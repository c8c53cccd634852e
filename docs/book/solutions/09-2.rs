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

    /// The leaf where an entry is, or would be.
    fn leaf_of(&self, entry: &Entry) -> usize {
        self.firsts.partition_point(|first| first <= entry).saturating_sub(1)
    }

    /// Adds an entry that isn't there.
    pub fn insert(&mut self, entry: Entry) {
        if self.leaves.is_empty() {
            self.leaves.push(Vec::new());
            self.counts.push(0);
            self.firsts.push(entry.clone());
        }
        let index = self.leaf_of(&entry);
        let leaf = &mut self.leaves[index];
        let at = leaf.partition_point(|other| *other < entry);
        leaf.insert(at, entry);
        self.counts[index] += 1;
        if leaf.len() > LEAF {
            let right = leaf.split_off(LEAF / 2);
            self.counts[index] = leaf.len();
            self.counts.insert(index + 1, right.len());
            self.firsts.insert(index + 1, right[0].clone());
            self.leaves.insert(index + 1, right);
        }
    }

    /// The place of an entry, counted from 0.
    pub fn rank(&self, entry: &Entry) -> Option<usize> {
        if self.counts.is_empty() {
            return None;
        }
        let index = self.leaf_of(entry);
        let within = self.leaf(index).binary_search(entry).ok()?;
        Some(self.counts[..index].iter().sum::<usize>() + within)
    }

    /// The entry at this place.
    pub fn nth(&self, mut rank: usize) -> Option<&Entry> {
        for (index, count) in self.counts.iter().enumerate() {
            if rank < *count {
                return self.leaf(index).get(rank);
            }
            rank -= count;
        }
        None
    }
}
