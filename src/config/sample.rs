//! `--print-config`: a configuration file that documents every parameter, made from the table.
//!
//! ```text
//! # TCP port; 0 does not listen on TCP [0..65535]      <- help line, notation
//! #port 5001                                           <- the default, to be uncommented
//! ```
//!
//! The file changes nothing as it is printed: each line says what would be the case without it. Packages
//! put their own settings in front of it.

use super::help::wrap;
use super::{Config, Flag, PARAMETERS, Parameter};

/// Lines of the file end here.
const WIDTH: usize = 100;

const OPENING: &str = "\
# Every parameter of cacheflow, with its default. To set one, take away the # in front of its name.
#
# A line is a name and a value; text with blanks in it stands in quotes. Of lines with the same name the
# last one counts, but for save, whose lines add up. Amounts of memory take the units k, m, g (powers
# of 1000) and kb, mb, gb (powers of 1024).
#
# Beside parameters there are these lines:
#
#include /etc/cacheflow/local.conf
#user alice on >password ~cached:* +@read
#rename-command FLUSHALL \"\"
";

/// The whole file.
pub(super) fn text() -> String {
    // The directory of whoever prints this is nobody else's default.
    let default = Config { dir: ".".into(), ..Config::default() };
    let mut file = OPENING.to_owned();
    let mut group = "";
    for row in PARAMETERS.iter().filter(|row| has_choice(row)) {
        if row.group != group {
            group = row.group;
            file += &format!("\n\n### {group}\n");
        }
        file += &entry(row, &default);
    }
    file += "\n\n### Accepted without effect, so that files written for Redis and Valkey work\n";
    for row in PARAMETERS.iter().filter(|row| !has_choice(row)) {
        file += &entry(row, &default);
    }
    file
}

/// Whether it matters what it is set to.
fn has_choice(row: &Parameter) -> bool {
    !row.has(Flag::NoEffect) && !row.has(Flag::OnlyDefault)
}

fn entry(row: &Parameter, default: &Config) -> String {
    let notation = (row.syntax)().replace('|', ", ");
    let help = match notation.is_empty() {
        true => row.help.to_owned(),
        false => format!("{} [{notation}]", row.help),
    };
    let mut entry = format!("\n# {}\n", wrap(&help, WIDTH - 2).replace('\n', "\n# "));
    let mut values = (row.lines)(default);
    if values.is_empty() {
        values.push("no one".to_owned()); // the one default that CONFIG REWRITE has no line for: replicaof
    }
    for value in values {
        entry += &format!("#{} {value}\n", row.name);
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::file::Loader;
    use crate::config::lookup;

    /// What a server would go by that was started with this file: name and value of each parameter.
    fn loaded(text: &str) -> Vec<(&'static str, Vec<u8>)> {
        let mut loader = Loader::default();
        loader.text(text.as_bytes(), None).unwrap();
        let rows = PARAMETERS.iter().filter(|row| row.name != "dir");
        rows.map(|row| (row.name, (row.get)(&loader.config))).collect()
    }

    /// The names whose lines are commented out, in order, each once.
    fn documented(text: &str) -> Vec<&str> {
        let mut names: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix('#')?.split(' ').next())
            .filter(|name| lookup(name).is_some())
            .collect();
        names.dedup();
        names
    }

    #[test]
    fn every_parameter_is_documented_in_one_place() {
        let text = text();
        let mut names = documented(&text);
        assert!(names.starts_with(&["listen-addr", "port", "bind"]), "{names:?}");
        names.sort();
        let mut all: Vec<_> = PARAMETERS.iter().map(|row| row.name).collect();
        all.sort();
        assert_eq!(names, all);
        let prose = text.replace("\n# ", " ");
        for row in PARAMETERS {
            assert!(prose.contains(row.help), "{}", row.name);
        }
    }

    #[test]
    fn it_changes_nothing_as_printed_nor_with_every_line_uncommented() {
        let text = text();
        let default = loaded("");
        assert_eq!(loaded(&text), default);
        let all: String = text
            .lines()
            .filter_map(|line| line.strip_prefix('#'))
            .filter(|line| line.split(' ').next().is_some_and(|name| lookup(name).is_some()))
            .flat_map(|line| [line, "\n"])
            .collect();
        assert!(all.lines().count() >= PARAMETERS.len());
        assert_eq!(loaded(&all), default);
    }
}
