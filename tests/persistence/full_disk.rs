//! A disk that takes no more. It is a limit on the size of files (`ulimit -f`), which needs neither
//! a file system of our own nor the rights to mount one: a write past the limit writes a part, and
//! fails then, just as on a full disk. The signal that comes with it is ignored by the shell that
//! sets the limit, and what is ignored stays ignored in the programs it starts.

use std::path::Path;
use std::process::Command;

use super::client::{Client, Value};
use super::server::{PATIENCE, Process, binary, bulk, error, ok, start, try_start_by, wait_until};

/// 64 KB.
const LIMITED: &str = "trap '' XFSZ; ulimit -f 128; exec \"$@\"";

pub fn start_limited(directory: &Path, flags: &[&str]) -> Process {
    let mut command = Command::new("sh");
    command.args(["-c", LIMITED, "sh", &binary().to_string_lossy()]);
    match try_start_by(command, directory, flags) {
        Ok(process) => process,
        Err((status, log)) => panic!("the server ended with {status}:\n{log}"),
    }
}

/// Overwrites one key until that is refused; returns the last number that was acknowledged.
fn fill(client: &mut Client) -> Result<(u64, String), u64> {
    let padding = "x".repeat(1000);
    for number in 0u64..1000 {
        let value = format!("{number}:{padding}");
        match client.call(&["SET", "k", &value], PATIENCE) {
            Ok(Value::Error(text)) => {
                return Ok((number - 1, String::from_utf8(text).unwrap()));
            }
            Ok(reply) => assert_eq!(reply, ok()),
            Err(_) => return Err(number - 1),
        }
    }
    panic!("the disk never became full");
}

fn number(server: &Process) -> u64 {
    let Value::Bulk(text) = server.call("GETRANGE k 0 5") else { panic!("the key is gone") };
    String::from_utf8(text).unwrap().split(':').next().unwrap().parse().unwrap()
}

#[test]
fn writes_are_refused_until_there_is_room_again() {
    let directory = tempfile::tempdir().unwrap();
    let flags = &["--appendonly", "yes", "--appendfsync", "everysec"];
    let server = start_limited(directory.path(), flags);
    let mut client = server.connect();
    let (last, text) = fill(&mut client).unwrap();
    assert_eq!(text, "MISCONF Errors writing to the AOF file: File too large");
    assert_eq!(error(server.call("PING")), text);
    assert_eq!(number(&server), last);
    assert_eq!(server.info("aof_last_write_status"), "err");
    // In MULTI, too.
    assert_eq!(server.call("DBSIZE"), Value::Integer(1));
    client.call(&["MULTI"], PATIENCE).unwrap();
    assert_eq!(error(client.call(&["SET", "x", "1"], PATIENCE).unwrap()), text);
    assert!(error(client.call(&["EXEC"], PATIENCE).unwrap()).starts_with("EXECABORT"));
    // A rewrite makes room: the base needs a kilobyte.
    assert!(matches!(server.call("BGREWRITEAOF"), Value::Status(_)));
    wait_until(|| server.call("SET free 1") == ok(), || server.log());
    server.wait_for_log("AOF write error looks solved");
    server.kill();
    let server = start(directory.path(), flags);
    assert_eq!(number(&server), last);
    assert_eq!(server.call("GET free"), bulk("1"));
}

#[test]
fn what_failed_is_cut_back_to_a_whole_unit() {
    let directory = tempfile::tempdir().unwrap();
    let flags = &["--appendonly", "yes", "--appendfsync", "no"];
    let server = start_limited(directory.path(), flags);
    let (last, _) = fill(&mut server.connect()).unwrap();
    server.kill();
    let server = start(directory.path(), flags);
    assert!(!server.log().contains("short read"), "{}", server.log());
    // The write that failed had its +OK, as in Redis: only `always` promises more.
    assert!(number(&server) + 1 >= last);
}

#[test]
fn always_exits_rather_than_break_its_promise() {
    let directory = tempfile::tempdir().unwrap();
    let flags = &["--appendonly", "yes", "--appendfsync", "always"];
    let mut server = start_limited(directory.path(), flags);
    let last = fill(&mut server.connect()).unwrap_err();
    assert_eq!(server.wait().code(), Some(1));
    assert!(server.log().contains("Can't recover from AOF write error"), "{}", server.log());
    let server = start(directory.path(), flags);
    assert!(number(&server) >= last);
}

#[test]
fn a_failed_save_stops_writes_if_there_are_save_points() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &["--save", "3600", "1"]);
    assert_eq!(server.call("SET k v"), ok());
    // Where the temporary file would be, there is a directory.
    let pid = server.pid();
    let obstacles = ["", "bg-"].map(|it| directory.path().join(format!("temp-{it}{pid}.rdb")));
    obstacles.iter().for_each(|path| std::fs::create_dir(path).unwrap());
    assert_eq!(server.call("BGSAVE"), Value::Status(b"Background saving started".to_vec()));
    wait_until(|| server.info("rdb_last_bgsave_status") == "err", || server.log());
    let text = error(server.call("SET k w"));
    assert!(text.starts_with("MISCONF Redis is configured to save RDB snapshots, but"), "{text}");
    assert_eq!(error(server.call("PING")), text);
    assert_eq!(server.call("GET k"), bulk("v"));
    assert_eq!(error(server.call("SAVE")), "ERR");
    assert_eq!(error(server.call("SHUTDOWN")), "ERR Errors trying to SHUTDOWN. Check logs.");
    assert_eq!(server.call("CONFIG SET stop-writes-on-bgsave-error no"), ok());
    assert_eq!(server.call("SET k w"), ok());
    assert_eq!(server.call("CONFIG SET stop-writes-on-bgsave-error yes"), ok());
    obstacles.iter().for_each(|path| std::fs::remove_dir(path).unwrap());
    server.call("BGSAVE");
    wait_until(|| server.call("SET k x") == ok(), || server.log());
    assert_eq!(server.info("rdb_last_bgsave_status"), "ok");
}
