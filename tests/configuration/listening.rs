//! Where a server listens while it runs, and what tells others of its process.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use super::client::{Client, Value};
use super::server::{PATIENCE, Process, start, try_start, try_start_by, wait_until};

fn ok(client: &mut Client, words: &[&str]) {
    assert_eq!(client.call(words, PATIENCE).unwrap(), Value::Status(b"OK".to_vec()), "{words:?}");
}

fn error(client: &mut Client, words: &[&str]) -> String {
    match client.call(words, PATIENCE).unwrap() {
        Value::Error(text) => String::from_utf8(text).unwrap(),
        other => panic!("{words:?}: {other:?}"),
    }
}

/// Whether somebody accepts there. (All of 127/8 is this machine.)
fn answers(ip: &str, port: u16) -> bool {
    TcpStream::connect((ip, port)).is_ok()
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn the_port_can_change_while_clients_are_connected() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), &[]);
    let (old, new) = (server.address.port(), free_port());
    let mut client = server.connect();
    ok(&mut client, &["CONFIG", "SET", "port", &new.to_string()]);
    assert!(answers("127.0.0.1", new) && !answers("127.0.0.1", old));
    ok(&mut client, &["SET", "k", "v"]); // who was there stays
    let mut other = Client::connect(([127, 0, 0, 1], new).into()).unwrap();
    assert_eq!(other.call(&["GET", "k"], PATIENCE).unwrap(), Value::Bulk(b"v".to_vec()));
    let Value::Bulk(info) = other.call(&["INFO", "server"], PATIENCE).unwrap() else { panic!() };
    assert!(String::from_utf8(info).unwrap().contains(&format!("tcp_port:{new}\r\n")));

    // A port that somebody else has: nothing changes.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    assert_eq!(
        error(&mut client, &["CONFIG", "SET", "timeout", "7", "port", &port]),
        "ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this \
         port. Check server logs."
    );
    server.wait_for_log(&format!(
        "Could not create server TCP listening socket 127.0.0.1:{port}: bind: Address already in use"
    ));
    assert!(answers("127.0.0.1", new));
    let shown = client.call(&["CONFIG", "GET", "timeout"], PATIENCE).unwrap();
    assert_eq!(
        shown,
        Value::Array(vec![Value::Bulk(b"timeout".to_vec()), Value::Bulk(b"0".to_vec())])
    );

    // Port 0: nobody new.
    ok(&mut client, &["CONFIG", "SET", "port", "0"]);
    assert!(!answers("127.0.0.1", new));
    ok(&mut client, &["CONFIG", "SET", "port", &old.to_string()]);
    assert!(answers("127.0.0.1", old));
}

#[test]
fn the_addresses_can_change_while_clients_are_connected() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), &[]);
    let port = server.address.port();
    let mut client = server.connect();
    let mut bind = |addresses: &str| {
        ok(&mut client, &["CONFIG", "SET", "bind", addresses]);
        ["127.0.0.1", "127.0.0.2", "127.0.0.3"].map(|ip| answers(ip, port))
    };
    assert_eq!(bind("127.0.0.2 127.0.0.1"), [true, true, false]);
    assert_eq!(bind("127.0.0.3"), [false, false, true]);
    assert_eq!(bind("*"), [true, true, true]); // one socket for all, where one of them was
    assert_eq!(bind("127.0.0.2"), [false, true, false]); // and back
    assert_eq!(bind("-192.0.2.1 127.0.0.1"), [true, false, false]);
    let refused = "ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind to \
                   specified addresses.";
    for addresses in ["127.0.0.2 192.0.2.1", "192.0.2.1", "nohost"] {
        assert_eq!(error(&mut client, &["CONFIG", "SET", "bind", addresses]), refused);
        assert!(answers("127.0.0.1", port) && !answers("127.0.0.2", port), "{addresses}");
    }
    let next = free_port();
    ok(&mut client, &["CONFIG", "SET", "bind", "127.0.0.2", "port", &next.to_string()]);
    assert!(answers("127.0.0.2", next) && !answers("127.0.0.1", port));
}

#[test]
fn a_pidfile_is_that_of_the_server_that_listens() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("server.pid");
    let flags = ["--pidfile", file.to_str().unwrap()];
    let mut first = start(dir.path(), &flags);
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{}\n", first.pid()));
    let elsewhere = tempfile::tempdir().unwrap();
    let port = first.address.port().to_string();
    let (status, log) =
        try_start(elsewhere.path(), &[&flags[..], &["--port", &port]].concat()).err().unwrap();
    assert_eq!(status.code(), Some(1), "{log}");
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{}\n", first.pid()), "overwritten");
    assert_eq!(first.terminate().code(), Some(0));
    assert!(!file.exists());
    assert!(first.log().contains("Removing the pid file."));
    // One that can't be written keeps nobody from serving.
    let server = start(dir.path(), &["--pidfile", "/nonexistent/server.pid"]);
    assert!(server.log().contains("Failed to write PID file: No such file or directory"));
}

/// What `ps` shows of a process.
fn title(server: &Process) -> String {
    let bytes = fs::read(format!("/proc/{}/cmdline", server.pid())).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    text.trim_end_matches('\0').to_owned()
}

fn start_as(program: &str, dir: &Path, flags: &[&str]) -> Process {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(env!("CARGO_BIN_EXE_cacheflow"));
    command.arg0(program).env_clear().env("MARK", "x".repeat(200));
    try_start_by(command, dir, flags).map_err(|(_, log)| log).unwrap()
}

#[test]
fn the_title_of_the_process_says_where_it_listens() {
    let dir = tempfile::tempdir().unwrap();
    let server = start_as("some/redis-server", dir.path(), &[]);
    let port = server.address.port();
    assert_eq!(title(&server), format!("some/redis-server 127.0.0.1:{port}"));
    let mut client = server.connect();
    let next = free_port();
    ok(&mut client, &["CONFIG", "SET", "port", &next.to_string()]);
    assert_eq!(title(&server), format!("some/redis-server 127.0.0.1:{next}"));
    // Longer than the arguments were, and short again.
    let long = format!("TEST {} {{port}}", "y".repeat(150));
    ok(&mut client, &["CONFIG", "SET", "proc-title-template", &long]);
    assert_eq!(title(&server), long.replace("{port}", &next.to_string()));
    let template =
        "{title} {listen-addr} {port} {tls-port} {unixsocket} {config-file} {server-mode}";
    ok(&mut client, &["CONFIG", "SET", "proc-title-template", template]);
    assert_eq!(title(&server), format!("some/redis-server 127.0.0.1:{next} {next} 0  -"));
    ok(&mut client, &["CONFIG", "SET", "proc-title-template", "t"]);
    assert_eq!(title(&server), "t");
    assert_eq!(
        error(&mut client, &["CONFIG", "SET", "proc-title-template", "{nosuch}"]),
        "ERR CONFIG SET failed (possibly related to argument 'proc-title-template') - template format \
         is invalid or contains unknown variables"
    );
    ok(&mut client, &["FLUSHALL"]);
    let silent = start_as("s", dir.path(), &["--set-proc-title", "no"]);
    assert!(title(&silent).starts_with("s\0--listen-addr\0"), "{}", title(&silent));
    wait_until(|| silent.call("PING") == Value::Status(b"PONG".to_vec()), || silent.log());
}

/// How soon the kernel would end a process.
fn oom_score(server: &Process) -> i32 {
    let text = fs::read_to_string(format!("/proc/{}/oom_score_adj", server.pid())).unwrap();
    text.trim().parse().unwrap()
}

#[test]
fn the_oom_score_is_relative_to_the_inherited_one_and_goes_back_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let base =
        fs::read_to_string("/proc/self/oom_score_adj").unwrap().trim().parse::<i32>().unwrap();
    let flags = ["--oom-score-adj", "yes", "--oom-score-adj-values", "10", "20", "30"];
    let server = start(dir.path(), &flags);
    assert_eq!(oom_score(&server), base + 10);
    let mut client = server.connect();
    ok(&mut client, &["REPLICAOF", "127.0.0.1", "1"]);
    assert_eq!(oom_score(&server), base + 20);
    ok(&mut client, &["CONFIG", "SET", "oom-score-adj", "absolute"]);
    assert_eq!(oom_score(&server), 20);
    ok(&mut client, &["CONFIG", "SET", "oom-score-adj-values", "2000 1500 0"]);
    assert_eq!(oom_score(&server), 1000);
    ok(&mut client, &["REPLICAOF", "NO", "ONE"]);
    ok(
        &mut client,
        &["CONFIG", "SET", "oom-score-adj-values", "40 50 60", "oom-score-adj", "relative"],
    );
    assert_eq!(oom_score(&server), base + 40);
    ok(&mut client, &["CONFIG", "SET", "oom-score-adj", "no"]);
    assert_eq!(oom_score(&server), base);
    // Lower than that takes a privilege: what can't be done is not accepted.
    let lower = error_or_ok(
        &mut client,
        &["CONFIG", "SET", "oom-score-adj-values", "-900 0 0", "oom-score-adj", "yes"],
    );
    match lower {
        None => assert_eq!(oom_score(&server), (base - 900).max(-1000)),
        Some(text) => {
            assert!(
                text.ends_with("Failed to set current oom_score_adj. Check server logs."),
                "{text}"
            );
            assert_eq!(oom_score(&server), base);
            let flags = ["--oom-score-adj", "yes", "--oom-score-adj-values", "-900", "0", "0"];
            let log = try_start(dir.path(), &flags).err().unwrap().1;
            assert!(
                log.contains("Failed to set current oom_score_adj: Permission denied"),
                "{log}"
            );
        }
    }
}

fn error_or_ok(client: &mut Client, words: &[&str]) -> Option<String> {
    match client.call(words, PATIENCE).unwrap() {
        Value::Error(text) => Some(String::from_utf8(text).unwrap()),
        _ => None,
    }
}

/// A script that has sent SHUTDOWN may remove the directory as soon as its connection is closed.
#[test]
fn the_connection_of_who_ends_a_server_is_closed_when_its_files_are_done() {
    for how in ["SAVE", "NOSAVE"] {
        let dir = tempfile::tempdir().unwrap();
        let (file, socket) = (dir.path().join("server.pid"), dir.path().join("socket"));
        let names = [&file, &socket].map(|path| path.to_str().unwrap());
        let flags = ["--pidfile", names[0], "--unixsocket", names[1], "--appendonly", "yes"];
        let server = start(dir.path(), &flags);
        let mut client = server.connect();
        ok(&mut client, &["SET", "k", "v"]);
        let mut other = server.connect();
        ok(&mut other, &["SET", "k", "w"]);
        client.send(&["SHUTDOWN", how]).unwrap();
        let end = client.read(PATIENCE);
        assert!(matches!(end, Ok(super::client::Output::Closed)), "{how}");
        assert!(!file.exists() && !socket.exists(), "{how}");
        assert!(server.log().contains("bye bye"), "{}", server.log());
        let end = other.read(PATIENCE);
        assert!(matches!(end, Ok(super::client::Output::Closed)), "{how}");
    }
}
