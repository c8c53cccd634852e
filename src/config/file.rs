//! Reads configuration text: `redis.conf`, standard input, and files they include.
//!
//! ```text
//! # a comment, or nothing                      ignored
//! maxmemory 100mb                              name, then words
//! requirepass "two words \"quoted\" \x21"      C escapes between double quotes
//! masterauth 'it\'s'                           only \' between single ones
//! include /etc/cacheflow/*.conf                reads those files here
//! ```
//!
//! Later lines win, except that the lines of `save`, `user` and `rename-command` add up. The first
//! `save` line of a file replaces the default save points, though.
//!
//! A mistake is reported as Redis does, so that whoever greps for it finds it; the name of the file
//! is added when it is an included one. Secrets are not shown.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::compound::system_text;
use super::define::Flag;
use super::start_error::{BAD_DIRECTIVE, StartError};
use super::words::split_words;
use super::{Config, lookup};
use crate::number::glob;

/// Includes nested deeper than this include each other.
const MAX_DEPTH: usize = 16;

/// Names that Redis 7 still accepts and ignores.
const IGNORED: &[&[u8]] = &[b"list-max-ziplist-entries", b"list-max-ziplist-value"];

/// Puts configuration text into a configuration. Remembers what has been seen, because some lines
/// add up.
#[derive(Default)]
pub struct Loader {
    /// The configuration so far.
    pub config: Config,
    /// Accumulating parameters that have got a value.
    seen: Vec<&'static str>,
    /// Lines of the main text so far, be they from the file or elsewhere.
    lines: usize,
    depth: usize,
    /// All mistakes, each in a line, if whoever reads wants to know them all; otherwise the first is the last.
    pub mistakes: Option<Vec<String>>,
    /// Where the main text is from, for those lines.
    pub source: String,
    /// The file and the line of each user of the configuration.
    pub places_of_users: Vec<String>,
}

impl Loader {
    /// Reads the main configuration file and remembers its path for CONFIG REWRITE.
    pub fn main_file(&mut self, path: &Path) -> Result<(), StartError> {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let text = read(&absolute)?;
        self.source = path.display().to_string();
        self.config.config_file = Some(absolute);
        self.text(&text, None)
    }

    /// Takes lines of configuration text. `origin` is the file, if it is an included one; all other
    /// text is one, and its lines are counted through.
    pub fn text(&mut self, text: &[u8], origin: Option<&Path>) -> Result<(), StartError> {
        let before = if origin.is_none() { self.lines } else { 0 };
        for (index, line) in lines(text).enumerate() {
            if origin.is_none() {
                self.lines += 1;
            }
            let (line, number) = (line.trim_ascii(), before + index + 1);
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            let taken = self.line(line, |reason| StartError::Line {
                origin: origin.map(Path::to_owned),
                number,
                line: shown(line),
                reason,
            });
            match (taken, &mut self.mistakes) {
                (Err(error), None) => return Err(error),
                (Err(error), Some(mistakes)) => mistakes.push(error.in_one_line(&self.source)),
                (Ok(()), _) => {}
            }
            let file = origin.map_or(self.source.clone(), |path| path.display().to_string());
            self.places_of_users.resize(self.config.users.len(), format!("{file}:{number}"));
        }
        Ok(())
    }

    /// Takes one line. `mistake` makes an error of what is wrong with it.
    fn line(
        &mut self,
        line: &[u8],
        mistake: impl Fn(String) -> StartError,
    ) -> Result<(), StartError> {
        let words = split_words(line).map_err(&mistake)?;
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        match words.as_slice() {
            // A line of nothing but `""`, say.
            [] | [b""] => Ok(()),
            [name, path] if name.eq_ignore_ascii_case(b"include") => {
                self.include(path).map_err(|error| match (&error, &self.mistakes) {
                    (StartError::Unreadable { .. }, Some(_)) => mistake(error.to_string()),
                    _ => error,
                })
            }
            [name, arguments @ ..] => self.directive(name, arguments).map_err(mistake),
        }
    }

    /// Reads an included file, or all that match if the path has wildcards.
    fn include(&mut self, path: &[u8]) -> Result<(), StartError> {
        let path = Path::new(OsStr::from_bytes(path));
        if self.depth == MAX_DEPTH {
            let reason = "too many nested includes".to_owned();
            return Err(StartError::Unreadable { path: path.to_owned(), reason });
        }
        self.depth += 1;
        let mut paths = expand(path).into_iter();
        let taken = paths.try_for_each(|path| self.text(&read(&path)?, Some(&path)));
        self.depth -= 1;
        taken
    }

    /// Takes one directive: a parameter, or one of the few other things a file may say.
    pub fn directive(&mut self, name: &[u8], words: &[&[u8]]) -> Result<(), String> {
        let Some((_, parameter)) = lookup(name) else {
            return self.other_directive(&name.to_ascii_lowercase(), words);
        };
        // One word of configuration text may hold several: `--save "900 1"`.
        let split: Vec<&[u8]>;
        let mut words = words;
        if let ([word], true) = (words, parameter.has(Flag::Multi))
            && !word.is_empty()
        {
            split = word.split(|byte| *byte == b' ').collect();
            words = &split;
        }
        let adds = parameter.has(Flag::Accumulates) && self.seen.contains(&parameter.name);
        if parameter.has(Flag::Accumulates) && !adds {
            self.seen.push(parameter.name);
        }
        if adds && !matches!(words, [] | [b""]) {
            let before = (parameter.get)(&self.config);
            let blank = |byte: &u8| *byte == b' ';
            let all = before.split(blank).filter(|word| !word.is_empty());
            let all: Vec<&[u8]> = all.chain(words.iter().copied()).collect();
            return self.config.apply(parameter, &all);
        }
        self.config.apply(parameter, words)
    }

    fn other_directive(&mut self, name: &[u8], words: &[&[u8]]) -> Result<(), String> {
        match (name, words) {
            // `--user "bob on nopass"`
            (b"user", [line]) if line.contains(&b' ') => {
                let words: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
                self.other_directive(name, &words)
            }
            (b"user", [user, ..]) => {
                if self.config.users.iter().any(|line| line[0] == *user) {
                    let user = String::from_utf8_lossy(user);
                    return Err(format!(
                        "Error in user declaration '{user}': Duplicate user found. A user can \
                         only be defined once in config files"
                    ));
                }
                self.config.users.push(words.iter().map(|word| word.to_vec()).collect());
                Ok(())
            }
            (b"rename-command", [from, to]) => {
                self.config.command_names.rename(from, to).map_err(str::to_owned)
            }
            (b"loadmodule", _) => Err("cacheflow cannot load modules".to_owned()),
            (name, [_]) if IGNORED.contains(&name) => Ok(()),
            _ => Err(BAD_DIRECTIVE.to_owned()),
        }
    }
}

/// The lines of a text, without what ends them.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').map(|line| {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        line.strip_suffix(b"\r").unwrap_or(line)
    })
}

/// A line as it is shown when something is wrong with it.
fn shown(line: &[u8]) -> String {
    let name = line.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    let line = match lookup(name) {
        Some((_, parameter)) if parameter.has(Flag::Sensitive) => [name, b" ..."].concat(),
        _ => line.to_vec(),
    };
    String::from_utf8_lossy(&line).into_owned()
}

fn read(path: &Path) -> Result<Vec<u8>, StartError> {
    fs::read(path).map_err(|error| StartError::Unreadable {
        path: path.to_owned(),
        reason: system_text(&error),
    })
}

/// The files that a path with wildcards stands for, sorted; a path without any stands for itself.
fn expand(pattern: &Path) -> Vec<PathBuf> {
    let wild = |part: &OsStr| part.as_bytes().iter().any(|byte| b"*?[".contains(byte));
    if !wild(pattern.as_os_str()) {
        return vec![pattern.to_owned()];
    }
    let mut paths = vec![PathBuf::new()];
    for part in pattern {
        let step =
            |path: PathBuf| if wild(part) { entries(&path, part) } else { vec![path.join(part)] };
        paths = paths.into_iter().flat_map(step).collect();
    }
    paths.retain(|path| path.exists());
    paths
}

/// The entries of a directory whose name matches, sorted. Hidden ones only if the pattern says so.
fn entries(directory: &Path, pattern: &OsStr) -> Vec<PathBuf> {
    let pattern = pattern.as_bytes();
    let here = Path::new(".");
    let read = fs::read_dir(if directory.as_os_str().is_empty() { here } else { directory });
    let matching = |entry: fs::DirEntry| {
        let name = entry.file_name();
        let visible = !name.as_bytes().starts_with(b".") || pattern.starts_with(b".");
        let matches = glob::matches(pattern, name.as_bytes(), false);
        (visible && matches).then(|| directory.join(&name))
    };
    let mut found: Vec<_> = read.into_iter().flatten().flatten().filter_map(matching).collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, String> {
        let mut loader = Loader::default();
        loader.text(text.as_bytes(), None).map_err(|error| error.to_string())?;
        Ok(loader.config)
    }

    #[test]
    fn mistakes_are_reported_with_line_number_line_and_reason() {
        assert_eq!(
            load("# hi\n\nport 0\n  timeout   x   \n").unwrap_err(),
            "\n*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\nReading the configuration file, at \
             line 4\n>>> 'timeout   x'\nargument couldn't be parsed into an integer"
        );
        for (text, reason) in [
            ("xyzzy 1", BAD_DIRECTIVE),
            ("rename-command GET", BAD_DIRECTIVE),
            ("rename-command NOSUCH x", "No such command in rename-command"),
            ("rename-command GET \"\"\nrename-command GET x", "No such command in rename-command"),
            ("rename-command GET SET", "Target command name already exists"),
            ("masterauth 'x", "Unbalanced quotes in configuration line"),
            ("include", BAD_DIRECTIVE),
            ("user", BAD_DIRECTIVE),
            ("timeout 1 2", "wrong number of arguments"),
            ("timeout", "wrong number of arguments"),
            ("save 900", "Invalid save parameters"),
            ("timeout \"x", "Unbalanced quotes in configuration line"),
            ("replicaof a", "wrong number of arguments"),
            ("replicaof a 99999", "Invalid master port"),
            ("dir /nonexistent", "No such file or directory"),
            ("dir /etc/passwd", "Not a directory"),
            ("loadmodule x.so", "cacheflow cannot load modules"),
        ] {
            assert!(load(text).unwrap_err().ends_with(reason), "{text}");
        }
        let secret = load("hz 1\nRequirePass very secret").unwrap_err();
        assert!(secret.contains("at line 2\n>>> 'RequirePass ...'\nwrong number"), "{secret}");
    }

    #[test]
    fn save_lines_add_up_and_the_first_replaces_the_default() {
        let save = |text| {
            let (_, parameter) = lookup("save").unwrap();
            String::from_utf8((parameter.get)(&load(text).unwrap())).unwrap()
        };
        assert_eq!(save("timeout 1"), "3600 1 300 100 60 10000");
        assert_eq!(save("save 900 1\nsave 300 10 60 5"), "900 1 300 10 60 5");
        assert_eq!(save("save \"900 1 60 5\""), "900 1 60 5");
        assert_eq!(save("save 900 1\nsave \"\"\nsave 2 2"), "2 2");
        assert_eq!(save("save \"\""), "");
    }

    #[test]
    fn users_and_renamed_commands_are_collected() {
        let config = load("user a on >x ~*\nuser b off\nrename-command FLUSHALL \"\"").unwrap();
        assert_eq!(config.users, [vec![&b"a"[..], b"on", b">x", b"~*"], vec![b"b", b"off"]]);
        assert!(config.command_names.by_name(b"flushall").is_none());
        assert!(load("user a on\nuser a off").unwrap_err().contains("Duplicate user found"));
    }

    #[test]
    fn includes_take_wildcards_and_name_the_file_of_a_mistake() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
        fs::write(path("1.conf"), "timeout 3").unwrap();
        fs::write(path("2.conf"), "hz 20\ntimeout 4").unwrap();
        fs::write(path(".3.conf"), "nonsense").unwrap();
        fs::write(path("bad"), "\ntimeout x").unwrap();
        let config = load(&format!("include {}\ninclude /nonexistent/*", path("*.conf"))).unwrap();
        assert_eq!((config.timeout, config.hz), (4, 20));
        let error = load(&format!("\n\ninclude {}", path("bad"))).unwrap_err();
        assert!(error.contains(&format!("at line 2 of {}", path("bad"))), "{error}");
        let error = load(&format!("include {}", path("missing"))).unwrap_err();
        assert!(error.contains("can't open config file"), "{error}");
        fs::write(path("loop"), format!("include {}", path("loop"))).unwrap();
        let error = load(&format!("include {}", path("loop"))).unwrap_err();
        assert!(error.contains("nested"), "{error}");
    }

    proptest::proptest! {
        /// Any text is either read or refused.
        #[test]
        fn no_text_makes_the_reader_panic(text in "[a-z\"'\\\\x0-9 \n#*]{0,40}") {
            let _ = load(&text);
        }
    }
}
