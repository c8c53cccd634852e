//! The program beside other programs: whoever throws servers away, service managers, shells, and people who look
//! whether a configuration is right.

mod activation;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../doors/certificates.rs"]
mod certificates;
mod configuration;
mod ephemeral;
mod generated;
mod supervision;

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use redis::{Client, cmd};
use rustix::process::{Pid, Signal, kill_process};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

fn cacheflow() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cacheflow"));
    ["NOTIFY_SOCKET", "UPSTART_JOB", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"].iter().for_each(
        |name| {
            command.env_remove(name);
        },
    );
    command
}

fn output(args: &[&str]) -> Output {
    cacheflow().args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn wait_until(what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn ping(url: &str) -> String {
    let mut connection = Client::open(url).unwrap().get_connection().unwrap();
    cmd("PING").query(&mut connection).unwrap()
}

/// A server that is killed in the end, if it is still there.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
/// A server whose log is in this directory.
fn start_logging(directory: &Path, args: &[&str], environment: &[(&str, &str)]) -> Running {
    let mut command = cacheflow();
    command.args(["--listenAddr", "127.0.0.1:0", "--logfile", "log", "--dir"]).arg(directory);
    command.args(args).envs(environment.iter().copied()).current_dir(directory);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    Running(command.spawn().unwrap())
}

fn signal(server: &Running, signal: Signal) {
    kill_process(Pid::from_child(&server.0), signal).unwrap();
}
