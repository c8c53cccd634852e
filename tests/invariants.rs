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

/// A server that goes on without one of its threads would answer, and lose things.
#[test]
fn a_panic_in_a_thread_that_serves_all_ends_the_process() {
    // A connection's own threads may end with it.
    let own = [
        "server/pool.rs",
        "server/inside.rs",
        "server/web/served.rs",
        "replication/feeder.rs",
        "bus/links.rs",
        "system/cores.rs",
    ];
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

/// What is made once, at the first use, is made by `once_cell`, one of the crates that cacheflow was
/// asked to be built of; the cells of the standard library would be a second way to the same end.
#[test]
fn once_cell_makes_what_is_made_once() {
    forbid("", &["LazyLock", "LazyCell", "OnceLock", "cell::OnceCell", "std::sync::Once"]);
}

/// Whatever looks at time asks a [`Clock`](cacheflow::Clock), which tests can turn; only its own file reads the
/// machine's clocks.
#[test]
fn only_the_clock_reads_the_machines_clocks() {
    let words = [
        "Instant::now",
        "SystemTime",
        "clock_gettime(",
        "Tick::of_machine",
        "Timestamp::now",
        "Zoned::now",
    ];
    called_only_in(&words[..3], &["system/clock.rs"]);
    // Looking before sleeping, a log that isn't to be flooded, and its lines' times.
    called_only_in(&words[3..4], &["command/execute.rs", "server/input.rs"]);
    called_only_in(&words[4..], &["system/logging.rs"]);
}

/// Who goes by the machine's time nevertheless, and what of the outside world that is for.
#[test]
fn the_machines_time_is_for_the_outside_world() {
    let files = [
        ("bus/driver.rs", "the pace at which a node looks at its cluster"),
        ("bus/links.rs", "how long a connection may take to come about"),
        ("command/keys/migrate/peer.rs", "how long another server may be silent"),
        ("command/scripting/run.rs", "how long a script holds everybody up"),
        ("engine/background.rs", "how long saving takes"),
        ("engine/eviction/evict.rs", "how much of the processor eviction takes"),
        ("engine/libraries.rs", "how long loading a library holds everybody up"),
        ("engine/lock.rs", "how long the lock was waited for"),
        ("engine/migration.rs", "how long a connection to another server is kept"),
        ("engine/outbox.rs", "how long a socket may take to take bytes"),
        ("engine/shutdown.rs", "how long a process that ends waits for replicas"),
        ("journal/backlog.rs", "how often a feeder looks whether it is still wanted"),
        ("journal/group_commit.rs", "how often the log is told of a full disk"),
        ("journal/turns.rs", "how fast the disk is"),
        ("persistence/aof/mod.rs", "how long loading takes"),
        ("persistence/disk.rs", "how long loading takes"),
        ("persistence/shutdown.rs", "how long a process that ends waits for replicas"),
        ("replication/apply.rs", "how often a master hears that we are there"),
        ("replication/feeder.rs", "how long a replica may take to say that it has a snapshot"),
        ("replication/link.rs", "how soon a master is asked again, how long loading takes"),
        ("replication/master.rs", "how often a replica hears that we are there"),
        ("server/admission.rs", "how long a handshake may take"),
        ("server/cron.rs", "how much of the processor expiry takes"),
        ("server/healthcheck.rs", "how long a server may take to answer"),
        ("server/mod.rs", "how long threads may take to end"),
        ("server/timers.rs", "how long threads may take to write what was due"),
        ("server/web/command.rs", "how long a command has taken"),
        ("server/web/http.rs", "how long a browser may take"),
        ("server/web/look/mod.rs", "how long a look holds the lock"),
        ("server/web/mod.rs", "how long its end waits for answers to be read"),
        ("server/web/sessions.rs", "for how long nobody has used a page"),
        ("system/clock.rs", "the same"),
        ("system/outgoing.rs", "how long a connection may take to come about"),
        ("system/stream/encrypted.rs", "how long a handshake may take"),
        ("system/tls/sessions.rs", "how long a peer may come back with what it knows"),
    ];
    called_only_in(&["machine_now("], &files.map(|(file, _)| file));
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
        let has = |flag| parameter.has(flag);
        let refuses = ["yes", "1000", "word"]
            .iter()
            .all(|w| (parameter.set)(&mut config, &[w.as_bytes()]).is_err());
        let only_default = has(cacheflow::config::Flag::OnlyDefault);
        let idle = has(cacheflow::config::Flag::NoEffect) || only_default;
        if is_read(parameter.name) == idle || only_default && !refuses {
            wrong.push(parameter.name);
        }
    }
    assert!(
        wrong.is_empty(),
        "flagged as idle but read, or read nowhere and not flagged: {wrong:?}"
    );
}

/// What `lib.rs` re-exports, and the public methods in the files of the API: who changes one changes a promise, and the list.
#[test]
fn what_is_public_is_on_the_list() {
    let api =
        ["lib.rs", "server/mod.rs", "server/builder.rs", "server/embedding/", "system/clock.rs"];
    let mut names = Vec::new();
    for (file, text) in sources() {
        if !api.iter().any(|name| file.starts_with(name)) {
            continue;
        }
        let (mut of, mut hidden) = (String::new(), false);
        for line in text.lines() {
            let line = line.trim_end();
            if line == "pub mod program {" {
                break; // hidden, and the last thing in its file
            }
            let is_type = ["impl Server {", "impl Builder {", "impl Clock {", "impl Connection {"];
            let is_type =
                is_type.contains(&line) || ["impl Database<'_> {", "impl Value {"].contains(&line);
            if is_type || line == "}" {
                let name = line.trim_start_matches("impl ").split(['<', ' ', '}']).next();
                of = name.unwrap_or_default().to_owned();
            }
            let function = line.strip_prefix("    pub fn ").filter(|_| !of.is_empty());
            if let Some(function) = function.filter(|_| !hidden) {
                names.push(format!("{of}::{}", function.split(['(', '<']).next().unwrap()));
            }
            let is_attribute = line.trim_start().starts_with("#[");
            hidden = line.trim() == "#[doc(hidden)]" || hidden && is_attribute;
        }
        if file == "lib.rs" {
            let public = text.split("#[doc(hidden)]\npub mod program").next().unwrap();
            let exports = public.split("pub use crate::").skip(1);
            names.extend(exports.flat_map(|export| {
                let path = export.split(';').next().unwrap();
                let last = path.split("::").last().unwrap();
                let last = last.split(['{', '}', ',', '\n', ' ']).filter(|name| !name.is_empty());
                last.map(str::to_owned).collect::<Vec<_>>()
            }));
        }
    }
    names.sort();
    let found = names.join("\n") + "\n";
    let listed = fs::read_to_string(root().join("tests/data/public-api.txt")).unwrap_or_default();
    assert!(found == listed, "tests/data/public-api.txt has to be:\n{found}");
}

/// A server's log is a server's because each thread that works for it hands on for whom.
#[test]
fn threads_log_where_those_do_that_start_them() {
    let started = [".spawn(", ".spawn_scoped("];
    let hands_on = ["essential(", "inherit(", ".inherited("];
    let mut found = Vec::new();
    for (name, text) in sources() {
        let is_test = name.ends_with("tests.rs") || name == "system/cores.rs";
        for line in code(&text).filter(|_| !is_test) {
            let starts = started.iter().any(|call| line.contains(call));
            if starts && !hands_on.iter().any(|call| line.contains(call)) {
                found.push(format!("{name}: {line}"));
            }
        }
    }
    assert!(found.is_empty(), "threads that log elsewhere:\n{}", found.join("\n"));
}
