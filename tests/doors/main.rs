//! The other ways in: TLS and Unix sockets, seen from outside.
//!
//! | file              | what it is                                                        |
//! |-------------------|-------------------------------------------------------------------|
//! | `certificates.rs` | certificates, made for one test                                   |
//! | `streams.rs`      | one encrypted stream, chopped, full, used by several threads      |
//! | `encrypted.rs`    | a server over TLS: commands, pushes, certificates that change     |
//! | `starts.rs`       | files that are wrong, at the start and later                      |
//! | `hostile.rs`      | peers that lie, dawdle, or are nobody                             |
//! | `local.rs`        | a server at a Unix socket                                         |
//! | `replicas.rs`     | replication over TLS, with Redis as well, and Sentinels           |

mod certificates;
#[path = "../support/client.rs"]
#[allow(dead_code)] // the scripts need more of it
mod client;
mod encrypted;
mod hostile;
mod local;
mod replicas;
#[path = "../persistence/server.rs"]
#[allow(dead_code)] // the tests of persistence need more of it
mod server;
#[path = "../../benches/compare/servers.rs"]
#[allow(dead_code)]
mod servers;
mod starts;
mod streams;

use std::net::TcpStream;
use std::path::Path;
use std::process::Child;
use std::time::Instant;

use cacheflow::system::tls::Tls;
use certificates::{Authority, Issued};
use client::{Client, Output, Value, text};
use server::{PATIENCE, Process};

/// A server that speaks TLS, and everything about its certificates.
struct Encrypted {
    directory: tempfile::TempDir,
    authority: Authority,
    process: Process,
    port: u16,
    /// As a client that the server believes.
    tls: Tls,
}

impl Encrypted {
    /// Starts one with these flags behind the usual ones. Clients need a certificate.
    fn start(flags: &[&str]) -> Encrypted {
        let directory = tempfile::tempdir().unwrap();
        let authority = Authority::new(directory.path(), "ca");
        let server = authority.issue("server");
        let tls = authority.tls(&authority.issue("client"));
        let (process, port) = start(directory.path(), &authority, &server, flags);
        Encrypted { directory, authority, process, port, tls }
    }

    /// A connection that is encrypted.
    fn connect(&self) -> Client {
        connect_with(self.port, &self.tls).unwrap()
    }
}

/// Starts a server that also has a port for TLS, which is returned.
fn start(
    directory: &Path,
    authority: &Authority,
    issued: &Issued,
    flags: &[&str],
) -> (Process, u16) {
    let port = servers::free_port().unwrap();
    let text = port.to_string();
    let flags = [&["--tls-port", text.as_str()], &authority.flags(issued)[..], flags].concat();
    (server::start(directory, &flags), port)
}

/// A connection to a port, with what one knows and is.
fn connect_with(port: u16, tls: &Tls) -> std::io::Result<Client> {
    let socket = TcpStream::connect(("127.0.0.1", port))?;
    let stream = tls.outgoing.connect(socket, "localhost", Instant::now() + PATIENCE)?;
    Ok(Client::over(stream))
}

fn call(client: &mut Client, command: &str) -> Value {
    let words: Vec<&str> = command.split(' ').collect();
    client.call(&words, PATIENCE).unwrap_or_else(|error| panic!("{command}: {error}"))
}

/// The next value that comes.
fn next(client: &mut Client) -> Value {
    match client.read(PATIENCE).unwrap() {
        Output::Value(value) => value,
        other => panic!("{other:?}"),
    }
}

/// A process that is killed when this is dropped.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
