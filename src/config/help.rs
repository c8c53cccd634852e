//! The `clap` command, generated from the table: options, their groups, and the examples.
//!
//! `-h` shows the fifteen options that people reach for first, and examples. `--help` shows the
//! chapters of the table as well; of what has no effect it lists only the names, at the end, so
//! that nobody studies it by accident.

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Command};

use super::{Flag, PARAMETERS, Parameter};

/// How much help to show.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// The popular options.
    Short,
    /// All options.
    Full,
}

/// Directives that are no parameters, but may stand on the command line, too.
pub(super) const DIRECTIVES: &[&str] = &["include", "user", "rename-command", "loadmodule"];

/// The options that people use first, in the order in which the help shows them.
const POPULAR: [&str; 15] = [
    "listen-addr",
    "port",
    "bind",
    "requirepass",
    "dir",
    "save",
    "appendonly",
    "appendfsync",
    "maxmemory",
    "maxmemory-policy",
    "replicaof",
    "maxclients",
    "timeout",
    "loglevel",
    "logfile",
];

/// Longer notations than this are left to the line that explains the option.
const LONGEST_SYNTAX: usize = 28;

/// Lines of help end here.
const WIDTH: usize = 100;

pub(super) const EXAMPLES: &str = "\
Examples:
  cacheflow                                     listen on port 5001 of all addresses
  cacheflow --listen-addr 127.0.0.1:0           listen on a free port; the log says which
  cacheflow --maxmemory 100mb --maxmemory-policy allkeys-lru --save \"\"
                                                a cache that forgets what is used least
  cacheflow --dir /data --appendonly yes        a store that survives a crash
  cacheflow --replicaof 10.0.0.1 6379           a replica of that server (Redis or cacheflow)
  cacheflow /etc/redis/redis.conf --port 7000   a file first, then what differs
  echo 'port 7000' | cacheflow -                configuration from standard input
  CACHEFLOW_PORT=7000 cacheflow                 any option as an environment variable
  cacheflow healthcheck 127.0.0.1:7000          exit code 0 if that server answers

Later sources win: defaults, file, environment, command line. Amounts of memory take the units
k, m, g (powers of 1000) and kb, mb, gb (powers of 1024).";

const MORE: &str = "These are the most important options. cacheflow --help shows all of them.";

/// The whole command line. The extent decides what its help shows, not what it accepts.
pub(super) fn command(extent: Extent) -> Command {
    let full = extent == Extent::Full;
    let more = if full { accepted_without_effect() } else { MORE.to_owned() };
    Command::new("cacheflow")
        .about("A Redis-compatible server")
        .override_usage(
            "cacheflow [FILE] [--NAME VALUE...]...\n       cacheflow healthcheck [ADDRESS]",
        )
        .after_help(format!("{EXAMPLES}\n\n{more}"))
        .disable_version_flag(true)
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .args_override_self(true)
        .args_conflicts_with_subcommands(true)
        .subcommand(healthcheck())
        .arg(Arg::new("file").value_name("FILE").help("Configuration file; - for standard input"))
        .arg(flag("h", "Print the most important options").short('h'))
        .arg(flag("help", "Print all options").long("help"))
        .arg(
            flag("print-config", "Print a configuration file that documents every parameter")
                .long("print-config"),
        )
        .arg(flag("version", "Print the version").short('v').long("version"))
        .args(tools(full))
        .args(POPULAR.iter().filter_map(|name| {
            let parameter = PARAMETERS.iter().find(|parameter| parameter.name == *name)?;
            Some(option(parameter).help_heading("Options people use first"))
        }))
        .args(PARAMETERS.iter().filter(|row| !POPULAR.contains(&row.name)).map(|row| {
            let hidden = !full || row.has(Flag::NoEffect) || row.has(Flag::Hidden);
            option(row).help_heading(row.group).hide(hidden)
        }))
        .args(DIRECTIVES.iter().map(|name| directive(name).hide(!full || *name == "loadmodule")))
}

/// The help.
pub(super) fn text(extent: Extent) -> String {
    command(extent).render_help().to_string().trim_end().to_owned()
}

/// The option that was meant by a line whose name is none.
pub(super) fn meant_by(line: &str) -> Option<String> {
    let name = line.split(' ').next()?;
    let words = ["cacheflow".to_owned(), format!("--{name}"), String::new()];
    let error = command(Extent::Short).try_get_matches_from(words).err()?;
    match error.get(ContextKind::SuggestedArg) {
        Some(ContextValue::String(better)) => Some(better.trim_start_matches("--").to_owned()),
        _ => None,
    }
}

/// Options that do something else than serving, or by themselves.
fn tools(full: bool) -> impl Iterator<Item = Arg> {
    let args = [
        flag("ephemeral", "A server to throw away: a free port, no files, gone with its starter")
            .long("ephemeral"),
        flag("check-config", "Only look whether the configuration behind this is right")
            .long("check-config"),
        flag("man", "Print the manual page, for man -l -").long("man"),
        Arg::new("completions")
            .long("completions")
            .value_name("SHELL")
            .value_parser(["bash", "zsh", "fish"])
            .hide_possible_values(true)
            .help("Print completions for a shell: bash, zsh, fish"),
    ];
    args.into_iter().map(move |arg| arg.help_heading("Tools").hide(!full))
}

fn healthcheck() -> Command {
    Command::new("healthcheck")
        .about("Ask a server whether it is well, and exit with 0 or 1")
        .disable_help_flag(true)
        .arg(Arg::new("help").short('h').long("help").action(ArgAction::Help).help("Print this"))
        .arg(Arg::new("address").value_name("ADDRESS").help(
            "host:port, tls:host:port or unix:path; without it, where CACHEFLOW_* says, or \
                     127.0.0.1:5001",
        ))
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).action(ArgAction::SetTrue).help(help)
}

fn option(parameter: &'static Parameter) -> Arg {
    let adds = parameter.has(Flag::Accumulates);
    let syntax = (parameter.syntax)();
    let short = syntax.len() <= LONGEST_SYNTAX;
    let help = match short {
        true => parameter.help.to_owned(),
        false => wrap(&format!("{}: {}", parameter.help, syntax.replace('|', ", ")), WIDTH - 10),
    };
    Arg::new(parameter.name)
        .long(parameter.name)
        .aliases(parameter.aliases)
        .value_name(if short { syntax } else { "name".to_owned() })
        .allow_hyphen_values(true)
        .action(if adds { ArgAction::Append } else { ArgAction::Set })
        .help(help)
}

/// One paragraph for all options that do nothing.
fn accepted_without_effect() -> String {
    let idle = PARAMETERS.iter().filter(|row| row.has(Flag::NoEffect) && !row.has(Flag::Hidden));
    let names: Vec<_> = idle.map(|row| format!("--{}", row.name)).collect();
    let text = wrap(&names.join(" "), WIDTH - 2).replace('\n', "\n  ");
    format!("Accepted without effect, so that files written for Redis work:\n  {text}")
}

/// Breaks a paragraph at blanks.
pub(super) fn wrap(text: &str, width: usize) -> String {
    let mut wrapped = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        if column > 0 {
            let fits = column + 1 + word.len() <= width;
            wrapped.push(if fits { ' ' } else { '\n' });
            column = if fits { column + 1 } else { 0 };
        }
        wrapped.push_str(word);
        column += word.len();
    }
    wrapped
}

fn directive(name: &'static str) -> Arg {
    let (value, help) = match name {
        "include" => ("path", "Read this file, too; wildcards allowed"),
        "user" => ("name rule ...", "Declare a user, as ACL SETUSER does"),
        "rename-command" => ("name new-name", "Rename a command; \"\" removes it"),
        _ => ("path", "Refused: cacheflow has no modules"),
    };
    Arg::new(name)
        .long(name)
        .value_name(value)
        .allow_hyphen_values(true)
        .action(ArgAction::Append)
        .help_heading("Directives")
        .help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clap_finds_no_fault_with_the_command() {
        command(Extent::Full).debug_assert();
    }

    #[test]
    fn full_help_shows_every_visible_parameter_once_and_popular_ones_first() {
        let help = command(Extent::Full).render_help().to_string();
        for parameter in PARAMETERS.iter().filter(|row| !row.has(Flag::Hidden)) {
            let end = if parameter.has(Flag::NoEffect) { "" } else { " <" };
            let option = format!("--{}{end}", parameter.name);
            assert!(help.contains(&option), "{option}");
            assert!(help.matches(&format!("--{} <", parameter.name)).count() <= 1, "{option}");
        }
        let position = |text: &str| help.find(text).unwrap();
        assert!(position("--logfile <") < position("--tcp-backlog <"));
        assert!(!help.contains("--rdb-key-save-delay"));
        for line in help.lines() {
            assert!(line.chars().count() <= WIDTH + 5, "{line}");
        }
    }

    #[test]
    fn short_help_shows_the_popular_options_only() {
        let help = command(Extent::Short).render_help().to_string();
        let options =
            help.lines().filter(|line| line.starts_with("      --") && line.contains('<'));
        assert_eq!(options.count(), POPULAR.len());
        assert!(help.contains("Examples:"));
    }
}
