//! What COMMAND DOCS and the HELP subcommands tell: one entry per command.
//!
//! The command table says how a command behaves; this one explains it to people. They are apart
//! because the table is read with every request and this one almost never, and because it is text.
//!
//! ```text
//! doc(name, since, complexity, syntax, summary) .tips(..) .replaced(version, by) .internal()
//! ```
//!
//! `since` is the version of Redis that brought the command. The syntax is parsed by `syntax.rs`
//! into the tree of arguments that clients get, so what people read and what programs read can't
//! disagree. Summaries and complexities are our own words. Left out on purpose: the history of
//! each option.
//!
//! A name may be here before the command is: the test below asks only that every row of the table
//! has its entry, exactly one.

pub mod data;
pub mod server;

use std::collections::HashMap;

use once_cell::sync::Lazy;

/// What there is to tell about a command.
#[derive(Clone, Copy, Debug)]
pub struct Doc {
    /// The name, as in the table.
    pub name: &'static str,
    /// The version of Redis that brought it.
    pub since: &'static str,
    /// How its running time grows.
    pub complexity: &'static str,
    /// Its arguments, in the notation of `syntax.rs`.
    pub syntax: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// Hints for clients and proxies: how to send it to a cluster, whether replies vary.
    pub tips: &'static [&'static str],
    /// Since which version there is something better, and what.
    pub replaced: Option<(&'static str, &'static str)>,
    /// Servers talk to each other with it; people don't.
    pub internal: bool,
}

const fn doc(
    name: &'static str,
    since: &'static str,
    complexity: &'static str,
    syntax: &'static str,
    summary: &'static str,
) -> Doc {
    Doc { name, since, complexity, syntax, summary, tips: &[], replaced: None, internal: false }
}

impl Doc {
    const fn tips(self, tips: &'static [&'static str]) -> Doc {
        Doc { tips, ..self }
    }

    const fn replaced(self, since: &'static str, by: &'static str) -> Doc {
        Doc { replaced: Some((since, by)), ..self }
    }

    const fn internal(self) -> Doc {
        Doc { internal: true, ..self }
    }
}

static BY_NAME: Lazy<HashMap<&'static str, &'static Doc>> =
    Lazy::new(|| all().map(|doc| (doc.name, doc)).collect());

/// Every entry.
pub fn all() -> impl Iterator<Item = &'static Doc> {
    data::DOCS.iter().chain(server::DOCS)
}

/// What there is to know about a command's key specification beside its flags.
pub fn key_note(name: &str, index: usize) -> Option<&'static str> {
    match (name, index) {
        ("set", 0) => Some("Reads the key only with GET"),
        ("bitfield", 0) => Some("Changes the key only with SET or INCRBY"),
        ("getex", 0) => Some("Changes when the key expires, not its value"),
        ("pfcount", 0) => Some("May store the estimate in the value, for the next time"),
        ("xadd", 0) => Some("May remove entries, if trimming is asked for"),
        ("eval" | "fcall", 0) => Some("May do anything with these keys"),
        ("eval_ro" | "fcall_ro", 0) => Some("May read these keys in any way"),
        ("sort" | "sort_ro", 1) => Some("The keys of BY and GET follow from the elements"),
        ("sort", 2) => Some("STORE may be anywhere behind the key"),
        _ => None,
    }
}

/// The entry of the command with this name.
pub fn of(name: &str) -> Option<&'static Doc> {
    BY_NAME.get(name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::ROWS;

    #[test]
    fn every_row_has_an_entry() {
        let missing: Vec<&str> =
            ROWS.iter().map(|row| row.name).filter(|name| of(name).is_none()).collect();
        assert!(missing.is_empty(), "not documented: {missing:?}");
    }

    #[test]
    fn no_entry_is_there_twice() {
        assert_eq!(all().count(), BY_NAME.len());
    }

    #[test]
    fn summaries_are_sentences() {
        for doc in all() {
            let first = doc.summary.chars().next().unwrap();
            assert!(
                first.is_uppercase() && doc.summary.ends_with('.'),
                "{}: {}",
                doc.name,
                doc.summary
            );
        }
    }
}
