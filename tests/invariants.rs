//! Rules about the source itself, mostly absences: what a module must not know.
//!
//! They are listed in `docs/ARCHITECTURE.md`; this test reads the tree and holds it to them.

use std::fs;

use tree::{root, sources};

#[path = "support/tree.rs"]
mod tree;

/// The lines that are code: no comments, and nothing from the tests at the end.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let tests = text.split("\n#[cfg(test)]\n").scan(0, |start, part| {
        let begin = *start;
        *start += part.len() + "\n#[cfg(test)]\n".len();
        Some((begin, part))
    });
    // A module of tests in a file of its own may be declared anywhere.
    let mut tests = tests.skip(1).filter(|(_, part)| !is_declaration(part));
    let end = tests.next().map_or(text.len(), |(begin, _)| begin);
    text[..end].lines().map(str::trim_start).filter(|line| !line.starts_with("//"))
}

fn is_declaration(part: &str) -> bool {
    let mut lines = part.lines().skip_while(|line| line.starts_with("#["));
    lines.next().is_some_and(|line| line.starts_with("mod ") && line.ends_with(';'))
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

/// The stack of rooms (`tests/layers.rs`) says what the store, the protocol and the cluster's state machine may import; this is what
/// they must not take from the standard library.
#[test]
fn the_store_the_protocol_and_the_cluster_are_pure() {
    forbid("store/", &["std::net", "SystemTime", "Instant", "std::fs", "std::thread"]);
    forbid("resp/", &["TcpStream", "SystemTime", "Instant", "std::fs", "std::thread"]);
    forbid("cluster/", &["TcpStream", "SystemTime", "Instant", "std::fs", "std::thread", "Mutex"]);
}

/// The files, apart from those in which it is defined, that call a function: all of them, and no other.
fn called_only_in(calls: &[&str], expected: &[&str]) {
    let mut files: Vec<String> = sources()
        .into_iter()
        .filter(|(name, text)| {
            let is_test = name.ends_with("tests.rs");
            let is_call = |line: &str| calls.iter().any(|call| line.contains(call));
            !is_test && code(text).any(|line| is_call(line) && !line.contains("fn "))
        })
        .map(|(name, _)| name)
        .collect();
    files.sort();
    assert_eq!(files, expected, "{calls:?} is called in these files, and may be in those");
}

#[test]
fn only_execute_dispatches() {
    called_only_in(&["dispatch("], &["command/execute.rs"]);
}

/// Who puts effects into the journal: the call of a command, handlers by way of their context, keys that
/// go by themselves, and a start that has something to tell replicas.
#[test]
fn only_execution_and_expiry_journal() {
    called_only_in(
        &["journal.add(", "journal.add_args(", "journal.add_for_everybody("],
        &["command/context.rs", "engine/mod.rs", "persistence/history.rs"],
    );
}

/// Who ends a unit: whoever has executed something, or has removed keys that go by themselves.
#[test]
fn only_execution_expiry_and_eviction_end_units() {
    called_only_in(
        &["end_of_unit(", "close_unit(", "journal.flush("],
        &[
            "command/execute.rs",
            "engine/eviction/evict.rs",
            "engine/execution.rs",
            "engine/expiry.rs",
            "engine/slots.rs",
            "persistence/history.rs",
        ],
    );
}

/// What is made once, at the first use, is made by `once_cell`, one of the crates that cacheflow was
/// asked to be built of; the cells of the standard library would be a second way to the same end.
#[test]
fn a_panic_in_a_thread_that_serves_all_ends_the_process() {
    // A connection's own threads may end with it.
    let own = ["server/pool.rs", "replication/feeder.rs", "bus/links.rs", "system/cores.rs"];
    for (name, text) in sources().iter().filter(|(name, _)| !own.contains(&name.as_str())) {
        let code = code(text).collect::<Vec<_>>().join(" ");
        for (at, _) in code.match_indices("spawn(") {
            let rest: String = code[at..].chars().take(120).collect();
            // One that is joined at once, and its panic with it.
            let is_scoped = code[..at].ends_with("scope.");
            assert!(is_scoped || rest.contains("essential("), "{name}: {rest}");
        }
    }
}

#[test]
fn once_cell_makes_what_is_made_once() {
    forbid("", &["LazyLock", "LazyCell", "OnceLock", "cell::OnceCell", "std::sync::Once"]);
}

/// Options are read with the cursor, `command::args::Options`, and not by counting places.
#[test]
fn options_are_read_with_the_cursor() {
    forbid("command/", &["while let Some(option) = args", "for option in"]);
}

/// Every row of the table has a script, or `docs/compatibility.md` says why not.
#[test]
fn every_command_has_a_script() {
    let scripts = tree::files("tests/scripts", "redis").into_iter().map(|(_, text)| text);
    let scripts = scripts.collect::<Vec<_>>().join("\n").to_ascii_lowercase();
    let reasons = fs::read_to_string(root().join("docs/compatibility.md")).unwrap_or_default();
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

/// A parameter that is read nowhere says so (`NoEffect`), and one that says so isn't read. What can't be
/// had at all is refused, which a line that asks for it shows.
#[test]
fn every_parameter_does_something_or_says_that_it_does_not() {
    let sources = sources();
    let rest = sources
        .iter()
        .filter(|(name, _)| name != "config/parameters.rs" && !name.ends_with("tests.rs"));
    let text: String = rest.flat_map(|(_, text)| code(text)).collect::<Vec<_>>().join("\n");
    let is_read = |name: &str| {
        let field = format!(".{}", name.replace('-', "_"));
        let word = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        text.match_indices(&field).any(|(at, _)| word(&text[at + field.len()..]))
    };
    let mut wrong = Vec::new();
    for parameter in cacheflow::config::PARAMETERS {
        let mut config = cacheflow::config::Config::default();
        let refuses = ["yes", "1"]
            .iter()
            .all(|w| (parameter.set)(&mut config, &[w.as_bytes()]).is_err())
            && ["no", "0"].iter().any(|w| (parameter.set)(&mut config, &[w.as_bytes()]).is_ok());
        let idle = parameter.has(cacheflow::config::Flag::NoEffect);
        if !refuses && is_read(parameter.name) == idle {
            wrong.push(parameter.name);
        }
    }
    assert!(
        wrong.is_empty(),
        "flagged as idle but read, or read nowhere and not flagged: {wrong:?}"
    );
}
