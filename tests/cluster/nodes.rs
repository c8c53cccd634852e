//! Nodes of a cluster: processes of cacheflow and redis-server, each in a directory of its own.

use std::fs::File;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use super::client::{Client, Value};

/// How long a node may take to answer, and a cluster to agree.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// The node timeout: short, so that a failure is one soon; long enough for a machine that is busy.
pub const NODE_TIMEOUT_MS: u64 = 3000;

/// Which server a node is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Cacheflow,
    Redis,
    /// The later one: `REDIS_8_BIN`, or what `make peers` has fetched.
    Redis8,
}

use Kind::{Cacheflow, Redis, Redis8};

/// So many nodes, of both kinds in turn, so that each kind is both master and replica.
pub fn mixed(count: usize) -> Vec<Kind> {
    let of = std::env::var("CLUSTER_OF").unwrap_or_default();
    let kinds: &[Kind] = match of.as_str() {
        "redis" => &[Redis],
        "cacheflow" => &[Cacheflow],
        _ => &[Cacheflow, Redis],
    };
    kinds.iter().copied().cycle().take(count).collect()
}

/// A node; killed when it is dropped.
pub struct Node {
    pub kind: Kind,
    pub port: u16,
    child: Child,
    dir: tempfile::TempDir,
    args: Vec<String>,
}

impl Node {
    pub fn start(kind: Kind) -> Node {
        let timeout = NODE_TIMEOUT_MS.to_string();
        Node::start_with(kind, &["--cluster-enabled", "yes", "--cluster-node-timeout", &timeout])
    }

    /// Any server, with these flags.
    pub fn start_with(kind: Kind, args: &[&str]) -> Node {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        // Somebody else may take the ports first.
        for _ in 0..5 {
            let dir = tempfile::tempdir().unwrap();
            let port = free_port();
            let child = spawn(kind, port, &args, dir.path());
            let mut node = Node { kind, port, child, dir, args: args.clone() };
            if node.waits_until_ready() {
                return node;
            }
            eprintln!("{}", node.log());
        }
        panic!("a node did not start");
    }

    fn waits_until_ready(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let answer = self.connect().and_then(|mut client| client.call(&["PING"], PATIENCE));
            if answer.is_ok_and(|reply| reply == Value::Status(b"PONG".to_vec())) {
                return true;
            }
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn connect(&self) -> io::Result<Client> {
        connect(self.port)
    }

    /// Sends a command; words are parted by blanks.
    pub fn call(&self, command: &str) -> Value {
        let words: Vec<&str> = command.split(' ').collect();
        self.connect().and_then(|mut client| client.call(&words, PATIENCE)).unwrap()
    }

    /// The reply as text.
    pub fn ask(&self, command: &str) -> String {
        text(&self.call(command))
    }

    pub fn id(&self) -> String {
        self.ask("CLUSTER MYID")
    }

    /// A field of CLUSTER INFO, INFO.
    pub fn field(&self, command: &str, name: &str) -> String {
        let info = self.ask(command);
        let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_default().trim().to_owned()
    }

    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where its files are.
    pub fn directory(&self) -> &Path {
        self.dir.path()
    }

    /// Sends a signal to its process.
    pub fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Starts it again, on its port and with what it has left behind.
    pub fn restart(&mut self) {
        self.kill();
        self.child = spawn(self.kind, self.port, &self.args, self.dir.path());
        assert!(self.waits_until_ready(), "{}", self.log());
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let last = &lines[lines.len().saturating_sub(15)..];
            eprintln!("--- {:?} at {}:\n{}", self.kind, self.port, last.join("\n"));
        }
    }
}

fn spawn(kind: Kind, port: u16, args: &[String], dir: &Path) -> Child {
    let log = File::options().append(true).create(true).open(dir.join("log")).unwrap();
    let binary = match kind {
        Cacheflow => cacheflow(),
        Redis => "redis-server".into(),
        Redis8 => std::env::var("REDIS_8_BIN").unwrap_or_else(|_| {
            concat!(env!("CARGO_MANIFEST_DIR"), "/target/peers/redis-8.2/redis-server").into()
        }),
    };
    Command::new(&binary)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
        .args(["--repl-diskless-sync-delay", "0", "--enable-debug-command", "yes"])
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap_or_else(|error| panic!("{binary}: {error}"))
}

/// The server under test. Moving a quarter of all slots with one that isn't optimised takes a minute, so
/// `make cluster` names the one that is.
pub fn cacheflow() -> String {
    std::env::var("CACHEFLOW_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_cacheflow").into())
}

pub fn connect(port: u16) -> io::Result<Client> {
    Client::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}

/// A port that is free, as is the one 10000 above it, where the bus is.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = 10_000 + (std::process::id() % 11_000) as u16;
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 10_000 + (start - 10_000 + step) % 12_000;
        let is_free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
        if is_free(port) && is_free(port + 10_000) {
            return port;
        }
    }
}

/// A value as words, joined by line ends.
pub fn text(value: &Value) -> String {
    match value {
        Value::Status(text) | Value::Bulk(text) | Value::Verbatim(_, text) | Value::Error(text) => {
            String::from_utf8_lossy(text).into_owned()
        }
        Value::Integer(number) => number.to_string(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join("\n"),
        other => format!("{other:?}"),
    }
}

/// Waits until something is so, and fails if it never is.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Runs redis-cli, says yes to whatever it asks, and returns what it prints.
pub fn redis_cli(args: &[&str]) -> Result<String, String> {
    let mut command = Command::new("timeout");
    command.args(["300", "redis-cli"]).args(args);
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = piped.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"yes\n").unwrap_or_default(); // unless it has ended
    let output = child.wait_with_output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() { Ok(printed) } else { Err(printed) }
}

/// The same for `redis-cli --cluster`, which has to succeed.
pub fn cluster_cli(args: &[&str]) -> String {
    let all = [&["--cluster"], args].concat();
    redis_cli(&all).unwrap_or_else(|printed| panic!("redis-cli {all:?}:\n{printed}"))
}

/// Makes a cluster of nodes, of which all but the first `nodes / (1 + replicas)` are replicas.
pub fn create(nodes: &[Node], replicas: usize) {
    let addresses: Vec<String> = nodes.iter().map(Node::address).collect();
    let mut args = vec!["create"];
    args.extend(addresses.iter().map(String::as_str));
    let replicas = replicas.to_string();
    args.extend(["--cluster-replicas", &replicas, "--cluster-yes"]);
    let printed = cluster_cli(&args);
    assert!(printed.contains("[OK] All 16384 slots covered."), "{printed}");
    agree(nodes);
}

/// Waits until all nodes serve, and agree on who is there, whose each slot is and who copies whom.
pub fn agree(nodes: &[Node]) {
    wait_until("all nodes agree", || {
        nodes.iter().all(|node| node.field("CLUSTER INFO", "cluster_state") == "ok")
            && nodes.iter().all(|node| roles(node) == roles(&nodes[0]))
    });
}

/// Ranges of slots with their owners, as a node has them.
pub fn owners(node: &Node) -> Vec<String> {
    let mut owners = Vec::new();
    for line in node.ask("CLUSTER NODES").lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let slots = fields[8..].iter().filter(|slots| !slots.starts_with('['));
        owners.extend(slots.map(|slots| format!("{slots} {}", fields[0])));
    }
    owners.sort();
    owners
}

/// The same, and all nodes, with the masters that they copy.
fn roles(node: &Node) -> Vec<String> {
    let mut roles = owners(node);
    for line in node.ask("CLUSTER NODES").lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        roles.push(format!("{} copies {}", fields[0], fields[3]));
    }
    roles.sort();
    roles
}
