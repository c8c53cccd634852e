//! Rules.
//!
//! Write `apply` and `permits`. A rule is applied to what those before it have left:
//!
//! | rule | means |
//! |---|---|
//! | `+name`, `-name` | this command is permitted, or not |
//! | `+@category`, `-@category` | all commands of the category; `@all` is one that has all |
//! | `~pattern` | keys that it matches may be read and written; `%R~pattern` read, `%W~pattern` written |
//! | `resetkeys` | no keys any more |
//!
//! Any other rule, an unknown command or category is `Err`, and changes nothing. A pattern is a text, or one
//! with a `*` as its last letter.

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
    // And the keys?
}

impl Selector {
    pub fn apply(&mut self, rule: &str) -> Result<(), ()> {
        Ok(())
    }

    /// Whether this command may be called with these keys.
    pub fn permits(&self, command: &str, keys: &[(&str, Use)]) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selector(rules: &str) -> Selector {
        let mut selector = Selector::default();
        rules.split_whitespace().for_each(|rule| selector.apply(rule).unwrap());
        selector
    }

    fn commands(rules: &str) -> Vec<&'static str> {
        selector(rules).commands.into_iter().collect()
    }

    #[test]
    fn the_order_of_rules_counts() {
        assert_eq!(commands("+get +set -get"), ["set"]);
        assert_eq!(commands("+@write -@dangerous"), ["del", "set"]);
        assert_eq!(commands("-@dangerous +@write"), ["del", "flushall", "set"]);
        assert_eq!(commands("+@all -@all +get"), ["get"]);
    }

    #[test]
    fn keys_are_for_reading_or_writing() {
        use Use::{Read, Write};
        let selector = selector("+@all ~app:* %R~conf ~tmp resetkeys ~app:* %R~conf %W~log:*");
        for (key, how, expected) in [
            ("app:1", Write, true),
            ("app", Read, false),
            ("conf", Read, true),
            ("conf", Write, false),
            ("conf:1", Read, false),
            ("log:1", Write, true),
            ("log:1", Read, false),
            ("tmp", Read, false),
        ] {
            assert_eq!(selector.permits("get", &[(key, how)]), expected, "{key}");
        }
        assert!(selector.permits("flushall", &[]));
        assert!(!selector.permits("set", &[("app:1", Write), ("conf", Write)]), "all keys");
    }

    #[test]
    fn what_is_no_rule_changes_nothing() {
        let mut selector = selector("+get ~a");
        for wrong in ["+nosuch", "+@nosuch", "-@nosuch", "get", "%~a", "%X~a", "%R", ""] {
            assert_eq!(selector.apply(wrong), Err(()), "{wrong}");
        }
        assert!(selector.permits("get", &[("a", Use::Read)]));
    }
}
