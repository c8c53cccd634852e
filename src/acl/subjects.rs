//! What rules can name: every command and subcommand of the table, and those of Redis 7.0 that this
//! server hasn't got yet.
//!
//! A file of users written for Redis says `-eval` or `-@scripting`, and must mean it: were such a rule
//! dropped, its user could do more as soon as the server can. So these names are permitted or not like
//! all others, are part of their categories, and come back when rules are described. There is nothing to
//! call behind them, and who tries is told that there is no such command.

use once_cell::sync::Lazy;

use crate::catalogue::ROWS;
use crate::catalogue::absent::ABSENT;
use crate::catalogue::spec::Categories;

/// Something that rules permit or not.
#[derive(Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its name; a subcommand's has its container's in front.
    pub name: &'static str,
    /// Its categories.
    pub categories: Categories,
    /// Its place among all. Commands of the table have theirs, that of their row.
    pub index: usize,
}

static SUBJECTS: Lazy<Vec<Subject>> = Lazy::new(|| {
    let present = ROWS.iter().map(|row| (row.name, row.categories));
    let all = present.chain(ABSENT.iter().copied()).enumerate();
    all.map(|(index, (name, categories))| Subject { name, categories, index }).collect()
});

/// All of them.
pub fn all() -> &'static [Subject] {
    &SUBJECTS
}

/// The one of this name, in any case.
pub fn by_name(name: &[u8]) -> Option<&'static Subject> {
    SUBJECTS.iter().find(|subject| subject.name.as_bytes().eq_ignore_ascii_case(name))
}

impl Subject {
    /// The container's name of a subcommand.
    pub fn container(&self) -> Option<&'static str> {
        self.name.split_once('|').map(|(container, _)| container)
    }

    /// The subcommands of a container.
    pub fn subcommands(&self) -> impl Iterator<Item = &'static Subject> {
        let name = self.name;
        SUBJECTS.iter().filter(move |subject| subject.container() == Some(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names and categories as redis-server 7.0.15 tells them.
    #[test]
    fn every_command_of_redis_can_be_named_with_its_categories() {
        let recorded = include_str!("../../tests/data/command-info.txt");
        for line in recorded.lines() {
            let fields: Vec<&str> = line.split(' ').collect();
            let subject =
                by_name(fields[0].as_bytes()).unwrap_or_else(|| panic!("no {}", fields[0]));
            let mut ours: Vec<String> =
                subject.categories.names().map(|name| format!("@{name}")).collect();
            let mut theirs: Vec<&str> = fields[4].split(',').collect();
            ours.sort_unstable();
            theirs.sort_unstable();
            assert_eq!(ours, theirs, "{}", fields[0]);
        }
    }
}
