//! Servers to be killed: processes of the real program, each on a directory that outlives it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::client::{Client, Value};

/// How long anything may take.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running server. Dropped, it is killed.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
    log: PathBuf,
}

/// Starts cacheflow on `directory`, or tells why it doesn't start: exit status and log.
pub fn try_start(directory: &Path, flags: &[&str]) -> Result<Process, (ExitStatus, String)> {
    try_start_by(Command::new(binary()), directory, flags)
}

/// The program; another build can be named, to measure it.
pub fn binary() -> OsString {
    let binary = std::env::var_os("CACHEFLOW_TEST_BINARY");
    binary.unwrap_or_else(|| env!("CARGO_BIN_EXE_cacheflow").into())
}

/// The same, by a command that ends up running it.
pub fn try_start_by(
    mut command: Command,
    directory: &Path,
    flags: &[&str],
) -> Result<Process, (ExitStatus, String)> {
    let log = directory.join("log");
    let out = File::create(&log).unwrap();
    command.args(["--listen-addr", "127.0.0.1:0", "--enable-debug-command", "yes", "--save", ""]);
    command.arg("--dir").arg(directory).args(flags);
    command.stdin(Stdio::null()).stdout(out.try_clone().unwrap()).stderr(out);
    let mut child = command.spawn().unwrap();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let text = fs::read_to_string(&log).unwrap_or_default();
        let ready = text.lines().find(|line| line.contains("Ready to accept connections on "));
        if let Some(line) = ready.filter(|_| text.ends_with('\n')) {
            let address = line.rsplit(' ').next().unwrap().parse().unwrap();
            return Ok(Process { child, address, log });
        }
        if let Some(status) = child.try_wait().unwrap() {
            return Err((status, fs::read_to_string(&log).unwrap()));
        }
        assert!(Instant::now() < deadline, "neither started nor ended:\n{text}");
        std::thread::sleep(Duration::from_millis(3));
    }
}

/// Starts cacheflow, which must work.
pub fn start(directory: &Path, flags: &[&str]) -> Process {
    match try_start(directory, flags) {
        Ok(process) => process,
        Err((status, log)) => panic!("the server ended with {status}:\n{log}"),
    }
}

impl Process {
    pub fn connect(&self) -> Client {
        Client::connect(self.address).unwrap()
    }

    /// One command on a connection of its own, as words.
    pub fn call(&self, command: &str) -> Value {
        let words: Vec<&str> = command.split(' ').collect();
        self.connect().call(&words, PATIENCE).unwrap()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// What the log says by now, or soon.
    pub fn wait_for_log(&self, text: &str) {
        wait_until(|| self.log().contains(text), || format!("'{text}' in\n{}", self.log()));
    }

    /// The value of an INFO field.
    pub fn info(&self, field: &str) -> String {
        let Value::Bulk(text) = self.call("INFO everything") else { panic!("INFO replies a text") };
        let text = String::from_utf8(text).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        line.unwrap_or_else(|| panic!("no {field}")).to_owned()
    }

    /// As the power going away, for the process.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As a service manager stops it. Returns its exit status.
    pub fn terminate(&mut self) -> ExitStatus {
        let status = Command::new("kill").arg(self.pid().to_string()).status().unwrap();
        assert!(status.success());
        self.wait()
    }

    /// Waits until it has ended by itself.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "still running:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(3));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something is so.
pub fn wait_until(mut so: impl FnMut() -> bool, what: impl FnOnce() -> String) {
    let deadline = Instant::now() + PATIENCE;
    while !so() {
        if Instant::now() > deadline {
            panic!("waited in vain for {}", what());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub fn ok() -> Value {
    Value::Status(b"OK".to_vec())
}

pub fn bulk(text: &str) -> Value {
    Value::Bulk(text.as_bytes().to_vec())
}

/// The text of an error reply.
pub fn error(value: Value) -> String {
    let Value::Error(text) = value else { panic!("not an error: {value:?}") };
    String::from_utf8(text).unwrap()
}

/// The only file of changes.
pub fn increment(directory: &Path) -> PathBuf {
    let files = fs::read_dir(directory.join("appendonlydir")).unwrap();
    let mut paths: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(".incr.aof"));
    assert_eq!(paths.len(), 1, "{paths:?}");
    paths.remove(0)
}
