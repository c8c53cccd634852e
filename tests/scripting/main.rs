//! Scripts that take long, and scripts that mean harm.
//!
//! | file         | what is held to be true                                                       |
//! |--------------|-------------------------------------------------------------------------------|
//! | `busy.rs`    | who else is answered while a script takes long, with what, and how it is ended |
//! | `loading.rs` | the same while the append-only file is loaded                                 |
//! | `holes.rs`   | what Lua and Redis had open once is closed                                    |
//! | `kept.rs`    | how many scripts are kept                                                     |
//! | `limits.rs`  | memory, nesting and time end before the process does                          |
//! | `hostile.rs` | the same for whatever a generator thinks of                                   |
//! | `generator.rs` | which scripts that are                                                      |
//!
//! Expectations are those of redis-server 7.0.15, unless a test says otherwise; the first two files run
//! against it, too: `CACHEFLOW_BIN=redis-server cargo test --test scripting busy`.

#[allow(dead_code)]
#[path = "../support/client.rs"]
mod client;
#[allow(dead_code)]
#[path = "../../benches/compare/servers.rs"]
mod servers;

mod busy;
mod generator;
mod holes;
mod hostile;
mod kept;
mod limits;
mod loading;

use std::time::{Duration, Instant};

use client::{Client, Output, Value};

/// Longer than anything here may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that loses patience with scripts after this time.
struct Server(servers::Server);

const THRESHOLD: Duration = Duration::from_millis(200);

impl Server {
    fn start(args: &[&str]) -> Server {
        let built = env!("CARGO_BIN_EXE_cacheflow");
        let usual = ["--busy-reply-threshold", "200", "--repl-diskless-sync-delay", "0"];
        Server(servers::Server::cacheflow(built, &[&usual, args].concat()).unwrap())
    }

    fn connect(&self) -> Client {
        Client::connect(([127, 0, 0, 1], self.0.port).into()).unwrap()
    }

    /// One command on a connection of its own.
    fn ask(&self, command: &str) -> String {
        ask(&mut self.connect(), &words(command))
    }

    /// A field of INFO.
    fn info(&self, field: &str) -> String {
        let info = ask(&mut self.connect(), &["INFO", "everything"]);
        let value = info.lines().find_map(|line| line.strip_prefix(&format!("{field}:")));
        value.unwrap_or_default().to_owned()
    }

    /// Begins a script, and waits until others are told so.
    fn begin(&self, script: &str) -> Client {
        self.begin_with(&["EVAL", script, "0"])
    }

    fn begin_with(&self, command: &[&str]) -> Client {
        let mut client = self.connect();
        client.send(command).unwrap();
        let mut observer = self.connect();
        wait_until("the script is slow", || ask(&mut observer, &["PING"]).starts_with("-BUSY"));
        client
    }
}

fn words(command: &str) -> Vec<&str> {
    command.split(' ').collect()
}

/// The reply in short: a status or bulk as it is, an error with its `-`, what is nested in brackets.
fn ask(client: &mut Client, command: &[&str]) -> String {
    client.send(command).unwrap();
    answer(client)
}

fn answer(client: &mut Client) -> String {
    match client.read(PATIENCE).unwrap() {
        Output::Value(value) => text(&value),
        Output::Nothing => "nothing".into(),
        Output::Closed => "closed".into(),
    }
}

fn text(value: &Value) -> String {
    let list =
        |items: &[Value]| format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(" "));
    let lossy = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    match value {
        Value::Status(text) | Value::Bulk(text) | Value::Double(text) => lossy(text),
        Value::Error(text) => format!("-{}", lossy(text)),
        Value::Integer(integer) => integer.to_string(),
        Value::Nil | Value::NilArray => "nil".into(),
        Value::Array(items) | Value::Set(items) | Value::Push(items) => list(items),
        Value::Map(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| format!("{}={}", text(key), text(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(" "))
        }
        other => format!("{other:?}"),
    }
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}: never");
        std::thread::sleep(Duration::from_millis(5));
    }
}
