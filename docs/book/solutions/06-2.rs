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
    pub fn set_deadline(&mut self, entry: usize, at: u64) {
        match self.entries[entry].deadline {
            Some(place) => self.deadlines[place].at = at,
            None => {
                self.entries[entry].deadline = Some(self.deadlines.len());
                self.deadlines.push(Deadline { at, entry });
            }
        }
    }

    /// Lets it stay for ever.
    pub fn clear_deadline(&mut self, entry: usize) {
        let Some(place) = self.entries[entry].deadline.take() else { return };
        self.deadlines.swap_remove(place);
        if let Some(moved) = self.deadlines.get(place) {
            self.entries[moved.entry].deadline = Some(place);
        }
    }

    /// Removes the entry at this place, and its deadline. Returns its key.
    pub fn remove(&mut self, entry: usize) -> u32 {
        self.clear_deadline(entry);
        let removed = self.entries.swap_remove(entry);
        if let Some(place) = self.entries.get(entry).and_then(|moved| moved.deadline) {
            self.deadlines[place].entry = entry;
        }
        removed.key
    }

    /// The keys whose deadline is before `now`.
    pub fn due(&self, now: u64) -> Vec<u32> {
        let due = self.deadlines.iter().filter(|deadline| deadline.at < now);
        due.map(|deadline| self.entries[deadline.entry].key).collect()
    }
}
