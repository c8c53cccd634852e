//! DEBUG, and the parameters that slow a server down: what other people's tests of servers rely on.

use std::fs;
use std::time::{Duration, Instant};

use super::client::{Client, Value};
use super::server::{PATIENCE, start, try_start, try_start_by, wait_until};

fn ok(client: &mut Client, words: &[&str]) {
    assert_eq!(client.call(words, PATIENCE).unwrap(), Value::Status(b"OK".to_vec()), "{words:?}");
}

#[test]
fn keys_are_loaded_as_slowly_as_it_is_told_while_clients_are_served() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), &[]);
    server.call("DEBUG POPULATE 200");
    server.call("SAVE");
    server.kill();
    let begun = Instant::now();
    let server = start(dir.path(), &["--key-load-delay", "1000"]);
    assert!(begun.elapsed() >= Duration::from_millis(200), "{:?}", begun.elapsed());
    assert_eq!(server.call("DBSIZE"), Value::Integer(200));
    // A replica's loading goes on faster as soon as it may.
    let there = tempfile::tempdir().unwrap();
    let port = server.address.port().to_string();
    server.call("CONFIG SET repl-diskless-sync-delay 0");
    let flags = ["--replicaof", "127.0.0.1", &port, "--key-load-delay", "100000"];
    let replica = start(there.path(), &flags);
    replica.wait_for_log("Loading DB in memory");
    assert_eq!(replica.info("master_link_status"), "down");
    replica.call("CONFIG SET key-load-delay 0");
    wait_until(|| replica.info("master_link_status") == "up", || replica.log());
    assert_eq!(replica.call("DBSIZE"), Value::Integer(200));
}

#[test]
fn commands_of_a_file_are_loaded_as_slowly_too() {
    let dir = tempfile::tempdir().unwrap();
    let flags = ["--appendonly", "yes", "--aof-use-rdb-preamble", "no"];
    let server = start(dir.path(), &flags);
    let mut client = server.connect();
    (0..200).for_each(|number| ok(&mut client, &["SET", &number.to_string(), "x"]));
    server.kill();
    let begun = Instant::now();
    let server = start(dir.path(), &[&flags[..], &["--key-load-delay", "1000"]].concat());
    assert!(begun.elapsed() >= Duration::from_millis(200), "{:?}", begun.elapsed());
    assert_eq!(server.call("DBSIZE"), Value::Integer(200));
}

#[test]
fn keys_are_saved_as_slowly_as_it_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), &["--rdb-key-save-delay", "1000000"]);
    // Seconds for each of many keys, of which hundreds are copied at once: what is changed holds for
    // the pause that is going on.
    server.call("DEBUG POPULATE 20000");
    server.call("BGSAVE");
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(server.info("rdb_bgsave_in_progress"), "1");
    server.call("CONFIG SET rdb-key-save-delay -100");
    wait_until(|| server.info("rdb_bgsave_in_progress") == "0", || server.log());
    assert_eq!(server.info("rdb_last_bgsave_status"), "ok");
}

#[test]
fn a_save_that_pauses_is_given_up_when_nobody_wants_it() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), &["--save", "", "--rdb-key-save-delay", "1000000"]);
    server.call("DEBUG POPULATE 20000");
    server.call("BGSAVE");
    server.call("FLUSHALL");
    wait_until(|| server.info("rdb_bgsave_in_progress") == "0", || server.log());
}

#[test]
fn nothing_happens_by_itself_while_cron_is_paused() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), &["--hz", "100"]);
    server.call("DEBUG PAUSE-CRON 1");
    server.call("SET k v PX 20");
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(server.call("DBSIZE"), Value::Integer(1));
    server.call("DEBUG PAUSE-CRON 0");
    wait_until(|| server.call("DBSIZE") == Value::Integer(0), || server.log());
}

#[test]
fn what_is_replicated_by_hand_reaches_replicas_only() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let flags = ["--repl-diskless-sync-delay", "0", "--appendonly", "yes"];
    let master = start(here.path(), &flags);
    let port = master.address.port().to_string();
    let replica = start(there.path(), &["--replicaof", "127.0.0.1", &port]);
    wait_until(|| replica.info("master_link_status") == "up", || replica.log());
    master.call("DEBUG REPLICATE SET k v");
    let value = Value::Bulk(b"v".to_vec());
    wait_until(|| replica.call("GET k") == value, || replica.log());
    assert_eq!(master.call("EXISTS k"), Value::Integer(0));
    master.kill();
    assert_eq!(start(here.path(), &flags).call("EXISTS k"), Value::Integer(0));
}

#[test]
fn a_wrong_checksum_can_be_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), &[]);
    server.call("SET k v");
    server.call("SAVE");
    let file = dir.path().join("dump.rdb");
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
    assert!(matches!(server.call("DEBUG RELOAD NOSAVE"), Value::Error(_)));
    server.call("DEL k");
    server.call("DEBUG SET-SKIP-CHECKSUM-VALIDATION 1");
    assert_eq!(server.call("DEBUG RELOAD NOSAVE"), Value::Status(b"OK".to_vec()));
    assert_eq!(server.call("GET k"), Value::Bulk(b"v".to_vec()));
    server.kill();
    assert!(try_start(dir.path(), &[]).err().unwrap().1.contains("Wrong RDB checksum"));
}

#[test]
fn a_file_with_every_parameter_is_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("redis.conf");
    fs::write(&file, "# mine\nmaxmemory 100mb\nrename-command FLUSHALL \"\"\n").unwrap();
    let run = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cacheflow"));
        command.arg(&file);
        try_start_by(command, dir.path(), &[]).map_err(|(_, log)| log).unwrap()
    };
    let server = run();
    let shown = server.call("CONFIG GET *");
    assert_eq!(server.call("DEBUG CONFIG-REWRITE-FORCE-ALL"), Value::Status(b"OK".to_vec()));
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("# mine\nmaxmemory 100mb\nrename-command FLUSHALL \"\"\n"), "{text}");
    for line in [
        "timeout 0",
        "save \"\"",
        "repl-timeout 60",
        "tls-port 0",
        "client-output-buffer-limit pubsub 32mb 8mb 60",
    ] {
        assert!(text.lines().any(|found| found == line), "no {line} in {text}");
    }
    assert!(text.lines().count() > 170);
    server.kill();
    let Value::Array(mut again) = run().call("CONFIG GET *") else { panic!() };
    let Value::Array(mut before) = shown else { panic!() };
    // The system picks another port each time.
    for words in [&mut again, &mut before] {
        let at = words.iter().position(|word| *word == Value::Bulk(b"port".to_vec())).unwrap();
        words.drain(at..at + 2);
    }
    assert_eq!(again, before);
    // Without a file there is nothing to write to.
    let server = start(dir.path(), &[]);
    let Value::Error(text) = server.call("DEBUG CONFIG-REWRITE-FORCE-ALL") else { panic!() };
    let text = String::from_utf8(text).unwrap();
    assert!(text.starts_with("ERR CONFIG-REWRITE-FORCE-ALL failed: "), "{text}");
}
