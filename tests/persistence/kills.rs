//! SIGKILL while clients write. An acknowledged write is never missing, whatever `appendfsync` says,
//! for the process had handed it to the kernel; and a transaction is there as a whole or not at all.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::client::Value;
use super::server::{PATIENCE, Process, start};

const WRITERS: usize = 4;
/// Rounds for each policy; each has two kills.
const ROUNDS: u64 = 5;

/// What one writer was told.
#[derive(Default)]
struct Told {
    /// The number that was acknowledged last.
    acknowledged: AtomicU64,
    /// The number that was sent last.
    sent: AtomicU64,
}

/// Writes numbers until the connection breaks.
fn write(server: &Process, writer: usize, told: &Told) {
    let mut client = server.connect();
    loop {
        let number = told.sent.fetch_add(1, Ordering::SeqCst) + 1;
        let text = number.to_string();
        let requests = [
            vec!["MULTI"],
            vec!["SET", "first", &text],
            vec!["RPUSH", "list", &text],
            vec!["SET", "last", &text],
            vec!["EXEC"],
        ];
        let mut reply = Value::Nil;
        for mut request in requests {
            let key = request.get(1).map(|key| format!("{key}:{writer}"));
            if let Some(key) = &key {
                request[1] = key;
            }
            match client.call(&request, PATIENCE) {
                Ok(value) => reply = value,
                Err(_) => return,
            }
        }
        assert!(matches!(reply, Value::Array(_)), "{reply:?}");
        told.acknowledged.store(number, Ordering::SeqCst);
    }
}

fn check(server: &Process, told: &[Told]) {
    for (writer, told) in told.iter().enumerate() {
        let number = |key: &str| match server.call(&format!("GET {key}:{writer}")) {
            Value::Bulk(text) => String::from_utf8(text).unwrap().parse().unwrap(),
            _ => 0u64,
        };
        let (first, last) = (number("first"), number("last"));
        let acknowledged = told.acknowledged.load(Ordering::SeqCst);
        let sent = told.sent.load(Ordering::SeqCst);
        assert_eq!(first, last, "half of a transaction");
        assert!(first >= acknowledged, "{acknowledged} was acknowledged, {first} is there");
        assert!(first <= sent, "{first} was never sent");
        let Value::Integer(len) = server.call(&format!("LLEN list:{writer}")) else { panic!() };
        assert_eq!(len as u64, first, "a transaction is missing");
        // Where the next round goes on.
        told.sent.store(first, Ordering::SeqCst);
        told.acknowledged.store(first, Ordering::SeqCst);
    }
}

fn kill_and_restart(policy: &str) {
    // One at a time: what is slow are the syncs, and they would only wait for each other.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let directory = tempfile::tempdir().unwrap();
    let told: Vec<Told> = (0..WRITERS).map(|_| Told::default()).collect();
    for round in 0..ROUNDS {
        let server = start_with(directory.path(), policy);
        check(&server, &told);
        std::thread::scope(|scope| {
            for (writer, told) in told.iter().enumerate() {
                let server = &server;
                scope.spawn(move || write(server, writer, told));
            }
            std::thread::sleep(Duration::from_millis(40 + 37 * round));
            if round % 2 == 1 {
                server.call("BGREWRITEAOF");
                std::thread::sleep(Duration::from_millis(4 * round));
            }
            kill(&server);
        });
        drop(server);
        let server = start_with(directory.path(), policy);
        check(&server, &told);
        server.call("SET between kills");
        server.kill();
    }
    let server = start_with(directory.path(), policy);
    check(&server, &told);
    let written: u64 = told.iter().map(|told| told.sent.load(Ordering::SeqCst)).sum();
    assert!(written > 20, "hardly anything was written: {written}");
}

fn start_with(directory: &Path, policy: &str) -> Process {
    start(directory, &["--appendonly", "yes", "--appendfsync", policy])
}

fn kill(server: &Process) {
    let status = std::process::Command::new("kill")
        .args(["-9", &server.pid().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn nothing_acknowledged_is_missing_with_always() {
    kill_and_restart("always");
}

#[test]
fn nothing_acknowledged_is_missing_with_everysec() {
    kill_and_restart("everysec");
}

#[test]
fn nothing_acknowledged_is_missing_with_no() {
    kill_and_restart("no");
}

#[test]
fn clients_that_waited_are_answered_when_their_effect_is_safe() {
    let directory = tempfile::tempdir().unwrap();
    let server = start_with(directory.path(), "always");
    let mut waiting = server.connect();
    waiting.send(&["BLPOP", "queue", "0"]).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    let mut pushing = server.connect();
    pushing.send(&["RPUSH", "queue", "a", "b"]).unwrap();
    let reply = waiting.read(PATIENCE).unwrap();
    assert!(matches!(reply, super::client::Output::Value(Value::Array(_))), "{reply:?}");
    server.kill();
    let server = start_with(directory.path(), "always");
    assert_eq!(server.call("LRANGE queue 0 -1"), Value::Array(vec![super::server::bulk("b")]));
}

#[test]
fn what_a_client_without_replies_writes_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let server = start_with(directory.path(), "everysec");
    let mut silent = server.connect();
    silent.send(&["CLIENT", "REPLY", "OFF"]).unwrap();
    silent.send(&["SET", "silent", "1"]).unwrap();
    super::server::wait_until(
        || server.call("GET silent") == super::server::bulk("1"),
        || "the write".into(),
    );
    server.kill();
    let server = start_with(directory.path(), "everysec");
    assert_eq!(server.call("GET silent"), super::server::bulk("1"));
}

#[test]
fn a_file_switched_on_at_run_time_has_everything() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &["--appendonly", "no"]);
    server.call("SET before 1");
    server.call("CONFIG SET appendonly yes");
    server.call("SET meanwhile 1");
    server.wait_for_log("is complete");
    server.call("SET after 1");
    assert_eq!(server.info("aof_enabled"), "1");
    server.kill();
    let server = start_with(directory.path(), "everysec");
    for key in ["before", "meanwhile", "after"] {
        assert_eq!(server.call(&format!("GET {key}")), super::server::bulk("1"), "{key}");
    }
    server.call("CONFIG SET appendonly no");
    server.call("SET off 1");
    assert_eq!(server.info("aof_enabled"), "0");
    server.call("CONFIG SET appendonly yes");
    server.wait_for_log("is complete");
    server.kill();
    let server = start_with(directory.path(), "everysec");
    assert_eq!(server.call("GET off"), super::server::bulk("1"));
}
