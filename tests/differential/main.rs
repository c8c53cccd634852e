//! Random commands, sent to cacheflow and to a real redis-server: everything has to agree.
//!
//! ```text
//!   seed -> grammar.rs + generator.rs -> 1000 commands --+--> cacheflow ----> replies
//!                                                        +--> redis-server -> replies
//!     agree? (compare.rs)   yes: read back the whole keyspace of both, agree? next thousand
//!                           no:  minimize.rs, print the rest as a test script
//! ```
//!
//! Each thousand, a round, starts from an empty keyspace, in RESP2 and RESP3 by turns. What is
//! printed for a failure has the notation of `tests/scripts` and expects what the real server
//! said: it can be pasted there as the test that the repair needs.
//!
//! It needs a redis-server, so it is ignored unless asked for (`make differential`). Settings from
//! the environment: `DIFF_SEED` (random, always printed), `DIFF_COMMANDS` (100000), `FAMILIES`
//! (see `grammar.rs`; `all` for all), `DIFF_FAILURES` (stop after so many rounds have failed, 5),
//! `CACHEFLOW_BIN` and `REDIS_BIN`.
//!
//! What it leaves out on purpose: several clients at once. Their interleaving is no function of a
//! seed, so a failure could neither be repeated nor minimised. Several clients in turn, and what they
//! cause each other to be sent, are the subject of `pushes.rs`.

#[path = "../support/client.rs"]
#[allow(dead_code)] // The scripts use all of it, this test a part.
mod client;
mod compare;
#[path = "../support/format.rs"]
#[allow(dead_code)]
mod format;
mod generator;
mod grammar;
mod library;
mod lua;
mod minimize;
mod programs;
mod pushes;
mod scripts;
#[path = "../support/seed.rs"]
mod seed;
#[path = "../../benches/compare/servers.rs"]
#[allow(dead_code)]
mod servers;
mod texts;
mod values;

use std::collections::BTreeSet;
use std::io::{Error, Result};
use std::net::SocketAddr;
use std::time::Duration;

use client::{Client, Output, Value};
use compare::Check;
use generator::{Command, Generator};
use servers::Server;

/// Commands in a round: enough for the data to grow, few enough to minimise in seconds.
const ROUND: usize = 1000;

/// Commands sent before replies are read. Well below what the sockets buffer.
const BATCH: usize = 50;

/// Tries that minimising one failure may take; a try is a few milliseconds.
const MINIMIZE_TRIES: usize = 600;

/// Nothing sent here takes long.
const REPLY_TIMEOUT: Duration = Duration::from_secs(5);

/// The databases that the grammar uses.
const DATABASES: [&str; 2] = ["0", "1"];

/// A real server that cacheflow is compared with.
#[derive(Clone, Copy)]
struct Real {
    start: fn(&[&str]) -> Result<Server>,
    /// What is sent when `FAMILIES` doesn't say.
    families: fn() -> String,
    /// All that may be sent.
    all: fn() -> String,
    /// Whether it has what came after 7.0.
    is_later: bool,
}

const REDIS: Real = Real {
    start: Server::redis,
    families: || grammar::DEFAULT_FAMILIES.to_owned(),
    all: || names(grammar::FAMILIES),
    is_later: false,
};

/// For what 7.0.15 lacks.
const REDIS_8: Real = Real {
    start: |args| Server::start("redis-8.2", servers::redis_8_binary(), args),
    families: || names(grammar::LATER_FAMILIES),
    all: || names(grammar::LATER_FAMILIES),
    is_later: true,
};

fn names(families: &[(u32, &'static str, &[grammar::Row])]) -> String {
    families.iter().map(|row| row.1).collect::<Vec<_>>().join(",")
}

#[test]
#[ignore = "needs a redis-server: make differential"]
fn random_commands_get_the_same_replies() {
    compare_random(REDIS);
}

#[test]
#[ignore = "needs redis-server 8.2.3: make peers differential"]
fn since_8_2() {
    compare_random(REDIS_8);
}

fn compare_random(real: Real) {
    let number = |name: &str, default: u64| match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text:?} is no number")),
        Err(_) => default,
    };
    let seed = seed::seed();
    let total = number("DIFF_COMMANDS", 100_000) as usize;
    let tolerated = number("DIFF_FAILURES", 5) as usize;
    let families = std::env::var("FAMILIES").unwrap_or_else(|_| (real.families)());
    let families = match families.as_str() {
        "all" => (real.all)(),
        _ => families,
    };
    println!("DIFF_COMMANDS={total} FAMILIES={families}");

    let mut generator = Generator::new(seed, &families);
    let mut servers = Servers::start(real).expect("both servers start");
    let mut failures = 0;
    let mut seen = BTreeSet::new();
    for round in 0..total.div_ceil(ROUND) {
        let protocol = if round % 2 == 0 { 2 } else { 3 };
        let commands = generator.commands(ROUND);
        let Some(failure) = servers.run(&commands, protocol) else { continue };
        failures += 1;
        // One report for each command that disagrees; a second would most likely be the same bug.
        if seen.insert(failure.probe.argv[0].to_ascii_uppercase()) {
            println!("\nRound {round}, RESP{protocol}, {failure}");
            println!("\n{}", servers.reproduce(&commands, protocol, &failure));
        }
        if failures == tolerated {
            println!("\nStopped after {failures} rounds that failed.");
            break;
        }
    }
    assert_eq!(failures, 0, "rounds failed with DIFF_SEED={seed}");
}

/// The two servers under comparison.
struct Servers {
    real: Real,
    ours: Server,
    theirs: Server,
}

/// Two replies that do not agree, or a server that gave none.
struct Failure {
    /// How many of the round's commands came before the probe.
    after: usize,
    /// The command whose replies differ. After all commands of a round, one that reads them back.
    probe: Command,
    ours: std::result::Result<Value, String>,
    theirs: std::result::Result<Value, String>,
}

impl Servers {
    fn start(real: Real) -> Result<Servers> {
        // With small nodes, what depends on where a node ends happens within a round.
        let args = ["--enable-debug-command", "yes", "--stream-node-max-entries", "7"];
        let ours = Server::cacheflow(env!("CARGO_BIN_EXE_cacheflow"), &args)?;
        Ok(Servers { real, ours, theirs: (real.start)(&args)? })
    }

    /// Runs `commands` on empty servers; `None` if everything agrees.
    fn run(&mut self, commands: &[Command], protocol: u8) -> Option<Failure> {
        let mut pair = match self.connect(protocol) {
            Ok(pair) => pair,
            // The last failure was a crash: go on with new servers.
            Err(_) => {
                *self = Servers::start(self.real).expect("both servers start again");
                self.connect(protocol).expect("a new server accepts connections")
            }
        };
        let differing = pair.compare(commands).or_else(|| pair.compare_keyspaces(commands.len()));
        differing.map(|boxed| *boxed)
    }

    fn connect(&self, protocol: u8) -> Result<Pair> {
        let connect = |server: &Server| -> Result<Client> {
            let mut client = Client::connect(SocketAddr::from(([127, 0, 0, 1], server.port)))?;
            if protocol == 3 {
                client.call(&["HELLO", "3"], REPLY_TIMEOUT)?;
            }
            match client.call(&["FLUSHALL"], REPLY_TIMEOUT)? {
                Value::Status(_) => Ok(client),
                other => Err(Error::other(format!("FLUSHALL: {other:?}"))),
            }
        };
        let is_later = self.real.is_later;
        Ok(Pair { ours: connect(&self.ours)?, theirs: connect(&self.theirs)?, is_later })
    }

    /// Minimises a failure and renders it as a test script with the real server's replies.
    fn reproduce(&mut self, commands: &[Command], protocol: u8, failure: &Failure) -> String {
        let end = (failure.after + 1).min(commands.len());
        let name = &failure.probe.argv[0];
        let minimal = minimize::minimize(&commands[..end], MINIMIZE_TRIES, |commands| {
            self.run(commands, protocol).is_some_and(|failure| failure.probe.argv[0] == *name)
        });
        let Some(last) = self.run(&minimal, protocol) else {
            return "(it does not fail again: it depends on time or on an earlier round)".into();
        };
        let mut script = format!("# {} shortest commands that fail:\n", minimal.len());
        if protocol == 3 {
            script.push_str("> HELLO 3\n...\n");
        }
        let mut pair = self.connect(protocol).expect("the servers are there");
        let mut steps = minimal[..last.after.min(minimal.len())].to_vec();
        steps.push(last.probe.clone());
        for step in &steps {
            script.push_str(&format!("> {}\n", format::command(&step.argv)));
            script.push_str(&show(&call(&mut pair.theirs, step)));
            script.push('\n');
        }
        format!("{script}# cacheflow said:\n# {}\n", show(&last.ours).replace('\n', "\n# "))
    }
}

/// A connection to each server.
struct Pair {
    ours: Client,
    theirs: Client,
    is_later: bool,
}

impl Pair {
    /// Sends all commands, a batch at a time, and compares reply by reply.
    fn compare(&mut self, commands: &[Command]) -> Option<Box<Failure>> {
        for (batch, chunk) in commands.chunks(BATCH).enumerate() {
            for command in chunk {
                // A connection that is gone shows when its reply is missing.
                let _ = self.ours.send(&command.argv);
                let _ = self.theirs.send(&command.argv);
            }
            for (index, command) in chunk.iter().enumerate() {
                let (ours, theirs) = (read(&mut self.ours), read(&mut self.theirs));
                let agree = match (&ours, &theirs) {
                    (Ok(ours), Ok(theirs)) => command.check.agree(ours, theirs),
                    _ => false,
                };
                if !agree {
                    let (after, probe) = (batch * BATCH + index, command.clone());
                    return Some(Box::new(Failure { after, probe, ours, theirs }));
                }
            }
        }
        None
    }

    /// The command that reads when the fields of a hash expire, if the server knows of that.
    fn read_field_times(&mut self, key: &[u8]) -> Option<Command> {
        if !self.is_later {
            return None;
        }
        let Ok(Value::Array(fields)) = call(&mut self.theirs, &exact(&[b"HKEYS", key])) else {
            return None;
        };
        let number = fields.len().to_string();
        let mut argv = vec![&b"HPEXPIRETIME"[..], key, b"FIELDS", number.as_bytes()];
        argv.extend(fields.iter().filter_map(|field| match field {
            Value::Bulk(field) => Some(&field[..]),
            _ => None,
        }));
        Some(Command { check: Check::Near(2000), ..exact(&argv) })
    }

    /// Reads back everything both servers hold.
    fn compare_keyspaces(&mut self, after: usize) -> Option<Box<Failure>> {
        for database in DATABASES {
            let select = exact(&[b"SELECT", database.as_bytes()]);
            let keys = Command { check: Check::Unordered, ..exact(&[b"KEYS", b"*"]) };
            if let Some(failure) = self.compare(&[select, keys.clone()]) {
                return Some(Box::new(Failure { after, ..*failure }));
            }
            let Ok(Value::Array(keys)) = call(&mut self.theirs, &keys) else { continue };
            for key in keys {
                let Value::Bulk(key) = key else { continue };
                let kind = exact(&[b"TYPE", &key]);
                let mut reads = match call(&mut self.theirs, &kind) {
                    Ok(Value::Status(name)) => compare::reads(&key, &name, self.is_later),
                    _ => Vec::new(),
                };
                reads.insert(0, kind);
                reads.extend(self.read_field_times(&key));
                if let Some(failure) = self.compare(&reads) {
                    return Some(Box::new(Failure { after, ..*failure }));
                }
            }
        }
        // The digest covers what no read above shows; a server may do without.
        let digest = exact(&[b"DEBUG", b"DIGEST"]);
        let (ours, theirs) = (call(&mut self.ours, &digest), call(&mut self.theirs, &digest));
        match (&ours, &theirs) {
            (Ok(Value::Status(a)), Ok(Value::Status(b))) if a != b => {
                Some(Box::new(Failure { after, probe: digest, ours, theirs }))
            }
            _ => None,
        }
    }
}

fn exact(argv: &[&[u8]]) -> Command {
    Command { argv: argv.iter().map(|arg| arg.to_vec()).collect(), check: Check::Exact }
}

fn call(client: &mut Client, command: &Command) -> std::result::Result<Value, String> {
    client.send(&command.argv).map_err(|error| error.to_string())?;
    read(client)
}

fn read(client: &mut Client) -> std::result::Result<Value, String> {
    match client.read(REPLY_TIMEOUT) {
        Ok(Output::Value(value)) => Ok(value),
        Ok(Output::Nothing) => Err("(no reply in time)".into()),
        Ok(Output::Closed) => Err("(the connection was closed)".into()),
        Err(error) => Err(format!("({error})")),
    }
}

fn show(reply: &std::result::Result<Value, String>) -> String {
    match reply {
        Ok(value) => format::lines(value).join("\n"),
        Err(reason) => reason.clone(),
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cut = |text: String| text.chars().take(500).collect::<String>();
        let command = cut(format::command(&self.probe.argv));
        let (ours, theirs) = (cut(show(&self.ours)), cut(show(&self.theirs)));
        writeln!(f, "after {} commands: {command}", self.after)?;
        write!(f, "cacheflow: {ours}\nredis:     {theirs}")
    }
}
