//! Where the keys of a request are, and what happens to each.
//!
//! The key specifications of the table tell it for nearly every command. A few commands decide it
//! by their arguments in ways that no specification can say; Redis has a function for each of
//! those, and so do we:
//!
//! | command              | what is special                                        |
//! |----------------------|--------------------------------------------------------|
//! | SET, DELEX, BITFIELD | whether they read or write depends on their options    |
//! | SORT, GEORADIUS      | the last STORE counts; words behind options are none   |
//! | MIGRATE              | one key, or those behind KEYS, which may be a password |
//! | XREAD, XREADGROUP    | neither is a group or a consumer called `STREAMS`      |
//!
//! It serves COMMAND GETKEYS, key permissions and client-side caching. So a request that the command
//! would carry out must give the keys that it would touch, whatever options are repeated and whatever
//! keys and groups are called; `tests/key_permissions.rs` tries. Redis 7.0.15 takes the first STORE of
//! GEORADIUS, and words behind options for options. The keys that SORT's BY and
//! GET patterns lead to are left out: they depend on the data.

use super::row::Row;
use super::spec::KeyFlags;
use crate::number::leading_integer;
use crate::resp::Args;
use crate::resp::args::is;

/// A key in a request: its position, and what the command does with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundKey {
    /// The argument's index.
    pub index: usize,
    /// What the command does with it.
    pub flags: KeyFlags,
}

const READ: KeyFlags = KeyFlags::RO.with(KeyFlags::ACCESS);
const OVERWRITE: KeyFlags = KeyFlags::OW.with(KeyFlags::UPDATE);
const REMOVE: KeyFlags = KeyFlags::RM.with(KeyFlags::DELETE);
const MOVE: KeyFlags = KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::DELETE);
const CHANGE: KeyFlags = KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::UPDATE);

/// Whether the command can have keys at all; a shard channel is none.
pub fn has_keys(row: &Row) -> bool {
    row.keys.iter().any(|spec| !spec.flags.has(KeyFlags::NOT_KEY))
}

/// The keys of a request whose number of arguments has been checked. There are none if the
/// arguments make no sense.
pub fn find_keys(row: &Row, args: Args<'_>) -> Vec<FoundKey> {
    match row.name {
        "set" => vec![FoundKey { index: 1, flags: set_flags(args) }],
        "delex" => vec![FoundKey { index: 1, flags: if args.len() > 2 { MOVE } else { REMOVE } }],
        "bitfield" => vec![FoundKey { index: 1, flags: bitfield_flags(args) }],
        "sort" => sort_keys(args),
        "georadius" => radius_keys(args, 6),
        "georadiusbymember" => radius_keys(args, 5),
        "xread" | "xreadgroup" => {
            stream_keys(args).or_else(|| by_specifications(row, args)).unwrap_or_default()
        }
        "migrate" => migrate_keys(args),
        "sort_ro" => vec![FoundKey { index: 1, flags: READ }],
        _ => by_specifications(row, args).or_else(|| by_rough_count(row, args)).unwrap_or_default(),
    }
}

/// What the specifications find; none if one of them can't be followed.
fn by_specifications(row: &Row, args: Args<'_>) -> Option<Vec<FoundKey>> {
    let mut keys = Vec::new();
    for spec in row.keys.iter().filter(|spec| !spec.flags.has(KeyFlags::NOT_KEY)) {
        let found = spec.find(args)?;
        keys.extend(found.into_iter().map(|index| FoundKey { index, flags: spec.flags }));
    }
    Some(keys)
}

/// The same where the number of keys isn't spelled as the command wants it (`+1`). The command refuses
/// it, but who only asks about the request (ACL DRYRUN, COMMAND GETKEYSANDFLAGS) gets the answer that Redis
/// gives, in which nothing is said about what happens to the keys.
fn by_rough_count(row: &Row, args: Args<'_>) -> Option<Vec<FoundKey>> {
    let mut keys = Vec::new();
    for spec in row.keys.iter().rev() {
        let found = spec.find_counted(args, |text| Some(leading_integer(text)))?;
        keys.extend(found.into_iter().map(|index| FoundKey { index, flags: KeyFlags::default() }));
    }
    Some(keys)
}

/// SET only overwrites, unless GET asks for the old value, or it depends on that.
fn set_flags(args: Args<'_>) -> KeyFlags {
    const READERS: [&str; 5] = ["GET", "IFEQ", "IFNE", "IFDEQ", "IFDNE"];
    let reads = args.iter().skip(3).any(|arg| READERS.iter().any(|word| is(arg, word)));
    if reads { CHANGE } else { OVERWRITE }
}

/// BITFIELD only reads if it has nothing but GET and OVERFLOW.
fn bitfield_flags(args: Args<'_>) -> KeyFlags {
    let mut next = 2;
    while let Some(operation) = args.get(next) {
        let left = args.len() - next - 1;
        match operation {
            _ if is(operation, "GET") && left >= 2 => next += 3,
            _ if is(operation, "OVERFLOW") && left >= 1 => next += 2,
            _ => return CHANGE,
        }
    }
    READ
}

/// SORT's key, and where it stores: the last STORE counts.
fn sort_keys(args: Args<'_>) -> Vec<FoundKey> {
    let mut store = None;
    let mut next = 2;
    while let Some(option) = args.get(next) {
        next += match option {
            _ if is(option, "LIMIT") => 3,
            _ if is(option, "GET") || is(option, "BY") => 2,
            _ if is(option, "STORE") && next + 1 < args.len() => {
                store = Some(FoundKey { index: next + 1, flags: OVERWRITE });
                2
            }
            _ => 1,
        };
    }
    let key = FoundKey { index: 1, flags: READ };
    std::iter::once(key).chain(store).collect()
}

/// GEORADIUS' key, and where it stores: the last STORE or STOREDIST counts.
fn radius_keys(args: Args<'_>, first_option: usize) -> Vec<FoundKey> {
    let mut store = None;
    let mut next = first_option;
    while let Some(option) = args.get(next) {
        next += match option {
            _ if is(option, "COUNT") => 2,
            _ if (is(option, "STORE") || is(option, "STOREDIST")) && next + 1 < args.len() => {
                store = Some(FoundKey { index: next + 1, flags: OVERWRITE });
                2
            }
            _ => 1,
        };
    }
    let key = FoundKey { index: 1, flags: READ };
    std::iter::once(key).chain(store).collect()
}

/// MIGRATE's key, or if that is empty those behind KEYS. A user or a password may be called `KEYS`.
fn migrate_keys(args: Args<'_>) -> Vec<FoundKey> {
    let found = |index| FoundKey { index, flags: MOVE };
    let mut next = 6;
    while let Some(option) = args.get(next) {
        next += match option {
            _ if is(option, "AUTH") => 2,
            _ if is(option, "AUTH2") => 3,
            _ if is(option, "KEYS") && args.at(3).is_empty() => {
                return (next + 1..args.len()).map(found).collect();
            }
            _ if is(option, "KEYS") => return Vec::new(),
            _ => 1,
        };
    }
    vec![found(3)]
}

/// The first half of what follows XREAD's STREAMS; a group or consumer of that name is none. None: there
/// is something else among the options.
fn stream_keys(args: Args<'_>) -> Option<Vec<FoundKey>> {
    let mut next = 1;
    loop {
        let option = args.get(next)?;
        next += match option {
            _ if is(option, "STREAMS") => break,
            _ if is(option, "BLOCK") || is(option, "COUNT") => 2,
            _ if is(option, "GROUP") => 3,
            _ if is(option, "NOACK") => 1,
            _ => return None,
        };
    }
    let keys = (args.len() - next - 1) / 2;
    Some((next + 1..=next + keys).map(|index| FoundKey { index, flags: READ }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::spec::{KeySpec, after, key, keynum, keynum_step, unknown};
    use crate::catalogue::{self, Command};
    use crate::resp::Request;

    const SORT: &[KeySpec] = &[key(1, READ), unknown(READ), unknown(OVERWRITE)];
    const XREADGROUP: &[KeySpec] = &[after("STREAMS", 4, -1, 2, READ)];
    const MSETEX: &[KeySpec] = &[keynum_step(1, 2, OVERWRITE)];
    const ZUNIONSTORE: &[KeySpec] = &[key(1, OVERWRITE), keynum(2, READ)];

    /// The keys of a request as redis-server 7.0.15 finds them, joined by blanks.
    fn keys(specs: &'static [KeySpec], request: &str) -> String {
        let words: Vec<&str> = request.split(' ').map(|word| word.trim_matches('"')).collect();
        let request = Request::new(words.iter().map(|word| word.as_bytes()));
        let name = words[0].to_ascii_lowercase().leak();
        // Any row serves: only the name and the specifications matter.
        let row = Row { name, keys: specs, ..*catalogue::row(Command::Get) };
        let found = find_keys(&row, request.args());
        found.iter().map(|key| words[key.index]).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn sort_stores_where_the_last_store_says() {
        assert_eq!(keys(SORT, "SORT k BY w_* GET o_* STORE d"), "k d");
        assert_eq!(keys(SORT, "SORT k STORE b STORE c"), "k c");
        assert_eq!(keys(SORT, "SORT k STORE"), "k");
        assert_eq!(keys(SORT, "SORT k STORE STORE x"), "k STORE");
        assert_eq!(keys(SORT, "SORT k STORE BY STORE c"), "k c");
        assert_eq!(keys(SORT, "SORT k LIMIT 1 STORE STORE x"), "k x");
        assert_eq!(keys(SORT, "SORT k LIMIT 1 2 BY STORE STORE x"), "k x");
        assert_eq!(keys(SORT, "SORT_RO k"), "k");
    }

    #[test]
    fn a_radius_is_stored_where_the_last_option_says() {
        let radius = "GEORADIUS k 1 2 3 km";
        assert_eq!(keys(SORT, &format!("{radius} STORE a ASC STOREDIST b")), "k b");
        assert_eq!(keys(SORT, &format!("{radius} STOREDIST STORE STORE b")), "k b");
        assert_eq!(keys(SORT, &format!("{radius} STORE COUNT COUNT 1 STOREDIST b")), "k b");
        assert_eq!(keys(SORT, &format!("{radius} COUNT STORE")), "k");
        assert_eq!(keys(SORT, &format!("{radius} STORE")), "k");
        assert_eq!(keys(SORT, "GEORADIUSBYMEMBER k m 3 km STORE a STORE b"), "k b");
    }

    #[test]
    fn specifications_find_counted_and_halved_ranges() {
        assert_eq!(keys(XREADGROUP, "XREADGROUP GROUP STREAMS c STREAMS a b > >"), "a b");
        assert_eq!(keys(XREADGROUP, "XREADGROUP GROUP g c STREAMS a b c"), "a");
        assert_eq!(keys(XREADGROUP, "XREADGROUP COUNT 1 GROUP STREAMS c STREAMS a >"), "a");
        assert_eq!(keys(XREADGROUP, "XREADGROUP NOACK GROUP g STREAMS BLOCK 0 STREAMS a >"), "a");
        assert_eq!(keys(XREADGROUP, "XREADGROUP GROUP g c NOSUCH STREAMS a >"), "a");
        assert_eq!(keys(ZUNIONSTORE, "ZUNIONSTORE d 2 a b WEIGHTS 1 2"), "d a b");
        assert_eq!(keys(ZUNIONSTORE, "ZUNIONSTORE d +2 a b"), "a b d");
        assert_eq!(keys(ZUNIONSTORE, "ZUNIONSTORE d 1e3 a b"), "a d");
        assert_eq!(keys(ZUNIONSTORE, "ZUNIONSTORE d +3 a b"), "");
        assert_eq!(keys(ZUNIONSTORE, "ZUNIONSTORE d x a b"), "");
        assert_eq!(keys(ZUNIONSTORE, "ZUNIONSTORE d 3 a b"), "");
        assert_eq!(keys(ZUNIONSTORE, "ZUNIONSTORE d 0 a b"), "");
        assert_eq!(keys(ZUNIONSTORE, "ZUNIONSTORE d -1 a b"), "");
    }

    /// MSETEX is no command of 7.0.15; this is what its specification means.
    #[test]
    fn specifications_leave_out_what_stands_between_keys() {
        assert_eq!(keys(MSETEX, "MSETEX 2 a 1 b 2 EX 9"), "a b");
        assert_eq!(keys(MSETEX, "MSETEX 1 a 1 b 2"), "a");
        assert_eq!(keys(MSETEX, "MSETEX 3 a 1 b 2"), "");
        assert_eq!(keys(MSETEX, "MSETEX 9223372036854775807 a 1"), "");
    }
}
