//! A walk that misses nobody.
//!
//! `Table` keeps its entries without gaps: a key that is removed leaves its place to the last one. `scan`
//! walks through them in steps, forwards, and its cursor is the number of the entry to go on with. While a
//! walk is under way, keys come and go. Find out by the tests which keys it misses, and let it walk so that
//! every key that is there all the time is reported at least once. A cursor of 0 is both the beginning and
//! the end.

#[derive(Default)]
pub struct Table {
    pub entries: Vec<u32>,
}

impl Table {
    pub fn insert(&mut self, key: u32) {
        self.entries.push(key);
    }

    pub fn remove(&mut self, key: u32) {
        if let Some(at) = self.entries.iter().position(|entry| *entry == key) {
            self.entries.swap_remove(at);
        }
    }

    /// Reports at most `count` keys, and returns where to go on.
    pub fn scan(&self, cursor: usize, count: usize, report: &mut dyn FnMut(u32)) -> usize {
        let start = cursor.min(self.entries.len());
        let end = (start + count).min(self.entries.len());
        self.entries[start..end].iter().for_each(|key| report(*key));
        if end == self.entries.len() { 0 } else { end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks, and lets `between` change the table after each step.
    fn walk(
        table: &mut Table,
        count: usize,
        mut between: impl FnMut(&mut Table, usize),
    ) -> Vec<u32> {
        let (mut seen, mut cursor) = (Vec::new(), 0);
        for step in 0..10_000 {
            cursor = table.scan(cursor, count, &mut |key| seen.push(key));
            if cursor == 0 {
                return seen;
            }
            between(table, step);
        }
        panic!("the walk doesn't end");
    }

    fn of(keys: std::ops::Range<u32>) -> Table {
        Table { entries: keys.collect() }
    }

    #[test]
    fn nothing_changes() {
        for count in [1, 2, 3, 7, 100] {
            let mut seen = walk(&mut of(0..10), count, |_, _| {});
            seen.sort_unstable();
            assert_eq!(seen, (0..10).collect::<Vec<_>>(), "each once, {count} a step");
        }
        assert!(walk(&mut of(0..0), 3, |_, _| {}).is_empty());
    }

    #[test]
    fn a_step_is_a_step() {
        let mut seen = 0;
        of(0..100).scan(0, 10, &mut |_| seen += 1);
        assert_eq!(seen, 10);
    }

    #[test]
    fn keys_that_were_visited_go() {
        let seen = walk(&mut of(0..10), 2, |table, step| {
            table.remove([0, 1, 8, 9][step.min(3)]);
        });
        (2..8)
            .for_each(|key| assert!(seen.contains(&key), "{key} was there all the time: {seen:?}"));
    }

    #[test]
    fn whatever_comes_and_goes() {
        // Multiples of three stay; others go, and new ones come.
        for count in 1..8 {
            let seen = walk(&mut of(0..99), count, |table, step| {
                let step = step as u32;
                table.remove((step * 7 + 1) % 99 / 3 * 3 + 1);
                table.remove((step * 5 + 2) % 99 / 3 * 3 + 2);
                if step % 4 == 0 {
                    table.insert(1000 + step);
                }
            });
            let missed: Vec<u32> = (0..99).step_by(3).filter(|key| !seen.contains(key)).collect();
            assert!(missed.is_empty(), "{count} a step: {missed:?} were missed");
        }
    }
}
