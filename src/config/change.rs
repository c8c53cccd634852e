//! CONFIG GET and CONFIG SET, as far as they are about values.
//!
//! CONFIG SET takes any number of pairs and does all or nothing. It goes through the pairs three
//! times, and the order decides which of several mistakes is reported:
//!
//! 1. is every name known, changeable, permitted, and named once;
//! 2. does every value parse (into a copy of the configuration);
//! 3. what changed (the copy becomes the configuration).

use std::fmt;

use super::{Allowed, Config, Flag, PARAMETERS, Parameter, lookup};
use crate::number::glob;

/// Why CONFIG SET changed nothing. Displayed, it is the error text of Redis without `ERR`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetError {
    /// There is no such parameter.
    Unknown(String),
    /// The parameter cannot be set (to this value, by this client, now).
    Refused {
        /// The parameter.
        name: String,
        /// Why.
        reason: String,
    },
}

impl SetError {
    /// The refusal of a parameter, with the reason. Also for whoever applies a change (binds the
    /// new port, say) and fails.
    pub fn refused(name: &str, reason: &str) -> Self {
        Self::Refused { name: name.to_owned(), reason: reason.to_owned() }
    }
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => {
                write!(f, "Unknown option or number of arguments for CONFIG SET - '{name}'")
            }
            Self::Refused { name, reason } => {
                write!(f, "CONFIG SET failed (possibly related to argument '{name}') - {reason}")
            }
        }
    }
}

impl std::error::Error for SetError {}

impl Config {
    /// CONFIG SET: all of the pairs or none of them. `local` says whether the client is on this
    /// machine, which `enable-protected-configs local` asks. Returns the parameters whose value
    /// is now another, or may mean something else.
    ///
    /// A caller that has to act on the changes, and may fail, keeps a clone to go back to.
    pub fn set_many<W: AsRef<[u8]>>(
        &mut self,
        pairs: &[(W, W)],
        local: bool,
    ) -> Result<Vec<&'static Parameter>, SetError> {
        let targets = self.admissible(pairs, local)?;
        let mut changed = self.clone();
        for ((name, parameter), (_, value)) in targets.iter().zip(pairs) {
            let set = |reason: String| SetError::refused(name, &reason);
            let words = words_of(parameter, value.as_ref());
            changed.apply(parameter, &words).map_err(set)?;
        }
        let is_target = |row: &Parameter| targets.iter().any(|(_, target)| *target == row);
        let differs = |row: &&Parameter| {
            (row.get)(self) != (row.get)(&changed) || row.has(Flag::Volatile) && is_target(row)
        };
        let differing = PARAMETERS.iter().filter(differs).collect();
        *self = changed;
        Ok(differing)
    }

    /// Gives one parameter a value before there is a server, whatever may be changed later.
    pub fn set_at_start(&mut self, name: &str, value: &str) -> Result<(), SetError> {
        let (name, parameter) = lookup(name).ok_or_else(|| SetError::Unknown(name.to_owned()))?;
        self.apply(parameter, &words_of(parameter, value.as_bytes()))
            .map_err(|reason| SetError::refused(name, &reason))
    }

    /// The parameters that the pairs name, if all of them may be set.
    fn admissible<W: AsRef<[u8]>>(
        &self,
        pairs: &[(W, W)],
        local: bool,
    ) -> Result<Vec<(&'static str, &'static Parameter)>, SetError> {
        let mut targets: Vec<(&'static str, &'static Parameter)> = Vec::with_capacity(pairs.len());
        for (given, _) in pairs {
            let Some((name, parameter)) = lookup(given) else {
                let given = String::from_utf8_lossy(given.as_ref());
                return Err(SetError::Unknown(given.into_owned()));
            };
            let protected = parameter.has(Flag::Protected);
            let reason = if parameter.has(Flag::Immutable) {
                Some("can't set immutable config")
            } else if protected && !Allowed::permits(self.enable_protected_configs, local) {
                Some("can't set protected config")
            } else if targets.iter().any(|(other, _)| *other == name) {
                // An alias beside its parameter is no duplicate: the later one wins, as in Redis.
                Some("duplicate parameter")
            } else {
                None
            };
            if let Some(reason) = reason {
                return Err(SetError::refused(name, reason));
            }
            targets.push((name, parameter));
        }
        Ok(targets)
    }

    /// CONFIG GET: names and values for which any of the patterns matches, each name once.
    ///
    /// A pattern without wildcards is a name: it also finds hidden parameters, and comes back
    /// spelled as it was given.
    pub fn get_matching<'a>(
        &self,
        patterns: impl IntoIterator<Item = &'a [u8]>,
    ) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut found: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        let mut add = |name: &[u8], parameter: &Parameter| {
            if !found.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
                found.push((name.to_owned(), (parameter.get)(self)));
            }
        };
        for pattern in patterns {
            if !pattern.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[')) {
                if let Some((_, parameter)) = lookup(pattern) {
                    add(pattern, parameter);
                }
                continue;
            }
            for parameter in PARAMETERS.iter().filter(|row| !row.has(Flag::Hidden)) {
                for name in std::iter::once(&parameter.name).chain(parameter.aliases) {
                    if glob::matches(pattern, name.as_bytes(), true) {
                        add(name.as_bytes(), parameter);
                    }
                }
            }
        }
        found
    }
}

/// The words of a value that came as one string. Several words are separated by exactly one
/// blank, as Redis has it, so `900  1` has an empty word in it.
pub(super) fn words_of<'a>(parameter: &Parameter, value: &'a [u8]) -> Vec<&'a [u8]> {
    if !parameter.has(Flag::Multi) {
        vec![value]
    } else if value.is_empty() {
        Vec::new()
    } else {
        value.split(|byte| *byte == b' ').collect()
    }
}
