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
    pub fn watch(&mut self, client: Client, key: &str) {
        if self.clients.entry(client).or_default().insert(key.to_owned()) {
            self.keys.entry(key.to_owned()).or_default().push(client);
        }
    }

    /// A key has changed.
    pub fn changed(&mut self, key: &str) {
        if let Some(clients) = self.keys.get(key) {
            self.broken.extend(clients);
        }
    }

    /// Whether the client's transaction may be executed. Its watches end.
    pub fn exec(&mut self, client: Client) -> bool {
        for key in self.clients.remove(&client).unwrap_or_default() {
            let Some(clients) = self.keys.get_mut(&key) else { continue };
            clients.retain(|other| *other != client);
            if clients.is_empty() {
                self.keys.remove(&key);
            }
        }
        !self.broken.remove(&client)
    }
}
