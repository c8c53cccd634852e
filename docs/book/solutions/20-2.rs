use std::collections::{BTreeMap, BTreeSet};

pub struct Tracking {
    limit: usize,
    readers: BTreeMap<String, BTreeSet<u64>>,
    gone: BTreeSet<u64>,
}

impl Tracking {
    pub fn new(limit: usize) -> Self {
        Tracking { limit, readers: BTreeMap::new(), gone: BTreeSet::new() }
    }

    pub fn read(&mut self, client: u64, key: &str) -> Vec<(u64, String)> {
        self.readers.entry(key.to_owned()).or_default().insert(client);
        let mut told = Vec::new();
        while self.readers.len() > self.limit {
            let Some((key, readers)) = self.readers.pop_first() else { break };
            let present = readers.into_iter().filter(|client| !self.gone.contains(client));
            told.extend(present.map(|client| (client, key.clone())));
        }
        told
    }

    pub fn changed(&mut self, by: u64, key: &str, no_loop: bool) -> Vec<u64> {
        let readers = self.readers.remove(key).unwrap_or_default();
        let is_told = |client: &u64| !self.gone.contains(client) && !(no_loop && *client == by);
        readers.into_iter().filter(is_told).collect()
    }

    /// (A server would ask its table of clients instead of keeping those who have gone.)
    pub fn gone(&mut self, client: u64) {
        self.gone.insert(client);
    }

    /// How many keys are remembered.
    pub fn keys(&self) -> usize {
        self.readers.len()
    }
}
