//! A handler of your own.
//!
//! `GETRANGE key start end` answers the bytes from `start` to `end`, both included. Negative numbers count
//! from the end: -1 is the last byte. One that reaches back beyond the first byte means the first byte, also
//! as the end: `0 -100` is one byte. What lies behind the last byte is left out; if nothing is left, the
//! answer is the empty string, and so it is for a key that isn't there. Write it as a handler: with
//! `ctx.read`, `integer` and `reply.bulk`. Mind the order: numbers that are none are an error, whatever the
//! key is.

use std::collections::HashMap;

pub enum Value {
    Text(Vec<u8>),
    List(Vec<Vec<u8>>),
}

pub type Error = &'static str;
pub const NOT_INTEGER: Error = "ERR value is not an integer or out of range";
pub const WRONG_TYPE: Error = "WRONGTYPE Operation against a key holding the wrong kind of value";

/// How a handler reaches the data.
#[derive(Default)]
pub struct Context {
    pub keys: HashMap<Vec<u8>, Value>,
}

impl Context {
    /// The string in a key; None: there is no such key.
    pub fn read(&self, key: &[u8]) -> Result<Option<&[u8]>, Error> {
        match self.keys.get(key) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::List(_)) => Err(WRONG_TYPE),
        }
    }
}

#[derive(Default)]
pub struct Reply(pub Vec<u8>);

impl Reply {
    pub fn bulk(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(format!("${}\r\n", bytes.len()).as_bytes());
        self.0.extend_from_slice(bytes);
        self.0.extend_from_slice(b"\r\n");
    }
}

pub fn integer(text: &[u8]) -> Result<i64, Error> {
    str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(NOT_INTEGER)
}

/// `GETRANGE key start end`
pub fn getrange(ctx: &mut Context, args: &[&[u8]], reply: &mut Reply) -> Result<(), Error> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(request: &str) -> Result<String, Error> {
        let list = Value::List(vec![b"a".to_vec()]);
        let text = Value::Text(b"This is a string".to_vec());
        let keys = HashMap::from([(b"k".to_vec(), text), (b"list".to_vec(), list)]);
        let args: Vec<&[u8]> = request.split(' ').map(str::as_bytes).collect();
        let mut reply = Reply::default();
        getrange(&mut Context { keys }, &args, &mut reply)?;
        Ok(String::from_utf8_lossy(&reply.0).replace("\r\n", "|"))
    }

    #[test]
    fn ranges() {
        for (range, reply) in [
            ("0 3", "$4|This|"),
            ("-3 -1", "$3|ing|"),
            ("0 -1", "$16|This is a string|"),
            ("10 100", "$6|string|"),
            ("-100 3", "$4|This|"),
            ("5 3", "$0||"),
            ("16 20", "$0||"),
            ("0 -100", "$1|T|"),
            ("-1 -5", "$0||"),
        ] {
            assert_eq!(answer(&format!("GETRANGE k {range}")).as_deref(), Ok(reply), "{range}");
        }
    }

    #[test]
    fn no_key_is_an_empty_string() {
        assert_eq!(answer("GETRANGE nosuch 0 -1").as_deref(), Ok("$0||"));
    }

    #[test]
    fn errors() {
        assert_eq!(answer("GETRANGE list 0 1"), Err(WRONG_TYPE));
        for wrong in ["GETRANGE k 0 x", "GETRANGE list x 1", "GETRANGE nosuch x 1"] {
            assert_eq!(answer(wrong), Err(NOT_INTEGER), "{wrong}");
        }
    }

    #[test]
    fn numbers_of_any_size() {
        let (least, most) = (i64::MIN, i64::MAX);
        let whole = Ok("$16|This is a string|");
        assert_eq!(answer(&format!("GETRANGE k {least} {most}")).as_deref(), whole);
        assert_eq!(answer(&format!("GETRANGE k {most} {most}")).as_deref(), Ok("$0||"));
    }
}
