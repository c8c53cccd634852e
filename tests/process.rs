//! The program as harnesses and containers see it: start, ready line, signals, exit codes, and as
//! many connections as it promises.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use cacheflow::engine::scripting::STACK_SIZE;

#[path = "support/tasks.rs"]
mod tasks;

/// A server started as a program, with its log on a pipe.
struct Program {
    child: Child,
    log: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Program {
    fn start(dir: &Path, args: &[&str]) -> Program {
        let mut child = command(dir, args).stdout(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stdout.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "the log ended before it was ready");
            if let Some((_, address)) = line.trim().split_once("Ready to accept connections on ") {
                break address.parse().unwrap();
            }
        };
        Program { child, log, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect((self.address.ip(), self.address.port())).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    }

    /// Sends a signal and returns the exit code and how long it took.
    fn signal(mut self, name: &str) -> (Option<i32>, Duration) {
        let begun = Instant::now();
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        (status.code(), begun.elapsed())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cacheflow"));
    command.current_dir(dir).args(args).stdin(Stdio::null());
    command
}

fn output(dir: &Path, args: &[&str]) -> Output {
    command(dir, args).output().unwrap()
}

const ANY_PORT: [&str; 4] = ["--listenAddr", "127.0.0.1:0", "--save", ""];

fn ask(stream: &mut TcpStream, request: &str, reply: &str) {
    stream.write_all(request.as_bytes()).unwrap();
    let mut buffer = vec![0; reply.len()];
    stream.read_exact(&mut buffer).unwrap();
    assert_eq!(String::from_utf8_lossy(&buffer), reply);
}

#[test]
fn a_configuration_file_is_all_it_needs() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("redis.conf");
    fs::write(&file, "# a comment\nlisten-addr \"127.0.0.1:0\"\nsave \"\"\nmaxclients 100\n")
        .unwrap();
    let begun = Instant::now();
    let program = Program::start(dir.path(), &[file.to_str().unwrap()]);
    ask(&mut program.connect(), "PING\r\n", "+PONG\r\n");
    assert!(begun.elapsed() < Duration::from_secs(1), "PONG after {:?}", begun.elapsed());
    let (code, took) = program.signal("-TERM");
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(2), "stopped after {took:?}");
}

#[test]
fn it_stops_on_sigint_with_clients_connected_and_ignores_sighup() {
    let dir = tempfile::tempdir().unwrap();
    let program = Program::start(dir.path(), &ANY_PORT);
    let mut client = program.connect();
    ask(&mut client, "PING\r\n", "+PONG\r\n");
    let pid = program.child.id().to_string();
    assert!(Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
    ask(&mut client, "PING\r\n", "+PONG\r\n");
    let (code, took) = program.signal("-INT");
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(2), "stopped after {took:?}");
    assert_eq!(client.read(&mut [0; 16]).unwrap(), 0, "the connection is closed cleanly");
}

/// Where there is nothing to load nobody is told of it: who connects early waits at the door.
#[test]
fn a_start_without_data_answers_no_loading() {
    let dir = tempfile::tempdir().unwrap();
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port().to_string()
    };
    for args in [&[][..], &["--appendonly", "yes"]] {
        let args = [&["--bind", "127.0.0.1", "--port", &port, "--save", ""], args].concat();
        let mut child = command(dir.path(), &args).stdout(Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut stream = loop {
            match TcpStream::connect(format!("127.0.0.1:{port}")) {
                Ok(stream) => break stream,
                Err(error) => assert!(Instant::now() < deadline, "{error}"),
            }
        };
        ask(&mut stream, "INCR key\r\n", ":");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn a_port_in_use_is_one_clear_line() {
    let dir = tempfile::tempdir().unwrap();
    let first = Program::start(dir.path(), &ANY_PORT);
    let port = first.address.port().to_string();
    let second = output(dir.path(), &["--bind", "127.0.0.1", "--port", &port, "--save", ""]);
    assert_eq!(second.status.code(), Some(1));
    let log = String::from_utf8_lossy(&second.stdout);
    assert!(log.contains("Could not create server TCP listening socket"), "{log}");
    assert!(log.contains("bind: Address already in use"), "{log}");
}

#[test]
fn a_bad_flag_is_one_clear_line() {
    let dir = tempfile::tempdir().unwrap();
    for args in [&["--nosuch", "1"][..], &["--port", "abc"], &["--maxclients", "-5"]] {
        let refused = output(dir.path(), args);
        assert_eq!(refused.status.code(), Some(1), "{args:?}");
        let text = String::from_utf8_lossy(&refused.stderr);
        assert!(text.contains(args[0].trim_start_matches('-')), "{text}");
    }
}

#[test]
fn the_version_line_serves_every_harness() {
    let dir = tempfile::tempdir().unwrap();
    for flag in ["-v", "--version"] {
        let version = output(dir.path(), &[flag]);
        assert_eq!(version.status.code(), Some(0));
        let text = String::from_utf8_lossy(&version.stdout);
        assert!(text.contains(" v=7.0.15") && text.contains("cacheflow=0.1.0"), "{text}");
        assert_eq!(text.lines().count(), 1);
    }
}

#[test]
fn the_health_check_tells_by_its_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let program = Program::start(dir.path(), &ANY_PORT);
    let address = program.address.to_string();
    assert_eq!(output(dir.path(), &["healthcheck", &address]).status.code(), Some(0));
    assert_eq!(program.signal("-TERM").0, Some(0));
    assert_eq!(output(dir.path(), &["healthcheck", &address]).status.code(), Some(1));
}

/// Resident memory of a process in kilobytes.
fn resident_kb(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// As many as this process may open, up to the 5,000 that are promised.
fn most_connections() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
    let _ = rustix::process::setrlimit(rustix::process::Resource::Nofile, raised);
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    5000.min(limit.unwrap_or(u64::MAX) as usize - 100)
}

#[test]
fn it_serves_as_many_clients_as_it_promises_and_refuses_one_more() {
    let dir = tempfile::tempdir().unwrap();
    let count = most_connections();
    let most = count.to_string();
    let flags = [&ANY_PORT[..], &["--maxclients", &most]].concat();
    let mut program = Program::start(dir.path(), &flags);
    let before = resident_kb(program.child.id());
    let mut clients: Vec<TcpStream> = (0..count).map(|_| program.connect()).collect();
    clients.iter_mut().for_each(|client| ask(client, "PING\r\n", "+PONG\r\n"));
    let each_kb = (resident_kb(program.child.id()) - before) as f64 / count as f64;
    println!("{count} connections, {each_kb:.1} KB each after one PING");
    assert!(each_kb < 100.0, "{each_kb} KB for an idle connection");

    let mut refused = program.connect();
    let mut text = String::new();
    refused.read_to_string(&mut text).unwrap();
    assert_eq!(text, "-ERR max number of clients reached\r\n");

    // When one leaves, there is room again.
    drop(clients.pop());
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let mut client = program.connect();
        client.write_all(b"PING\r\n").unwrap();
        let mut reply = [0; 5];
        if client.read_exact(&mut reply).is_ok() && &reply == b"+PONG" {
            break;
        }
        assert!(Instant::now() < deadline, "no room after a client has left");
    }
    clients.clear();
    let (mut line, pid) = (String::new(), program.child.id());
    assert!(fs::metadata(format!("/proc/{pid}")).is_ok(), "still running");
    drop(program.child.stdin.take());
    let (code, took) = {
        let begun = Instant::now();
        Command::new("kill").args(["-TERM", &pid.to_string()]).status().unwrap();
        (program.child.wait().unwrap().code(), begun.elapsed())
    };
    program.log.read_line(&mut line).unwrap();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(2), "stopped after {took:?}");
}

/// The CPUs that each thread may use, by the thread's name.
fn cores_of_threads(program: &Program) -> Vec<(String, String)> {
    let status = tasks::of_each_thread(&program.child.id().to_string(), "status").into_iter();
    let field = |status: &str, name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_once(":\t").unwrap().1.to_owned()
    };
    status.map(|status| (field(&status, "Name"), field(&status, "Cpus_allowed_list"))).collect()
}

#[test]
fn threads_keep_to_the_cores_that_the_configuration_names() {
    let dir = tempfile::tempdir().unwrap();
    let with = |args: &[&str]| Program::start(dir.path(), &[&ANY_PORT[..], args].concat());
    let everywhere = with(&["--server_cpulist", "nowhere"]);
    let all = cores_of_threads(&everywhere).swap_remove(0).1;
    let first = all.split(['-', ',']).next().unwrap();
    // A list may be longer than the machine. One with a single core has nothing to tell apart.
    let list = format!("{first}-1023:1000");
    let program = with(&["--server_cpulist", &list, "--bio_cpulist", &all]);
    ask(&mut program.connect(), "PING\r\n", "+PONG\r\n");
    // A thread that has just begun has the name of the program, as the first one keeps it.
    let begun = Instant::now();
    let threads = loop {
        let threads = cores_of_threads(&program);
        let unnamed = threads.iter().filter(|(thread, _)| thread == "cacheflow").count();
        if unnamed == 1 || begun.elapsed() > Duration::from_secs(20) {
            break threads;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    // The allocator has started its own thread before anybody could say so; it wakes once a second.
    for (thread, cores) in threads.iter().filter(|(thread, _)| thread != "jemalloc_bg_thd") {
        let for_files = ["aof-sync", "reaper"].contains(&thread.as_str());
        assert_eq!(*cores, if for_files { all.as_str() } else { first }, "{thread}");
    }
}

#[test]
fn too_little_address_space_refuses_connections_and_ends_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut limited = Command::new("sh");
    // Enough for half of those who come.
    let kilobytes = 150_000 + 400 * STACK_SIZE / 1024;
    let script = format!("ulimit -v {kilobytes}; exec {} \"$@\"", env!("CARGO_BIN_EXE_cacheflow"));
    limited.current_dir(dir.path()).args(["-c", &script, "sh"]).args(ANY_PORT);
    limited.args(["--logfile", "log"]).stdin(Stdio::null());
    // With a log file, the ready line isn't on standard output.
    let mut child = Killed(limited.spawn().unwrap());
    let log = || fs::read_to_string(dir.path().join("log")).unwrap_or_default();
    let deadline = Instant::now() + Duration::from_secs(30);
    let address: SocketAddr = loop {
        if let Some((_, address)) = log().split_once("Ready to accept connections on ") {
            break address.lines().next().unwrap().trim().parse().unwrap();
        }
        assert!(Instant::now() < deadline, "{}", log());
        std::thread::sleep(Duration::from_millis(10));
    };
    let mut connections = Vec::new();
    let mut served = 0;
    for _ in 0..800 {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let _ = stream.write_all(b"PING\r\n"); // may be refused already
        let mut reply = [0; 100];
        let length = stream.read(&mut reply).unwrap_or(0);
        match &reply[..length] {
            b"+PONG\r\n" => served += 1,
            b"-ERR max number of clients reached\r\n" | b"" => {}
            other => panic!("{}", String::from_utf8_lossy(other)),
        }
        connections.push(stream);
    }
    assert!((200..800).contains(&served), "{served}");
    // Those who are there are served on, and whoever comes when there is room again.
    ask(&mut connections[0], "PING\r\n", "+PONG\r\n");
    connections.truncate(1);
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let mut stream = TcpStream::connect(address).unwrap();
        let _ = stream.write_all(b"PING\r\n");
        let mut reply = [0; 5];
        if stream.read_exact(&mut reply).is_ok() && reply == *b"+PONG" {
            break;
        }
        assert!(Instant::now() < deadline);
    }
    assert_eq!(log().matches("Refusing connections").count(), 1, "{}", log());
    assert!(!log().contains("panicked"), "{}", log());
    assert!(child.0.try_wait().unwrap().is_none(), "{}", log());
}

/// A process that doesn't outlive the test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
