//! Parameters from the environment: `CACHEFLOW_MAXMEMORY=100mb`, `CACHEFLOW_SAVE="900 1"`.
//!
//! The name is the parameter's in upper case, `-` written as `_`. Containers are configured this
//! way, and containers are where the two traps are:
//!
//! - An orchestrator sets variables of its own for a service that is called "cacheflow", among
//!   them `CACHEFLOW_PORT=tcp://10.0.0.7:5001`. So a value that is a URL is not for us.
//! - For the same reason, and because images carry variables like `CACHEFLOW_VERSION`, unknown
//!   names are ignored here, while they are mistakes everywhere else.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use super::define::{Flag, Parameter};
use super::file::Loader;
use super::help::DIRECTIVES;
use super::lookup;
use super::start_error::StartError;
use super::words::split_words;

const PREFIX: &str = "CACHEFLOW_";

/// Takes the variables that name parameters, in alphabetical order so that the outcome is certain.
pub(super) fn apply(
    loader: &mut Loader,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), StartError> {
    let mut ours = Vec::new();
    for (variable, value) in variables {
        // What is not UTF-8 cannot be the name of a parameter.
        let Ok(variable) = variable.into_string() else { continue };
        let Some(name) = variable.strip_prefix(PREFIX) else { continue };
        // A few names have real underscores.
        let name = name.replace('_', "-").to_ascii_lowercase();
        if let Some((_, parameter)) = lookup(&name).or_else(|| lookup(&variable[PREFIX.len()..])) {
            ours.push((parameter, variable, value));
        } else if DIRECTIVES.contains(&name.as_str()) {
            // Somebody relies on it, perhaps for protection: it must not be passed over.
            let reason = format!("{variable}: {name} belongs into a file or on the command line");
            return Err(StartError::Usage(reason));
        }
    }
    ours.retain(|(parameter, _, value)| !is_from_orchestrator(parameter, value.as_bytes()));
    ours.sort_by_key(|(parameter, ..)| parameter.name);
    for (parameter, variable, value) in ours {
        let mistake = |reason| StartError::Usage(format!("{variable}: {reason}"));
        let words = if parameter.has(Flag::Multi) {
            split_words(value.as_bytes()).map_err(mistake)?
        } else {
            vec![value.as_bytes().to_vec()]
        };
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        loader.directive(parameter.name.as_bytes(), &words).map_err(mistake)?;
    }
    Ok(())
}

fn is_from_orchestrator(parameter: &Parameter, value: &[u8]) -> bool {
    parameter.name == "port" && value.windows(3).any(|part| part == b"://")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(variables: &[(&str, &str)]) -> Result<crate::config::Config, String> {
        let mut loader = Loader::default();
        let owned = variables.iter().map(|(name, value)| (name.into(), value.into()));
        apply(&mut loader, owned).map_err(|error| error.to_string())?;
        Ok(loader.config)
    }

    #[test]
    fn variables_set_parameters() {
        let config = load(&[
            ("CACHEFLOW_MAXMEMORY", "100mb"),
            ("CACHEFLOW_SAVE", ""),
            ("CACHEFLOW_BIND", "127.0.0.1 ::1"),
            ("CACHEFLOW_BIO_CPULIST", "0-3"),
            ("CACHEFLOW_REQUIREPASS", "a b"),
            ("PORT", "1"),
        ])
        .unwrap();
        assert_eq!(config.maxmemory, 100 << 20);
        assert_eq!(config.save, []);
        assert_eq!(config.bind, ["127.0.0.1", "::1"]);
        assert_eq!(config.bio_cpulist, "0-3");
        assert_eq!(config.requirepass, b"a b");
        assert_eq!(config.port, 5001);
    }

    #[test]
    fn what_an_orchestrator_sets_is_ignored_but_mistakes_are_not() {
        let config = load(&[
            ("CACHEFLOW_PORT", "tcp://10.0.0.7:5001"),
            ("CACHEFLOW_PORT_5001_TCP", "tcp://10.0.0.7:5001"),
            ("CACHEFLOW_SERVICE_HOST", "10.0.0.7"),
        ]);
        assert_eq!(config.unwrap().port, 5001);
        assert_eq!(
            load(&[("CACHEFLOW_PORT", "x")]).unwrap_err(),
            "cacheflow: CACHEFLOW_PORT: argument couldn't be parsed into an integer"
        );
        assert_eq!(
            load(&[("CACHEFLOW_RENAME_COMMAND", "FLUSHALL \"\"")]).unwrap_err(),
            "cacheflow: CACHEFLOW_RENAME_COMMAND: rename-command belongs into a file or on the \
             command line"
        );
    }
}
