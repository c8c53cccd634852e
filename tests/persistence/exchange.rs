//! Append-only files of a real redis-server, 7.0 or 8.2, and ours given to it. Skipped, with a word, where
//! there is no such server.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::client::{Client, Value};
use super::functions::{libraries, library};
use super::server::{PATIENCE, start, wait_until};

/// Leaves effects that its text doesn't tell.
const SCRIPT: &str = "redis.call('SADD', KEYS[1], 1, 2, 3, 4) redis.call('SPOP', KEYS[1]) \
                      redis.call('EXPIRE', KEYS[1], 10000)";

#[derive(Clone, Copy, PartialEq)]
enum Peer {
    Redis7,
    Redis8,
}

impl Peer {
    fn binary(self) -> OsString {
        let fetched = concat!(env!("CARGO_MANIFEST_DIR"), "/target/peers/redis-8.2/redis-server");
        match self {
            Peer::Redis7 => "redis-server".into(),
            Peer::Redis8 => std::env::var_os("REDIS_8_BIN").unwrap_or(fetched.into()),
        }
    }
}

struct Redis {
    child: Child,
    port: u16,
}

impl Redis {
    /// None: it isn't installed.
    fn start(peer: Peer, directory: &Path, flags: &[&str]) -> Option<Redis> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(peer.binary())
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
fn data(peer: Peer) -> Vec<String> {
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
        commands.push(format!("ZADD ranking {} member:{number}", f64::from(number) / 8.0));
    }
    if peer == Peer::Redis8 {
        commands.extend(fields_that_expire());
    }
    commands
}

/// Fields of hashes that expire in 2096, or very soon.
fn fields_that_expire() -> Vec<String> {
    let mut commands: Vec<String> = [
        "HPEXPIREAT small 4000000000000 FIELDS 1 a",
        "HSET later a 1 b 2 c 3 d 4",
        "HPEXPIREAT later 4000000000000 NX FIELDS 2 a b",
        "HPERSIST later FIELDS 1 b",
        "HGETEX later PXAT 4000000000005 FIELDS 1 c",
        "HPEXPIRE later 1 FIELDS 1 d",
        "HSETEX set PXAT 4000000000001 FIELDS 2 x 1 y 2",
        "HGETDEL set FIELDS 1 y",
    ]
    .map(str::to_owned)
    .to_vec();
    let timed = |number| format!("HPEXPIREAT wide 4000000000{number:03} FIELDS 1 field:{number}");
    commands.extend((100..200).map(timed));
    commands
}

/// What has to be the same on both: keys, libraries, and when fields expire.
fn state(peer: Peer, mut client: Client) -> (Value, BTreeSet<Vec<u8>>, Vec<Value>) {
    let mut ask = |command: String| {
        let words: Vec<&str> = command.split(' ').collect();
        client.call(&words, PATIENCE).unwrap()
    };
    let digest = ask("DEBUG DIGEST".to_owned());
    let mut times = Vec::new();
    if peer == Peer::Redis8 {
        for (key, fields) in [("small", "a b"), ("later", "a b c d"), ("set", "x y")] {
            let count = fields.split(' ').count();
            times.push(ask(format!("HPEXPIRETIME {key} FIELDS {count} {fields}")));
        }
        for number in 90..210 {
            times.push(ask(format!("HPEXPIRETIME wide FIELDS 1 field:{number}")));
        }
    }
    (digest, libraries(&mut client), times)
}

fn exchange(peer: Peer, preamble: &str) {
    let flags = ["--appendonly", "yes", "--aof-use-rdb-preamble", preamble];
    let directory = tempfile::tempdir().unwrap();
    let Some(redis) = Redis::start(peer, directory.path(), &flags[2..]) else { return };
    for command in data(peer) {
        let reply = redis.call(&command);
        assert!(!matches!(reply, Value::Error(_)), "{command}: {reply:?}");
    }
    if peer == Peer::Redis8 {
        let left = || redis.call("HLEN later") == Value::Integer(3);
        wait_until(left, || "the field that has expired to go".to_owned());
    }
    let mut client = redis.connect();
    client.call(&["FUNCTION", "LOAD", &library("theirs")], PATIENCE).unwrap();
    client.call(&["EVAL", SCRIPT, "1", "by a script"], PATIENCE).unwrap();
    let expected = state(peer, client);
    drop(redis);
    let server = start(directory.path(), &flags);
    assert_eq!(state(peer, server.connect()), expected, "their changes");
    server.call("BGREWRITEAOF");
    server.wait_for_log("rewrite finished successfully");
    server.kill();
    let server = start(directory.path(), &flags);
    assert_eq!(state(peer, server.connect()), expected, "our base, read by ourselves");
    let mut client = server.connect();
    client.call(&["FUNCTION", "LOAD", &library("ours")], PATIENCE).unwrap();
    client.call(&["EVAL", SCRIPT, "1", "by our script"], PATIENCE).unwrap();
    let expected = state(peer, client);
    server.kill();
    let check = Command::new("redis-check-aof")
        .arg(directory.path().join("appendonlydir/appendonly.aof.manifest"))
        .output();
    // That of 7.0 knows no snapshot of version 12.
    if let (Ok(check), Peer::Redis7) = (check, peer) {
        assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
    }
    let Some(redis) = Redis::start(peer, directory.path(), &flags[2..]) else { return };
    assert_eq!(state(peer, redis.connect()), expected, "our base, read by Redis");
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
    assert_eq!(state(peer, server.connect()), expected, "their base");
}

#[test]
fn with_a_snapshot_as_base() {
    exchange(Peer::Redis7, "yes");
}

#[test]
fn with_commands_as_base() {
    exchange(Peer::Redis7, "no");
}

#[test]
fn with_redis_8_and_a_snapshot_as_base() {
    exchange(Peer::Redis8, "yes");
}

#[test]
fn with_redis_8_and_commands_as_base() {
    exchange(Peer::Redis8, "no");
}
