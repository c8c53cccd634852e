//! What CLUSTER's subcommands do to the state. An error is the text that the client gets.

mod nodes;
mod slots;

/// What a subcommand has done, or why it hasn't.
pub type Outcome<T = ()> = Result<T, String>;
