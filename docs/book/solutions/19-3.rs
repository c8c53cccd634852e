pub const SAMPLES: usize = 5;

#[derive(Debug, PartialEq)]
pub struct Full;

pub struct Entry {
    pub key: String,
    pub value: String,
    pub used_at: u64,
}

impl Entry {
    fn size(&self) -> usize {
        self.key.len() + self.value.len()
    }
}

pub struct Cache {
    pub limit: usize,
    pub used: usize,
    pub entries: Vec<Entry>,
    clock: u64,
    seed: u64,
}

impl Cache {
    pub fn new(limit: usize) -> Self {
        Cache { limit, used: 0, entries: Vec::new(), clock: 0, seed: 1 }
    }

    fn random(&mut self) -> usize {
        self.seed = self.seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.seed >> 33) as usize
    }

    pub fn get(&mut self, key: &str) -> Option<&str> {
        self.clock += 1;
        let entry = self.entries.iter_mut().find(|entry| entry.key == key)?;
        entry.used_at = self.clock;
        Some(&entry.value)
    }

    pub fn set(&mut self, key: &str, value: &str) -> Result<(), Full> {
        let bytes = key.len() + value.len();
        if bytes > self.limit {
            return Err(Full);
        }
        if let Some(old) = self.entries.iter().position(|entry| entry.key == key) {
            self.remove(old);
        }
        self.make_room(bytes);
        self.clock += 1;
        self.used += bytes;
        let (key, value) = (key.to_owned(), value.to_owned());
        self.entries.push(Entry { key, value, used_at: self.clock });
        Ok(())
    }

    fn make_room(&mut self, bytes: usize) {
        while self.used + bytes > self.limit {
            let drawn: Vec<usize> =
                (0..SAMPLES).map(|_| self.random() % self.entries.len()).collect();
            let oldest = drawn.into_iter().min_by_key(|index| self.entries[*index].used_at);
            self.remove(oldest.unwrap());
        }
    }

    fn remove(&mut self, index: usize) {
        self.used -= self.entries.swap_remove(index).size();
    }
}
