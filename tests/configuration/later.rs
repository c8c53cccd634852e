//! Files written for later servers: Redis 8.2 and Valkey start ours, and what they protect with does.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::client::Value;
use super::server::{PATIENCE, Process, binary, bulk, ok, start, try_start, try_start_by};

/// `CONFIG GET *` of redis-server 8.2.3 that was started without a file: its defaults.
const REDIS_8_DEFAULTS: &str = include_str!("../data/config-defaults-8.2.txt");

/// The lines of a record as those of a configuration file. Where the data is, the test says, and that
/// there is no master can't be said.
fn as_file(record: &str) -> String {
    let told = |name: &str| !matches!(name, "dir" | "replicaof" | "slaveof");
    let pairs = record.lines().map(|line| line.split_once(' ').unwrap_or((line, "")));
    pairs
        .filter(|(name, _)| told(name))
        .map(|(name, value)| match value {
            "" => format!("{name} \"\"\n"),
            value if value.starts_with('{') => format!("{name} \"{value}\"\n"),
            value => format!("{name} {value}\n"),
        })
        .collect()
}

/// A server with this file; flags that tests need override it.
fn start_with(file: &Path, directory: &Path) -> Process {
    let mut command = Command::new(binary());
    command.arg(file);
    try_start_by(command, directory, &[]).unwrap_or_else(|(_, log)| panic!("it ended:\n{log}"))
}

#[test]
fn the_defaults_of_redis_8_start_a_server() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("redis.conf");
    fs::write(&file, as_file(REDIS_8_DEFAULTS)).unwrap();
    let server = start_with(&file, dir.path());
    assert!(!server.log().contains("Accepted without effect"), "{}", server.log());
    for (name, value) in [("set-max-listpack-entries", "128"), ("server-cpulist", "")] {
        let shown = server.connect().call(&["CONFIG", "GET", name], PATIENCE).unwrap();
        assert_eq!(shown, Value::Array(vec![bulk(name), bulk(value)]));
    }
}

#[test]
fn what_valkey_sets_otherwise_starts_a_server() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("valkey.conf");
    let lines = "lazyfree-lazy-eviction yes\nlazyfree-lazy-expire yes\nlazyfree-lazy-server-del yes\n\
                 lazyfree-lazy-user-del yes\nlazyfree-lazy-user-flush yes\nreplica-lazy-flush yes\n\
                 hide-user-data-from-log yes\nlog-format legacy\nlog-timestamp-format legacy\n\
                 rdb-version-check strict\navailability-zone \"\"\ncluster-databases 1\n\
                 commandlog-execution-slower-than 10000\ncommandlog-slow-execution-max-len 128\n\
                 commandlog-request-larger-than 1048576\ncommandlog-large-request-max-len 128\n\
                 commandlog-reply-larger-than 1048576\ncommandlog-large-reply-max-len 128\n\
                 dual-channel-replication-enabled no\nrepl-diskless-load flush-before-load\n\
                 primaryuser \"\"\nprimaryauth \"\"\nmptcp yes\n";
    fs::write(&file, lines).unwrap();
    let server = start_with(&file, dir.path());
    // What does nothing here is told, unless it is as it always was.
    server.wait_for_log("Accepted without effect: lazyfree-lazy-server-del");
    let log = server.log();
    let told = log.lines().find(|line| line.contains("Accepted without effect")).unwrap();
    assert!(told.contains("mptcp") && !told.contains("commandlog"), "{told}");
}

/// A snapshot in which the key `secret` is twice.
fn twice() -> Vec<u8> {
    let key = b"\0\x06secret\x01v";
    [&b"REDIS0010\xfe\0"[..], key, key, b"\xff\0\0\0\0\0\0\0\0"].concat()
}

#[test]
fn what_clients_have_stored_stays_out_of_the_log() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("dump.rdb"), twice()).unwrap();
    let (_, log) = try_start(dir.path(), &[]).err().unwrap();
    assert!(log.contains("the key 'secret' is twice"), "{log}");
    let (_, log) = try_start(dir.path(), &["--hide-user-data-from-log", "yes"]).err().unwrap();
    assert!(log.contains("the key '(hidden)' is twice") && !log.contains("secret"), "{log}");
}

#[test]
fn a_log_can_stay_empty() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = start(dir.path(), &[]);
    assert_eq!(server.call("CONFIG SET loglevel nothing"), ok());
    let before = server.log();
    assert_eq!(server.call("SAVE"), ok());
    server.terminate();
    assert_eq!(server.log(), before);
}
