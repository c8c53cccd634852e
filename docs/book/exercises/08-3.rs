//! A clone that stays cheap.
//!
//! `Table` is a row of buckets. A snapshot is a clone of it, and must not change when the table does. As it is
//! here, the clone copies every key. Put the buckets behind `Arc`s, so that a clone copies pointers, and a
//! write copies the one bucket that it changes, if a clone has it, too. A write that changes nothing
//! (`remove` of a key that isn't there, `insert` of one that is) copies none.

pub const BUCKETS: usize = 16;

#[derive(Clone)]
pub struct Table {
    pub buckets: Vec<Vec<u32>>,
}

impl Table {
    pub fn new() -> Self {
        Table { buckets: vec![Vec::new(); BUCKETS] }
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
        let bucket = &mut self.buckets[key as usize % BUCKETS];
        let is_new = !bucket.contains(&key);
        if is_new {
            bucket.push(key);
        }
        is_new
    }

    /// False: it wasn't there.
    pub fn remove(&mut self, key: u32) -> bool {
        let bucket = &mut self.buckets[key as usize % BUCKETS];
        let before = bucket.len();
        bucket.retain(|other| *other != key);
        bucket.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(keys: std::ops::Range<u32>) -> Table {
        let mut table = Table::new();
        keys.for_each(|key| assert!(table.insert(key)));
        table
    }

    /// How many buckets two tables share: the same bytes in memory.
    fn shared(one: &Table, other: &Table) -> usize {
        (0..BUCKETS).filter(|at| one.bucket(*at).as_ptr() == other.bucket(*at).as_ptr()).count()
    }

    #[test]
    fn a_clone_is_what_the_table_was() {
        let mut table = of(0..100);
        let snapshot = table.clone();
        assert!(table.insert(1000) && table.remove(7) && !table.remove(7) && !table.insert(8));
        assert!(snapshot.contains(7) && !snapshot.contains(1000));
        assert!(!table.contains(7) && table.contains(1000));
    }

    #[test]
    fn a_clone_copies_nothing() {
        let table = of(0..100);
        assert_eq!(shared(&table, &table.clone()), BUCKETS);
    }

    #[test]
    fn a_write_copies_one_bucket() {
        let mut table = of(0..100);
        let snapshot = table.clone();
        assert!(table.insert(1000));
        assert_eq!(shared(&table, &snapshot), BUCKETS - 1);
        assert!(table.insert(1000 + BUCKETS as u32), "the same bucket again");
        assert_eq!(shared(&table, &snapshot), BUCKETS - 1);
        assert!(table.remove(3));
        assert_eq!(shared(&table, &snapshot), BUCKETS - 2);
    }

    #[test]
    fn what_changes_nothing_copies_nothing() {
        let mut table = of(0..100);
        let snapshot = table.clone();
        assert!(!table.insert(5) && !table.remove(500));
        assert_eq!(shared(&table, &snapshot), BUCKETS);
    }

    #[test]
    fn without_a_clone_nothing_is_copied() {
        let mut table = of(0..100);
        let before: Vec<_> = (0..BUCKETS).map(|at| table.bucket(at).as_ptr()).collect();
        drop(table.clone());
        assert!((0..50).all(|key| table.remove(key)) && (0..50).all(|key| table.insert(key)));
        let after: Vec<_> = (0..BUCKETS).map(|at| table.bucket(at).as_ptr()).collect();
        assert_eq!(before, after);
    }
}
