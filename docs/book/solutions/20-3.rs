use std::collections::{HashMap, VecDeque};

#[derive(Default)]
pub struct Cache {
    known: HashMap<String, Option<String>>,
    asked: VecDeque<String>,
}

impl Cache {
    /// The value, if it is known: `Some(None)` means that there is no such key.
    pub fn get(&mut self, key: &str) -> Option<Option<String>> {
        let known = self.known.get(key).cloned();
        if known.is_none() {
            self.asked.push_back(key.to_owned());
        }
        known
    }

    pub fn reply(&mut self, value: Option<&str>) {
        if let Some(key) = self.asked.pop_front() {
            self.known.insert(key, value.map(str::to_owned));
        }
    }

    pub fn invalidate(&mut self, key: Option<&str>) {
        match key {
            Some(key) => drop(self.known.remove(key)),
            None => self.known.clear(),
        }
    }

    pub fn lost(&mut self) {
        self.known.clear();
        self.asked.clear();
    }
}
