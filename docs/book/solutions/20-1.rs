use std::collections::BTreeSet;

/// Commands and their categories.
pub const COMMANDS: [(&str, &[&str]); 4] = [
    ("get", &["read", "string"]),
    ("set", &["write", "string"]),
    ("del", &["write", "keyspace"]),
    ("flushall", &["write", "dangerous"]),
];

#[derive(Clone, Copy, PartialEq)]
pub enum Use {
    Read,
    Write,
}

#[derive(Default)]
pub struct Selector {
    pub commands: BTreeSet<&'static str>,
    /// A pattern, and what it permits.
    keys: Vec<(String, Vec<Use>)>,
}

impl Selector {
    pub fn apply(&mut self, rule: &str) -> Result<(), ()> {
        if rule == "resetkeys" {
            self.keys.clear();
            return Ok(());
        }
        if rule.starts_with(['~', '%']) {
            let (how, pattern) = rule.split_once('~').ok_or(())?;
            let uses = match how {
                "" => vec![Use::Read, Use::Write],
                "%R" => vec![Use::Read],
                "%W" => vec![Use::Write],
                _ => return Err(()),
            };
            self.keys.push((pattern.to_owned(), uses));
            return Ok(());
        }
        let named = rule.strip_prefix(['+', '-']).ok_or(())?;
        let is_meant = |(name, categories): &&(&'static str, &[&str])| match named.strip_prefix('@')
        {
            Some(category) => category == "all" || categories.contains(&category),
            None => *name == named,
        };
        let meant: Vec<&str> = COMMANDS.iter().filter(is_meant).map(|(name, _)| *name).collect();
        if meant.is_empty() {
            return Err(());
        }
        for name in meant {
            if rule.starts_with('+') {
                self.commands.insert(name);
            } else {
                self.commands.remove(name);
            }
        }
        Ok(())
    }

    /// Whether this command may be called with these keys.
    pub fn permits(&self, command: &str, keys: &[(&str, Use)]) -> bool {
        let matches = |pattern: &str, key: &str| match pattern.strip_suffix('*') {
            Some(prefix) => key.starts_with(prefix),
            None => pattern == key,
        };
        let permits = |(key, how): &(&str, Use)| {
            self.keys.iter().any(|(pattern, uses)| uses.contains(how) && matches(pattern, key))
        };
        self.commands.contains(command) && keys.iter().all(permits)
    }
}
