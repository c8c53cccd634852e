//! Rules about the source itself, mostly absences: what a module must not know.
//!
//! They are listed in `docs/ARCHITECTURE.md`; this test reads the tree and holds it to them.

use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file below `src`, as a path from there and its text without comments and tests.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The lines that are code: no comments, and nothing from the tests at the end.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .map(str::trim_start)
        .filter(|line| !line.starts_with("//"))
}

/// Fails for every line of code in files below `folder` that mentions one of `words`.
fn forbid(folder: &str, words: &[&str]) {
    let mut found = Vec::new();
    for (name, text) in sources().iter().filter(|(name, _)| name.starts_with(folder)) {
        for line in code(text) {
            if words.iter().any(|word| line.contains(word)) {
                found.push(format!("{name}: {line}"));
            }
        }
    }
    assert!(found.is_empty(), "{folder} must not mention {words:?}:\n{}", found.join("\n"));
}

#[test]
fn every_file_opens_with_what_it_is() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(name, _)| name)
        .collect();
    assert!(silent.is_empty(), "no //! at the top of {silent:?}");
}

#[test]
fn the_store_is_pure_data() {
    forbid("store/", &["crate::resp", "crate::server", "crate::command", "crate::journal"]);
    forbid("store/", &["crate::engine", "crate::config", "std::net", "SystemTime", "Instant::now"]);
}

#[test]
fn the_protocol_knows_no_command_and_no_store() {
    forbid("resp/", &["crate::store", "crate::command", "crate::engine", "crate::server"]);
    forbid("resp/", &["TcpStream"]);
}

#[test]
fn only_execute_dispatches() {
    let calls: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| code(text).any(|line| line.contains("dispatch(")))
        .map(|(name, _)| name)
        .filter(|name| !["command/execute.rs", "command/dispatch.rs"].contains(&name.as_str()))
        .collect();
    assert!(calls.is_empty(), "dispatch is called in {calls:?}");
}

#[test]
fn only_execute_and_expiry_end_units() {
    let allowed = ["command/execute.rs", "journal/mod.rs", "server/cron.rs"];
    let calls: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| code(text).any(|line| line.contains("end_of_unit()")))
        .map(|(name, _)| name)
        .filter(|name| !allowed.contains(&name.as_str()))
        .collect();
    assert!(calls.is_empty(), "the journal is appended to in {calls:?}");
}

/// Every row of the table has a script, or `docs/compatibility.md` says why not.
#[test]
fn every_command_has_a_script() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut scripts = Vec::new();
    collect_scripts(&root.join("tests/scripts"), &mut scripts);
    let scripts = scripts.join("\n").to_ascii_lowercase();
    let reasons = fs::read_to_string(root.join("docs/compatibility.md")).unwrap_or_default();
    let missing: Vec<&str> = cacheflow::catalogue::ROWS
        .iter()
        .map(|row| row.name)
        .filter(|name| {
            let words = name.replace('|', " ");
            !scripts.contains(&format!("> {words}")) && !reasons.contains(&format!("`{name}`"))
        })
        .collect();
    assert!(missing.is_empty(), "no script for {missing:?}");
}

fn collect_scripts(folder: &Path, scripts: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_scripts(&path, scripts);
        } else {
            scripts.push(fs::read_to_string(path).unwrap());
        }
    }
}
