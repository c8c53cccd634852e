//! cacheflow: a Redis-compatible server, written from scratch so that it can be read.

#![forbid(unsafe_code)]

pub mod command;
pub mod config;
pub mod engine;
pub mod eviction;
pub mod glob;
pub mod healthcheck;
pub mod interest;
pub mod journal;
pub mod logging;
pub mod number;
pub mod random;
pub mod resp;
pub mod server;
pub mod stats;
pub mod store;
pub mod watch;

pub use server::Server;
