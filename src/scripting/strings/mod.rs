//! `string.find`, `match`, `gmatch` and `rep`, over the matcher that can be interrupted.

pub mod pattern;
pub mod substitute;

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::scripting::host;
use crate::scripting::limits::Buffer;
use crate::scripting::lua::{
    Error, Lua, LuaString, MultiValue, Result, Table, Value, install as install_functions,
    number_argument, one, one_string, optional_number, raise_here, string_argument, to_i64,
};
use pattern::{Capture, Failure, Matcher};
use substitute::gsub;

/// Puts the functions into the table `string`.
pub fn install(lua: &Lua, strings: &Table) -> Result<()> {
    install_functions(
        lua,
        strings,
        &[
            ("find", find),
            ("match", match_),
            ("gmatch", gmatch),
            ("gfind", gmatch),
            ("gsub", gsub),
            ("rep", rep),
        ],
    )
}

/// Turns what went wrong with a match into an error for the script.
pub fn failed<T>(lua: &Lua, failure: Failure<Error>) -> Result<T> {
    match failure {
        Failure::Malformed(text) => raise_here(lua, text),
        Failure::Interrupted(error) => Err(error),
    }
}

/// Capture number `index` of a match, as a value; without captures, the whole match is the first.
pub fn captured<F: FnMut() -> Result<()>>(
    lua: &Lua,
    text: &[u8],
    matcher: &Matcher<'_, F>,
    index: usize,
    whole: (usize, usize),
) -> Result<Value> {
    if index >= matcher.captures() {
        if index != 0 {
            return raise_here(lua, "invalid capture index");
        }
        return Ok(Value::String(lua.create_string(&text[whole.0..whole.1])?));
    }
    match matcher.capture(index) {
        (start, Capture::Position) => Ok(Value::Integer(start as i64 + 1)),
        (start, Capture::Text { len }) => {
            Ok(Value::String(lua.create_string(&text[start..start + len])?))
        }
        (_, Capture::Open) => raise_here(lua, "unfinished capture"),
    }
}

/// All captures; the whole match if there are none and `whole_counts`.
fn all_captures<F: FnMut() -> Result<()>>(
    lua: &Lua,
    text: &[u8],
    matcher: &Matcher<'_, F>,
    whole: (usize, usize),
    whole_counts: bool,
) -> Result<MultiValue> {
    let count = matcher.captures().max(usize::from(whole_counts));
    (0..count).map(|index| captured(lua, text, matcher, index, whole)).collect()
}

/// `string.find(text, pattern [, init [, plain]])`
fn find(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    search(lua, args, true)
}

/// `string.match(text, pattern [, init])`
fn match_(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    search(lua, args, false)
}

fn search(lua: &Lua, args: MultiValue, finds: bool) -> Result<MultiValue> {
    let text = string_argument(lua, &args, 0)?;
    let pattern = string_argument(lua, &args, 1)?;
    let init = optional_number(lua, &args, 2)?.map_or(1, to_i64);
    let (text, pattern) = (text.as_bytes(), pattern.as_bytes());
    let (text, pattern): (&[u8], &[u8]) = (&text, &pattern);
    let len = text.len() as i64;
    let init = if init < 0 { (len + init).max(-1) + 1 } else { init };
    let start = (init - 1).clamp(0, len) as usize;
    let plain =
        args.get(3).is_some_and(|plain| !matches!(plain, Value::Nil | Value::Boolean(false)));
    if finds && (plain || !has_specials(pattern)) {
        let found = memchr::memmem::find(&text[start..], pattern);
        return Ok(match found {
            Some(at) => {
                let first = (start + at) as i64 + 1;
                let last = first + pattern.len() as i64 - 1;
                MultiValue::from_iter([Value::Integer(first), Value::Integer(last)])
            }
            None => MultiValue::from_iter([Value::Nil]),
        });
    }
    let (pattern, anchored) = anchor(pattern);
    let mut matcher = Matcher::new(text, pattern, host::tick);
    for at in start..=text.len() {
        let end = match matcher.match_at(at) {
            Ok(end) => end,
            Err(failure) => return failed(lua, failure),
        };
        if let Some(end) = end {
            let mut values = all_captures(lua, text, &matcher, (at, end), !finds)?;
            if finds {
                values.push_front(Value::Integer(end as i64));
                values.push_front(Value::Integer(at as i64 + 1));
            }
            return Ok(values);
        }
        if anchored {
            break;
        }
    }
    one(Value::Nil)
}

fn has_specials(pattern: &[u8]) -> bool {
    let pattern = pattern.split(|byte| *byte == 0).next().unwrap_or_default();
    pattern.iter().any(|byte| b"^$*+?.([%-".contains(byte))
}

/// Takes the `^` off a pattern.
pub fn anchor(pattern: &[u8]) -> (&[u8], bool) {
    match pattern {
        [b'^', rest @ ..] => (rest, true),
        _ => (pattern, false),
    }
}

/// `string.gmatch(text, pattern)`
fn gmatch(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    let text = string_argument(lua, &args, 0)?;
    let pattern = string_argument(lua, &args, 1)?;
    let next = AtomicUsize::new(0);
    let step =
        lua.create_function(move |lua, _: MultiValue| next_match(lua, &text, &pattern, &next))?;
    one(Value::Function(step))
}

fn next_match(
    lua: &Lua,
    text: &LuaString,
    pattern: &LuaString,
    next: &AtomicUsize,
) -> Result<MultiValue> {
    let (text, pattern) = (text.as_bytes(), pattern.as_bytes());
    let text: &[u8] = &text;
    let mut matcher = Matcher::new(text, &pattern, host::tick);
    for at in next.load(Ordering::Relaxed)..=text.len() {
        let end = match matcher.match_at(at) {
            Ok(end) => end,
            Err(failure) => return failed(lua, failure),
        };
        if let Some(end) = end {
            next.store(end + usize::from(end == at), Ordering::Relaxed);
            return all_captures(lua, text, &matcher, (at, end), true);
        }
    }
    next.store(text.len() + 1, Ordering::Relaxed);
    Ok(MultiValue::new())
}

/// `rep` puts texts of about this size together.
const REPEATED: usize = 4096;

/// `string.rep(text, count)`
fn rep(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    let text = string_argument(lua, &args, 0)?;
    let count = to_i64(number_argument(lua, &args, 1)?) as i32; // as C cuts it
    let text = text.as_bytes();
    let mut left = text.len().saturating_mul(usize::try_from(count).unwrap_or(0));
    let mut out = Buffer::new(lua);
    out.make_room(left)?;
    // Many at a time, if the text is short.
    let at_a_time = text.repeat((REPEATED / text.len().max(1)).max(1));
    while left > 0 {
        let part = &at_a_time[..at_a_time.len().min(left)];
        out.extend(part)?;
        left -= part.len();
    }
    one_string(lua, out.as_bytes())
}
