//! The commands of Redis 7.0 that this server hasn't got yet.
//!
//! Files written for Redis name them: users that may not MODULE|LOAD, by name. Such a line
//! is right, and has to mean the same on the day when the command is there.

use super::spec::Categories;

const SLOW: Categories = Categories::SLOW;
const ADMIN: Categories = SLOW.with(Categories::ADMIN).with(Categories::DANGEROUS);

/// Names and categories. A line goes when its command comes.
pub const ABSENT: &[(&str, Categories)] =
    &[("module|load", ADMIN), ("module|loadex", ADMIN), ("module|unload", ADMIN)];

/// Whether this is the name of a command, not a subcommand, that isn't there yet; in any case.
pub fn is_command(name: &[u8]) -> bool {
    let mut commands = ABSENT.iter().filter(|(known, _)| !known.contains('|'));
    commands.any(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_is_in_no_row() {
        for (name, _) in ABSENT {
            assert!(super::super::by_name(name.as_bytes()).is_none(), "{name} has come");
        }
    }
}
