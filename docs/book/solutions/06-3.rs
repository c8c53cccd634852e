pub struct Expiry {
    /// For each table, the times at which its keys end.
    pub tables: Vec<Vec<u64>>,
    /// The table to be visited next.
    pub next: usize,
}

impl Expiry {
    pub fn step(&mut self, now: u64, budget: usize) -> usize {
        let mut removed = 0;
        for _ in 0..self.tables.len() {
            if removed == budget {
                break;
            }
            let place = self.next % self.tables.len();
            self.next = place + 1;
            self.tables[place].retain(|at| {
                let goes = *at < now && removed < budget;
                removed += usize::from(goes);
                !goes
            });
        }
        removed
    }
}
