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
        for key in keys {
            if let Some(element) = self.pop(key) {
                return Some((key.to_string(), element));
            }
        }
        for key in keys {
            self.waiting.entry(key.to_string()).or_default().push_back(client);
        }
        None
    }

    /// Who is served.
    pub fn rpush(&mut self, key: &str, elements: &[&str]) -> Vec<Served> {
        let list = self.lists.entry(key.to_owned()).or_default();
        list.extend(elements.iter().map(|element| element.to_string()));
        let mut served = Vec::new();
        while let Some(client) = self.waiting.get(key).and_then(|queue| queue.front().copied()) {
            let Some(element) = self.pop(key) else { break };
            self.leave(client);
            served.push((client, key.to_owned(), element));
        }
        served
    }

    fn pop(&mut self, key: &str) -> Option<String> {
        let list = self.lists.get_mut(key)?;
        let element = list.pop_front();
        if list.is_empty() {
            self.lists.remove(key);
        }
        element
    }

    fn leave(&mut self, client: Client) {
        self.waiting.values_mut().for_each(|queue| queue.retain(|other| *other != client));
        self.waiting.retain(|_, queue| !queue.is_empty());
    }
}
