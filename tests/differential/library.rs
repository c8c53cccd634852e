//! Statements of random scripts that call any function with any arguments, and lay hands on what all scripts
//! share.
//!
//! What it leaves out on purpose: functions that some numbers would keep busy for hours (`string.rep`,
//! `table.insert`), or that end redis-server (`unpack` of huge ranges, `error` of a table); the settings of
//! cjson; what guards show otherwise than read-only tables do (docs/compatibility.md).

use crate::lua::Lua;

const FUNCTIONS: &[&str] = &[
    "string.len",
    "string.sub",
    "string.upper",
    "string.reverse",
    "string.byte",
    "string.char",
    "string.format",
    "string.find",
    "string.match",
    "string.gsub",
    "string.gmatch",
    "string.dump",
    "string.nosuch",
    "table.concat",
    "table.maxn",
    "table.getn",
    "table.setn",
    "table.foreach",
    "table.foreachi",
    "table.sort",
    "math.abs",
    "math.floor",
    "math.max",
    "math.min",
    "math.fmod",
    "math.ldexp",
    "math.random",
    "math.randomseed",
    "math.pow",
    "math.modf",
    "bit.band",
    "bit.bnot",
    "bit.lshift",
    "bit.tohex",
    "bit.ror",
    "cjson.encode",
    "cjson.decode",
    "cmsgpack.pack",
    "cmsgpack.unpack",
    "cmsgpack.unpack_one",
    "cmsgpack.unpack_limit",
    "struct.pack",
    "struct.unpack",
    "struct.size",
    "redis.call",
    "redis.pcall",
    "redis.log",
    "redis.sha1hex",
    "redis.error_reply",
    "redis.status_reply",
    "redis.setresp",
    "redis.set_repl",
    "redis.acl_check_cmd",
    "redis.breakpoint",
    "redis.replicate_commands",
    "redis.debug",
    "redis.nosuch",
    "tonumber",
    "type",
    "select",
    "rawget",
    "rawset",
    "rawequal",
    "ipairs",
    "assert",
    "getmetatable",
    "setmetatable",
    "loadstring",
    "load",
    "pcall",
    "xpcall",
    "coroutine.create",
    "coroutine.status",
    "coroutine.running",
    "coroutine.yield",
    "nosuch",
    "KEYS",
    "dofile",
    "print",
    "require",
    "getfenv",
    "newproxy",
    "os.time",
    "io.open",
    "table.unpack",
    "math.tointeger",
];

const SHARED: &[&str] = &[
    "_G",
    "redis",
    "string",
    "table",
    "math",
    "bit",
    "cjson",
    "cmsgpack",
    "struct",
    "coroutine",
    "getmetatable('')",
];

/// Any function, called with any arguments.
pub fn any_call(lua: &mut Lua<'_>) -> String {
    let args: Vec<String> = (0..lua.random.below(5)).map(|_| lua.any()).collect();
    let function = lua.random.pick(FUNCTIONS);
    let call = match lua.random.below(6) {
        0 => format!(
            "pcall({function}{}{})",
            if args.is_empty() { "" } else { ", " },
            args.join(", ")
        ),
        1 => format!("(function(f) return {{f({})}} end)({function})", args.join(", ")),
        2 => format!(
            "({}):{}({})",
            lua.text(),
            lua.random.pick(&["sub", "find", "byte", "nosuch", "format"]),
            args.join(", ")
        ),
        _ => format!("{function}({})", args.join(", ")),
    };
    match lua.random.below(3) {
        0 => format!("local v@ = {{{call}}} "),
        1 => format!("local v@ = {{pcall(function() local a, b = {call} return a, b end)}} "),
        _ => format!(
            "local ok@, v@ = pcall(function() local a = {call} return type(a) == 'function' or a end) "
        ),
    }
}

/// Something that nobody may change, and somebody tries to.
pub fn shared(lua: &mut Lua<'_>) -> String {
    let table = lua.random.pick(SHARED);
    let key = lua.random.pick(&["x", "call", "format", "KEYS", "__index", "null", "pi", "_G"]);
    let value = lua.any();
    let attempt = match lua.random.below(12) {
        0 | 1 => format!("{table}.{key} = {value}"),
        2 => {
            format!("{table}[{}] = {value}", lua.random.pick(&["1", "'x'", "{}", "true", "'call'"]))
        }
        3 => format!("rawset({table}, '{key}', {value})"),
        4 => format!("setmetatable({table}, {value})"),
        5 => format!("table.insert({table}, {value})"),
        6 => format!("{key} = {value}"),
        7 => format!("local t = setmetatable({{}}, {{__newindex = {table}}}) t.{key} = {value}"),
        8 => format!("local t = setmetatable({{}}, {{__index = {table}}}) return type(t.{key})"),
        9 => format!("return type({table}[{value}])"),
        10 => format!("return type(rawget({table}, '{key}'))"),
        _ => format!("function {key}() return {value} end"),
    };
    format!("local v@ = {{pcall(function() {attempt} end)}} ")
}

/// Tables that stand for replies of other types, inside of each other.
pub fn reply(lua: &mut Lua<'_>, depth: usize) -> String {
    if depth > 3 || lua.random.chance(30) {
        return lua.any();
    }
    let mut inner = || reply(lua, depth + 1);
    let (one, two) = (inner(), inner());
    match lua.random.below(12) {
        0 | 1 => format!("{{{one}, {two}}}"),
        2 => format!("{{map={{[{one}]={two}}}}}"),
        3 => format!("{{map={{a={one}}}}}"),
        4 => format!("{{set={{[{one}]=true}}}}"),
        5 => format!("{{set={one}}}"),
        6 => format!("{{double={}}}", lua.number()),
        7 => format!("{{big_number={}}}", lua.text()),
        8 => format!("{{verbatim_string={{format={}, string={}}}}}", lua.text(), lua.text()),
        9 => format!("{{ok={}}}", lua.text()),
        10 => format!("{{err={}}}", lua.text()),
        _ => format!("setmetatable({{{one}}}, {{__index={{ok='x', {two}}}}})"),
    }
}
