//! What a row of the table is, and the macro that turns the rows into code.
//!
//! A row reads
//!
//! ```text
//! /// Close connections that are idle for this many seconds; 0 never      <- help line
//! "timeout"            timeout: u32 = 0          => integer(0, INT_MAX), [Flag ...];
//!  ^ name | alias      ^ field      ^ default       ^ kind (value.rs)     ^ may be absent
//! ```
//!
//! and becomes two things: a typed field of `struct Config`, so that hot code reads
//! `config.timeout` without a look-up or a parse, and a `Parameter` in a static table, so that
//! whoever only knows a name at run time (command line, file, environment, CONFIG) finds
//! everything else. The macro contains no policy: what a flag means is decided by its readers.

use super::Config;

/// What is special about a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// Only settable before the server starts.
    Immutable,
    /// Takes several words.
    Multi,
    /// CONFIG SET refuses it unless `enable-protected-configs` allows it.
    Protected,
    /// Absent from CONFIG GET unless asked for by its exact name.
    Hidden,
    /// The value is a secret: never logged.
    Sensitive,
    /// It names a file: setting it to the value that it has reads that again.
    Volatile,
    /// Accepted and stored, but cacheflow does nothing with it.
    NoEffect,
    /// Accepted only as it is by default, for cacheflow lacks what it would do.
    OnlyDefault,
    /// Repeated lines add to each other instead of replacing each other.
    Accumulates,
}

/// One row of the table of parameters.
pub struct Parameter {
    /// The name, in lower case.
    pub name: &'static str,
    /// An older name that still works, for `slave` and `ziplist`.
    pub aliases: &'static [&'static str],
    /// The chapter of the table it stands in.
    pub group: &'static str,
    /// What is special about it.
    pub flags: &'static [Flag],
    /// One line of help.
    pub help: &'static str,
    /// The notation of its value, for help.
    pub syntax: fn() -> String,
    /// The value as CONFIG GET shows it.
    pub get: fn(&Config) -> Vec<u8>,
    /// Parses the words after the name and stores them, or says what is wrong with them.
    pub set: fn(&mut Config, &[&[u8]]) -> Result<(), String>,
    /// The value as lines of configuration text (without the name).
    pub lines: fn(&Config) -> Vec<String>,
}

impl Parameter {
    /// Whether it has this flag.
    pub fn has(&self, flag: Flag) -> bool {
        self.flags.contains(&flag)
    }
}

impl std::fmt::Debug for Parameter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Parameter").field(&self.name).finish()
    }
}

impl PartialEq for Parameter {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// Turns the table into `struct Config`, its `Default`, and `static PARAMETERS`.
macro_rules! parameters {
    ($($group:literal { $(
        #[doc = $help:literal]
        $name:literal $(| $alias:literal)* $field:ident: $type:ty = $default:expr
            => $kind:expr $(, [$($flag:ident)*])?;
    )* })*) => {
        /// The whole configuration: one typed field for each parameter of the table, and what
        /// configuration files can say beyond parameters.
        #[derive(Clone)]
        pub struct Config {
            $($(#[doc = $help] pub $field: $type,)*)*
            /// The file that was read, as an absolute path; CONFIG REWRITE writes to it.
            pub config_file: Option<std::path::PathBuf>,
            /// Whether no client can have an append-only file either, though `appendonly` is what it may change.
            pub refuses_append_only: bool,
            /// `user` lines as words: name, then rules. For the ACL to interpret.
            pub users: Vec<Vec<Vec<u8>>>,
            /// The names of commands, as `rename-command` lines have changed them.
            pub command_names: Names,
        }

        impl Default for Config {
            fn default() -> Self {
                Self {
                    $($($field: $default,)*)*
                    config_file: None,
                    refuses_append_only: false,
                    users: Vec::new(),
                    command_names: Default::default(),
                }
            }
        }

        /// All parameters, grouped by chapter.
        pub static PARAMETERS: &[Parameter] = &[$($(Parameter {
            name: $name,
            aliases: &[$($alias),*],
            group: $group,
            flags: &[$($(Flag::$flag),*)?],
            help: $help.trim_ascii(),
            syntax: || syntax_of(&$kind, |config: &Config| &config.$field),
            get: |config| $kind.format(&config.$field),
            set: |config, words| {
                config.$field = $kind.parse(words, &config.$field)?;
                Ok(())
            },
            lines: |config| $kind.lines(&config.$field),
        },)*)*];
    };
}
pub(super) use parameters;

/// The syntax of a kind. The field is named only to tell the compiler which number type is meant.
pub(super) fn syntax_of<K: super::value::Kind>(
    kind: &K,
    _field: fn(&Config) -> &K::Value,
) -> String {
    kind.syntax()
}
