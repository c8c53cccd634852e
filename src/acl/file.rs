//! The file with the users: a line for each, as ACL LIST shows it.
//!
//! ```text
//! user default on nopass ~* &* +@all
//! user alice on #2bb8... ~app:* resetchannels -@all +@read
//! ```
//!
//! Loading takes all of the file or nothing of it, and tells everything that is wrong with it.
//! Saving writes beside the old file and renames, so a crash leaves one of the two.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use super::rules::{self, RuleError};
use super::{Acl, User};
use crate::config::{CompatVersion, system_text};

/// The users that a file describes, or everything that is wrong with it, in Redis' words.
pub fn load(path: &str, all_channels: bool) -> Result<BTreeMap<Arc<[u8]>, User>, String> {
    let text = fs::read(path).map_err(|error| {
        format!("Error loading ACLs, opening file '{path}': {}", system_text(&error))
    })?;
    parse(path, &text, all_channels)
}

/// The users of a text that was read from `path`.
pub fn parse(
    path: &str,
    text: &[u8],
    all_channels: bool,
) -> Result<BTreeMap<Arc<[u8]>, User>, String> {
    let mut users = BTreeMap::new();
    let mut errors = String::new();
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let number = index + 1;
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let mut words = line.split(|byte| *byte == b' ');
        let (Some(b"user"), Some(name)) = (words.next(), words.next()) else {
            errors.push_str(&format!(
                "{path}:{number} should start with user keyword followed by the username. "
            ));
            continue;
        };
        if users.contains_key(name) {
            let name = String::from_utf8_lossy(name);
            errors.push_str(&format!("WARNING: Duplicate user '{name}' found on line {number}. "));
            continue;
        }
        match user_of(name, words, all_channels) {
            Ok(user) => _ = users.insert(Arc::clone(&user.name), user),
            Err(reason) => errors.push_str(&format!("{path}:{number}: {reason}. ")),
        }
    }
    if errors.is_empty() {
        return Ok(users);
    }
    errors.push_str(
        "WARNING: ACL errors detected, no change to the previously active ACL rules was performed",
    );
    Err(errors)
}

fn user_of<'a>(
    name: &[u8],
    words: impl Iterator<Item = &'a [u8]>,
    all_channels: bool,
) -> Result<User, String> {
    let rules = rules::join_selectors(words)
        .map_err(|_| "Unmatched parenthesis in selector definition".to_owned())?;
    let mut user = User::new(name, all_channels);
    for rule in &rules {
        user.apply(rule, all_channels).map_err(|error| match error {
            RuleError::UnknownCommand => {
                format!("Error in applying operation '{}': {error}", String::from_utf8_lossy(rule))
            }
            error => error.to_string(),
        })?;
    }
    Ok(user)
}

/// Writes all users to the file.
pub fn save(path: &str, acl: &Acl) -> io::Result<()> {
    let path = Path::new(path);
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".tmp-{}", std::process::id()));
    let beside = Path::new(&name);
    let write = || {
        let mut file = fs::File::create(beside)?;
        for line in acl.lines(CompatVersion::default()) {
            file.write_all(&[&line[..], b"\n"].concat())?;
        }
        file.sync_all()?;
        fs::rename(beside, path)
    };
    write().inspect_err(|_| _ = fs::remove_file(beside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_told() {
        let text =
            "usr a on\nuser\nuser a b\nuser b +nosuch\nuser q (+get\nuser c on\nuser c off\n";
        assert_eq!(
            parse("f", text.as_bytes(), false).unwrap_err(),
            "f:1 should start with user keyword followed by the username. \
             f:2 should start with user keyword followed by the username. \
             f:3: Syntax error. \
             f:4: Error in applying operation '+nosuch': Unknown command or category name in ACL. \
             f:5: Unmatched parenthesis in selector definition. \
             WARNING: Duplicate user 'c' found on line 7. \
             WARNING: ACL errors detected, no change to the previously active ACL rules was \
             performed"
        );
    }

    #[test]
    fn what_is_saved_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.acl");
        let path = path.to_str().unwrap();
        let mut acl = Acl::default();
        let rules = ["on", ">x", "%R~a*", "&c", "+@list", "(+get ~b)"].map(str::as_bytes);
        acl.set_user(b"eve", rules, false).unwrap();
        save(path, &acl).unwrap();
        let loaded = load(path, true).unwrap();
        assert_eq!(loaded.get(&b"eve"[..]), acl.user(b"eve"));
        assert!(load(&format!("{path}.gone"), true).unwrap_err().starts_with("Error loading ACLs"));
    }
}
