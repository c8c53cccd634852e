//! Files that are cut, changed, or missing. The server starts with everything that was complete, or
//! it does not start and says why. It never starts with less.

use std::fs;
use std::path::Path;

use cacheflow::Server;

use super::client::{Client, Value};
use super::server::{PATIENCE, bulk, increment, ok, start, try_start};

const AOF: &[&str] = &["--appendonly", "yes", "--appendfsync", "no"];

fn embedded(directory: &Path) -> std::io::Result<Server> {
    Server::builder()
        .bind("127.0.0.1:0")
        .data_dir(directory)
        .configure(|config| config.appendonly = true)
        .start()
}

fn call(server: &Server, command: &str) -> Value {
    let words: Vec<&str> = command.split(' ').collect();
    Client::connect(server.address()).unwrap().call(&words, PATIENCE).unwrap()
}

fn refused(directory: &Path, flags: &[&str]) -> String {
    match try_start(directory, flags) {
        Ok(server) => panic!("it started:\n{}", server.log()),
        Err((status, log)) => {
            assert_eq!(status.code(), Some(1), "{log}");
            log
        }
    }
}

/// A directory with an append-only file of `SET a 1`, a transaction of two, `SET d 4`.
fn written() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), AOF);
    let mut client = server.connect();
    for command in ["SET a 1", "MULTI", "SET b 2", "SET c 3", "EXEC", "SET d 4"] {
        client.call(&command.split(' ').collect::<Vec<_>>(), PATIENCE).unwrap();
    }
    server.kill();
    directory
}

#[test]
fn a_file_cut_anywhere_keeps_every_complete_unit() {
    let directory = written();
    // Hundreds of starts in this process: their log has a place of its own.
    cacheflow::system::logging::set_file(Some(&directory.path().join("embedded.log"))).unwrap();
    let path = increment(directory.path());
    let whole = fs::read(&path).unwrap();
    let end_of = |text: &str| {
        let text = text.as_bytes();
        whole.windows(text.len()).position(|window| window == text).unwrap() + text.len()
    };
    let ends = [
        ("a", end_of("$1\r\na\r\n$1\r\n1\r\n")),
        ("b", end_of("EXEC\r\n")),
        ("c", end_of("EXEC\r\n")),
        ("d", whole.len()),
    ];
    for len in 0..=whole.len() {
        fs::write(&path, &whole[..len]).unwrap();
        let server = embedded(directory.path()).unwrap_or_else(|error| panic!("{len}: {error}"));
        for (key, end) in ends {
            let there = call(&server, &format!("EXISTS {key}"));
            assert_eq!(there, Value::Integer((len >= end).into()), "{key}, cut at {len}");
        }
        assert_eq!(call(&server, "SET new 1"), ok());
        server.stop();
        let server = embedded(directory.path()).unwrap();
        assert_eq!(call(&server, "GET new"), bulk("1"), "cut at {len}, lost by the second start");
    }
}

#[test]
fn a_damaged_manifest_is_refused() {
    let directory = written();
    let path = directory.path().join("appendonlydir/appendonly.aof.manifest");
    let whole = fs::read_to_string(&path).unwrap();
    let padding = " ".repeat(1100);
    for (text, reason) in [
        (whole.replacen('\n', "\n\n", 1), "line 2: "),
        (format!("{whole} \n"), "line 3: "),
        (whole.replacen('\n', &format!("{padding}\n"), 1), "line 1: it is too long"),
        (whole.trim_end().to_owned(), "line 2: it is cut"),
        (format!("{whole}\0\0\0\0"), "line 3: it is cut"),
    ] {
        fs::write(&path, &text).unwrap();
        let log = refused(directory.path(), AOF);
        assert!(log.contains(&format!("Invalid AOF manifest file {}", path.display())), "{log}");
        assert!(log.contains(reason), "{reason} in {log}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "a refused file is left alone");
    }
    fs::write(&path, format!("# by hand\n{}", whole.replace("file", "FILE"))).unwrap();
    assert_eq!(start(directory.path(), AOF).call("DBSIZE"), Value::Integer(4));
}

#[test]
fn a_torn_transaction_takes_nothing_along() {
    let directory = written();
    let path = increment(directory.path());
    let whole = fs::read(&path).unwrap();
    let multi = whole.windows(5).position(|window| window == b"MULTI").unwrap();
    fs::write(&path, &whole[..multi + 40]).unwrap();
    let server = start(directory.path(), AOF);
    assert!(server.log().contains("aof-load-truncated is enabled"), "{}", server.log());
    assert_eq!(server.call("SET later 1"), ok());
    server.kill();
    let server = start(directory.path(), AOF);
    assert_eq!(server.call("MGET a b c d later"), {
        Value::Array(vec![bulk("1"), Value::Nil, Value::Nil, Value::Nil, bulk("1")])
    });
    server.kill();
    let flags = [AOF, &["--aof-load-truncated", "no"]].concat();
    fs::write(&path, &whole[..multi + 40]).unwrap();
    let log = refused(directory.path(), &flags);
    assert!(log.contains("Unexpected end of file"), "{log}");
    assert_eq!(fs::read(&path).unwrap().len(), multi + 40, "a refused file is left alone");
}

#[test]
fn damage_is_refused_with_its_place() {
    let directory = written();
    let path = increment(directory.path());
    let whole = fs::read(&path).unwrap();
    let multi = whole.windows(4).position(|window| window == b"*1\r\n").unwrap();
    let mut garbage = whole.clone();
    garbage[multi] = b'x';
    let zeros = [&whole[..], &[0; 512]].concat();
    let unknown = [&whole[..], b"*2\r\n$3\r\nFOO\r\n$1\r\nx\r\n"].concat();
    let unknown_subcommand = [&whole[..], b"*2\r\n$6\r\nXGROUP\r\n$3\r\nFOO\r\n"].concat();
    let too_few = [&whole[..], b"*2\r\n$3\r\nSET\r\n$1\r\nx\r\n"].concat();
    let too_many = [&whole[..], b"*3\r\n$7\r\nPERSIST\r\n$1\r\na\r\n$1\r\nb\r\n"].concat();
    for (bytes, text) in [
        (garbage, format!("Bad file format reading the append only file {}", path.display())),
        (zeros, format!("at offset {}", whole.len())),
        (unknown, "Unknown command 'FOO'".to_owned()),
        (unknown_subcommand, "Unknown command 'XGROUP'".to_owned()),
        (too_few, "Wrong number of arguments for the command 'SET'".to_owned()),
        (too_many, "Wrong number of arguments for the command 'PERSIST'".to_owned()),
    ] {
        fs::write(&path, &bytes).unwrap();
        let log = refused(directory.path(), AOF);
        assert!(log.contains(&text), "{text} in {log}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
    fs::write(&path, &whole).unwrap();
    start(directory.path(), AOF);
}

#[test]
fn only_the_last_file_with_anything_in_it_may_be_cut() {
    let directory = written();
    let path = increment(directory.path());
    let whole = fs::read(&path).unwrap();
    let files = directory.path().join("appendonlydir");
    let manifest = files.join("appendonly.aof.manifest");
    let named =
        fs::read_to_string(&manifest).unwrap() + "file appendonly.aof.2.incr.aof seq 2 type i\n";
    fs::write(&manifest, named).unwrap();
    let next = files.join("appendonly.aof.2.incr.aof");
    fs::write(&path, &whole[..whole.len() - 3]).unwrap();
    fs::write(&next, b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n").unwrap();
    let log = refused(directory.path(), AOF);
    assert!(log.contains("files with later changes follow"), "{log}");
    // As after a crash while a rewrite was beginning.
    fs::write(&next, b"").unwrap();
    let server = start(directory.path(), AOF);
    assert_eq!(server.call("DBSIZE"), Value::Integer(3));
}

#[test]
fn files_without_a_manifest_are_not_mistaken_for_nothing() {
    let directory = written();
    let manifest = directory.path().join("appendonlydir/appendonly.aof.manifest");
    let text = fs::read(&manifest).unwrap();
    fs::remove_file(&manifest).unwrap();
    let log = refused(directory.path(), AOF);
    assert!(log.contains("manifest") && log.contains("is missing"), "{log}");
    assert!(!manifest.exists());
    fs::write(&manifest, "file appendonly.aof.9.incr.aof seq 9 type i\n").unwrap();
    let log = refused(directory.path(), AOF);
    assert!(log.contains("appendonly.aof.9.incr.aof can't be read"), "{log}");
    fs::write(&manifest, "nonsense\n").unwrap();
    let log = refused(directory.path(), AOF);
    assert!(log.contains("Invalid AOF manifest file"), "{log}");
    fs::write(&manifest, text).unwrap();
    assert_eq!(start(directory.path(), AOF).call("DBSIZE"), Value::Integer(4));
}

#[test]
fn the_single_file_of_an_old_version_becomes_the_base() {
    let directory = written();
    let path = increment(directory.path());
    let old = directory.path().join("appendonly.aof");
    fs::rename(&path, &old).unwrap();
    fs::remove_dir_all(directory.path().join("appendonlydir")).unwrap();
    let server = start(directory.path(), AOF);
    assert_eq!(server.call("DBSIZE"), Value::Integer(4));
    assert_eq!(server.call("SET e 5"), ok());
    server.kill();
    assert!(!old.exists());
    let server = start(directory.path(), AOF);
    assert_eq!(server.call("DBSIZE"), Value::Integer(5));
    server.call("BGREWRITEAOF");
    server.wait_for_log("rewrite finished successfully");
    server.kill();
    assert_eq!(start(directory.path(), AOF).call("DBSIZE"), Value::Integer(5));
}

#[test]
fn a_snapshot_is_taken_over_when_there_is_no_append_only_file_yet() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &[]);
    server.call("SET k v");
    assert_eq!(server.call("SAVE"), ok());
    server.kill();
    let server = start(directory.path(), AOF);
    assert_eq!(server.call("GET k"), bulk("v"));
    server.kill();
    fs::remove_file(directory.path().join("dump.rdb")).unwrap();
    assert_eq!(start(directory.path(), AOF).call("GET k"), bulk("v"));
}

#[test]
fn loading_executes_nothing_twice_and_lets_nothing_expire() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), AOF);
    for command in ["SET n 5", "INCR n", "SET short x PX 30", "APPEND n 1", "SELECT 3"] {
        server.call(command);
    }
    std::thread::sleep(std::time::Duration::from_millis(60));
    server.call("GET short");
    let before = fs::read(increment(directory.path())).unwrap();
    server.kill();
    let server = start(directory.path(), AOF);
    assert_eq!(server.call("GET n"), bulk("61"));
    assert_eq!(server.call("EXISTS short"), Value::Integer(0));
    assert_eq!(server.info("total_error_replies"), "0");
    assert_eq!(server.info("rdb_changes_since_last_save"), "0");
    assert_eq!(fs::read(increment(directory.path())).unwrap(), before);
}
