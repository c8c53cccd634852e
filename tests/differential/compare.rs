//! When two replies agree, and what is read at the end to compare two keyspaces.
//!
//! Most replies must agree byte for byte, type for type: a status is no bulk string, and a double
//! that is printed differently is a difference. A [`Check`] relaxes exactly one thing, and errors
//! are always compared exactly, since clients branch on their texts.

use crate::client::Value;
use crate::generator::Command;

/// How much of a reply has to agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Check {
    /// All of it.
    Exact,
    /// All of it, but collections may come in any order, at every level.
    Unordered,
    /// As `Unordered`, for an array in which every two elements belong together.
    Pairs,
    /// Positive integers may differ by so much: what is left of a time to live.
    Near(i64),
    /// All of it, but for addresses that a script shows: `table: 0x55d0c8a1b2c0`, and for ends of lines that
    /// Redis leaves in an error.
    Addresses,
    /// Only the type and the number of elements: the server rolled dice.
    Shape,
}

impl Check {
    /// Do the replies agree?
    pub fn agree(self, ours: &Value, theirs: &Value) -> bool {
        match self {
            Check::Exact => ours == theirs,
            Check::Unordered => sorted(ours, 1) == sorted(theirs, 1),
            Check::Pairs => sorted(ours, 2) == sorted(theirs, 2),
            Check::Near(tolerance) => near(ours, theirs, tolerance),
            Check::Addresses => {
                ours == theirs || without_addresses(ours) == without_addresses(theirs)
            }
            Check::Shape => shape(ours) == shape(theirs),
        }
    }
}

/// The same value with every collection sorted, in groups of `step` elements. The order is that of
/// the debug format: any total order will do.
fn sorted(value: &Value, step: usize) -> Value {
    let sort = |items: &[Value], step: usize| {
        let items: Vec<Value> = items.iter().map(|item| sorted(item, step)).collect();
        let mut groups: Vec<&[Value]> = items.chunks(step).collect();
        groups.sort_by_cached_key(|group| format!("{group:?}"));
        groups.concat()
    };
    match value {
        // A scan's reply is a cursor and the elements: only the elements are groups.
        Value::Array(items) if matches!(items.as_slice(), [Value::Bulk(_), Value::Array(_)]) => {
            Value::Array(items.iter().map(|item| sorted(item, step)).collect())
        }
        Value::Array(items) => Value::Array(sort(items, step)),
        Value::Set(items) => Value::Set(sort(items, 1)),
        Value::Map(pairs) => {
            let mut pairs: Vec<_> =
                pairs.iter().map(|(key, value)| (sorted(key, 1), sorted(value, 1))).collect();
            pairs.sort_by_cached_key(|pair| format!("{pair:?}"));
            Value::Map(pairs)
        }
        other => other.clone(),
    }
}

/// The same value with `0x` in place of addresses.
fn without_addresses(value: &Value) -> Value {
    let all = |items: &[Value]| items.iter().map(without_addresses).collect();
    match value {
        Value::Error(text) => {
            let text = shortened(text).into_iter();
            Value::Error(text.map(|byte| if byte == b'\n' { b' ' } else { byte }).collect())
        }
        Value::Bulk(text) => Value::Bulk(shortened(text)),
        Value::Array(items) => Value::Array(all(items)),
        Value::Set(items) => Value::Set(all(items)),
        other => other.clone(),
    }
}

fn shortened(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.windows(2).position(|two| two == b"0x") {
        out.extend_from_slice(&rest[..at + 2]);
        rest = &rest[at + 2..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        rest = if digits >= ADDRESS { &rest[digits..] } else { rest };
    }
    out.extend_from_slice(rest);
    out
}

/// Addresses have so many digits, at least.
const ADDRESS: usize = 8;

fn near(ours: &Value, theirs: &Value, tolerance: i64) -> bool {
    match (ours, theirs) {
        (Value::Integer(a), Value::Integer(b)) => {
            a == b || (*a >= 0 && *b >= 0 && (a - b).abs() <= tolerance)
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| near(a, b, tolerance))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && near(&a.1, &b.1, tolerance))
        }
        _ => ours == theirs,
    }
}

/// The type, the length, and the text only of an error.
fn shape(value: &Value) -> (std::mem::Discriminant<Value>, usize, Option<&[u8]>) {
    let (length, text) = match value {
        Value::Error(text) => (0, Some(text.as_slice())),
        Value::Array(items) | Value::Set(items) => (items.len(), None),
        Value::Map(pairs) => (pairs.len(), None),
        _ => (0, None),
    };
    (std::mem::discriminant(value), length, text)
}

/// The commands that read all there is of a key of this type.
pub fn reads(key: &[u8], kind: &[u8], is_later: bool) -> Vec<Command> {
    let (syntax, check) = match kind {
        b"string" => ("GET @", Check::Exact),
        b"list" => ("LRANGE @ 0 -1", Check::Exact),
        b"hash" => ("HGETALL @", Check::Pairs),
        b"set" => ("SMEMBERS @", Check::Unordered),
        b"zset" => ("ZRANGE @ 0 -1 WITHSCORES", Check::Exact),
        b"stream" => ("XRANGE @ - +", Check::Exact),
        _ => ("TYPE @", Check::Exact),
    };
    let command = |syntax: &str, check| Command {
        argv: syntax
            .split(' ')
            .map(|word| if word == "@" { key.to_vec() } else { word.as_bytes().to_vec() })
            .collect(),
        check,
    };
    let mut reads = vec![command(syntax, check), command("PTTL @", Check::Near(2000))];
    if kind == b"stream" {
        // Lag and consumers are another matter in a later version: what is pending has to do.
        let groups =
            if is_later { &["XPENDING @ g0", "XPENDING @ g1"][..] } else { &["XINFO GROUPS @"] };
        reads.extend(groups.iter().map(|syntax| command(syntax, Check::Exact)));
    }
    reads
}

#[test]
fn each_check_relaxes_one_thing() {
    let bulks = |text: &str| {
        Value::Array(text.split(' ').map(|word| Value::Bulk(word.as_bytes().to_vec())).collect())
    };
    assert!(Check::Unordered.agree(&bulks("a b c"), &bulks("c a b")));
    assert!(!Check::Unordered.agree(&bulks("a b b"), &bulks("a a b")));
    assert!(Check::Pairs.agree(&bulks("a b c d"), &bulks("c d a b")));
    assert!(!Check::Pairs.agree(&bulks("a b c d"), &bulks("c b a d")));
    let scan = |text| Value::Array(vec![Value::Bulk(b"0".to_vec()), bulks(text)]);
    assert!(Check::Pairs.agree(&scan("a b c d"), &scan("c d a b")));
    assert!(!Check::Pairs.agree(&scan("a b c d"), &scan("c b a d")));
    assert!(Check::Near(2).agree(&Value::Integer(9), &Value::Integer(11)));
    assert!(!Check::Near(2).agree(&Value::Integer(-1), &Value::Integer(-2)));
    assert!(Check::Shape.agree(&bulks("a b"), &bulks("x y")));
    assert!(!Check::Shape.agree(&bulks("a b"), &bulks("x")));
    let error = |text: &str| Value::Error(text.as_bytes().to_vec());
    assert!(!Check::Shape.agree(&error("ERR a"), &error("ERR b")));
}
