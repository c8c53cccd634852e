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
        [b"APPEND", key, more] => {
            let value = data.entry(key.to_vec()).or_insert(Value::Text(Bytes::new()));
            let Value::Text(text) = value else { return Reply::Error(WRONG_TYPE) };
            text.extend_from_slice(more);
            Reply::Integer(text.len() as i64)
        }
        _ => Reply::Error("ERR unknown command"),
    }
}
