//! May it go on?
//!
//! Write `History`. `psync` gets what a replica says: the name of its history, and the next byte that it lacks
//! (1 if it has none). It may go on (`Continue`) if its position, one less than that, is in our history, and
//! the backlog has what follows: positions from `backlog_start` to `offset`. Our history is `id`; up to and
//! including `second_end` it was `second_id`. Otherwise it gets everything (`Full`). `promote` is called when
//! we become a master: from here on the history has a new name, and the old one is the second.

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
        Answer::Full { id: self.id.clone(), offset: self.offset }
    }

    pub fn promote(&mut self, new_id: &str) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history() -> History {
        let (id, second_id) = ("new".to_owned(), "old".to_owned());
        History { id, second_id, second_end: Some(500), backlog_start: 300, offset: 1000 }
    }

    fn goes_on(history: &History, id: &str, next: u64) -> bool {
        match history.psync(id, next) {
            Answer::Continue { id, position } => {
                assert_eq!((id, position), (history.id.clone(), next - 1));
                true
            }
            Answer::Full { id, offset } => {
                assert_eq!((id, offset), (history.id.clone(), history.offset));
                false
            }
        }
    }

    #[test]
    fn within_the_backlog() {
        let history = history();
        let asked = [300, 301, 600, 1001, 1002];
        let expected = [false, true, true, true, false];
        assert_eq!(asked.map(|next| goes_on(&history, "new", next)), expected);
        assert!(!goes_on(&history, "another", 600));
        assert!(!goes_on(&history, "new", 0), "there is no byte 0");
    }

    #[test]
    fn under_the_second_name() {
        let history = history();
        let asked = [300, 301, 501, 502];
        let expected = [false, true, true, false];
        assert_eq!(asked.map(|next| goes_on(&history, "old", next)), expected);
        let none = History { second_end: None, ..history };
        assert!(!goes_on(&none, "old", 400));
    }

    #[test]
    fn a_new_master_goes_on_with_the_others() {
        let mut replica = history();
        replica.promote("third");
        assert_eq!((&replica.id[..], &replica.second_id[..]), ("third", "new"));
        assert!(goes_on(&replica, "new", 800) && goes_on(&replica, "new", 1001));
        replica.offset = 1200;
        assert!(!goes_on(&replica, "new", 1101), "that was never ours");
        assert!(goes_on(&replica, "third", 1101) && !goes_on(&replica, "old", 400));
    }
}
