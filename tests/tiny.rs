//! `examples/tiny.rs`, by the same runner and partly the same scripts as the server.
//!
//! `tests/tiny` has what it claims to do. Those scripts are held to be true by the other two servers as
//! well: cacheflow here, redis-server with `CACHEFLOW_TEST_TARGET=redis`.

#[allow(dead_code)] // of the scripts' support, only the runner is used
mod support;
#[path = "support/tiny.rs"]
mod tiny;

use std::fs;
use std::path::{Path, PathBuf};

use support::server::{Server, Target};
use support::{replay, script};
use tiny::Tiny;

/// Of the server's own scripts, those that ask for nothing that the example lacks.
const WHOLE: [&str; 5] = [
    "tests/scripts/connection/echo.redis",
    "tests/scripts/lists/llen.redis",
    "tests/scripts/lists/lpush.redis",
    "tests/scripts/lists/lrange.redis",
    "tests/scripts/strings/incr.redis",
];

fn claims() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tiny");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Replays a script on a server that has nothing in it.
fn hold(file: &Path, server: &mut Server, target: Target) {
    let path = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string();
    let script = script::parse(&path, &fs::read_to_string(file).unwrap()).unwrap();
    let outcome = replay::replay(&script, server, target, false);
    assert!(outcome.failures.is_empty(), "{}", outcome.failures.join("\n\n"));
}

#[test]
fn the_example_does_what_it_claims() {
    let own = WHOLE.map(|path| Path::new(env!("CARGO_MANIFEST_DIR")).join(path));
    for file in claims().iter().chain(&own) {
        let tiny = Tiny::start();
        hold(file, &mut Server::at(tiny.address), Target::Cacheflow);
    }
}

#[test]
fn a_real_server_does_what_the_example_claims() {
    let target = Target::from_environment();
    let mut server = Server::start(target, &[], &[]).unwrap();
    for file in claims() {
        server.reset().unwrap();
        // Without its journal: the example has none, so the scripts say nothing of effects.
        hold(&file, &mut Server::at(server.address), target);
    }
}

#[test]
fn it_can_be_typed_in() {
    let text = include_str!("../examples/tiny.rs");
    assert!(text.lines().count() <= 400, "{} lines", text.lines().count());
    assert!(!text.contains("cacheflow::"), "it shares no code with the server");
}
