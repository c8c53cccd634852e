//! Waiting for a list.
//!
//! Write `blpop` and `rpush`. `blpop` takes the first element of the first key that has one, or lets the client
//! wait for all of the keys. `rpush` adds elements behind the others, and then serves those who wait for that
//! key, in the order in which they came, as long as there is something: each is an entry of what it returns.
//! A client that was served waits for none of its keys any more. A list without elements is no key.

use std::collections::{HashMap, VecDeque};

pub type Client = u32;

/// A client, the key from which it was served, and what it got.
pub type Served = (Client, String, String);

#[derive(Default)]
pub struct Server {
    pub lists: HashMap<String, VecDeque<String>>,
    pub waiting: HashMap<String, VecDeque<Client>>,
}

impl Server {
    /// What the client gets at once; None: it waits.
    pub fn blpop(&mut self, client: Client, keys: &[&str]) -> Option<(String, String)> {
        None
    }

    /// Who is served.
    pub fn rpush(&mut self, key: &str, elements: &[&str]) -> Vec<Served> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(client: Client, key: &str, element: &str) -> Served {
        (client, key.to_owned(), element.to_owned())
    }

    #[test]
    fn who_finds_something_does_not_wait() {
        let mut server = Server::default();
        assert_eq!(server.rpush("b", &["1", "2"]), []);
        let first = Some(("b".to_owned(), "1".to_owned()));
        assert_eq!(server.blpop(1, &["a", "b"]), first);
        assert_eq!(server.lists["b"], ["2"]);
        server.blpop(1, &["b"]);
        assert!(server.lists.is_empty() && server.waiting.is_empty());
    }

    #[test]
    fn first_come_first_served() {
        let mut server = Server::default();
        for client in [3, 1, 2] {
            assert_eq!(server.blpop(client, &["q"]), None);
        }
        let two = [served(3, "q", "a"), served(1, "q", "b")];
        assert_eq!(server.rpush("q", &["a", "b"]), two);
        assert_eq!(server.rpush("q", &["c", "d"]), [served(2, "q", "c")]);
        assert_eq!(server.lists["q"], ["d"]);
    }

    #[test]
    fn who_was_served_waits_for_nothing_else() {
        let mut server = Server::default();
        server.blpop(1, &["a", "b"]);
        server.blpop(2, &["b"]);
        assert_eq!(server.rpush("a", &["x"]), [served(1, "a", "x")]);
        assert_eq!(server.rpush("b", &["y", "z"]), [served(2, "b", "y")]);
        assert_eq!(server.rpush("a", &["v"]), []);
        assert!(server.waiting.values().all(VecDeque::is_empty));
    }
}
