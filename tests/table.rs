//! Every row of the command table against what the real server says of the same command.
//!
//! What redis-server 7.0.15 replies to COMMAND is recorded in `tests/data/command-info.txt`, one
//! line per command or subcommand:
//!
//! ```text
//! set -3 write,denyoom 1,1,1 @write,@string,@slow - RW,access,update,variable_flags:1:range(0,1,0)
//! name | flags         |     categories           | key specifications: flags:begin:find
//!      arity           first, last, step          tips
//! ```
//!
//! The line is made from the reply, field by field, so its shape is checked as well. A row that 7.0.15 lacks
//! is held to `command-info-8.2.txt`, the same of 8.2.3, and one that came later still stands in [`LATER`], one of our own in [`OWN`]. With
//! `CACHEFLOW_TEST_TARGET=redis` (`redis-8.2`) the record itself is checked against a redis-server, and with
//! `CACHEFLOW_TEST_RECORD=1` besides, written anew.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cacheflow::catalogue::absent::ABSENT;
use redis::Value;

/// What came after 8.2, as the documentation of Redis and Valkey describes it.
const LATER: &[&str] = &[
    "commandlog -2 - 0,0,0 @slow - -",
    "commandlog|get 4 admin,loading,stale 0,0,0 @admin,@slow,@dangerous \
     request_policy:all_nodes,nondeterministic_output -",
    "commandlog|help 2 loading,stale 0,0,0 @slow - -",
    "commandlog|len 3 admin,loading,stale 0,0,0 @admin,@slow,@dangerous \
     request_policy:all_nodes,response_policy:agg_sum,nondeterministic_output -",
    "commandlog|reset 3 admin,loading,stale 0,0,0 @admin,@slow,@dangerous \
     request_policy:all_nodes,response_policy:all_succeeded -",
    "delex -2 write,fast 1,1,1 @write,@string,@fast - RW,delete,variable_flags:1:range(0,1,0)",
    "delifeq 3 write,fast 1,1,1 @write,@string,@fast - RM,access,delete:1:range(0,1,0)",
    "digest 2 readonly,fast 1,1,1 @read,@string,@fast - RO,access:1:range(0,1,0)",
    "msetex -4 write,denyoom,movablekeys 0,0,0 @write,@string,@slow \
     request_policy:multi_shard,response_policy:all_succeeded OW,update:1:keynum(0,1,2)",
];

/// What no version of Redis has.
const OWN: &[&str] = &["explain -2 admin,noscript,loading,stale,skip_slowlog 0,0,0 \
     @admin,@slow,@dangerous nondeterministic_output -"];

/// Commands of 7.0.15 that take more arguments now, and are as in 8.2.3.
const EXTENDED: &[&str] = &["zrank", "zrevrank"];

/// A server whose COMMAND is recorded: the target's name, its program, and the file.
struct Real {
    target: &'static str,
    program: fn() -> String,
    file: &'static str,
}

const REAL: Real = Real {
    target: "redis",
    program: || "redis-server".to_owned(),
    file: "tests/data/command-info.txt",
};

const REAL_8: Real = Real {
    target: "redis-8.2",
    program: || std::env::var("REDIS_8_BIN").expect("REDIS_8_BIN names a redis-server 8.2"),
    file: "tests/data/command-info-8.2.txt",
};

impl Real {
    fn record(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(self.file)
    }

    fn recorded(&self) -> BTreeMap<String, String> {
        let text = std::fs::read_to_string(self.record()).unwrap_or_default();
        by_name(text.lines().map(str::to_owned))
    }
}

fn by_name(lines: impl Iterator<Item = String>) -> BTreeMap<String, String> {
    lines.map(|line| (line.split(' ').next().unwrap().to_owned(), line)).collect()
}

/// The lines of a server's commands.
fn facts(address: SocketAddr) -> BTreeMap<String, String> {
    let client = redis::Client::open(format!("redis://{address}/")).unwrap();
    let mut connection = client.get_connection().unwrap();
    let reply: Value = redis::cmd("COMMAND").query(&mut connection).unwrap();
    let mut lines = Vec::new();
    array(&reply).iter().for_each(|command| describe(command, &mut lines));
    by_name(lines.into_iter())
}

/// The line of a command, and of its subcommands.
fn describe(command: &Value, lines: &mut Vec<String>) {
    let [name, arity, flags, first, last, step, categories, tips, keys, subcommands] =
        array(command)
    else {
        panic!("not ten fields: {command:?}");
    };
    let keys: Vec<String> = array(keys).iter().map(specification).collect();
    let line = [
        text(name),
        text(arity),
        list(flags),
        format!("{},{},{}", text(first), text(last), text(step)),
        list(categories),
        list(tips),
        if keys.is_empty() { "-".to_owned() } else { keys.join(" ") },
    ];
    lines.push(line.join(" "));
    array(subcommands).iter().for_each(|subcommand| describe(subcommand, lines));
}

/// `flags:begin:find`. The notes are each server's own.
fn specification(value: &Value) -> String {
    let [flags, begin, find] =
        ["flags", "begin_search", "find_keys"].map(|name| field(value, name));
    let begin = match text(field(begin, "type")).as_str() {
        "index" => text(field(field(begin, "spec"), "index")),
        "keyword" => numbers(begin, &["keyword", "startfrom"]),
        "unknown" => "?".to_owned(),
        other => panic!("an unknown kind of begin_search: {other}"),
    };
    let find = match text(field(find, "type")).as_str() {
        "range" => format!("range({})", numbers(find, &["lastkey", "keystep", "limit"])),
        "keynum" => format!("keynum({})", numbers(find, &["keynumidx", "firstkey", "keystep"])),
        "unknown" => "?".to_owned(),
        other => panic!("an unknown kind of find_keys: {other}"),
    };
    format!("{}:{begin}:{find}", list(flags))
}

fn numbers(search: &Value, names: &[&str]) -> String {
    let spec = field(search, "spec");
    names.iter().map(|name| text(field(spec, name))).collect::<Vec<_>>().join(",")
}

/// The value of a field in a map, which is a flat array in RESP2.
fn field<'v>(map: &'v Value, name: &str) -> &'v Value {
    let mut pairs = array(map).chunks_exact(2);
    let found = pairs.find(|pair| text(&pair[0]) == name);
    &found.unwrap_or_else(|| panic!("no {name} in {map:?}"))[1]
}

fn array(value: &Value) -> &[Value] {
    match value {
        Value::Array(values) => values,
        other => panic!("not an array: {other:?}"),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes.clone()).unwrap(),
        Value::SimpleString(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        other => panic!("not a string or a number: {other:?}"),
    }
}

fn list(value: &Value) -> String {
    let texts: Vec<String> = array(value).iter().map(text).collect();
    if texts.is_empty() { "-".to_owned() } else { texts.join(",") }
}

#[test]
fn every_row_says_what_redis_says() {
    let server = cacheflow::Server::builder().bind("127.0.0.1:0").start().unwrap();
    let ours = facts(server.address());
    let (mut theirs, first) =
        (by_name(LATER.iter().chain(OWN).map(|line| line.to_string())), REAL.recorded());
    theirs.extend(REAL_8.recorded());
    theirs.extend(first.clone().into_iter().filter(|(name, _)| !EXTENDED.contains(&&**name)));
    let mut wrong = Vec::new();
    for (name, line) in &ours {
        match theirs.get(name) {
            Some(expected) if expected == line => {}
            Some(expected) => wrong.push(format!("  ours: {line}\n  real: {expected}")),
            None => wrong.push(format!("  not in redis: {line}")),
        }
    }
    assert!(wrong.is_empty(), "{} rows differ:\n{}", wrong.len(), wrong.join("\n"));
    let absent: Vec<&str> = ABSENT.iter().map(|(name, _)| *name).collect();
    let missing: Vec<_> = first.keys().filter(|name| !ours.contains_key(*name)).collect();
    assert_eq!(missing, absent, "what 7.0.15 has and this server hasn't");
    let later: Vec<_> = LATER.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert!(later.iter().all(|name| ours.contains_key(*name)), "not all there: {later:?}");
}

/// A redis-server, ended when dropped.
struct Redis(Child);

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_record_is_what_the_real_server_says() {
    let target = std::env::var("CACHEFLOW_TEST_TARGET").unwrap_or_default();
    let Some(real) = [REAL, REAL_8].into_iter().find(|real| real.target == target) else { return };
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut command = Command::new((real.program)());
    command.args(["--bind", "127.0.0.1", "--save", "", "--port", &port.to_string()]);
    let _redis = Redis(command.stdout(Stdio::null()).spawn().expect("redis-server can be started"));
    let deadline = Instant::now() + Duration::from_secs(10);
    while std::net::TcpStream::connect(address).is_err() {
        assert!(Instant::now() < deadline, "redis-server doesn't listen");
        std::thread::sleep(Duration::from_millis(20));
    }
    let found = facts(address);
    if std::env::var_os("CACHEFLOW_TEST_RECORD").is_some() {
        let lines: String = found.values().map(|line| format!("{line}\n")).collect();
        std::fs::write(real.record(), lines).unwrap();
    }
    assert_eq!(found, real.recorded());
}
