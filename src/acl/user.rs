//! A user: how it logs in, and its selectors.
//!
//! Passwords are kept as SHA-256, so neither ACL LIST nor a file shows them. That is no protection
//! of weak ones: let machines use long random ones (ACL GENPASS).

use std::sync::Arc;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::rules::{self, RuleError};
use super::selector::{Denied, Selector};
use crate::catalogue::Row;
use crate::config::CompatVersion;
use crate::resp::Args;

type Hash = [u8; 32];

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: Arc<[u8]>,
    enabled: bool,
    /// Any password will do.
    nopass: bool,
    /// Whether RESTORE checks its payloads; `None` where nobody has said. They are always checked
    /// here, so this is only for show.
    sanitizes: Option<bool>,
    passwords: Vec<Hash>,
    root: Selector,
    more: Vec<Selector>,
}

impl User {
    /// A user that can't log in and may do nothing, except use all channels if new users may.
    pub fn new(name: &[u8], all_channels: bool) -> Self {
        User {
            name: name.into(),
            enabled: false,
            nopass: false,
            sanitizes: None,
            passwords: Vec::new(),
            root: Selector::new(all_channels),
            more: Vec::new(),
        }
    }

    /// The user that a server without any rules has: anybody, who may do anything.
    pub fn unrestricted(name: &[u8]) -> Self {
        let mut user = User::new(name, true);
        for rule in ["on", "nopass", "allkeys", "allcommands"] {
            let _ = user.apply(rule.as_bytes(), true); // always valid
        }
        user
    }

    /// Whether it may do everything.
    pub fn is_unrestricted(&self) -> bool {
        self.selectors().any(Selector::is_unrestricted)
    }

    /// Whether whoever connects is this user without saying so, if it is the default user.
    pub fn is_open(&self) -> bool {
        self.nopass && self.enabled
    }

    /// Whether it needs no password; it may still be disabled.
    pub fn needs_no_password(&self) -> bool {
        self.nopass
    }

    /// Whether this password logs in. Takes the same time however much of it is right.
    pub fn accepts(&self, password: &[u8]) -> bool {
        let given = Sha256::digest(password);
        let known = self.passwords.iter().fold(subtle::Choice::from(0), |found, hash| {
            found | hash.as_slice().ct_eq(given.as_slice())
        });
        self.enabled && (self.nopass || bool::from(known))
    }

    /// All selectors, the root first.
    pub fn selectors(&self) -> impl Iterator<Item = &Selector> {
        std::iter::once(&self.root).chain(&self.more)
    }

    /// The selectors in parentheses.
    pub fn further_selectors(&self) -> &[Selector] {
        &self.more
    }

    /// The selector outside of parentheses.
    pub fn root(&self) -> &Selector {
        &self.root
    }

    /// Whether it may do what is asked; the number of arguments has been checked.
    pub fn check(&self, row: &Row, args: Args<'_>) -> Result<(), Denied> {
        let mut reason = Denied::Command;
        for selector in self.selectors() {
            match selector.check(row, args) {
                Ok(()) => return Ok(()),
                Err(denied) => reason = reason.max(denied),
            }
        }
        Err(reason)
    }

    /// Whether it may do what is asked, and read any key there is besides.
    pub fn may_read_anything(&self, row: &Row, args: Args<'_>) -> bool {
        self.selectors().any(|selector| selector.permits_reading_anything(row, args))
    }

    /// Whether it may use a channel, or a pattern of channels.
    pub fn may_use_channel(&self, name: &[u8], is_pattern: bool) -> bool {
        self.selectors().any(|selector| selector.permits_channel(name, is_pattern))
    }

    /// Applies one rule; see [`super::rules`]. `all_channels` is what new selectors begin with.
    pub fn apply(&mut self, rule: &[u8], all_channels: bool) -> Result<(), RuleError> {
        match (rule.to_ascii_lowercase().as_slice(), rule.first()) {
            (b"", _) => {}
            (b"on", _) => self.enabled = true,
            (b"off", _) => self.enabled = false,
            (b"nopass", _) => {
                self.nopass = true;
                self.passwords.clear();
            }
            (b"resetpass", _) => {
                self.nopass = false;
                self.passwords.clear();
            }
            (b"sanitize-payload", _) => self.sanitizes = Some(true),
            (b"skip-sanitize-payload", _) => self.sanitizes = Some(false),
            (b"clearselectors", _) => self.more.clear(),
            (b"reset", _) => {
                *self = User::new(&self.name, all_channels);
                self.sanitizes = Some(true);
            }
            (_, Some(b'>')) => self.add_password(Sha256::digest(&rule[1..]).into()),
            (_, Some(b'#')) => self.add_password(parse_hash(&rule[1..])?),
            (_, Some(b'<')) => self.remove_password(&Sha256::digest(&rule[1..]).into())?,
            (_, Some(b'!')) => self.remove_password(&parse_hash(&rule[1..])?)?,
            (_, Some(b'(')) if rule.ends_with(b")") => {
                let mut selector = Selector::new(all_channels);
                for rule in rules::split_selector(rule)? {
                    selector.apply(&rule)?;
                }
                self.more.push(selector);
            }
            _ => self.root.apply(rule)?,
        }
        Ok(())
    }

    fn add_password(&mut self, hash: Hash) {
        self.nopass = false;
        if !self.passwords.contains(&hash) {
            self.passwords.push(hash);
        }
    }

    fn remove_password(&mut self, hash: &Hash) -> Result<(), RuleError> {
        let position = self.passwords.iter().position(|known| known == hash);
        self.passwords.remove(position.ok_or(RuleError::NoSuchPassword)?);
        Ok(())
    }

    /// How it logs in, as ACL GETUSER tells it.
    pub fn flags(&self, compat: CompatVersion) -> Vec<&'static str> {
        let sanitizes = self.sanitizes.or(compat.tells_default_flags().then_some(true));
        let sanitizes = sanitizes.map(|sanitizes| match sanitizes {
            true => "sanitize-payload",
            false => "skip-sanitize-payload",
        });
        let flags = [
            Some(if self.enabled { "on" } else { "off" }),
            self.nopass.then_some("nopass"),
            sanitizes,
        ];
        flags.into_iter().flatten().collect()
    }

    /// The hashes of its passwords, in hexadecimal digits.
    pub fn passwords(&self) -> impl Iterator<Item = String> {
        self.passwords.iter().map(|hash| hash.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// All of it as rules, as ACL LIST tells them.
    pub fn describe(&self, compat: CompatVersion) -> Vec<u8> {
        let mut text = self.flags(compat).join(" ").into_bytes();
        for hash in self.passwords() {
            text.extend_from_slice(format!(" #{hash}").as_bytes());
        }
        text.push(b' ');
        text.extend_from_slice(&self.root.describe(compat));
        for selector in &self.more {
            text.extend_from_slice(&[b" (", selector.describe(compat).as_slice(), b")"].concat());
        }
        text
    }
}

/// Sixty-four hexadecimal digits, in lower case.
fn parse_hash(text: &[u8]) -> Result<Hash, RuleError> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?));
    let bytes: Option<Vec<u8>> = pairs.collect();
    let hash = bytes.filter(|_| text.len() == 64).and_then(|bytes| bytes.try_into().ok());
    hash.ok_or(RuleError::BadHash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Names;
    use crate::resp::Request;

    fn user(rules: &str) -> User {
        let mut user = User::new(b"u", false);
        let rules = rules::join_selectors(rules.split(' ').map(str::as_bytes)).unwrap();
        rules.iter().for_each(|rule| user.apply(rule, false).unwrap());
        user
    }

    fn check(user: &User, request: &str) -> Result<(), Denied> {
        let request = Request::new(request.split(' ').map(str::as_bytes));
        let row = Names::default().lookup(request.args()).unwrap();
        user.check(row, request.args())
    }

    #[test]
    fn one_selector_has_to_permit_all_of_a_request() {
        let user = user("on +@read %R~r* (+@write ~w*) (+publish &news.*)");
        assert_eq!(check(&user, "GET r1"), Ok(()));
        assert_eq!(check(&user, "GET w1"), Err(Denied::Key(1)));
        assert_eq!(check(&user, "SET w1 x"), Ok(()));
        assert_eq!(check(&user, "COPY r1 w1"), Err(Denied::Key(1)));
        assert_eq!(check(&user, "PUBLISH news.1 x"), Ok(()));
        assert_eq!(check(&user, "PUBLISH old x"), Err(Denied::Channel(1)));
        assert_eq!(check(&user, "CONFIG GET x"), Err(Denied::Command));
        assert_eq!(check(&user, "AUTH x"), Ok(()));
    }

    #[test]
    fn keys_are_read_and_written_by_what_the_command_does() {
        let user = user("on +@all %R~r* %W~w* ~b*");
        assert_eq!(check(&user, "COPY r w"), Ok(()));
        assert_eq!(check(&user, "COPY w b"), Err(Denied::Key(1)));
        assert_eq!(check(&user, "INCR w"), Err(Denied::Key(1)));
        assert_eq!(check(&user, "SET w x"), Ok(()));
        assert_eq!(check(&user, "SET w x GET"), Err(Denied::Key(1)));
        assert_eq!(check(&user, "STRLEN w"), Ok(()));
        assert_eq!(check(&user, "STRLEN x"), Err(Denied::Key(1)));
        assert_eq!(check(&user, "PSUBSCRIBE *"), Err(Denied::Channel(1)));
    }

    #[test]
    fn passwords_are_accepted_by_their_hashes() {
        let mut user = user("on >one >two");
        assert!(user.accepts(b"one") && user.accepts(b"two") && !user.accepts(b"tw"));
        user.apply(b"<one", false).unwrap();
        assert!(!user.accepts(b"one"));
        assert_eq!(user.apply(b"<one", false), Err(RuleError::NoSuchPassword));
        user.apply(b"off", false).unwrap();
        assert!(!user.accepts(b"two"));
    }

    #[test]
    fn everything_permitted_is_told_from_everything_named() {
        assert!(User::unrestricted(b"default").is_unrestricted());
        assert!(user("+@all ~* &*").is_unrestricted());
        assert!(user("(+@all ~* &*)").is_unrestricted());
        assert!(!user("+@all ~* &* -debug").is_unrestricted());
        assert!(!user("+@all %R~* &*").is_unrestricted());
    }
}
