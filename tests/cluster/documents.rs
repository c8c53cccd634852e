//! The chapters about clusters, and about other versions, of docs/scaling.md are run here, word for word, in
//! a shell.
//!
//! Only the ports are exchanged: 7000 to 7009 for ten that are free. A command is given what it needs in
//! a test that whoever types gives it anyway, time: until servers that it has started answer, until
//! nodes know of each other. What a command is to print it has to print within some seconds.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use super::nodes::{PATIENCE, cacheflow, connect, wait_until};

/// What the page calls ports begins with this.
const PAGE: &str = "700";

/// A shell in a directory of its own, in which servers note their process.
struct Shell {
    dir: tempfile::TempDir,
    /// What the ports begin with here.
    prefix: String,
}

impl Shell {
    fn new() -> Shell {
        let dir = tempfile::tempdir().unwrap();
        let redis = which("redis-server");
        let redis_8 = redis_8_binary();
        let cacheflow = cacheflow();
        let servers =
            [("cacheflow", &cacheflow), ("redis-server", &redis), ("redis-server-8.2", &redis_8)];
        for (name, binary) in servers {
            let pids = dir.path().join("pids").display().to_string();
            let script = format!("#!/bin/sh\necho $$ >> {pids}\nexec {binary} --save '' \"$@\"\n");
            let path = dir.path().join("bin").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, script).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let free = |prefix: &u16| {
            (0..10).all(|last| {
                let port = prefix * 10 + last;
                let is_free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
                is_free(port) && is_free(port + 10_000)
            })
        };
        // Chapters are tried at the same time: what one has found free is no other's, though nobody listens yet.
        static NEXT: AtomicU16 = AtomicU16::new(2200);
        let mut candidates = std::iter::repeat_with(|| NEXT.fetch_sub(1, Ordering::Relaxed) - 1);
        let prefix = candidates.by_ref().take_while(|prefix| *prefix >= 1000).find(free);
        let prefix = prefix.expect("ten ports in a row are free");
        Shell { dir, prefix: prefix.to_string() }
    }

    /// Runs a command; what it prints, and whether it succeeded.
    fn run(&self, command: &str) -> (String, bool) {
        let path = std::env::var("PATH").unwrap();
        let path = format!("{}:{path}", self.dir.path().join("bin").display());
        // Servers in the background must not hold the pipe.
        let output = self.dir.path().join("output");
        let status = Command::new("timeout")
            .args(["300", "bash", "-c", command])
            .current_dir(self.dir.path())
            .env("PATH", path)
            .stdin(Stdio::null())
            .stdout(fs::File::create(&output).unwrap())
            .stderr(Stdio::inherit())
            .status()
            .unwrap();
        (fs::read_to_string(&output).unwrap(), status.success())
    }

    /// Runs a step of the page: a command, and what it is to print.
    fn step(&self, step: &str) {
        let step = step.replace(PAGE, &self.prefix);
        let (command, expected) = step.split_once('\n').unwrap();
        let expected = expected.trim();
        if expected.is_empty() {
            let (printed, succeeded) = self.run(command);
            assert!(succeeded, "$ {command}\n{printed}");
            self.settle();
            return;
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (printed, _) = self.run(command);
            if printed.trim().replace('\r', "") == expected {
                return self.settle();
            }
            assert!(Instant::now() < deadline, "$ {command}\n{printed}is not\n{expected}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until all servers answer, and all nodes agree on who there is, and what everybody has.
    fn settle(&self) {
        wait_until("servers answer and nodes agree", || {
            let made = (0..10).filter(|last| self.dir.path().join(self.port(*last)).exists());
            let ports: Vec<String> = made.map(|last| self.port(last)).collect();
            let views: Vec<Vec<String>> = ports.iter().map(|port| self.view(port)).collect();
            // Whoever has left knows only itself, or is gone.
            let views: Vec<&Vec<String>> = views.iter().filter(|view| view.len() > 1).collect();
            views.iter().all(|view| *view == views[0])
        });
    }

    fn port(&self, last: u16) -> String {
        format!("{}{last}", self.prefix)
    }

    /// The nodes that a server knows, their roles, masters and slots; nothing if it is no node. Waits
    /// until it answers.
    fn view(&self, port: &str) -> Vec<String> {
        let number: u16 = port.parse().unwrap();
        let log = self.dir.path().join(port).join("log");
        let is_there = || connect(number).is_ok();
        if !is_there() && fs::read_to_string(log).is_ok_and(|log| log.contains("Ready to accept")) {
            return Vec::new(); // it has gone
        }
        wait_until("a server answers", is_there);
        let nodes =
            self.run(&format!("redis-cli -p {port} CLUSTER NODES")).0.replace("myself,", "");
        let lines = nodes.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        let lines = lines.filter(|fields| fields.len() >= 8);
        let mut view: Vec<String> = lines
            .map(|fields| [&fields[..1], &fields[2..4], &fields[8..]].concat().join(" "))
            .collect();
        view.sort();
        view
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let pids = fs::read_to_string(self.dir.path().join("pids")).unwrap_or_default();
        let pids: Vec<&str> = pids.lines().collect();
        let _ = Command::new("kill").arg("-9").args(pids).stderr(Stdio::null()).status();
    }
}

fn which(program: &str) -> String {
    let path = std::env::var("PATH").unwrap();
    let mut found = path.split(':').map(|dir| format!("{dir}/{program}"));
    found.find(|path| Path::new(path).exists()).unwrap_or_else(|| panic!("there is no {program}"))
}

/// The later server, if it was fetched.
fn redis_8_binary() -> String {
    let fetched = concat!(env!("CARGO_MANIFEST_DIR"), "/target/peers/redis-8.2/redis-server");
    std::env::var("REDIS_8_BIN").unwrap_or(fetched.to_owned())
}

#[test]
#[ignore = "needs redis-cli: make cluster"]
fn the_chapter_about_clusters() {
    run_chapter("A cluster", 26);
}

#[test]
#[ignore = "needs redis-cli and redis-server 8.2: make cluster"]
fn the_chapter_about_other_versions() {
    run_chapter("From Redis 8.2", 13);
}

fn run_chapter(title: &str, least_steps: usize) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scaling.md");
    let page = fs::read_to_string(page).unwrap();
    let chapter = page.split("\n## ").find(|chapter| chapter.starts_with(title)).unwrap();
    let shell = Shell::new();
    let mut steps = 0;
    // Between the fences: every second piece.
    for block in chapter.split("```").skip(1).step_by(2) {
        let block = block.strip_prefix("console\n").expect("all of them are sessions");
        for step in block.split("$ ").filter(|step| !step.is_empty()) {
            println!("$ {step}");
            shell.step(step);
            steps += 1;
        }
    }
    assert!(steps >= least_steps, "the chapter has lost something: {steps}");
}
