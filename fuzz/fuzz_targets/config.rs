//! Any bytes as a configuration file: a mistake that is reported, or a configuration that is the same
//! again after a rewrite, be it of what has changed or of everything.

#![no_main]

use cacheflow::config::file::Loader;
use cacheflow::config::rewrite::Extent;
use cacheflow::config::words::split_words;
use cacheflow::config::{Config, PARAMETERS, StartError};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    if includes_files(text) {
        return;
    }
    let Ok(config) = load(text) else { return };
    for extent in [Extent::Changes, Extent::Everything] {
        let once = config.rewritten(text, extent);
        let again = load(&once).unwrap_or_else(|mistake| {
            panic!("{mistake} in {}", once.escape_ascii());
        });
        for parameter in PARAMETERS {
            let (one, other) = ((parameter.get)(&config), (parameter.get)(&again));
            assert_eq!(one, other, "{} in {}", parameter.name, once.escape_ascii());
        }
        assert_eq!(config.users, again.users);
        assert_eq!(config.command_names, again.command_names);
        assert_eq!(again.rewritten(&once, extent), once, "rewriting changes it once");
    }
});

fn load(text: &[u8]) -> Result<Config, StartError> {
    let mut loader = Loader::default();
    loader.text(text, None)?;
    Ok(loader.config)
}

/// Whether a line includes other files: those of this machine are not meant.
fn includes_files(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n').any(|line| {
        let words = split_words(line).unwrap_or_default();
        words.first().is_some_and(|name| name.eq_ignore_ascii_case(b"include"))
    })
}
