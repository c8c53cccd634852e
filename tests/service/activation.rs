//! Sockets that were open before the server was.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::Signal;

use super::certificates::Authority;
use super::{Running, cacheflow, ping, signal, start_logging, wait_until};

/// Set for the process that becomes the server; where it is to listen.
const BECOMES_SERVER: &str = "CACHEFLOW_TEST_BECOMES_SERVER";

/// What systemd does for a socket unit: it listens, and the server finds its sockets from descriptor 3 on.
/// The test calls itself for that, for only a process that passes sockets on knows its id.
#[test]
fn sockets_that_were_open_before_take_the_place_of_ports() {
    if let Some(directory) = std::env::var_os(BECOMES_SERVER) {
        become_server(Path::new(&directory));
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    // Whatever this process has inherited, descriptors from 3 on are free there.
    let mut this = Command::new("sh");
    this.args(["-c", "exec \"$0\" \"$@\" 3<&- 4<&- 5<&- 6<&- 7<&-"]);
    this.arg(std::env::current_exe().unwrap());
    let test = "activation::sockets_that_were_open_before_take_the_place_of_ports";
    this.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    this.env(BECOMES_SERVER, directory.path()).stdin(Stdio::null()).stdout(Stdio::null());
    let mut server = Running(this.spawn().unwrap());
    let named = directory.path().join("ports");
    wait_until("it has ports", || fs::read_to_string(&named).is_ok_and(|it| it.ends_with('\n')));
    let ports = fs::read_to_string(&named).unwrap();
    let ports: Vec<u16> = ports.split_whitespace().map(|port| port.parse().unwrap()).collect();
    assert_eq!(ping(&format!("redis://127.0.0.1:{}", ports[0])), "PONG");
    assert_eq!(ping(&format!("redis+unix://{}", path.display())), "PONG");
    let mut redis_cli = Command::new("redis-cli");
    redis_cli.args(["--tls", "--insecure", "-p", &ports[1].to_string(), "config", "get", "*port"]);
    let said = String::from_utf8(redis_cli.output().unwrap().stdout).unwrap();
    for port in [format!("\nport\n{}\n", ports[0]), format!("\ntls-port\n{}\n", ports[1])] {
        assert!(format!("\n{said}").contains(&port), "{said}");
    }
    signal(&server, Signal::TERM);
    assert!(server.0.wait().unwrap().success());
    assert!(path.exists(), "it isn't ours to remove");
}

fn become_server(directory: &Path) -> ! {
    let tcp = [0; 2].map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    let ports = tcp.each_ref().map(|it| it.local_addr().unwrap().port());
    let [plain, encrypted] = tcp.map(OwnedFd::from);
    let unix = OwnedFd::from(UnixListener::bind(directory.join("socket")).unwrap());
    let passed = [plain, encrypted, unix];
    assert_eq!(passed.each_ref().map(AsRawFd::as_raw_fd), [3, 4, 5]);
    passed.iter().for_each(|it| fcntl_setfd(it, FdFlags::empty()).unwrap());
    let authority = Authority::new(directory, "authority");
    let issued = authority.issue("server");
    fs::write(directory.join("ports"), format!("{} {}\n", ports[0], ports[1])).unwrap();
    let mut server = cacheflow();
    server.args(["--port", "1", "--tls-port", "2", "--unixsocket", "/nowhere/else"]);
    server.args(["--save", "", "--tls-auth-clients", "no", "--dir"]).arg(directory);
    server.args(authority.flags(&issued));
    server.env("LISTEN_FDS", "3").env("LISTEN_FDNAMES", "one:tls:three");
    panic!("{}", server.env("LISTEN_PID", std::process::id().to_string()).exec());
}

#[test]
fn sockets_for_somebody_else_are_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let environment = [("LISTEN_FDS", "1"), ("LISTEN_PID", "1")];
    let _server = start_logging(directory.path(), &[], &environment);
    let log = directory.path().join("log");
    let ready = "Ready to accept connections on 127.0.0.1:";
    wait_until("it listens", || fs::read_to_string(&log).is_ok_and(|log| log.contains(ready)));
}

/// By the program that systemd has for trying it, where there is one.
#[test]
fn systemd_passes_sockets_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let mut systemd = Command::new("systemd-socket-activate");
    systemd.arg("-l").arg(&path).arg(env!("CARGO_BIN_EXE_cacheflow")).args(["--save", "", "--dir"]);
    systemd.arg(directory.path()).stderr(Stdio::piped()).stdout(Stdio::null());
    let Ok(child) = systemd.spawn() else {
        eprintln!("not run: systemd-socket-activate is missing");
        return;
    };
    let mut server = Running(child);
    let mut line = String::new();
    let mut errors = BufReader::new(server.0.stderr.take().unwrap());
    errors.read_line(&mut line).unwrap();
    assert!(line.starts_with("Listening on "), "{line}");
    assert_eq!(ping(&format!("redis+unix://{}", path.display())), "PONG");
    signal(&server, Signal::TERM);
    assert!(server.0.wait().unwrap().success());
}
