//! Clients that flood: what they may have the server hold for them, how it is counted, and what
//! becomes of those who have too much.
//!
//! | file          | about                                                              |
//! |---------------|--------------------------------------------------------------------|
//! | [`replies`]   | `client-output-buffer-limit`: it binds while a reply is written    |
//! | [`memory`]    | CLIENT LIST and `maxmemory-clients` count what a client really has |
//! | [`replicas`]  | what is kept for replicas, and for nobody                          |
//!
//! Expectations are those of redis-server 7.0.15, unless a test says otherwise. The tests run against
//! any binary that takes its arguments: `CACHEFLOW_BIN=redis-server cargo test --test flooding`.

#[allow(dead_code)]
#[path = "../support/client.rs"]
mod client;
#[allow(dead_code)]
#[path = "../../benches/compare/servers.rs"]
mod servers;
#[path = "../support/tasks.rs"]
mod tasks;

mod memory;
mod replicas;
mod replies;

use std::time::{Duration, Instant};

use client::{Client, Output, Value};

/// Longer than anything here may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server to be flooded.
struct Server(servers::Server);

impl Server {
    fn start(args: &[&str]) -> Server {
        let built = env!("CARGO_BIN_EXE_cacheflow");
        let args = [&["--enable-debug-command", "yes"], args].concat();
        Server(servers::Server::cacheflow(built, &args).unwrap())
    }

    /// Whether it is the real one: then what is better here is not to be expected.
    fn is_redis(&self) -> bool {
        self.0.port != 0 && std::env::var("CACHEFLOW_BIN").is_ok_and(|name| name.contains("redis"))
    }

    fn connect(&self) -> Client {
        Client::connect(([127, 0, 0, 1], self.0.port).into()).unwrap()
    }

    /// One command on a connection of its own.
    fn ask(&self, command: &str) -> Value {
        ask(&mut self.connect(), command)
    }

    /// A field of INFO.
    fn info(&self, field: &str) -> i64 {
        let info = text(&self.ask("INFO everything"));
        let value = info.lines().find_map(|line| line.strip_prefix(&format!("{field}:")));
        value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {field}"))
    }

    /// A field of CLIENT LIST, for the client with this name; none if it has gone.
    fn field(&self, name: &str, field: &str) -> Option<String> {
        let list = text(&self.ask("CLIENT LIST"));
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let mut lines = list.lines().map(words);
        let line = lines.find(|words| words.contains(&format!("name={name}")))?;
        let value = line.iter().find_map(|word| word.strip_prefix(&format!("{field}=")));
        Some(value.unwrap_or_else(|| panic!("no field {field}")).to_owned())
    }

    /// The same, as a number.
    fn number(&self, name: &str, field: &str) -> i64 {
        let value = self.field(name, field).unwrap_or_else(|| panic!("{name} has gone"));
        value.parse().unwrap()
    }

    /// The memory of the process, in bytes.
    fn resident(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.0.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
    }
}

/// Words, as one command.
fn ask(client: &mut Client, command: &str) -> Value {
    let words: Vec<&str> = command.split(' ').collect();
    client.call(&words, PATIENCE).unwrap_or_else(|error| panic!("{command}: {error}"))
}

/// A connection with a name.
fn named(server: &Server, name: &str) -> Client {
    let mut client = server.connect();
    assert_eq!(ask(&mut client, &format!("CLIENT SETNAME {name}")), Value::Status(b"OK".to_vec()));
    client
}

fn text(value: &Value) -> String {
    let (Value::Bulk(text) | Value::Status(text) | Value::Verbatim(_, text)) = value else {
        panic!("not a text: {value:?}")
    };
    String::from_utf8_lossy(text).into_owned()
}

/// Whether the connection ends without a further value.
fn ends(client: &mut Client) -> bool {
    matches!(client.read(PATIENCE).unwrap(), Output::Closed)
}

/// Waits for something to become true.
fn eventually(what: &str, mut is_true: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_true() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
