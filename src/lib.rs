//! cacheflow: a Redis-compatible server, written from scratch so that it can be read.
//!
//! ```text
//!                    clients    other nodes      replicas          files
//!                       |       (bus/)  |           |                |
//!  server/     listener, sessions, outboxes         |                |
//!                 |          ^                      |                |
//!  resp/        reader     writer                   |                |
//!                 |          |                      |                |
//!  command/    execute -> table -> handlers    replication/    persistence/
//!                 |          |                      |                |
//!  engine/     THE lock: databases, clients, who waits, listens, watches
//!                 |          |                      |                |
//!  store/      keyspace, value types     journal/ --+---------- rdb/-+
//! ```
//!
//! Calls go downwards only: `docs/ARCHITECTURE.md` has the whole stack, and a test holds it. `store`
//! knows no command, `resp` knows no store, and everything that executes - a client, EXEC, a script,
//! the loader of a file, a master - goes through [`command::execute()`].
//!
//! To read the source, follow one command through five files:
//!
//! 1. [`server::session`]: read everything that has arrived, execute it, write once
//! 2. [`command::execute`](mod@command::execute): look up, pass the gates, dispatch, collect effects
//! 3. `catalogue/table.rs`: one row per command
//! 4. [`command::strings`]: `fn set`
//! 5. [`store::keyspace`]: find, insert, remove, expire
//!
//! `docs/life-of-a-command.md` walks along with `SET x 1`, `docs/ARCHITECTURE.md` has the rules.

#![forbid(unsafe_code)]

pub mod acl;
pub mod bus;
pub mod catalogue;
pub mod cluster;
pub mod command;
pub mod config;
pub mod engine;
pub mod journal;
pub mod number;
pub mod persistence;
pub mod rdb;
pub mod replication;
pub mod resp;
pub mod scripting;

pub mod server;
pub mod store;
pub mod system;

pub use crate::server::Server;
