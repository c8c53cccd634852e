use std::sync::Arc;

pub const BUCKETS: usize = 16;

#[derive(Clone)]
pub struct Table {
    pub buckets: Vec<Arc<Vec<u32>>>,
}

impl Table {
    pub fn new() -> Self {
        Table { buckets: (0..BUCKETS).map(|_| Arc::default()).collect() }
    }

    /// The keys of a bucket.
    pub fn bucket(&self, index: usize) -> &[u32] {
        &self.buckets[index]
    }

    pub fn contains(&self, key: u32) -> bool {
        self.bucket(key as usize % BUCKETS).contains(&key)
    }

    /// False: it was there.
    pub fn insert(&mut self, key: u32) -> bool {
        if self.contains(key) {
            return false;
        }
        Arc::make_mut(&mut self.buckets[key as usize % BUCKETS]).push(key);
        true
    }

    /// False: it wasn't there.
    pub fn remove(&mut self, key: u32) -> bool {
        if !self.contains(key) {
            return false;
        }
        Arc::make_mut(&mut self.buckets[key as usize % BUCKETS]).retain(|other| *other != key);
        true
    }
}
