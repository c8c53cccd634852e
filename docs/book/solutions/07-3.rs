use std::collections::HashMap;

#[derive(Clone, Copy)]
pub struct Limits {
    pub entries: usize,
    pub value: usize,
}

pub enum Hash {
    Listpack(Vec<(String, String)>),
    Table(HashMap<String, String>),
}

impl Hash {
    pub fn set(&mut self, field: &str, value: &str, limits: Limits) -> bool {
        if field.len().max(value.len()) > limits.value {
            self.become_table();
        }
        match self {
            Hash::Listpack(pairs) => {
                if let Some((_, found)) = pairs.iter_mut().find(|(name, _)| name == field) {
                    *found = value.into();
                    return false;
                }
                pairs.push((field.into(), value.into()));
                if pairs.len() > limits.entries {
                    self.become_table();
                }
                true
            }
            Hash::Table(map) => map.insert(field.into(), value.into()).is_none(),
        }
    }

    pub fn get(&self, field: &str) -> Option<&str> {
        match self {
            Hash::Listpack(pairs) => {
                pairs.iter().find(|(name, _)| name == field).map(|(_, v)| &**v)
            }
            Hash::Table(map) => map.get(field).map(|value| &**value),
        }
    }

    /// Whether it was there.
    pub fn remove(&mut self, field: &str) -> bool {
        match self {
            Hash::Listpack(pairs) => {
                let before = pairs.len();
                pairs.retain(|(name, _)| name != field);
                pairs.len() < before
            }
            Hash::Table(map) => map.remove(field).is_some(),
        }
    }

    pub fn encoding(&self) -> &'static str {
        match self {
            Hash::Listpack(_) => "listpack",
            Hash::Table(_) => "hashtable",
        }
    }

    fn become_table(&mut self) {
        if let Hash::Listpack(pairs) = self {
            *self = Hash::Table(std::mem::take(pairs).into_iter().collect());
        }
    }
}
