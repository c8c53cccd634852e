//! The language of the rules, and what can be wrong with one.
//!
//! | rule | permits | takes back |
//! |---|---|---|
//! | `+get` `-get` `+config\|get` | a command, a subcommand | |
//! | `+select\|0` | a command with this first argument only | |
//! | `+@read` `-@read` | a category | |
//! | `+@all` = `allcommands` | all commands, future ones too | `-@all` = `nocommands` |
//! | `~app:*` `%R~app:*` `%W~app:*` | keys: all access, reading, writing | `resetkeys` |
//! | `~*` = `allkeys`, `&*` = `allchannels` | all keys, all channels | |
//! | `&news.*` | channels | `resetchannels` |
//! | `(rules)` | a further selector | `clearselectors` |
//! | `on` `nopass` `>password` `#hash` | logging in | `off` `resetpass` `<password` `!hash` |
//! | `reset` | | everything |
//!
//! Rules act in the order they come. What they leave is described by rules again, in a normal form
//! (see [`super::describe`]); how a user came to be what it is isn't remembered.

use std::borrow::Cow;
use std::fmt;

use crate::catalogue::spec::Categories;
use crate::resp::inline;

/// What may be done with a key that a pattern matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) read: bool,
    pub(super) write: bool,
}

/// What is wrong with a rule, in Redis' words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the texts say it
pub enum RuleError {
    UnknownCommand,
    Syntax,
    KeysAfterAll,
    ChannelsAfterAll,
    NoSuchPassword,
    BadHash,
    FirstArgOfSubcommand,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RuleError::UnknownCommand => "Unknown command or category name in ACL",
            RuleError::Syntax => "Syntax error",
            RuleError::KeysAfterAll => {
                "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and \
                 does not have any effect. Try 'resetkeys' to start with an empty list of patterns"
            }
            RuleError::ChannelsAfterAll => {
                "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and \
                 does not have any effect. Try 'resetchannels' to start with an empty list of \
                 channels"
            }
            RuleError::NoSuchPassword => {
                "The password you are trying to remove from the user does not exist"
            }
            RuleError::BadHash => {
                "The password hash must be exactly 64 characters and contain only lowercase \
                 hexadecimal characters"
            }
            RuleError::FirstArgOfSubcommand => {
                "Allowing first-arg of a subcommand is not supported"
            }
        })
    }
}

/// A category by name.
pub fn category(name: &[u8]) -> Option<Categories> {
    let mut named = Categories::NAMES.iter();
    let found = named.find(|(_, known)| known.as_bytes().eq_ignore_ascii_case(name));
    found.map(|(category, _)| *category)
}

/// What follows the `%` of a rule for keys: `R~`, `W~` or `RW~`, and the pattern.
pub(super) fn key_rule(rule: &[u8]) -> Result<(Access, &[u8]), RuleError> {
    let mut access = Access::default();
    for (index, byte) in rule.iter().enumerate() {
        match byte.to_ascii_uppercase() {
            b'R' if !access.read => access.read = true,
            b'W' if !access.write => access.write = true,
            b'~' if access != Access::default() => return Ok((access, &rule[index + 1..])),
            _ => return Err(RuleError::Syntax),
        }
    }
    Ok((access, &[]))
}

/// Neither names nor patterns may have spaces in them: a line of a file could not hold them.
pub fn has_spaces(text: &[u8]) -> bool {
    text.iter().any(|byte| *byte == 0 || byte.is_ascii_whitespace() || *byte == 0x0b)
}

/// Puts the words of each selector, `(` to `)`, together into one rule. An error is the index of
/// the word that opens a selector which is never closed.
pub fn join_selectors<'a>(
    words: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<Cow<'a, [u8]>>, usize> {
    let mut rules: Vec<Cow<'a, [u8]>> = Vec::new();
    let mut open = None;
    for (index, word) in words.into_iter().enumerate() {
        match rules.last_mut().filter(|_| open.is_some()) {
            Some(selector) => {
                let selector = selector.to_mut();
                selector.push(b' ');
                selector.extend_from_slice(word);
            }
            None => {
                rules.push(Cow::Borrowed(word));
                open = word.starts_with(b"(").then_some(index);
            }
        }
        if word.ends_with(b")") {
            open = None;
        }
    }
    open.map_or(Ok(rules), Err)
}

/// The rules between the parentheses of a selector.
pub(super) fn split_selector(rule: &[u8]) -> Result<Vec<Vec<u8>>, RuleError> {
    let inner = rule.strip_prefix(b"(").and_then(|rest| rest.strip_suffix(b")"));
    inline::words(inner.ok_or(RuleError::Syntax)?).map_err(|_| RuleError::Syntax)
}

/// Rules with a blank between them.
pub(super) fn join<'a>(rules: impl Iterator<Item = Cow<'a, [u8]>>) -> Vec<u8> {
    rules.collect::<Vec<_>>().join(&b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(words: &str) -> Result<Vec<String>, usize> {
        let rules = join_selectors(words.split(' ').map(str::as_bytes))?;
        Ok(rules.iter().map(|rule| String::from_utf8_lossy(rule).into_owned()).collect())
    }

    #[test]
    fn the_words_of_a_selector_are_one_rule() {
        assert_eq!(joined("on (+get ~k*) (+set)").unwrap(), ["on", "(+get ~k*)", "(+set)"]);
        assert_eq!(joined("( +get )").unwrap(), ["( +get )"]);
        assert_eq!(joined("on (+get ~k*"), Err(1));
        assert_eq!(joined("(+get)x"), Err(0));
    }

    #[test]
    fn access_comes_in_any_order_and_once() {
        let both = Access { read: true, write: true };
        assert_eq!(key_rule(b"RW~a~b"), Ok((both, &b"a~b"[..])));
        assert_eq!(key_rule(b"wr~"), Ok((both, &b""[..])));
        assert_eq!(key_rule(b"~a"), Err(RuleError::Syntax));
        assert_eq!(key_rule(b"RR~a"), Err(RuleError::Syntax));
    }
}
