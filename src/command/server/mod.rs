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
//! | [`slowlog`] | SLOWLOG                                                         |
//! | [`latency`] | LATENCY                                                         |
//! | [`debug`]   | DEBUG; [`digest`] is its checksum of the data, [`reload`] and [`hash_tables`] two of its subcommands |

pub mod admin;
pub mod command;
pub mod config;
pub mod debug;
pub mod digest;
mod hash_tables;
pub mod info;
pub mod latency;
pub mod memory;
pub mod monitor;
mod reload;
pub mod slowlog;
