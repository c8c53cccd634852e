//! Why a server can't start: what is wrong with its configuration, in Redis' words.

use std::fmt;
use std::path::PathBuf;

use super::REDIS_VERSION;
use super::help::meant_by;

/// What Redis says about a directive that it does not know.
pub(super) const BAD_DIRECTIVE: &str = "Bad directive or wrong number of arguments";

/// The source of what is given on the command line, whose lines nobody has counted.
pub(super) const OPTIONS: &str = "options";

/// Why there is no configuration. Displayed, it is what belongs on stderr; the exit code is 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartError {
    /// A mistake on the command line or in the environment: one line.
    Usage(String),
    /// A mistake in a line of configuration text.
    Line {
        /// The included file it is in; `None` for the main file.
        origin: Option<PathBuf>,
        /// Its number, from 1.
        number: usize,
        /// The line without the blanks around it.
        line: String,
        /// What is wrong.
        reason: String,
    },
    /// All mistakes of a configuration that is only looked at, each in a line.
    All(Vec<String>),
    /// A file that cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl StartError {
    /// The same in the form of compilers. `source` is what the main text came from.
    pub(super) fn in_one_line(&self, source: &str) -> String {
        let Self::Line { origin, number, line, reason } = self else { return self.to_string() };
        let better = meant_by(line).filter(|_| reason == BAD_DIRECTIVE);
        let better = better.map_or_else(String::new, |name| format!("; did you mean {name}?"));
        let place = match origin {
            Some(path) => format!("{}:{number}", path.display()),
            None if source == OPTIONS => source.to_owned(),
            None => format!("{source}:{number}"),
        };
        format!("{place}: {reason}{better} >>> '{line}'")
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(lines) => f.write_str(&lines.join("\n")),
            Self::Usage(mistake) => write!(f, "cacheflow: {mistake}"),
            Self::Line { origin, number, line, reason } => {
                write!(f, "\n*** FATAL CONFIG FILE ERROR (Redis {REDIS_VERSION}) ***\n")?;
                write!(f, "Reading the configuration file, at line {number}")?;
                if let Some(path) = origin {
                    write!(f, " of {}", path.display())?;
                }
                write!(f, "\n>>> '{line}'\n{reason}")?;
                match meant_by(line) {
                    Some(better) if reason == BAD_DIRECTIVE => {
                        write!(f, "; did you mean {better}?")
                    }
                    _ => Ok(()),
                }
            }
            Self::Unreadable { path, reason } => {
                write!(f, "Fatal error, can't open config file '{}': {reason}", path.display())
            }
        }
    }
}

impl std::error::Error for StartError {}
