#[derive(Debug, PartialEq)]
pub enum Answer {
    /// The stream goes on from this position, under this name.
    Continue { id: String, position: u64 },
    /// A snapshot comes, of this offset.
    Full { id: String, offset: u64 },
}

#[derive(Clone)]
pub struct History {
    pub id: String,
    pub second_id: String,
    /// None: there is no second name.
    pub second_end: Option<u64>,
    pub backlog_start: u64,
    pub offset: u64,
}

impl History {
    pub fn psync(&self, id: &str, next: u64) -> Answer {
        let position = next.checked_sub(1).filter(|position| self.shares(id, *position));
        match position.filter(|at| (self.backlog_start..=self.offset).contains(at)) {
            Some(position) => Answer::Continue { id: self.id.clone(), position },
            None => Answer::Full { id: self.id.clone(), offset: self.offset },
        }
    }

    fn shares(&self, id: &str, position: u64) -> bool {
        let is_second = self.second_end.is_some_and(|end| position <= end);
        id == self.id || is_second && id == self.second_id
    }

    pub fn promote(&mut self, new_id: &str) {
        self.second_end = Some(self.offset);
        self.second_id = std::mem::replace(&mut self.id, new_id.to_owned());
    }
}
