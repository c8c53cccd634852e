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
//! The line is made from the reply, field by field, so its shape is checked as well. With
//! `CACHEFLOW_TEST_TARGET=redis` the record itself is checked against a redis-server, and with
//! `CACHEFLOW_TEST_RECORD=1` besides, written anew.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use redis::Value;

/// What this server has beyond 7.0.15; `docs/compatibility.md` says why.
const OUR_OWN: &[&str] = &["client|setinfo"];

fn record() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/command-info.txt")
}

fn recorded() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(record()).unwrap();
    by_name(text.lines().map(str::to_owned))
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
    let (ours, theirs) = (facts(server.address()), recorded());
    let mut wrong = Vec::new();
    for (name, line) in ours.iter().filter(|(name, _)| !OUR_OWN.contains(&name.as_str())) {
        match theirs.get(name) {
            Some(expected) if expected == line => {}
            Some(expected) => wrong.push(format!("  ours: {line}\n  real: {expected}")),
            None => wrong.push(format!("  not in redis: {line}")),
        }
    }
    assert!(wrong.is_empty(), "{} rows differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(ours.len() > 100, "only {} commands were compared", ours.len());
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
    if std::env::var("CACHEFLOW_TEST_TARGET").as_deref() != Ok("redis") {
        return;
    }
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut command = Command::new("redis-server");
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
        std::fs::write(record(), lines).unwrap();
    }
    assert_eq!(found, recorded());
}
