//! `cmsgpack.unpack` and its relatives.

use crate::scripting::lua::{
    Lua, MultiValue, Raise, Result, Value, number_argument, optional_number, raise, raise_here,
    string_argument, to_i64,
};

/// How deep values may be nested.
const DEEPEST: usize = 1000;

/// `cmsgpack.unpack(text)`: all values in it.
pub fn unpack(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    unpack_from(lua, &args, 0, 0)
}

/// `cmsgpack.unpack_one(text [, offset])`: where the next value is, or -1, and the value.
pub fn unpack_one(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    let offset = optional_integer(lua, &args, 1)?;
    unpack_from(lua, &args, 1, offset)
}

/// `cmsgpack.unpack_limit(text, limit [, offset])`
pub fn unpack_limit(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    let limit = to_i64(number_argument(lua, &args, 1)?);
    let offset = optional_integer(lua, &args, 2)?;
    unpack_from(lua, &args, limit, offset)
}

fn optional_integer(lua: &Lua, args: &MultiValue, index: usize) -> Result<i64> {
    Ok(optional_number(lua, args, index)?.map_or(0, to_i64))
}

fn unpack_from(lua: &Lua, args: &MultiValue, limit: i64, offset: i64) -> Result<MultiValue> {
    let text = string_argument(lua, args, 0)?;
    let text = text.as_bytes();
    let len = text.len();
    // Texts show numbers as C cuts them.
    let (shown_offset, shown_len) = (offset as i32, len as i32);
    if offset < 0 || limit < 0 {
        let text = format!(
            "Invalid request to unpack with offset of {shown_offset} and limit of {shown_len}."
        );
        return raise_here(lua, text);
    }
    if offset as usize > len {
        let text = format!("Start offset {shown_offset} greater than input length {shown_len}.");
        return raise_here(lua, text);
    }
    let mut unpacker = Unpacker { lua, text: &text, at: offset as usize };
    let mut values = MultiValue::new();
    let most = if limit == 0 { i64::MAX } else { limit };
    while unpacker.at < len && (values.len() as i64) < most {
        if values.len() >= MOST_VALUES {
            let advice = "too many return values at once; use unpack_one or unpack_limit instead.";
            return raise_here(lua, format!("stack overflow ({advice})"));
        }
        let value = unpacker.value(0)?;
        values.push_back(value);
    }
    if limit != 0 {
        // The offset of what is left stands in front.
        let next = if unpacker.at < len { unpacker.at as i64 } else { -1 };
        values.push_front(Value::Integer(next));
    }
    Ok(values)
}

/// The interpreter's stack takes no more at a time.
const MOST_VALUES: usize = 7900;

struct Unpacker<'a> {
    lua: &'a Lua,
    text: &'a [u8],
    at: usize,
}

impl<'a> Unpacker<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        match self.text.get(self.at..).and_then(|rest| rest.get(..len)) {
            Some(bytes) => {
                self.at += len;
                Ok(bytes)
            }
            None => raise_here(self.lua, "Missing bytes in input."),
        }
    }

    /// A big-endian number of so many bytes.
    fn unsigned(&mut self, len: usize) -> Result<u64> {
        let bytes = self.take(len)?;
        Ok(bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    fn length(&mut self, len: usize) -> Result<usize> {
        self.unsigned(len).map(|len| len as usize)
    }

    fn value(&mut self, depth: usize) -> Result<Value> {
        if depth > DEEPEST {
            return raise_here(self.lua, "stack overflow (in function mp_decode_to_lua_type)");
        }
        let marker = self.take(1)?[0];
        Ok(match marker {
            0x00..=0x7f => Value::Integer(marker.into()),
            0xe0..=0xff => Value::Integer((marker as i8).into()),
            0x80..=0x8f => self.map(usize::from(marker & 0xf), depth)?,
            0x90..=0x9f => self.array(usize::from(marker & 0xf), depth)?,
            0xa0..=0xbf => self.string(usize::from(marker & 0x1f))?,
            0xc0 => Value::Nil,
            0xc2 => Value::Boolean(false),
            0xc3 => Value::Boolean(true),
            0xd9 => {
                let len = self.length(1)?;
                self.string(len)?
            }
            0xda => {
                let len = self.length(2)?;
                self.string(len)?
            }
            0xdb => {
                let len = self.length(4)?;
                self.string(len)?
            }
            0xca => Value::Number(f32::from_bits(self.unsigned(4)? as u32).into()),
            0xcb => Value::Number(f64::from_bits(self.unsigned(8)?)),
            0xcc => Value::Integer(self.unsigned(1)? as i64),
            0xcd => Value::Integer(self.unsigned(2)? as i64),
            0xce => Value::Integer(self.unsigned(4)? as i64),
            0xcf => Value::Integer(self.unsigned(8)? as i64),
            0xd0 => Value::Integer((self.unsigned(1)? as i8).into()),
            0xd1 => Value::Integer((self.unsigned(2)? as i16).into()),
            0xd2 => Value::Integer((self.unsigned(4)? as i32).into()),
            0xd3 => Value::Integer(self.unsigned(8)? as i64),
            0xdc | 0xdd => {
                let len = self.length(if marker == 0xdc { 2 } else { 4 })?;
                self.array(len, depth)?
            }
            0xde | 0xdf => {
                let len = self.length(if marker == 0xde { 2 } else { 4 })?;
                self.map(len, depth)?
            }
            _ => return raise_here(self.lua, "Bad data format in input."),
        })
    }

    fn string(&mut self, len: usize) -> Result<Value> {
        let bytes = self.take(len)?;
        Ok(Value::String(self.lua.create_string(bytes)?))
    }

    fn array(&mut self, len: usize, depth: usize) -> Result<Value> {
        let table = self.lua.create_table()?;
        for index in 1..=len {
            let value = self.value(depth + 1)?;
            table.raw_set(index as i64, value)?;
        }
        Ok(Value::Table(table))
    }

    fn map(&mut self, len: usize, depth: usize) -> Result<Value> {
        let table = self.lua.create_table()?;
        for _ in 0..len {
            let key = self.value(depth + 1)?;
            let value = self.value(depth + 1)?;
            match key {
                Value::Nil => return raise(Raise::Text(b"table index is nil".into())),
                Value::Number(number) if number.is_nan() => {
                    return raise(Raise::Text(b"table index is NaN".into()));
                }
                key => table.raw_set(key, value)?,
            }
        }
        Ok(Value::Table(table))
    }
}
