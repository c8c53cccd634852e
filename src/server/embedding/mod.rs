//! The server as a library, for tests of other programs: speaking to it without a port, and looking at its data
//! without a client.
//!
//! | file           | what it is                                              |
//! |----------------|---------------------------------------------------------|
//! | [`connection`] | a connection that is a pair of sockets, and no port     |
//! | [`reply`]      | what a server says, as a value                          |
//! | [`database`]   | typed reads and writes under THE lock                   |
//! | [`saved`]      | all data, to go back to between two tests               |
//! | [`seed`]       | what a server holds when it begins                      |

pub mod connection;
pub mod database;
pub mod reply;
pub mod saved;
pub mod seed;
