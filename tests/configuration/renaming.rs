//! `rename-command` beyond one server: others have to understand what it records, and it has to be in
//! force again after a rewrite and a restart.

use std::fs;

use super::client::Value;
use super::server::{start, try_start, wait_until};

const RENAMED: [&str; 12] = [
    "--rename-command",
    "SET",
    "store",
    "--rename-command",
    "DEL",
    "",
    "--rename-command",
    "XGROUP",
    "xg",
    "--rename-command",
    "FLUSHALL",
    "wipe",
];

fn text(value: &str) -> Value {
    Value::Bulk(value.as_bytes().to_vec())
}

#[test]
fn replicas_and_the_file_get_the_commands_own_names() {
    let dir = tempfile::tempdir().unwrap();
    let master = start(
        dir.path(),
        &[&RENAMED[..], &["--appendonly", "yes", "--repl-diskless-sync-delay", "0"]].concat(),
    );
    let copies = tempfile::tempdir().unwrap();
    let port = master.address.port().to_string();
    // The replica has other names, and none of the master's.
    let follow = ["--replicaof", "127.0.0.1", &port, "--appendonly", "yes"];
    let mut replica =
        start(copies.path(), &[&follow[..], &["--rename-command", "SET", "s"]].concat());
    replica.wait_for_log("Background AOF rewrite terminated with success");
    for command in ["store old 1", "wipe", "store a 1", "MULTI", "xg CREATE s g 0 MKSTREAM"] {
        master.call(command); // each has a connection of its own, so MULTI does nothing
    }
    let mut client = master.connect();
    for command in ["MULTI", "store b 2", "INCR b", "EXEC"] {
        let words: Vec<&str> = command.split(' ').collect();
        client.call(&words, super::server::PATIENCE).unwrap();
    }
    wait_until(|| replica.call("GET b") == text("3"), || replica.log());
    assert_eq!(replica.call("GET a"), text("1"));
    assert_eq!(replica.call("EXISTS old s"), Value::Integer(1));
    assert_eq!(replica.info("master_link_status"), "up");

    // Both files are understood by servers that rename nothing.
    master.kill();
    replica.terminate();
    for path in [dir.path(), copies.path()] {
        let again = start(path, &["--appendonly", "yes", "--replicaof", "no", "one"]);
        assert_eq!(again.call("GET a"), text("1"));
        assert_eq!(again.call("GET b"), text("3"));
        assert_eq!(again.call("EXISTS old s"), Value::Integer(1));
    }
}

/// As redis-server writes it: under the names that its configuration gives.
#[test]
fn a_file_with_the_given_names_is_understood_by_who_gives_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let files = dir.path().join("appendonlydir");
    fs::create_dir(&files).unwrap();
    fs::write(files.join("appendonly.aof.manifest"), "file a.1.incr.aof seq 1 type i\n").unwrap();
    let changes =
        "*3\r\n$5\r\nstore\r\n$1\r\nk\r\n$1\r\nv\r\n*3\r\n$3\r\nset\r\n$1\r\nl\r\n$1\r\nw\r\n";
    fs::write(files.join("a.1.incr.aof"), changes).unwrap();
    let flags = ["--appendonly", "yes"];
    let (status, log) = try_start(dir.path(), &flags).err().unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(log.contains("Unknown command 'store'"), "{log}");
    let server = start(dir.path(), &[&RENAMED[..], &flags].concat());
    assert_eq!(server.call("MGET k l"), Value::Array(vec![text("v"), text("w")]));
}

#[test]
fn a_rewritten_file_renames_as_the_old_one_did() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("redis.conf");
    fs::write(&file, "rename-command FLUSHALL \"\"\n# why\nrename-command CONFIG \"a b\"\n")
        .unwrap();
    for _ in 0..2 {
        let server = start_with_file(dir.path(), &file);
        let mut client = server.connect();
        let mut call = |words: &[&str]| client.call(words, super::server::PATIENCE).unwrap();
        assert!(matches!(call(&["FLUSHALL"]), Value::Error(_)));
        assert!(matches!(call(&["CONFIG", "REWRITE"]), Value::Error(_)));
        assert_eq!(call(&["A B", "SET", "hz", "11"]), Value::Status(b"OK".to_vec()));
        assert_eq!(call(&["a b", "REWRITE"]), Value::Status(b"OK".to_vec()));
    }
    let text = fs::read_to_string(&file).unwrap();
    let kept = "rename-command FLUSHALL \"\"\n# why\nrename-command CONFIG \"a b\"\n";
    assert!(text.starts_with(kept) && text.contains("\nhz 11\n"), "{text}");
}

/// Starts with a configuration file, which has to be the first argument.
fn start_with_file(dir: &std::path::Path, file: &std::path::Path) -> super::server::Process {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cacheflow"));
    command.arg(file);
    super::server::try_start_by(command, dir, &[]).map_err(|(_, log)| log).unwrap()
}
