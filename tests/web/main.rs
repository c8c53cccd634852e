//! The window, seen from outside: what each request is answered with, and who gets no answer.
//!
//! | file           | what it is                                                        |
//! |----------------|-------------------------------------------------------------------|
//! | `browser.rs`   | an HTTP client, small enough to be trusted, that can misbehave    |
//! | `opening.rs`   | where the window opens, and where it doesn't; the page itself     |
//! | `sessions.rs`  | passwords, users, cookies, commands and their journeys            |
//! | `strangers.rs` | other sites' pages                                                |
//! | `hostile.rs`   | peers that dawdle, flood, or send what is no request              |
//! | `events.rs`    | the state of the server, as it changes                            |
//! | `metrics.rs`   | figures for Prometheus, read strictly                             |
//! | `cost.rs`      | what a looker costs, measured (ignored unless asked for)          |

mod browser;
#[path = "../support/client.rs"]
#[allow(dead_code)] // the scripts need more of it
mod client;
mod cost;
mod events;
mod hostile;
mod metrics;
mod opening;
#[path = "../persistence/server.rs"]
#[allow(dead_code)] // the tests of persistence need more of it
mod server;
mod sessions;
mod strangers;
#[path = "../support/tasks.rs"]
mod tasks;

use std::fs;
use std::net::SocketAddr;

use client::{Client, Value};
use server::{PATIENCE, Process};

/// A server with a window.
pub struct Opened {
    directory: tempfile::TempDir,
    process: Process,
    window: SocketAddr,
}

impl Opened {
    /// Starts one with these flags behind the usual ones.
    pub fn start(flags: &[&str]) -> Opened {
        let directory = tempfile::tempdir().unwrap();
        let process = server::start(directory.path(), &[&["--web", "127.0.0.1:0"], flags].concat());
        let log = fs::read_to_string(directory.path().join("log")).unwrap();
        let line = log.lines().find_map(|line| line.split_once("The window is at http://"));
        let window = line.expect(&log).1.trim_end_matches('/').parse().unwrap();
        Opened { directory, process, window }
    }

    /// One command on a connection of its own, as words.
    pub fn call(&self, command: &str) -> Value {
        self.process.call(command)
    }

    /// A connection of a client.
    pub fn connect(&self) -> Client {
        self.process.connect()
    }
}

/// One command on this connection, as words.
pub fn call(client: &mut Client, command: &str) -> Value {
    let words: Vec<&str> = command.split(' ').collect();
    client.call(&words, PATIENCE).unwrap_or_else(|error| panic!("{command}: {error}"))
}
