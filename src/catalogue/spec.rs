//! What a row of the command table can say: flags, ACL categories, and where the keys are.
//!
//! Key specifications follow the model of Redis 7: where to begin (an argument's index, or behind
//! a keyword) and how to go on from there (a range with a step, or a count followed by that many
//! keys). They serve COMMAND INFO, COMMAND GETKEYS, ACL key patterns and client-side caching.

use std::ops::{BitOr, BitOrAssign};

use crate::resp::Args;

macro_rules! bits {
    ($(#[$doc:meta])* $set:ident: $repr:ty { $($(#[$flag_doc:meta])* $flag:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $set($repr);

        bits!(@consts $set, $repr, 0; $($(#[$flag_doc])* $flag,)*);

        impl $set {
            /// None of them.
            pub const NONE: $set = $set(0);
            /// Every one with the name that clients see; those that they don't see have none.
            pub const NAMES: &'static [($set, &'static str)] = &[$(($set::$flag, $name)),*];

            /// Whether all of `other` are set.
            #[inline]
            pub const fn has(self, other: $set) -> bool {
                self.0 & other.0 == other.0
            }

            /// Whether any of `other` is set.
            #[inline]
            pub const fn any(self, other: $set) -> bool {
                self.0 & other.0 != 0
            }

            /// Both together.
            pub const fn with(self, other: $set) -> $set {
                $set(self.0 | other.0)
            }

            /// These, but for `other`.
            pub const fn without(self, other: $set) -> $set {
                $set(self.0 & !other.0)
            }

            /// The names of those that are set.
            pub fn names(self) -> impl Iterator<Item = &'static str> {
                Self::NAMES.iter().filter(move |(flag, name)| self.has(*flag) && !name.is_empty())
                    .map(|(_, name)| *name)
            }
        }

        impl BitOr for $set {
            type Output = $set;
            fn bitor(self, other: $set) -> $set {
                self.with(other)
            }
        }

        impl BitOrAssign for $set {
            fn bitor_assign(&mut self, other: $set) {
                self.0 |= other.0;
            }
        }
    };
    (@consts $set:ident, $repr:ty, $shift:expr; $(#[$doc:meta])* $flag:ident, $($rest:tt)*) => {
        impl $set {
            $(#[$doc])*
            pub const $flag: $set = $set(1 << ($shift));
        }
        bits!(@consts $set, $repr, $shift + 1; $($rest)*);
    };
    (@consts $set:ident, $repr:ty, $shift:expr;) => {};
}

bits! {
    /// How a command behaves; the gates of `execute` read these.
    Flags: u32 {
        /// May change data.
        WRITE = "write",
        /// Reads data and changes none.
        READ = "readonly",
        /// Refused when memory is over the limit and nothing can be evicted.
        DENYOOM = "denyoom",
        /// Administration.
        ADMIN = "admin",
        /// Publish/subscribe.
        PUBSUB = "pubsub",
        /// Not from scripts.
        NOSCRIPT = "noscript",
        /// May wait.
        BLOCKING = "blocking",
        /// Allowed while the data set is being loaded.
        LOADING = "loading",
        /// Allowed on a replica that has lost its master and doesn't serve old data.
        STALE = "stale",
        /// Not kept in the slow log.
        SKIP_SLOWLOG = "skip_slowlog",
        /// Shown by MONITOR in a way of its own.
        SKIP_MONITOR = "skip_monitor",
        /// For Redis Cluster.
        ASKING = "asking",
        /// Constant or logarithmic time.
        FAST = "fast",
        /// Allowed before authentication.
        NO_AUTH = "no_auth",
        /// Not a write, but may have effects for replicas. COMMAND INFO doesn't tell.
        MAY_REPLICATE = "",
        /// Takes keys, but may come without any.
        NO_MANDATORY_KEYS = "no_mandatory_keys",
        /// Not while a replica loads a data set beside the one it serves.
        NO_ASYNC_LOADING = "no_async_loading",
        /// Not inside MULTI.
        NO_MULTI = "no_multi",
        /// Allowed while a script runs too long.
        ALLOW_BUSY = "allow_busy",
        /// Has subcommands, which have rows of their own.
        CONTAINER = "",
    }
}

bits! {
    /// ACL categories, by the names that `ACL CAT` lists.
    Categories: u32 {
        #[allow(missing_docs)] KEYSPACE = "keyspace",
        #[allow(missing_docs)] READ = "read",
        #[allow(missing_docs)] WRITE = "write",
        #[allow(missing_docs)] SET = "set",
        #[allow(missing_docs)] SORTEDSET = "sortedset",
        #[allow(missing_docs)] LIST = "list",
        #[allow(missing_docs)] HASH = "hash",
        #[allow(missing_docs)] STRING = "string",
        #[allow(missing_docs)] BITMAP = "bitmap",
        #[allow(missing_docs)] HYPERLOGLOG = "hyperloglog",
        #[allow(missing_docs)] GEO = "geo",
        #[allow(missing_docs)] STREAM = "stream",
        #[allow(missing_docs)] PUBSUB = "pubsub",
        #[allow(missing_docs)] ADMIN = "admin",
        #[allow(missing_docs)] FAST = "fast",
        #[allow(missing_docs)] SLOW = "slow",
        #[allow(missing_docs)] BLOCKING = "blocking",
        #[allow(missing_docs)] DANGEROUS = "dangerous",
        #[allow(missing_docs)] CONNECTION = "connection",
        #[allow(missing_docs)] TRANSACTION = "transaction",
        #[allow(missing_docs)] SCRIPTING = "scripting",
    }
}

bits! {
    /// What a command does with a key.
    KeyFlags: u16 {
        /// Reads it.
        RO = "RO",
        /// Reads and changes it.
        RW = "RW",
        /// Overwrites it.
        OW = "OW",
        /// Removes it.
        RM = "RM",
        /// Returns, copies or depends on the value's content.
        ACCESS = "access",
        /// Changes the value's content.
        UPDATE = "update",
        /// Adds to the value, without changing what is there.
        INSERT = "insert",
        /// Removes from the value.
        DELETE = "delete",
        /// Not a key, but routed as if it were (shard channels).
        NOT_KEY = "not_key",
        /// What is done depends on the arguments.
        VARIABLE_FLAGS = "variable_flags",
        /// It may miss keys: only the command itself can tell all.
        INCOMPLETE = "incomplete",
    }
}

/// Categories that follow from flags alone.
pub const fn implied(flags: Flags) -> Categories {
    let mut categories = if flags.has(Flags::FAST) { Categories::FAST } else { Categories::SLOW };
    if flags.has(Flags::WRITE) {
        categories = categories.with(Categories::WRITE);
    }
    if flags.has(Flags::ADMIN) {
        categories = categories.with(Categories::ADMIN).with(Categories::DANGEROUS);
    }
    if flags.has(Flags::PUBSUB) {
        categories = categories.with(Categories::PUBSUB);
    }
    if flags.has(Flags::BLOCKING) {
        categories = categories.with(Categories::BLOCKING);
    }
    // A script that only reads may still be anything: no category tells.
    if flags.has(Flags::READ) && !flags.has(Flags::NO_MANDATORY_KEYS) {
        categories = categories.with(Categories::READ);
    }
    categories
}

/// Where some of a command's keys are, and what happens to them.
#[derive(Clone, Copy, Debug)]
pub struct KeySpec {
    /// What the command does with these keys.
    pub flags: KeyFlags,
    /// Where to begin.
    pub begin: Begin,
    /// How to go on.
    pub find: Find,
}

/// Where to begin looking for keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// At this argument.
    Index(usize),
    /// Behind this word, searched from this argument on (negative: backwards from the end).
    Keyword(&'static str, i64),
    /// It depends on the data.
    Unknown,
}

/// How to find keys from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Find {
    /// Until `last` (relative to the beginning; negative: from the end of the arguments), every
    /// `step`th. `limit` 2 means: only the first half.
    #[allow(missing_docs)]
    Range { last: i64, step: usize, limit: usize },
    /// A count, then that many keys, every `step`th of what follows.
    #[allow(missing_docs)]
    Keynum { step: usize },
    /// It depends on the data.
    Unknown,
}

/// One key at argument `index`.
pub const fn key(index: usize, flags: KeyFlags) -> KeySpec {
    range(index, 0, 1, flags)
}

/// Keys from argument `first` to `last`, which is relative to `first`, or negative from the end.
pub const fn range(first: usize, last: i64, step: usize, flags: KeyFlags) -> KeySpec {
    KeySpec { flags, begin: Begin::Index(first), find: Find::Range { last, step, limit: 0 } }
}

/// A number of keys at argument `index`, then the keys.
pub const fn keynum(index: usize, flags: KeyFlags) -> KeySpec {
    keynum_step(index, 1, flags)
}

/// A number of keys at argument `index`, then the keys, with `step - 1` other arguments behind each.
pub const fn keynum_step(index: usize, step: usize, flags: KeyFlags) -> KeySpec {
    KeySpec { flags, begin: Begin::Index(index), find: Find::Keynum { step } }
}

/// Keys behind a keyword.
pub const fn after(
    keyword: &'static str,
    start: i64,
    last: i64,
    limit: usize,
    flags: KeyFlags,
) -> KeySpec {
    KeySpec {
        flags,
        begin: Begin::Keyword(keyword, start),
        find: Find::Range { last, step: 1, limit },
    }
}

/// Keys that only the command itself can tell.
pub const fn unknown(flags: KeyFlags) -> KeySpec {
    KeySpec { flags, begin: Begin::Unknown, find: Find::Unknown }
}

impl KeySpec {
    /// The indexes of the keys in `args`. None: the arguments make no sense.
    pub fn find(&self, args: Args<'_>) -> Option<Vec<usize>> {
        self.find_counted(args, crate::number::parse_i64)
    }

    /// The same, with numbers of keys read by `count`.
    pub fn find_counted(
        &self,
        args: Args<'_>,
        count: impl FnOnce(&[u8]) -> Option<i64>,
    ) -> Option<Vec<usize>> {
        let first = match self.begin {
            Begin::Index(index) => index,
            Begin::Unknown => return Some(Vec::new()),
            Begin::Keyword(keyword, start) => match find_keyword(keyword, start, args) {
                Some(index) => index + 1,
                None => return Some(Vec::new()),
            },
        };
        let (first, last, step) = match self.find {
            Find::Range { last, step, limit } => {
                let end = args.len() as i64;
                let last = match (last, limit) {
                    (0.., _) => first as i64 + last,
                    (_, 0 | 1) => end + last,
                    (_, limit) => first as i64 + (end - first as i64) / limit as i64 + last,
                };
                (first, last, step)
            }
            Find::Keynum { step } => {
                let count = count(args.get(first)?)?;
                let last = count.checked_sub(1)?.checked_mul(step as i64)?;
                (first + 1, (first as i64 + 1).checked_add(last)?, step)
            }
            Find::Unknown => return Some(Vec::new()),
        };
        if last < first as i64 || last as usize >= args.len() {
            return None;
        }
        Some((first..=last as usize).step_by(step).collect())
    }
}

fn find_keyword(keyword: &str, start: i64, args: Args<'_>) -> Option<usize> {
    let matches = |index: &usize| args[*index].eq_ignore_ascii_case(keyword.as_bytes());
    if start >= 0 {
        // The last argument can't be it: no key would be left to follow.
        (start as usize..args.len().saturating_sub(1)).find(matches)
    } else {
        let start = args.len().checked_sub(start.unsigned_abs() as usize)?;
        (1..=start).rev().find(matches)
    }
}
