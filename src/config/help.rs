//! The `clap` command, generated from the table: options, their groups, and the examples.
//!
//! The help begins with the fifteen options that people reach for first. Everything else follows
//! in the chapters of the table, and what has no effect comes last, so that nobody reads it by
//! accident.

use clap::{Arg, ArgAction, Command};

use super::{Flag, PARAMETERS, Parameter};

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
const LONGEST_SYNTAX: usize = 24;

const EXAMPLES: &str = "\
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

/// The whole command line.
pub(super) fn command() -> Command {
    Command::new("cacheflow")
        .about("A Redis-compatible server")
        .override_usage(
            "cacheflow [FILE] [--NAME VALUE ...]...\n       cacheflow healthcheck [ADDRESS]",
        )
        .after_help(EXAMPLES)
        .disable_version_flag(true)
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .infer_long_args(false)
        .args_override_self(true)
        .args_conflicts_with_subcommands(true)
        .max_term_width(100)
        .subcommand(
            Command::new("healthcheck")
                .about("Ask a server whether it is well, and exit with 0 or 1")
                .arg(Arg::new("address").value_name("ADDRESS").help(
                    "host:port; without it, where CACHEFLOW_* says, or 127.0.0.1:5001",
                )),
        )
        .arg(Arg::new("file").value_name("FILE").help("Configuration file; - for standard input"))
        .arg(flag("help", 'h', "Print this help").action(ArgAction::Help))
        .arg(flag("version", 'v', "Print the version").action(ArgAction::SetTrue))
        .args(POPULAR.iter().filter_map(|name| {
            let parameter = PARAMETERS.iter().find(|parameter| parameter.name == *name)?;
            Some(option(parameter).help_heading("Options people use first"))
        }))
        .args(PARAMETERS.iter().filter(|row| !POPULAR.contains(&row.name)).map(|row| {
            let idle = row.has(Flag::NoEffect);
            option(row).help_heading(if idle { "Accepted without effect" } else { row.group })
        }))
        .args(DIRECTIVES.iter().map(|name| directive(name)))
}

fn flag(name: &'static str, short: char, help: &'static str) -> Arg {
    Arg::new(name).long(name).short(short).help(help)
}

fn option(parameter: &'static Parameter) -> Arg {
    let adds = parameter.has(Flag::Accumulates);
    let syntax = (parameter.syntax)();
    let short = syntax.len() <= LONGEST_SYNTAX;
    let help = match short {
        true => parameter.help.to_owned(),
        false => format!("{}: {}", parameter.help, syntax.replace('|', ", ")),
    };
    Arg::new(parameter.name)
        .long(parameter.name)
        .aliases(parameter.aliases)
        .value_name(if short { syntax } else { "name".to_owned() })
        .allow_hyphen_values(true)
        .action(if adds { ArgAction::Append } else { ArgAction::Set })
        .hide(parameter.has(Flag::Hidden))
        .help(help)
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
        .hide(name == "loadmodule")
        .help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clap_finds_no_fault_with_the_command() {
        command().debug_assert();
    }

    #[test]
    fn help_shows_every_visible_parameter_once_and_popular_ones_first() {
        let help = command().render_help().to_string();
        for parameter in PARAMETERS.iter().filter(|row| !row.has(Flag::Hidden)) {
            let shown = help.matches(&format!("--{} <", parameter.name)).count();
            assert_eq!(shown, 1, "{}", parameter.name);
        }
        let position = |text: &str| help.find(text).unwrap();
        assert!(position("--logfile <") < position("--tcp-backlog <"));
        assert!(position("--maxmemory-samples <") < position("--tls-port <"));
    }
}
