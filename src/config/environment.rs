//! Parameters from the environment: `CACHEFLOW_MAXMEMORY=100mb`, `CACHEFLOW_SAVE="900 1"`.
//!
//! The name is the parameter's in upper case, `-` written as `_`. Containers are configured this
//! way, and containers are where the two traps are:
//!
//! - An orchestrator sets variables of its own for a service that is called "cacheflow", among
//!   them `CACHEFLOW_PORT=tcp://10.0.0.7:5001`. So a value that is a URL is not for us.
//! - For the same reason, and because images carry variables like `CACHEFLOW_VERSION`, unknown
//!   names are ignored here, while they are mistakes everywhere else.

use super::define::{Flag, Parameter};
use super::file::{Loader, split_words};
use super::lookup;
use super::start_error::StartError;

const PREFIX: &str = "CACHEFLOW_";

/// Takes the variables that name parameters, in alphabetical order so that the outcome is certain.
pub(super) fn apply(
    loader: &mut Loader,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<(), StartError> {
    let mut ours: Vec<_> = variables.into_iter().filter_map(recognise).collect();
    ours.sort_by_key(|(parameter, ..)| parameter.name);
    for (parameter, variable, value) in ours {
        let mistake = |reason| StartError::Usage(format!("{variable}: {reason}"));
        let words = if parameter.has(Flag::Multi) {
            split_words(&value).map_err(mistake)?
        } else {
            vec![value]
        };
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        loader.directive(parameter.name, &words).map_err(mistake)?;
    }
    Ok(())
}

fn recognise((variable, value): (String, String)) -> Option<(&'static Parameter, String, String)> {
    let name = variable.strip_prefix(PREFIX)?;
    // A few names have real underscores.
    let (_, parameter) = lookup(&name.replace('_', "-")).or_else(|| lookup(name))?;
    let from_orchestrator = parameter.name == "port" && value.contains("://");
    (!from_orchestrator).then_some((parameter, variable, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(variables: &[(&str, &str)]) -> Result<crate::config::Config, String> {
        let mut loader = Loader::default();
        let owned = variables.iter().map(|(name, value)| (name.to_string(), value.to_string()));
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
        assert_eq!(config.requirepass, "a b");
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
    }
}
