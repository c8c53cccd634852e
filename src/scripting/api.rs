//! The table `redis`: what a script can ask of the server.

use super::convert::{ReplyReader, error_table};
use super::flags::{ScriptFlags, check_name};
use super::host::{self, Running};
use super::limits::{self, BYTES_PER_BYTE, build, room_for};
use super::lua::{
    BString, Function, Lua, LuaString, MultiValue, Raise, Result, Table, Value, install, number_of,
    one, one_string, raise, raised, text_of, to_i64,
};
use super::registration::{Pending, Registration};
use super::{Purpose, sha1_hex};
use crate::config::CompatVersion;
use crate::number::Precision;
use crate::resp::{Protocol, Request};

/// The table for scripts and functions.
/// `texts` of the prelude is for arguments.
pub fn table(lua: &Lua, purpose: Purpose, texts: &Function) -> Result<Table> {
    let redis = lua.create_table()?;
    for (name, raises) in [("call", true), ("pcall", false)] {
        let texts = texts.clone();
        let function = lua.create_function(move |lua, args| call(lua, args, &texts, raises))?;
        redis.raw_set(name, function)?;
    }
    install(
        lua,
        &redis,
        &[
            ("log", log),
            ("setresp", setresp),
            ("set_repl", set_repl),
            ("acl_check_cmd", acl_check_cmd),
            ("error_reply", error_reply),
            ("status_reply", status_reply),
            ("sha1hex", sha1hex),
        ],
    )?;
    if purpose == Purpose::Scripts {
        // Remains of older versions: effects are always replicated, and there is no debugger.
        redis.raw_set("replicate_commands", lua.create_function(|_, ()| Ok(true))?)?;
        redis.raw_set("breakpoint", lua.create_function(|_, ()| Ok(false))?)?;
        redis.raw_set("debug", lua.create_function(|_, _: MultiValue| Ok(()))?)?;
    }
    constants(&redis, compat(lua))?;
    let targets = [("NONE", 0), ("AOF", 1), ("SLAVE", 2), ("REPLICA", 2), ("ALL", 3)];
    for (name, value) in targets {
        redis.raw_set(format!("REPL_{name}"), value)?;
    }
    Ok(redis)
}

/// The table for libraries that are being loaded.
pub fn loading_table(lua: &Lua) -> Result<Table> {
    let redis = lua.create_table()?;
    install(lua, &redis, &[("log", log), ("register_function", register_function)])?;
    constants(&redis, compat(lua))?;
    Ok(redis)
}

fn constants(redis: &Table, compat: CompatVersion) -> Result<()> {
    for (level, name) in ["DEBUG", "VERBOSE", "NOTICE", "WARNING"].into_iter().enumerate() {
        redis.raw_set(format!("LOG_{name}"), level)?;
    }
    redis.raw_set("REDIS_VERSION", compat.version())?;
    redis.raw_set("REDIS_VERSION_NUM", compat.version_number())
}

/// `redis.call(command, arguments ...)`, and `redis.pcall`, which returns errors.
fn call(lua: &Lua, args: MultiValue, texts: &Function, raises: bool) -> Result<Value> {
    let few = few_texts(&args, texts)?;
    let called = host::with(|running| {
        let Running { host, scratch } = running;
        let style = scratch.reply.precision;
        if let Err(text) = read_command(lua, args, few, &mut scratch.request, style)? {
            return Ok(Err((text.to_vec(), false)));
        }
        scratch.reply.clear(KEEP_REPLY);
        match host.call(scratch.request.args(), &mut scratch.reply) {
            Err(text) => Ok(Err((text, true))),
            Ok(()) if scratch.reply.is_over_limit() => {
                scratch.reply.forget_since(0);
                limits::no_memory()
            }
            Ok(()) => match scratch.reply.as_bytes() {
                [b'-', text @ ..] => {
                    let text = text.strip_suffix(b"\r\n").unwrap_or(text);
                    Ok(Err((text.to_vec(), true)))
                }
                // A number takes no memory.
                number @ [b':', ..] => ReplyReader::new(lua, number).value().map(Ok),
                reply => {
                    let most = reply.len() * BYTES_PER_BYTE;
                    build(lua, most, || ReplyReader::new(lua, reply).value()).map(Ok)
                }
            },
        }
    })?;
    match called {
        Ok(value) => Ok(value),
        Err((err, counted)) if raises => raise(Raise::Table { err, counted }),
        Err((err, counted)) => error_table(lua, &err, counted),
    }
}

/// A buffer for replies keeps so much memory from call to call.
const KEEP_REPLY: usize = 64 * 1024;

const NO_COMMAND: &[u8] = b"ERR Please specify at least one argument for this redis lib call";
const BAD_ARGUMENTS: &[u8] = b"ERR Lua redis lib command arguments must be strings or integers";

/// The first texts among the arguments of a call.
type Few = [Option<BString>; 6];

/// Reads the texts among the arguments at once, if they are a few short ones: a text that the crate has a
/// reference to takes several times as long to read as one on the interpreter's stack.
fn few_texts(args: &MultiValue, texts: &Function) -> Result<Few> {
    let mut found = [None::<&LuaString>; 6];
    let mut count = 0;
    for text in args.iter().filter_map(Value::as_string) {
        match found.get_mut(count) {
            Some(place) => *place = Some(text),
            None => return Ok(Few::default()),
        }
        count += 1;
    }
    if count < 2 {
        return Ok(Few::default());
    }
    let [a, b, c, d, e, f] = found;
    match texts.call((a, b, c, d, e, f)) {
        Ok((a, b, c, d, e, f)) => Ok([a, b, c, d, e, f]),
        Err(error) if matches!(raised(&error), Raise::Killed(_)) => Err(error),
        Err(_) => Ok(Few::default()), // too deep for one more call
    }
}

/// Puts the arguments of a call together. Some texts among them may have been read.
fn read_command(
    lua: &Lua,
    args: MultiValue,
    few: Few,
    request: &mut Request,
    style: Precision,
) -> Result<std::result::Result<(), &'static [u8]>> {
    request.clear();
    if args.is_empty() {
        return Ok(Err(NO_COMMAND));
    }
    let mut few = few.into_iter();
    let mut digits = Vec::new();
    let mut bytes = 0;
    for arg in args {
        match arg {
            Value::String(text) => {
                if let Some(Some(text)) = few.next() {
                    request.push(&text);
                    continue;
                }
                let text = text.as_bytes();
                bytes += text.len();
                // The same string may be there a thousand times.
                if bytes > LARGE_REQUEST {
                    room_for(lua, bytes)?;
                }
                request.push(&text);
            }
            Value::Integer(_) | Value::Number(_) => {
                digits.clear();
                push_argument(&mut digits, number_of(lua, &arg).unwrap_or_default(), style);
                request.push(&digits);
            }
            _ => return Ok(Err(BAD_ARGUMENTS)),
        }
    }
    Ok(Ok(()))
}

/// A number as an argument: among the shortest there is no minus zero, but a negative NaN.
fn push_argument(digits: &mut Vec<u8>, number: f64, style: Precision) {
    match style {
        Precision::Shortest if number.is_nan() => Precision::Seventeen.push(digits, number),
        Precision::Shortest => style.push(digits, number + 0.0),
        Precision::Seventeen => style.push(digits, number),
    }
}

/// Requests of this size have to find room among all that the script has.
const LARGE_REQUEST: usize = 1024 * 1024;

/// The Redis that the interpreter is like.
fn compat(lua: &Lua) -> CompatVersion {
    lua.app_data_ref::<CompatVersion>().map(|compat| *compat).unwrap_or_default()
}

/// An error of a function of this table.
fn fail<T>(text: &str) -> Result<T> {
    raise(Raise::Table { err: text.as_bytes().to_vec(), counted: false })
}

/// `redis.log(level, text ...)`
fn log(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    if args.len() < 2 {
        return fail("ERR redis.log() requires two arguments or more.");
    }
    let Some(level) = args.front().and_then(|level| number_of(lua, level)) else {
        return fail("ERR First argument must be a number (log level).");
    };
    let level = to_i64(level);
    if !(0..=3).contains(&level) {
        return fail(compat(lua).bad_log_level());
    }
    let mut line = Vec::new();
    for text in args.iter().skip(1).filter_map(|value| text_of(lua, value)) {
        if !line.is_empty() {
            line.push(b' ');
        }
        let text = text.as_bytes();
        line.extend_from_slice(&text[..text.len().min(LONGEST_LINE)]);
        line.truncate(LONGEST_LINE);
    }
    host::with(|running| {
        running.host.log(level as u8, &line);
        Ok(MultiValue::new())
    })
}

/// So much of a line gets into the log.
const LONGEST_LINE: usize = 1024;

/// `redis.setresp(version)`
fn setresp(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    if args.len() != 1 {
        return fail("ERR redis.setresp() requires one argument.");
    }
    let protocol = match args.front().and_then(|version| number_of(lua, version)).map(to_i64) {
        Some(2) => Protocol::Resp2,
        Some(3) => Protocol::Resp3,
        _ => return fail("ERR RESP version must be 2 or 3."),
    };
    host::with(|running| {
        running.scratch.reply.protocol = protocol;
        Ok(MultiValue::new())
    })
}

/// `redis.set_repl(targets)`
fn set_repl(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    if args.len() != 1 {
        return fail(compat(lua).bad_set_repl());
    }
    let targets = args.front().and_then(|targets| number_of(lua, targets)).map_or(0, to_i64);
    if !(0..=3).contains(&targets) {
        return fail(
            "ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.",
        );
    }
    host::with(|running| {
        running.host.set_replication(targets as u8);
        Ok(MultiValue::new())
    })
}

/// `redis.acl_check_cmd(command, arguments ...)`
fn acl_check_cmd(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    let mut request = Request::default();
    let style = Precision::default();
    if let Err(text) = read_command(lua, args, Few::default(), &mut request, style)? {
        return raise(Raise::Table { err: text.to_vec(), counted: false });
    }
    match host::with(|running| Ok(running.host.may_run(request.args())))? {
        Some(may) => one(Value::Boolean(may)),
        None => fail("ERR Invalid command passed to redis.acl_check_cmd()"),
    }
}

/// `redis.error_reply(text)`
fn error_reply(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    single_field(lua, args, "err")
}

/// `redis.status_reply(text)`
fn status_reply(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    single_field(lua, args, "ok")
}

fn single_field(lua: &Lua, args: MultiValue, field: &str) -> Result<MultiValue> {
    let (1, Some(Value::String(text))) = (args.len(), args.front()) else {
        return one(error_table(lua, b"ERR wrong number or type of arguments", false)?);
    };
    let text = text.as_bytes();
    let text = match field {
        "err" => error_text(&text),
        _ => text.to_vec(),
    };
    let table = lua.create_table()?;
    table.raw_set(field, lua.create_string(&text)?)?;
    one(Value::Table(table))
}

/// An error begins with a code; a single word gets one. Ends of lines around the rest go.
fn error_text(text: &[u8]) -> Vec<u8> {
    let text = super::convert::until_nul(text);
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let (code, rest) = match memchr::memchr(b' ', text) {
        Some(blank) => (&text[..blank], &text[blank + 1..]),
        None => (&b"ERR"[..], text),
    };
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let start = rest.iter().position(|byte| !is_end(byte)).unwrap_or(rest.len());
    let end = rest.iter().rposition(|byte| !is_end(byte)).map_or(start, |end| end + 1);
    [code, b" ", &rest[start..end]].concat()
}

/// `redis.sha1hex(text)`
fn sha1hex(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    if args.len() != 1 {
        return fail("ERR wrong number of arguments");
    }
    let text = args.front().and_then(|value| text_of(lua, value));
    let digest = match text {
        Some(text) => sha1_hex(&text.as_bytes()),
        None => sha1_hex(b""),
    };
    one_string(lua, digest)
}

/// `redis.register_function(name, callback)` or `redis.register_function{...}`
fn register_function(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    let mut given = Named::default();
    match (args.len(), args.front()) {
        (1, Some(Value::Table(table))) => given.read(lua, table)?,
        (1, _) => {
            return fail(
                "ERR calling redis.register_function with a single argument is only applicable \
                 to Lua table (representing named arguments).",
            );
        }
        (2, Some(name)) => {
            let Some(name) = text_of(lua, name) else {
                return fail("ERR first argument to redis.register_function must be a string");
            };
            given.name = Some(name.as_bytes().to_vec());
            let Some(Value::Function(callback)) = args.get(1) else {
                return fail("ERR second argument to redis.register_function must be a function");
            };
            given.callback = Some(callback.clone());
        }
        _ => return fail("ERR wrong number of arguments to redis.register_function"),
    }
    let Some(name) = given.name else {
        return fail("ERR redis.register_function must get a function name argument");
    };
    let Some(callback) = given.callback else {
        return fail("ERR redis.register_function must get a callback argument");
    };
    if let Err(text) = check_name(&name) {
        return fail(&format!("ERR {text}"));
    }
    let Some(mut pending) = lua.app_data_mut::<Pending>() else {
        return fail("ERR redis.register_function can only be called on FUNCTION LOAD command");
    };
    let texts = name.len() + given.description.as_ref().map_or(0, Vec::len);
    room_for(lua, pending.count(texts))?;
    let id = pending.keep(callback)?;
    drop(pending);
    let Named { description, flags, .. } = given;
    let registration = Registration { name, description, flags, id };
    match host::with(|running| Ok(running.host.register(registration)))? {
        Ok(()) => Ok(MultiValue::new()),
        Err(text) => fail(text),
    }
}

/// The named arguments of `register_function`.
#[derive(Default)]
struct Named {
    name: Option<Vec<u8>>,
    callback: Option<Function>,
    description: Option<Vec<u8>>,
    flags: ScriptFlags,
}

impl Named {
    fn read(&mut self, lua: &Lua, table: &Table) -> Result<()> {
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair?;
            let Value::String(key) = key else { return fail(UNKNOWN_ARGUMENT) };
            let text = || text_of(lua, &value).map(|text| text.as_bytes().to_vec());
            match &*key.as_bytes() {
                b"function_name" => match text() {
                    Some(text) => self.name = Some(text),
                    None => {
                        return fail(
                            "ERR function_name argument given to redis.register_function must \
                             be a string",
                        );
                    }
                },
                b"description" => match text() {
                    Some(text) => self.description = Some(text),
                    None => {
                        return fail(
                            "ERR description argument given to redis.register_function must be \
                             a string",
                        );
                    }
                },
                b"callback" => match &value {
                    Value::Function(callback) => self.callback = Some(callback.clone()),
                    _ => {
                        return fail(
                            "ERR callback argument given to redis.register_function must be a \
                             function",
                        );
                    }
                },
                b"flags" => match &value {
                    Value::Table(flags) => self.flags = read_flags(flags)?,
                    _ => {
                        return fail(
                            "ERR flags argument to redis.register_function must be a table \
                             representing function flags",
                        );
                    }
                },
                _ => return fail(UNKNOWN_ARGUMENT),
            }
        }
        Ok(())
    }
}

const UNKNOWN_ARGUMENT: &str = "ERR unknown argument given to redis.register_function";

fn read_flags(list: &Table) -> Result<ScriptFlags> {
    let mut flags = ScriptFlags::default();
    for index in 1.. {
        let named = match list.raw_get::<Value>(index)? {
            Value::Nil => break,
            Value::String(name) => ScriptFlags::named(&name.as_bytes()),
            _ => None,
        };
        match named {
            Some(flag) => flags.add(flag),
            None => return fail("ERR unknown flag given"),
        }
    }
    Ok(flags)
}
