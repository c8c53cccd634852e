//! Scripts and libraries of functions: what of them is there when the server comes back. Libraries are
//! data; scripts are a cache, and their effects are what counts.

use std::collections::BTreeSet;
use std::fs;

use super::client::{Client, Value};
use super::server::{PATIENCE, bulk, ok, start, try_start};

/// The text of a library with a function that writes.
pub fn library(name: &str) -> String {
    format!(
        "#!lua name={name}\nredis.register_function('set_{name}', \
         function(keys, args) return redis.call('SET', keys[1], args[1]) end)"
    )
}

/// The texts of all libraries.
pub fn libraries(client: &mut Client) -> BTreeSet<Vec<u8>> {
    let listed = client.call(&["FUNCTION", "LIST", "WITHCODE"], PATIENCE).unwrap();
    let Value::Array(listed) = listed else { panic!("{listed:?}") };
    let code = |library| match library {
        Value::Array(fields) => match fields.into_iter().last() {
            Some(Value::Bulk(code)) => code,
            other => panic!("no code, but {other:?}"),
        },
        other => panic!("no library, but {other:?}"),
    };
    listed.into_iter().map(code).collect()
}

/// The texts of libraries of these names.
fn texts(names: &[&str]) -> BTreeSet<Vec<u8>> {
    names.iter().map(|name| library(name).into_bytes()).collect()
}

fn call(client: &mut Client, words: &[&str]) -> Value {
    client.call(words, PATIENCE).unwrap()
}

fn load(client: &mut Client, name: &str) {
    assert_eq!(call(client, &["FUNCTION", "LOAD", &library(name)]), bulk(name));
}

#[test]
fn a_snapshot_has_libraries_and_no_scripts() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &[]);
    let mut client = server.connect();
    load(&mut client, "one");
    load(&mut client, "two");
    let script = call(&mut client, &["SCRIPT", "LOAD", "return 1"]);
    assert_eq!(call(&mut client, &["FLUSHALL"]), ok());
    assert_eq!(libraries(&mut client), texts(&["one", "two"]), "FLUSHALL is about keys");
    assert_eq!(call(&mut client, &["DEBUG", "RELOAD"]), ok());
    assert_eq!(libraries(&mut client), texts(&["one", "two"]), "reloaded");
    assert_eq!(call(&mut client, &["SAVE"]), ok());
    load(&mut client, "three");
    server.kill();
    let server = start(directory.path(), &[]);
    let mut client = server.connect();
    assert_eq!(libraries(&mut client), texts(&["one", "two"]));
    assert_eq!(call(&mut client, &["FCALL", "set_one", "1", "key", "value"]), ok());
    let Value::Bulk(sha1) = script else { panic!("{script:?}") };
    let exists = call(&mut client, &["SCRIPT", "EXISTS", std::str::from_utf8(&sha1).unwrap()]);
    assert_eq!(exists, Value::Array(vec![Value::Integer(0)]));
}

fn the_append_only_file_has_libraries(preamble: &str) {
    let flags = ["--appendonly", "yes", "--aof-use-rdb-preamble", preamble];
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &flags);
    let mut client = server.connect();
    load(&mut client, "gone");
    assert_eq!(call(&mut client, &["FUNCTION", "FLUSH"]), ok());
    load(&mut client, "deleted");
    load(&mut client, "one");
    let again = ["FUNCTION", "LOAD", "REPLACE", &library("one")];
    assert_eq!(call(&mut client, &again), bulk("one"));
    assert_eq!(call(&mut client, &["FUNCTION", "DELETE", "deleted"]), ok());
    assert_eq!(call(&mut client, &["FCALL", "set_one", "1", "key", "value"]), ok());
    server.kill();
    let server = start(directory.path(), &flags);
    let mut client = server.connect();
    assert_eq!(libraries(&mut client), texts(&["one"]), "executed again");
    assert_eq!(call(&mut client, &["GET", "key"]), bulk("value"));
    server.call("BGREWRITEAOF");
    server.wait_for_log("rewrite finished successfully");
    load(&mut client, "two");
    server.kill();
    let server = start(directory.path(), &flags);
    assert_eq!(libraries(&mut server.connect()), texts(&["one", "two"]), "from a base");
    assert_eq!(server.call("DEBUG LOADAOF"), ok());
    assert_eq!(libraries(&mut server.connect()), texts(&["one", "two"]), "loaded once more");
}

#[test]
fn a_base_that_is_a_snapshot_has_libraries() {
    the_append_only_file_has_libraries("yes");
}

#[test]
fn a_base_of_commands_has_libraries() {
    the_append_only_file_has_libraries("no");
}

#[test]
fn a_library_that_cannot_be_loaded_is_damage() {
    let directory = tempfile::tempdir().unwrap();
    let plain = ["--rdbchecksum", "no", "--rdbcompression", "no"];
    let server = start(directory.path(), &plain);
    load(&mut server.connect(), "one");
    server.call("SET key value");
    assert_eq!(server.call("SAVE"), ok());
    let path = directory.path().join("dump.rdb");
    let file = fs::read(&path).unwrap();
    let at = file.windows(10).position(|bytes| bytes == b"redis.call").unwrap();
    let damaged = [&file[..at], b"redis call", &file[at + 10..]].concat();
    fs::write(&path, damaged).unwrap();
    let reply = server.call("DEBUG RELOAD NOSAVE");
    assert!(matches!(reply, Value::Error(_)), "{reply:?}");
    assert_eq!(server.call("GET key"), bulk("value"));
    assert_eq!(libraries(&mut server.connect()), texts(&["one"]), "nothing was replaced");
    server.kill();
    let Err((status, log)) = try_start(directory.path(), &plain) else { panic!("it starts") };
    assert_eq!(status.code(), Some(1));
    assert!(log.contains("Failed loading library, Error compiling function: "), "{log}");
}

fn append(file: &mut Vec<u8>, words: &[&str]) {
    file.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
    for word in words {
        file.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
    }
}

/// Redis before 7.0 wrote scripts, not their effects.
#[test]
fn scripts_in_old_files_are_executed() {
    let directory = tempfile::tempdir().unwrap();
    let mut file = Vec::new();
    let incr = "redis.call('INCR', KEYS[1]) return redis.call('INCR', KEYS[1])";
    append(&mut file, &["SELECT", "0"]);
    append(&mut file, &["EVAL", incr, "1", "counter"]);
    append(&mut file, &["MULTI"]);
    append(&mut file, &["EVAL", incr, "1", "counter"]);
    append(&mut file, &["EVAL", "redis.call('SELECT', 1) redis.call('SET', 'other', 1)", "0"]);
    append(&mut file, &["SET", "here", "1"]);
    append(&mut file, &["EXEC"]);
    append(&mut file, &["EVAL", "redis.call('SET', 'failed', 1) error('text')", "0"]);
    append(&mut file, &["FUNCTION", "LOAD", &library("one")]);
    append(&mut file, &["FCALL", "set_one", "1", "function", "called"]);
    let files = directory.path().join("appendonlydir");
    fs::create_dir(&files).unwrap();
    fs::write(files.join("appendonly.aof.1.incr.aof"), file).unwrap();
    let manifest = "file appendonly.aof.1.incr.aof seq 1 type i\n";
    fs::write(files.join("appendonly.aof.manifest"), manifest).unwrap();
    let server = start(directory.path(), &["--appendonly", "yes"]);
    let found = server.call("MGET counter here failed function other");
    let expected = [bulk("4"), bulk("1"), bulk("1"), bulk("called"), Value::Nil];
    assert_eq!(found, Value::Array(expected.to_vec()));
    assert_eq!(libraries(&mut server.connect()), texts(&["one"]));
}
