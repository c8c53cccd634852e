//! `examples/tiny.rs`, running.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The example, on a free port.
pub struct Tiny {
    process: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Tiny {
    /// Starts it, and waits until it is ready.
    pub fn start() -> Tiny {
        let example = built_example();
        let mut command = Command::new(&example);
        let mut process = command.arg("127.0.0.1:0").stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("Ready to accept connections on ");
        let address = address.expect("it says where it listens").parse().unwrap();
        Tiny { process, address }
    }
}

impl Drop for Tiny {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Cargo builds examples along with all tests, but not with a single one.
fn built_example() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let folder = this.parent().and_then(Path::parent).expect("target/debug/deps");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--quiet", "--example", "tiny"]);
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success());
    folder.join("examples/tiny")
}
