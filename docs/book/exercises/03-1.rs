//! The same reply, in two protocols.
//!
//! Write `encode`. The table says how each reply looks; `\r\n` ends every line of it, and the parts of
//! a reply follow each other without anything in between.
//!
//! | reply | RESP2 | RESP3 |
//! |---|---|---|
//! | `Status` | `+OK` | the same |
//! | `Integer` | `:5` | the same |
//! | `Bulk` | `$2` `hi` | the same |
//! | `Nil` | `$-1` | `_` |
//! | `Boolean` | `:1`, `:0` | `#t`, `#f` |
//! | `Array` | `*2`, then each | the same |
//! | `Map` | an array of keys and values in turn | `%` and the number of pairs, then each |
//! | `Push` | an array | `>2`, then each |

#[derive(Clone, Copy, PartialEq)]
pub enum Protocol {
    Resp2,
    Resp3,
}

pub enum Reply {
    Status(&'static str),
    Integer(i64),
    Bulk(Vec<u8>),
    Nil,
    Boolean(bool),
    Array(Vec<Reply>),
    Map(Vec<(Reply, Reply)>),
    Push(Vec<Reply>),
}

/// Adds the bytes of a reply to `out`.
pub fn encode(reply: &Reply, protocol: Protocol, out: &mut Vec<u8>) {
    match reply {
        Reply::Status(text) => out.extend_from_slice(format!("+{text}\r\n").as_bytes()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::Protocol::{Resp2, Resp3};
    use super::Reply::*;
    use super::*;

    #[track_caller]
    fn check(reply: Reply, resp2: &str, resp3: &str) {
        for (protocol, expected) in [(Resp2, resp2), (Resp3, resp3)] {
            let mut out = b"+before\r\n".to_vec();
            encode(&reply, protocol, &mut out);
            let expected = format!("+before\r\n{}", expected.replace('|', "\r\n"));
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
    }

    #[test]
    fn simple_replies() {
        check(Status("OK"), "+OK|", "+OK|");
        check(Integer(-5), ":-5|", ":-5|");
        check(Bulk(b"hi".to_vec()), "$2|hi|", "$2|hi|");
        check(Bulk(Vec::new()), "$0||", "$0||");
        check(Nil, "$-1|", "_|");
        check(Boolean(true), ":1|", "#t|");
        check(Boolean(false), ":0|", "#f|");
    }

    #[test]
    fn bytes_are_not_letters() {
        let mut out = Vec::new();
        encode(&Bulk(b"\xff\r\n\x00".to_vec()), Resp2, &mut out);
        assert_eq!(out, b"$4\r\n\xff\r\n\x00\r\n");
    }

    #[test]
    fn replies_of_replies() {
        check(Array(vec![Integer(1), Nil]), "*2|:1|$-1|", "*2|:1|_|");
        check(Array(Vec::new()), "*0|", "*0|");
        let map = || Map(vec![(Bulk(b"a".to_vec()), Integer(1)), (Nil, Boolean(true))]);
        check(map(), "*4|$1|a|:1|$-1|:1|", "%2|$1|a|:1|_|#t|");
        check(Push(vec![Status("x"), map()]), "*2|+x|*4|$1|a|:1|$-1|:1|", ">2|+x|%2|$1|a|:1|_|#t|");
    }
}
