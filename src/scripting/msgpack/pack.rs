//! `cmsgpack.pack`.

use crate::scripting::limits::Buffer;
use crate::scripting::lua::{
    Function, Lua, MultiValue, Result, Table, Value, bad_argument, one_string,
};

/// Tables that are nested deeper become nil.
const DEEPEST: usize = 16;

/// `cmsgpack.pack(value, ...)`
pub fn pack(lua: &Lua, args: MultiValue, list_length: &Function) -> Result<MultiValue> {
    if args.is_empty() {
        return bad_argument(lua, 0, "MessagePack pack needs input.");
    }
    let mut packer = Packer { list_length, out: Buffer::new(lua) };
    for arg in &args {
        packer.value(arg, 0)?;
    }
    one_string(lua, packer.out.as_bytes())
}

struct Packer<'a> {
    list_length: &'a Function,
    out: Buffer<'a>,
}

impl Packer<'_> {
    fn value(&mut self, value: &Value, depth: usize) -> Result<()> {
        match value {
            Value::String(text) => self.string(&text.as_bytes()),
            Value::Boolean(value) => self.out.push(if *value { 0xc3 } else { 0xc2 }),
            Value::Integer(integer) => self.integer(*integer),
            Value::Number(number) => self.number(*number),
            Value::Table(table) if depth < DEEPEST => self.table(table, depth),
            _ => self.out.push(0xc0),
        }
    }

    fn string(&mut self, text: &[u8]) -> Result<()> {
        match text.len() {
            len @ 0..32 => self.out.push(0xa0 | len as u8),
            len @ 32..=0xff => self.out.extend(&[0xd9, len as u8]),
            len => self.length(len, 0xda, 0xdb),
        }?;
        self.out.extend(text)
    }

    /// A length in two bytes behind one marker, or in four behind another.
    fn length(&mut self, len: usize, short: u8, long: u8) -> Result<()> {
        if let Ok(len) = u16::try_from(len) {
            with_marker(&mut self.out, short, &len.to_be_bytes())
        } else {
            with_marker(&mut self.out, long, &(len as u32).to_be_bytes())
        }
    }

    fn integer(&mut self, value: i64) -> Result<()> {
        let out = &mut self.out;
        match value {
            -32..=0x7f => out.push(value as u8),
            0x80..=0xff => out.extend(&[0xcc, value as u8]),
            -0x80..-32 => out.extend(&[0xd0, value as u8]),
            0x100..=0xffff => with_marker(out, 0xcd, &(value as u16).to_be_bytes()),
            -0x8000..-0x80 => with_marker(out, 0xd1, &(value as i16).to_be_bytes()),
            0x1_0000..=0xffff_ffff => with_marker(out, 0xce, &(value as u32).to_be_bytes()),
            -0x8000_0000..-0x8000 => with_marker(out, 0xd2, &(value as i32).to_be_bytes()),
            0x1_0000_0000.. => with_marker(out, 0xcf, &value.to_be_bytes()),
            _ => with_marker(out, 0xd3, &value.to_be_bytes()),
        }
    }

    fn number(&mut self, value: f64) -> Result<()> {
        let integer = crate::scripting::lua::to_i64(value);
        let short = value as f32;
        if integer as f64 == value {
            self.integer(integer)
        } else if f64::from(short) == value {
            with_marker(&mut self.out, 0xca, &short.to_be_bytes())
        } else {
            with_marker(&mut self.out, 0xcb, &value.to_be_bytes())
        }
    }

    fn table(&mut self, table: &Table, depth: usize) -> Result<()> {
        let (largest, items): (f64, f64) = self.list_length.call(table)?;
        if largest == items && (largest > 0.0 || table.is_empty()) {
            match largest as usize {
                len @ 0..16 => self.out.push(0x90 | len as u8),
                len => self.length(len, 0xdc, 0xdd),
            }?;
            for index in 1..=largest as i64 {
                let value = table.raw_get::<Value>(index)?;
                self.value(&value, depth + 1)?;
            }
            return Ok(());
        }
        match table.pairs::<Value, Value>().count() {
            len @ 0..16 => self.out.push(0x80 | len as u8),
            len => self.length(len, 0xde, 0xdf),
        }?;
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair?;
            self.value(&key, depth + 1)?;
            self.value(&value, depth + 1)?;
        }
        Ok(())
    }
}

fn with_marker(out: &mut Buffer<'_>, marker: u8, bytes: &[u8]) -> Result<()> {
    out.push(marker)?;
    out.extend(bytes)
}
