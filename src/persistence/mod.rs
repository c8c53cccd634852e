//! Persistence: what outlives the process.
//!
//! | module         | what it is                                                       |
//! |----------------|------------------------------------------------------------------|
//! | [`aof`]        | the append-only file: written, rewritten, loaded                 |
//! | [`snapshot`]   | all data as it was at one moment, while it goes on changing      |
//! | [`background`] | BGSAVE and BGREWRITEAOF: the thread that does them, and when     |
//! | [`disk`]       | the engine's side: loading at the start, saving when asked to    |
//! | [`start`]      | which files are loaded when the server starts                    |
//! | [`access`]     | how a loader gets at the engine                                  |
//! | [`load`], [`save`] | whole snapshot files                                         |
//! | [`history`]    | the place in the replication stream that a file belongs to       |
//! | [`shutdown`]   | SHUTDOWN: replicas, the file, the end                            |
//!
//! ```text
//! SAVE      the keyspaces, under the lock ─────────────> Encoder ──> dump.rdb
//! BGSAVE    Snapshot, copied piece by piece ───────────> Encoder ──> dump.rdb
//! rewrite   Snapshot ──> Encoder or commands ──> appendonly.aof.2.base.rdb
//! always    journal ──> inbox ──> writer ──────> appendonly.aof.5.incr.aof
//! start     either of the two ──> Decoder, execute ────> the keyspaces
//! ```
//!
//! The format of snapshots is in [`crate::rdb`], and what the engine has to know of files (is one being
//! written, did the last attempt succeed) beside its other state in [`crate::engine`].

pub mod access;
pub mod aof;
pub mod background;
pub mod disk;
pub mod history;
pub mod load;
pub mod save;
pub mod shutdown;
pub mod snapshot;
pub mod start;
