//! Commands: the table, the way a request takes through it, and one file per command family.
//!
//! | file        | what it is                                                            |
//! |-------------|-----------------------------------------------------------------------|
//! | [`execute`](mod@execute) | look up, pass the gates, dispatch, collect effects: start reading here |
//! | [`table`]   | THE TABLE, one row per command                                        |
//! | [`spec`]    | the vocabulary of its rows: flags, categories, key positions          |
//! | [`context`] | what handlers work with                                               |
//! | [`args`]    | reading arguments                                                     |
//! | [`error`]   | what goes wrong, in Redis' words                                      |
//!
//! Every other file is a family. A handler is a function
//! `fn(&mut Context, Args, &mut Reply) -> Result`: it checks its arguments in Redis' order, does
//! its work on the store, calls [`context::Context::modified`] if it changed something, and writes
//! its reply. An `Err` is replied instead of what it had written.

pub mod acl;
pub mod admin;
pub mod args;
pub mod bitfield;
pub mod bitmap;
pub mod blocking;
pub mod client;
mod client_list;
pub mod configuration;
pub mod connection;
pub mod context;
pub mod debug;
pub mod docs;
pub mod dump;
pub mod error;
pub mod execute;
pub mod expiry;
pub mod find_keys;
pub mod geo;
pub mod geo_search;
pub mod hash;
pub mod help;
pub mod hyperloglog;
pub mod info;
pub mod introspection;
pub mod keys;
pub mod latency;
mod lcs;
pub mod list;
pub mod list_move;
pub mod memory_usage;
pub mod monitor;
pub mod object;
pub mod permission;
pub mod persistence;
pub mod prepared;
pub mod pubsub;
pub mod replication;
pub mod sampling;
pub mod scan;
pub mod set;
mod set_algebra;
pub mod slowlog;
pub mod sort;
pub mod sorted_set;
pub mod spec;
pub mod stream;
pub mod string;
pub mod syntax;
pub mod table;
pub mod tracking;
pub mod transaction;

pub use context::{Context, Origin};
pub use error::{Error, Result};
pub use execute::{Flow, execute};

use crate::resp::{Args, Reply};

/// The handler of a command that has only subcommands: it is never reached with one, for `execute`
/// finds the subcommand's own row.
fn container(ctx: &mut Context<'_>, args: Args<'_>, _reply: &mut Reply) -> Result {
    Err(context::unknown_subcommand(table::row(ctx.command).name, args.get(1).unwrap_or_default()))
}
