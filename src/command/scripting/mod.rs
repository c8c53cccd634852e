//! Scripts and functions: EVAL and its relatives, FCALL, SCRIPT, FUNCTION.
//!
//! | file          | what it is                                                        |
//! |---------------|-------------------------------------------------------------------|
//! | [`run`]       | from a request to a running script, and back to a reply           |
//! | [`calls`]     | what happens when a script calls a command                        |
//! | [`eval`]      | EVAL, EVALSHA, FCALL and their `_RO` forms                        |
//! | [`script`]    | SCRIPT: the cache                                                 |
//! | [`function`]  | FUNCTION: libraries                                               |
//! | [`transport`] | FUNCTION DUMP and RESTORE                                         |
//!
//! A script is a unit, like a transaction: one clock, and its effects are journalled together. The
//! commands that it calls take the way of all others, through `call`, with [`Origin::Script`]; what
//! they may do is decided by [`calls`], in Redis' order. The interpreter is in [`crate::scripting`].
//!
//! [`Origin::Script`]: crate::engine::execution::Origin::Script

pub mod calls;
pub mod eval;
pub mod function;
pub mod run;
pub mod script;
pub mod transport;

pub use self::eval::{eval, eval_ro, evalsha, evalsha_ro, fcall, fcall_ro};
