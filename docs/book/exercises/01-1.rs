//! A command of your own.
//!
//! `APPEND key text` puts `text` behind what the key holds and answers the new length. A key that
//! isn't there counts as empty. Add it to `execute`. Think of the key that holds a list: it must
//! answer the error that every other command answers, and change nothing.

use std::collections::{HashMap, VecDeque};

pub type Bytes = Vec<u8>;

pub enum Value {
    Text(Bytes),
    List(VecDeque<Bytes>),
}

pub const WRONG_TYPE: &str = "WRONGTYPE Operation against a key holding the wrong kind of value";

#[derive(Debug, PartialEq)]
pub enum Reply {
    Integer(i64),
    Bulk(Bytes),
    Nil,
    Error(&'static str),
}

/// Does what a request says. Whoever calls has the lock.
pub fn execute(data: &mut HashMap<Bytes, Value>, request: &[&[u8]]) -> Reply {
    match request {
        [b"GET", key] => match data.get(*key) {
            None => Reply::Nil,
            Some(Value::Text(text)) => Reply::Bulk(text.clone()),
            Some(Value::List(_)) => Reply::Error(WRONG_TYPE),
        },
        _ => Reply::Error("ERR unknown command"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_appended_is_behind_what_was_there() {
        let mut data = HashMap::new();
        assert_eq!(execute(&mut data, &[b"APPEND", b"k", b"Hello"]), Reply::Integer(5));
        assert_eq!(execute(&mut data, &[b"APPEND", b"k", b", you"]), Reply::Integer(10));
        assert_eq!(execute(&mut data, &[b"GET", b"k"]), Reply::Bulk(b"Hello, you".to_vec()));
        assert_eq!(execute(&mut data, &[b"APPEND", b"k", b""]), Reply::Integer(10));
    }

    #[test]
    fn a_list_is_no_text() {
        let list = VecDeque::from([b"a".to_vec()]);
        let mut data = HashMap::from([(b"k".to_vec(), Value::List(list))]);
        assert_eq!(execute(&mut data, &[b"APPEND", b"k", b"b"]), Reply::Error(WRONG_TYPE));
        let Some(Value::List(list)) = data.get(&b"k"[..]) else { panic!("the list is gone") };
        assert_eq!(list.len(), 1);
    }

    #[test]
    fn bytes_are_not_letters() {
        let mut data = HashMap::new();
        assert_eq!(execute(&mut data, &[b"APPEND", b"k", b"\xff\x00"]), Reply::Integer(2));
        assert_eq!(execute(&mut data, &[b"GET", b"k"]), Reply::Bulk(b"\xff\x00".to_vec()));
    }
}
