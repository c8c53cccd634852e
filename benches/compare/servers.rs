//! Starting and stopping the servers that are compared, cacheflow and a real redis-server.
//!
//! Both get a free port of 127.0.0.1, an empty temporary directory, no save points and no
//! append-only file, unless further arguments say otherwise. They are killed and waited for when the
//! [`Server`] is dropped, so that a panicking run leaves no process behind. The tests that need the
//! same two servers include this file, too.
//!
//! Readiness is read from the log, not probed: both print `Ready to accept connections`, and
//! cacheflow adds the address, which is how `--listenAddr 127.0.0.1:0` tells the port it was given.
//! redis-server cannot choose one itself, so it gets a port that was free a moment ago. The log is a
//! file: a pipe that nobody drains stops its writer, and a file can be shown after a crash.
//!
//! What it leaves out on purpose: replicas, several servers of a kind. A case that needs those
//! starts its own [`Server`] with further arguments.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{Error, Result};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to say that it is ready. It takes milliseconds; a machine that is
/// busy with three builds at once, or a server with much to load, takes seconds.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How often the log is looked at meanwhile.
const LOOK_PERIOD: Duration = Duration::from_micros(500);
/// Somebody else may take the free port before redis-server does: try a few times.
const TRIES: usize = 5;

/// A running server that is stopped when it is dropped.
pub struct Server {
    /// How reports call it: `cacheflow`, `redis`.
    pub name: &'static str,
    /// The port of 127.0.0.1 it listens on.
    pub port: u16,
    /// Its process: a case may read `/proc/PID` to learn about memory and threads.
    pub child: Child,
    binary: OsString,
    dir: tempfile::TempDir,
}

impl Server {
    /// Starts the server under test: `built`, unless `CACHEFLOW_BIN` names another binary (a real
    /// redis-server, say: then a comparison must find no difference).
    pub fn cacheflow(built: &str, args: &[&str]) -> Result<Server> {
        Server::start("cacheflow", cacheflow_binary(built), args)
    }

    /// Starts the real server: `redis-server` from the path, unless `REDIS_BIN` names another.
    pub fn redis(args: &[&str]) -> Result<Server> {
        Server::start("redis", redis_binary(), args)
    }

    /// Starts any of them: `binary` is cacheflow or something that takes redis-server's arguments.
    pub fn start(name: &'static str, binary: OsString, args: &[&str]) -> Result<Server> {
        Server::start_in(tempfile::tempdir()?, name, binary, args)
    }

    /// The same, in a directory that holds files already: names and contents.
    #[allow(dead_code)] // for scripts
    pub fn start_with(
        files: &[(String, String)],
        name: &'static str,
        binary: OsString,
        args: &[&str],
    ) -> Result<Server> {
        let dir = tempfile::tempdir()?;
        for (file, contents) in files {
            fs::write(dir.path().join(file), contents)?;
        }
        Server::start_in(dir, name, binary, args)
    }

    /// Kills the server and starts it again on the same directory, on a port of its own.
    pub fn restart(mut self, args: &[&str]) -> Result<Server> {
        self.kill();
        let dir = std::mem::replace(&mut self.dir, tempfile::tempdir()?);
        Server::start_in(dir, self.name, std::mem::take(&mut self.binary), args)
    }

    fn start_in(
        dir: tempfile::TempDir,
        name: &'static str,
        binary: OsString,
        args: &[&str],
    ) -> Result<Server> {
        let file = Path::new(&binary).file_name().unwrap_or_default().to_string_lossy();
        let is_redis = file.starts_with("redis") || file.starts_with("valkey");
        let mut failure = Error::other("never tried");
        for _ in 0..TRIES {
            let port = if is_redis { free_port()? } else { 0 };
            match spawn(&binary, dir.path(), port, args) {
                Ok((child, told)) => {
                    let port = told.unwrap_or(port);
                    return Ok(Server { name, port, child, binary, dir });
                }
                Err(error) => failure = error,
            }
        }
        Err(Error::other(format!("{name} ({}): {failure}", binary.display())))
    }

    /// Opens a connection to the server.
    pub fn connect(&self) -> Result<TcpStream> {
        let stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// Its directory: log, snapshots, append-only files.
    #[allow(dead_code)] // for tests
    pub fn directory(&self) -> &Path {
        self.dir.path()
    }

    /// Everything it has logged.
    #[allow(dead_code)] // for tests
    pub fn log(&self) -> String {
        let text = fs::read(self.dir.path().join(LOG)).unwrap_or_default();
        String::from_utf8_lossy(&text).into_owned()
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The log's name in the server's directory.
const LOG: &str = "log";

/// Starts a process and waits until it is ready. Tells the port that it names, if it names one.
fn spawn(binary: &OsStr, dir: &Path, port: u16, args: &[&str]) -> Result<(Child, Option<u16>)> {
    let log = dir.join(LOG);
    let out = File::create(&log)?;
    let mut command = Command::new(binary);
    match port {
        0 => command.args(["--listenAddr", "127.0.0.1:0"]),
        _ => command.args(["--port", &port.to_string()]),
    };
    // The bus of a cluster's node is at its port + 10000 otherwise, which need be no port at all.
    if args.contains(&"--cluster-enabled") && !args.contains(&"--cluster-port") {
        command.args(["--cluster-port", &free_port()?.to_string()]);
    }
    let mut child = command
        .args(["--save", "", "--appendonly", "no"])
        .args(args)
        .current_dir(dir)
        // SORT ALPHA follows the locale in the real server; compare in the plainest one.
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out)
        .spawn()?;
    let deadline = Instant::now() + START_TIMEOUT;
    loop {
        let text = fs::read(&log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let ready = text.lines().find(|line| line.contains("Ready to accept connections"));
        // A line without its end is still being written.
        if let Some(line) = ready.filter(|_| text.ends_with('\n')) {
            let told = line.rsplit(':').next().and_then(|port| port.trim().parse().ok());
            return Ok((child, told));
        }
        if child.try_wait()?.is_some() || Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            return Err(Error::other(format!("the server did not start:\n{text}")));
        }
        std::thread::sleep(LOOK_PERIOD);
    }
}

/// The binary under test: see [`Server::cacheflow`].
pub fn cacheflow_binary(built: &str) -> OsString {
    replacement().unwrap_or_else(|| built.into())
}

/// The real server: see [`Server::redis`].
pub fn redis_binary() -> OsString {
    std::env::var_os("REDIS_BIN").unwrap_or_else(|| "redis-server".into())
}

/// The later server, for what came after 7.0: `REDIS_8_BIN`, or what `make peers` has fetched.
#[allow(dead_code)] // for tests of what came later
pub fn redis_8_binary() -> OsString {
    fetched_redis_8().expect("the later redis-server is missing: run `make peers`")
}

/// The same, if there is one.
pub fn fetched_redis_8() -> Option<OsString> {
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/redis-8.2/redis-server");
    std::env::var_os("REDIS_8_BIN").or_else(|| fetched.exists().then(|| fetched.into()))
}

/// The binary that stands in for cacheflow in this run, if one does.
pub fn replacement() -> Option<OsString> {
    std::env::var_os("CACHEFLOW_BIN")
}

/// A port that was free a moment ago.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
