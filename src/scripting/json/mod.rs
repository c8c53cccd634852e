//! `cjson`: its settings, and the table that scripts see.
//!
//! The settings that a script makes hold until it ends: what one script does must not change what
//! another one gets.

pub mod decode;
pub mod encode;

use std::sync::{Mutex, MutexGuard};

use super::lua::{
    Function, Lua, MultiValue, Result, Table, Value, bad_argument, number_of, one, string_argument,
    to_i64,
};

/// What scripts can set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A list with large gaps becomes an object, rather than an error.
    pub sparse_convert: bool,
    /// How many places per element are a large gap; 0 means none is.
    pub sparse_ratio: i64,
    /// Up to so many places any gap will do.
    pub sparse_safe: i64,
    /// How deep tables may be nested.
    pub encode_max_depth: i64,
    /// How deep a text may be nested.
    pub decode_max_depth: i64,
    /// Significant digits of numbers.
    pub precision: i64,
    /// Kept for scripts that ask.
    pub keep_buffer: bool,
    /// What becomes of infinity.
    pub encode_invalid: Invalid,
    /// Whether infinity and other numbers that JSON doesn't have are understood.
    pub decode_invalid: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            sparse_convert: false,
            sparse_ratio: 2,
            sparse_safe: 10,
            encode_max_depth: 1000,
            decode_max_depth: 1000,
            precision: 14,
            keep_buffer: true,
            encode_invalid: Invalid::Refused,
            decode_invalid: true,
        }
    }
}

/// What becomes of numbers that JSON doesn't have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// They are an error.
    Refused,
    /// They are written as C prints them.
    Allowed,
    /// They become null.
    Null,
}

/// The settings, kept with the interpreter.
struct Kept(Mutex<Settings>);

/// Before a script: what the last one has set is forgotten.
pub fn reset(lua: &Lua) {
    if let Some(kept) = lua.app_data_ref::<Kept>() {
        *lock(&kept) = Settings::default();
    }
}

fn lock(kept: &Kept) -> MutexGuard<'_, Settings> {
    kept.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn settings(lua: &Lua) -> Settings {
    lua.app_data_ref::<Kept>().map_or_else(Settings::default, |kept| lock(&kept).clone())
}

fn change(lua: &Lua, change: impl FnOnce(&mut Settings)) {
    if let Some(kept) = lua.app_data_ref::<Kept>() {
        change(&mut lock(&kept));
    }
}

/// The table `cjson`.
pub fn table(lua: &Lua, list_length: Function) -> Result<Table> {
    lua.set_app_data(Kept(Mutex::default()));
    let table = lua.create_table()?;
    table.raw_set("_NAME", "cjson")?;
    table.raw_set("_VERSION", "2.1.0")?;
    table.raw_set("null", Value::NULL)?;
    let length = list_length.clone();
    let encode =
        lua.create_function(move |lua, args| encode::encode(lua, args, &settings(lua), &length))?;
    table.raw_set("encode", encode)?;
    super::lua::install(
        lua,
        &table,
        &[
            ("decode", |lua, args| decode::decode(lua, args, &settings(lua))),
            ("encode_sparse_array", sparse_array),
            ("encode_max_depth", |lua, args| {
                integer(lua, args, (1, i64::from(i32::MAX)), |s| &mut s.encode_max_depth)
            }),
            ("decode_max_depth", |lua, args| {
                integer(lua, args, (1, i64::from(i32::MAX)), |s| &mut s.decode_max_depth)
            }),
            ("encode_number_precision", |lua, args| {
                integer(lua, args, (1, 14), |s| &mut s.precision)
            }),
            ("encode_keep_buffer", |lua, args| switch(lua, args, |s| &mut s.keep_buffer)),
            ("decode_invalid_numbers", |lua, args| switch(lua, args, |s| &mut s.decode_invalid)),
            ("encode_invalid_numbers", encode_invalid),
        ],
    )?;
    let new =
        lua.create_function(move |lua, _: MultiValue| self::table(lua, list_length.clone()))?;
    table.raw_set("new", new)?;
    Ok(table)
}

/// A setting that is a number: sets it if one is given, and returns it.
fn integer(
    lua: &Lua,
    args: MultiValue,
    (least, most): (i64, i64),
    field: fn(&mut Settings) -> &mut i64,
) -> Result<MultiValue> {
    check_count(lua, &args, 1)?;
    set_integer(lua, &args, 0, (least, most), field)?;
    one(Value::Integer(*field(&mut settings(lua))))
}

fn set_integer(
    lua: &Lua,
    args: &MultiValue,
    index: usize,
    (least, most): (i64, i64),
    field: fn(&mut Settings) -> &mut i64,
) -> Result<()> {
    let value = match args.get(index) {
        None | Some(Value::Nil) => return Ok(()),
        Some(value) => number_of(lua, value).map(to_i64),
    };
    match value.filter(|value| (least..=most).contains(value)) {
        Some(value) => change(lua, |settings| *field(settings) = value),
        None if value.is_none() => {
            return super::lua::wrong_type(lua, index + 1, "?", "number", args.get(index));
        }
        None => {
            let text = format!("expected integer between {least} and {most}");
            return bad_argument(lua, index + 1, "?", &text);
        }
    }
    Ok(())
}

fn check_count(lua: &Lua, args: &MultiValue, most: usize) -> Result<()> {
    if args.len() > most {
        return bad_argument(lua, most + 1, "?", "found too many arguments");
    }
    Ok(())
}

fn switch(
    lua: &Lua,
    args: MultiValue,
    field: fn(&mut Settings) -> &mut bool,
) -> Result<MultiValue> {
    check_count(lua, &args, 1)?;
    set_switch(lua, &args, 0, field)?;
    one(Value::Boolean(*field(&mut settings(lua))))
}

fn set_switch(
    lua: &Lua,
    args: &MultiValue,
    index: usize,
    field: fn(&mut Settings) -> &mut bool,
) -> Result<()> {
    match args.get(index) {
        None | Some(Value::Nil) => {}
        Some(Value::Boolean(value)) => change(lua, |settings| *field(settings) = *value),
        Some(other) => {
            match &super::lua::text_of(lua, other).map(|text| text.as_bytes().to_vec()) {
                Some(text) if text == b"on" => change(lua, |settings| *field(settings) = true),
                Some(text) if text == b"off" => change(lua, |settings| *field(settings) = false),
                Some(text) => return invalid_option(lua, index, text),
                None => return super::lua::wrong_type(lua, index + 1, "?", "string", Some(other)),
            }
        }
    }
    Ok(())
}

fn invalid_option<T>(lua: &Lua, index: usize, text: &[u8]) -> Result<T> {
    let text = String::from_utf8_lossy(text);
    bad_argument(lua, index + 1, "?", &format!("invalid option '{text}'"))
}

fn encode_invalid(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    check_count(lua, &args, 1)?;
    match args.front() {
        None | Some(Value::Nil) => {}
        Some(Value::Boolean(allowed)) => {
            let invalid = if *allowed { Invalid::Allowed } else { Invalid::Refused };
            change(lua, |settings| settings.encode_invalid = invalid);
        }
        Some(_) => {
            let text = string_argument(lua, &args, 0, "?")?;
            let invalid = match &*text.as_bytes() {
                b"off" => Invalid::Refused,
                b"on" => Invalid::Allowed,
                b"null" => Invalid::Null,
                other => return invalid_option(lua, 0, other),
            };
            change(lua, |settings| settings.encode_invalid = invalid);
        }
    }
    one(match settings(lua).encode_invalid {
        Invalid::Refused => Value::Boolean(false),
        Invalid::Allowed => Value::Boolean(true),
        Invalid::Null => Value::String(lua.create_string("null")?),
    })
}

/// `cjson.encode_sparse_array([convert [, ratio [, safe]]])`
fn sparse_array(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    check_count(lua, &args, 3)?;
    set_switch(lua, &args, 0, |settings| &mut settings.sparse_convert)?;
    let range = (0, i64::from(i32::MAX));
    set_integer(lua, &args, 1, range, |settings| &mut settings.sparse_ratio)?;
    set_integer(lua, &args, 2, range, |settings| &mut settings.sparse_safe)?;
    let settings = settings(lua);
    Ok(MultiValue::from_iter([
        Value::Boolean(settings.sparse_convert),
        Value::Integer(settings.sparse_ratio),
        Value::Integer(settings.sparse_safe),
    ]))
}
