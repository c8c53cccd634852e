//! From the arguments of the process to a configuration, or to something to print.
//!
//! To Redis the command line is configuration text: `--save 900 1` is the line `save "900" "1"`, and an
//! option takes as many words as there are up to the next one. So that is what it is made into:
//!
//! ```text
//! redis.conf --SAVE 900 1 --replicaof "10.0.0.1 6379" --requirepass "a b" -
//! |              |                                                        |
//! |              SAVE "900" "1"                                           standard input is
//! the file,      replicaof "10.0.0.1 6379"                                configuration text, too
//! read first     requirepass "a b"
//! ```
//!
//! Lines are counted through all of it (file, standard input, an empty line, options), and a mistake is
//! reported as one of a file: harnesses know that form. clap prints the help, and finds the option that
//! was meant by one that isn't there.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use clap::error::ErrorKind;

use super::file::Loader;
use super::help::Extent;
use super::start_error::{OPTIONS, StartError};
use super::words::quote;
use super::{Config, REDIS_VERSION, VERSION, environment, help, manual, sample};
use crate::system::memory::ALLOCATOR_NAME;

/// What the command line asks for.
#[derive(Debug)]
pub enum Invocation {
    /// Run a server.
    Run(Box<Config>),
    /// Print this line or these lines and exit with 0.
    PrintAndExit(String),
    /// Run a server to throw away, which tells where it is and goes with whoever started it.
    RunEphemeral(Box<Config>),
    /// Only say whether this configuration, which can be read, is right as far as it shows.
    Check {
        /// The configuration.
        config: Box<Config>,
        /// The file and the line of each of its users.
        places_of_users: Vec<String>,
    },
    /// Ask a server whether it is well.
    Healthcheck {
        /// Where it is.
        address: String,
        /// What the environment says, of certificates for one.
        config: Box<Config>,
    },
}

/// What `--ephemeral` stands for, and later options may change: what a file or the environment says of
/// ports and files doesn't count, a stop waits for nobody, and neither does a replica's first snapshot.
const EPHEMERAL: &[u8] = b"listen-addr 127.0.0.1:0\ntls-port 0\nunixsocket \"\"\ncluster-enabled no\n\
    save \"\"\nappendonly no\ndbfilename \"\"\npidfile \"\"\nlogfile \"\"\nloglevel warning\nsupervised no\n\
    stop-writes-on-bgsave-error no\nrepl-diskless-sync-delay 0\n\
    shutdown-on-sigterm nosave now force\nshutdown-on-sigint nosave now force";

/// The line that `-v` prints. It has the form that Redis harnesses parse, and our own version.
pub fn version_line() -> String {
    format!(
        "Redis server v={REDIS_VERSION} sha=00000000:0 malloc={ALLOCATOR_NAME} bits={} build=0 \
         cacheflow={VERSION}",
        usize::BITS
    )
}

/// Turns arguments (the first is the program's name), environment and, if asked for by `-`,
/// standard input into what is to be done.
pub fn from_command_line(
    arguments: impl IntoIterator<Item = impl Into<OsString>>,
    environment: impl IntoIterator<Item = (impl Into<OsString>, impl Into<OsString>)>,
    stdin: impl Read,
) -> Result<Invocation, StartError> {
    let arguments = arguments.into_iter().skip(1).map(|argument| argument.into().into_vec());
    let arguments: Vec<Vec<u8>> = arguments.collect();
    let mut loader = Loader::default();
    let environment = environment.into_iter().map(|(name, value)| (name.into(), value.into()));
    match arguments.first().map(Vec::as_slice) {
        Some(b"-v" | b"--version") => return Ok(Invocation::PrintAndExit(version_line())),
        Some(b"-h") => return Ok(Invocation::PrintAndExit(help::text(Extent::Short))),
        Some(b"--print-config") => return Ok(Invocation::PrintAndExit(sample::text())),
        Some(b"--help") => return Ok(Invocation::PrintAndExit(help::text(Extent::Full))),
        Some(b"--man") => return Ok(Invocation::PrintAndExit(manual::page())),
        Some(b"--completions") => {
            let shell = arguments.get(1).map_or(&b""[..], Vec::as_slice);
            return manual::completions(shell).map(Invocation::PrintAndExit);
        }
        Some(b"healthcheck") => {
            environment::apply(&mut loader, environment)?;
            return healthcheck(&arguments, &loader.config);
        }
        _ => {}
    }
    let checks = arguments.first().is_some_and(|first| first == b"--check-config");
    let options = Options::of(&arguments[usize::from(checks)..]);
    loader.mistakes = checks.then(Vec::new);
    let loaded = load(&mut loader, &options, environment, stdin);
    if let Some(mut mistakes) = loader.mistakes {
        mistakes.extend(loaded.err().map(|error| error.to_string()));
        let (config, places_of_users) = (Box::new(loader.config), loader.places_of_users);
        return match mistakes.is_empty() {
            true => Ok(Invocation::Check { config, places_of_users }),
            false => Err(StartError::All(mistakes)),
        };
    }
    loaded?;
    let mut config = Box::new(loader.config);
    if !options.is_ephemeral {
        return Ok(Invocation::Run(config));
    }
    config.refuses_append_only = !config.appendonly;
    Ok(Invocation::RunEphemeral(config))
}

/// Reads what there is, each source over those before.
fn load(
    loader: &mut Loader,
    options: &Options<'_>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    mut stdin: impl Read,
) -> Result<(), StartError> {
    if let Some(path) = options.file {
        loader.main_file(Path::new(OsStr::from_bytes(path)))?;
    }
    if options.reads_stdin {
        let mut text = Vec::new();
        stdin.read_to_end(&mut text).map_err(|error| {
            StartError::Usage(format!("cannot read the configuration from stdin: {error}"))
        })?;
        loader.source = "standard input".to_owned();
        loader.text(&text, None)?;
    }
    environment::apply(loader, environment)?;
    loader.source = OPTIONS.to_owned();
    loader.text(&options.text, None)?;
    check_as_a_whole(&loader.config)
}

/// What the arguments say.
#[derive(Default)]
struct Options<'a> {
    /// The configuration file.
    file: Option<&'a [u8]>,
    /// Whether `-` was the first of the others, or the last.
    reads_stdin: bool,
    /// Whether the server is to be thrown away.
    is_ephemeral: bool,
    /// The options, as configuration text.
    text: Vec<u8>,
}

impl<'a> Options<'a> {
    fn of(arguments: &'a [Vec<u8>]) -> Self {
        let mut options = Options { text: b"\n".to_vec(), ..Options::default() };
        let mut rest = arguments;
        if let Some((file, others)) =
            arguments.split_first().filter(|(file, _)| !file.starts_with(b"-"))
        {
            options.file = Some(file);
            rest = others;
        }
        // An option has at least one word, even one that looks like an option: a password, say.
        let mut wants_word = false;
        for (index, argument) in rest.iter().enumerate() {
            let is_last = index + 1 == rest.len();
            let is_first = index == 0 && options.file.is_none();
            if argument == b"-" && (is_first || is_last) {
                options.reads_stdin = true;
                continue;
            }
            let Some(option) = argument.strip_prefix(b"--").filter(|_| !wants_word) else {
                options.push(b" ", quote(argument).as_bytes());
                wants_word = false;
                continue;
            };
            wants_word = options.begin(option);
            // `--save` alone has meant `--save ""` since before options had to have a word.
            let next = rest.get(index + 1);
            if wants_word
                && option.eq_ignore_ascii_case(b"save")
                && next.is_none_or(|next| next.starts_with(b"--"))
            {
                options.push(b" ", b"\"\"");
                wants_word = false;
            }
        }
        options
    }

    /// Begins a line with an option. True: its words are still to come; they may also stand in the same
    /// argument (`"--timeout 5"`), or behind an equals sign.
    fn begin(&mut self, option: &[u8]) -> bool {
        let end = option.iter().position(|byte| matches!(byte, b'=' | b' '));
        let (name, rest) = option.split_at(end.unwrap_or(option.len()));
        // The spelling of Go programs.
        let is_ours = name.eq_ignore_ascii_case(b"listenaddr");
        let separator: &[u8] = if self.text == b"\n" { b"" } else { b"\n" };
        if option.eq_ignore_ascii_case(b"ephemeral") {
            self.is_ephemeral = true;
            self.push(separator, EPHEMERAL);
            return false;
        }
        self.push(separator, if is_ours { b"listen-addr" } else { name });
        match rest.strip_prefix(b"=") {
            Some(word) => self.push(b" ", quote(word).as_bytes()),
            None => self.push(b"", rest),
        }
        rest.trim_ascii().is_empty()
    }

    fn push(&mut self, before: &[u8], text: &[u8]) {
        self.text.extend_from_slice(before);
        self.text.extend_from_slice(text);
    }
}

/// `healthcheck [ADDRESS]`, or its help.
fn healthcheck(arguments: &[Vec<u8>], config: &Config) -> Result<Invocation, StartError> {
    let words = arguments.iter().map(|argument| OsStr::from_bytes(argument));
    let command = help::command(Extent::Short);
    let matches = match command.try_get_matches_from(std::iter::once(OsStr::new("")).chain(words)) {
        Ok(matches) => matches,
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            let text = error.render().to_string();
            return Ok(Invocation::PrintAndExit(text.trim_end().to_owned()));
        }
        Err(error) => {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or_default();
            return Err(StartError::Usage(first.trim_start_matches("error: ").to_owned()));
        }
    };
    let given = matches.subcommand_matches("healthcheck");
    let given = given.and_then(|matches| matches.get_one::<String>("address").cloned());
    let address = given.unwrap_or_else(|| own_address(config));
    Ok(Invocation::Healthcheck { address, config: Box::new(config.clone()) })
}

/// What no single line can be blamed for.
fn check_as_a_whole(config: &Config) -> Result<(), StartError> {
    if !config.aclfile.is_empty() && !config.users.is_empty() {
        let reason = "users are declared both in the configuration and in an aclfile; \
                      keep them in one place";
        return Err(StartError::Usage(reason.to_owned()));
    }
    Ok(())
}

/// Where a server that was started with the same environment would listen.
fn own_address(config: &Config) -> String {
    let any = |host: &str| matches!(host, "*" | "0.0.0.0");
    let first = config.bind.iter().map(|host| host.trim_start_matches('-')).find(|h| !any(h));
    let host = first.filter(|host| !matches!(*host, "::*" | "::")).unwrap_or("127.0.0.1");
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    match (config.listens_on_tcp(), config.tls_port, config.unixsocket.as_str()) {
        (true, ..) | (false, 0, "") => format!("{host}:{}", config.port),
        (false, 0, path) => format!("unix:{path}"),
        (false, port, _) => format!("tls:{host}:{port}"),
    }
}
