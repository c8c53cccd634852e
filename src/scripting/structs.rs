//! The library `struct`: numbers and strings packed as C lays out structures.
//!
//! ```text
//! > < =      big, little, native order         ![n]  align, to at most n bytes
//! b B h H    1 and 2 bytes, signed or not      l L T 8 bytes     i[n] I[n]  n bytes, or 4
//! f d        floats     x  a byte of nothing   s  up to a zero   c[n]  n bytes; c0: as many as
//!                                                                     the number before says
//! ```

use super::limits::Buffer;
use super::lua::{
    Lua, MultiValue, Result, Table, Value, bad_argument, install, number_argument, number_of, one,
    one_string, optional_number, raise_here, string_argument, to_i64,
};

/// Integers have at most so many bytes.
const LARGEST_INTEGER: usize = 32;
/// What `!` aligns to by itself.
const ALIGNMENT: usize = 8;

/// The table.
pub fn table(lua: &Lua) -> Result<Table> {
    let table = lua.create_table()?;
    install(lua, &table, &[("pack", pack), ("unpack", unpack), ("size", size)])?;
    Ok(table)
}

/// Options that stand for data or padding.
const SIZED: &[u8] = b"bBhHlLTiIfdsxc";

/// Walks over a format.
struct Format<'a> {
    lua: &'a Lua,
    rest: &'a [u8],
    little: bool,
    align: usize,
    /// Letters and digits that mean nothing are passed over, as `struct.size` does.
    skips_unknown: bool,
}

/// An option with its size.
struct Field {
    option: u8,
    size: usize,
}

impl<'a> Format<'a> {
    fn new(lua: &'a Lua, text: &'a [u8]) -> Self {
        let rest = text.split(|byte| *byte == 0).next().unwrap_or_default();
        Format { lua, rest, little: true, align: 1, skips_unknown: false }
    }

    fn number(&mut self, otherwise: usize) -> Result<usize> {
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return Ok(otherwise);
        }
        let (text, rest) = self.rest.split_at(digits);
        self.rest = rest;
        let value = text.iter().try_fold(0i32, |value, digit| {
            value.checked_mul(10)?.checked_add(i32::from(digit - b'0'))
        });
        match value {
            Some(value) => Ok(value as usize),
            None => raise_here(self.lua, "integral size overflow"),
        }
    }

    /// The next option that stands for data or padding.
    fn next(&mut self) -> Result<Option<Field>> {
        while let Some((option, rest)) = self.rest.split_first() {
            self.rest = rest;
            let size = match option {
                b'B' | b'b' | b'x' => 1,
                b'H' | b'h' => 2,
                b'L' | b'l' | b'T' | b'd' => 8,
                b'f' => 4,
                b'c' => self.number(1)?,
                b'i' | b'I' => {
                    let size = self.number(4)?;
                    if size > LARGEST_INTEGER {
                        let text = format!(
                            "integral size {size} is larger than limit of {LARGEST_INTEGER}"
                        );
                        return raise_here(self.lua, text);
                    }
                    size
                }
                b's' => 0,
                b' ' => continue,
                b'>' | b'<' => {
                    self.little = *option == b'<';
                    continue;
                }
                b'!' => {
                    let align = self.number(ALIGNMENT)?;
                    if align == 0 || !align.is_power_of_two() {
                        let text = format!("alignment {align} is not a power of 2");
                        return raise_here(self.lua, text);
                    }
                    self.align = align;
                    continue;
                }
                other if self.skips_unknown && other.is_ascii_alphanumeric() => continue,
                other => {
                    let text = [b"invalid format option '", &[*other][..], b"'"].concat();
                    return bad_argument(self.lua, 1, text);
                }
            };
            return Ok(Some(Field { option: *option, size }));
        }
        Ok(None)
    }

    /// The bytes that come before a field so that it is aligned.
    fn padding(&self, at: usize, field: &Field) -> usize {
        if field.size == 0 || field.option == b'c' {
            return 0;
        }
        let align = field.size.min(self.align);
        if align <= 1 { 0 } else { (align - (at & (align - 1))) & (align - 1) }
    }
}

/// `struct.pack(format, value, ...)`
fn pack(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    let text = string_argument(lua, &args, 0)?;
    let text = text.as_bytes();
    let mut format = Format::new(lua, &text);
    let (mut out, mut arg) = (Buffer::new(lua), 1);
    let mut args = args;
    args.push_back(Value::Nil); // one that is missing is called nil
    while let Some(field) = format.next()? {
        let padding = format.padding(out.as_bytes().len(), &field);
        out.extend(&[0; LARGEST_INTEGER][..padding])?;
        match field.option {
            b'x' => out.push(0)?,
            b's' | b'c' => {
                let value = string_argument(lua, &args, arg)?;
                let value = value.as_bytes();
                let size = if field.size == 0 { value.len() } else { field.size };
                if value.len() < size {
                    return bad_argument(lua, arg + 2, "string too short"); // it has counted on
                }
                out.extend(&value[..size])?;
                if field.option == b's' {
                    out.push(0)?;
                }
            }
            b'f' => {
                let value = number_argument(lua, &args, arg)? as f32;
                push(&mut out, &value.to_le_bytes(), format.little)?;
            }
            b'd' => {
                let value = number_argument(lua, &args, arg)?;
                push(&mut out, &value.to_le_bytes(), format.little)?;
            }
            _ => {
                let number = number_argument(lua, &args, arg)?;
                let value = to_u64(number);
                let mut bytes = [0; LARGEST_INTEGER];
                bytes[..8].copy_from_slice(&value.to_le_bytes());
                push(&mut out, &bytes[..field.size], format.little)?;
            }
        }
        arg += usize::from(field.option != b'x');
    }
    one_string(lua, out.as_bytes())
}

/// C's conversion of a number to an unsigned one, as processors do it.
fn to_u64(number: f64) -> u64 {
    const HALF: f64 = 9_223_372_036_854_775_808.0;
    if number >= HALF { to_i64(number - HALF) as u64 ^ 1 << 63 } else { to_i64(number) as u64 }
}

fn push(out: &mut Buffer<'_>, little: &[u8], as_little: bool) -> Result<()> {
    if as_little {
        return out.extend(little);
    }
    little.iter().rev().try_for_each(|byte| out.push(*byte))
}

/// `struct.unpack(format, text [, position])`: the values, and where the next one would begin.
fn unpack(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    let text = string_argument(lua, &args, 0)?;
    let text = text.as_bytes();
    let data = string_argument(lua, &args, 1)?;
    let data = data.as_bytes();
    let data: &[u8] = &data;
    let position = optional_number(lua, &args, 2)?.map_or(1, to_i64);
    if position == 0 {
        return bad_argument(lua, 3, "offset must be 1 or greater");
    }
    let mut at = (position as usize).wrapping_sub(1); // what is less than nothing is far behind
    let mut format = Format::new(lua, &text);
    if at > data.len() && format.rest.first().is_some_and(|option| !SIZED.contains(option)) {
        return bad_argument(lua, 2, "data string too short");
    }
    let mut values: Vec<Value> = Vec::new();
    while let Some(mut field) = format.next()? {
        at = at.saturating_add(format.padding(at, &field));
        if at.checked_add(field.size).is_none_or(|end| end > data.len()) {
            return bad_argument(lua, 2, "data string too short");
        }
        if values.len() >= MOST_VALUES {
            return raise_here(lua, "stack overflow (too many results)");
        }
        match field.option {
            b'x' => {}
            b's' => {
                let Some(len) = memchr::memchr(0, &data[at..]) else {
                    return raise_here(lua, "unfinished string in data");
                };
                values.push(Value::String(lua.create_string(&data[at..at + len])?));
                field.size = len + 1;
            }
            b'c' => {
                if field.size == 0 {
                    let previous = values.pop();
                    let size = previous.and_then(|value| number_of(lua, &value)).map(to_u64);
                    let Some(size) = size else {
                        return raise_here(lua, "format 'c0' needs a previous size");
                    };
                    field.size = size as usize;
                    if at.checked_add(field.size).is_none_or(|end| end > data.len()) {
                        return bad_argument(lua, 2, "data string too short");
                    }
                }
                values.push(Value::String(lua.create_string(&data[at..at + field.size])?));
            }
            b'f' => {
                let bytes = little(&data[at..at + 4], format.little);
                values.push(Value::Number(f32::from_bits(bytes as u32).into()));
            }
            b'd' => {
                let bytes = little(&data[at..at + 8], format.little);
                values.push(Value::Number(f64::from_bits(bytes)));
            }
            option => {
                let bytes = little(&data[at..at + field.size], format.little);
                values.push(Value::Number(as_number(bytes, field.size, option)));
            }
        }
        at += field.size;
    }
    values.push(Value::Integer(at as i64 + 1));
    Ok(values.into_iter().collect())
}

/// The interpreter's stack takes no more at a time.
const MOST_VALUES: usize = 7900;

/// The lowest eight bytes of a number.
fn little(bytes: &[u8], is_little: bool) -> u64 {
    let value = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    if is_little { bytes.iter().rev().fold(0, value) } else { bytes.iter().fold(0, value) }
}

fn as_number(bytes: u64, size: usize, option: u8) -> f64 {
    if option.is_ascii_uppercase() {
        return bytes as f64;
    }
    let unused = 64usize.saturating_sub(size * 8) as u32;
    if unused >= 64 { 0.0 } else { ((bytes << unused) as i64 >> unused) as f64 }
}

/// `struct.size(format)`
fn size(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    let text = string_argument(lua, &args, 0)?;
    let text = text.as_bytes();
    let mut format = Format { skips_unknown: true, ..Format::new(lua, &text) };
    let mut at: usize = 0;
    while let Some(field) = format.next()? {
        match field.option {
            b's' => return bad_argument(lua, 1, "option 's' has no fixed size"),
            b'c' if field.size == 0 => {
                return bad_argument(lua, 1, "option 'c0' has no fixed size");
            }
            _ => {}
        }
        at = at.saturating_add(format.padding(at, &field)).saturating_add(field.size);
    }
    one(Value::Integer(at as i64))
}
