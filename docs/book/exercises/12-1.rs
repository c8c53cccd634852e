//! WATCH.
//!
//! Write `watch`, `changed` and `exec`. Whoever changes a key calls `changed`; a client whose watched key was
//! changed since it began to watch may not execute its transaction: `exec` answers false. In any case `exec`
//! ends all watches of the client. Watching a key twice is watching it once. `changed` must cost nothing but
//! a look-up where nobody watches the key, and a key that nobody watches any more must not be kept.

use std::collections::{HashMap, HashSet};

pub type Client = u32;

#[derive(Default)]
pub struct Watched {
    /// Who watches a key.
    pub keys: HashMap<String, Vec<Client>>,
    /// What a client watches.
    pub clients: HashMap<Client, HashSet<String>>,
    /// The clients one of whose keys has changed.
    pub broken: HashSet<Client>,
}

impl Watched {
    pub fn watch(&mut self, client: Client, key: &str) {}

    /// A key has changed.
    pub fn changed(&mut self, key: &str) {}

    /// Whether the client's transaction may be executed. Its watches end.
    pub fn exec(&mut self, client: Client) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_to_all_who_watch() {
        let mut watched = Watched::default();
        watched.watch(1, "a");
        watched.watch(1, "b");
        watched.watch(2, "b");
        watched.watch(3, "c");
        watched.changed("b");
        assert_eq!([1, 2, 3].map(|client| watched.exec(client)), [false, false, true]);
    }

    #[test]
    fn what_was_before_does_not_count() {
        let mut watched = Watched::default();
        watched.changed("a");
        watched.watch(1, "a");
        assert!(watched.exec(1));
        watched.watch(1, "a");
        watched.changed("a");
        assert!(!watched.exec(1));
        assert!(watched.exec(1), "the next transaction depends on nothing");
    }

    #[test]
    fn watches_end_with_exec_and_leave_nothing() {
        let mut watched = Watched::default();
        for _ in 0..2 {
            watched.watch(1, "a");
            watched.watch(2, "a");
        }
        assert_eq!(watched.keys["a"].len(), 2, "twice is once");
        watched.exec(1);
        assert_eq!(watched.keys["a"], [2]);
        watched.changed("a");
        watched.exec(2);
        let Watched { keys, clients, broken } = watched;
        assert!(keys.is_empty() && clients.is_empty() && broken.is_empty());
    }
}
