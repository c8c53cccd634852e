//! How keys that expire, or are evicted, show in the append-only file. Recorded from redis-server 7.0.15.

use std::path::Path;
use std::time::Duration;

use super::client::Value;
use super::server::{PATIENCE, Process, increment, ok, start, wait_until};

/// The words of the file from `start` on, without their lengths.
fn words(directory: &Path, start: usize) -> String {
    let bytes = std::fs::read(increment(directory)).unwrap();
    let text = String::from_utf8(bytes[start..].to_vec()).unwrap();
    let words = text.split("\r\n").filter(|word| !word.is_empty() && !word.starts_with(['*', '$']));
    words.collect::<Vec<_>>().join(" ")
}

fn size(directory: &Path) -> usize {
    std::fs::metadata(increment(directory)).unwrap().len() as usize
}

/// What is appended when these commands find three keys that have expired; the keys all look alike.
fn appended(server: &Process, directory: &Path, commands: &[&str]) -> String {
    server.call("DEBUG SET-ACTIVE-EXPIRE 0");
    server.call("FLUSHALL");
    for key in ["k0", "k1", "k2"] {
        server.call(&format!("SET {key} v PX 10"));
    }
    server.call("SET stay v");
    std::thread::sleep(Duration::from_millis(20));
    let start = size(directory);
    let mut client = server.connect();
    for command in commands {
        client.call(&command.split(' ').collect::<Vec<_>>(), PATIENCE).unwrap();
    }
    // One of the commands may be that which lets the server look by itself.
    wait_until(|| words(directory, start).contains("k2"), || words(directory, start));
    words(directory, start).replace("k0", "k").replace("k1", "k").replace("k2", "k")
}

#[test]
fn keys_that_expire_together_are_a_transaction_only_if_they_were_named_together() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &["--appendonly", "yes", "--hz", "100"]);
    for (commands, expected) in [
        (&["SCAN 0 COUNT 100"][..], "DEL k DEL k DEL k"),
        (&["RANDOMKEY"; 60], "DEL k DEL k DEL k"),
        (&["DEBUG SET-ACTIVE-EXPIRE 1"], "DEL k DEL k DEL k"),
        (&["MGET k0 k1 k2"], "MULTI DEL k DEL k DEL k EXEC"),
        (&["EXISTS k0 k1 k2"], "MULTI DEL k DEL k DEL k EXEC"),
        (&["MULTI", "SCAN 0 COUNT 100", "EXEC"], "MULTI DEL k DEL k DEL k EXEC"),
        (&["INCR k2"], "MULTI DEL k INCR k EXEC"),
    ] {
        assert_eq!(appended(&server, directory.path(), commands), expected, "{commands:?}");
    }
    assert_eq!(server.call("CONFIG SET lazyfree-lazy-expire yes"), ok());
    for (command, expected) in
        [("DEBUG SET-ACTIVE-EXPIRE 1", "UNLINK k UNLINK k UNLINK k"), ("GET k2", "UNLINK k")]
    {
        assert_eq!(appended(&server, directory.path(), &[command]), expected, "{command}");
    }
}

#[test]
fn keys_are_evicted_as_lazyfree_lazy_eviction_says() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &["--appendonly", "yes"]);
    server.call("DEBUG POPULATE 100 key 5000");
    assert_eq!(server.call("SET first v"), ok());
    for (lazily, name) in [("no", "DEL"), ("yes", "UNLINK")] {
        assert_eq!(server.call(&format!("CONFIG SET lazyfree-lazy-eviction {lazily}")), ok());
        let used: u64 = server.info("used_memory").parse().unwrap();
        let start = size(directory.path());
        let limit = used - 20_000;
        server.call(&format!("CONFIG SET maxmemory-policy allkeys-random maxmemory {limit}"));
        wait_until(|| size(directory.path()) > start, || server.log());
        let words = words(directory.path(), start);
        assert!(words.starts_with(&format!("{name} key:")), "{words}");
        assert_eq!(server.call("CONFIG SET maxmemory 0"), ok());
        let Value::Integer(left) = server.call("DBSIZE") else { panic!() };
        assert!(left > 0);
    }
}
