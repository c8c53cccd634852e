//! Connections that wait: for a key, for replicas, for the end of a pause; and that are slow meanwhile, or
//! flood, or hang up.
//!
//! ```text
//!                          closes, resets, closes one side      sends more     reads slowly
//!                          with nothing, with much behind       than it may    or not at all
//!   BLPOP and relatives ┐
//!   XREAD, XREADGROUP   │
//!   WAIT                ├── each of them with each of these
//!   SET in a pause      │
//!   SUBSCRIBE, MONITOR  ┘
//! ```
//!
//! | file           | what is held to be true                                                     |
//! |----------------|-----------------------------------------------------------------------------|
//! | `commands.rs`  | the commands that wait, what ends their wait, and what they must not take    |
//! | `hanging_up.rs`| a client that has gone is noticed at once, and takes nothing                 |
//! | `flooding.rs`  | what is sent behind a command that waits is kept, up to a limit              |
//! | `pausing.rs`   | what is answered before a pause, who goes first after it, who is never held  |
//! | `slow.rs`      | who reads or sends slowly holds nobody up, and isn't idle                    |
//! | `roles.rs`     | what becomes of those who wait when a master steps down, or the server ends  |
//! | `crowds.rs`    | thousands that wait cost those who don't nothing, and leave nothing behind   |
//!
//! Expectations are those of redis-server 7.0.15, unless a test says otherwise. The tests run against
//! any binary that takes its arguments: `CACHEFLOW_BIN=redis-server cargo test --test waiting`.

#[allow(dead_code)]
#[path = "../support/client.rs"]
mod client;
#[allow(dead_code)]
#[path = "../../benches/compare/servers.rs"]
mod servers;
#[path = "../support/tasks.rs"]
mod tasks;

mod commands;
mod crowds;
mod flooding;
mod hanging_up;
mod pausing;
mod roles;
mod slow;

use std::time::{Duration, Instant};

use client::{Client, Output, Value};

/// Longer than anything here may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Long enough to see that nothing comes.
const MOMENT: Duration = Duration::from_millis(150);

struct Server(servers::Server);

impl Server {
    fn start(args: &[&str]) -> Server {
        let built = env!("CARGO_BIN_EXE_cacheflow");
        let usual = ["--enable-debug-command", "yes", "--repl-diskless-sync-delay", "0"];
        Server(servers::Server::cacheflow(built, &[&usual, args].concat()).unwrap())
    }

    /// Whether it is the real one: then what is better here is not to be expected.
    fn is_redis() -> bool {
        std::env::var("CACHEFLOW_BIN").is_ok_and(|name| name.contains("redis"))
    }

    fn port(&self) -> u16 {
        self.0.port
    }

    fn connect(&self) -> Client {
        Client::connect(([127, 0, 0, 1], self.port()).into()).unwrap()
    }

    /// One command on a connection of its own.
    fn ask(&self, command: &str) -> Value {
        ask(&mut self.connect(), command)
    }

    /// A field of INFO.
    fn info(&self, field: &str) -> String {
        let info = text(&self.ask("INFO everything"));
        let value = info.lines().find_map(|line| line.strip_prefix(&format!("{field}:")));
        value.unwrap_or_default().to_owned()
    }

    /// Waits until so many clients are blocked.
    fn wait_for_blocked(&self, count: usize) {
        let mut observer = self.connect();
        let field = format!("blocked_clients:{count}\r\n");
        wait_until("clients wait", || text(&ask(&mut observer, "INFO clients")).contains(&field));
    }

    /// Makes it a master with a replica that stops, so that it has something to wait for.
    fn stopped_replica(&self) -> Stopped {
        let replica = Server::start(&[]);
        assert_eq!(text(&replica.ask(&format!("REPLICAOF 127.0.0.1 {}", self.port()))), "OK");
        wait_until("the replica is there", || self.info("slave0").contains("state=online"));
        self.ask("SET something here");
        wait_until("it has acknowledged", || {
            self.info("slave0").contains(&format!("offset={},", self.info("master_repl_offset")))
        });
        Stopped::new(replica)
    }
}

/// A server that was sent SIGSTOP. When it is dropped, SIGCONT lets it be killed.
struct Stopped(Server);

impl Stopped {
    fn new(server: Server) -> Stopped {
        signal(&server, "-STOP");
        let stopped = Stopped(server);
        wait_until("every thread has stopped", || stopped.threads().all(|state| state == "T"));
        stopped
    }

    /// What its threads do, as the kernel has it.
    fn threads(&self) -> impl Iterator<Item = String> {
        let process = self.0.0.child.id().to_string();
        tasks::of_each_thread(&process, "stat").into_iter().map(|status| {
            let after_the_name = status.rsplit(") ").next().unwrap();
            after_the_name.split(' ').next().unwrap().to_owned()
        })
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        signal(&self.0, "-CONT");
    }
}

fn signal(server: &Server, signal: &str) {
    let pid = server.0.child.id().to_string();
    assert!(std::process::Command::new("kill").args([signal, &pid]).status().unwrap().success());
}

fn words(command: &str) -> Vec<&str> {
    command.split(' ').collect()
}

fn request(command: &str) -> Vec<u8> {
    client::request(&words(command))
}

fn ask(client: &mut Client, command: &str) -> Value {
    client.call(&words(command), PATIENCE).unwrap_or_else(|error| panic!("{command}: {error}"))
}

fn send(client: &mut Client, command: &str) {
    client.send(&words(command)).unwrap();
}

fn read(client: &mut Client) -> Value {
    match client.read(PATIENCE).unwrap() {
        Output::Value(value) => value,
        other => panic!("{other:?}"),
    }
}

/// Nothing comes for a moment.
fn is_silent(client: &mut Client) -> bool {
    matches!(client.read(MOMENT).unwrap(), Output::Nothing)
}

fn is_closed(client: &mut Client) -> bool {
    matches!(client.read(PATIENCE).unwrap(), Output::Closed)
}

/// A value as text; an array as its elements, with blanks between them.
fn text(value: &Value) -> String {
    match value {
        Value::Status(text) | Value::Error(text) | Value::Bulk(text) => {
            String::from_utf8_lossy(text).into_owned()
        }
        Value::Integer(number) => number.to_string(),
        Value::Nil | Value::NilArray => "nil".to_owned(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(" "),
        other => format!("{other:?}"),
    }
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
