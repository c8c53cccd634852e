//! A selector: one set of permissions, to be had as a whole.
//!
//! ```text
//! ~app:* %R~conf:*   &news.*        -@all +@read +set
//! keys               channels       commands
//! ```
//!
//! A user has a root selector, and any number of further ones in parentheses. A request is permitted
//! if one selector permits all of it: the command, each key, each channel.
//!
//! Permissions of commands are a flag for each of the `subjects`, containers and subcommands
//! included; categories and `+@all` only set many of them at once. One more flag, `future`, stands
//! for the commands that this version doesn't know yet: `+@all` sets it, `-@all` clears it.

use super::rules::{self, Access, RuleError};
use super::subjects::{self, Subject};
use crate::catalogue::find_keys::{find_keys, has_keys};
use crate::catalogue::spec::{Categories, Flags, KeyFlags};
use crate::catalogue::{Command, Row};
use crate::number::glob;
use crate::resp::Args;

/// Why a request is not permitted, with the index of the argument. A later one means that more of
/// the request was right, so of several selectors' reasons the greatest is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denied {
    /// The command, or this subcommand.
    Command,
    /// A key.
    Key(usize),
    /// A channel.
    Channel(usize),
}

/// The rule that every selector begins with.
const NOTHING: &[u8] = b"-@all";

/// One set of permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// By the subject's index.
    permitted: Vec<bool>,
    pub(super) future: bool,
    /// Commands that are permitted only with these first arguments.
    pub(super) first_args: Vec<(usize, Vec<u8>)>,
    all_commands: bool,
    pub(super) all_keys: bool,
    pub(super) keys: Vec<(Access, Vec<u8>)>,
    pub(super) all_channels: bool,
    pub(super) channels: Vec<Vec<u8>>,
    /// The rules for commands as they were given, without those that later ones have replaced.
    pub(super) given: Vec<Vec<u8>>,
}

impl Selector {
    /// A selector that permits nothing, except all channels if new users have them.
    pub fn new(all_channels: bool) -> Self {
        Selector {
            permitted: vec![false; subjects::all().len()],
            future: false,
            first_args: Vec::new(),
            all_commands: false,
            all_keys: false,
            keys: Vec::new(),
            all_channels,
            channels: Vec::new(),
            given: vec![NOTHING.to_vec()],
        }
    }

    /// Whether it permits everything.
    pub fn is_unrestricted(&self) -> bool {
        self.all_commands && self.all_keys && self.all_channels
    }

    /// Whether a command is permitted with any arguments.
    pub fn permits(&self, command: Command) -> bool {
        self.permitted[command as usize]
    }

    /// Whether a command, be it one that isn't there, is permitted.
    pub(super) fn permits_subject(&self, subject: &Subject) -> bool {
        self.permitted[subject.index]
    }

    /// Whether it permits a request whose number of arguments has been checked.
    pub fn check(&self, row: &Row, args: Args<'_>) -> Result<(), Denied> {
        if !self.permits_command(row, args) {
            return Err(Denied::Command);
        }
        if !self.all_keys && has_keys(row) {
            for key in find_keys(row, args) {
                if !self.permits_key(args.at(key.index), needed(key.flags)) {
                    return Err(Denied::Key(key.index));
                }
            }
        }
        if !self.all_channels {
            let (channels, are_patterns) = channels_of(row, args);
            let denied = channels.into_iter().find(|index| {
                args.get(*index).is_some_and(|name| !self.permits_channel(name, are_patterns))
            });
            if let Some(index) = denied {
                return Err(Denied::Channel(index));
            }
        }
        Ok(())
    }

    /// Whether it permits the request, and reading any key there is besides.
    pub fn permits_reading_anything(&self, row: &Row, args: Args<'_>) -> bool {
        let any_key =
            self.all_keys || self.keys.iter().any(|(access, key)| access.read && key == b"*");
        any_key && self.check(row, args).is_ok()
    }

    fn permits_command(&self, row: &Row, args: Args<'_>) -> bool {
        let is_first_arg = |(index, first): &(usize, Vec<u8>)| {
            *index == row.command as usize
                && args.get(1).is_some_and(|arg| arg.eq_ignore_ascii_case(first))
        };
        self.permits(row.command)
            || row.is(Flags::NO_AUTH)
            || self.first_args.iter().any(is_first_arg)
    }

    fn permits_key(&self, key: &[u8], needed: Access) -> bool {
        let suffices =
            |access: Access| (access.read || !needed.read) && (access.write || !needed.write);
        let mut patterns = self.keys.iter();
        patterns.any(|(access, pattern)| suffices(*access) && glob::matches(pattern, key, false))
    }

    /// Whether a channel may be used. A pattern of channels must be one of ours, letter by letter:
    /// what it will match can't be known.
    pub fn permits_channel(&self, name: &[u8], is_pattern: bool) -> bool {
        let permits = |ours: &Vec<u8>| match is_pattern {
            true => ours == name,
            false => glob::matches(ours, name, false),
        };
        self.all_channels || self.channels.iter().any(permits)
    }

    /// Applies one rule; see [`super::rules`].
    pub fn apply(&mut self, rule: &[u8]) -> Result<(), RuleError> {
        let lower = rule.to_ascii_lowercase();
        match (lower.as_slice(), rule.first()) {
            (b"allkeys" | b"~*", _) => {
                self.all_keys = true;
                self.keys.clear();
            }
            (b"resetkeys", _) => {
                self.all_keys = false;
                self.keys.clear();
            }
            (b"allchannels" | b"&*", _) => {
                self.all_channels = true;
                self.channels.clear();
            }
            (b"resetchannels", _) => {
                self.all_channels = false;
                self.channels.clear();
            }
            (b"allcommands" | b"+@all", _) => {
                self.set_all(true);
                self.given = vec![b"+@all".to_vec()];
            }
            (b"nocommands" | b"-@all", _) => {
                self.set_all(false);
                self.given = vec![NOTHING.to_vec()];
            }
            (_, Some(b'~')) => {
                self.add_key(Access { read: true, write: true }, &rule[1..])?;
            }
            (_, Some(b'%')) => {
                let (access, pattern) = rules::key_rule(&rule[1..])?;
                self.add_key(access, pattern)?;
            }
            (_, Some(b'&')) => self.add_channel(&rule[1..])?,
            ([sign @ (b'+' | b'-'), b'@', category @ ..], _) => {
                self.set_category(category, *sign == b'+')?;
                self.note(&lower);
            }
            (_, Some(b'+')) => {
                self.add_command(&rule[1..])?;
                self.note(&lower);
            }
            (_, Some(b'-')) => {
                let subject = subjects::by_name(&rule[1..]).ok_or(RuleError::UnknownCommand)?;
                self.set(subject, false);
                self.note(&lower);
            }
            _ => return Err(RuleError::Syntax),
        }
        Ok(())
    }

    /// Keeps a rule for commands in place of those about the same command, or a part of it.
    fn note(&mut self, rule: &[u8]) {
        let is_part = |rest: Option<&[u8]>| matches!(rest, Some([] | [b'|', ..]));
        self.given.retain(|old| !is_part(old[1..].strip_prefix(&rule[1..])));
        self.given.push(rule.to_vec());
    }

    fn set_all(&mut self, permitted: bool) {
        self.permitted.fill(permitted);
        self.all_commands = permitted;
        self.future = permitted;
        self.first_args.clear();
    }

    /// Permits a command, or not, with all of its subcommands.
    pub(super) fn set(&mut self, subject: &Subject, permitted: bool) {
        self.all_commands &= permitted;
        self.set_one(subject, permitted);
        subject.subcommands().for_each(|subject| self.set_one(subject, permitted));
    }

    fn set_one(&mut self, subject: &Subject, permitted: bool) {
        self.permitted[subject.index] = permitted;
        self.first_args.retain(|(index, _)| *index != subject.index);
    }

    fn set_category(&mut self, name: &[u8], permitted: bool) -> Result<(), RuleError> {
        let category = rules::category(name).ok_or(RuleError::UnknownCommand)?;
        self.set_all_of(category, permitted);
        Ok(())
    }

    /// Permits the commands of a category, or not.
    pub(super) fn set_all_of(&mut self, category: Categories, permitted: bool) {
        for subject in subjects::all().iter().filter(|it| it.categories.has(category)) {
            self.set(subject, permitted);
        }
    }

    /// `+command`, `+container|subcommand`, or `+command|first-argument`.
    fn add_command(&mut self, name: &[u8]) -> Result<(), RuleError> {
        if let Some(subject) = subjects::by_name(name) {
            self.set(subject, true);
            return Ok(());
        }
        let bar = name.iter().rposition(|byte| *byte == b'|').ok_or(RuleError::UnknownCommand)?;
        let (name, first) = (&name[..bar], &name[bar + 1..]);
        let subject = subjects::by_name(name).ok_or(RuleError::UnknownCommand)?;
        if subject.container().is_some() {
            return Err(RuleError::FirstArgOfSubcommand);
        }
        if first.is_empty() {
            return Err(RuleError::Syntax);
        }
        if subject.subcommands().next().is_some() {
            return Err(RuleError::UnknownCommand);
        }
        let is_known = |(index, known): &(usize, Vec<u8>)| {
            *index == subject.index && known.eq_ignore_ascii_case(first)
        };
        if !self.first_args.iter().any(is_known) {
            self.first_args.push((subject.index, first.to_vec()));
        }
        Ok(())
    }

    fn add_key(&mut self, access: Access, pattern: &[u8]) -> Result<(), RuleError> {
        if self.all_keys {
            return Err(RuleError::KeysAfterAll);
        }
        if rules::has_spaces(pattern) {
            return Err(RuleError::Syntax);
        }
        match self.keys.iter_mut().find(|(_, known)| known == pattern) {
            Some((known, _)) => {
                known.read |= access.read;
                known.write |= access.write;
            }
            None => self.keys.push((access, pattern.to_vec())),
        }
        Ok(())
    }

    fn add_channel(&mut self, pattern: &[u8]) -> Result<(), RuleError> {
        if self.all_channels {
            return Err(RuleError::ChannelsAfterAll);
        }
        if rules::has_spaces(pattern) {
            return Err(RuleError::Syntax);
        }
        if !self.channels.iter().any(|known| known == pattern) {
            self.channels.push(pattern.to_vec());
        }
        Ok(())
    }
}

/// What a command with these flags has to be permitted. Telling that a key exists, or how long its
/// value is, needs only that some pattern matches.
fn needed(flags: KeyFlags) -> Access {
    Access {
        read: flags.has(KeyFlags::ACCESS),
        write: flags.any(KeyFlags::INSERT | KeyFlags::DELETE | KeyFlags::UPDATE),
    }
}

/// Where a request's channels are, and whether they are patterns. Ending a subscription needs no
/// permission.
fn channels_of(row: &Row, args: Args<'_>) -> (std::ops::Range<usize>, bool) {
    match row.command {
        Command::Publish | Command::Spublish => (1..2, false),
        Command::Subscribe | Command::Ssubscribe => (1..args.len(), false),
        Command::Psubscribe => (1..args.len(), true),
        _ => (0..0, false),
    }
}
