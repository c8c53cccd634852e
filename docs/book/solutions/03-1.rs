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
    let is_3 = protocol == Protocol::Resp3;
    match reply {
        Reply::Status(text) => line(out, '+', text),
        Reply::Integer(number) => line(out, ':', number),
        Reply::Bulk(bytes) => {
            line(out, '$', bytes.len());
            out.extend_from_slice(bytes);
            out.extend_from_slice(b"\r\n");
        }
        Reply::Nil if is_3 => line(out, '_', ""),
        Reply::Nil => line(out, '$', -1),
        Reply::Boolean(value) if is_3 => line(out, '#', if *value { 't' } else { 'f' }),
        Reply::Boolean(value) => line(out, ':', u8::from(*value)),
        Reply::Array(items) => all(items, '*', protocol, out),
        Reply::Push(items) => all(items, if is_3 { '>' } else { '*' }, protocol, out),
        Reply::Map(pairs) => {
            match is_3 {
                true => line(out, '%', pairs.len()),
                false => line(out, '*', 2 * pairs.len()),
            }
            for (key, value) in pairs {
                encode(key, protocol, out);
                encode(value, protocol, out);
            }
        }
    }
}

fn line(out: &mut Vec<u8>, mark: char, rest: impl std::fmt::Display) {
    out.extend_from_slice(format!("{mark}{rest}\r\n").as_bytes());
}

fn all(items: &[Reply], mark: char, protocol: Protocol, out: &mut Vec<u8>) {
    line(out, mark, items.len());
    items.iter().for_each(|item| encode(item, protocol, out));
}
