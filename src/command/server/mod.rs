//! The server itself: commands about the process, its data as a whole, and what it tells of itself.
//!
//! | file        | commands                                                        |
//! |-------------|-----------------------------------------------------------------|
//! | [`admin`]   | DBSIZE, FLUSHDB, FLUSHALL, SWAPDB, TIME, SHUTDOWN, LOLWUT, MODULE |
//! | [`command`] | COMMAND: what clients can learn about commands                  |
//! | [`config`]  | CONFIG                                                          |
//! | [`info`]    | INFO, one file for each group of sections                       |
//! | [`memory`]  | MEMORY                                                          |
//! | [`monitor`] | MONITOR                                                         |
//! | [`slowlog`] | SLOWLOG, COMMANDLOG                                             |
//! | [`latency`] | LATENCY                                                         |
//! | [`explain`] | EXPLAIN: a command's journey through the server                 |
//! | [`debug`]   | DEBUG; [`digest`] is its checksum of the data, [`clock`], [`reload`] and [`hash_tables`] three of its subcommands |

pub mod admin;
pub mod clock;
pub mod command;
pub mod config;
pub mod debug;
pub mod digest;
pub mod explain;
mod hash_tables;
pub mod info;
pub mod latency;
pub mod memory;
pub mod monitor;
mod reload;
pub mod slowlog;
