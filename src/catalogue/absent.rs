//! The commands of Redis 7.0 that this server hasn't got yet: all are subcommands.
//!
//! Files of users written for Redis name them: somebody may not `module|load`. Such a line is right, and
//! has to mean the same on the day when the command is there.

use super::spec::Categories;

const ADMIN: Categories = Categories::SLOW.with(Categories::ADMIN).with(Categories::DANGEROUS);

/// Names and categories. A line goes when its command comes.
pub const ABSENT: &[(&str, Categories)] =
    &[("module|load", ADMIN), ("module|loadex", ADMIN), ("module|unload", ADMIN)];

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
