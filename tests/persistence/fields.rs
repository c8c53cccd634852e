//! Fields of hashes that expire, over restarts, by whatever file.

use std::path::Path;
use std::time::Duration;

use super::client::Value;
use super::server::{Process, ok, start, wait_until};

/// Small and large hashes, with and without times; the digest, and what tells the times.
fn fill(server: &Process) -> Vec<Value> {
    for (hash, fields) in [("small", 20), ("large", 1000)] {
        for field in 0..fields {
            let at = 9_000_000_000_000i64 + field * 7919 % 100;
            let (key, no_time) = (format!("HSET {hash} f{field} v{field}"), field % 3 == 0);
            server.call(&key);
            if !no_time {
                server.call(&format!("HPEXPIREAT {hash} {at} FIELDS 1 f{field}"));
            }
        }
    }
    server.call("HSETEX ex EX 1000 FIELDS 2 a 1 b 2");
    server.call("HGETEX ex PERSIST FIELDS 1 a");
    server.call("HINCRBYFLOAT ex b 0.5");
    server.call("HSET gone a 1 b 2");
    server.call("HEXPIRE gone 0 FIELDS 1 a");
    state(server)
}

fn state(server: &Process) -> Vec<Value> {
    let mut state = vec![server.call("DEBUG DIGEST"), server.call("HGET ex b")];
    for (hash, fields) in [("small", 20), ("large", 1000)] {
        let names: Vec<String> = (0..fields).map(|field| format!("f{field}")).collect();
        let request = format!("HPEXPIRETIME {hash} FIELDS {fields} {}", names.join(" "));
        state.push(server.call(&request));
    }
    state.push(server.call("HPEXPIRETIME ex FIELDS 2 a b"));
    state.push(server.call("HGETALL gone"));
    state
}

fn restart(server: Process, directory: &Path, flags: &[&str]) -> Process {
    server.kill();
    start(directory, flags)
}

#[test]
fn times_survive_a_restart() {
    for preamble in ["yes", "no"] {
        let directory = tempfile::tempdir().unwrap();
        let flags = ["--appendonly", "yes", "--aof-use-rdb-preamble", preamble];
        let server = start(directory.path(), &flags);
        let before = fill(&server);
        let server = restart(server, directory.path(), &flags);
        assert_eq!(state(&server), before, "by the changes");
        let Value::Status(_) = server.call("BGREWRITEAOF") else { panic!() };
        wait_until(|| server.info("aof_rewrite_in_progress") == "0", || server.log());
        wait_until(|| server.info("aof_rewrites") != "0", || server.log());
        let server = restart(server, directory.path(), &flags);
        assert_eq!(state(&server), before, "rewritten, with a preamble: {preamble}");
        assert_eq!(server.call("DEBUG RELOAD"), ok());
        assert_eq!(state(&server), before, "by a snapshot");
    }
}

#[test]
fn what_has_expired_meanwhile_goes_after_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let flags = ["--appendonly", "yes"];
    let server = start(directory.path(), &flags);
    server.call("DEBUG SET-ACTIVE-EXPIRE 0");
    server.call("HSET h a 1 b 2");
    server.call("HSET all a 1 b 2");
    server.call("HPEXPIRE h 20 FIELDS 1 a");
    server.call("HPEXPIRE all 20 FIELDS 2 a b");
    let server = restart(server, directory.path(), &flags);
    std::thread::sleep(Duration::from_millis(30));
    assert_eq!(server.call("HGET h a"), Value::Nil);
    wait_until(|| server.call("HLEN h") == Value::Integer(1), || server.log());
    wait_until(|| server.call("EXISTS all") == Value::Integer(0), || server.log());
    // And not again after the next.
    let server = restart(server, directory.path(), &flags);
    assert_eq!(server.call("HLEN h"), Value::Integer(1));
    assert_eq!(server.call("DBSIZE"), Value::Integer(1));
}
