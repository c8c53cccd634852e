//! The catalogue: what is known about each command without being able to call it.
//!
//! | file          | what it is                                                            |
//! |---------------|-----------------------------------------------------------------------|
//! | `table.rs`    | THE TABLE, one row per command                                        |
//! | [`row`](mod@row) | what a row is turned into, and how one is found                    |
//! | [`absent`]    | commands of Redis that are not in it yet                              |
//! | [`names`]     | the names by which commands are called: `rename-command`              |
//! | [`later`]     | what Redis 8.2 says differently of some                              |
//! | [`spec`]      | the vocabulary of rows: flags, categories, key positions              |
//! | [`doc`]       | the part of a row that COMMAND DOCS and HELP tell                     |
//! | [`find_keys`] | the keys of a request                                                 |
//! | [`syntax`]    | the notation of arguments, and the tree that COMMAND DOCS makes of it |
//!
//! Access control, statistics and tracking ask here whether a command writes or where its keys are;
//! only `command` knows the handlers.

pub mod absent;
pub mod doc;
pub mod find_keys;
pub mod later;
pub mod names;
pub mod row;
pub mod spec;
pub mod syntax;
pub(crate) mod table;

pub use names::Names;
pub use row::{Command, ROWS, Row, by_name, row, subcommands};
