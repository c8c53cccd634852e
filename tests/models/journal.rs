//! The server's own group commit.

pub use cacheflow::journal::Sink;

#[path = "../../src/journal/group_commit.rs"]
#[allow(dead_code)]
pub mod group_commit;
#[path = "../../src/journal/turns.rs"]
#[allow(dead_code)]
pub mod turns;
