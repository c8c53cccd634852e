//! The normal form of permissions for commands.
//!
//! Redis 7.0 knows only what is permitted, not by which rules it came about, and finds rules anew:
//! begin with nothing (or with everything, if future commands are permitted), then take the
//! category that brings the description nearest to the goal, as long as there is one, and
//! mend what still differs command by command.
//!
//! ```text
//! goal: get set mget             best category     mended
//! -@all                          none fits         -@all +get +mget +set
//! ```
//!
//! The same way as Redis takes, so that both arrive at the same rules. (Redis 8.2 tells those that it
//! was given, and so do we with that `compat-version`.) Only the order of single
//! commands is that of a hash table there, and the alphabet here.

use std::borrow::Cow;

use super::rules::{self, Access};
use super::selector::Selector;
use super::subjects::{self, Subject};
use crate::catalogue::spec::Categories;
use crate::config::CompatVersion;

impl Selector {
    /// The rules for keys, as ACL GETUSER tells them.
    pub fn describe_keys(&self) -> Vec<u8> {
        if self.all_keys {
            return b"~*".to_vec();
        }
        let rules = self.keys.iter().map(|(access, pattern)| {
            let prefix: &[u8] = match access {
                Access { read: true, write: true } => b"~",
                Access { read: true, write: false } => b"%R~",
                _ => b"%W~",
            };
            Cow::Owned([prefix, pattern].concat())
        });
        rules::join(rules)
    }

    /// The rules for channels, as ACL GETUSER tells them.
    pub fn describe_channels(&self) -> Vec<u8> {
        match self.all_channels {
            true => b"&*".to_vec(),
            false => {
                rules::join(self.channels.iter().map(|name| [b"&", &name[..]].concat().into()))
            }
        }
    }

    /// The rules for commands, as ACL GETUSER tells them.
    pub fn describe_commands(&self, compat: CompatVersion) -> Vec<u8> {
        match compat.tells_rules_as_given() {
            true => self.given.join(&b' '),
            false => commands(self),
        }
    }

    /// All rules, as ACL LIST tells them. Who gets the rules may have other defaults for channels,
    /// so these are always told.
    pub fn describe(&self, compat: CompatVersion) -> Vec<u8> {
        let channels = self.describe_channels();
        let reset: &[u8] = if self.all_channels { b"" } else { b"resetchannels" };
        let keys = self.describe_keys();
        let commands = self.describe_commands(compat);
        let parts: [Cow<'_, [u8]>; 4] =
            [keys.into(), reset.into(), channels.into(), commands.into()];
        rules::join(parts.into_iter().filter(|part| !part.is_empty()))
    }
}

/// Rules that lead to the selector's permissions for commands.
fn commands(goal: &Selector) -> Vec<u8> {
    // What is to be added to nothing, or taken from everything.
    let adds = !goal.future;
    let mut reached = Selector::new(false);
    let mut text = if adds { b"-@all" } else { b"+@all" }.to_vec();
    let _ = reached.apply(&text); // always valid
    let mut left = goal.clone();
    let mut unused = Categories::NAMES.to_vec();
    while let Some(best) = best_category(&left, &unused, adds) {
        let (category, name) = unused.remove(best);
        reached.set_all_of(category, adds);
        left.set_all_of(category, !adds);
        text.extend(format!(" {}@{name}", sign(adds)).into_bytes());
    }
    let single = subjects::all().iter().filter(|subject| subject.container().is_none());
    let mut single: Vec<&Subject> = single.collect();
    single.sort_unstable_by_key(|subject| subject.name);
    single.iter().for_each(|subject| mend(goal, &mut reached, subject, &mut text));
    text
}

/// The category that has most in common with what is left, and least that isn't: more commands
/// fit than don't, and of all such it has the fewest that don't, then the most that do.
fn best_category(
    left: &Selector,
    unused: &[(Categories, &'static str)],
    adds: bool,
) -> Option<usize> {
    let mut best = None;
    let (mut least_wrong, mut most_right) = (usize::MAX, 0);
    for (index, (category, _)) in unused.iter().enumerate() {
        let of_category = subjects::all().iter().filter(|it| it.categories.has(*category));
        let (right, wrong): (Vec<&Subject>, Vec<&Subject>) =
            of_category.partition(|subject| left.permits_subject(subject) == adds);
        let (right, wrong) = (right.len(), wrong.len());
        let is_better = wrong < least_wrong || (wrong == least_wrong && right > most_right);
        if right > wrong && is_better {
            best = Some(index);
            (least_wrong, most_right) = (wrong, right);
        }
    }
    best
}

/// Adds the rules in which a command, and then each of its subcommands, still differs.
fn mend(goal: &Selector, reached: &mut Selector, subject: &Subject, text: &mut Vec<u8>) {
    let permitted = goal.permits_subject(subject);
    if permitted != reached.permits_subject(subject) {
        reached.set(subject, permitted);
        text.extend(format!(" {}{}", sign(permitted), subject.name).into_bytes());
    }
    let mut inner: Vec<&Subject> = subject.subcommands().collect();
    inner.sort_unstable_by_key(|subject| subject.name);
    inner.iter().for_each(|subject| mend(goal, reached, subject, text));
    for (_, first) in goal.first_args.iter().filter(|(index, _)| *index == subject.index) {
        if !permitted {
            text.extend(format!(" +{}|", subject.name).into_bytes());
            text.extend_from_slice(first);
        }
    }
}

fn sign(adds: bool) -> char {
    if adds { '+' } else { '-' }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rules that redis-server 7.0.15 shows after these.
    fn described(rules: &str) -> String {
        let mut selector = Selector::new(false);
        for rule in rules.split(' ') {
            selector.apply(rule.as_bytes()).unwrap();
        }
        String::from_utf8(selector.describe_commands(CompatVersion::Redis7)).unwrap()
    }

    #[test]
    fn rules_come_back_in_their_normal_form() {
        for (given, shown) in [
            ("+@read +@write", "-@all +@write +@read"),
            ("+@all -@dangerous", "+@all -@dangerous"),
            ("+@all -config|get", "+@all -config|get"),
            ("+config -config|set", "-@all +config -config|set"),
            ("+@geo +@string", "-@all +@string +@geo"),
            ("+@list +@hash -hget", "-@all +@list +@hash -hget"),
            ("+set +get +select|0 +select|B", "-@all +get +select|0 +select|B +set"),
            ("+@string -get", "-@all +@string -get"),
            ("+@all -select +select|0", "+@all -select +select|0"),
            ("+@all -@all +@list -@list", "-@all"),
        ] {
            assert_eq!(described(given), shown, "{given}");
        }
    }
}
