//! From the arguments of the process to a configuration, or to something to print.
//!
//! To Redis the command line is configuration text: `--save 900 1` is the line `save 900 1`, and an
//! option takes as many words as there are up to the next one. clap cannot model that (how many
//! words `--save` has is not known beforehand, `--name` has any letter case, the first argument may
//! be a file, `-` or nothing). So the arguments are normalised first, to one word per option:
//!
//! ```text
//! redis.conf --SAVE 900 1 --replicaof "10.0.0.1 6379" --requirepass "a b" -
//!                                     |
//!            [file] --save "900 1" --replicaof "10.0.0.1 6379" --requirepass "\"a b\""
//! ```
//!
//! where each word is configuration text with its quotes. clap then finds the unknown options and
//! suggests better ones, knows which of a repeated flag counts, and prints the help; the words go
//! the same way as the lines of a file.

use std::ffi::OsString;
use std::io::Read;

use clap::ArgMatches;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::file::{Loader, split_words};
use super::help::Extent;
use super::start_error::StartError;
use super::value::quote_if_needed;
use super::{Config, Flag, PARAMETERS, REDIS_VERSION, VERSION, environment, help, lookup};

/// What the command line asks for.
#[derive(Debug)]
pub enum Invocation {
    /// Run a server.
    Run(Box<Config>),
    /// Print this line or these lines and exit with 0.
    PrintAndExit(String),
    /// Ask the server at this address whether it is well.
    Healthcheck(String),
}

/// The line that `-v` prints. It has the form that Redis harnesses parse, and our own version.
pub fn version_line() -> String {
    format!(
        "Redis server v={REDIS_VERSION} sha=00000000:0 malloc=libc bits={} build=0 \
         cacheflow={VERSION}",
        usize::BITS
    )
}

/// Turns arguments (the first is the program's name), environment and, if asked for by `-`,
/// standard input into what is to be done.
pub fn from_command_line(
    arguments: impl IntoIterator<Item = impl Into<OsString>>,
    environment: impl IntoIterator<Item = (impl Into<OsString>, impl Into<OsString>)>,
    mut stdin: impl Read,
) -> Result<Invocation, StartError> {
    let arguments = arguments.into_iter().skip(1).map(|argument| {
        let refuse = |text: OsString| StartError::Usage(format!("{text:?} is not UTF-8 text"));
        argument.into().into_string().map_err(refuse)
    });
    let normalised = normalise(arguments.collect::<Result<_, _>>()?)?;
    let reads_stdin = normalised.reads_stdin;
    let matches = match help::command(Extent::Short).try_get_matches_from(normalised.words) {
        Ok(matches) => matches,
        Err(error) => return explain(&error),
    };
    for (flag, extent) in [("h", Extent::Short), ("help", Extent::Full)] {
        if matches.get_flag(flag) {
            let text = help::command(extent).render_help().to_string();
            return Ok(Invocation::PrintAndExit(text.trim_end().to_owned()));
        }
    }
    if matches.get_flag("version") {
        return Ok(Invocation::PrintAndExit(version_line()));
    }

    let mut loader = Loader::default();
    // What is not UTF-8 cannot be meant for a parameter.
    let variables = environment.into_iter().filter_map(|(name, value)| {
        Some((name.into().into_string().ok()?, value.into().into_string().ok()?))
    });
    if let Some(healthcheck) = matches.subcommand_matches("healthcheck") {
        environment::apply(&mut loader, variables)?;
        let given = healthcheck.get_one::<String>("address").cloned();
        return Ok(Invocation::Healthcheck(given.unwrap_or_else(|| own_address(&loader.config))));
    }
    if let Some(path) = matches.get_one::<String>("file") {
        loader.main_file(path)?;
    }
    if reads_stdin {
        let mut text = String::new();
        stdin.read_to_string(&mut text).map_err(|error| {
            StartError::Usage(format!("cannot read the configuration from stdin: {error}"))
        })?;
        loader.text(&text, None)?;
    }
    environment::apply(&mut loader, variables)?;
    for (name, text) in options_in_order(&matches) {
        apply_option(&mut loader, name, &text)?;
    }
    check_as_a_whole(&loader.config)?;
    Ok(Invocation::Run(Box::new(loader.config)))
}

/// Arguments as clap can take them.
struct Normalised {
    /// Program name, file, options with one word each.
    words: Vec<String>,
    /// Whether `-` was among them.
    reads_stdin: bool,
}

/// One word per option; see the module's essay.
fn normalise(arguments: Vec<String>) -> Result<Normalised, StartError> {
    let mut normalised = Normalised { words: vec!["cacheflow".to_owned()], reads_stdin: false };
    if arguments.first().is_some_and(|first| first == "healthcheck") {
        normalised.words.extend(arguments);
        return Ok(normalised);
    }
    let last = arguments.len();
    let mut rest = arguments.into_iter().enumerate().peekable();
    while let Some((index, argument)) = rest.next() {
        let position = index + 1;
        if argument == "-" && (position == 1 || position == last) {
            normalised.reads_stdin = true;
            continue;
        }
        let Some((name, mut text)) = option_of(&argument) else {
            if position > 1 && !argument.starts_with('-') {
                let mistake = format!("unexpected argument '{argument}'; options begin with --");
                return Err(StartError::Usage(mistake));
            }
            normalised.words.push(argument);
            continue;
        };
        let mut count = usize::from(!text.is_empty());
        while let Some((index, word)) = rest.peek() {
            let stdin = word == "-" && index + 1 == last;
            if stdin || ends_values(word, count) {
                break;
            }
            count += 1;
            text.extend((!text.is_empty()).then_some(' '));
            text.push_str(&quote_if_needed(word));
            rest.next();
        }
        normalised.words.extend([format!("--{name}"), text]);
    }
    Ok(normalised)
}

/// The name and the text behind it, if `argument` is an option other than help and version.
fn option_of(argument: &str) -> Option<(String, String)> {
    let body = argument.strip_prefix("--").filter(|body| !body.is_empty())?;
    // `--timeout 5` may also come as one argument, or with an equals sign.
    let end = body.find(['=', ' ']).unwrap_or(body.len());
    let (name, value) = body.split_at(end);
    let name = name.to_ascii_lowercase();
    if matches!(name.as_str(), "help" | "version") {
        return None;
    }
    let text = match value.strip_prefix('=') {
        Some(word) => quote_if_needed(word),
        None => value.trim().to_owned(),
    };
    // The spelling of Go programs.
    let name = if name == "listenaddr" { "listen-addr".to_owned() } else { name };
    Some((name, text))
}

/// Whether `word` begins something new rather than being the next word of an option that has got
/// `count` of them. The first one may be anything, such as a password of dashes, except an option.
fn ends_values(word: &str, count: usize) -> bool {
    let known = |name: &str| lookup(name).is_some() || help::DIRECTIVES.contains(&name);
    match option_of(word) {
        Some((name, _)) => count > 0 || known(&name),
        None => {
            matches!(word, "--help" | "--version") || (count > 0 && matches!(word, "-v" | "-h"))
        }
    }
}

/// All options with their words, in the order in which they were given.
fn options_in_order(matches: &ArgMatches) -> Vec<(&'static str, String)> {
    let names = PARAMETERS.iter().map(|parameter| parameter.name);
    let mut options = Vec::new();
    for name in names.chain(help::DIRECTIVES.iter().copied()) {
        let indices = matches.indices_of(name).into_iter().flatten();
        let values = matches.get_many::<String>(name).into_iter().flatten();
        options.extend(indices.zip(values).map(|(index, text)| (index, name, text.clone())));
    }
    options.sort_by_key(|(index, ..)| *index);
    options.into_iter().map(|(_, name, text)| (name, text)).collect()
}

fn apply_option(loader: &mut Loader, name: &str, text: &str) -> Result<(), StartError> {
    let secret = lookup(name).is_some_and(|(_, parameter)| parameter.has(Flag::Sensitive));
    let mistake = |reason| {
        let shown = if secret { "..." } else { text };
        StartError::Usage(format!("{}: {reason}", format!("--{name} {shown}").trim_end()))
    };
    let words = split_words(text).map_err(mistake)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match (name, words.as_slice()) {
        ("include", [path]) => loader.include(path),
        ("user", [line]) if line.contains(' ') => {
            loader.directive(name, &line.split(' ').collect::<Vec<_>>()).map_err(mistake)
        }
        (name, words) => loader.directive(name, words).map_err(mistake),
    }
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
    if host.contains(':') {
        format!("[{host}]:{}", config.port)
    } else {
        format!("{host}:{}", config.port)
    }
}

/// What clap has to say: help to print, or a mistake in one line.
fn explain(error: &clap::Error) -> Result<Invocation, StartError> {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => texts.first().cloned(),
        _ => None,
    };
    let argument = context(ContextKind::InvalidArg).unwrap_or_default();
    Err(StartError::Usage(match error.kind() {
        ErrorKind::DisplayHelp => {
            let text = error.render().to_string();
            return Ok(Invocation::PrintAndExit(text.trim_end().to_owned()));
        }
        ErrorKind::UnknownArgument if !argument.starts_with('-') => {
            format!("unexpected argument '{argument}'")
        }
        ErrorKind::UnknownArgument => {
            let hint = match context(ContextKind::SuggestedArg) {
                Some(better) => format!("did you mean {better}?"),
                None => "see cacheflow --help".to_owned(),
            };
            format!("unknown option {argument}; {hint}")
        }
        _ => error.render().to_string().lines().next().unwrap_or_default().to_owned(),
    }))
}
