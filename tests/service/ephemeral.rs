//! `--ephemeral`: servers to throw away.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use redis::{Client, Connection, cmd};
use rustix::process::{Pid, test_kill_process};

use super::{Running, cacheflow, ping, wait_until};

/// The parts of the line that an ephemeral server prints, the port and the process id.
fn place(line: &str) -> (u16, i32) {
    let number = |name: &str| {
        let rest = line.split_once(&format!("\"{name}\":")).unwrap_or_else(|| panic!("{line}")).1;
        rest.split([',', '}']).next().unwrap().parse::<i32>().unwrap()
    };
    (number("port") as u16, number("pid"))
}

fn is_there(pid: i32) -> bool {
    // A zombie is still somebody's child, and no server any more.
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let is_zombie = stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z'));
    !is_zombie && test_kill_process(Pid::from_raw(pid).unwrap()).is_ok()
}
/// One that has said where it is.
struct Ephemeral {
    process: Running,
    out: BufReader<ChildStdout>,
    pid: i32,
    url: String,
}

fn start(directory: &Path, args: &[&str]) -> Ephemeral {
    let mut command = cacheflow();
    command.args(args).current_dir(directory);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let (port, pid) = place(&line);
    let url = format!("redis://127.0.0.1:{port}");
    let host = r#"{"host":"127.0.0.1","port":"#;
    assert_eq!(line, format!("{host}{port},\"pid\":{pid},\"url\":\"{url}\"}}\n"));
    Ephemeral { process: Running(child), out, pid, url }
}

impl Ephemeral {
    fn connect(&self) -> Connection {
        Client::open(&*self.url).unwrap().get_connection().unwrap()
    }

    /// Closes its input, and returns what else it has printed, and how long it took.
    fn end(mut self) -> (String, Duration) {
        let begun = Instant::now();
        drop(self.process.0.stdin.take());
        wait_until("it ends with its input", || !is_there(self.pid));
        let took = begun.elapsed();
        assert!(self.process.0.wait().unwrap().success());
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        (rest, took)
    }
}

/// More than it may take on a machine that does much else; by itself it is a tenth of that.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn it_says_where_it_is_and_ends_with_its_input() {
    let directory = tempfile::tempdir().unwrap();
    let first = start(directory.path(), &["--maxmemory", "10mb", "--ephemeral"]);
    let second = start(directory.path(), &["--ephemeral", "--loglevel", "notice"]);
    assert_ne!(first.url, second.url);
    assert_eq!(ping(&second.url), "PONG");
    let get = cmd("CONFIG").arg("GET").arg("maxmemory").query(&mut first.connect());
    let limit: Vec<String> = get.unwrap();
    assert_eq!(limit[1], "10485760");
    let (rest, took) = first.end();
    assert_eq!(rest, "");
    assert!(took < SOON, "{took:?}");
    assert_eq!(second.end().0, "", "what it logs goes elsewhere");
}

#[test]
fn no_client_makes_it_write_a_file_or_stay() {
    let directory = tempfile::tempdir().unwrap();
    // Of what a file says of files and ports, nothing counts.
    let file = tempfile::NamedTempFile::new().unwrap();
    let users = tempfile::NamedTempFile::new().unwrap();
    fs::write(&users, "user bob on >b ~* &* +@all\n").unwrap();
    let text = "port 1\nunixsocket s.sock\npidfile pid\nlogfile log\nsave 1 1\nappendonly yes\n\
                cluster-enabled yes\ndatabases 3\n";
    let text = format!("{text}aclfile {}\n", users.path().display());
    fs::write(&file, &text).unwrap();
    let server = start(directory.path(), &[file.path().to_str().unwrap(), "--ephemeral"]);
    let mut client = server.connect();
    cmd("AUTH").arg("bob").arg("b").exec(&mut client).unwrap();
    cmd("ACL").arg("SETUSER").arg("eve").exec(&mut client).unwrap();
    let replica_of = server.url.rsplit(':').next().unwrap();
    let replica_of = format!("127.0.0.1 {replica_of}");
    let replica = start(directory.path(), &["--ephemeral", "--replicaof", &replica_of]);
    for refused in [
        "SAVE",
        "BGSAVE",
        "BGREWRITEAOF",
        "CONFIG SET appendonly yes",
        "CONFIG SET dir /",
        "CONFIG REWRITE",
        "ACL SAVE",
    ] {
        let words: Vec<&str> = refused.split(' ').collect();
        assert!(cmd(words[0]).arg(&words[1..]).exec(&mut client).is_err(), "{refused}");
    }
    // What it was told by is as it was, for those who use it next.
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert_eq!(fs::read_to_string(&users).unwrap().matches("user ").count(), 1);
    // Save points are only noted, and neither they nor replicas keep it from ending.
    cmd("CONFIG").arg("SET").arg("save").arg("1 1").exec(&mut client).unwrap();
    cmd("SET").arg("key").arg("value").exec(&mut client).unwrap();
    let mut there = replica.connect();
    wait_until("the replica has it", || {
        cmd("GET").arg("key").query::<Option<String>>(&mut there).unwrap().is_some()
    });
    std::thread::sleep(Duration::from_millis(1500));
    cmd("SET").arg("key").arg("later").exec(&mut client).unwrap();
    let (_, took) = server.end();
    assert!(took < SOON, "{took:?}");
    replica.end();
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
}

#[test]
fn a_script_without_an_end_does_not_keep_it() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &["--ephemeral"]);
    let mut client = server.connect();
    client
        .send_packed_command(&cmd("EVAL").arg("while true do end").arg(0).get_packed_command())
        .unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let (_, took) = server.end();
    assert!(took < SOON, "{took:?}");
}

#[test]
fn it_ends_with_its_parent() {
    // A shell that starts it, and is killed. The server's input says nothing.
    let script = "\"$0\" --ephemeral </dev/null & wait";
    let mut shell = Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_cacheflow")]).stdout(Stdio::piped());
    let mut shell = Running(shell.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(shell.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let (port, pid) = place(&line);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(ping(&format!("redis://127.0.0.1:{port}")), "PONG", "/dev/null is no end");
    let begun = Instant::now();
    shell.0.kill().unwrap();
    wait_until("it ends with its parent", || !is_there(pid));
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

/// Its parent was gone before it looked who that is, and nobody is there to read where it is.
#[test]
fn it_ends_without_a_reader() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = cacheflow();
    command.arg("--ephemeral").current_dir(&directory);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = Running(command.spawn().unwrap());
    drop(child.0.stdout.take());
    wait_until("it ends", || child.0.try_wait().unwrap().is_some());
    assert_eq!(child.0.wait().unwrap().code(), Some(1));
}

#[test]
fn what_it_could_not_keep_or_tell_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let refused = |args: &[&str], reason: &str| {
        let mut command = cacheflow();
        command.arg("--ephemeral").args(args).current_dir(&directory).stdin(Stdio::null());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        assert!(said.contains(reason), "{args:?}: {said}");
        assert!(output.stdout.is_empty(), "{args:?}");
    };
    refused(&["--cluster-enabled", "yes"], "an ephemeral server none");
    refused(&["--port", "0", "--unixsocket", "socket"], "there is no port to tell of");
    assert!(!directory.path().join("nodes.conf").exists());
}
