//! The kinds of value that take several words, or one word with a structure of its own.
//!
//! | kind             | looks like                                             |
//! |------------------|--------------------------------------------------------|
//! | `SavePoints`     | `3600 1 300 100`: after s seconds if n changes         |
//! | `Addresses`      | `127.0.0.1 -::1`                                       |
//! | `MasterAddress`  | `192.168.0.1 6379`, `no one`                           |
//! | `Percentiles`    | `50 99 99.9`                                           |
//! | `OomScores`      | `0 200 800`                                            |
//! | `OnSignal`       | `save now`                                             |
//! | `Directory`      | a directory that exists                                |

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::value::{Choice, Kind, choice, must_be_one_of, one_word, text};
use super::words::{quote, quote_if_needed};
use crate::number::parse_i64;

/// "Snapshot after `seconds` if at least `changes` writes happened."
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SavePoint {
    /// How old the last snapshot must be.
    pub seconds: u64,
    /// How many changes must have come since.
    pub changes: u64,
}

/// The default save points: often when busy, rarely when not.
pub fn default_save_points() -> Vec<SavePoint> {
    [(3600, 1), (300, 100), (60, 10_000)]
        .map(|(seconds, changes)| SavePoint { seconds, changes })
        .to_vec()
}

/// Pairs of seconds and changes; nothing, or an empty word, switches snapshots off.
pub struct SavePoints;

impl Kind for SavePoints {
    type Value = Vec<SavePoint>;

    fn parse(&self, words: &[&[u8]], _now: &Vec<SavePoint>) -> Result<Vec<SavePoint>, String> {
        if matches!(words, [] | [b""]) {
            return Ok(Vec::new());
        }
        let invalid = || "Invalid save parameters".to_owned();
        let number = |word: &[u8], min| {
            parse_i64(word).filter(|n| (min..=i64::from(i32::MAX)).contains(n)).map(|n| n as u64)
        };
        let point = |pair: &[&[u8]]| match pair {
            [seconds, changes] => {
                Some(SavePoint { seconds: number(seconds, 1)?, changes: number(changes, 0)? })
            }
            _ => None,
        };
        words.chunks(2).map(|pair| point(pair).ok_or_else(invalid)).collect()
    }

    fn format(&self, value: &Vec<SavePoint>) -> Vec<u8> {
        let points: Vec<_> =
            value.iter().map(|point| format!("{} {}", point.seconds, point.changes)).collect();
        points.join(" ").into()
    }

    fn lines(&self, value: &Vec<SavePoint>) -> Vec<String> {
        if value.is_empty() {
            return vec!["\"\"".to_owned()];
        }
        value.iter().map(|point| format!("{} {}", point.seconds, point.changes)).collect()
    }

    fn syntax(&self) -> String {
        "seconds changes ...".to_owned()
    }
}

/// Addresses to listen on; a leading `-` says that it may be missing from this machine.
pub struct Addresses;

/// Redis' own limit on the number of addresses.
const MAX_ADDRESSES: usize = 16;

impl Kind for Addresses {
    type Value = Vec<String>;

    fn parse(&self, words: &[&[u8]], _now: &Vec<String>) -> Result<Vec<String>, String> {
        match words {
            [b""] => Ok(Vec::new()),
            words if words.len() > MAX_ADDRESSES => {
                Err("Too many bind addresses specified.".to_owned())
            }
            words => words.iter().map(|word| Ok(text(word)?.to_owned())).collect(),
        }
    }

    fn format(&self, value: &Vec<String>) -> Vec<u8> {
        value.join(" ").into()
    }

    fn lines(&self, value: &Vec<String>) -> Vec<String> {
        if value.is_empty() {
            return vec!["\"\"".to_owned()];
        }
        vec![value.iter().map(quote_if_needed).collect::<Vec<_>>().join(" ")]
    }

    fn syntax(&self) -> String {
        "address ...".to_owned()
    }
}

/// Host and port of the master to replicate, if this server is to be a replica.
pub struct MasterAddress;

impl Kind for MasterAddress {
    type Value = Option<(String, u16)>;

    fn parse(&self, words: &[&[u8]], _now: &Self::Value) -> Result<Self::Value, String> {
        let [host, port] = words else { return Err("wrong number of arguments".to_owned()) };
        if host.eq_ignore_ascii_case(b"no") && port.eq_ignore_ascii_case(b"one") {
            return Ok(None);
        }
        let port = text(port).ok().and_then(|port| port.parse().ok());
        Ok(Some((text(host)?.to_owned(), port.ok_or("Invalid master port")?)))
    }

    fn format(&self, value: &Self::Value) -> Vec<u8> {
        value.as_ref().map_or_else(Vec::new, |(host, port)| format!("{host} {port}").into())
    }

    fn lines(&self, value: &Self::Value) -> Vec<String> {
        value.iter().map(|(host, port)| format!("{} {port}", quote_if_needed(host))).collect()
    }

    fn syntax(&self) -> String {
        "host port".to_owned()
    }
}

/// Percentiles between 0 and 100.
pub struct Percentiles;

impl Kind for Percentiles {
    type Value = Vec<f64>;

    fn parse(&self, words: &[&[u8]], _now: &Vec<f64>) -> Result<Vec<f64>, String> {
        if matches!(words, [b""]) {
            return Ok(Vec::new());
        }
        let parse = |word: &[u8]| match text(word).unwrap_or_default().parse::<f64>() {
            Ok(number) if (0.0..=100.0).contains(&number) => Ok(number),
            Ok(number) if !number.is_nan() => Err("latency-tracking-info-percentiles parameters \
                                                   should sit between [0.0,100.0]"),
            _ => Err("Invalid latency-tracking-info-percentiles parameters"),
        };
        words.iter().map(|word| parse(word).map_err(str::to_owned)).collect()
    }

    fn format(&self, value: &Vec<f64>) -> Vec<u8> {
        let shorten = |number: &f64| {
            let text = format!("{number:.6}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        };
        value.iter().map(shorten).collect::<Vec<_>>().join(" ").into()
    }

    fn lines(&self, value: &Vec<f64>) -> Vec<String> {
        match value.as_slice() {
            [] => vec!["\"\"".to_owned()],
            _ => vec![String::from_utf8_lossy(&self.format(value)).into_owned()],
        }
    }

    fn syntax(&self) -> String {
        "percentile ...".to_owned()
    }
}

/// Scores for the kernel's out-of-memory killer: master, replica, background children.
pub struct OomScores;

impl Kind for OomScores {
    type Value = [i32; 3];

    fn parse(&self, words: &[&[u8]], _now: &[i32; 3]) -> Result<[i32; 3], String> {
        let [master, replica, children] = words else {
            return Err("wrong number of arguments".to_owned());
        };
        let score = |word: &[u8]| {
            let score = text(word)
                .ok()
                .and_then(|word| word.parse().ok())
                .filter(|score| (-2000..=2000).contains(score));
            score.ok_or("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")
        };
        Ok([score(master)?, score(replica)?, score(children)?])
    }

    fn format(&self, value: &[i32; 3]) -> Vec<u8> {
        value.map(|score| score.to_string()).join(" ").into()
    }

    fn syntax(&self) -> String {
        "master replica child".to_owned()
    }
}

choice! {
    /// A word about how to shut down.
    ShutdownWord {
        /// Save if save points are set.
        Default = "default",
        /// Save in any case.
        Save = "save",
        /// Do not save.
        NoSave = "nosave",
        /// Do not wait for replicas that lag.
        Now = "now",
        /// Shut down even if saving fails.
        Force = "force",
    }
}

/// How a signal shuts the server down; all false is the default way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShutdownMode {
    /// Save even without save points.
    pub save: bool,
    /// Do not save even with save points.
    pub no_save: bool,
    /// Do not wait for replicas that lag.
    pub now: bool,
    /// Exit even when saving fails.
    pub force: bool,
}

/// The notation of [`ShutdownMode`]: any of the words.
pub struct OnSignal;

impl Kind for OnSignal {
    type Value = ShutdownMode;

    fn parse(&self, words: &[&[u8]], _now: &ShutdownMode) -> Result<ShutdownMode, String> {
        let names = ShutdownWord::ALL;
        let refuse = || must_be_one_of(names.iter().map(|row| row.0));
        let mut mode = ShutdownMode::default();
        if words.is_empty() {
            return Err(refuse());
        }
        for word in words {
            let found = names.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word));
            match found.ok_or_else(refuse)?.1 {
                ShutdownWord::Default => {}
                ShutdownWord::Save => mode.save = true,
                ShutdownWord::NoSave => mode.no_save = true,
                ShutdownWord::Now => mode.now = true,
                ShutdownWord::Force => mode.force = true,
            }
        }
        if mode.save && mode.no_save {
            return Err("shutdown options SAVE and NOSAVE can't be used simultaneously".to_owned());
        }
        Ok(mode)
    }

    fn format(&self, value: &ShutdownMode) -> Vec<u8> {
        let words = [
            (value.save, "save"),
            (value.no_save, "nosave"),
            (value.now, "now"),
            (value.force, "force"),
        ];
        let set: Vec<_> = words.iter().filter(|row| row.0).map(|row| row.1).collect();
        if set.is_empty() { "default".into() } else { set.join(" ").into() }
    }

    fn syntax(&self) -> String {
        "default|save|nosave|now|force".to_owned()
    }
}

/// A directory that exists, kept as an absolute path.
///
/// Redis makes it the process' working directory. A library must not: two servers may live in one
/// process. So the path is kept, and whoever opens a file joins it.
pub struct Directory;

impl Kind for Directory {
    type Value = PathBuf;

    fn parse(&self, words: &[&[u8]], _now: &PathBuf) -> Result<PathBuf, String> {
        let path = Path::new(OsStr::from_bytes(one_word(words)?));
        let absolute = path.canonicalize().map_err(|error| system_text(&error))?;
        if absolute.is_dir() { Ok(absolute) } else { Err("Not a directory".to_owned()) }
    }

    fn format(&self, value: &PathBuf) -> Vec<u8> {
        value.as_os_str().as_bytes().to_vec()
    }

    fn lines(&self, value: &PathBuf) -> Vec<String> {
        vec![quote(value.as_os_str().as_bytes())]
    }

    fn syntax(&self) -> String {
        "directory".to_owned()
    }
}

/// What the system says about an error, without the number Rust appends.
pub fn system_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::value::outcome;

    #[test]
    fn percentiles_are_shown_without_trailing_zeros() {
        let set = |text| outcome(&Percentiles, &Vec::new(), text);
        assert_eq!(set("0.0001 33.333333 50.50 99.90000001 100"), "0.0001 33.333333 50.5 99.9 100");
        assert_eq!(set("0"), "0");
        assert_eq!(set("50%"), "Invalid latency-tracking-info-percentiles parameters");
        let limits = "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]";
        assert_eq!(set("-1"), limits);
    }

    #[test]
    fn shutdown_words_combine_but_do_not_contradict() {
        let set = |text| outcome(&OnSignal, &ShutdownMode::default(), text);
        assert_eq!(set("Now SAVE save"), "save now");
        assert_eq!(set("default"), "default");
        let both = "shutdown options SAVE and NOSAVE can't be used simultaneously";
        assert_eq!(set("save nosave"), both);
        let names = "argument(s) must be one of the following: default, save, nosave, now, force";
        assert_eq!(set("save foo"), names);
    }

    #[test]
    fn scores_have_limits() {
        let scores = |text| outcome(&OomScores, &[0; 3], text);
        assert_eq!(scores("-2000 0 2000"), "-2000 0 2000");
        let limits = "Invalid oom-score-adj-values, elements must be between -2000 and 2000.";
        assert_eq!(scores("-5 0 2001"), limits);
        assert_eq!(scores("1 2"), "wrong number of arguments");
    }

    #[test]
    fn there_are_at_most_sixteen_addresses() {
        let many = [&b"::1"[..]; MAX_ADDRESSES + 1];
        assert!(Addresses.parse(&many[1..], &Vec::new()).is_ok());
        assert_eq!(
            Addresses.parse(&many, &Vec::new()).unwrap_err(),
            "Too many bind addresses specified."
        );
    }
}
