//! Access control: who may log in, and which commands, keys and channels each user may use.
//!
//! | file         | what it is                                                       |
//! |--------------|------------------------------------------------------------------|
//! | [`rules`]    | the language of the rules: start reading here                     |
//! | [`user`]     | a user: passwords and selectors                                  |
//! | [`selector`] | a selector: permissions for commands, keys and channels           |
//! | [`subjects`] | the commands that rules can name, be they here or not             |
//! | `describe`   | from permissions back to rules                                    |
//! | [`file`](mod@file) | the file with the users                                     |
//! | [`log`]      | what was refused                                                  |
//!
//! All of this is data and decisions about data; it knows the command table, but no client and no
//! engine. The gate that asks it is `command/permission.rs`, the commands are in `command/acl/`.
//!
//! Whoever connects is the user `default`, who can't be removed, and who may do everything unless
//! somebody says otherwise. A user that may do everything costs nothing: each client has a flag
//! that says so, and only if it isn't set is any of this looked at.

mod describe;
pub mod file;
pub mod log;
pub mod rules;
pub mod selector;
pub mod subjects;
pub mod user;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::CompatVersion;

pub use self::log::{Log, LogContext};
pub use self::rules::RuleError;
pub use self::selector::{Denied, Selector};
pub use self::user::User;

/// The user that clients are before they say who they are.
pub const DEFAULT: &[u8] = b"default";

/// All users, and what they were refused.
#[derive(Debug)]
pub struct Acl {
    users: BTreeMap<Arc<[u8]>, User>,
    /// What was refused.
    pub log: Log,
}

/// A rule that can't be applied.
#[derive(Debug, PartialEq, Eq)]
pub struct BadRule {
    /// The rule.
    pub rule: Vec<u8>,
    /// What is wrong with it.
    pub error: RuleError,
}

impl Default for Acl {
    fn default() -> Self {
        let mut acl = Acl { users: BTreeMap::new(), log: Log::default() };
        acl.put(User::unrestricted(DEFAULT));
        acl
    }
}

impl Acl {
    /// A user.
    pub fn user(&self, name: &[u8]) -> Option<&User> {
        self.users.get(name)
    }

    /// The user that clients are before they say who they are.
    pub fn default_user(&self) -> &User {
        self.users.get(DEFAULT).expect("the default user can't be removed")
    }

    /// All users, by name.
    pub fn users(&self) -> impl ExactSizeIterator<Item = &User> {
        self.users.values()
    }

    /// Creates or changes a user; nothing happens if a rule is wrong. `all_channels` is what new
    /// selectors begin with.
    pub fn set_user<'a>(
        &mut self,
        name: &[u8],
        rules: impl IntoIterator<Item = &'a [u8]>,
        all_channels: bool,
    ) -> Result<(), BadRule> {
        let known = self.users.get(name).cloned();
        let mut user = known.unwrap_or_else(|| User::new(name, all_channels));
        for rule in rules {
            let bad = |error| BadRule { rule: rule.to_vec(), error };
            user.apply(rule, all_channels).map_err(bad)?;
        }
        self.put(user);
        Ok(())
    }

    /// Adds a user, or replaces the one of the same name.
    fn put(&mut self, user: User) {
        self.users.insert(Arc::clone(&user.name), user);
    }

    /// Removes a user. False: there was none.
    pub fn remove_user(&mut self, name: &[u8]) -> bool {
        name != DEFAULT && self.users.remove(name).is_some()
    }

    /// Sets the password of the default user; the empty one means that none is needed.
    pub fn set_default_password(&mut self, password: &[u8]) {
        let given = [b">", password].concat();
        let rule = if password.is_empty() { &b"nopass"[..] } else { &given };
        for rule in [b"resetpass", rule] {
            // Always valid; and the default user exists, so nothing else is changed.
            let _ = self.set_user(DEFAULT, [rule], true);
        }
    }

    /// Puts other users in the place of all; without a default user among them, that one is as
    /// in the beginning, with the password of the configuration.
    pub fn replace_users(&mut self, users: BTreeMap<Arc<[u8]>, User>, password: &[u8]) {
        self.users = users;
        if self.user(DEFAULT).is_none() {
            self.put(User::unrestricted(DEFAULT));
            self.set_default_password(password);
        }
    }

    /// Every user as a line of rules: `user <name> <rules>`.
    pub fn lines(&self, compat: CompatVersion) -> impl Iterator<Item = Vec<u8>> {
        let line =
            move |user: &User| [b"user ", &user.name[..], b" ", &user.describe(compat)].concat();
        self.users().map(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_rule_changes_nothing() {
        let mut acl = Acl::default();
        let error = acl.set_user(b"eve", [&b"on"[..], b"+nosuch"], false).unwrap_err();
        assert_eq!(error, BadRule { rule: b"+nosuch".to_vec(), error: RuleError::UnknownCommand });
        assert!(acl.user(b"eve").is_none());
    }

    #[test]
    fn the_default_user_stays() {
        let mut acl = Acl::default();
        assert!(!acl.remove_user(DEFAULT));
        acl.set_default_password(b"secret");
        assert!(!acl.default_user().is_open() && acl.default_user().accepts(b"secret"));
        acl.set_default_password(b"");
        assert!(acl.default_user().is_open());
        acl.replace_users(BTreeMap::new(), b"");
        assert_eq!(
            acl.lines(CompatVersion::Redis7).collect::<Vec<_>>(),
            [b"user default on nopass ~* &* +@all"]
        );
    }
}
