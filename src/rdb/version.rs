//! Versions: who writes which, which are read, and which one data needs.
//!
//! | version | magic        | of                    | what it can say beyond the one before             |
//! |---------|--------------|-----------------------|---------------------------------------------------|
//! | 1 to 9  | `REDIS`      | Redis up to 6.2       | less and less                                     |
//! | 10      | `REDIS`      | Redis 7.0             | listpacks, functions                              |
//! | 11      | `REDIS`      | Redis 7.2, Valkey 7, 8| sets in listpacks, when consumers were active     |
//! | 12      | `REDIS`      | Redis 7.4 to 8.2      | fields of hashes that expire: types 24 and 25     |
//! | 80      | `VALKEY`     | Valkey 9.0            | the same, otherwise: type 22                      |
//!
//! A server reads what is as old as itself or older, and the families have parted: Redis reads no 80,
//! Valkey nothing from 12 to 79. So the less a file says of itself, the more can read it: we write 10,
//! and a later one only if the data has what 10 can't say (or `rdb-version` asks for it).
//!
//! In a DUMP payload there is no magic; the number says which family it is of.

use std::fmt;

/// The version we write where it suffices: that of Redis 7.0.
pub const VERSION: u16 = 10;
/// The newest version of Redis that we read: that of 7.4 to 8.2.
pub const NEWEST_VERSION: u16 = 12;
/// The version of Valkey that we read: that of 9.0.
pub const VALKEY_VERSION: u16 = 80;

/// Whose format it is: the same code may be another type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Redis', which Valkey's was before version 80.
    Redis,
    /// Valkey's own.
    Valkey,
}

impl Dialect {
    /// The dialect of a version that we read; None: it is another one.
    pub fn of_version(version: u16) -> Option<Dialect> {
        match version {
            1..=NEWEST_VERSION => Some(Dialect::Redis),
            VALKEY_VERSION => Some(Dialect::Valkey),
            _ => None,
        }
    }

    /// How its files begin, before the digits of the version.
    pub fn magic(self) -> &'static [u8] {
        match self {
            Dialect::Redis => b"REDIS",
            Dialect::Valkey => b"VALKEY",
        }
    }
}

/// Which version is to be written (`rdb-version`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// The oldest that can say what there is.
    #[default]
    AsNeeded,
    /// This one, whatever there is.
    Exactly(u16),
}

impl Target {
    /// The version to write, given whether there are fields that expire.
    pub fn version(self, fields_expire: bool) -> u16 {
        match self {
            Target::AsNeeded if fields_expire => NEWEST_VERSION,
            Target::AsNeeded => VERSION,
            Target::Exactly(version) => version,
        }
    }

    /// The dialect of that.
    pub fn dialect(self) -> Dialect {
        match self {
            Target::Exactly(VALKEY_VERSION) => Dialect::Valkey,
            _ => Dialect::Redis,
        }
    }

    /// Whether it can say that fields expire.
    pub fn has_fields_that_expire(self) -> bool {
        self.version(true) >= NEWEST_VERSION
    }
}

/// What the version to be written can't say: that fields of a hash expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unwritable {
    /// That version.
    pub version: u16,
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fields of a hash expire, which RDB version {} can't say", self.version)
    }
}

impl std::error::Error for Unwritable {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_version_that_suffices_is_written() {
        let written = |target: Target| [false, true].map(|expire| target.version(expire));
        assert_eq!(written(Target::AsNeeded), [10, 12]);
        assert_eq!(written(Target::Exactly(11)), [11, 11]);
        let can = [10, 11, 12, 80].map(|version| Target::Exactly(version).has_fields_that_expire());
        assert_eq!(can, [false, false, true, true]);
        assert!(Target::AsNeeded.has_fields_that_expire());
    }
}
