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

    /// Reports at most `count` keys, and returns how many are left to visit.
    pub fn scan(&self, cursor: usize, count: usize, report: &mut dyn FnMut(u32)) -> usize {
        let len = self.entries.len();
        let end = if cursor == 0 { len } else { cursor.min(len) };
        let start = end.saturating_sub(count);
        self.entries[start..end].iter().rev().for_each(|key| report(*key));
        start
    }
}
