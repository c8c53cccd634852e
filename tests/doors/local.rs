//! A server at a Unix socket.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};

use super::client::{Client, Value};
use super::server::{start, try_start, wait_until};
use super::starts::check;
use super::{Killed, call, next, text};

fn connect(path: &Path) -> Client {
    Client::over(UnixStream::connect(path).unwrap().into())
}

/// Everything that a client sees of it, and who may come.
#[test]
fn clients_of_this_machine_come_in_and_are_known_by_the_path() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let name = path.to_str().unwrap();
    let mut server = start(directory.path(), &["--unixsocket", name, "--bind", "*"]);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    let mut client = connect(&path);
    assert_eq!(text(call(&mut client, "PING")), "PONG");
    let line = text(call(&mut client, "CLIENT INFO"));
    assert!(line.contains(&format!(" addr={name}:0 laddr={name}:0 ")), "{line}");
    assert!(line.contains(" flags=U "), "{line}");

    let mut watching = connect(&path);
    call(&mut watching, "MONITOR");
    call(&mut client, "SET a b");
    let shown = text(next(&mut watching));
    assert!(shown.ends_with(&format!(r#" [0 unix:{name}] "SET" "a" "b""#)), "{shown}");
    drop(watching);

    call(&mut client, "CONFIG SET slowlog-log-slower-than 0");
    call(&mut client, "GET a");
    let logged = format!("{:?}", call(&mut client, "SLOWLOG GET 1"));
    let peer = format!("{:?}", Value::Bulk(format!("{name}:0").into()));
    assert!(logged.contains(&peer), "{logged}");
    call(&mut client, "CONFIG SET slowlog-log-slower-than -1");

    let value = "v".repeat(3_000_000);
    client.call(&["SET", "large", &value], super::PATIENCE).unwrap();
    assert!(call(&mut client, "GET large") == Value::Bulk(value.into()));
    let mut other = connect(&path);
    call(&mut other, "SUBSCRIBE c");
    assert_eq!(call(&mut client, "PUBLISH c m"), Value::Integer(1));
    assert!(matches!(next(&mut other), Value::Array(_)));
    let kill = format!("CLIENT KILL ADDR {name}:0 SKIPME yes");
    assert_eq!(call(&mut client, &kill), Value::Integer(1));
    assert!(matches!(other.read(super::PATIENCE), Ok(super::Output::Closed)));
    assert_eq!(check(&format!("unix:{name}"), &[]), (true, String::new()));

    assert!(server.terminate().success());
    assert!(!path.exists(), "removed at the end");
}

#[test]
fn permissions_are_those_that_were_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let flags = ["--unixsocket", path.to_str().unwrap(), "--unixsocketperm", "777"];
    let server = start(directory.path(), &flags);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o777);
    let title = server.call("CONFIG GET unixsocketperm");
    assert_eq!(
        title,
        Value::Array(["unixsocketperm", "777"].map(|word| Value::Bulk(word.into())).to_vec())
    );
}

/// The path is relative to `dir`, as other files are; and no port is needed.
#[test]
fn it_can_be_the_only_way_in() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("only");
    let mut command = Command::new(super::server::binary());
    command.args(["--port", "0", "--save", "", "--unixsocket", "only", "--dir"]);
    command.arg(directory.path()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut server = Killed(command.spawn().unwrap());
    // It listens before it has loaded, and says that then.
    let answers = || path.exists() && text(call(&mut connect(&path), "PING")) == "PONG";
    wait_until(answers, || "it answers".to_owned());
    connect(&path).send(&["SHUTDOWN", "NOSAVE"]).unwrap();
    assert!(server.0.wait().unwrap().success());
    assert!(!path.exists());
}

#[test]
fn a_stale_file_is_replaced_and_a_foreign_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let flags = ["--unixsocket", path.to_str().unwrap()];
    let refused = |directory: &Path, flags: &[&str]| {
        let (status, log) = try_start(directory, flags).err().expect("it is in use");
        assert_eq!(status.code(), Some(1));
        assert!(
            log.contains("# Failed opening Unix socket: bind: Address already in use"),
            "{log}"
        );
    };
    let first = start(directory.path(), &flags);
    let elsewhere = tempfile::tempdir().unwrap();
    refused(elsewhere.path(), &flags);
    assert_eq!(text(call(&mut connect(&path), "PING")), "PONG", "the first still has it");
    first.kill(); // nobody removes its file
    assert!(path.exists());
    let second = start(directory.path(), &flags);
    assert_eq!(text(call(&mut connect(&path), "PING")), "PONG");
    second.kill();

    fs::remove_file(&path).unwrap();
    fs::write(&path, "somebody's").unwrap();
    refused(elsewhere.path(), &flags);
    assert_eq!(fs::read(&path).unwrap(), b"somebody's");

    // One that another has put there meanwhile is left to that.
    fs::remove_file(&path).unwrap();
    let mut third = start(directory.path(), &flags);
    fs::remove_file(&path).unwrap();
    let _other = UnixListener::bind(&path).unwrap();
    assert!(third.terminate().success());
    assert!(path.exists());
}
