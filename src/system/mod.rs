//! What the operating system gives, with nothing of a database in it.
//!
//! | file        | what it is                                               |
//! |-------------|----------------------------------------------------------|
//! | [`clock`]   | what time it is                                          |
//! | [`random`]  | numbers that can't be guessed, and fast ones             |
//! | [`memory`]  | how many bytes are allocated                             |
//! | [`logging`] | lines for whoever runs the server                        |
//! | [`oom`]     | which process has to end when memory runs out            |
//! | [`descriptors`] | how many files and sockets it may open                  |
//! | [`threads`] | how many threads there may be                            |
//! | [`tasks`]   | what one of them is doing                                |
//! | [`service`] | threads that the server can't do without                 |
//! | [`sync`]    | locks and threads, where models check their order        |
//! | [`mutex`]   | a mutex of the standard library, though somebody has panicked |
//! | [`lock`]    | a lock that many threads want and nobody keeps           |
//! | [`cores`]   | which processor cores they use                           |
//! | [`trial`]   | which of two ways serves more                            |
//! | [`stream`]  | a connection, whatever it goes over                      |
//! | [`tls`]     | certificates, and whom to believe                        |
//! | [`outgoing`] | connections that we make                                |
//! | [`pidfile`], [`title`] | what tells others of this process               |
//! | [`peers`]   | is the other end of a socket still there?                |
//! | [`wakeup`]  | sleeping until a socket or another thread has something   |

pub mod clock;
pub mod cores;
pub mod descriptors;
pub mod lock;
#[cfg(test)]
mod lock_tests;
pub mod logging;
pub mod memory;
pub mod mutex;
pub mod oom;
pub mod outgoing;
pub mod peers;
pub mod pidfile;
pub mod random;
pub mod service;
pub mod stream;
pub mod supervisor;
pub mod sync;
pub mod tasks;
pub mod threads;
pub mod title;
pub mod tls;
pub mod trial;
pub mod wakeup;
