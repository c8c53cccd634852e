//! Starting and stopping the servers that are compared, cacheflow and a real redis-server.
//!
//! Both get a free port of 127.0.0.1, an empty temporary directory and no save points, and are
//! killed and waited for when the [`Server`] is dropped, so that a panicking run leaves no process
//! behind. The differential test includes this file too: it needs the same two servers.
//!
//! Readiness is read from the log, not probed: both print `Ready to accept connections`, and
//! cacheflow adds the address, which is how `--listenAddr 127.0.0.1:0` tells the port it was given.
//! redis-server cannot choose one itself, so it gets a port that was free a moment ago.
//!
//! What it leaves out on purpose: restarting with the same data, replicas, several servers of a
//! kind. A case that needs those starts its own [`Server`] with further arguments.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Error, Read, Result};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How long a server may take to say that it is ready. It takes milliseconds; a machine that is
/// busy with three builds at once takes a second or two.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// A running server that is stopped when it is dropped.
pub struct Server {
    /// How reports call it: `cacheflow` or `redis`.
    pub name: &'static str,
    /// The port of 127.0.0.1 it listens on.
    pub port: u16,
    /// Its process: a case may read `/proc/PID` to learn about memory and threads.
    pub child: Child,
    _dir: tempfile::TempDir,
}

impl Server {
    /// Starts the server under test: `built`, unless `CACHEFLOW_BIN` names another binary (a real
    /// redis-server, say: then a comparison must find no difference).
    pub fn cacheflow(built: &str, args: &[&str]) -> Result<Server> {
        let binary = replacement().unwrap_or_else(|| built.into());
        Server::start("cacheflow", binary, args)
    }

    /// Starts the real server: `redis-server` from the path, unless `REDIS_BIN` names another.
    pub fn redis(args: &[&str]) -> Result<Server> {
        let binary = std::env::var_os("REDIS_BIN").unwrap_or_else(|| "redis-server".into());
        Server::start("redis", binary, args)
    }

    fn start(name: &'static str, binary: OsString, args: &[&str]) -> Result<Server> {
        let real = Path::new(&binary).file_name().is_some_and(|file| file == "redis-server");
        // Somebody else may take the free port before redis-server does: try a few times.
        let mut failure = Error::other("never tried");
        for _ in 0..5 {
            let started = if real {
                let port = free_port()?;
                Server::start_on(name, &binary, ["--port", &port.to_string()], port, args)
            } else {
                Server::start_on(name, &binary, ["--listenAddr", "127.0.0.1:0"], 0, args)
            };
            match started {
                Ok(server) => return Ok(server),
                Err(error) => failure = error,
            }
        }
        Err(Error::other(format!("{name} ({}): {failure}", binary.display())))
    }

    fn start_on(
        name: &'static str,
        binary: &OsString,
        listen: [&str; 2],
        port: u16,
        args: &[&str],
    ) -> Result<Server> {
        let dir = tempfile::tempdir()?;
        let mut child = Command::new(binary)
            .args(listen)
            .args(["--save", "", "--appendonly", "no"])
            .args(args)
            .current_dir(dir.path())
            // SORT ALPHA follows the locale in the real server; compare in the plainest one.
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()?;
        let log = child.stdout.take().expect("stdout was asked for");
        match wait_until_ready(log) {
            Ok(told) => Ok(Server { name, port: told.unwrap_or(port), child, _dir: dir }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    /// Opens a connection to the server.
    pub fn connect(&self) -> Result<TcpStream> {
        let stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary that stands in for cacheflow in this run, if one does.
pub fn replacement() -> Option<OsString> {
    std::env::var_os("CACHEFLOW_BIN")
}

/// Reads the log up to the ready line and returns the port that the line tells, if it does. A
/// thread goes on reading for as long as the server lives: a full pipe would stop the server.
fn wait_until_ready(log: ChildStdout) -> Result<Option<u16>> {
    let (ready_tx, ready_rx) = mpsc::channel();
    std::thread::spawn(move || {
        let mut log = BufReader::new(log);
        let mut line = String::new();
        let mut seen = String::new();
        while log.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
            if let Some((_, rest)) = line.split_once("Ready to accept connections") {
                let port = rest.trim().rsplit(':').next().and_then(|port| port.parse().ok());
                let _ = ready_tx.send(Ok(port));
                let _ = log.read_to_end(&mut Vec::new());
                return;
            }
            seen.push_str(&line);
            line.clear();
        }
        let _ = ready_tx.send(Err(Error::other(format!("ended before it was ready:\n{seen}"))));
    });
    ready_rx.recv_timeout(START_TIMEOUT).map_err(|_| Error::other("not ready in time"))?
}

/// A port that was free a moment ago.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
