//! The options of SET.
//!
//! Write `parse`. It gets what follows the value: options in any order and any case.
//!
//! | option | means |
//! |---|---|
//! | `NX`, `XX` | only if the key isn't there; only if it is. Not both |
//! | `GET` | answer the old value |
//! | `EX seconds`, `PX milliseconds` | a time to live, a positive number. One of them |
//! | `KEEPTTL` | keep the time to live that there was. Not with EX or PX |
//!
//! Anything else is `ERR syntax error`. A time that is no number is `ERR value is not an integer or out of
//! range`; one that isn't positive, or is too large to be counted in milliseconds, is `ERR invalid expire
//! time in 'set' command`. The syntax is checked to the end before the times are.

#[derive(Debug, Default, PartialEq)]
pub struct Options {
    pub only_new: bool,
    pub only_existing: bool,
    pub get: bool,
    pub keep_ttl: bool,
    /// The time to live in milliseconds.
    pub ttl_ms: Option<i64>,
}

pub const SYNTAX: &str = "ERR syntax error";
pub const NOT_INTEGER: &str = "ERR value is not an integer or out of range";
pub const INVALID_TIME: &str = "ERR invalid expire time in 'set' command";

pub fn parse(words: &[&str]) -> Result<Options, &'static str> {
    Ok(Options::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Options, &'static str> {
        parse(&text.split_whitespace().collect::<Vec<_>>())
    }

    #[test]
    fn each_option() {
        assert_eq!(parsed(""), Ok(Options::default()));
        assert_eq!(parsed("NX"), Ok(Options { only_new: true, ..Options::default() }));
        let both = Options { only_existing: true, get: true, ..Options::default() };
        assert_eq!(parsed("get xx"), Ok(both));
        assert_eq!(parsed("KeepTTL"), Ok(Options { keep_ttl: true, ..Options::default() }));
        let ttl = |ttl_ms| Ok(Options { ttl_ms: Some(ttl_ms), ..Options::default() });
        assert_eq!([parsed("EX 10"), parsed("px 1500")], [ttl(10_000), ttl(1500)]);
    }

    #[test]
    fn options_that_exclude_each_other() {
        for wrong in ["NX XX", "xx nx", "EX 10 PX 10", "KEEPTTL EX 10", "PX 10 KEEPTTL"] {
            assert_eq!(parsed(wrong), Err(SYNTAX), "{wrong}");
        }
        assert!(parsed("NX NX GET GET").is_ok(), "twice is not too often");
    }

    #[test]
    fn what_is_no_option() {
        for wrong in ["NOSUCH", "EX", "NX EX", "10", "GET 10"] {
            assert_eq!(parsed(wrong), Err(SYNTAX), "{wrong}");
        }
    }

    #[test]
    fn times_that_can_not_be() {
        for (text, error) in [
            ("EX ten", NOT_INTEGER),
            ("PX 1.5", NOT_INTEGER),
            ("EX 0", INVALID_TIME),
            ("PX -1", INVALID_TIME),
            ("EX 9223372036854775807", INVALID_TIME),
            ("EX ten NOSUCH", SYNTAX),
        ] {
            assert_eq!(parsed(text), Err(error), "{text}");
        }
    }
}
