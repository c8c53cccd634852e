//! The lines of the log that harnesses wait for and operators alert on, in Redis' words. They were
//! recorded from redis-server 7.0.15.

use std::fs;

use super::client::Value;
use super::server::{PATIENCE, start, try_start};

/// Fails unless the log has these texts, in this order.
fn assert_tells(log: &str, texts: &[&str]) {
    let mut rest = log;
    for text in texts {
        let at =
            rest.find(text).unwrap_or_else(|| panic!("no {text:?} behind the others in\n{log}"));
        rest = &rest[at + text.len()..];
    }
}

#[test]
fn a_start_and_a_stop() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = start(dir.path(), &["--save", "3600 1", "--appendonly", "yes"]);
    server.call("SET k v");
    let pid = format!(" PID: {}\n", server.pid());
    server.terminate();
    assert_tells(
        &server.log(),
        &[
            "Redis version=7.0.15, bits=64,",
            "just started",
            "Configuration loaded",
            "Running mode=standalone, port=",
            &pid,
            "Server initialized",
            "Ready to accept connections",
            "Received SIGTERM scheduling shutdown...",
            "User requested shutdown...",
            "Saving the final RDB snapshot before exiting.",
            "DB saved on disk",
            "Calling fsync() on the AOF file.",
            "Redis is now ready to exit, bye bye...",
        ],
    );
    let again = start(dir.path(), &[]);
    assert_tells(
        &again.log(),
        &["Done loading RDB, keys loaded: 1, keys expired: 0.", "DB loaded from disk: "],
    );
}

#[test]
fn files_that_cannot_be_loaded() {
    let dir = tempfile::tempdir().unwrap();
    for (bytes, texts) in [
        (
            &b"REDIS0010\xff\x01\0\0\0\0\0\0\0"[..],
            &["Wrong RDB checksum expected: (", ") but got (", "). Aborting now.", "RDB CRC error"]
                [..],
        ),
        (
            b"REDIS0010\xfe\x00\x00\x01k",
            &[
                "Short read or OOM loading DB. Unrecoverable error, aborting now.",
                "Unexpected EOF reading RDB file",
            ],
        ),
        (b"REDIS0099", &["Can't handle RDB format version 99"]),
        (b"something else", &["Wrong signature trying to load DB from file"]),
        (b"REDIS0010\x63\x01k\x01v", &["Unknown RDB encoding type 99"]),
    ] {
        fs::write(dir.path().join("dump.rdb"), bytes).unwrap();
        let log = try_start(dir.path(), &[]).err().unwrap().1;
        assert_tells(&log, texts);
        assert_tells(&log, &["Fatal error loading the DB: ", "Exiting."]);
    }
    fs::remove_file(dir.path().join("dump.rdb")).unwrap();
    let files = dir.path().join("appendonlydir");
    fs::create_dir(&files).unwrap();
    fs::write(files.join("appendonly.aof.manifest"), "file a.1.incr.aof seq 1 type i\n").unwrap();
    fs::write(files.join("a.1.incr.aof"), "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n*3\r\n")
        .unwrap();
    let server = start(dir.path(), &["--appendonly", "yes"]);
    assert_tells(
        &server.log(),
        &[
            "!!! Warning: short read while loading the AOF file",
            "!!! Truncating the AOF",
            "a.1.incr.aof loaded anyway because aof-load-truncated is enabled",
            "DB loaded from append only file: ",
        ],
    );
}

#[test]
fn the_life_of_a_link() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let master = start(here.path(), &["--repl-diskless-sync-delay", "0"]);
    let port = master.address.port().to_string();
    let follow = ["--replicaof", "127.0.0.1", &port, "--repl-diskless-sync-delay", "0"];
    let replica = start(there.path(), &follow);
    let name = format!("127.0.0.1:{}", replica.address.port());
    master.wait_for_log(&format!("Synchronization with replica {name} succeeded"));
    assert_tells(
        &master.log(),
        &[
            &format!("Replica {name} asks for synchronization"),
            &format!("Full resync requested by replica {name}"),
            "Starting BGSAVE for SYNC with target: replicas sockets",
        ],
    );
    // The link breaks, and is taken up again.
    master.call("CLIENT KILL TYPE replica");
    replica.wait_for_log("MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.");
    assert_tells(&master.log(), &[&format!("Connection with replica {name} lost.")]);
    master.wait_for_log(&format!("Partial resynchronization request from {name} accepted"));
    let connecting = format!("Connecting to MASTER 127.0.0.1:{port}");
    assert_tells(
        &replica.log(),
        &[
            &connecting,
            "MASTER <-> REPLICA sync started",
            "Master replied to PING, replication can continue...",
            "Partial resynchronization not possible (no cached master)",
            "Full resync from master: ",
            "MASTER <-> REPLICA sync: Loading DB in memory",
            "MASTER <-> REPLICA sync: Finished with success",
            "Connection with master lost.",
            &connecting,
            "Trying a partial resynchronization (request ",
            "Successful partial resynchronization with master.",
        ],
    );
    // A password that the replica doesn't know.
    let mut admin = master.connect();
    admin.call(&["CONFIG", "SET", "requirepass", "x"], PATIENCE).unwrap();
    replica.call("CONFIG SET masterauth wrong");
    admin.call(&["CLIENT", "KILL", "TYPE", "replica"], PATIENCE).unwrap();
    replica.wait_for_log(
        "Unable to AUTH to MASTER: -WRONGPASS invalid username-password pair or user is disabled.",
    );
    // Nobody there, and nobody's replica.
    replica.call("REPLICAOF 127.0.0.1 1");
    replica.wait_for_log("Error condition on socket for SYNC: Connection refused");
    replica.call("REPLICAOF NO ONE");
    replica.wait_for_log("MASTER MODE enabled (user request from 'id=");
    assert_tells(&replica.log(), &["REPLICAOF 127.0.0.1:1 enabled (user request from 'id="]);
}

#[test]
fn a_browser_that_was_lured_here() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), &[]);
    for _ in 0..2 {
        let mut client = server.connect();
        client.send_raw(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        assert!(client.read(PATIENCE).is_ok());
    }
    let attack = "Possible SECURITY ATTACK detected.";
    server.wait_for_log(attack);
    assert_eq!(server.log().matches(attack).count(), 1, "once a minute is enough");
    assert_eq!(server.call("PING"), Value::Status(b"PONG".to_vec()));
}
