//! What there is to tell about a command: the part of a row that is for people and their clients.
//!
//! COMMAND DOCS, COMMAND INFO and the HELP subcommands read it. The syntax is parsed by `syntax.rs`
//! into the tree of arguments that clients get, so what people read and what programs read can't
//! disagree. Summaries and complexities are our own words. Left out on purpose: the history of each
//! option.

/// The documentation of a command.
#[derive(Clone, Copy, Debug)]
pub struct Doc {
    /// Its arguments, in the notation of `syntax.rs`.
    pub syntax: &'static str,
    /// The version of Redis that brought it.
    pub since: &'static str,
    /// How its running time grows.
    pub complexity: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// Hints for clients and proxies: how to send it to a cluster, whether replies vary.
    pub tips: &'static [&'static str],
    /// Remarks about key specifications, by their place in the row.
    pub notes: &'static [(usize, &'static str)],
    /// Since which version there is something better, and what.
    pub replaced: Option<(&'static str, &'static str)>,
    /// Servers talk to each other with it; people don't.
    pub internal: bool,
}

impl Doc {
    /// What every command has.
    pub(super) const fn new(
        syntax: &'static str,
        since: &'static str,
        complexity: &'static str,
        summary: &'static str,
    ) -> Doc {
        let (tips, notes, replaced, internal) = (&[], &[], None, false);
        Doc { syntax, since, complexity, summary, tips, notes, replaced, internal }
    }

    pub(super) const fn tips(self, tips: &'static [&'static str]) -> Doc {
        Doc { tips, ..self }
    }

    pub(super) const fn notes(self, notes: &'static [(usize, &'static str)]) -> Doc {
        Doc { notes, ..self }
    }

    pub(super) const fn replaced(self, since: &'static str, by: &'static str) -> Doc {
        Doc { replaced: Some((since, by)), ..self }
    }

    pub(super) const fn internal(self) -> Doc {
        Doc { internal: true, ..self }
    }

    /// The remark about the key specification at this place of the row.
    pub fn note(&self, index: usize) -> Option<&'static str> {
        self.notes.iter().find(|(place, _)| *place == index).map(|(_, note)| *note)
    }
}

#[cfg(test)]
mod tests {
    use crate::catalogue::ROWS;

    #[test]
    fn summaries_are_sentences() {
        for row in ROWS {
            let summary = row.doc.summary;
            let capital = summary.chars().next().is_some_and(char::is_uppercase);
            assert!(capital && summary.ends_with('.'), "{}: {summary}", row.name);
        }
    }

    #[test]
    fn notes_belong_to_a_key_specification() {
        for row in ROWS {
            let lost = row.doc.notes.iter().find(|(place, _)| *place >= row.keys.len());
            assert!(lost.is_none(), "{}: {lost:?}", row.name);
        }
    }
}
