//! The append-only file switched on and off while the server runs. Until its first base is there, what
//! is acknowledged is on no disk; nobody may be told, or let believe, that it is.

use std::path::Path;

use super::client::{Client, Output, Value};
use super::server::{PATIENCE, Process, bulk, error, ok, start, wait_until};

/// So many keys take longer to be written than a few requests take.
const KEYS: i64 = 300_000;
const FAILED: &str = "ERR Errors trying to SHUTDOWN. Check logs.";

/// Sends commands in one write and returns their replies.
fn pipeline(client: &mut Client, commands: &[&str]) -> Vec<Value> {
    client.send_raw((commands.join("\r\n") + "\r\n").as_bytes()).unwrap();
    let reply = |_: &&str| match client.read(PATIENCE).unwrap() {
        Output::Value(value) => value,
        other => panic!("{other:?}"),
    };
    commands.iter().map(reply).collect()
}

fn populated(directory: &Path, flags: &[&str]) -> Process {
    let server = start(directory, flags);
    server.call(&format!("DEBUG POPULATE {KEYS}"));
    server
}

fn wait_for_rewrite(server: &Process) {
    wait_until(
        || {
            // In this order: what is scheduled no more may have begun.
            let fields = ["aof_rewrite_scheduled", "aof_rewrite_in_progress"];
            fields.iter().all(|field| server.info(field) == "0")
        },
        || server.log(),
    );
}

/// Shuts the server down, starts it again with an append-only file and counts the keys.
fn keys_after_restart(mut server: Process, directory: &Path) -> i64 {
    assert!(server.connect().call(&["SHUTDOWN"], PATIENCE).is_err());
    assert_eq!(server.wait().code(), Some(0));
    keys_of(directory)
}

fn keys_of(directory: &Path) -> i64 {
    let server = start(directory, &["--appendonly", "yes"]);
    let Value::Integer(keys) = server.call("DBSIZE") else { panic!() };
    keys
}

#[test]
fn no_clean_stop_before_the_first_base_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = populated(directory.path(), &[]);
    let mut client = server.connect();
    let replies =
        pipeline(&mut client, &["CONFIG SET appendonly yes", "SHUTDOWN", "SHUTDOWN NOSAVE"]);
    assert_eq!(replies[0], ok());
    replies[1..].iter().for_each(|reply| assert_eq!(error(reply.clone()), FAILED));
    assert!(server.log().contains("Writing initial AOF, can't exit."));
    // It goes on as if nothing had been asked.
    assert_eq!(client.call(&["SET", "new", "1"], PATIENCE).unwrap(), ok());
    wait_for_rewrite(&server);
    assert_eq!(server.terminate().code(), Some(0));
    assert_eq!(keys_of(directory.path()), KEYS + 1);
}

#[test]
fn a_signal_is_refused_as_well() {
    let directory = tempfile::tempdir().unwrap();
    let server = populated(directory.path(), &[]);
    assert_eq!(server.call("CONFIG SET appendonly yes"), ok());
    let sent = std::process::Command::new("kill").arg(server.pid().to_string()).status().unwrap();
    assert!(sent.success());
    server.wait_for_log("Writing initial AOF, can't exit.");
    wait_for_rewrite(&server);
    assert_eq!(keys_after_restart(server, directory.path()), KEYS);
}

#[test]
fn a_stop_never_leaves_the_file_of_long_ago_behind() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &["--appendonly", "yes"]);
    assert_eq!(server.call("SET old 1"), ok());
    assert_eq!(server.call("CONFIG SET appendonly no"), ok());
    server.call(&format!("DEBUG POPULATE {KEYS}"));
    let replies = pipeline(&mut server.connect(), &["CONFIG SET appendonly yes", "SHUTDOWN"]);
    assert_eq!((replies[0].clone(), error(replies[1].clone())), (ok(), FAILED.to_owned()));
    wait_for_rewrite(&server);
    assert_eq!(keys_after_restart(server, directory.path()), KEYS + 1);
}

#[test]
fn force_stops_nevertheless() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = populated(directory.path(), &[]);
    server.connect().send_raw(b"CONFIG SET appendonly yes\r\nSHUTDOWN FORCE\r\n").unwrap();
    assert_eq!(server.wait().code(), Some(0));
    assert!(server.log().contains("Writing initial AOF. Exit anyway."));
}

#[test]
fn a_replica_writes_its_new_base_before_it_stops() {
    let (of_master, of_replica) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let master = populated(of_master.path(), &["--repl-diskless-sync-delay", "0"]);
    let mut replica = start(of_replica.path(), &["--appendonly", "yes"]);
    assert_eq!(replica.call("SET old 1"), ok());
    let port = master.address.port();
    assert_eq!(replica.call(&format!("REPLICAOF 127.0.0.1 {port}")), ok());
    wait_until(|| replica.info("master_link_status") == "up", || replica.log());
    let reply = replica.connect().call(&["SHUTDOWN"], PATIENCE);
    // A machine that is quick enough has written it by now.
    if let Ok(reply) = reply {
        assert_eq!(error(reply), FAILED);
        wait_for_rewrite(&replica);
        assert!(replica.connect().call(&["SHUTDOWN"], PATIENCE).is_err());
    }
    assert_eq!(replica.wait().code(), Some(0));
    assert_eq!(keys_of(of_replica.path()), KEYS);
}

#[test]
fn info_tells_that_the_first_base_is_being_written_or_is_to_be() {
    let field = |reply: &Value, name: &str| {
        let Value::Bulk(text) = reply else { panic!("{reply:?}") };
        let text = String::from_utf8_lossy(text);
        let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        found.unwrap_or_else(|| panic!("no {name}")).to_owned()
    };
    let directory = tempfile::tempdir().unwrap();
    let server = populated(directory.path(), &[]);
    let mut client = server.connect();
    let replies = pipeline(&mut client, &["CONFIG SET appendonly yes", "INFO persistence"]);
    assert_eq!(field(&replies[1], "aof_enabled"), "1");
    assert_eq!(field(&replies[1], "aof_rewrite_in_progress"), "1");
    wait_for_rewrite(&server);
    let commands =
        ["CONFIG SET appendonly no", "BGSAVE", "CONFIG SET appendonly yes", "INFO persistence"];
    let replies = pipeline(&mut client, &commands);
    assert_eq!(field(&replies[3], "rdb_bgsave_in_progress"), "1");
    assert_eq!(field(&replies[3], "aof_rewrite_scheduled"), "1");
    wait_for_rewrite(&server);
    assert_eq!(field(&server.call("INFO persistence"), "aof_rewrites"), "2");
}

#[test]
fn off_and_on_again_ends_with_everything_in_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let server = populated(directory.path(), &["--hz", "1"]);
    let mut client = server.connect();
    for round in 0..20 {
        // Just before, while, and after the first base gets its name.
        std::thread::sleep(std::time::Duration::from_millis(50 * (round % 5)));
        let written = format!("SET round:{round} before");
        let replies = pipeline(
            &mut client,
            &["CONFIG SET appendonly no", &written, "CONFIG SET appendonly yes"],
        );
        assert_eq!(replies, vec![ok(); 3]);
    }
    wait_for_rewrite(&server);
    assert_eq!(client.call(&["SET", "last", "words"], PATIENCE).unwrap(), ok());
    server.kill();
    let server = start(directory.path(), &["--appendonly", "yes"]);
    assert_eq!(server.call("DBSIZE"), Value::Integer(KEYS + 21));
    assert_eq!(server.call("GET last"), bulk("words"));
}

#[test]
fn nothing_is_loaded_while_the_first_base_is_being_written() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &["--appendonly", "yes"]);
    assert_eq!(server.call("SET old 1"), ok());
    assert_eq!(server.call("CONFIG SET appendonly no"), ok());
    server.call(&format!("DEBUG POPULATE {KEYS}"));
    let mut client = server.connect();
    let replies = pipeline(&mut client, &["CONFIG SET appendonly yes", "DEBUG LOADAOF", "DBSIZE"]);
    assert_eq!(replies[0], ok());
    assert!(error(replies[1].clone()).starts_with("ERR Error trying to load the AOF files"));
    assert_eq!(replies[2], Value::Integer(KEYS + 1));
    wait_for_rewrite(&server);
    assert_eq!(client.call(&["SET", "new", "1"], PATIENCE).unwrap(), ok());
    assert_eq!(server.call("DEBUG LOADAOF"), ok());
    assert_eq!(server.call("DBSIZE"), Value::Integer(KEYS + 2));
}

#[test]
fn a_base_of_commands_says_when_it_was_begun() {
    let directory = tempfile::tempdir().unwrap();
    let flags = ["--appendonly", "yes", "--aof-use-rdb-preamble", "no"];
    let server =
        start(directory.path(), &[&flags[..], &["--aof-timestamp-enabled", "yes"]].concat());
    assert_eq!(server.call("SET k v"), ok());
    assert!(matches!(server.call("BGREWRITEAOF"), Value::Status(_)));
    server.wait_for_log("Background AOF rewrite finished successfully");
    let base = directory.path().join("appendonlydir/appendonly.aof.2.base.aof");
    let text = std::fs::read_to_string(base).unwrap();
    let (annotation, rest) = text.split_once("\r\n").unwrap();
    let time: u64 = annotation.strip_prefix("#TS:").unwrap().parse().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!((now - 60..=now).contains(&time), "{annotation}");
    assert!(rest.starts_with("*2\r\n$6\r\nSELECT"), "{rest}");
    server.kill();
    assert_eq!(start(directory.path(), &flags).call("GET k"), bulk("v"));
}
