//! Prints values the way redis-cli prints them on a terminal, one `String` per line.
//!
//! ```text
//! OK                      a status            (integer) 7     an integer
//! "a\x00\n"               a bulk string       (nil)           no bulk string
//! (error) ERR syntax ...  an error            (empty array)   (empty hash)   (empty set)
//! 1) "a"                  an array            1# "a" => "b"   a map
//! 2) 1) "nested"                              1~ "a"          a set
//!    2) "array"                               1> "message"    a push
//! (double) 1.5   (true)   (false)
//! ```
//!
//! Three differences, each because a test must tell apart what a person need not: the null array of
//! RESP2 is `(nil array)`, a push is numbered with `>`, and a verbatim string is quoted behind
//! `(verbatim txt)`, where redis-cli would print it raw.

use super::client::Value;

/// The lines redis-cli would print for `value`.
pub fn lines(value: &Value) -> Vec<String> {
    match value {
        Value::Status(text) => vec![String::from_utf8_lossy(text).into_owned()],
        Value::Error(text) => vec![format!("(error) {}", String::from_utf8_lossy(text))],
        Value::Integer(n) => vec![format!("(integer) {n}")],
        Value::Bulk(text) => vec![quote(text)],
        Value::Nil => vec!["(nil)".into()],
        Value::NilArray => vec!["(nil array)".into()],
        Value::Double(text) => vec![format!("(double) {}", String::from_utf8_lossy(text))],
        Value::BigNumber(text) => vec![format!("(big number) {}", String::from_utf8_lossy(text))],
        Value::Boolean(yes) => vec![format!("({yes})")],
        Value::Verbatim(format, text) => {
            vec![format!("(verbatim {}) {}", String::from_utf8_lossy(format), quote(text))]
        }
        Value::Array(items) => numbered(items.iter().map(lines).collect(), ')', "(empty array)"),
        Value::Set(items) => numbered(items.iter().map(lines).collect(), '~', "(empty set)"),
        Value::Push(items) => numbered(items.iter().map(lines).collect(), '>', "(empty push)"),
        Value::Map(pairs) => {
            numbered(pairs.iter().map(|(k, v)| pair(k, v)).collect(), '#', "(empty hash)")
        }
    }
}

/// `key => value`; further lines of the value are not indented beyond the pair, as in redis-cli.
fn pair(key: &Value, value: &Value) -> Vec<String> {
    let mut all = lines(key);
    let mut values = lines(value).into_iter();
    if let (Some(last), Some(first)) = (all.last_mut(), values.next()) {
        last.push_str(" => ");
        last.push_str(&first);
    }
    all.extend(values);
    all
}

/// Numbers the blocks, right-aligned, and indents the lines after the first of each.
fn numbered(blocks: Vec<Vec<String>>, mark: char, empty: &str) -> Vec<String> {
    if blocks.is_empty() {
        return vec![empty.into()];
    }
    let width = blocks.len().to_string().len();
    let mut all = Vec::new();
    for (i, block) in blocks.into_iter().enumerate() {
        for (j, line) in block.into_iter().enumerate() {
            all.push(match j {
                0 => format!("{:>width$}{mark} {line}", i + 1),
                _ => format!("{:1$}{line}", "", width + 2),
            });
        }
    }
    all
}

/// A binary string between double quotes, with C's escapes.
pub fn quote(text: &[u8]) -> String {
    let mut out = String::from("\"");
    for &byte in text {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'"' => out.push_str("\\\""),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x07 => out.push_str("\\a"),
            0x08 => out.push_str("\\b"),
            b' '..=b'~' => out.push(byte as char),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}

/// A command on one line, each argument quoted only where it would not survive bare.
pub fn command<T: AsRef<[u8]>>(args: &[T]) -> String {
    let bare = |arg: &[u8]| {
        !arg.is_empty() && arg.iter().all(|b| b.is_ascii_graphic() && !b"\"'\\".contains(b))
    };
    let word = |arg: &T| match arg.as_ref() {
        arg if bare(arg) => String::from_utf8_lossy(arg).into_owned(),
        arg => quote(arg),
    };
    args.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// Splits a line into arguments by redis-cli's rules: blanks separate, `"..."` knows escapes,
/// `'...'` knows only `\'`, and a closing quote must end its argument.
pub fn split(line: &str) -> Result<Vec<Vec<u8>>, String> {
    let bytes = line.as_bytes();
    let mut args = Vec::new();
    let mut at = 0;
    loop {
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        let Some(&first) = bytes.get(at) else { return Ok(args) };
        let mut arg = Vec::new();
        if first == b'"' || first == b'\'' {
            at = quoted(bytes, at + 1, first, &mut arg)?;
            if bytes.get(at).is_some_and(|b| !b.is_ascii_whitespace()) {
                return Err(format!("text follows a closing quote: {line}"));
            }
        } else {
            while let Some(&byte) = bytes.get(at).filter(|b| !b.is_ascii_whitespace()) {
                arg.push(byte);
                at += 1;
            }
        }
        args.push(arg);
    }
}

/// Reads up to the closing quote into `arg`, and answers where the text goes on.
fn quoted(bytes: &[u8], mut at: usize, end: u8, arg: &mut Vec<u8>) -> Result<usize, String> {
    loop {
        let Some(&byte) = bytes.get(at) else { return Err("unbalanced quotes".into()) };
        at += 1;
        if byte == end {
            return Ok(at);
        }
        if byte != b'\\' {
            arg.push(byte);
            continue;
        }
        let next = bytes.get(at).copied().unwrap_or(b'\\');
        if end == b'\'' {
            if next == b'\'' {
                at += 1;
            }
            arg.push(if next == b'\'' { b'\'' } else { b'\\' });
            continue;
        }
        at += 1;
        let hex = bytes.get(at..at + 2).and_then(|h| std::str::from_utf8(h).ok());
        match (next, hex.and_then(|h| u8::from_str_radix(h, 16).ok())) {
            (b'x', Some(value)) => {
                arg.push(value);
                at += 2;
            }
            (b'n', _) => arg.push(b'\n'),
            (b'r', _) => arg.push(b'\r'),
            (b't', _) => arg.push(b'\t'),
            (b'b', _) => arg.push(0x08),
            (b'a', _) => arg.push(0x07),
            (other, _) => arg.push(other),
        }
    }
}

#[test]
fn a_reply_is_printed_as_redis_cli_prints_it() {
    let bulk = |text: &str| Value::Bulk(text.into());
    let nested = Value::Array(vec![bulk("x"), bulk("y")]);
    let reply = Value::Array(vec![Value::Map(vec![(bulk("k"), nested)]), Value::Nil]);
    let expected = ["1) 1# \"k\" => 1) \"x\"", "      2) \"y\"", "2) (nil)"];
    assert_eq!(lines(&reply), expected);
}

#[test]
fn splitting_undoes_quoting() {
    let args: [&[u8]; 5] = [b"SET", b"", b"a b", b"\x00\xff\"\\\r\n", b"it's"];
    assert_eq!(split(&command(&args)).unwrap(), args);
    assert_eq!(split(r"'a\'b' c").unwrap(), [b"a'b".to_vec(), b"c".to_vec()]);
    assert!(split("\"a\"b").is_err() && split("\"a").is_err());
}
