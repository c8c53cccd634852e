use std::collections::HashMap;

pub type Client = u32;

#[derive(Default)]
pub struct Master {
    pub offset: u64,
    pub last_write: HashMap<Client, u64>,
    /// How far each replica is.
    pub replicas: HashMap<u32, u64>,
    /// Clients, the offsets they wait for, and how many replicas they want.
    pub waiting: Vec<(Client, u64, usize)>,
    pub questions: usize,
    /// The offset up to which replicas were asked last.
    pub asked_up_to: u64,
}

impl Master {
    pub fn write(&mut self, client: Client, bytes: u64) {
        self.offset += bytes;
        self.last_write.insert(client, self.offset);
    }

    pub fn wait(&mut self, client: Client, wanted: usize) -> Option<usize> {
        let offset = self.last_write.get(&client).copied().unwrap_or(0);
        let count = self.count(offset);
        if count >= wanted {
            return Some(count);
        }
        self.waiting.push((client, offset, wanted));
        if self.asked_up_to < offset {
            self.asked_up_to = self.offset;
            self.questions += 1;
        }
        None
    }

    pub fn acknowledge(&mut self, replica: u32, offset: u64) -> Vec<(Client, usize)> {
        let known = self.replicas.entry(replica).or_default();
        *known = offset.max(*known);
        let mut served = Vec::new();
        for (client, offset, wanted) in std::mem::take(&mut self.waiting) {
            match self.count(offset) {
                count if count >= wanted => served.push((client, count)),
                _ => self.waiting.push((client, offset, wanted)),
            }
        }
        served
    }

    fn count(&self, offset: u64) -> usize {
        self.replicas.values().filter(|reached| **reached >= offset).count()
    }
}
