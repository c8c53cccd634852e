//! What the documentation shows is done here, word for word: the walk with two terminals in
//! README.md, the configurations in docs/scaling.md.
//!
//! Only addresses are exchanged for free ports. A page that shows what doesn't work fails here, and
//! so does one that has lost what it showed.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::client::Value;
use crate::servers::{Server, free_port};
use crate::{PATIENCE, cacheflow, call, call_on, connect, text, wait_until};

/// The first code block of `page` that contains `part`.
pub fn block(page: &str, part: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let page_text = std::fs::read_to_string(path).unwrap();
    // Between the fences: every second piece, each beginning with the rest of the fence's line.
    let blocks = page_text.split("```").skip(1).step_by(2).filter_map(|b| b.split_once('\n'));
    let found = blocks.map(|(_, block)| block).find(|block| block.contains(part));
    found.unwrap_or_else(|| panic!("{page} has no block with {part:?}")).to_owned()
}

/// A process that is ended with the test.
pub struct Process(Child);

impl Process {
    pub fn start(command: &mut Command) -> Process {
        let started = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Process(started.unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A shell session: `$ command` lines, and below each what it prints.
struct Session {
    servers: Vec<Server>,
    /// The ports that the page names, and those that were free.
    ports: HashMap<String, u16>,
}

impl Session {
    fn run(&mut self, command: &str, expected: &[&str]) {
        let command = command.split('#').next().unwrap_or_default().trim();
        let words: Vec<&str> = command.split(' ').collect();
        match words[0] {
            "cacheflow" => self.start(&words[1..]),
            "redis-cli" => self.ask(&words[1..], expected),
            other => panic!("{other} is no command that this test knows"),
        }
    }

    fn start(&mut self, args: &[&str]) {
        let [flag @ "--listenAddr", address, rest @ ..] = args else { panic!("{args:?}") };
        let named = address.trim_start_matches(':');
        let rest = rest.iter().map(|arg| match self.ports.get(*arg) {
            Some(port) => port.to_string(),
            None => (*arg).to_owned(),
        });
        let args = [(*flag).to_owned(), ":0".to_owned()].into_iter().chain(rest);
        let args: Vec<String> = args.collect();
        let server = cacheflow(&args.iter().map(String::as_str).collect::<Vec<_>>());
        self.ports.insert(named.to_owned(), server.port);
        self.servers.push(server);
    }

    /// Until it prints what is expected: whoever types takes a second, a test doesn't.
    fn ask(&self, args: &[&str], expected: &[&str]) {
        let ["-p", port, rest @ ..] = args else { panic!("{args:?}") };
        let (request, filter) = match rest {
            [request @ .., "|", "grep", part] => (request, Some(*part)),
            request => (request, None),
        };
        let mut client = connect(self.ports[*port]);
        wait_until(&format!("{args:?} prints {expected:?}"), || {
            let printed = match client.call(request, PATIENCE).unwrap() {
                Value::Bulk(words) if filter.is_none() => format!("{:?}", text(Value::Bulk(words))),
                other => text(other),
            };
            let lines = printed.lines().filter(|line| filter.is_none_or(|p| line.contains(p)));
            lines.eq(expected.iter().copied())
        });
    }
}

#[test]
fn the_walk_with_two_terminals() {
    let walk = block("README.md", "--replicaof");
    let mut session = Session { servers: Vec::new(), ports: HashMap::new() };
    for step in walk.split("$ ").filter(|step| !step.trim().is_empty()) {
        let mut lines = step.lines();
        let command = lines.next().unwrap();
        session.run(command, &lines.collect::<Vec<_>>());
    }
    assert_eq!(session.servers.len(), 2, "a master and a replica: {walk}");
}

#[test]
#[ignore = "needs nutcracker: make differential"]
fn a_proxy_spreads_keys_over_two_servers() {
    let servers = [cacheflow(&[]), cacheflow(&[])];
    let port = free_port().unwrap();
    let config = block("docs/scaling.md", "ketama")
        .replace("0.0.0.0:6379", &format!("127.0.0.1:{port}"))
        .replace("10.0.0.1:5001", &format!("127.0.0.1:{}", servers[0].port))
        .replace("10.0.0.2:5001", &format!("127.0.0.1:{}", servers[1].port));
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("nutcracker.yml"), config).unwrap();
    let statistics = free_port().unwrap().to_string();
    let _proxy = Process::start(
        Command::new("nutcracker")
            .args(["--conf-file", "nutcracker.yml", "--stats-port", &statistics])
            .args(["--stats-addr", "127.0.0.1"])
            .current_dir(dir.path()),
    );
    wait_until("the proxy answers", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    let mut client = connect(port);
    for number in 0..500 {
        let set = format!("SET key:{number} {number}");
        assert_eq!(text(call_on(&mut client, &set)), "OK");
    }
    let sizes = servers.each_ref().map(|server| call(server.port, "DBSIZE"));
    let [Value::Integer(first), Value::Integer(second)] = sizes else { panic!("{sizes:?}") };
    assert!(first > 100 && second > 100 && first + second == 500, "{first} and {second}");
    for number in 0..500 {
        assert_eq!(text(call_on(&mut client, &format!("GET key:{number}"))), number.to_string());
    }
    // Of several servers, and joined by the proxy.
    assert_eq!(text(call_on(&mut client, "MSET a 1 b 2 c 3 d 4 e 5 f 6")), "OK");
    let Value::Array(values) = call_on(&mut client, "MGET a b c d e f") else { panic!("MGET") };
    assert_eq!(values.into_iter().map(text).collect::<String>(), "123456");
    assert_eq!(text(call_on(&mut client, "DEL a b c d e f")), "Integer(6)");
    // What is in braces decides, so these are together.
    assert_eq!(text(call_on(&mut client, "SADD {user}:1 a b")), "Integer(2)");
    assert_eq!(text(call_on(&mut client, "SADD {user}:2 b c")), "Integer(2)");
    assert_eq!(
        text(call_on(&mut client, "SINTERSTORE {user}:both {user}:1 {user}:2")),
        "Integer(1)"
    );
}
