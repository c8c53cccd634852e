//! Any bytes as a part of the append-only file: an error, or data that the next start finds again,
//! however the end was cut.

#![no_main]

use std::path::PathBuf;
use std::sync::OnceLock;

use cacheflow::command::EXECUTION;
use cacheflow::engine::Engine;
use cacheflow::engine::progress::Progress;
use cacheflow::persistence::access::Access;
use cacheflow::persistence::aof::loader::load_file;
use libfuzzer_sys::fuzz_target;

#[path = "../harness.rs"]
mod harness;

fuzz_target!(|bytes: &[u8]| {
    if harness::reaches_outside(bytes) {
        return;
    }
    std::fs::write(file(), bytes).expect("a temporary file");
    let Ok((len, data)) = load() else { return };
    assert!(len <= bytes.len() as u64);
    let (again, same_data) = load().expect("what was loaded once");
    assert_eq!(again, len, "it is cut once");
    assert!(harness::is_random(bytes) || data == same_data);
});

/// One file for each process that fuzzes.
fn file() -> &'static PathBuf {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| {
        std::env::temp_dir().join(format!("cacheflow-fuzz-{}.aof", std::process::id()))
    })
}

/// Loads the file as the last of all; returns its length then, and a digest of the data.
fn load() -> std::io::Result<(u64, Vec<u8>)> {
    let (mut engine, _garbage) = Engine::new(harness::config(), EXECUTION);
    engine.loading = true;
    let progress = Progress::default();
    let len = load_file(&mut Access::Held(&mut engine), file(), true, &progress)?;
    engine.loading = false;
    Ok((len, harness::digest(&mut engine)))
}
