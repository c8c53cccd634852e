//! Replies as redis-cli prints them on a terminal.
//!
//! ```text
//! 1) "a"                     an array
//! 2) (integer) 1
//! 3) 1) (nil)                one in it is indented by what stands before it
//!    2) (error) ERR no
//! ```

use crate::config::words::quote_to;
use crate::server::reply::Reply;

/// More than this is not shown.
const SHOWN: usize = 64 * 1024;

/// The text of a reply. Some commands reply a text for people, which is printed as it is: `is_plain`.
pub fn print(reply: &Reply, is_plain: bool) -> String {
    let mut out = String::new();
    match reply {
        Reply::Bulk(text) if is_plain => out.push_str(&String::from_utf8_lossy(text)),
        reply => add(reply, "", &mut out),
    }
    let len = out.len();
    if len > SHOWN {
        out.truncate((0..=SHOWN).rev().find(|end| out.is_char_boundary(*end)).unwrap_or(0));
        out.push_str(&format!("... ({} more bytes)", len - out.len()));
    }
    out
}

fn add(reply: &Reply, indent: &str, out: &mut String) {
    if out.len() > SHOWN {
        return;
    }
    match reply {
        Reply::Status(text) | Reply::Verbatim(text) => out.push_str(&String::from_utf8_lossy(text)),
        Reply::Error(text) => out.extend(["(error) ", &String::from_utf8_lossy(text)]),
        Reply::Number(kind, text) => {
            let name = if *kind == b',' { "(double) " } else { "(integer) " };
            out.extend([name, &String::from_utf8_lossy(text)]);
        }
        Reply::Bulk(text) => quote_to(&text[..text.len().min(SHOWN + 1)], out),
        Reply::Flag(flag) => out.push_str(if *flag { "(true)" } else { "(false)" }),
        Reply::Null => out.push_str("(nil)"),
        Reply::Push(_) => out.push_str("(push)"),
        Reply::Array(items) if items.is_empty() => out.push_str("(empty array)"),
        Reply::Set(items) if items.is_empty() => out.push_str("(empty set)"),
        Reply::Map(pairs) if pairs.is_empty() => out.push_str("(empty hash)"),
        Reply::Array(items) => rows(items, ')', indent, out, add),
        Reply::Set(items) => rows(items, '~', indent, out, add),
        Reply::Map(pairs) => rows(pairs, '#', indent, out, |(key, value), indent, out| {
            add(key, indent, out);
            out.push_str(" => ");
            add(value, indent, out);
        }),
    }
}

/// Numbered rows, the numbers as wide as the last one.
fn rows<T>(
    items: &[T],
    mark: char,
    indent: &str,
    out: &mut String,
    mut add: impl FnMut(&T, &str, &mut String),
) {
    let width = items.len().to_string().len();
    let inner = format!("{indent}{}", " ".repeat(width + 2));
    for (index, item) in items.iter().enumerate() {
        if out.len() > SHOWN {
            return;
        }
        if index > 0 {
            out.push('\n');
            out.push_str(indent);
        }
        out.push_str(&format!("{:>width$}{mark} ", index + 1));
        add(item, &inner, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What redis-cli 7.0.15 has printed for these replies.
    #[test]
    fn replies_look_as_in_redis_cli() {
        for (reply, shown) in [
            ("+OK\r\n", "OK"),
            ("-ERR no\r\n", "(error) ERR no"),
            (":7\r\n", "(integer) 7"),
            ("$-1\r\n", "(nil)"),
            ("$4\r\na\"\x01\n\r\n", "\"a\\\"\\x01\\n\""),
            ("*0\r\n", "(empty array)"),
            ("*2\r\n*2\r\n:1\r\n$1\r\nx\r\n$-1\r\n", "1) 1) (integer) 1\n   2) \"x\"\n2) (nil)"),
            ("%1\r\n$1\r\na\r\n,1.5\r\n", "1# \"a\" => (double) 1.5"),
            ("#t\r\n", "(true)"),
        ] {
            let reply = Reply::read(&mut reply.as_bytes(), 1000).unwrap();
            assert_eq!(print(&reply, false), shown);
        }
        let ten = Reply::Array(vec![Reply::Null; 10]);
        assert!(print(&ten, false).starts_with(" 1) (nil)\n 2) (nil)\n"));
        assert!(print(&Reply::Bulk(vec![b'x'; 100_000]), false).ends_with(" more bytes)"));
        assert_eq!(print(&Reply::Bulk(b"a\r\nb".into()), true), "a\r\nb");
    }
}
