//! `string.gsub`.

use super::pattern::Matcher;
use super::{anchor, captured, failed};
use crate::scripting::limits::Buffer;
use crate::scripting::lua::{
    Lua, LuaString, MultiValue, Result, Value, bad_argument, optional_number, raise_here,
    string_argument, text_of, to_i64, type_name,
};
use crate::scripting::{host, protected};

/// What stands in place of a match.
enum Replacement {
    Text(LuaString),
    Table(crate::scripting::lua::Table),
    Function(crate::scripting::lua::Function),
}

/// `string.gsub(text, pattern, replacement [, most])`
pub fn gsub(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    let text = string_argument(lua, &args, 0)?;
    let pattern = string_argument(lua, &args, 1)?;
    let all = text.as_bytes().len() as i64 + 1;
    let most = optional_number(lua, &args, 3)?.map_or(all, to_i64);
    let most = if args.len() > 3 { i64::from(most as i32) } else { most }; // as C cuts it
    let replacement = match args.get(2) {
        Some(Value::Table(table)) => Replacement::Table(table.clone()),
        Some(Value::Function(function)) => Replacement::Function(function.clone()),
        other => match other.and_then(|value| text_of(lua, value)) {
            Some(text) => Replacement::Text(text),
            None => return bad_argument(lua, 3, "string/function/table expected"),
        },
    };
    let text = text.as_bytes();
    let text: &[u8] = &text;
    let pattern = pattern.as_bytes();
    let (pattern, anchored) = anchor(&pattern);
    let mut matcher = Matcher::new(text, pattern, host::tick);
    let (mut out, mut at, mut count) = (Buffer::new(lua), 0, 0);
    while count < most {
        let end = match matcher.match_at(at) {
            Ok(end) => end,
            Err(failure) => return failed(lua, failure),
        };
        if let Some(end) = end {
            count += 1;
            replace(lua, text, &matcher, (at, end), &replacement, &mut out)?;
        }
        match end {
            Some(end) if end > at => at = end,
            _ if at < text.len() => {
                out.push(text[at])?;
                at += 1;
            }
            _ => break,
        }
        if anchored {
            break;
        }
    }
    out.extend(&text[at.min(text.len())..])?;
    let result = Value::String(lua.create_string(out.as_bytes())?);
    Ok(MultiValue::from_iter([result, Value::Integer(count)]))
}

/// Appends what stands in place of one match.
fn replace<F: FnMut() -> Result<()>>(
    lua: &Lua,
    text: &[u8],
    matcher: &Matcher<'_, F>,
    whole: (usize, usize),
    replacement: &Replacement,
    out: &mut Buffer<'_>,
) -> Result<()> {
    let value = match replacement {
        Replacement::Text(template) => {
            return fill_in(lua, text, matcher, whole, &template.as_bytes(), out);
        }
        Replacement::Table(table) => {
            protected::index(lua, table, captured(lua, text, matcher, 0, whole)?)?
        }
        Replacement::Function(function) => {
            let count = matcher.captures().max(1);
            let captures: Result<MultiValue> =
                (0..count).map(|index| captured(lua, text, matcher, index, whole)).collect();
            protected::call(lua, function, captures?)?
        }
    };
    match &value {
        Value::Nil | Value::Boolean(false) => out.extend(&text[whole.0..whole.1]),
        value => match text_of(lua, value) {
            Some(text) => out.extend(&text.as_bytes()),
            None => {
                let found = type_name(value);
                raise_here(lua, format!("invalid replacement value (a {found})"))
            }
        },
    }
}

/// Appends a text in which `%1` stands for a capture.
fn fill_in<F: FnMut() -> Result<()>>(
    lua: &Lua,
    text: &[u8],
    matcher: &Matcher<'_, F>,
    whole: (usize, usize),
    template: &[u8],
    out: &mut Buffer<'_>,
) -> Result<()> {
    let mut bytes = template.iter();
    while let Some(byte) = bytes.next() {
        if *byte != b'%' {
            out.push(*byte)?;
            continue;
        }
        match bytes.next() {
            Some(b'0') => out.extend(&text[whole.0..whole.1])?,
            Some(digit) if digit.is_ascii_digit() => {
                let index = usize::from(digit - b'1');
                let value = captured(lua, text, matcher, index, whole)?;
                if let Some(text) = text_of(lua, &value) {
                    out.extend(&text.as_bytes())?;
                }
            }
            Some(other) => out.push(*other)?,
            None => out.push(0)?, // the zero behind the end of C's string
        }
    }
    Ok(())
}
