use std::collections::HashMap;

pub struct Entry {
    pub value: String,
    /// The millisecond from which it is no longer there.
    pub deadline_ms: Option<u64>,
}

#[derive(Default)]
pub struct Data {
    pub keys: HashMap<String, Entry>,
}

impl Data {
    /// Looks a key up. If its time is over, it goes.
    pub fn find(&mut self, key: &str, now_ms: u64) -> Option<&mut Entry> {
        let is_over = |entry: &Entry| entry.deadline_ms.is_some_and(|at| at <= now_ms);
        if self.keys.get(key).is_some_and(is_over) {
            self.keys.remove(key);
        }
        self.keys.get_mut(key)
    }

    /// What TTL answers.
    pub fn ttl(&mut self, key: &str, now_ms: u64) -> i64 {
        match self.find(key, now_ms).map(|entry| entry.deadline_ms) {
            None => -2,
            Some(None) => -1,
            Some(Some(at)) => (at - now_ms + 500) as i64 / 1000,
        }
    }
}
