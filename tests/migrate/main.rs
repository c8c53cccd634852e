//! MIGRATE: keys that move between servers, while others write, links break and the other side lies.
//!
//! What needs a real redis-server is ignored unless asked for (`make differential`).
//!
//! | file           | what it is                                                       |
//! |----------------|------------------------------------------------------------------|
//! | `peer.rs`      | the other server as a test plays it, word by word                |
//! | `both_ways.rs` | every type of value, to and from a real server, and its errors   |
//! | `meanwhile.rs` | what others do while a key is on its way                         |
//! | `ending.rs`    | clients that are killed, servers that stop or become replicas    |
//! | `hostile.rs`   | targets that lie, close, trickle, or say nothing                 |
//! | `cuts.rs`      | 10,000 keys, under writes, over a link that is cut 50 times      |
//! | `crowd.rs`     | several MIGRATEs of the same keys, which others change and delete |
//! | `cluster.rs`   | keys of a slot that moves from node to node                      |
//! | `secure.rs`    | over TLS                                                         |

mod both_ways;
#[path = "../doors/certificates.rs"]
#[allow(dead_code)]
mod certificates;
#[path = "../support/client.rs"]
#[allow(dead_code)] // Other tests use all of these, this one a part.
mod client;
mod cluster;
#[path = "../differential/compare.rs"]
#[allow(dead_code)]
mod compare;
mod crowd;
mod cuts;
mod ending;
#[path = "../differential/generator.rs"]
#[allow(dead_code)]
mod generator;
#[path = "../differential/grammar.rs"]
mod grammar;
mod hostile;
mod meanwhile;
mod peer;
mod secure;
#[path = "../support/seed.rs"]
mod seed;
#[path = "../../benches/compare/servers.rs"]
#[allow(dead_code)]
mod servers;
#[path = "../differential/values.rs"]
mod values;

use std::net::{Ipv4Addr, SocketAddr};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use client::{Client, Value};
use servers::Server;

/// How long anything may take that happens by itself.
const PATIENCE: Duration = Duration::from_secs(30);
/// What does not happen has so long to happen.
const MOMENT: Duration = Duration::from_millis(150);

fn cacheflow(args: &[&str]) -> Server {
    let args = [&["--enable-debug-command", "yes"][..], args].concat();
    Server::cacheflow(env!("CARGO_BIN_EXE_cacheflow"), &args).unwrap()
}

fn redis(args: &[&str]) -> Server {
    Server::redis(&[&["--enable-debug-command", "yes"][..], args].concat()).unwrap()
}

fn redis_8() -> Server {
    let binary = servers::redis_8_binary();
    Server::start("redis-8.2", binary, &["--enable-debug-command", "yes"]).unwrap()
}

fn connect(port: u16) -> Client {
    Client::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).unwrap()
}

/// One command on a connection of its own; the reply as text.
fn call(port: u16, command: &str) -> String {
    call_on(&mut connect(port), command)
}

/// A command of words between blanks; `''` is an empty one.
fn call_on(client: &mut Client, command: &str) -> String {
    let words: Vec<&str> = command.split(' ').map(|word| word.trim_matches('\'')).collect();
    text(client.call(&words, PATIENCE).unwrap_or_else(|error| panic!("{command}: {error}")))
}

/// The same in a thread of its own.
fn call_aside(port: u16, command: &str) -> JoinHandle<String> {
    let command = command.to_owned();
    std::thread::spawn(move || call(port, &command))
}

/// A reply as text; what has no text shows as debugging does.
fn text(value: Value) -> String {
    match value {
        Value::Status(text) | Value::Bulk(text) | Value::Error(text) => {
            String::from_utf8_lossy(&text).into_owned()
        }
        Value::Integer(number) => number.to_string(),
        Value::Array(values) => values.into_iter().map(text).collect::<Vec<_>>().join(" "),
        other => format!("{other:?}"),
    }
}

/// Whether a call is still going on a moment later.
fn is_waiting<T>(call: &JoinHandle<T>) -> bool {
    std::thread::sleep(MOMENT);
    !call.is_finished()
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A field of INFO.
fn info(port: u16, name: &str) -> String {
    let info = call(port, "INFO everything");
    let found = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    found.unwrap_or_default().to_owned()
}
