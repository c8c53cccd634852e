//! The clock that tests turn: what is due happens at its time, in order, and before the turn is over.
//!
//! | file         | what is held to be true                                                       |
//! |--------------|-------------------------------------------------------------------------------|
//! | `turning.rs` | keys, fields, waits, pauses, counters: whatever looks at time, turned from Rust |
//! | `wire.rs`    | the same with DEBUG CLOCK, from Python and within MULTI                        |
//!
//! No test here sleeps, and none waits for longer than a reply takes. What one takes in real time is
//! printed (`cargo test --test clock -- --nocapture`).

#[allow(dead_code)]
#[path = "../support/client.rs"]
mod client;

mod turning;
mod wire;

use std::time::{Duration, Instant, SystemTime};

use cacheflow::{Clock, Server};
use client::{Client, Output, Value};

/// Longer than anything here may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// What is written already is read in no time; this is for the reading.
const AT_ONCE: Duration = Duration::from_millis(1);

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// Where the clocks of these tests begin: in March 2030.
const BEGIN_MS: i64 = 1_900_000_000_000;

/// A server whose clock stands.
fn start() -> Server {
    start_by(manual())
}

fn manual() -> Clock {
    Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_millis(BEGIN_MS as u64))
}

fn start_by(clock: Clock) -> Server {
    let builder = Server::builder().bind("127.0.0.1:0").clock(clock);
    let allowed = cacheflow::config::Allowed::Yes;
    builder.configure(|config| config.enable_debug_command = allowed).start().unwrap()
}

fn connect(server: &Server) -> Client {
    Client::connect(server.address()).unwrap()
}

fn send(client: &mut Client, command: &str) {
    client.send(&command.split(' ').collect::<Vec<_>>()).unwrap();
}

/// Sends a command that waits, and waits until it does.
fn block(server: &Server, client: &mut Client, command: &str) {
    let mut observer = connect(server);
    let mut count = || {
        let info = ask(&mut observer, "INFO clients");
        let line = info.lines().find_map(|line| line.strip_prefix("blocked_clients:"));
        line.unwrap().parse::<usize>().unwrap()
    };
    let before = count();
    send(client, command);
    let begun = Instant::now();
    while count() == before {
        assert!(begun.elapsed() < PATIENCE, "{command} doesn't wait");
    }
}

fn ask(client: &mut Client, command: &str) -> String {
    let words: Vec<&str> = command.split(' ').collect();
    shown(&client.call(&words, PATIENCE).unwrap_or_else(|error| panic!("{command}: {error}")))
}

/// What has arrived; None: nothing.
fn arrived(client: &mut Client) -> Option<String> {
    match client.read(AT_ONCE).unwrap() {
        Output::Value(value) => Some(shown(&value)),
        Output::Nothing => None,
        Output::Closed => Some("closed".to_owned()),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Status(text) | Value::Error(text) | Value::Bulk(text) => {
            String::from_utf8_lossy(text).into_owned()
        }
        Value::Integer(number) => number.to_string(),
        Value::Nil | Value::NilArray => "nil".to_owned(),
        Value::Array(items) | Value::Push(items) => {
            items.iter().map(shown).collect::<Vec<_>>().join(" ")
        }
        other => format!("{other:?}"),
    }
}

/// Says what a test took in real time, and that it wasn't the time of its clock.
fn in_no_time(name: &str, begun: Instant) {
    let took = begun.elapsed();
    println!("{name}: {:.1} ms", took.as_secs_f64() * 1000.0);
    assert!(took < Duration::from_secs(30), "{name} took {took:?}");
}
