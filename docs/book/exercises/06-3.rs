//! A lap that reaches everybody.
//!
//! `step` removes keys that have ended from many tables. It may remove at most `budget` keys at a time, since
//! it holds the lock. This one begins at the first table each time: as long as keys end there faster than it
//! removes them, it reaches no other. Let it go on where it was, and visit each table at most once in a
//! step. It returns how many it has removed.

pub struct Expiry {
    /// For each table, the times at which its keys end.
    pub tables: Vec<Vec<u64>>,
    /// The table to be visited next.
    pub next: usize,
}

impl Expiry {
    pub fn step(&mut self, now: u64, budget: usize) -> usize {
        let mut removed = 0;
        for table in &mut self.tables {
            table.retain(|at| {
                let goes = *at < now && removed < budget;
                removed += usize::from(goes);
                !goes
            });
        }
        removed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_what_is_over_and_nothing_else() {
        let mut expiry = Expiry { tables: vec![vec![5, 20], vec![], vec![1, 9, 10]], next: 0 };
        assert_eq!(expiry.step(10, 100), 3);
        assert_eq!(expiry.tables, [vec![20], vec![], vec![10]]);
        assert_eq!(expiry.step(10, 100), 0);
    }

    #[test]
    fn a_step_keeps_to_its_budget() {
        let mut expiry = Expiry { tables: vec![vec![1; 50]; 4], next: 0 };
        for _ in 0..20 {
            assert_eq!(expiry.step(10, 10), 10);
        }
        assert_eq!(expiry.step(10, 10), 0, "200 keys in 20 steps");
    }

    #[test]
    fn a_flood_keeps_nobody_from_being_reached() {
        let mut expiry = Expiry { tables: vec![vec![1; 1000], vec![1; 15], vec![1; 15]], next: 0 };
        for step in 0.. {
            assert!(step < 200, "the others are never reached");
            expiry.tables[0].extend([1; 20]); // as many as a step removes
            assert_eq!(expiry.step(10, 20), 20);
            if expiry.tables[1].is_empty() && expiry.tables[2].is_empty() {
                break;
            }
        }
    }

    #[test]
    fn a_table_that_takes_the_whole_budget_is_left_behind() {
        let mut expiry = Expiry { tables: vec![vec![1; 100], vec![1; 5]], next: 0 };
        expiry.step(10, 10);
        expiry.step(10, 10);
        assert!(expiry.tables[1].is_empty(), "{:?}", expiry.tables[1]);
    }
}
