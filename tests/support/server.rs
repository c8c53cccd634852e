//! The server under test: cacheflow, or the real redis-server beside it.
//!
//! How the two are started is told in `benches/compare/servers.rs`. Here is what scripts need of a
//! running one: to put it back to where it started, and to read its journal, which redis-server
//! always keeps here and cacheflow with `CACHEFLOW_TEST_EFFECTS=1`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::client::{self, Client, Value};
use super::{format, servers};

/// How long any of the test's own errands may take.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Which server the scripts are replayed against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// Ours.
    Cacheflow,
    /// Ours, with `compat-version 8.2`.
    Cacheflow8,
    /// The real one, 7.0.15, where every expectation comes from.
    Redis,
    /// The real one, 8.2.3, for what came after 7.0.
    Redis8,
}

impl Target {
    /// The target that `CACHEFLOW_TEST_TARGET` names; ours if it isn't set, and then
    /// `CACHEFLOW_TEST_COMPAT` says which version it is to behave as.
    pub fn from_environment() -> Target {
        let compat = std::env::var("CACHEFLOW_TEST_COMPAT");
        match std::env::var("CACHEFLOW_TEST_TARGET").as_deref() {
            Err(_) | Ok("" | "cacheflow") => match compat.as_deref() {
                Err(_) | Ok("" | "7.0") => Target::Cacheflow,
                Ok("8.2") => Target::Cacheflow8,
                Ok(other) => panic!("CACHEFLOW_TEST_COMPAT is '7.0' or '8.2', not '{other}'"),
            },
            Ok("redis") => Target::Redis,
            Ok("redis-8.2") => Target::Redis8,
            Ok(other) => panic!(
                "CACHEFLOW_TEST_TARGET is 'redis', 'redis-8.2' or 'cacheflow', not '{other}'"
            ),
        }
    }

    /// Is it cacheflow's reference, and not cacheflow itself?
    pub fn is_real(self) -> bool {
        matches!(self, Target::Redis | Target::Redis8)
    }

    /// Does it answer as Redis 8.2 does where 7.0 answers differently?
    pub fn is_later(self) -> bool {
        matches!(self, Target::Cacheflow8 | Target::Redis8)
    }

    /// Does a script that says `@ only name` mean this target?
    pub fn is_meant_by(self, name: &str) -> bool {
        match name {
            "redis" => self.is_real(),
            "7.0" => !self.is_later(),
            "8.2" => self.is_later(),
            name => name == self.name(),
        }
    }

    /// Does it have what came with this version? Cacheflow has all of it.
    pub fn has(self, version: &str) -> bool {
        self != Target::Redis || version == "7.0"
    }

    /// The name scripts use in `@ only`.
    pub fn name(self) -> &'static str {
        match self {
            Target::Cacheflow | Target::Cacheflow8 => "cacheflow",
            Target::Redis => "redis-7.0",
            Target::Redis8 => "redis-8.2",
        }
    }
}

/// A running server; dropped, it is killed and its directory removed.
pub struct Server {
    /// None: somebody else has started it, and minds it.
    process: Option<servers::Server>,
    /// Where it listens.
    pub address: SocketAddr,
    journal: Option<JournalReader>,
    /// The configuration it started with.
    config: BTreeMap<String, String>,
}

/// How far the append-only file has been read.
#[derive(Default)]
struct JournalReader {
    file: PathBuf,
    offset: usize,
}

impl Server {
    /// Starts a server with these flags after the usual ones, in a directory with these files, and
    /// waits until it is ready.
    pub fn start(
        target: Target,
        flags: &[String],
        files: &[(String, String)],
    ) -> io::Result<Server> {
        let effects = target.is_real() || std::env::var_os("CACHEFLOW_TEST_EFFECTS").is_some();
        let mut args = vec!["--enable-debug-command", "yes"];
        if effects {
            // Written before each reply is sent, and never synced: the reader is on this machine.
            args.extend(["--appendonly", "yes", "--appendfsync", "no"]);
            args.extend(["--aof-use-rdb-preamble", "no"]);
        }
        if target == Target::Cacheflow8 {
            args.extend(["--compat-version", "8.2"]);
        }
        args.extend(flags.iter().map(String::as_str));
        let binary = match target {
            Target::Cacheflow | Target::Cacheflow8 => {
                servers::cacheflow_binary(env!("CARGO_BIN_EXE_cacheflow"))
            }
            Target::Redis => servers::redis_binary(),
            Target::Redis8 => servers::redis_8_binary(),
        };
        let process = servers::Server::start_with(files, target.name(), binary, &args)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, process.port));
        let journal = effects.then(JournalReader::default);
        let config = BTreeMap::new();
        let mut server = Server { process: Some(process), address, journal, config };
        let mut client = server.connect()?;
        server.config = configuration(&mut client)?;
        server.reset()?;
        Ok(server)
    }

    /// A server that is running already, without a journal.
    #[allow(dead_code)] // for `tests/tiny.rs`
    pub fn at(address: SocketAddr) -> Server {
        Server { process: None, address, journal: None, config: BTreeMap::new() }
    }

    /// Undoes what a script did: data, statistics, configuration, scripts, pauses. False means that
    /// a script left the server in a state that only a restart can mend.
    pub fn reset(&mut self) -> io::Result<bool> {
        let mut client = self.connect()?;
        for (name, value) in &configuration(&mut client)? {
            if let Some(original) = self.config.get(name).filter(|original| *original != value) {
                client.call(&["CONFIG", "SET", name, original], PATIENCE)?;
            }
        }
        for command in [
            "CLIENT UNPAUSE",
            "CONFIG RESETSTAT",
            "SLOWLOG RESET",
            "LATENCY RESET",
            "SCRIPT FLUSH",
            "FUNCTION FLUSH",
            "DEBUG SET-ACTIVE-EXPIRE 1",
        ] {
            // A server that lacks one of these has nothing there to undo.
            client.call(&command.split(' ').collect::<Vec<_>>(), PATIENCE)?;
        }
        Ok(client.call(&["FLUSHALL"], PATIENCE)? == Value::Status(b"OK".to_vec()))
    }

    /// Opens a connection.
    pub fn connect(&self) -> io::Result<Client> {
        Client::connect(self.address)
    }

    /// Sends one command on a connection of its own.
    pub fn call(&self, args: &[&str]) -> io::Result<Value> {
        self.connect()?.call(args, PATIENCE)
    }

    /// The last lines of the log, to be shown beside a failure.
    pub fn log_tail(&self) -> String {
        let text = self.process.as_ref().map_or(String::new(), servers::Server::log);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }

    /// Is the process still there?
    pub fn is_running(&mut self) -> bool {
        let exit = self.process.as_mut().map(|process| process.child.try_wait());
        matches!(exit, None | Some(Ok(None)))
    }

    /// Does it write the journal that `~` lines are compared with?
    pub fn keeps_journal(&self) -> bool {
        self.journal.is_some()
    }

    /// The commands journalled since the last call, or `None` if this server keeps no journal.
    pub fn new_effects(&mut self) -> io::Result<Option<Vec<String>>> {
        let Some(reader) = &mut self.journal else { return Ok(None) };
        let Some(process) = &self.process else { return Ok(None) };
        let Some(file) = journal_file(process.directory().join("appendonlydir"))? else {
            self.journal = None;
            return Ok(None);
        };
        if file != reader.file {
            *reader = JournalReader { file, offset: 0 };
        }
        let bytes = fs::read(&reader.file)?;
        let mut effects = Vec::new();
        while let Some((value, used)) = client::parse(&bytes[reader.offset..])? {
            let first = reader.offset == 0;
            reader.offset += used;
            let Value::Array(args) = value else {
                return Err(io::Error::other("the journal holds something else than commands"));
            };
            let args: Vec<Vec<u8>> = args
                .into_iter()
                .map(|arg| if let Value::Bulk(text) = arg { text } else { Vec::new() })
                .collect();
            let effect = format::command(&args);
            // A new file begins with the database, whatever it is.
            if !(first && effect == "SELECT 0") {
                effects.push(effect);
            }
        }
        Ok(Some(effects))
    }
}

/// What CONFIG GET says; empty for a server that won't answer.
fn configuration(client: &mut Client) -> io::Result<BTreeMap<String, String>> {
    let reply = client.call(&["CONFIG", "GET", "*"], PATIENCE)?;
    let Value::Array(items) = reply else { return Ok(BTreeMap::new()) };
    let text = |value: &Value| match value {
        Value::Bulk(text) => String::from_utf8_lossy(text).into_owned(),
        _ => String::new(),
    };
    Ok(items.chunks_exact(2).map(|pair| (text(&pair[0]), text(&pair[1]))).collect())
}

/// The incremental file in use: the one with the highest number, after a rewrite.
fn journal_file(directory: PathBuf) -> io::Result<Option<PathBuf>> {
    let mut newest = None;
    for entry in directory.read_dir().into_iter().flatten() {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let number =
            name.strip_suffix(".incr.aof").and_then(|n| n.rsplit('.').next()?.parse().ok());
        if let Some(number) = number {
            newest = newest.max(Some::<(u64, PathBuf)>((number, path)));
        }
    }
    Ok(newest.map(|(_, path)| path))
}
