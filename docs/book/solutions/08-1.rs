pub const CAPACITY: usize = 4;

#[derive(Clone, Debug)]
pub struct Bucket {
    /// How many leading bits its keys have in common.
    pub depth: u32,
    pub keys: Vec<u32>,
}

pub struct Table {
    /// 2^depth numbers of buckets.
    pub directory: Vec<usize>,
    pub depth: u32,
    pub buckets: Vec<Bucket>,
}

impl Table {
    pub fn new() -> Self {
        let buckets = vec![Bucket { depth: 0, keys: Vec::new() }];
        Table { directory: vec![0], depth: 0, buckets }
    }

    /// The place in the directory for a key.
    pub fn slot(&self, key: u32) -> usize {
        key.checked_shr(32 - self.depth).unwrap_or(0) as usize
    }

    pub fn contains(&self, key: u32) -> bool {
        self.buckets[self.directory[self.slot(key)]].keys.contains(&key)
    }

    pub fn insert(&mut self, key: u32) {
        let mut index = self.directory[self.slot(key)];
        while self.buckets[index].keys.len() >= CAPACITY {
            self.split(index);
            index = self.directory[self.slot(key)];
        }
        self.buckets[index].keys.push(key);
    }

    fn split(&mut self, index: usize) {
        if self.buckets[index].depth == self.depth {
            self.directory = self.directory.iter().flat_map(|it| [*it, *it]).collect();
            self.depth += 1;
        }
        let depth = self.buckets[index].depth + 1;
        let is_upper = |key: &u32| key >> (32 - depth) & 1 == 1;
        let keys = std::mem::take(&mut self.buckets[index].keys);
        let (upper, lower) = keys.into_iter().partition(is_upper);
        self.buckets[index] = Bucket { depth, keys: lower };
        let new = self.buckets.len();
        self.buckets.push(Bucket { depth, keys: upper });
        // Of the slots that lead to it, those whose bit is set lead to the new one now.
        for (slot, bucket) in self.directory.iter_mut().enumerate() {
            if *bucket == index && slot >> (self.depth - depth) & 1 == 1 {
                *bucket = new;
            }
        }
    }
}
