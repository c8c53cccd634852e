//! The interpreter's crate, as the rest of the room sees it: only this file names `mlua`.
//!
//! `mlua` brings Lua 5.1 itself, in C, and keeps all `unsafe` code to itself. What scripting adds here
//! is how errors travel. A Rust function that is called from Lua fails with a [`Raise`]; Lua sees it as
//! an opaque value, which the sandbox's `pcall` turns back into what a script expects: a text, or a
//! table with a field `err`.

pub use mlua::{
    BString, Either, Error, Function, HookTriggers, IntoLua, Lua, LuaOptions, LuaString,
    MultiValue, Result, StdLib, Table, Value, Variadic, VmState,
};

/// What a Rust function throws at the script that has called it.
#[derive(Clone, Debug)]
pub enum Raise {
    /// A string, as `error("text")` raises it.
    Text(Vec<u8>),
    /// A table with the field `err`, as `redis.call` raises it.
    Table {
        /// The text, code first.
        err: Vec<u8>,
        /// The statistics of errors have counted it.
        counted: bool,
    },
    /// Like a text, but no `pcall` catches it.
    Killed(Vec<u8>),
    /// What Lua code has raised that Rust has called, if it is no text: see `protected.rs`.
    Value,
}

impl std::fmt::Display for Raise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Raise::Text(text) | Raise::Table { err: text, .. } | Raise::Killed(text) => {
                f.write_str(&String::from_utf8_lossy(text))
            }
            Raise::Value => f.write_str("an error of a script"),
        }
    }
}

impl std::error::Error for Raise {}

/// What Rust functions return when they fail.
pub fn raise<T>(what: Raise) -> Result<T> {
    Err(Error::external(what))
}

/// Fails with a text that begins with where the script is: `user_script:1: `.
pub fn raise_here<T>(lua: &Lua, text: impl AsRef<[u8]>) -> Result<T> {
    raise(Raise::Text([&position(lua, 1), text.as_ref()].concat()))
}

/// `bad argument #1 to 'name' (string expected, got nil)`. The name is that by which the script has
/// called the function; if it has called a method, its object doesn't count as an argument.
pub fn bad_argument<T>(lua: &Lua, index: usize, what: impl AsRef<[u8]>) -> Result<T> {
    bad_argument_of(lua, 0, index, what)
}

/// The same, for the function that is so far up the stack.
pub fn bad_argument_of<T>(
    lua: &Lua,
    level: usize,
    index: usize,
    what: impl AsRef<[u8]>,
) -> Result<T> {
    let called = lua.inspect_stack(level, |frame| {
        let names = frame.names();
        (names.name.map(|name| name.into_owned()), names.name_what == Some("method"))
    });
    let (name, is_method) = called.unwrap_or_default();
    let name = name.unwrap_or_else(|| "?".to_owned());
    let complaint = match index.wrapping_sub(is_method.into()) {
        0 if is_method => format!("calling '{name}' on bad self ("),
        index => format!("bad argument #{index} to '{name}' ("),
    };
    let text = [&position(lua, level + 1), complaint.as_bytes(), what.as_ref(), b")"].concat();
    raise(Raise::Text(text))
}

/// `bad argument #1 to 'name' (table expected, got nil)`
pub fn wrong_type<T>(lua: &Lua, index: usize, expected: &str, found: Option<&Value>) -> Result<T> {
    let found = found.map_or("no value", type_name);
    bad_argument(lua, index, format!("{expected} expected, got {found}"))
}

/// The name that Lua has for a value's type.
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Integer(_) => "number",
        Value::LightUserData(_) | Value::Error(_) => "userdata",
        other => other.type_name(),
    }
}

/// `user_script:1: `, or nothing where Lua doesn't know the line (inside of a C function).
pub fn position(lua: &Lua, level: usize) -> Vec<u8> {
    let position = lua.inspect_stack(level, |frame| {
        let line = frame.current_line()?;
        let source = frame.source().short_src?;
        Some(format!("{source}:{line}: ").into_bytes())
    });
    position.flatten().unwrap_or_default()
}

/// What was raised, found under what the crate has wrapped around it.
pub fn raised(error: &Error) -> Raise {
    match error {
        Error::CallbackError { cause, .. } | Error::WithContext { cause, .. } => raised(cause),
        Error::ExternalError(inner) => match inner.downcast_ref::<Raise>() {
            Some(raise) => raise.clone(),
            None => Raise::Text(inner.to_string().into_bytes()),
        },
        Error::MemoryError(_) => Raise::Text(b"not enough memory".to_vec()),
        Error::RuntimeError(text) | Error::SyntaxError { message: text, .. } => {
            // The crate may have put a trace behind the text.
            let text = text.split("\nstack traceback:").next().unwrap_or_default();
            Raise::Text(text.as_bytes().to_vec())
        }
        Error::StackError => Raise::Text(b"stack overflow".to_vec()),
        other => Raise::Text(other.to_string().into_bytes()),
    }
}

/// The bytes of a string or, as Lua has it, of a number.
pub fn text_of(lua: &Lua, value: &Value) -> Option<LuaString> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(_) | Value::Number(_) => lua.coerce_string(value.clone()).ok().flatten(),
        _ => None,
    }
}

/// A number, or a string that is the text of one.
pub fn number_of(lua: &Lua, value: &Value) -> Option<f64> {
    match value {
        Value::Integer(integer) => Some(*integer as f64),
        Value::Number(number) => Some(*number),
        Value::String(_) => lua.coerce_number(value.clone()).ok().flatten(),
        _ => None,
    }
}

/// C's conversion of a number to a 64-bit integer, as processors do it: what doesn't fit is the least.
pub fn to_i64(number: f64) -> i64 {
    let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number);
    if fits { number as i64 } else { i64::MIN }
}

/// Bytes on their way into a Lua string. The crate has a short way for text, and takes it by type.
pub type Bytes<'a> = Either<&'a str, BString>;

/// A value on its way into a table.
pub type Item<'a> = Either<Bytes<'a>, Value>;

/// The shorter way for these bytes.
pub fn bytes(bytes: &[u8]) -> Bytes<'_> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Either::Left(text),
        Err(_) => Either::Right(bytes.into()),
    }
}

/// A function that Lua can call.
pub type RustFunction = fn(&Lua, MultiValue) -> Result<MultiValue>;

/// Puts functions into a table.
pub fn install(lua: &Lua, table: &Table, functions: &[(&str, RustFunction)]) -> Result<()> {
    for (name, function) in functions {
        table.raw_set(*name, lua.create_function(*function)?)?;
    }
    Ok(())
}

/// A function's result, if it is one value.
pub fn one(value: Value) -> Result<MultiValue> {
    Ok(MultiValue::from_iter([value]))
}

/// The same for a string.
pub fn one_string(lua: &Lua, text: impl AsRef<[u8]>) -> Result<MultiValue> {
    one(Value::String(lua.create_string(text)?))
}

/// An argument that has to be a string or a number.
pub fn string_argument(lua: &Lua, args: &MultiValue, index: usize) -> Result<LuaString> {
    match args.get(index).and_then(|value| text_of(lua, value)) {
        Some(text) => Ok(text),
        None => wrong_type(lua, index + 1, "string", args.get(index)),
    }
}

/// An argument that has to be a number, or the text of one.
pub fn number_argument(lua: &Lua, args: &MultiValue, index: usize) -> Result<f64> {
    match args.get(index).and_then(|value| number_of(lua, value)) {
        Some(number) => Ok(number),
        None => wrong_type(lua, index + 1, "number", args.get(index)),
    }
}

/// An argument that has to be a table.
pub fn table_argument(lua: &Lua, args: &MultiValue, index: usize) -> Result<Table> {
    match args.get(index) {
        Some(Value::Table(table)) => Ok(table.clone()),
        other => wrong_type(lua, index + 1, "table", other),
    }
}

/// The same for a number that may be missing.
pub fn optional_number(lua: &Lua, args: &MultiValue, index: usize) -> Result<Option<f64>> {
    match args.get(index) {
        None | Some(Value::Nil) => Ok(None),
        Some(_) => number_argument(lua, args, index).map(Some),
    }
}

/// What `next` returns until there is no more. If it fails, that is the end, and the outcome.
fn until_failure<T>(
    mut next: impl FnMut() -> Result<Option<T>>,
    outcome: &mut Result<()>,
) -> impl Iterator<Item = T> {
    std::iter::from_fn(move || {
        next().unwrap_or_else(|error| {
            *outcome = Err(error);
            None
        })
    })
}

/// A table of as many items as come until there are no more, or one fails. It grows as tables of scripts
/// do: that decides its order, and its length if there are gaps.
pub fn sequence<'a>(lua: &Lua, next: impl FnMut() -> Result<Option<Item<'a>>>) -> Result<Value> {
    let mut outcome = Ok(());
    let table = lua.create_sequence_from(until_failure(next, &mut outcome))?;
    outcome.map(|()| Value::Table(table))
}

/// The same for keys and values.
pub fn pairs<'a>(
    lua: &Lua,
    next: impl FnMut() -> Result<Option<(Item<'a>, Item<'a>)>>,
) -> Result<Value> {
    let mut outcome = Ok(());
    let table = lua.create_table_from(until_failure(next, &mut outcome))?;
    outcome.map(|()| Value::Table(table))
}
