//! Scripts and functions: EVAL and its relatives, FCALL, SCRIPT, FUNCTION.
//!
//! | file          | what it is                                                        |
//! |---------------|-------------------------------------------------------------------|
//! | [`run`]       | from a request to a running script, and back to a reply           |
//! | [`host`]      | the server as the script finds it: what happens when it calls a command |
//! | [`declared`]  | what a script says of itself, for the gates                       |
//! | [`eval`]      | EVAL, EVALSHA, FCALL and their `_RO` forms                        |
//! | [`script`]    | SCRIPT: the cache                                                 |
//! | [`function`]  | FUNCTION: libraries                                               |
//! | [`transport`] | FUNCTION DUMP and RESTORE                                         |
//!
//! A script is a unit, like a transaction: one clock, and its effects are journalled together. The
//! commands that it calls take the way of all others, through `call`, with [`Origin::Script`]; what
//! they may do is decided by [`host`], in Redis' order. The interpreter is in [`crate::scripting`].
//!
//! [`Origin::Script`]: crate::engine::execution::Origin::Script

pub mod declared;
pub mod eval;
pub mod function;
pub mod host;
pub mod run;
pub mod script;
pub mod transport;
