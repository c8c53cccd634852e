//! Scripts and functions on a master: what they do arrives below, and so do libraries.

use crate::client::{Client, Value};
use crate::generator::Generator;
use crate::grammar::DEFAULT_FAMILIES;
use crate::servers::Server;
use crate::{PATIENCE, cacheflow, call, call_on, connect, follow, info, redis, seed::seed, text};
use crate::{wait_for_equal, wait_for_link, wait_until};

/// Calls the commands that its arguments are, each behind its length.
const CALLS: &str = "
local at = 1
while at <= #ARGV do
  local count = tonumber(ARGV[at])
  redis.pcall(unpack(ARGV, at + 1, at + count))
  at = at + count + 1
end";

/// So many commands are called by one script.
const CALLED: usize = 10;

/// The same as a library.
fn library(name: &str) -> String {
    format!(
        "#!lua name={name}\nredis.register_function('{name}', function(KEYS, ARGV) {CALLS} end)"
    )
}

fn load_library(client: &mut Client, name: &str) {
    let reply = client.call(&["FUNCTION", "LOAD", &library(name)], PATIENCE).unwrap();
    assert_eq!(text(reply), name);
}

/// Random commands over all types, called by scripts and by functions in turn.
fn load_by_scripts(port: u16, scripts: usize) {
    let mut client = connect(port);
    let mut generator = Generator::new(seed(), DEFAULT_FAMILIES);
    for number in 0..scripts {
        let head: [&[u8]; 3] = match number % 2 {
            0 => [b"EVAL", CALLS.as_bytes(), b"0"],
            _ => [b"FCALL", b"calls", b"0"],
        };
        let mut request: Vec<Vec<u8>> = head.map(<[u8]>::to_vec).to_vec();
        for command in generator.commands(CALLED) {
            request.push(command.argv.len().to_string().into_bytes());
            request.extend(command.argv);
        }
        let reply = client.call(&request, PATIENCE).unwrap();
        assert_eq!(reply, Value::Nil, "{request:?}");
    }
}

/// The texts of all libraries, in the order of their names.
fn libraries(port: u16) -> Vec<String> {
    let listed = connect(port).call(&["FUNCTION", "LIST", "WITHCODE"], PATIENCE).unwrap();
    let Value::Array(listed) = listed else { panic!("{listed:?}") };
    let code = |library| match library {
        Value::Array(mut fields) => text(fields.pop().unwrap()),
        other => panic!("{other:?}"),
    };
    let mut texts: Vec<String> = listed.into_iter().map(code).collect();
    texts.sort();
    texts
}

fn scripts_and_functions_arrive(servers: &[Server], scripts: usize) {
    let ports: Vec<u16> = servers.iter().map(|server| server.port).collect();
    let (master, replicas) = ports.split_first().unwrap();
    let mut client = connect(*master);
    load_library(&mut client, "calls");
    for pair in ports.windows(2) {
        load_library(&mut connect(pair[1]), "its_own");
        follow(pair[1], pair[0]);
        wait_for_link(pair[1]);
    }
    let same = || {
        let expected = libraries(*master);
        let arrived = || replicas.iter().all(|replica| libraries(*replica) == expected);
        wait_until("the same libraries", arrived);
        expected.len()
    };
    assert_eq!(same(), 1, "a full synchronisation replaces what was there");
    load_by_scripts(*master, scripts);
    assert_ne!(call(*master, "DBSIZE"), Value::Integer(0));
    wait_for_equal(&ports);
    load_library(&mut client, "another");
    assert_eq!(same(), 2);
    call_on(&mut client, "MULTI");
    client.call(&["FUNCTION", "LOAD", &library("third")], PATIENCE).unwrap();
    call_on(&mut client, "FUNCTION DELETE another");
    call_on(&mut client, "FCALL third 0 3 SET in transaction");
    call_on(&mut client, "EXEC");
    call_on(&mut client, "FLUSHDB");
    assert_eq!(same(), 2, "FLUSHDB is about keys");
    wait_for_equal(&ports);
    // A library that is loaded while the link is down comes with the rest of the stream.
    let full = info(*master, "sync_full");
    call(replicas[0], "CLIENT KILL TYPE master");
    load_library(&mut client, "fourth");
    assert_eq!(same(), 3);
    assert_eq!(info(*master, "sync_full"), full);
    let lowest = replicas[replicas.len() - 1];
    let refused = text(call(lowest, "FCALL calls 0 3 SET a 1"));
    assert!(refused.starts_with("READONLY"), "{refused}");
    call(lowest, "REPLICAOF NO ONE");
    assert_eq!(libraries(lowest), libraries(*master), "a new master keeps them");
}

#[test]
fn along_a_chain_of_ours() {
    let servers = [cacheflow(&[]), cacheflow(&["--appendonly", "yes"]), cacheflow(&[])];
    scripts_and_functions_arrive(&servers, 100);
}

#[test]
#[ignore = "needs a redis-server: make differential"]
fn from_a_redis_server_and_on_to_another() {
    scripts_and_functions_arrive(&[redis(&[]), cacheflow(&[]), redis(&[])], 3000);
}

#[test]
#[ignore = "needs a redis-server: make differential"]
fn from_ours_to_a_redis_server_and_on() {
    scripts_and_functions_arrive(&[cacheflow(&[]), redis(&[]), cacheflow(&[])], 3000);
}

#[test]
fn the_effects_of_scripts_are_replayed() {
    let dir = tempfile::tempdir().unwrap();
    let directory = dir.path().to_str().unwrap();
    let files = ["--dir", directory, "--appendonly", "yes", "--appendfsync", "always"];
    let server = cacheflow(&files);
    load_library(&mut connect(server.port), "calls");
    load_by_scripts(server.port, 100);
    let expected = text(call(server.port, "DEBUG DIGEST"));
    drop(server);
    let again = cacheflow(&files);
    assert_eq!(text(call(again.port, "DEBUG DIGEST")), expected);
    assert_eq!(libraries(again.port), [library("calls")]);
}
