//! `cjson`: its settings, and the table that scripts see.
//!
//! The settings that a script makes hold until it ends: what one script does must not change what
//! another one gets.

pub mod decode;
pub mod encode;

use std::sync::{Arc, Mutex, MutexGuard};

use super::lua::{
    Function, Lua, MultiValue, Result, Table, Value, bad_argument, number_argument, one,
    string_argument, to_i64,
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

/// The settings of one table: `cjson` has some, and each that `cjson.new` makes.
type Shared = Arc<Mutex<Settings>>;

/// The settings of `cjson`, kept with the interpreter.
#[derive(Clone, Debug, Default)]
pub struct Kept(Shared);

impl Kept {
    /// Before a script: what the last one has set is forgotten.
    pub fn reset(&self) {
        *lock(&self.0) = Settings::default();
    }
}

fn lock(settings: &Shared) -> MutexGuard<'_, Settings> {
    settings.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The table `cjson`, with these settings.
pub fn table(lua: &Lua, list_length: Function, settings: &Kept) -> Result<Table> {
    build(lua, list_length, settings.0.clone())
}

/// A function of the table, which is given the table's settings.
type Method = fn(&Lua, MultiValue, &mut Settings) -> Result<MultiValue>;

fn build(lua: &Lua, list_length: Function, settings: Shared) -> Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("_NAME", "cjson")?;
    table.raw_set("_VERSION", "2.1.0")?;
    table.raw_set("null", Value::NULL)?;
    let methods: [(&str, Method); 8] = [
        ("decode", |lua, args, settings| decode::decode(lua, args, settings)),
        ("encode_sparse_array", sparse_array),
        ("encode_max_depth", |lua, args, settings| {
            integer(lua, args, (1, i64::from(i32::MAX)), &mut settings.encode_max_depth)
        }),
        ("decode_max_depth", |lua, args, settings| {
            integer(lua, args, (1, i64::from(i32::MAX)), &mut settings.decode_max_depth)
        }),
        ("encode_number_precision", |lua, args, settings| {
            integer(lua, args, (1, 14), &mut settings.precision)
        }),
        ("encode_keep_buffer", |lua, args, settings| switch(lua, args, &mut settings.keep_buffer)),
        ("decode_invalid_numbers", |lua, args, settings| {
            switch(lua, args, &mut settings.decode_invalid)
        }),
        ("encode_invalid_numbers", encode_invalid),
    ];
    for (name, method) in methods {
        let settings = settings.clone();
        let function =
            lua.create_function(move |lua, args| method(lua, args, &mut lock(&settings)))?;
        table.raw_set(name, function)?;
    }
    let length = list_length.clone();
    let encode =
        lua.create_function(move |lua, args| encode::encode(lua, args, &lock(&settings), &length))?;
    table.raw_set("encode", encode)?;
    let new = lua.create_function(move |lua, _: MultiValue| {
        build(lua, list_length.clone(), Shared::default())
    })?;
    table.raw_set("new", new)?;
    Ok(table)
}

/// A setting that is a number: sets it if one is given, and returns it.
fn integer(
    lua: &Lua,
    args: MultiValue,
    range: (i64, i64),
    setting: &mut i64,
) -> Result<MultiValue> {
    check_count(lua, &args, 1)?;
    set_integer(lua, &args, 0, range, setting)?;
    one(Value::Integer(*setting))
}

fn set_integer(
    lua: &Lua,
    args: &MultiValue,
    index: usize,
    (least, most): (i64, i64),
    setting: &mut i64,
) -> Result<()> {
    if args.get(index).is_none_or(Value::is_nil) {
        return Ok(());
    }
    let value = to_i64(number_argument(lua, args, index)?);
    if !(least..=most).contains(&value) {
        let text = format!("expected integer between {least} and {most}");
        return bad_argument(lua, 1, text); // whichever it is
    }
    *setting = value;
    Ok(())
}

fn check_count(lua: &Lua, args: &MultiValue, most: usize) -> Result<()> {
    if args.len() > most {
        return bad_argument(lua, most + 1, "found too many arguments");
    }
    Ok(())
}

/// A setting that is on or off.
fn switch(lua: &Lua, args: MultiValue, setting: &mut bool) -> Result<MultiValue> {
    check_count(lua, &args, 1)?;
    set_switch(lua, &args, setting)?;
    one(Value::Boolean(*setting))
}

fn set_switch(lua: &Lua, args: &MultiValue, setting: &mut bool) -> Result<()> {
    match args.front() {
        None | Some(Value::Nil) => {}
        Some(Value::Boolean(value)) => *setting = *value,
        Some(_) => match &*string_argument(lua, args, 0)?.as_bytes() {
            b"on" => *setting = true,
            b"off" => *setting = false,
            text => return invalid_option(lua, text),
        },
    }
    Ok(())
}

fn invalid_option<T>(lua: &Lua, text: &[u8]) -> Result<T> {
    bad_argument(lua, 1, [b"invalid option '", text, b"'"].concat())
}

fn encode_invalid(lua: &Lua, args: MultiValue, settings: &mut Settings) -> Result<MultiValue> {
    check_count(lua, &args, 1)?;
    match args.front() {
        None | Some(Value::Nil) => {}
        Some(Value::Boolean(true)) => settings.encode_invalid = Invalid::Allowed,
        Some(Value::Boolean(false)) => settings.encode_invalid = Invalid::Refused,
        Some(_) => {
            settings.encode_invalid = match &*string_argument(lua, &args, 0)?.as_bytes() {
                b"off" => Invalid::Refused,
                b"on" => Invalid::Allowed,
                b"null" => Invalid::Null,
                text => return invalid_option(lua, text),
            };
        }
    }
    one(match settings.encode_invalid {
        Invalid::Refused => Value::Boolean(false),
        Invalid::Allowed => Value::Boolean(true),
        Invalid::Null => Value::String(lua.create_string("null")?),
    })
}

/// `cjson.encode_sparse_array([convert [, ratio [, safe]]])`
fn sparse_array(lua: &Lua, args: MultiValue, settings: &mut Settings) -> Result<MultiValue> {
    check_count(lua, &args, 3)?;
    set_switch(lua, &args, &mut settings.sparse_convert)?;
    let range = (0, i64::from(i32::MAX));
    set_integer(lua, &args, 1, range, &mut settings.sparse_ratio)?;
    set_integer(lua, &args, 2, range, &mut settings.sparse_safe)?;
    Ok(MultiValue::from_iter([
        Value::Boolean(settings.sparse_convert),
        Value::Integer(settings.sparse_ratio),
        Value::Integer(settings.sparse_safe),
    ]))
}
