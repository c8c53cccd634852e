pub const CAPACITY: usize = 4;

/// The fittest last.
#[derive(Default)]
pub struct Pool {
    candidates: Vec<(u64, String)>,
}

impl Pool {
    pub fn offer(&mut self, fitness: u64, key: &str) {
        let is_full = self.candidates.len() == CAPACITY;
        if is_full && self.candidates[0].0 >= fitness {
            return;
        }
        if self.candidates.iter().any(|(_, known)| known == key) {
            return;
        }
        if is_full {
            self.candidates.remove(0);
        }
        let place = self.candidates.partition_point(|(known, _)| *known <= fitness);
        self.candidates.insert(place, (fitness, key.to_owned()));
    }

    pub fn take(&mut self) -> Option<String> {
        self.candidates.pop().map(|(_, key)| key)
    }
}
