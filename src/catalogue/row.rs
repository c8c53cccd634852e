//! What a row of the table is turned into: a [`Command`], and the facts about it in [`ROWS`].
//!
//! There is no policy in it: what a flag means is decided where it is read. Rows are found by the name
//! that a request begins with ([`Names`](super::Names)), by their command ([`row`]), or by their full
//! name ([`by_name`]).

use hashbrown::HashTable;
use once_cell::sync::Lazy;

use super::doc::Doc;
use super::spec::{
    self, Categories, Flags, KeyFlags, KeySpec, after, key, keynum, keynum_step, range, unknown,
};
use super::table::table;
use crate::resp::Args;

/// A row of the table.
#[derive(Debug)]
pub struct Row {
    /// Its identity.
    pub command: Command,
    /// The name in lower case; a subcommand's has its container's in front: `config|get`.
    pub name: &'static str,
    /// Number of arguments with the name; negative: at least.
    pub arity: i32,
    /// How it behaves.
    pub flags: Flags,
    /// ACL categories.
    pub categories: Categories,
    /// Where its keys are.
    pub keys: &'static [KeySpec],
    /// The group under which the documentation lists it.
    pub group: &'static str,
    /// What to tell about it. Behind a pointer: requests read the rows, and hardly ever this.
    pub doc: &'static Doc,
}

/// Whether an arity allows so many arguments.
#[inline]
pub fn fits(arity: i32, len: usize) -> bool {
    if arity >= 0 { len == arity as usize } else { len >= arity.unsigned_abs() as usize }
}

impl Row {
    /// Whether a request of `len` arguments has the right number.
    #[inline]
    pub fn accepts(&self, len: usize) -> bool {
        fits(self.arity, len)
    }

    /// Whether it has any of these flags.
    #[inline]
    pub fn is(&self, flags: Flags) -> bool {
        self.flags.any(flags)
    }

    /// The container's name of a subcommand.
    pub fn container(&self) -> Option<&'static str> {
        self.name.split_once('|').map(|(container, _)| container)
    }
}

macro_rules! facts {
    ($($module:tt $group:literal @$section:tt {
        $($variant:ident $name:literal $arity:literal [$($flag:ident)*] $(@[$($category:ident)*])?
            [$($spec:ident($($arg:tt)*)),*] => $($handler:ident)::+;
            $syntax:literal $since:literal $complexity:literal $summary:literal
            $(.$more:ident($($value:expr),*))*)*
    })*) => {
        /// Every command and subcommand.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)]
        #[allow(clippy::enum_variant_names)] // commands are called what they are called
        #[repr(u16)]
        pub enum Command { $($($variant,)*)* }

        /// The rows, in the order of [`Command`].
        pub static ROWS: &[Row] = &[$($({
            const FLAGS: Flags = Flags::NONE$(.with(Flags::$flag))*;
            const DOC: Doc =
                Doc::new($syntax, $since, $complexity, $summary)$(.$more($($value),*))*;
            Row {
                command: Command::$variant,
                name: $name,
                arity: $arity,
                flags: FLAGS,
                categories: facts!(@categories $section $([$($category)*])?)
                    .with(spec::implied(FLAGS)),
                keys: &[$(facts!(@key $spec($($arg)*))),*],
                group: $group,
                doc: &DOC,
            }
        },)*)*];
    };
    (@categories [$($category:ident)*]) => {
        Categories::NONE$(.with(Categories::$category))*
    };
    (@categories $section:tt [$($category:ident)*]) => {
        Categories::NONE$(.with(Categories::$category))*
    };
    (@key $spec:ident($($position:literal,)* $($flag:ident)|+)) => {
        $spec($($position,)* KeyFlags::NONE$(.with(KeyFlags::$flag))+)
    };
}

table!(facts);

/// The row of a command.
#[inline]
pub fn row(command: Command) -> &'static Row {
    &ROWS[command as usize]
}

static COMMANDS: Lazy<HashTable<u16>> = Lazy::new(|| index(|row| row.container().is_none()));
static SUBCOMMANDS: Lazy<HashTable<u16>> = Lazy::new(|| index(|row| row.container().is_some()));

/// An index by name of the rows that `include` picks.
fn index(include: fn(&Row) -> bool) -> HashTable<u16> {
    let mut names = HashTable::with_capacity(ROWS.len());
    for (index, row) in ROWS.iter().enumerate().filter(|(_, row)| include(row)) {
        let hash = |index: &u16| name_hash(ROWS[*index as usize].name.as_bytes());
        names.insert_unique(name_hash(row.name.as_bytes()), index as u16, hash);
    }
    names
}

#[inline]
fn find(names: &HashTable<u16>, name: &[u8]) -> Option<&'static Row> {
    let found = |index: &u16| ROWS[*index as usize].name.as_bytes().eq_ignore_ascii_case(name);
    names.find(name_hash(name), found).map(|index| &ROWS[*index as usize])
}

/// FNV-1a of a name, whatever its case. Names are few and nobody can add one, so it need not be keyed.
#[inline]
fn name_hash(name: &[u8]) -> u64 {
    let add = |hash: u64, byte: &u8| (hash ^ u64::from(byte | 0x20)).wrapping_mul(0x100_0000_01b3);
    name.iter().fold(0xcbf2_9ce4_8422_2325, add)
}

/// The row whose own name this is, in any case; `container|subcommand` names a subcommand.
pub fn by_name(name: &[u8]) -> Option<&'static Row> {
    find(&COMMANDS, name).or_else(|| find(&SUBCOMMANDS, name))
}

/// The row that a request for `row` is about: that of the subcommand, if the command has any. The
/// container itself is returned when there is no such subcommand.
#[inline]
pub(super) fn of_request(row: &'static Row, args: Args<'_>) -> &'static Row {
    if row.is(Flags::CONTAINER) && args.len() > 1 {
        return subcommand(row, args.at(1)).unwrap_or(row);
    }
    row
}

/// The row of the command, not a subcommand, whose own name this is, in any case.
#[inline]
pub(super) fn command(name: &[u8]) -> Option<&'static Row> {
    find(&COMMANDS, name)
}

/// The row of a container's subcommand.
pub fn subcommand(container: &Row, name: &[u8]) -> Option<&'static Row> {
    let full = [container.name.as_bytes(), b"|", name].concat();
    find(&SUBCOMMANDS, &full)
}

/// The subcommands of a container.
pub fn subcommands(container: &Row) -> impl Iterator<Item = &'static Row> {
    let name = container.name;
    ROWS.iter().filter(move |row| row.container() == Some(name))
}
