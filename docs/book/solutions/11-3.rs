use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub struct Group {
    /// The next entry to be handed out.
    pub next: u64,
    /// Who has an entry, and how often it was handed out.
    pub pending: BTreeMap<u64, (String, u32)>,
    pub consumers: BTreeMap<String, BTreeSet<u64>>,
}

impl Group {
    pub fn read(&mut self, consumer: &str, len: u64, count: u64) -> Vec<u64> {
        let end = self.next.saturating_add(count).min(len).max(self.next);
        let ids: Vec<u64> = (self.next..end).collect();
        ids.iter().for_each(|id| self.assign(*id, consumer, 1));
        self.next = end;
        ids
    }

    pub fn ack(&mut self, id: u64) -> bool {
        let Some((consumer, _)) = self.pending.remove(&id) else { return false };
        self.take_from(&consumer, id);
        true
    }

    pub fn claim(&mut self, id: u64, consumer: &str) -> bool {
        let Some((_, deliveries)) = self.pending.get(&id) else { return false };
        self.assign(id, consumer, deliveries + 1);
        true
    }

    pub fn delete(&mut self, consumer: &str) -> usize {
        let ids = self.consumers.remove(consumer).unwrap_or_default();
        ids.iter().for_each(|id| drop(self.pending.remove(id)));
        ids.len()
    }

    fn assign(&mut self, id: u64, consumer: &str, deliveries: u32) {
        if let Some((before, _)) = self.pending.insert(id, (consumer.to_owned(), deliveries)) {
            self.take_from(&before, id);
        }
        self.consumers.entry(consumer.to_owned()).or_default().insert(id);
    }

    fn take_from(&mut self, consumer: &str, id: u64) {
        if let Some(ids) = self.consumers.get_mut(consumer) {
            ids.remove(&id);
        }
    }
}
