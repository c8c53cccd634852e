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
//! is added when it is an included one.

use std::fs;
use std::path::{Path, PathBuf};

use super::compound::system_text;
use super::define::Flag;
use super::start_error::StartError;
use super::{Config, lookup};
use crate::number::glob;

/// Includes nested deeper than this include each other.
const MAX_DEPTH: usize = 16;

/// What Redis says about a directive that it does not know.
const BAD_DIRECTIVE: &str = "Bad directive or wrong number of arguments";

/// Names that Redis 7 still accepts and ignores.
const IGNORED: &[&str] = &["list-max-ziplist-entries", "list-max-ziplist-value"];

/// Puts configuration text into a configuration. Remembers what has been seen, because some lines
/// add up.
#[derive(Default)]
pub struct Loader {
    /// The configuration so far.
    pub config: Config,
    /// Accumulating parameters that have got a value.
    seen: Vec<&'static str>,
    depth: usize,
}

impl Loader {
    /// Reads the main configuration file and remembers its path for CONFIG REWRITE.
    pub fn main_file(&mut self, path: &str) -> Result<(), StartError> {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path));
        let text = read(&absolute)?;
        self.config.config_file = Some(absolute);
        self.text(&text, None)
    }

    /// Takes lines of configuration text. `origin` is the file, if it is an included one.
    pub fn text(&mut self, text: &str, origin: Option<&Path>) -> Result<(), StartError> {
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mistake = |reason: String| StartError::Line {
                origin: origin.map(Path::to_owned),
                number: index + 1,
                line: line.to_owned(),
                reason,
            };
            let words = split_words(line).map_err(mistake)?;
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            match words.as_slice() {
                // A line of nothing but `""`, say.
                [] | [""] => {}
                [name, path] if name.eq_ignore_ascii_case("include") => self.include(path)?,
                [name, arguments @ ..] => self.directive(name, arguments).map_err(mistake)?,
            }
        }
        Ok(())
    }

    /// Reads an included file, or all that match if the path has wildcards.
    pub fn include(&mut self, path: &str) -> Result<(), StartError> {
        if self.depth == MAX_DEPTH {
            let reason = "too many nested includes".to_owned();
            return Err(StartError::Unreadable { path: PathBuf::from(path), reason });
        }
        self.depth += 1;
        for path in expand(path) {
            let text = read(&path)?;
            self.text(&text, Some(&path))?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// Takes one directive: a parameter, or one of the few other things a file may say.
    pub fn directive(&mut self, name: &str, words: &[&str]) -> Result<(), String> {
        if let Some((_, parameter)) = lookup(name) {
            // One word of configuration text may hold several: `--save "900 1"`.
            let split: Vec<&str>;
            let mut words = words;
            if let ([word], true) = (words, parameter.has(Flag::Multi))
                && !word.is_empty()
            {
                split = word.split(' ').collect();
                words = &split;
            }
            let adds = parameter.has(Flag::Accumulates) && self.seen.contains(&parameter.name);
            if parameter.has(Flag::Accumulates) && !adds {
                self.seen.push(parameter.name);
            }
            if adds && !matches!(words, [] | [""]) {
                let before = (parameter.get)(&self.config);
                let all: Vec<&str> =
                    before.split_ascii_whitespace().chain(words.iter().copied()).collect();
                return self.config.apply(parameter, &all);
            }
            return self.config.apply(parameter, words);
        }
        self.other_directive(&name.to_ascii_lowercase(), words)
    }

    fn other_directive(&mut self, name: &str, words: &[&str]) -> Result<(), String> {
        match (name, words) {
            ("user", [user, ..]) => {
                if self.config.users.iter().any(|line| line[0] == *user) {
                    return Err(format!(
                        "Error in user declaration '{user}': Duplicate user found. A user can \
                         only be defined once in config files"
                    ));
                }
                self.config.users.push(words.iter().map(|word| (*word).to_owned()).collect());
                Ok(())
            }
            ("rename-command", [from, to]) => {
                self.config.renamed_commands.push(((*from).to_owned(), (*to).to_owned()));
                Ok(())
            }
            ("loadmodule", _) => Err("cacheflow cannot load modules".to_owned()),
            (name, [_]) if IGNORED.contains(&name) => Ok(()),
            _ => Err(BAD_DIRECTIVE.to_owned()),
        }
    }
}

fn read(path: &Path) -> Result<String, StartError> {
    let unreadable = |reason| StartError::Unreadable { path: path.to_owned(), reason };
    let bytes = fs::read(path).map_err(|error| unreadable(system_text(&error)))?;
    String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8 text".to_owned()))
}

/// Splits a line into words the way a shell would, more or less. Quotes may open in the middle of
/// a word, but where they close the word must end.
pub fn split_words(line: &str) -> Result<Vec<String>, String> {
    let unbalanced = || "Unbalanced quotes in configuration line".to_owned();
    let mut words = Vec::new();
    let mut rest = line.trim_ascii_start().as_bytes();
    while !rest.is_empty() {
        let mut word = Vec::new();
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            match byte {
                b'"' | b'\'' => {
                    rest = quoted(byte, rest, &mut word).ok_or_else(unbalanced)?;
                    if !rest.first().is_none_or(u8::is_ascii_whitespace) {
                        return Err(unbalanced());
                    }
                }
                byte if byte.is_ascii_whitespace() => break,
                byte => word.push(byte),
            }
        }
        let word = String::from_utf8(word).map_err(|_| "a word is not UTF-8 text".to_owned())?;
        words.push(word);
        rest = rest.trim_ascii_start();
    }
    Ok(words)
}

/// Appends what stands between quotes to `word`; `rest` begins behind the opening one. Returns
/// what follows the closing one, if there is one.
fn quoted<'a>(quote: u8, mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        rest = match rest {
            [byte, after @ ..] if *byte == quote => return Some(after),
            [b'\\', b'\'', after @ ..] if quote == b'\'' => {
                word.push(b'\'');
                after
            }
            [b'\\', b'x', high, low, after @ ..]
                if quote == b'"' && high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0) as u8;
                word.push(digit(*high) << 4 | digit(*low));
                after
            }
            [b'\\', escaped, after @ ..] if quote == b'"' => {
                word.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 0x08,
                    b'a' => 0x07,
                    other => *other,
                });
                after
            }
            [byte, after @ ..] => {
                word.push(*byte);
                after
            }
            [] => return None,
        };
    }
}

/// The files that a path with wildcards stands for, sorted; a path without any stands for itself.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let wild = |part: &str| part.contains(['*', '?', '[']);
    if !wild(pattern) {
        return vec![PathBuf::from(pattern)];
    }
    let start = if pattern.starts_with('/') { "/" } else { "" };
    let mut paths = vec![PathBuf::from(start)];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let step =
            |path: PathBuf| if wild(part) { entries(&path, part) } else { vec![path.join(part)] };
        paths = paths.into_iter().flat_map(step).collect();
    }
    paths.retain(|path| path.exists());
    paths
}

/// The entries of a directory whose name matches, sorted. Hidden ones only if the pattern says so.
fn entries(directory: &Path, pattern: &str) -> Vec<PathBuf> {
    let here = Path::new(".");
    let read = fs::read_dir(if directory.as_os_str().is_empty() { here } else { directory });
    let matching = |entry: fs::DirEntry| {
        let name = entry.file_name();
        let text = name.to_str()?;
        let visible = !text.starts_with('.') || pattern.starts_with('.');
        let matches = glob::matches(pattern.as_bytes(), text.as_bytes(), false);
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
        loader.text(text, None).map_err(|error| error.to_string())?;
        Ok(loader.config)
    }

    #[test]
    fn quotes_and_escapes() {
        let cases: [(&str, &[&str]); 7] = [
            ("a  b\tc ", &["a", "b", "c"]),
            (r#"a "b c" '' """#, &["a", "b c", "", ""]),
            (r#""a\x41\n\"b""#, &["aA\n\"b"]),
            (r"'a\'b\n'", &[r"a'b\n"]),
            (r#"a"b c""#, &["ab c"]),
            ("a#b # c", &["a#b", "#", "c"]),
            ("", &[]),
        ];
        for (line, words) in cases {
            assert_eq!(split_words(line).unwrap(), words, "{line}");
        }
        for line in ["\"x", "'x", "\"x\\", "\"a\"b", "'a'\"b\""] {
            assert_eq!(split_words(line).unwrap_err(), "Unbalanced quotes in configuration line");
        }
    }

    #[test]
    fn mistakes_are_reported_with_line_number_line_and_reason() {
        assert_eq!(
            load("# hi\n\nport 0\n  timeout   x   \n").unwrap_err(),
            "\n*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\nReading the configuration file, at \
             line 4\n>>> 'timeout   x'\nargument couldn't be parsed into an integer"
        );
        for (text, reason) in [
            ("nosuch 1", BAD_DIRECTIVE),
            ("rename-command GET", BAD_DIRECTIVE),
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
    }

    #[test]
    fn save_lines_add_up_and_the_first_replaces_the_default() {
        let save = |text| lookup("save").map(|row| (row.1.get)(&load(text).unwrap())).unwrap();
        assert_eq!(save("timeout 1"), "3600 1 300 100 60 10000");
        assert_eq!(save("save 900 1\nsave 300 10 60 5"), "900 1 300 10 60 5");
        assert_eq!(save("save \"900 1 60 5\""), "900 1 60 5");
        assert_eq!(save("save 900 1\nsave \"\"\nsave 2 2"), "2 2");
        assert_eq!(save("save \"\""), "");
    }

    #[test]
    fn users_and_renamed_commands_are_collected() {
        let config = load("user a on >x ~*\nuser b off\nrename-command FLUSHALL \"\"").unwrap();
        assert_eq!(config.users, [vec!["a", "on", ">x", "~*"], vec!["b", "off"]]);
        assert_eq!(config.renamed_commands, [("FLUSHALL".to_owned(), String::new())]);
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
        /// What CONFIG REWRITE writes is what the next start reads, whatever is in it.
        #[test]
        fn quoted_words_read_back_as_they_were(
            words in proptest::collection::vec(proptest::prelude::any::<String>(), 0..4),
        ) {
            use crate::config::value::{quote, quote_if_needed};
            for write in [quote, quote_if_needed] {
                let line: Vec<_> = words.iter().map(|word| write(word)).collect();
                proptest::prop_assert_eq!(&split_words(&line.join(" ")).unwrap(), &words);
            }
        }

        /// Any text is either read or refused.
        #[test]
        fn no_text_makes_the_reader_panic(text in "[a-z\"'\\\\x0-9 \n#*]{0,40}") {
            let _ = load(&text);
        }
    }
}
