//! `CompatVersion`: which Redis to be like where a later version answers differently, and every
//! such difference as a question with a name.
//!
//! `compat-version 7.0`, the default, answers as Redis 7.0.15 does, `compat-version 8.2` as 8.2.3. Commands and
//! options that came with a later version are there in either case. Whoever writes a reply that
//! depends on it asks one of these questions; nobody else compares versions. Scripts under
//! `tests/scripts` have both answers (`(in 8.2)`), recorded from both servers.
//!
//! Files and the replication stream don't depend on it: either version reads them.

use super::value::choice;
use crate::catalogue::row::fits;
use crate::catalogue::spec::Flags;
use crate::catalogue::{Row, later};
use crate::number::Precision;

choice! {
    /// The version of Redis whose replies are reproduced.
    #[derive(Default)]
    CompatVersion {
        /// 7.0.15
        #[default]
        Redis7 = "7.0",
        /// 8.2.3
        Redis8 = "8.2",
    }
}

impl CompatVersion {
    const fn is_8(self) -> bool {
        matches!(self, CompatVersion::Redis8)
    }

    /// The full version, as INFO and HELLO tell it.
    pub const fn version(self) -> &'static str {
        match self {
            CompatVersion::Redis7 => "7.0.15",
            CompatVersion::Redis8 => "8.2.3",
        }
    }

    /// The same as scripts can compare it: a byte for each part.
    pub const fn version_number(self) -> u32 {
        match self {
            CompatVersion::Redis7 => 0x0007_000f,
            CompatVersion::Redis8 => 0x0008_0203,
        }
    }

    /// How many digits of a score, a coordinate or a script's number are shown.
    pub const fn precision(self) -> Precision {
        match self {
            CompatVersion::Redis7 => Precision::Seventeen,
            CompatVersion::Redis8 => Precision::Shortest,
        }
    }

    /// What `redis.log` says of a level that there isn't.
    pub const fn bad_log_level(self) -> &'static str {
        match self {
            CompatVersion::Redis7 => "ERR Invalid debug level.",
            CompatVersion::Redis8 => "ERR Invalid log level.",
        }
    }

    /// What `redis.set_repl` says of too many or too few arguments.
    pub const fn bad_set_repl(self) -> &'static str {
        match self {
            CompatVersion::Redis7 => "ERR redis.set_repl() requires two arguments.",
            CompatVersion::Redis8 => "ERR redis.set_repl() requires one argument.",
        }
    }

    /// Whether refusals name the user (`User eve has no permissions ...`) and little else.
    pub const fn names_refused_user(self) -> bool {
        self.is_8()
    }

    /// Whether users are described by the rules that they were given, not by the shortest ones.
    pub const fn tells_rules_as_given(self) -> bool {
        self.is_8()
    }

    /// Whether a user's description tells flags that nobody has set.
    pub const fn tells_default_flags(self) -> bool {
        self.is_8()
    }

    /// Whether ACL LOG numbers its entries and says when they came about.
    pub const fn dates_refusals(self) -> bool {
        self.is_8()
    }

    /// How many arguments a command takes, as COMMAND tells it.
    pub fn arity(self, row: &Row) -> i32 {
        if self.is_8() { later::arity(row) } else { row.arity }
    }

    /// Whether a command takes so many arguments.
    pub fn accepts(self, row: &Row, len: usize) -> bool {
        fits(self.arity(row), len)
    }

    /// How a command behaves.
    pub fn flags(self, row: &Row) -> Flags {
        if self.is_8() { later::flags(row) } else { row.flags }
    }

    /// Since when a command is deprecated, and in favour of what.
    pub fn replaced(self, row: &Row) -> Option<(&'static str, &'static str)> {
        if self.is_8() { later::replaced(row) } else { row.doc.replaced }
    }

    /// How a proxy is to treat a command.
    pub fn tips(self, row: &Row) -> Vec<&'static str> {
        if self.is_8() { later::tips(row) } else { row.doc.tips.to_vec() }
    }

    /// Whether COMMAND DOCS tells how an argument is displayed.
    pub const fn shows_display_text(self) -> bool {
        self.is_8()
    }

    /// Whether a cursor has to be a plain number: no sign, and not the empty text.
    pub const fn is_strict_about_cursors(self) -> bool {
        self.is_8()
    }

    /// Whether all arguments are looked at, be there nothing for them to apply to.
    pub const fn checks_all_arguments(self) -> bool {
        self.is_8()
    }

    /// Whether a time to wait that no clock can hold is called that, and not negative.
    pub const fn knows_long_timeouts(self) -> bool {
        self.is_8()
    }

    /// Whether a waiting client executes its command anew when one of its keys has changed: it takes
    /// from the first key that has something, and is told of one that holds another type.
    pub const fn executes_waiting_anew(self) -> bool {
        self.is_8()
    }

    /// Whether XREAD's error about keys without IDs names the command that was called.
    pub const fn names_unbalanced_command(self) -> bool {
        self.is_8()
    }

    /// Whether XREADGROUP knows that `+` is an ID of XREAD.
    pub const fn knows_last_id_in_groups(self) -> bool {
        self.is_8()
    }

    /// Whether XSETID compares with the greatest ID that was deleted, and says so first.
    pub const fn compares_deleted_ids(self) -> bool {
        self.is_8()
    }

    /// Whether nodes that are forgotten already may be forgotten.
    pub const fn forgets_twice(self) -> bool {
        self.is_8()
    }

    /// Whether SORT may look up keys of a cluster if they are certain to be in the same slot.
    pub const fn sorts_within_slot(self) -> bool {
        self.is_8()
    }

    /// Whether a number of another database is out of range in a cluster, which has one.
    pub const fn counts_databases_of_cluster(self) -> bool {
        self.is_8()
    }

    /// Whether HELLO does nothing before all of its options are read.
    pub const fn reads_all_of_hello_first(self) -> bool {
        self.is_8()
    }

    /// How HELLO is to be called by who needs a password.
    pub const fn hello_with_password(self) -> &'static str {
        match self {
            CompatVersion::Redis7 => "HELLO AUTH <user> <pass>",
            CompatVersion::Redis8 => "HELLO <proto> AUTH <user> <pass>",
        }
    }

    /// How CLUSTER MEET calls a port that is no number: `Invalid ... port specified`.
    pub const fn kind_of_port(self) -> &'static str {
        match self {
            CompatVersion::Redis7 => "TCP ",
            CompatVersion::Redis8 => "",
        }
    }

    /// Whether XADD says that an ID isn't after the last one when those of a millisecond are used up.
    pub const fn says_used_up_is_not_after(self) -> bool {
        self.is_8()
    }

    /// Whether a script is told which command had keys of several slots, and of slots that nobody serves.
    pub const fn names_crossing_command(self) -> bool {
        self.is_8()
    }

    /// Whether OBJECT ENCODING's names follow from what a value holds: `listpack` for what is small.
    pub const fn names_encodings_by_contents(self) -> bool {
        self.is_8()
    }

    /// Whether small integers are one value that many keys refer to, for OBJECT REFCOUNT.
    pub const fn shares_integers(self) -> bool {
        !self.is_8()
    }

    /// Whether INFO, CLIENT LIST and MEMORY STATS show what Redis 7.0 doesn't.
    pub const fn shows_later_figures(self) -> bool {
        self.is_8()
    }

    /// Whether a command that waits counts as called when its wait is over, not when it begins.
    pub const fn counts_waits_at_their_end(self) -> bool {
        self.is_8()
    }

    /// Whether what a client's own command publishes to it comes after the command's reply.
    pub const fn replies_before_own_messages(self) -> bool {
        self.is_8()
    }

    /// Whether the time that scripts are told stands still while they run.
    pub const fn stops_clock_of_scripts(self) -> bool {
        self.is_8()
    }

    /// Whether scripts have `os`, with `clock` alone in it.
    pub const fn gives_scripts_os(self) -> bool {
        self.is_8()
    }

    /// How many scripts that came with EVAL are kept.
    pub const fn most_cached_scripts(self) -> usize {
        match self {
            CompatVersion::Redis7 => usize::MAX,
            CompatVersion::Redis8 => 500,
        }
    }

    /// What SLOWLOG tells as the address of a script's calls.
    pub const fn address_of_nobody(self) -> &'static str {
        match self {
            CompatVersion::Redis7 => "?:0",
            CompatVersion::Redis8 => "",
        }
    }

    /// Whether a script may call what waits: there it doesn't.
    pub const fn lets_scripts_not_wait(self) -> bool {
        self.is_8()
    }

    /// Whether a consumer that asks in vain is seen, and becomes a member of the group.
    pub const fn sees_consumers_that_get_nothing(self) -> bool {
        self.is_8()
    }

    /// Whether XINFO tells when a consumer was last given something.
    pub const fn tells_activity_of_consumers(self) -> bool {
        self.is_8()
    }

    /// Whether a group that has yet to read all of a stream lags behind by its length.
    pub const fn tells_lag_of_all(self) -> bool {
        self.is_8()
    }

    /// Whether a group that reads on counts what is gone from ahead of it, or says that it can't.
    pub const fn doubts_counts(self) -> bool {
        self.is_8()
    }

    /// Whether a group has read no more entries than there ever were, whatever it is told.
    pub const fn limits_entries_read(self) -> bool {
        self.is_8()
    }

    /// Whether a command says of an option that it is another command's.
    pub const fn knows_options_of_others(self) -> bool {
        self.is_8()
    }
}
