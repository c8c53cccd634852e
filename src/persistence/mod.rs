//! Persistence: what outlives the process.
//!
//! | module  | what it is                                                    |
//! |---------|---------------------------------------------------------------|
//! | [`rdb`] | the snapshot format, read and written                         |
//! | [`disk`]| the engine's side: loading at the start, saving when asked to |
//!
//! The format knows the store and nothing else of the server, so it can be read, tested and fuzzed
//! without one.

pub mod disk;
pub mod rdb;
