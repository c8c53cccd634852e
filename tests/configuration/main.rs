//! What a configuration does to a server that is a process: what it protects, where it listens, what it
//! leaves behind.
//!
//! | file         | what it is about                                                        |
//! |--------------|-------------------------------------------------------------------------|
//! | `bytes`      | passwords and names that are no text                                   |
//! | `debugging`  | DEBUG, and what slows a server down for tests                          |
//! | `later`      | files written for Redis 8.2 and Valkey                                   |
//! | `listening`  | addresses and ports, also while it runs; pidfile, title of the process  |
//! | `log`        | lines that others look for                                              |
//! | `renaming`   | `rename-command`, as replicas, the append-only file and a restart see it |
//! | `protection` | a line that is meant to protect either does, or ends the start           |
//! | `values`     | CONFIG SET takes back what CONFIG GET shows                              |

mod bytes;
#[path = "../support/client.rs"]
#[allow(dead_code)] // the scripts need more of it
mod client;
mod debugging;
mod later;
mod listening;
mod log;
mod protection;
mod renaming;
#[path = "../persistence/server.rs"]
#[allow(dead_code)] // the tests of persistence need more of it
mod server;
mod values;
