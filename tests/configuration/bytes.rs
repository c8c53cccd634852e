//! Passwords, names of users and announced addresses are bytes, be they text or not: in files, on the
//! command line, in CONFIG, between servers.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use super::client::Value;
use super::server::{PATIENCE, start, try_start_by, wait_until};

const PASSWORD: &[u8] = b"p\xff\xfe\x01";
const ADDRESS: &[u8] = b"h\xe9te";

fn ok() -> Value {
    Value::Status(b"OK".to_vec())
}

#[test]
fn a_password_that_is_no_text_lets_a_replica_in() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("redis.conf");
    let lines = [
        b"# caf\xe9\nrequirepass \"",
        PASSWORD,
        b"\"\nuser r\xe9p on >",
        PASSWORD,
        b" ~* &* +@all\n",
    ];
    fs::write(&file, lines.concat()).unwrap();
    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cacheflow"));
        command.arg(&file).args(["--repl-diskless-sync-delay", "0"]);
        try_start_by(command, dir.path(), &[]).map_err(|(_, log)| log).unwrap()
    };
    let master = run();
    let mut admin = master.connect();
    let mut ask = |words: &[&[u8]]| admin.call(words, PATIENCE).unwrap();
    assert!(matches!(ask(&[b"PING"]), Value::Error(_)));
    assert_eq!(ask(&[b"AUTH", PASSWORD]), ok());
    let shown = Value::Array(
        [&b"requirepass"[..], PASSWORD].map(|word| Value::Bulk(word.to_vec())).to_vec(),
    );
    assert_eq!(ask(&[b"CONFIG", b"GET", b"requirepass"]), shown);

    // On the command line of a replica, which says who it is in bytes, too.
    let there = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cacheflow"));
    command.args(["--replicaof", "127.0.0.1", &master.address.port().to_string(), "--masterauth"]);
    command.arg(OsStr::from_bytes(PASSWORD)).arg("--masteruser").arg(OsStr::from_bytes(b"r\xe9p"));
    command.arg("--replica-announce-ip").arg(OsStr::from_bytes(ADDRESS));
    let replica = try_start_by(command, there.path(), &[]).map_err(|(_, log)| log).unwrap();
    let begin = [b"slave0:ip=", ADDRESS, b",port="].concat();
    let has = |text: &[u8], part: &[u8]| text.windows(part.len()).any(|found| found == part);
    let online = || {
        let Value::Bulk(info) = ask(&[b"INFO", b"replication"]) else { panic!() };
        has(&info, &begin) && has(&info, b",state=online,")
    };
    wait_until(online, || replica.log());
    let Value::Array(role) = ask(&[b"ROLE"]) else { panic!() };
    let Value::Array(replicas) = &role[2] else { panic!() };
    let Value::Array(first) = &replicas[0] else { panic!() };
    assert_eq!(first[0], Value::Bulk(ADDRESS.to_vec()));
    let Value::Bulk(list) = ask(&[b"CLIENT", b"LIST", b"TYPE", b"replica"]) else { panic!() };
    assert!(list.windows(9).any(|part| part == b"user=r\xe9p "), "{}", list.escape_ascii());

    // What CONFIG SET sets and REWRITE writes is the same after a restart; the file is text by now.
    assert_eq!(ask(&[b"CONFIG", b"SET", b"requirepass", b"\x80", b"masterauth", b"\x81"]), ok());
    assert_eq!(
        ask(&[b"ACL", b"SETUSER", b"\xea", b"on", b">\x82", b"~\x83*", b"+select|\x84"]),
        ok()
    );
    let users = ask(&[b"ACL", b"LIST"]);
    assert_eq!(ask(&[b"CONFIG", b"REWRITE"]), ok());
    drop(replica);
    master.kill();
    let text = fs::read(&file).unwrap();
    assert!(
        text.windows(18).any(|part| part == b"requirepass \"\\x80\""),
        "{}",
        text.escape_ascii()
    );
    let master = run();
    let mut admin = master.connect();
    let mut ask = |words: &[&[u8]]| admin.call(words, PATIENCE).unwrap();
    assert_eq!(ask(&[b"AUTH", b"\x80"]), ok());
    assert_eq!(ask(&[b"ACL", b"LIST"]), users);
    assert_eq!(ask(&[b"AUTH", b"\xea", b"\x82"]), ok());
}

#[test]
fn what_has_to_be_text_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), &[]);
    let mut client = server.connect();
    let reply =
        client.call(&[&b"CONFIG"[..], b"SET", b"bind-source-addr", b"\xff"], PATIENCE).unwrap();
    let Value::Error(text) = reply else { panic!() };
    assert!(text.ends_with(b"argument must be UTF-8 text"), "{}", text.escape_ascii());
}
