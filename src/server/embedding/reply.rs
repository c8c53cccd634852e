//! A reply as a value, whichever version of the protocol it comes in.
//!
//! ```text
//! *2\r\n  $1\r\na\r\n  :5\r\n        Array([Bulk("a"), Integer(5)])
//! ```
//!
//! It trusts the peer, which is the server of this process.

use std::io;
use std::str::FromStr;

use crate::server::reply::Reply;

/// What a server says.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Nothing.
    Null,
    /// A short text: `OK`.
    Simple(String),
    /// An error's text.
    Error(String),
    /// A number.
    Integer(i64),
    /// Bytes.
    Bulk(Vec<u8>),
    /// Values in order.
    Array(Vec<Value>),
    /// Pairs, of RESP3.
    Map(Vec<(Value, Value)>),
    /// Values without an order, of RESP3.
    Set(Vec<Value>),
    /// A message, of RESP3.
    Push(Vec<Value>),
    /// A floating-point number, of RESP3.
    Double(f64),
    /// Yes or no, of RESP3.
    Boolean(bool),
    /// A number of any length, of RESP3.
    BigNumber(String),
}

impl Value {
    /// Whether it is `OK`.
    ///
    /// ```
    /// assert!(cacheflow::Value::Simple("OK".to_owned()).is_ok());
    /// ```
    pub fn is_ok(&self) -> bool {
        matches!(self, Value::Simple(text) if text == "OK")
    }

    /// Whether it is an error.
    ///
    /// ```
    /// assert!(cacheflow::Value::Error("ERR no".to_owned()).is_error());
    /// ```
    pub fn is_error(&self) -> bool {
        matches!(self, Value::Error(_))
    }

    /// The bytes of a text, if it is one.
    ///
    /// ```
    /// assert_eq!(cacheflow::Value::Bulk(b"v".to_vec()).as_bytes(), Some(&b"v"[..]));
    /// assert_eq!(cacheflow::Value::Null.as_bytes(), None);
    /// ```
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Value::Bulk(bytes) => Some(bytes),
            Value::Simple(text) | Value::Error(text) | Value::BigNumber(text) => {
                Some(text.as_bytes())
            }
            _ => None,
        }
    }

    /// The number, if it is one.
    ///
    /// ```
    /// assert_eq!(cacheflow::Value::Integer(5).as_integer(), Some(5));
    /// ```
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The values that it consists of; none, if it is not an array, a set or a message.
    ///
    /// ```
    /// use cacheflow::Value;
    /// assert_eq!(Value::Array(vec![Value::Null]).items(), [Value::Null]);
    /// ```
    pub fn items(&self) -> &[Value] {
        match self {
            Value::Array(items) | Value::Set(items) | Value::Push(items) => items,
            _ => &[],
        }
    }
}

impl TryFrom<Reply> for Value {
    type Error = io::Error;

    fn try_from(reply: Reply) -> io::Result<Value> {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let values = |replies: Vec<Reply>| -> io::Result<Vec<Value>> {
            replies.into_iter().map(Value::try_from).collect()
        };
        Ok(match reply {
            Reply::Status(bytes) => Value::Simple(text(bytes)),
            Reply::Error(bytes) => Value::Error(text(bytes)),
            Reply::Number(b':', bytes) => Value::Integer(number(text(bytes))?),
            Reply::Number(b',', bytes) => Value::Double(number(text(bytes))?),
            Reply::Number(_, bytes) => Value::BigNumber(text(bytes)),
            Reply::Bulk(bytes) | Reply::Verbatim(bytes) => Value::Bulk(bytes),
            Reply::Flag(flag) => Value::Boolean(flag),
            Reply::Null => Value::Null,
            Reply::Array(items) => Value::Array(values(items)?),
            Reply::Set(items) => Value::Set(values(items)?),
            Reply::Push(items) => Value::Push(values(items)?),
            Reply::Map(pairs) => {
                let pair = |(key, value)| Ok((Value::try_from(key)?, Value::try_from(value)?));
                Value::Map(pairs.into_iter().map(pair).collect::<io::Result<_>>()?)
            }
        })
    }
}

fn number<N: FromStr>(text: String) -> io::Result<N> {
    let unexpected =
        |_| io::Error::new(io::ErrorKind::InvalidData, format!("not a number: {text}"));
    text.parse().map_err(unexpected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_reply_is_read_when_it_is_complete() {
        let bulk = |text: &str| Value::Bulk(text.into());
        let whole = b"*9\r\n+OK\r\n-ERR no\r\n:-5\r\n$1\r\nv\r\n$-1\r\n%1\r\n$1\r\na\r\n,1.5\r\n\
            ~1\r\n#t\r\n=5\r\ntxt:x\r\n*2\r\n_\r\n(12\r\n";
        let read = |mut bytes: &[u8]| {
            let len = bytes.len();
            let value = Value::try_from(Reply::read_all(&mut bytes)?)?;
            io::Result::Ok((value, len - bytes.len()))
        };
        let (value, len) = read(whole).unwrap();
        let expected = [
            Value::Simple("OK".into()),
            Value::Error("ERR no".into()),
            Value::Integer(-5),
            bulk("v"),
            Value::Null,
            Value::Map(vec![(bulk("a"), Value::Double(1.5))]),
            Value::Set(vec![Value::Boolean(true)]),
            bulk("x"),
            Value::Array(vec![Value::Null, Value::BigNumber("12".into())]),
        ];
        assert_eq!((value.items(), len), (&expected[..], whole.len()));
        for len in 0..whole.len() {
            let kind = read(&whole[..len]).unwrap_err().kind();
            assert_eq!(kind, io::ErrorKind::UnexpectedEof, "{len} bytes");
        }
        assert!(read(b"hello\r\n").is_err());
    }
}
