use std::collections::HashMap;

#[derive(Default)]
pub struct Table {
    pub entries: HashMap<String, i64>,
    /// Some: it is marked.
    pub undo: Option<HashMap<String, Option<i64>>>,
}

impl Table {
    /// Before a key changes.
    fn preserve(&mut self, key: &str) {
        if let Some(undo) = &mut self.undo {
            undo.entry(key.to_owned()).or_insert_with(|| self.entries.get(key).copied());
        }
    }
}

#[derive(Default)]
pub struct Keyspace {
    pub tables: [Table; 2],
}

impl Keyspace {
    fn table(&mut self, key: &str) -> &mut Table {
        &mut self.tables[key.len() % 2]
    }

    pub fn set(&mut self, key: &str, value: i64) {
        let table = self.table(key);
        table.preserve(key);
        table.entries.insert(key.to_owned(), value);
    }

    pub fn remove(&mut self, key: &str) {
        let table = self.table(key);
        table.preserve(key);
        table.entries.remove(key);
    }

    pub fn begin(&mut self) {
        self.tables.iter_mut().for_each(|table| table.undo = Some(HashMap::new()));
    }

    /// What table `index` was when the snapshot began. Its mark goes.
    pub fn copy(&mut self, index: usize) -> Vec<(String, i64)> {
        let table = &mut self.tables[index];
        let undo = table.undo.take().unwrap_or_default();
        let unchanged = table.entries.iter().filter(|(key, _)| !undo.contains_key(*key));
        let mut copy: Vec<_> = unchanged.map(|(key, value)| (key.clone(), *value)).collect();
        copy.extend(undo.into_iter().filter_map(|(key, old)| Some((key, old?))));
        copy
    }
}
