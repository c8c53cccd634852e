//! Random scripts: a few statements around the expressions of `lua.rs`, and what they come to in the end.
//!
//! What a script has found out it returns as it is, which tests the conversion into a reply, or by way of a
//! function that shows every value exactly, or raises. Some are damaged, which tests the parser.
//!
//! What it leaves out on purpose: endless loops and gigabytes; calls in the last place whose errors then
//! don't tell where they were (docs/compatibility.md); errors that are tables without a text, which end
//! redis-server.

use crate::generator::Random;
use crate::library;
use crate::lua::Lua;
use crate::texts::quoted;

/// Shows a value of any type: numbers with all their digits, tables by their sorted keys.
const SHOW: &str = "local function show(v, d) d = d or 0 local t = type(v) \
    if t == 'number' then return string.format('%.17g', v) .. '/' .. tostring(v) end \
    if t == 'string' then return '\"' .. v .. '\"' end \
    if t ~= 'table' then return t == 'function' and t or tostring(v) end \
    if d > 8 then return '...' end local out = {} \
    for k, e in pairs(v) do out[#out + 1] = show(k, d + 1) .. '=' .. show(e, d + 1) end \
    table.sort(out) return '{#' .. #v .. ' ' .. table.concat(out, ' ') .. '}' end ";

/// A script.
pub fn script(random: &mut Random) -> String {
    let mut lua = Lua::new(random);
    let mut out = String::new();
    let shows = lua.random.chance(60);
    if shows {
        out.push_str(SHOW);
    }
    if lua.random.chance(15) {
        out.push_str(lua.random.pick(&["redis.setresp(3) ", "redis.setresp(2) "]));
    }
    let count = 1 + lua.random.below(3);
    for index in 0..count {
        let statement = statement(&mut lua);
        out.push_str(&statement.replace('@', &index.to_string()));
        if lua.random.chance(10) {
            out.push('\n');
        }
    }
    let values: Vec<String> = (0..count).map(|index| format!("v{index}")).collect();
    let values = values.join(", ");
    let end = match (shows, lua.random.below(9)) {
        (true, 0) => format!("error(show({{{values}}}))"),
        (true, 1) => "error(type(v0) == 'table' and {err=show(v0)} or v0)".to_owned(),
        (true, _) => format!("return show({{{values}}})"),
        (false, 0..=3) => "local r = v0 return r".to_owned(),
        (false, 4) => format!("return redis.{}_reply(v0)", lua.random.pick(&["error", "status"])),
        (false, _) => format!("return {{{values}}}"),
    };
    out.push_str(&end);
    // What is left of `error({err='x'})` could end redis-server.
    if !out.contains("error") && random.chance(6) {
        damage(random, &mut out);
    }
    // All scripts share one generator: without a seed, a difference would go on and on.
    match out.contains("random") {
        true => format!("math.randomseed({}) {out}", random.below(1000)),
        false => out,
    }
}

/// Takes a character away, or adds one: no digit, for loops must stay short.
fn damage(random: &mut Random, script: &mut String) {
    let places: Vec<usize> = script.char_indices().map(|(at, _)| at).collect();
    let at = random.pick(&places);
    if random.chance(50) {
        script.remove(at);
    } else {
        script.insert(
            at,
            random.pick(&['(', ')', '{', '}', '\'', '"', ']', '=', ',', '.', ' ', '\\', '$', '\n']),
        );
    }
}

/// A statement that gives a value to `v@`.
fn statement(lua: &mut Lua<'_>) -> String {
    match lua.random.below(72) {
        0..=13 => format!("local v@ = {} ", lua.any()),
        14..=21 => format!("local ok@, v@ = pcall(function() return {} end) ", lua.any()),
        22 | 23 => format!(
            "local ok@, v@ = xpcall(function() return {} end, function(e) return {{type(e), e}} end) ",
            lua.any()
        ),
        24 | 25 => format!(
            "local ok@, v@ = coroutine.resume(coroutine.create(function() return {} end)) ",
            lua.any()
        ),
        26 => format!(
            "local v@ = {{select({}, {}, {})}} ",
            lua.random.pick(&["1", "2", "-1", "'#'", "0"]),
            lua.any(),
            lua.any()
        ),
        27 => format!("local v@ for i = 1, {} do v@ = {} end ", lua.random.below(4), lua.any()),
        28 | 29 => steps(lua),
        30..=32 => sorted(lua),
        33..=35 => changed_list(lua),
        36..=38 => with_metatable(lua),
        39..=41 => raised(lua),
        42..=44 => generator(lua),
        45..=47 => read_number(lua),
        48 | 49 => variable_arguments(lua),
        50 => large(lua),
        51..=53 => loaded(lua),
        54..=56 => handled_reply(lua),
        57..=62 => library::any_call(lua),
        63..=65 => library::shared(lua),
        66..=69 => format!("local v@ = {} ", library::reply(lua, 0)),
        _ => format!("local v@ = {{assert({}, {})}} ", lua.any(), lua.any()),
    }
}

/// A loop with a step; one that goes on is left.
fn steps(lua: &mut Lua<'_>) -> String {
    let (from, to, step) = (lua.number(), lua.number(), lua.number());
    format!(
        "local v@ = {{}} for i = {from}, {to}, {step} do v@[#v@ + 1] = i if #v@ > 5 then break end end "
    )
}

fn sorted(lua: &mut Lua<'_>) -> String {
    const ORDERS: &[&str] = &[
        "",
        ", function(a, b) return a > b end",
        ", function(a, b) return #a < #b end",
        ", function(a, b) return tonumber(a) < tonumber(b) end",
        ", nil",
        ", 1",
        ", function() error('order') end",
    ];
    let kind = lua.random.below(3);
    let items: Vec<String> = (0..lua.random.below(7))
        .map(|_| match kind {
            0 => lua.number(),
            1 => lua.text(),
            _ => lua.any(),
        })
        .collect();
    let order = lua.random.pick(ORDERS);
    format!("local v@ = {{{}}} table.sort(v@{order}) ", items.join(", "))
}

fn changed_list(lua: &mut Lua<'_>) -> String {
    let mut out = format!("local v@ = {} ", lua.list());
    for _ in 0..1 + lua.random.below(3) {
        let change = match lua.random.below(8) {
            0 | 1 => format!("table.insert(v@, {}) ", lua.any()),
            2 => format!("table.insert(v@, {}, {}) ", lua.random.below(6) as i64 - 1, lua.any()),
            3 => format!(
                "table.insert(v@, {}, 1) ",
                lua.random.pick(&["'1'", "'x'", "1.5", "nil", "{}"])
            ),
            4 => "v@[#v@ + 1] = table.remove(v@) ".to_owned(),
            5 => format!("table.remove(v@, {}) ", lua.random.below(6) as i64 - 1),
            6 => format!("v@[{}] = {} ", lua.random.below(6), lua.any()),
            _ => "v@ = {{unpack(v@)}, table.maxn(v@), table.getn(v@), v@} ".to_owned(),
        };
        out.push_str(&change);
    }
    out
}

fn with_metatable(lua: &mut Lua<'_>) -> String {
    const EVENTS: &[&str] = &[
        "__index",
        "__newindex",
        "__call",
        "__add",
        "__sub",
        "__mul",
        "__div",
        "__mod",
        "__pow",
        "__unm",
        "__concat",
        "__eq",
        "__lt",
        "__le",
        "__len",
        "__tostring",
        "__metatable",
    ];
    const USES: &[&str] = &[
        "t.x",
        "t[1]",
        "t(1, 2)",
        "t + 1",
        "1 - t",
        "t * t",
        "t / 2",
        "t % 2",
        "t ^ 2",
        "-t",
        "t .. 'x'",
        "1 .. t",
        "t == u",
        "t < u",
        "t <= u",
        "#t",
        "tostring(t)",
        "getmetatable(t)",
        "rawget(t, 'x')",
        "t.x.y",
        "t:x()",
        "setmetatable(t, nil)",
        "rawequal(t, u)",
        "cjson.encode(t)",
        "unpack(t)",
        "table.concat(t)",
        "t",
    ];
    let event = lua.random.pick(EVENTS);
    let other = lua.random.pick(EVENTS);
    let (one, two) = (lua.any(), lua.any());
    let shown = lua.random.pick(USES);
    format!(
        "local m = {{{event} = function(...) return {one} end, {other} = {two}}} \
         local t, u = setmetatable({{}}, m), setmetatable({{}}, m) \
         local ok@, v@ = pcall(function() t.z = 1 return type({shown}), {shown} end) \
         if type(v@) == 'table' then v@ = type(v@.err) end "
    )
}

/// An error from some levels down, which is caught and raised again, or not.
fn raised(lua: &mut Lua<'_>) -> String {
    let error = match lua.random.below(4) {
        0 => format!("{{err=tostring({})}}", lua.text()),
        1 => format!("redis.error_reply({})", quoted(b"CODE text")),
        _ => lua.text(),
    };
    let level = lua.random.pick(&["", ", 0", ", 1", ", 2"]);
    let raise = lua.random.pick(&["error", "error", "error", "redis.call"]);
    let again = lua.random.pick(&[
        "",
        "",
        "if not ok@ then error(v@, 0) end ",
        "if not ok@ then error(v@) end ",
    ]);
    format!(
        "local function raise() {raise}({error}{level}) end\nlocal function middle() raise()\nreturn 1 end \
         local ok@, v@ = pcall(middle) {again}"
    )
}

fn generator(lua: &mut Lua<'_>) -> String {
    let (one, two) = (lua.any(), lua.any());
    match lua.random.below(3) {
        0 => format!(
            "local v@ = {{}} local g = coroutine.wrap(function(a) local b = coroutine.yield({one}) v@[1] = b \
             coroutine.yield({two}, a) end) v@[2] = g(1) v@[3] = {{g(2)}} v@[4] = {{g(3)}} v@[5] = {{pcall(g, 4)}} "
        ),
        1 => format!(
            "local c = coroutine.create(function(...) coroutine.yield(...) return {one} end) \
             local v@ = {{coroutine.status(c), {{coroutine.resume(c, {two})}}, {{coroutine.resume(c)}}, \
             {{coroutine.resume(c)}}, coroutine.status(c)}} "
        ),
        _ => format!(
            "local v@ = {{}} for a, b in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i, {one}) end end) \
             do v@[a] = tostring(b == {two}) end "
        ),
    }
}

/// The text of a number, read by the parser, by `tonumber` and by arithmetic.
fn read_number(lua: &mut Lua<'_>) -> String {
    let mut digits = |most: usize| -> String {
        let count = lua.random.below(most + 1);
        (0..count).map(|_| char::from(b'0' + lua.random.below(10) as u8)).collect()
    };
    let (whole, decimals, exponent) = (digits(19), digits(19), digits(3));
    let mut text = whole;
    if lua.random.chance(60) {
        text = format!("{text}.{decimals}");
    }
    if lua.random.chance(50) {
        text = format!(
            "{text}{}{}{exponent}",
            lua.random.pick(&["e", "E"]),
            lua.random.pick(&["", "-", "+"])
        );
    }
    if lua.random.chance(10) {
        text = format!(
            "0x{}",
            lua.random.pick(&["1f", "FF", "", "g", "123456789abcdef01", "1.8", "1p4"])
        );
    }
    match lua.random.below(3) {
        0 => format!(
            "local ok@, v@ = pcall(loadstring({})) ",
            quoted(format!("return {text}").as_bytes())
        ),
        1 => format!(
            "local v@ = {{tonumber('{text}'), tostring(tonumber('{text}')), cjson.decode('[1]')}} "
        ),
        _ => format!("local ok@, v@ = pcall(function() return '{text}' + 0 end) "),
    }
}

fn variable_arguments(lua: &mut Lua<'_>) -> String {
    let args: Vec<String> = (0..lua.random.below(4)).map(|_| lua.any()).collect();
    format!(
        "local function f(...) local a, b = ... local t = {{...}} return select('#', ...), #t, b, a end \
         local v@ = {{f({})}} ",
        args.join(", ")
    )
}

/// Strings and lists about as long as the encodings change.
fn large(lua: &mut Lua<'_>) -> String {
    let len = lua
        .random
        .pick(&[15, 16, 17, 31, 32, 33, 127, 128, 255, 256, 257, 7000, 65535, 65536, 70000]);
    let value = lua.random.pick(&["i", "'x'", "i % 3 == 0", "-i", "i / 2", "{i}"]);
    match lua.random.below(5) {
        0 => format!("local v@ = cmsgpack.pack(string.rep('x', {len})):sub(1, 8) "),
        1 => format!(
            "local t = {{}} for i = 1, {len} do t[i] = {value} end local p = cmsgpack.pack(t) \
             local v@ = {{#p, p:sub(1, 12), p:sub(-9), #cmsgpack.unpack(p)}} "
        ),
        2 => format!(
            "local t = {{}} for i = 1, {len} do t[i] = {value} end local p = cjson.encode(t) \
             local v@ = {{#p, redis.sha1hex(p), #cjson.decode(p)}} "
        ),
        3 => format!(
            "local t = {{}} for i = 1, {} do t[i] = i end local v@ = {{select('#', unpack(t)), \
             #{{string.byte(string.rep('ab', {}), 1, -1)}}, math.max(unpack(t))}} ",
            len.min(7000),
            len.min(3000)
        ),
        _ => format!(
            "redis.call('del', 'big') for i = 1, {} do redis.call('rpush', 'big', i) end \
             local v@ = {{redis.call('llen', 'big'), #redis.call('lrange', 'big', 0, -1)}} ",
            len.min(300)
        ),
    }
}

/// Source text that a script compiles.
fn loaded(lua: &mut Lua<'_>) -> String {
    let value = lua.any();
    let name = lua.random.pick(&["", ", '@name'", ", '=name'", ", 'name'"]);
    let mut text = format!("local a = 1\nreturn {value}");
    if lua.random.chance(30) {
        damage(lua.random, &mut text);
    }
    let text = quoted(text.as_bytes());
    format!("local f, v@ = loadstring({text}{name}) if f then v@ = {{pcall(f)}} end ")
}

/// The error of a command, looked at, changed and passed on.
fn handled_reply(lua: &mut Lua<'_>) -> String {
    let text = lua.text();
    let end = match lua.random.below(5) {
        0 => "if type(v@) == 'table' and v@.err then error(v@) end ".to_owned(),
        1 => format!("if type(v@) == 'table' and v@.err then v@.err = {text} end "),
        2 => {
            format!("if type(v@) == 'table' and v@.err then return redis.error_reply({text}) end ")
        }
        3 => "v@ = {type(v@), type(v@) == 'table' and v@.err} ".to_owned(),
        _ => String::new(),
    };
    format!(
        "local v@ = redis.pcall({}, {}, {}) {end}",
        lua.random.pick(&["'lpush'", "'incr'", "'get'", "'hset'"]),
        lua.random.pick(&["'k'", "'l'", "'n'"]),
        lua.any()
    )
}
