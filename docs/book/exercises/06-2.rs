//! Deadlines beside entries.
//!
//! Only some keys end. Their deadlines stand in an array of their own, without gaps, so that looking for
//! what has ended reads nothing else. An entry knows its deadline by its place there, and a deadline its
//! entry. Write the four functions. What is removed from either array leaves its place to the last one:
//! mind who points at that.

#[derive(Debug, PartialEq)]
pub struct Entry {
    pub key: u32,
    /// Its place in `deadlines`.
    pub deadline: Option<usize>,
}

#[derive(Debug, PartialEq)]
pub struct Deadline {
    pub at: u64,
    /// Its place in `entries`.
    pub entry: usize,
}

#[derive(Debug, Default)]
pub struct Table {
    pub entries: Vec<Entry>,
    pub deadlines: Vec<Deadline>,
}

impl Table {
    pub fn insert(&mut self, key: u32) {
        self.entries.push(Entry { key, deadline: None });
    }

    /// Lets the entry at this place end at `at`, whether it has a deadline already or not.
    pub fn set_deadline(&mut self, entry: usize, at: u64) {}

    /// Lets it stay for ever.
    pub fn clear_deadline(&mut self, entry: usize) {}

    /// Removes the entry at this place, and its deadline. Returns its key.
    pub fn remove(&mut self, entry: usize) -> u32 {
        self.entries.swap_remove(entry).key
    }

    /// The keys whose deadline is before `now`.
    pub fn due(&self, now: u64) -> Vec<u32> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn check(table: &Table, model: &BTreeMap<u32, Option<u64>>) {
        assert_eq!(table.entries.len(), model.len());
        for (place, entry) in table.entries.iter().enumerate() {
            let at = entry.deadline.map(|deadline| {
                let deadline = table.deadlines.get(deadline).expect("a deadline that is there");
                assert_eq!(deadline.entry, place, "the deadline of {} points back", entry.key);
                deadline.at
            });
            assert_eq!(Some(&at), model.get(&entry.key), "of key {}", entry.key);
        }
        let ending = model.values().flatten().count();
        assert_eq!(table.deadlines.len(), ending, "a deadline for each that ends");
    }

    #[test]
    fn a_deadline_comes_changes_and_goes() {
        let mut table = Table::default();
        (0..3).for_each(|key| table.insert(key));
        table.set_deadline(1, 10);
        table.set_deadline(2, 20);
        table.set_deadline(1, 30);
        assert_eq!(table.due(25), [2]);
        table.clear_deadline(1);
        table.clear_deadline(0);
        check(&table, &BTreeMap::from([(0, None), (1, None), (2, Some(20))]));
        assert!(table.due(20).is_empty(), "not before its time is over");
    }

    #[test]
    fn whatever_happens_they_find_each_other() {
        let (mut table, mut model) = (Table::default(), BTreeMap::new());
        let mut state = 1u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize % below
        };
        for key in 0..2000 {
            let (what, at) = (random(6), random(1000) as u64);
            let place = random(table.entries.len().max(1));
            match what {
                _ if table.entries.len() < 3 => {
                    table.insert(key);
                    model.insert(key, None);
                }
                0 => {
                    table.insert(key);
                    model.insert(key, None);
                }
                1 | 2 => {
                    model.insert(table.entries[place].key, Some(at));
                    table.set_deadline(place, at);
                }
                3 => {
                    model.insert(table.entries[place].key, None);
                    table.clear_deadline(place);
                }
                4 => {
                    let expected = table.entries[place].key;
                    assert_eq!(table.remove(place), expected);
                    model.remove(&expected);
                }
                _ => {
                    let mut due = table.due(at);
                    due.sort_unstable();
                    let ends = model.iter().filter(|(_, ends)| ends.is_some_and(|ends| ends < at));
                    assert_eq!(due, ends.map(|(key, _)| *key).collect::<Vec<_>>());
                }
            }
            check(&table, &model);
        }
    }
}
