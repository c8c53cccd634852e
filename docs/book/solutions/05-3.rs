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
    let (start, end) = (integer(args[2])?, integer(args[3])?);
    let text = ctx.read(args[1])?.unwrap_or_default();
    let len = text.len() as i64;
    if start < 0 && end < 0 && start > end {
        reply.bulk(b""); // even where both lie before the first byte
        return Ok(());
    }
    let place = |at: i64| if at < 0 { at.saturating_add(len).max(0) } else { at };
    let end = place(end).saturating_add(1).min(len);
    let start = place(start).min(end);
    reply.bulk(&text[start as usize..end as usize]);
    Ok(())
}
