//! The names by which a server's commands are called: their own, but for what `rename-command` says.
//!
//! ```text
//! rename-command CONFIG s3cret     CONFIG is unknown now, and S3CRET is what it was
//! rename-command FLUSHALL ""       nobody can call it any more
//! ```
//!
//! Only those who send commands see this. Users' rules, INFO and COMMAND speak of commands by their own
//! names, and so do the append-only file and the stream to replicas, which another server has to
//! understand. So whoever asks what a request means says where it comes from, by the choice between
//! [`Names::lookup`] and [`Names::lookup_recorded`].

use std::collections::BTreeMap;

use super::row::{self, Command, ROWS, Row, row};
use crate::resp::Args;

/// What names mean. The default: all commands have their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Names in lower case that mean something else than they did; None: nothing any more.
    changed: BTreeMap<Vec<u8>, Option<Command>>,
}

impl Names {
    /// Gives a command, found by its present name, another one; an empty one takes it away.
    pub fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), &'static str> {
        let row = self.find(from).ok_or("No such command in rename-command")?;
        let command = row.command;
        let (from, to) = (from.to_ascii_lowercase(), to.to_ascii_lowercase());
        if from != to && self.find(&to).is_some() {
            return Err("Target command name already exists");
        }
        self.changed.insert(from, None);
        if !to.is_empty() {
            self.changed.insert(to, Some(command));
        }
        Ok(())
    }

    /// Whether any command has another name than its own.
    #[inline]
    pub fn are_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// The row that a client's request asks for: that of the subcommand, if the command has any. The
    /// container itself is returned when there is no such subcommand.
    #[inline]
    pub fn lookup(&self, args: Args<'_>) -> Option<&'static Row> {
        // A subcommand is asked for by two words, not by the name of its row.
        self.find(args.at(0)).map(|row| row::of_request(row, args))
    }

    /// The same for a request from an append-only file or a master: there, commands have their own
    /// names. A redis-server, though, writes those that its configuration gives; mostly they are ours.
    #[inline]
    pub fn lookup_recorded(&self, args: Args<'_>) -> Option<&'static Row> {
        let row = row::command(args.at(0)).or_else(|| self.find(args.at(0)));
        row.map(|row| row::of_request(row, args))
    }

    /// The row named `name`, in any case; `container|subcommand` names a subcommand.
    pub fn by_name(&self, name: &[u8]) -> Option<&'static Row> {
        let bar = name.iter().position(|byte| *byte == b'|');
        match bar {
            Some(bar) => row::subcommand(self.find(&name[..bar])?, &name[bar + 1..]),
            None => self.find(name),
        }
    }

    /// The rows that can be asked for; subcommands are those of containers that can be.
    pub fn callable(&self) -> impl Iterator<Item = &'static Row> {
        ROWS.iter().filter(|row| self.is_callable(row.container().unwrap_or(row.name)))
    }

    fn is_callable(&self, own_name: &str) -> bool {
        let Some(meaning) = self.changed.get(own_name.as_bytes()) else { return true };
        let own = row::command(own_name.as_bytes()).map(|row| row.command);
        *meaning == own || self.changed.values().any(|meaning| *meaning == own)
    }

    #[inline]
    fn find(&self, name: &[u8]) -> Option<&'static Row> {
        if self.are_changed()
            && let Some(meaning) = self.changed.get(&name.to_ascii_lowercase())
        {
            return meaning.map(row);
        }
        row::command(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::Request;

    fn meaning(names: &Names, request: &str) -> Option<&'static str> {
        let request = Request::new(request.split(' ').map(str::as_bytes));
        names.lookup(request.args()).map(|row| row.name)
    }

    #[test]
    fn a_name_means_what_was_said_last() {
        let mut names = Names::default();
        assert_eq!(names.rename(b"nosuch", b"x"), Err("No such command in rename-command"));
        assert_eq!(names.rename(b"config|get", b"x"), Err("No such command in rename-command"));
        assert_eq!(names.rename(b"get", b"SET"), Err("Target command name already exists"));
        assert!(!names.are_changed());
        names.rename(b"get", b"GET").unwrap();
        assert_eq!(meaning(&names, "get k"), Some("get"));
        names.rename(b"CONFIG", b"Secret").unwrap();
        assert_eq!(meaning(&names, "CONFIG GET x"), None);
        assert_eq!(meaning(&names, "seCret get x"), Some("config|get"));
        assert_eq!(names.by_name(b"secret|get").map(|row| row.name), Some("config|get"));
        assert!(names.by_name(b"config|get").is_none() && names.by_name(b"config").is_none());
        names.rename(b"set", b"").unwrap();
        names.rename(b"get", b"set").unwrap();
        assert_eq!(meaning(&names, "set k"), Some("get"));
        names.rename(b"secret", b"").unwrap();
        assert_eq!(meaning(&names, "secret get x"), None);
        let callable: Vec<&str> = names.callable().map(|row| row.name).collect();
        assert!(callable.contains(&"get") && callable.contains(&"command|info"));
        assert!(!callable.contains(&"set") && !callable.contains(&"config|get"));
    }

    #[test]
    fn what_was_recorded_has_the_commands_own_names() {
        let mut names = Names::default();
        names.rename(b"set", b"").unwrap();
        names.rename(b"get", b"set").unwrap();
        names.rename(b"del", b"zap").unwrap();
        for (recorded, own) in [("set", "set"), ("get", "get"), ("zap", "del"), ("del", "del")] {
            let request = Request::new([recorded.as_bytes(), b"k"]);
            let found = names.lookup_recorded(request.args()).map(|row| row.name);
            assert_eq!(found, Some(own), "{recorded}");
        }
    }
}
