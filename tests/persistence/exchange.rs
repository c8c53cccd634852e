//! Append-only files of a real redis-server, and ours given to it. Skipped, with a word, where there
//! is no redis-server.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::client::{Client, Value};
use super::functions::{libraries, library};
use super::server::{PATIENCE, start, wait_until};

/// Leaves effects that its text doesn't tell.
const SCRIPT: &str = "redis.call('SADD', KEYS[1], 1, 2, 3, 4) redis.call('SPOP', KEYS[1]) \
                      redis.call('EXPIRE', KEYS[1], 10000)";

struct Redis {
    child: Child,
    port: u16,
}

impl Redis {
    /// None: it isn't installed.
    fn start(directory: &Path, flags: &[&str]) -> Option<Redis> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--save", "", "--enable-debug-command", "yes"])
            // Under everysec it may hold back what it has replied to, and it is going to be killed.
            .args(["--appendonly", "yes", "--appendfsync", "always"])
            .arg("--dir")
            .arg(directory)
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        let Ok(child) = child else {
            eprintln!("SKIPPED: there is no redis-server to exchange files with");
            return None;
        };
        let redis = Redis { child, port };
        let pong = Value::Status(b"PONG".to_vec());
        wait_until(|| redis.try_call("PING") == Some(pong.clone()), || "redis-server".to_owned());
        Some(redis)
    }

    fn try_call(&self, command: &str) -> Option<Value> {
        let words: Vec<&str> = command.split(' ').collect();
        self.try_connect()?.call(&words, PATIENCE).ok()
    }

    fn try_connect(&self) -> Option<Client> {
        Client::connect(([127, 0, 0, 1], self.port).into()).ok()
    }

    fn connect(&self) -> Client {
        self.try_connect().unwrap()
    }

    fn call(&self, command: &str) -> Value {
        self.try_call(command).unwrap()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Something of every type, small and large, with and without a time to live.
fn data() -> Vec<String> {
    let mut commands: Vec<String> = [
        "SET text hello",
        "SET number 12345",
        "SET soon x EX 10000",
        "SADD integers 1 2 3",
        "SADD words a b c",
        "HSET small a 1 b 2",
        "ZADD scores 1.5 a -inf b 3 c",
        "RPUSH list a b c",
        "XADD stream 5-1 f v g w",
        "XADD stream 5-2 f v",
        "XADD stream 6-0 other fields",
        "XDEL stream 5-2",
        "XGROUP CREATE stream group 0",
        "XREADGROUP GROUP group someone COUNT 1 STREAMS stream >",
        "XADD gone 1-1 f v",
        "XDEL gone 1-1",
        "PEXPIRE list 90000000",
        "SETRANGE binary 3 x",
    ]
    .map(str::to_owned)
    .to_vec();
    for number in 0..300 {
        commands.push(format!("RPUSH long element:{number}"));
        commands.push(format!("SADD many member:{number}"));
        commands.push(format!("HSET wide field:{number} {number}"));
        commands.push(format!("ZADD ranking {} member:{number}", f64::from(number) / 7.0));
    }
    commands
}

/// What has to be the same on both: keys and libraries.
fn state(mut client: Client) -> (Value, BTreeSet<Vec<u8>>) {
    (client.call(&["DEBUG", "DIGEST"], PATIENCE).unwrap(), libraries(&mut client))
}

fn exchange(preamble: &str) {
    let flags = ["--appendonly", "yes", "--aof-use-rdb-preamble", preamble];
    let directory = tempfile::tempdir().unwrap();
    let Some(redis) = Redis::start(directory.path(), &flags[2..]) else { return };
    for command in data() {
        let reply = redis.call(&command);
        assert!(!matches!(reply, Value::Error(_)), "{command}: {reply:?}");
    }
    let mut client = redis.connect();
    client.call(&["FUNCTION", "LOAD", &library("theirs")], PATIENCE).unwrap();
    client.call(&["EVAL", SCRIPT, "1", "by a script"], PATIENCE).unwrap();
    let expected = state(client);
    drop(redis);
    let server = start(directory.path(), &flags);
    assert_eq!(state(server.connect()), expected, "their changes");
    server.call("BGREWRITEAOF");
    server.wait_for_log("rewrite finished successfully");
    server.kill();
    let server = start(directory.path(), &flags);
    assert_eq!(state(server.connect()), expected, "our base, read by ourselves");
    let mut client = server.connect();
    client.call(&["FUNCTION", "LOAD", &library("ours")], PATIENCE).unwrap();
    client.call(&["EVAL", SCRIPT, "1", "by our script"], PATIENCE).unwrap();
    let expected = state(client);
    server.kill();
    let check = Command::new("redis-check-aof")
        .arg(directory.path().join("appendonlydir/appendonly.aof.manifest"))
        .output();
    if let Ok(check) = check {
        assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
    }
    let Some(redis) = Redis::start(directory.path(), &flags[2..]) else { return };
    assert_eq!(state(redis.connect()), expected, "our base, read by Redis");
    redis.call("BGREWRITEAOF");
    wait_until(
        || {
            let Value::Bulk(text) = redis.call("INFO persistence") else { return false };
            let text = String::from_utf8(text).unwrap();
            text.contains("aof_rewrites:1") && text.contains("aof_rewrite_in_progress:0")
        },
        || "the rewrite of Redis".to_owned(),
    );
    drop(redis);
    let server = start(directory.path(), &flags);
    assert_eq!(state(server.connect()), expected, "their base");
}

#[test]
fn with_a_snapshot_as_base() {
    exchange("yes");
}

#[test]
fn with_commands_as_base() {
    exchange("no");
}
