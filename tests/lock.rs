//! What INFO and the slow log say of THE lock: who has held it for how long, and who has waited for it.

use std::time::Duration;

use cacheflow::Server;
use cacheflow::config::Allowed;
use redis::{Client, Connection, cmd};

/// For how long one client holds the lock.
const HELD: Duration = Duration::from_millis(100);
/// How many wait for it meanwhile.
const WAITING: usize = 4;

fn connect(server: &Server) -> Connection {
    Client::open(format!("redis://{}", server.address())).unwrap().get_connection().unwrap()
}

fn start() -> Server {
    let builder = Server::builder().bind("127.0.0.1:0");
    let builder = builder.configure(|config| {
        config.enable_debug_command = Allowed::Yes;
        config.slowlog_log_slower_than = 0;
    });
    builder.start().unwrap()
}

/// A line of INFO lock.
fn field(connection: &mut Connection, name: &str) -> String {
    let text: String = cmd("INFO").arg("lock").query(connection).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("{name} is missing: {text}")).trim().to_owned()
}

fn number(connection: &mut Connection, name: &str) -> f64 {
    field(connection, name).parse().unwrap()
}

/// The counts of a histogram, together.
fn histogram(connection: &mut Connection, name: &str) -> f64 {
    let text = field(connection, name);
    text.split(',').map(|bucket| bucket.split_once('=').unwrap().1.parse::<f64>().unwrap()).sum()
}

#[test]
fn who_holds_the_lock_and_who_waits_is_counted() {
    let server = start();
    let mut observer = connect(&server);
    let mut waiting: Vec<Connection> = (0..WAITING).map(|_| connect(&server)).collect();
    cmd("CONFIG").arg("RESETSTAT").exec(&mut observer).unwrap();
    assert!(number(&mut observer, "lock_held_longest_usec") < HELD.as_micros() as f64);

    let mut holder = connect(&server);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            cmd("DEBUG").arg("SLEEP").arg(HELD.as_secs_f64()).exec(&mut holder).unwrap();
        });
        std::thread::sleep(HELD / 4);
        for connection in &mut waiting {
            scope.spawn(|| cmd("SET").arg("key").arg("value").exec(connection).unwrap());
        }
    });

    let held = HELD.as_micros() as f64;
    let longest = number(&mut observer, "lock_held_longest_usec");
    assert!((held..held * 100.0).contains(&longest), "{longest}");
    assert!(number(&mut observer, "lock_held_usec") >= held);
    assert!(number(&mut observer, "lock_waited") >= WAITING as f64);
    let waited = number(&mut observer, "lock_waited_usec");
    assert!(waited >= held / 4.0 * WAITING as f64, "{waited}");
    assert_eq!(
        histogram(&mut observer, "lock_waited_histogram_usec"),
        number(&mut observer, "lock_waited")
    );
    assert!(field(&mut observer, "lock_held_percentiles_usec").starts_with("p50="));

    type Entry = (i64, i64, i64, Vec<String>, String, String, f64);
    let log: Vec<Entry> =
        cmd("SLOWLOG").arg("GET").arg(-1).arg("WAITED").query(&mut observer).unwrap();
    let of = |name: &str| -> Vec<f64> {
        log.iter().filter(|entry| entry.3[0] == name).map(|entry| entry.6).collect()
    };
    assert_eq!(of("SET").iter().filter(|waited| **waited >= held / 4.0).count(), WAITING);
    assert!(of("DEBUG").iter().all(|waited| *waited < held), "it has held it, not waited for it");

    cmd("CONFIG").arg("RESETSTAT").exec(&mut observer).unwrap();
    assert!(number(&mut observer, "lock_held_longest_usec") < held);
}
