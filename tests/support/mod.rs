//! Support of the script tests: a client, a notation, a language, and a server to try them on.
//!
//! ```text
//! script.rs    the language; start here        tests/scripts/<family>/<command>.redis
//! replay.rs    runs one script                     |
//! matcher.rs   compares replies               Script -> Replay -> Outcome
//! format.rs    prints replies as redis-cli               |
//! client.rs    RESP2 and RESP3                        Client
//! server.rs    cacheflow or redis-server, its journal Server; servers.rs starts them
//! ```
//!
//! Environment: `SCRIPT=text` replays only scripts whose path contains the text,
//! `CACHEFLOW_TEST_TARGET=redis` replays against the real server (`redis-8.2`: against the later
//! one, which `make peers` fetches), `CACHEFLOW_TEST_COMPAT=8.2` replays against cacheflow with
//! `compat-version 8.2`, `CACHEFLOW_TEST_RECORD=1` (with a real server) rewrites the expectations
//! from what it answers, and `CACHEFLOW_TEST_EFFECTS=1` checks cacheflow's journal. Nothing here uses the crate: what it tests is a process and its bytes.

#[allow(dead_code)] // Other tests use all of these, this one a part.
pub mod client;
pub mod format;
pub mod matcher;
pub mod replay;
pub mod script;
pub mod server;
#[path = "../../benches/compare/servers.rs"]
#[allow(dead_code)]
pub mod servers;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use script::{Directive, Script, Step};
use server::{Server, Target};

/// The directory of the scripts.
pub fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts")
}

/// Replays every script of `tests/scripts/<family>` on one server, and panics with all failures.
pub fn replay_family(family: &str) {
    let target = Target::from_environment();
    let recording = std::env::var_os("CACHEFLOW_TEST_RECORD").is_some();
    assert!(!recording || target.is_real(), "only the real server may be recorded");
    let filter = std::env::var("SCRIPT").unwrap_or_default();
    let mut files: Vec<PathBuf> = fs::read_dir(scripts().join(family))
        .unwrap_or_else(|e| panic!("tests/scripts/{family}: {e}"))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut shared = None;
    let mut failures = Vec::new();
    let mut unchecked_effects = 0;
    for file in files {
        let path = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string();
        if !path.contains(&filter) {
            continue;
        }
        assert!(path.ends_with(".redis"), "{path} is no script");
        let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{path}: {e}"));
        let script = match script::parse(&path, &text) {
            Ok(script) => script,
            Err(error) => {
                failures.push(error);
                continue;
            }
        };
        if !runs_on(&script, target) {
            continue;
        }
        let outcome = match run(&script, target, recording, &mut shared) {
            Ok(outcome) => outcome,
            Err(error) => {
                failures.push(format!("{path}: {error}"));
                continue;
            }
        };
        unchecked_effects += outcome.unchecked_effects;
        if recording && outcome.recorded != text {
            eprintln!("{path}: recorded {} expectations", outcome.failures.len());
            fs::write(&file, outcome.recorded).unwrap_or_else(|e| panic!("{path}: {e}"));
        } else {
            failures.extend(outcome.failures);
        }
    }
    if unchecked_effects > 0 {
        eprintln!(
            "{family}: the effects of {unchecked_effects} commands were NOT CHECKED: no journal \
             (CACHEFLOW_TEST_EFFECTS=1 turns it on)"
        );
    }
    assert!(failures.is_empty(), "{} failed:\n\n{}\n", failures.len(), failures.join("\n\n"));
}

fn directives(script: &Script) -> impl Iterator<Item = &Directive> {
    script.items.iter().filter_map(|item| match &item.step {
        Step::Directive(directive) => Some(directive),
        _ => None,
    })
}

fn runs_on(script: &Script, target: Target) -> bool {
    directives(script).all(|directive| match directive {
        Directive::ScriptOnly(name) => target.is_meant_by(name),
        Directive::ScriptNot(name) => !target.is_meant_by(name),
        Directive::ScriptSince(version) => target.has(version),
        _ => true,
    })
}

/// Replays a script on its own server if it asks for one, else on the shared one, freshly reset.
fn run(
    script: &Script,
    target: Target,
    recording: bool,
    shared: &mut Option<Server>,
) -> std::io::Result<replay::Outcome> {
    let mut flags = Vec::new();
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for directive in directives(script) {
        match directive {
            Directive::Server(more) => flags.extend_from_slice(more),
            Directive::File(name, line) => {
                let contents = files.entry(name.clone()).or_default();
                contents.push_str(line);
                contents.push('\n');
            }
            _ => {}
        }
    }
    if !flags.is_empty() {
        let files: Vec<_> = files.into_iter().collect();
        let mut server = Server::start(target, &flags, &files)?;
        return Ok(checked(script, &mut server, target, recording));
    }
    if !shared.as_mut().is_some_and(|server| server.reset().unwrap_or(false)) {
        *shared = Some(Server::start(target, &[], &[])?);
    }
    let server = shared.as_mut().ok_or_else(|| std::io::Error::other("there is no server"))?;
    Ok(checked(script, server, target, recording))
}

/// Replays a script; a server that has died over it is the first thing to report.
fn checked(
    script: &Script,
    server: &mut Server,
    target: Target,
    recording: bool,
) -> replay::Outcome {
    let mut outcome = replay::replay(script, server, target, recording);
    if !server.is_running() {
        let last_words = format!("{}: the server died:\n{}", script.path, server.log_tail());
        outcome.failures.insert(0, last_words);
    }
    outcome
}
