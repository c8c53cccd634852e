//! The globals of scripts: which there are, and how they are kept from changing.
//!
//! Everything that scripts share is seen through a guard: an empty table whose metatable finds what is
//! asked for in the real one, and refuses to add anything.
//!
//! ```text
//! script ──> guard of _G ──> _G { redis = guard, string = guard, pairs, KEYS ... }
//!               |                           '──> redis { call, pcall ... }
//!               '── a name that is in neither: "attempted to access nonexistent global variable"
//! ```
//!
//! Functions that would look through a guard, or write into one, are replaced: `rawget`, `rawset`,
//! `pairs`, `setmetatable`, `table.insert`. So no script can leave anything behind for the next one.

use super::host;
use super::limits::Buffer;
use super::lua::{
    Function, Lua, LuaString, MultiValue, Raise, Result, Table, Value, bad_argument,
    bad_argument_of, install, one, raise, raise_here, raised, string_argument, table_argument,
    text_of, wrong_type,
};
use super::protected::{self, BINARY, compile};
use super::{Purpose, api, bit, json, msgpack, random, strings as string_library, structs};

/// What the rest of the room needs of the prepared interpreter.
pub struct Sandbox {
    /// The globals behind the guard.
    pub globals: Table,
    xpcall: Function,
    handler: Function,
    /// Before a run: what is to run, and with what.
    pub prepare: Function,
    /// Runs it.
    pub run: Function,
    /// Tells what a table stands for as a reply.
    pub shape: Function,
    /// The settings of `cjson`.
    pub json: json::Kept,
    /// What is seen through guards while a library is loaded, and what else.
    views: Vec<View>,
}

/// A guard that shows less while a library is loaded.
struct View {
    metatable: Table,
    always: Table,
    loading: Table,
}

impl Sandbox {
    /// Calls a library's code; returns whether it succeeded, and its value or what is known of the error.
    pub fn run_library(&self, library: Function) -> Result<(bool, Value)> {
        self.xpcall.call((library, &self.handler))
    }

    /// While a library is loaded, it sees only what it needs to register functions.
    pub fn set_loading(&self, loads: bool) -> Result<()> {
        for View { metatable, always, loading } in &self.views {
            metatable.raw_set("__index", if loads { loading } else { always })?;
        }
        Ok(())
    }
}

/// Globals of the interpreter that scripts don't get.
const REMOVED: [&str; 9] =
    ["dofile", "loadfile", "newproxy", "print", "getfenv", "setfenv", "module", "require", "debug"];

/// Prepares an interpreter that has its compiled functions in this table.
pub fn build(lua: &Lua, purpose: Purpose, functions: &Table) -> Result<Sandbox> {
    let globals = lua.globals();
    let guards = Guards::new(lua)?;
    protected::install(lua)?;
    let prelude = compile(lua, include_bytes!("prelude.lua"), b"=prelude")
        .map_err(|text| raise::<()>(Raise::Text(text)).unwrap_err())?;
    let (safe, shape, xpcall, handler, prepare, run, texts, list_length): Prelude =
        prelude.call((
            lua.create_function(unwrap)?,
            lua.create_function(is_killed)?,
            lua.create_function(|_, ()| deny::<()>())?,
            guards.real.clone(),
            lua.create_function(place)?,
            lua.create_function(|_, ()| host::tick())?,
            lua.create_function(complain)?,
            functions,
            (purpose == Purpose::Scripts).then_some(&globals),
        ))?;
    for name in REMOVED {
        globals.raw_set(name, Value::Nil)?;
    }
    keep_clock(lua, &globals)?;
    for name in ["pcall", "xpcall", "unpack"] {
        globals.raw_set(name, safe.get::<Value>(name)?)?;
    }
    globals.get::<Table>("table")?.set("insert", safe.get::<Value>("insert")?)?;
    for name in ["resume", "wrap"] {
        globals.get::<Table>("coroutine")?.set(name, safe.get::<Value>(name)?)?;
    }
    guards.install(lua, &globals)?;
    install(
        lua,
        &globals,
        &[("loadstring", loadstring), ("load", load), ("collectgarbage", collectgarbage)],
    )?;
    random::install(lua, &globals.get("math")?)?;
    let strings: Table = globals.get("string")?;
    string_library::install(lua, &strings)?;
    let json = json::Kept::default();
    for (name, table) in [
        ("redis", api::table(lua, purpose, &texts)?),
        ("cjson", json::table(lua, list_length.clone(), &json)?),
        ("cmsgpack", msgpack::table(lua, list_length)?),
        ("struct", structs::table(lua)?),
        ("bit", bit::table(lua)?),
    ] {
        globals.raw_set(name, table)?;
    }
    let missing = lua.create_function(no_such_global)?;
    let strict = lua.create_table()?;
    strict.set("__index", missing)?;
    let mut views = Vec::new();
    for name in LIBRARIES {
        let Some(library) = globals.raw_get::<Option<Table>>(name)? else { continue };
        let (guard, metatable) = guards.guard(lua, &library)?;
        if name == "redis" {
            let loading = api::loading_table(lua)?;
            loading.set_metatable(Some(strict.clone()))?;
            views.push(View { metatable, always: library, loading });
        }
        globals.raw_set(name, guard)?;
    }
    guards.guard_strings(lua, &globals.get("string")?)?;
    globals.set_metatable(Some(strict.clone()))?;
    let (seen, metatable) = guards.guard(lua, &globals)?;
    let loading = lua.create_table()?;
    loading.raw_set("redis", globals.raw_get::<Table>("redis")?)?;
    loading.set_metatable(Some(strict))?;
    views.push(View { metatable, always: globals.clone(), loading });
    globals.raw_set("_G", seen.clone())?;
    lua.set_globals(seen)?;
    Ok(Sandbox { globals, xpcall, handler, prepare, run, shape, json, views })
}

/// Of what Lua knows of the operating system, if that is there, scripts get the time they have taken.
fn keep_clock(lua: &Lua, globals: &Table) -> Result<()> {
    if let Some(system) = globals.raw_get::<Option<Table>>("os")? {
        let kept = lua.create_table()?;
        kept.raw_set("clock", system.raw_get::<Function>("clock")?)?;
        globals.raw_set("os", kept)?;
    }
    Ok(())
}

/// What `prelude.lua` returns.
type Prelude = (Table, Function, Function, Function, Function, Function, Function, Function);

/// The tables that scripts share.
const LIBRARIES: [&str; 10] =
    ["redis", "cjson", "cmsgpack", "struct", "bit", "string", "table", "math", "coroutine", "os"];

/// Guards, and what stands behind each.
struct Guards {
    /// From a guard to the table behind it.
    real: Table,
    refuse: Function,
}

impl Guards {
    fn new(lua: &Lua) -> Result<Self> {
        let refuse = lua.create_function(|lua, _: MultiValue| -> Result<()> {
            raise_here(lua, "Attempt to modify a readonly table")
        })?;
        Ok(Guards { real: lua.create_table()?, refuse })
    }

    /// An empty table through which `table` is seen, and its metatable.
    fn guard(&self, lua: &Lua, table: &Table) -> Result<(Table, Table)> {
        let guard = lua.create_table()?;
        let metatable = lua.create_table()?;
        metatable.set("__index", table.clone())?;
        metatable.set("__newindex", self.refuse.clone())?;
        metatable.set("__metatable", false)?;
        guard.set_metatable(Some(metatable.clone()))?;
        self.real.raw_set(guard.clone(), table.clone())?;
        Ok((guard, metatable))
    }

    /// All strings share one metatable: what scripts see of it is a guarded copy.
    fn guard_strings(&self, lua: &Lua, strings: &Table) -> Result<()> {
        let shown = lua.create_table()?;
        shown.set("__index", strings.clone())?;
        let (shown, _) = self.guard(lua, &shown)?;
        if let Some(metatable) = lua.type_metatable::<LuaString>() {
            metatable.raw_set("__metatable", shown)?;
        }
        Ok(())
    }

    /// The functions that would see or change what is behind a guard.
    fn install(&self, lua: &Lua, globals: &Table) -> Result<()> {
        let real = self.real.clone();
        let rawget = lua.create_function(move |lua, args: MultiValue| {
            let table = table_argument(lua, &args, 0)?;
            let Some(key) = args.get(1) else {
                return bad_argument(lua, 2, "value expected");
            };
            let behind: Option<Table> = real.raw_get(&table)?;
            behind.unwrap_or(table).raw_get::<Value>(key)
        })?;
        let real = self.real.clone();
        let rawset = lua.create_function(move |lua, args: MultiValue| {
            let table = table_argument(lua, &args, 0)?;
            let (Some(key), Some(value)) = (args.get(1), args.get(2)) else {
                return bad_argument(lua, args.len().max(1) + 1, "value expected");
            };
            if real.raw_get::<Option<Table>>(&table)?.is_some() {
                return deny();
            }
            check_key(key)?;
            table.raw_set(key, value)?;
            Ok(table)
        })?;
        let real = self.real.clone();
        let setmetatable = lua.create_function(move |lua, args: MultiValue| {
            let table = table_argument(lua, &args, 0)?;
            let metatable = match args.get(1) {
                Some(Value::Nil) => None,
                Some(Value::Table(metatable)) => Some(metatable.clone()),
                _ => return bad_argument(lua, 2, "nil or table expected"),
            };
            if real.raw_get::<Option<Table>>(&table)?.is_some() {
                return deny();
            }
            let old = table.metatable();
            if old.is_some_and(|old| old.raw_get("__metatable").is_ok_and(|v: Value| !v.is_nil())) {
                return raise_here(lua, "cannot change a protected metatable");
            }
            table.set_metatable(metatable)?;
            Ok(table)
        })?;
        let real = self.real.clone();
        let (pairs, next): (Function, Function) = (globals.get("pairs")?, globals.get("next")?);
        let safe_pairs = lua.create_function(move |lua, args: MultiValue| {
            let table = table_argument(lua, &args, 0)?;
            let Some(behind) = real.raw_get::<Option<Table>>(&table)? else {
                return pairs.call::<MultiValue>(table);
            };
            let next = next.clone();
            let step = lua.create_function(move |_, (_, key): (Value, Value)| {
                next.call::<MultiValue>((behind.clone(), key))
            })?;
            Ok(MultiValue::from_iter([Value::Function(step), Value::Table(table), Value::Nil]))
        })?;
        globals.raw_set("rawget", rawget)?;
        globals.raw_set("rawset", rawset)?;
        globals.raw_set("setmetatable", setmetatable)?;
        globals.raw_set("pairs", safe_pairs)
    }
}

/// Refuses a change of what scripts share.
fn deny<T>() -> Result<T> {
    raise(Raise::Text(b"Attempt to modify a readonly table".to_vec()))
}

fn check_key(key: &Value) -> Result<()> {
    match key {
        Value::Nil => raise(Raise::Text(b"table index is nil".to_vec())),
        Value::Number(number) if number.is_nan() => {
            raise(Raise::Text(b"table index is NaN".to_vec()))
        }
        _ => Ok(()),
    }
}

/// A global that isn't there.
fn no_such_global(lua: &Lua, (_, name): (Value, Value)) -> Result<()> {
    let Some(name) = text_of(lua, &name) else {
        let text = "Second argument to luaProtectedTableError must be a string or number";
        return raise_here(lua, text);
    };
    let text = b"Script attempted to access nonexistent global variable '";
    let name = name.as_bytes();
    raise_here(lua, [&text[..], super::convert::until_nul(&name), b"'"].concat())
}

/// What a script gets to see of an error that Rust has raised; one that can't be caught goes on.
fn unwrap(lua: &Lua, error: Value) -> Result<Value> {
    let Value::Error(error) = error else { return Ok(error) };
    match raised(&error) {
        Raise::Text(text) => Ok(Value::String(lua.create_string(&text)?)),
        Raise::Table { err, counted } => super::convert::error_table(lua, &err, counted),
        Raise::Killed(text) => raise(Raise::Killed(text)),
        Raise::Value => Ok(protected::thrown(lua)),
    }
}

/// Raises that an argument of a function of the prelude is bad.
fn complain(lua: &Lua, (level, index, what): (usize, usize, LuaString)) -> Result<()> {
    bad_argument_of(lua, level, index, what.as_bytes())
}

/// Where an error was raised, for the error handler, which calls this: chunk and line.
fn place(lua: &Lua, _: ()) -> Result<(Value, i64)> {
    const RAISED: usize = 2; // 0 is this function, 1 the handler
    let mut level = RAISED;
    while let Some((what, source, line)) = lua.inspect_stack(level, |frame| {
        let found = frame.source();
        let line = frame.current_line().map_or(-1, |line| line as i64);
        (found.what, found.source.map(|source| source.into_owned()), line)
    }) {
        // Above a function in C is who called it. Ours stand for ones that are in C elsewhere.
        let is_c = what == "C" && level == RAISED;
        let is_ours = source.as_deref() == Some("=prelude") || what == "tail";
        if !is_c && !is_ours {
            let source = source.unwrap_or_default();
            return Ok((Value::String(lua.create_string(&source)?), line));
        }
        level += 1;
    }
    Ok((Value::Nil, -1))
}

/// The text of an error that can't be caught, or nil.
fn is_killed(lua: &Lua, error: Value) -> Result<Value> {
    let Value::Error(error) = error else { return Ok(Value::Nil) };
    match raised(&error) {
        Raise::Killed(text) => Ok(Value::String(lua.create_string(&text)?)),
        _ => Ok(Value::Nil),
    }
}

/// `loadstring(text [, name])`
fn loadstring(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    let Some(text) = args.front().and_then(|value| text_of(lua, value)) else {
        return wrong_type(lua, 1, "string", args.front());
    };
    let name = match args.get(1) {
        None | Some(Value::Nil) => text.as_bytes().to_vec(),
        Some(value) => match text_of(lua, value) {
            Some(name) => name.as_bytes().to_vec(),
            None => return wrong_type(lua, 2, "string", Some(value)),
        },
    };
    loaded(lua, &text.as_bytes(), &name)
}

/// `load(function [, name])`: calls the function until it has given all pieces.
fn load(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    let name = match args.get(1) {
        None | Some(Value::Nil) => b"=(load)".to_vec(),
        Some(_) => string_argument(lua, &args, 1)?.as_bytes().to_vec(),
    };
    let Some(Value::Function(reader)) = args.front() else {
        return wrong_type(lua, 1, "function", args.front());
    };
    let mut source = Buffer::new(lua);
    loop {
        let piece = match protected::call(lua, reader, MultiValue::new()) {
            Ok(Value::Nil) => break,
            Ok(value) => text_of(lua, &value),
            Err(error) => {
                let error = unwrap(lua, Value::Error(Box::new(error)))?;
                return Ok(MultiValue::from_iter([Value::Nil, error]));
            }
        };
        match &piece {
            Some(piece) if piece.as_bytes().is_empty() => break,
            Some(piece) => source.extend(&piece.as_bytes())?,
            None => return failed(lua, b"reader function must return a string"),
        }
        if source.as_bytes().starts_with(BINARY) {
            break;
        }
    }
    loaded(lua, source.as_bytes(), &name)
}

/// So much of a chunk's name is kept: more than is ever shown, and a text is its own name.
const LONGEST_NAME: usize = 200;

fn loaded(lua: &Lua, source: &[u8], name: &[u8]) -> Result<MultiValue> {
    match compile(lua, source, &name[..name.len().min(LONGEST_NAME)]) {
        Ok(function) => Ok(MultiValue::from_iter([Value::Function(function)])),
        Err(text) => failed(lua, &text),
    }
}

fn failed(lua: &Lua, text: &[u8]) -> Result<MultiValue> {
    Ok(MultiValue::from_iter([Value::Nil, Value::String(lua.create_string(text)?)]))
}

/// `collectgarbage([what [, size]])`: what a script sets would be there for all, so it sets nothing.
fn collectgarbage(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    let what = match args.front() {
        None | Some(Value::Nil) => b"collect".to_vec(),
        Some(_) => string_argument(lua, &args, 0)?.as_bytes().to_vec(),
    };
    host::tick()?;
    one(match &*what {
        b"collect" => lua.gc_collect().map(|()| Value::Integer(0))?,
        b"count" => Value::Number(lua.used_memory() as f64 / 1024.0),
        b"step" => Value::Boolean(lua.gc_step()?),
        b"stop" | b"restart" => Value::Integer(0),
        b"setpause" | b"setstepmul" => Value::Integer(200),
        other => {
            let text = format!("invalid option '{}'", String::from_utf8_lossy(other));
            return bad_argument(lua, 1, &text);
        }
    })
}
