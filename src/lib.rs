//! cacheflow: a Redis-compatible server, written from scratch so that it can be read.

#![forbid(unsafe_code)]

pub mod glob;
pub mod number;
pub mod config;
pub mod glob;
pub mod healthcheck;
pub mod logging;
pub mod store;
