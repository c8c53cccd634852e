//! Snapshots while data changes, by command and by save point; and what a stop saves.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::client::Value;
use super::server::{PATIENCE, bulk, ok, start, wait_until};

const KEYS: usize = 200;

/// One request that gives every key the same number.
fn set_all(number: u64) -> Vec<String> {
    let pairs = (0..KEYS).flat_map(|key| [format!("key:{key}"), number.to_string()]);
    std::iter::once("MSET".to_owned()).chain(pairs).collect()
}

/// The one number that all keys have.
fn number_of(directory: &Path, flags: &[&str]) -> u64 {
    let server = start(directory, flags);
    let mut request = vec!["MGET".to_owned()];
    request.extend((0..KEYS).map(|key| format!("key:{key}")));
    let reply = server.connect().call(&request, PATIENCE).unwrap();
    let Value::Array(values) = reply else { panic!("{reply:?}") };
    assert!(values.iter().all(|value| *value == values[0]), "not one moment: {values:?}");
    let Value::Bulk(text) = &values[0] else { panic!("{values:?}") };
    String::from_utf8(text.clone()).unwrap().parse().unwrap()
}

#[test]
fn a_snapshot_is_one_moment_however_busy_the_server_is() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &["--appendonly", "yes", "--appendfsync", "no"]);
    server.call("DEBUG POPULATE 20000");
    let (stop, mut seen) = (AtomicBool::new(false), Vec::new());
    server.connect().call(&set_all(0), PATIENCE).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut client = server.connect();
            for number in 1.. {
                assert_eq!(client.call(&set_all(number), PATIENCE).unwrap(), ok());
                if stop.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        for _ in 0..5 {
            let Value::Bulk(before) = server.call("GET key:0") else { panic!() };
            assert!(matches!(server.call("BGSAVE"), Value::Status(_)));
            let Value::Bulk(after) = server.call("GET key:0") else { panic!() };
            wait_until(|| server.info("rdb_bgsave_in_progress") == "0", || server.log());
            let copy = tempfile::tempdir().unwrap();
            let dump = std::fs::read(directory.path().join("dump.rdb")).unwrap();
            std::fs::write(copy.path().join("dump.rdb"), dump).unwrap();
            let number = number_of(copy.path(), &[]);
            let parse = |text: Vec<u8>| String::from_utf8(text).unwrap().parse::<u64>().unwrap();
            let (before, after) = (parse(before), parse(after));
            assert!((before..=after).contains(&number), "{number} not in {before}..={after}");
            seen.push(number);
            server.call("BGREWRITEAOF");
            wait_until(|| server.info("aof_rewrite_in_progress") == "0", || server.log());
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(seen.is_sorted());
    let Value::Bulk(last) = server.call("GET key:0") else { panic!() };
    assert_eq!(server.info("aof_last_bgrewrite_status"), "ok");
    server.kill();
    let flags = ["--appendonly", "yes"];
    assert_eq!(number_of(directory.path(), &flags).to_string().as_bytes(), last);
}

#[test]
fn a_database_keeps_its_number_though_it_is_swapped_while_it_is_saved() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &[]);
    server.call("DEBUG POPULATE 50000 zero");
    server.call("SET which zero");
    let mut client = server.connect();
    for command in ["SELECT 1", "DEBUG POPULATE 50000 one", "SET which one", "BGSAVE"] {
        client.call(&command.split(' ').collect::<Vec<_>>(), PATIENCE).unwrap();
    }
    server.call("SWAPDB 0 1");
    server.call("FLUSHDB");
    client.call(&["FLUSHDB"], PATIENCE).unwrap();
    wait_until(|| server.info("rdb_bgsave_in_progress") == "0", || server.log());
    server.kill();
    let server = start(directory.path(), &[]);
    assert_eq!(server.call("GET which"), bulk("zero"));
    assert_eq!(server.call("DBSIZE"), Value::Integer(50_001));
    server.call("SWAPDB 0 1");
    assert_eq!(server.call("GET which"), bulk("one"));
    assert_eq!(server.call("DBSIZE"), Value::Integer(50_001));
}

#[test]
fn save_points_save() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &["--save", "1", "3"]);
    server.call("SET a 1");
    server.call("SET b 1");
    std::thread::sleep(Duration::from_millis(2300));
    assert!(!directory.path().join("dump.rdb").exists(), "two changes are not three");
    server.call("SET c 1");
    server.wait_for_log("3 changes in 1 seconds. Saving...");
    server.wait_for_log("Background saving terminated with success");
    assert_eq!(server.info("rdb_changes_since_last_save"), "0");
    assert_eq!(server.info("rdb_saves"), "1");
    server.kill();
    assert_eq!(start(directory.path(), &[]).call("DBSIZE"), Value::Integer(3));
}

#[test]
fn flushall_with_save_points_saves_that_there_is_nothing() {
    for (save, left) in [("3600 1", 0), ("", 1)] {
        let directory = tempfile::tempdir().unwrap();
        let server = start(directory.path(), &["--save", save]);
        assert_eq!(server.call("SET k v"), ok());
        assert_eq!(server.call("SAVE"), ok());
        assert_eq!(server.call("FLUSHALL"), ok());
        let changes = if save.is_empty() { "1" } else { "0" };
        assert_eq!(server.info("rdb_changes_since_last_save"), changes);
        server.kill();
        let server = start(directory.path(), &[]);
        assert_eq!(server.call("DBSIZE"), Value::Integer(left), "save '{save}'");
    }
}

#[test]
fn flushall_that_can_not_save_leaves_the_file_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &["--save", "3600", "1"]);
    assert_eq!(server.call("SET k v"), ok());
    assert_eq!(server.call("SAVE"), ok());
    let obstacle = directory.path().join(format!("temp-{}.rdb", server.pid()));
    std::fs::create_dir(&obstacle).unwrap();
    assert_eq!(server.call("FLUSHALL"), ok());
    assert_eq!(server.info("rdb_changes_since_last_save"), "1");
    // Only a BGSAVE that fails stops writes.
    assert_eq!(server.call("SAVE"), Value::Error(b"ERR".to_vec()));
    assert_eq!(server.call("SET other v"), ok());
    server.kill();
    std::fs::remove_dir(obstacle).unwrap();
    assert_eq!(start(directory.path(), &[]).call("GET k"), bulk("v"));
}

#[test]
fn a_file_that_is_older_never_takes_the_place_of_a_newer_one() {
    for (last_words, left) in [("FLUSHALL", 0), ("SHUTDOWN SAVE", 300_001)] {
        let directory = tempfile::tempdir().unwrap();
        let mut server = start(directory.path(), &["--save", "3600", "1"]);
        server.call("DEBUG POPULATE 300000");
        assert_eq!(server.call("BGSAVE"), Value::Status(b"Background saving started".to_vec()));
        assert_eq!(server.call("SET new 1"), ok());
        let words: Vec<&str> = last_words.split(' ').collect();
        let reply = server.connect().call(&words, PATIENCE);
        if last_words == "FLUSHALL" {
            assert_eq!(reply.unwrap(), ok());
            wait_until(|| server.info("rdb_bgsave_in_progress") == "0", || server.log());
            server.kill();
        } else {
            assert!(reply.is_err(), "{reply:?}");
            assert_eq!(server.wait().code(), Some(0));
        }
        let server = start(directory.path(), &[]);
        assert_eq!(server.call("DBSIZE"), Value::Integer(left), "{last_words}");
        let files = std::fs::read_dir(directory.path()).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        assert_eq!(names.filter(|name| name.starts_with("temp")).count(), 0);
    }
}

#[test]
fn a_stop_saves_what_it_should() {
    for (flags, command, kept) in [
        (&[][..], None, false),
        (&[], Some("SHUTDOWN"), false),
        (&[], Some("SHUTDOWN SAVE"), true),
        (&["--save", "3600", "1"], None, true),
        (&["--save", "3600", "1"], Some("SHUTDOWN"), true),
        (&["--save", "3600", "1"], Some("SHUTDOWN NOSAVE"), false),
        (&["--appendonly", "yes"], None, true),
        (&["--appendonly", "yes"], Some("SHUTDOWN NOSAVE"), true),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let mut server = start(directory.path(), flags);
        assert_eq!(server.call("SET k v"), ok());
        let status = match command {
            None => server.terminate(),
            Some(command) => {
                let words: Vec<&str> = command.split(' ').collect();
                let reply = server.connect().call(&words, PATIENCE);
                assert!(reply.is_err(), "{reply:?}");
                server.wait()
            }
        };
        assert_eq!(status.code(), Some(0), "{}", server.log());
        let server = start(directory.path(), flags);
        let there = server.call("EXISTS k") == Value::Integer(1);
        assert_eq!(there, kept, "{flags:?} {command:?}");
    }
}

#[test]
fn jobs_exclude_each_other() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &[]);
    server.call("DEBUG POPULATE 300000");
    let mut client = server.connect();
    let mut call =
        |command: &str| client.call(&command.split(' ').collect::<Vec<_>>(), PATIENCE).unwrap();
    let status = |text: &str| Value::Status(text.as_bytes().to_vec());
    let error = |text: &str| Value::Error(text.as_bytes().to_vec());
    assert_eq!(call("BGSAVE"), status("Background saving started"));
    assert_eq!(call("BGSAVE"), error("ERR Background save already in progress"));
    assert_eq!(call("SAVE"), error("ERR Background save already in progress"));
    assert_eq!(call("BGREWRITEAOF"), status("Background append only file rewriting scheduled"));
    server.wait_for_log("Background saving terminated with success");
    server.wait_for_log("Background append only file rewriting started");
    wait_until(|| server.info("aof_rewrite_in_progress") == "1", || server.log());
    let already = "ERR Background append only file rewriting already in progress";
    assert_eq!(call("BGREWRITEAOF"), error(already));
    let Value::Error(text) = call("BGSAVE") else { panic!("two jobs at once") };
    assert!(text.starts_with(b"ERR Another child process is active (AOF?): can't BGSAVE"));
    assert_eq!(call("BGSAVE SCHEDULE"), status("Background saving scheduled"));
    server.wait_for_log("Background AOF rewrite finished successfully");
    wait_until(|| server.info("rdb_saves") == "2", || server.log());
    assert_eq!(call("BGSAVE NOW"), error("ERR syntax error"));
}

#[test]
fn clients_are_told_that_the_data_is_being_loaded() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &["--appendonly", "yes", "--appendfsync", "no"]);
    let mut client = server.connect();
    let mut requests = String::new();
    for number in 0..60_000 {
        requests.push_str(&format!("SET key:{number} {number}\r\n"));
    }
    client.send_raw(requests.as_bytes()).unwrap();
    wait_until(|| server.call("DBSIZE") == Value::Integer(60_000), || server.log());
    server.kill();
    // A port of its own choice would be told only when all is loaded.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_cacheflow"))
        .args(["--listen-addr", &address, "--appendonly", "yes", "--save", ""])
        .arg("--dir")
        .arg(directory.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let address = address.parse().unwrap();
    let (mut loading, mut info) = (0, 0);
    wait_until(
        || {
            let Ok(mut client) = super::client::Client::connect(address) else { return false };
            if let Ok(Value::Bulk(text)) = client.call(&["INFO", "persistence"], PATIENCE) {
                let text = String::from_utf8(text).unwrap();
                info += usize::from(text.contains("loading_total_bytes:"));
            }
            match client.call(&["GET", "key:59999"], PATIENCE) {
                Ok(Value::Error(text)) => {
                    assert_eq!(text, b"LOADING Redis is loading the dataset in memory");
                    loading += 1;
                    false
                }
                Ok(value) => value == bulk("59999"),
                Err(_) => false,
            }
        },
        || "the data".to_owned(),
    );
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(loading > 0 && info > 0, "the loading was too fast to be seen: {loading} {info}");
}
