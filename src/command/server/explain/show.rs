//! A journey as it is replied: a status line for each step, which redis-cli shows as it is, or one JSON text.

use std::fmt::Write;

use crate::engine::journey::{Fact, Step};
use crate::resp::inline::hex;
use crate::resp::{Args, Reply};

/// What of a text is shown: an argument may be of any length.
const SHOWN: usize = 256;

/// Replies the steps, those of called commands indented, and the command's own reply behind them.
pub fn lines(steps: &[Step], answer: &Reply, reply: &mut Reply) {
    let mut lines = Vec::new();
    add_lines(steps, 0, &mut lines);
    reply.array(lines.len() + 1);
    lines.iter().for_each(|line| reply.simple_text(line.as_bytes()));
    reply.append(answer);
}

fn add_lines(steps: &[Step], depth: usize, lines: &mut Vec<String>) {
    for step in steps {
        let indent = "  ".repeat(depth);
        lines.push(format!("{indent}{:<8} {}  [{}]", step.kind, step.text, step.place));
        add_lines(&step.inside, depth + 1, lines);
    }
}

/// The same as data.
pub fn json(request: Args<'_>, steps: &[Step], answer: &Reply) -> String {
    let mut out = String::from("{\"request\":");
    let words: Vec<String> = request.iter().map(escaped).collect();
    texts(&words, &mut out);
    out.push_str(",\"steps\":");
    add_steps(steps, &mut out);
    out.push_str(",\"reply\":");
    text(&escaped(answer.as_bytes()), &mut out);
    out.push('}');
    out
}

fn add_steps(steps: &[Step], out: &mut String) {
    list(steps, out, |step, out| {
        for (name, value) in [("step", step.kind), ("text", &step.text), ("place", step.place)] {
            out.push(if name == "step" { '{' } else { ',' });
            field(name, out);
            text(value, out);
        }
        for (name, fact) in &step.facts {
            out.push(',');
            field(name, out);
            match fact {
                Fact::Text(value) => text(value, out),
                Fact::Number(value) => out.push_str(&value.to_string()),
                Fact::Flag(value) => out.push_str(if *value { "true" } else { "false" }),
                Fact::List(values) => texts(values, out),
            }
        }
        if !step.inside.is_empty() {
            out.push_str(",\"inside\":");
            add_steps(&step.inside, out);
        }
        out.push('}');
    });
}

fn list<T>(values: &[T], out: &mut String, mut write: impl FnMut(&T, &mut String)) {
    out.push('[');
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(value, out);
    }
    out.push(']');
}

fn texts(values: &[String], out: &mut String) {
    list(values, out, |value, out| text(value, out));
}

fn field(name: &str, out: &mut String) {
    text(name, out);
    out.push(':');
}

/// A JSON string.
fn text(value: &str, out: &mut String) {
    out.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\0'..='\x1f' => {
                let _ = write!(out, "\\u{:04x}", c as u32); // a String takes all
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

/// Bytes as a text in which everything that isn't printable is escaped, as redis-cli does it.
fn escaped(bytes: &[u8]) -> String {
    let mut out = String::new();
    for &byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\r' => out.push_str("\\r"),
            b'\n' => out.push_str("\\n"),
            b' '..=b'~' => out.push(byte.into()),
            _ => {
                let _ = write!(out, "\\x{byte:02x}"); // a String takes all
            }
        }
    }
    out
}

/// The bytes of a text that was [escaped].
pub fn unescape(mut text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    loop {
        let (byte, rest) = match text {
            [] => return bytes,
            [b'\\', b'r', rest @ ..] => (b'\r', rest),
            [b'\\', b'n', rest @ ..] => (b'\n', rest),
            [b'\\', b'x', high, low, rest @ ..] => (hex(*high) << 4 | hex(*low), rest),
            [b'\\', escaped, rest @ ..] => (*escaped, rest),
            [byte, rest @ ..] => (*byte, rest),
        };
        bytes.push(byte);
        text = rest;
    }
}

/// The same in quotes, and no more than people want to read.
pub fn quoted(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(SHOWN)];
    let end = if shown.len() < bytes.len() { "..." } else { "" };
    format!("\"{}\"{end}", escaped(shown).replace('"', "\\\""))
}

/// What kind of reply these bytes are.
pub fn kind(reply: &[u8]) -> &'static str {
    match reply {
        [] => "none",
        [b'$' | b'*', b'-', ..] | [b'_', ..] => "null",
        [b'+', ..] => "status",
        [b'-', ..] => "error",
        [b':', ..] => "integer",
        [b'$', ..] => "bulk string",
        [b'*', ..] => "array",
        [b'%', ..] => "map",
        [b'~', ..] => "set",
        [b',', ..] => "double",
        [b'#', ..] => "boolean",
        [b'(', ..] => "big number",
        [b'=', ..] => "verbatim string",
        [b'>', ..] => "push",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_comes_back() {
        let bytes: Vec<u8> = (0..=255).chain(*b"\\x41\\\n\r\n").collect();
        assert_eq!(unescape(escaped(&bytes).as_bytes()), bytes);
    }
    use crate::engine::journey::Journey;
    use crate::resp::{Protocol, Request};

    #[test]
    fn json_holds_any_bytes() {
        let mut journey = Journey::default();
        let step = journey.add("key", "a \"b\"\u{1}".to_owned(), "src/x.rs:1");
        step.number("bytes", 5).flag("found", false).list("effects", vec!["c\\".to_owned()]);
        let mut answer = Reply::new(Protocol::Resp2);
        answer.bulk(b"\xff\n");
        let request = Request::new([&b"GET"[..], b"\x00k"]);
        assert_eq!(
            json(request.args(), &journey.steps, &answer),
            r#"{"request":["GET","\\x00k"],"steps":[{"step":"key","text":"a \"b\"\u0001","#
                .to_owned()
                + r#""place":"src/x.rs:1","bytes":5,"found":false,"effects":["c\\"]}],"#
                + r#""reply":"$2\\r\\n\\xff\\n\\r\\n"}"#
        );
    }

    #[test]
    fn lines_of_called_commands_are_indented() {
        let mut journey = Journey::default();
        let mut inner = Journey::default();
        inner.add("row", "get".to_owned(), "src/b.rs:2");
        journey.add("handler", "exec".to_owned(), "src/a.rs:1").inside = inner.steps;
        let (mut answer, mut reply) = (Reply::default(), Reply::default());
        answer.ok();
        lines(&journey.steps, &answer, &mut reply);
        let text = String::from_utf8_lossy(reply.as_bytes()).into_owned();
        assert_eq!(
            text,
            "*3\r\n+handler  exec  [src/a.rs:1]\r\n+  row      get  [src/b.rs:2]\r\n+OK\r\n"
        );
    }
}
