//! Splitting buckets.
//!
//! An extendible hash table, in which the hash of a key is the key. `get` finds a bucket by the leading bits.
//! `insert` puts everything into the bucket that is there, however full it is. Let a bucket that has
//! `CAPACITY` keys split before the next one enters: by the next bit, and with a directory twice as long
//! if it was as deep as that. No bucket but the one that is full may change. Keys are different.

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
        let index = self.directory[self.slot(key)];
        self.buckets[index].keys.push(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spreads numbers over all 32 bits, each to another one.
    fn key(number: u32) -> u32 {
        number.wrapping_mul(0x9e37_79b1)
    }

    fn check(table: &Table, keys: &[u32]) {
        assert_eq!(table.directory.len(), 1 << table.depth);
        keys.iter().for_each(|key| assert!(table.contains(*key), "{key:#x} is lost"));
        assert_eq!(table.buckets.iter().map(|it| it.keys.len()).sum::<usize>(), keys.len());
        for (index, bucket) in table.buckets.iter().enumerate() {
            assert!(bucket.keys.len() <= CAPACITY && bucket.depth <= table.depth);
            let slots = table.directory.iter().filter(|it| **it == index).count();
            assert_eq!(slots, 1 << (table.depth - bucket.depth), "slots of bucket {index}");
        }
    }

    #[test]
    fn a_full_bucket_splits() {
        let mut table = Table::new();
        let keys = [0x1000_0000, 0x9000_0000, 0x5000_0000, 0xd000_0000, 0x2000_0000];
        keys.iter().for_each(|key| table.insert(*key));
        check(&table, &keys);
        assert_eq!((table.depth, table.buckets.len()), (1, 2));
    }

    #[test]
    fn keys_that_agree_in_many_bits_are_parted() {
        let mut table = Table::new();
        let keys = [0x1230_0000, 0x1232_0000, 0x1234_0000, 0x1236_0000, 0x1238_0000, 0x8000_0000];
        keys.iter().for_each(|key| table.insert(*key));
        check(&table, &keys);
        assert_eq!(table.depth, 13);
    }

    #[test]
    fn thousands() {
        let mut table = Table::new();
        let keys: Vec<u32> = (0..3000).map(key).collect();
        for (number, key) in keys.iter().enumerate() {
            table.insert(*key);
            if number % 100 == 0 {
                check(&table, &keys[..=number]);
            }
        }
        check(&table, &keys);
        assert!(!table.contains(key(3001)));
    }

    #[test]
    fn only_the_full_bucket_changes() {
        let mut table = Table::new();
        for number in 0..500 {
            let before = table.buckets.clone();
            table.insert(key(number));
            let kept =
                before.iter().filter(|old| table.buckets.iter().any(|new| new.keys == old.keys));
            assert!(kept.count() >= before.len() - 1);
        }
        check(&table, &(0..500).map(key).collect::<Vec<_>>());
    }
}
