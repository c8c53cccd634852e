//! What Rust asks of the interpreter that may fail in Lua: compiling, calling functions of scripts.
//!
//! The crate would turn an error of Lua into text, and a table into less. So this goes by way of the
//! interpreter's own `loadstring` and `pcall`, kept from before the sandbox replaced them, which hand errors
//! over as they are.

use super::lua::{Function, Lua, MultiValue, Raise, Result, Table, Value, raise, raised};

/// The interpreter's own functions, kept with it.
struct Builtins {
    loadstring: Function,
    pcall: Function,
    /// `table[key]`, which may call what a script has put into a metatable.
    index: Function,
}

/// An error of Lua that is no text, on its way through Rust.
struct Thrown(Value);

/// Keeps the functions. The globals are still those of the interpreter.
pub fn install(lua: &Lua) -> Result<()> {
    let globals = lua.globals();
    let loadstring: Function = globals.get("loadstring")?;
    let index = loadstring.call::<Function>("local t, k = ... return t[k]")?.clone();
    let pcall = globals.get("pcall")?;
    lua.set_app_data(Builtins { loadstring, pcall, index });
    Ok(())
}

fn builtin(lua: &Lua, which: fn(&Builtins) -> &Function) -> Result<Function> {
    match lua.app_data_ref::<Builtins>() {
        Some(builtins) => Ok(which(&builtins).clone()),
        None => raise(Raise::Text(b"the interpreter isn't prepared".into())),
    }
}

/// What binary code begins with.
pub const BINARY: &[u8] = b"\x1b";

/// The parser counts in 32 bits.
const LONGEST_SOURCE: usize = 1024 * 1024 * 1024;

/// Compiles source text. Binary code is never taken: it could do anything to the process. The parser gets
/// the whole text: if it called back for more, its own string with the name could be collected meanwhile.
pub fn compile(lua: &Lua, source: &[u8], name: &[u8]) -> std::result::Result<Function, Vec<u8>> {
    if source.len() > LONGEST_SOURCE {
        return Err(b"not enough memory".to_vec());
    }
    // The parser reads it as C does; cut here, the name is a string that the call keeps alive.
    let name = super::convert::until_nul(name);
    // As text, it ends at its first byte; the parser says so itself.
    let source = if source.starts_with(BINARY) { b" \x1b" } else { source };
    let compiled = || {
        let (source, name) = (lua.create_string(source)?, lua.create_string(name)?);
        builtin(lua, |builtins| &builtins.loadstring)?.call::<(Value, Value)>((source, name))
    };
    match compiled() {
        Ok((Value::Function(function), _)) => Ok(function),
        Ok((_, Value::String(text))) => Err(text.as_bytes().to_vec()),
        Ok(_) => Err(Vec::new()),
        Err(error) => Err(raised(&error).to_string().into_bytes()),
    }
}

/// Calls a function of a script.
pub fn call(lua: &Lua, function: &Function, args: MultiValue) -> Result<Value> {
    let mut args = args;
    args.push_front(Value::Function(function.clone()));
    let (ok, value) = builtin(lua, |builtins| &builtins.pcall)?.call::<(bool, Value)>(args)?;
    if ok { Ok(value) } else { throw(lua, value) }
}

/// What a table of a script has under a key, also by way of its metatable.
pub fn index(lua: &Lua, table: &Table, key: Value) -> Result<Value> {
    if table.metatable().is_none() {
        return table.raw_get(key);
    }
    let args = MultiValue::from_iter([Value::Table(table.clone()), key]);
    call(lua, &builtin(lua, |builtins| &builtins.index)?, args)
}

/// Lets an error of Lua go on.
fn throw<T>(lua: &Lua, error: Value) -> Result<T> {
    match error {
        Value::Error(error) => Err(*error),
        Value::String(text) => raise(Raise::Text(text.as_bytes().to_vec())),
        other => {
            lua.set_app_data(Thrown(other));
            raise(Raise::Value)
        }
    }
}

/// The error that is on its way, when somebody catches it.
pub fn thrown(lua: &Lua) -> Value {
    lua.remove_app_data::<Thrown>().map_or(Value::Nil, |thrown| thrown.0)
}
