//! The snapshot in the life of a server: loaded at the start, written by SAVE and at a stop.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use cacheflow::Server;
use redis::{Connection, cmd};

fn start(dir: &Path) -> (Server, Connection) {
    let server = Server::builder().bind("127.0.0.1:0").data_dir(dir).start().unwrap();
    let client = redis::Client::open(format!("redis://{}", server.address())).unwrap();
    (server, client.get_connection().unwrap())
}

#[test]
fn what_was_saved_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (server, mut client) = start(dir.path());
    cmd("SET").arg("k").arg("v").exec(&mut client).unwrap();
    cmd("SET").arg("soon gone").arg("v").arg("PX").arg(60).exec(&mut client).unwrap();
    cmd("RPUSH").arg("list").arg("a").arg("b").exec(&mut client).unwrap();
    assert_eq!(cmd("SAVE").query::<String>(&mut client).unwrap(), "OK");
    cmd("SET").arg("late").arg("v").exec(&mut client).unwrap();
    drop(server);
    std::thread::sleep(std::time::Duration::from_millis(80));
    let (_server, mut client) = start(dir.path());
    let keys: Vec<String> = cmd("SORT").arg("list").arg("ALPHA").query(&mut client).unwrap();
    assert_eq!(keys, ["a", "b"]);
    assert_eq!(cmd("GET").arg("k").query::<String>(&mut client).unwrap(), "v");
    assert_eq!(cmd("DBSIZE").query::<i64>(&mut client).unwrap(), 2);
    let files: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(files, ["dump.rdb"], "nothing temporary is left");
}

#[test]
fn a_save_that_fails_leaves_the_old_file() {
    let dir = tempfile::tempdir().unwrap();
    let (_server, mut client) = start(dir.path());
    cmd("SET").arg("k").arg("v").exec(&mut client).unwrap();
    cmd("SAVE").exec(&mut client).unwrap();
    let before = fs::read(dir.path().join("dump.rdb")).unwrap();
    // Nothing can be written under the temporary name: a directory has it.
    fs::create_dir(dir.path().join(format!("temp-{}.rdb", std::process::id()))).unwrap();
    cmd("SET").arg("k").arg("w").exec(&mut client).unwrap();
    assert!(cmd("SAVE").query::<String>(&mut client).is_err());
    assert_eq!(fs::read(dir.path().join("dump.rdb")).unwrap(), before);
}

/// Runs the program in this directory until it ends by itself.
fn run(dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cacheflow"))
        .args(["--listenAddr", "127.0.0.1:0", "--dir", dir.to_str().unwrap()])
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn a_damaged_file_stops_the_start_and_stays_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("dump.rdb");
    for (bytes, reason) in [
        (&b"REDIS0010\xfe\x00\x00\x01k"[..], "at offset 14: unexpected end of file"),
        (b"REDIS0099", "at offset 5: Can't handle RDB format version 99"),
        (b"REDIS0010\xff\x01\0\0\0\0\0\0\0", "at offset 10: Wrong RDB checksum"),
        (b"REDIS0010\xff\0\0\0\0\0\0\0\0SET", "at offset 18: there is something behind the end"),
    ] {
        fs::write(&file, bytes).unwrap();
        let output = run(dir.path());
        let log = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{log}");
        assert!(log.contains(reason), "{log}");
        assert_eq!(fs::read(&file).unwrap(), bytes);
    }
}
