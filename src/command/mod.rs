//! Commands: the way a request takes, and one room per command family.
//!
//! | file         | what it is                                                            |
//! |--------------|-----------------------------------------------------------------------|
//! | [`execute`](mod@execute) | look up, pass the gates, dispatch, collect effects: start reading here |
//! | [`gates`]    | who is refused, and in which order                                    |
//! | [`dispatch`](mod@dispatch) | from the row of [`crate::catalogue`] to the handler           |
//! | [`permission`] | the gate of access control                                          |
//! | [`context`]  | what handlers work with                                               |
//! | [`lifetime`] | keys whose time is over: for whom they are gone, and who removes them |
//! | [`args`]     | reading arguments and options                                         |
//! | [`error`]    | what goes wrong, in Redis' words                                      |
//! | [`help`]     | what containers of subcommands answer by themselves                   |
//! | [`sampling`] | random elements, for the three types that give them                   |
//! | [`multi_pop`] | what LMPOP and ZMPOP are asked for, once                             |
//! | [`blocking`] | what commands share that wait for an element                          |
//!
//! Every folder is a family, named as its scripts are (`tests/scripts/<family>`). A handler is a function
//! `fn(&mut Context, Args, &mut Reply) -> Result`: it checks its arguments in Redis' order, does
//! its work on the store, calls [`context::Context::modified`] if it changed something, and writes
//! its reply. An `Err` is replied instead of what it had written.

/// This place in the source, as EXPLAIN shows it.
macro_rules! here {
    () => {
        concat!(file!(), ":", line!())
    };
}

pub mod acl;
pub mod args;
pub mod bitmaps;
pub mod blocking;
pub mod cluster;
pub mod connection;
pub mod context;
pub mod dispatch;
pub mod error;
pub mod execute;
pub mod gates;
pub mod geo;
pub mod hashes;
pub mod help;
pub mod hyperloglog;
pub mod keys;
mod lifetime;
pub mod lists;
pub mod multi_pop;
pub mod permission;
pub mod persistence;
pub mod pubsub;
pub mod redirection;
pub mod replication;
pub mod sampling;
pub mod scripting;
pub mod server;
pub mod sets;
pub mod sorted_sets;
pub mod streams;
pub mod strings;
pub mod transactions;

pub use self::context::Context;
pub use self::execute::{EXECUTION, execute};
