//! Nothing that protects may be accepted and then do nothing: whoever wrote the line would rely on it.

use std::fs;

use super::client::Value;
use super::server::{start, try_start};

/// The log of a start that has to fail.
fn refused(flags: &[&str]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let (status, log) = try_start(dir.path(), flags).err().unwrap_or_else(|| panic!("{flags:?}"));
    assert_eq!(status.code(), Some(1), "{log}");
    log
}

#[test]
fn what_cannot_be_done_ends_the_start() {
    for (flags, reason) in [
        (&["--rename-command", "FLUSHAL", ""][..], "No such command in rename-command"),
        (&["--rename-command", "GET", "SET"], "Target command name already exists"),
        (&["--loadmodule", "acl.so"], "cannot load modules"),
        (&["--aclfile", "/nonexistent"], "opening file '/nonexistent': No such file or directory"),
        (&["--user", "eve on nopass +nosuch"], "Unknown command or category name in ACL"),
    ] {
        let log = refused(flags);
        assert!(log.contains(reason), "{flags:?}: {log}");
    }
}

/// The default user's password may come from `requirepass`, from a `user` line or from a file. One that
/// needs none would make the first be ignored.
#[test]
fn a_password_that_nobody_would_be_asked_for_ends_the_start() {
    let reason = "requirepass is set, but the user 'default' needs no password";
    let user = ["--requirepass", "x", "--user", "default on nopass ~* +@all"];
    assert!(refused(&user).contains(reason));

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("users.acl");
    let flags = ["--requirepass", "x", "--aclfile", file.to_str().unwrap()];
    fs::write(&file, "user default on nopass ~* +@all\n").unwrap();
    assert!(try_start(dir.path(), &flags).err().unwrap().1.contains(reason));
    // Other passwords, or none that would do, are what somebody wants.
    for line in ["user default on >y ~* +@all\n", "user default off nopass ~* +@all\n"] {
        fs::write(&file, line).unwrap();
        let reply = start(dir.path(), &flags).call("PING");
        assert!(matches!(&reply, Value::Error(text) if text.starts_with(b"NOAUTH")), "{reply:?}");
    }

    // A file without a default user leaves it what it was. redis-server 7.0.15 lets everybody in.
    fs::write(&file, "user eve on >y ~* +@all\n").unwrap();
    let server = start(dir.path(), &flags);
    let mut client = server.connect();
    let mut call = |words: &[&str]| client.call(words, super::server::PATIENCE).unwrap();
    assert!(matches!(call(&["PING"]), Value::Error(_)));
    assert_eq!(call(&["AUTH", "x"]), Value::Status(b"OK".to_vec()));
    assert_eq!(call(&["ACL", "LOAD"]), Value::Status(b"OK".to_vec()));
    assert!(matches!(server.call("PING"), Value::Error(_)));
    assert_eq!(call(&["CONFIG", "SET", "requirepass", "z"]), Value::Status(b"OK".to_vec()));
    assert_eq!(call(&["ACL", "LOAD"]), Value::Status(b"OK".to_vec()));
    assert!(matches!(server.call("AUTH x"), Value::Error(_)));
    assert_eq!(server.call("AUTH z"), Value::Status(b"OK".to_vec()));
}

#[test]
fn a_replica_comes_from_where_it_should_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let master = start(dir.path(), &["--repl-diskless-sync-delay", "0"]);
    let port = master.address.port().to_string();
    let dir = tempfile::tempdir().unwrap();
    let follow = ["--replicaof", "127.0.0.1", &port, "--bind-source-addr"];
    let replica = start(dir.path(), &[&follow[..], &["127.0.0.7"]].concat());
    super::server::wait_until(|| replica.info("master_link_status") == "up", || replica.log());
    assert!(master.info("slave0").starts_with("ip=127.0.0.7,"), "{}", master.info("slave0"));
    drop(replica);
    // An address for documentation: nobody has it.
    let replica = start(dir.path(), &[&follow[..], &["192.0.2.1"]].concat());
    replica.wait_for_log("can't connect from 192.0.2.1: Cannot assign requested address");
    assert_eq!(replica.info("master_link_status"), "down");
    assert_eq!(master.info("connected_slaves"), "0");
}
