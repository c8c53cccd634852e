//! What Lua 5.1 and Redis had open once: each hole with its number, and that it is closed.
//!
//! Where redis-server 7.0.15 has no answer of its own, because it would crash or be taken over, the
//! answer is ours.

use crate::{Server, ask};

/// What each script gets, on one server. `...` at the end: it only begins so.
fn check(cases: &[(&str, &str)]) {
    let server = Server::start(&[]);
    let mut client = server.connect();
    for (script, expected) in cases {
        let found = ask(&mut client, &["EVAL", script, "1", "key", "arg"]);
        match expected.strip_suffix("...") {
            Some(begin) => assert!(found.starts_with(begin), "{script}: {found}"),
            None => assert_eq!(found, *expected, "{script}"),
        }
    }
    assert_eq!(server.ask("PING"), "PONG");
}

/// Compiled code could do anything to the process, for the interpreter trusts it.
#[test]
fn binary_code_is_refused_wherever_text_is_compiled() {
    check(&[
        (r"return (loadstring('\27Lua'))", "nil"),
        (
            r"local f, text = loadstring('\27Lua') return text",
            "[string \"\u{1b}Lua\"]:1: unexpected symbol near 'char(27)'",
        ),
        ("return loadstring(string.dump(function() return 1 end)) == nil", "1"),
        (
            "local code = string.dump(function() return 1 end) \
          return load(function() local c = code code = nil return c end) == nil",
            "1",
        ),
        // In pieces, so that the first one tells nothing.
        (
            r"local parts, i = {'', '\27', 'Lua'}, 1 return load(function() i = i + 1 return parts[i] end) == nil",
            "1",
        ),
        ("\u{1b}Lua", "-ERR Error compiling script (new function): user_script:1: unexpected..."),
    ]);
    let server = Server::start(&[]);
    let mut client = server.connect();
    let refused = ask(&mut client, &["SCRIPT", "LOAD", "\u{1b}LuaQ"]);
    assert!(refused.starts_with("-ERR Error compiling script"), "{refused}");
    let refused = ask(&mut client, &["FUNCTION", "LOAD", "#!lua name=a\u{1b}LuaQ"]);
    assert!(refused.starts_with("-ERR "), "{refused}");
}

/// CVE-2025-49844: the parser's string with the chunk's name could be collected while `load` called its
/// reader. Here the parser gets a whole text, never a reader.
#[test]
fn the_name_of_a_chunk_outlives_the_parser() {
    check(&[(
        "local junk, found = {}, {} \
          for i = 1, 200 do \
            local parts = {'local a = ' .. i, ' return', ' nope.x'} local n = 0 \
            local f = load(function() \
              collectgarbage() for j = 1, 50 do junk[j] = ('name' .. j):rep(9) end \
              n = n + 1 return parts[n] end, ('chunk' .. i):rep(3)) \
            local ok, text = pcall(f) found[text:match('chunk%d+') or text] = true \
          end \
          local n = 0 for _ in pairs(found) do n = n + 1 end return n",
        "200",
    )]);
}

/// CVE-2025-46817: the count of results overflowed, and with it the stack.
#[test]
fn ranges_of_unpack_are_counted_without_overflow() {
    let too_many = "-ERR user_script:1: too many results to unpack script: ...";
    check(&[
        ("return {unpack({1, 2}, 0, 2147483647)}", too_many),
        ("return {unpack({1, 2}, -2147483648, 2147483647)}", too_many),
        ("return {unpack({1, 2}, 1, 1e6)}", too_many),
        ("return {unpack({1, 2}, 0 / 0, 2)}", too_many),
        ("return {unpack({1, 2}, 1, 0 / 0)}", too_many),
        ("return {unpack({1, 2}, -1 / 0, 1 / 0)}", too_many),
        ("return {unpack({1, 2}, 2147483648, 2)}", "[]"),
        ("return {unpack({1, 2}, 2^53, -2^53)}", "[]"),
        ("return {unpack({1, 2}, 2147483647, -2147483648)}", "[]"),
        ("return select('#', unpack({}, 1, 7000))", "7000"),
    ]);
}

/// CVE-2025-46818: what one user did to the metatable of strings was there for all.
#[test]
fn nobody_changes_what_all_scripts_share() {
    let read_only = "-ERR user_script:1: Attempt to modify a readonly table script: ...";
    check(&[
        ("getmetatable('').__index = function() return 'mine' end", read_only),
        ("getmetatable('').__add = function() return 'mine' end", read_only),
        ("getmetatable('').__index.upper = function() return 'mine' end", read_only),
        ("string.upper = function() return 'mine' end", read_only),
        ("rawset(string, 'upper', 1)", "-ERR Attempt to modify a readonly table script: ..."),
        ("setmetatable(_G, {})", "-ERR Attempt to modify a readonly table script: ..."),
        (
            "return {getmetatable(1) == nil, getmetatable(print_ or true) == nil}",
            "-ERR user_script:1: \
          Script attempted to access nonexistent global variable 'print_'...",
        ),
        (
            "return getmetatable(1) == nil and getmetatable(pairs) == nil and getmetatable(nil) == nil",
            "1",
        ),
        ("return ('x'):upper()", "X"),
        ("return rawequal(getmetatable('').__index, string)", "1"),
    ]);
}

/// CVE-2025-46819: so many `=` in a long bracket that their count overflowed.
#[test]
fn long_brackets_are_as_long_as_they_like() {
    check(&[
        (
            "return #loadstring('return [' .. ('='):rep(1e6) .. '[x]' .. ('='):rep(1e6) .. ']')()",
            "1",
        ),
        (
            "local f, text = loadstring('return [' .. ('='):rep(1e7) .. 'x') return text:sub(1, 12)",
            "[string \"ret",
        ),
        (
            "return #loadstring('--[' .. ('='):rep(1e6) .. '[ x ]' .. ('='):rep(1e6) .. ']\\nreturn \"abc\"')()",
            "3",
        ),
    ]);
}

/// CVE-2024-31449: the least integer has no opposite.
#[test]
fn tohex_takes_the_least_integer() {
    check(&[
        ("return bit.tohex(65535, -2147483648)", "0000FFFF"),
        ("return bit.tohex(-1, 2147483647)", "ffffffff"),
        ("return bit.tohex(255, 0)", ""),
        ("return bit.tohex(255, -4)", "00FF"),
    ]);
}

/// CVE-2024-46981: code that the collector runs, at a moment that nobody expects.
#[test]
fn scripts_have_no_finalisers() {
    check(&[
        (
            "return newproxy",
            "-ERR user_script:1: Script attempted to access nonexistent global variable \
          'newproxy'...",
        ),
        ("return rawget(_G, 'newproxy') == nil", "1"),
        (
            "local ran = 0 for i = 1, 100 do setmetatable({}, {__gc = function() ran = ran + 1 end}) end \
          collectgarbage() collectgarbage() return ran",
            "0",
        ),
        ("return getmetatable(cjson.null) == nil", "1"),
        // What Rust raises is a value with a finaliser, but no script gets to see it.
        ("local ok, e = pcall(redis.call) return type(e) ~= 'userdata'", "1"),
        (
            "local co = coroutine.create(function() redis.call() end) \
             local ok, e = coroutine.resume(co) return type(e) ~= 'userdata'",
            "1",
        ),
        (
            "local co = coroutine.wrap(function() redis.call() end) \
             local ok, e = pcall(co) return type(e) ~= 'userdata'",
            "1",
        ),
        ("local ok, e = pcall(string.rep) return type(e) ~= 'userdata'", "1"),
        ("local ok, e = xpcall(redis.call, function(e) return type(e) end) return e", "table"),
        (
            "local ok, e = pcall(string.gsub, 'x', 'x', redis.call) return type(e) ~= 'userdata'",
            "1",
        ),
        ("local ok, e = pcall(table.sort, {1, 2}, redis.call) return type(e) ~= 'userdata'", "1"),
        (
            "local ok, e = pcall(load, function() return redis.call() end) return type(e) ~= 'userdata'",
            "1",
        ),
        (
            "local t = setmetatable({}, {__index = redis.call}) \
             local ok, e = pcall(function() return t.x end) return type(e) ~= 'userdata'",
            "1",
        ),
    ]);
}

/// CVE-2022-24834: lengths that overflow, and stacks that do.
#[test]
fn encodings_are_nested_and_long_only_within_limits() {
    let deep = |open: &str| format!("return pcall(cjson.decode, ('{open}'):rep(1e6))");
    check(&[
        (
            "local t = {} for i = 1, 2000 do t = {t} end return {pcall(cjson.encode, t)}",
            "[nil Cannot serialise, excessive nesting (1001)]",
        ),
        (&deep("["), "nil"),
        (&deep("{\"a\":"), "nil"),
        (
            "cjson.encode_max_depth(2147483647) local t = {} t[1] = t return pcall(cjson.encode, t)",
            "nil",
        ),
        ("cjson.decode_max_depth(2147483647) return pcall(cjson.decode, ('['):rep(1e6))", "nil"),
        ("local s = ('\\1'):rep(1e6) return #cjson.encode(s)", "6000002"),
        ("return #cmsgpack.pack(('x'):rep(1e6))", "1000005"),
        ("return pcall(cmsgpack.unpack, ('\\145'):rep(1e6))", "nil"),
        ("return pcall(cmsgpack.unpack, ('\\129\\1'):rep(1e6))", "nil"),
        ("return pcall(cmsgpack.unpack, '\\221\\255\\255\\255\\255')", "nil"),
        ("return pcall(cmsgpack.unpack, '\\219\\255\\255\\255\\255x')", "nil"),
        ("local t = {} t[1] = t return #cmsgpack.pack(t)", "17"),
        ("return pcall(struct.unpack, 'c99999999999', 'x')", "nil"),
        ("return pcall(struct.unpack, 'Bc0', '\\255x')", "nil"),
        ("return pcall(struct.pack, '>I2147483647', 1)", "nil"),
        ("return pcall(struct.unpack, 'i', 'abcd', 2^63)", "nil"),
    ]);
}

/// CVE-2021-32626: values on their way into the interpreter and out of it need its stack.
#[test]
fn conversions_leave_the_stack_as_it_is() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let args: Vec<String> = (0..200_000).map(|n| n.to_string()).collect();
    let mut command = vec!["EVAL", "return {#KEYS, #ARGV, KEYS[1], ARGV[#ARGV]}", "100000"];
    command.extend(args.iter().map(String::as_str));
    assert_eq!(ask(&mut client, &command), "[100000 100000 0 199999]");
    let count =
        |script: &str, client: &mut _| ask(client, &["EVAL", script, "0"]).split(' ').count();
    assert_eq!(count("local t = {} for i = 1, 1e5 do t[i] = i end return t", &mut client), 100_000);
    assert_eq!(
        count(
            "for i = 1, 2e4 do redis.call('RPUSH', 'l', i) end \
               return redis.call('LRANGE', 'l', 0, -1)",
            &mut client
        ),
        20_000
    );
    let nested = "local t = {} for i = 1, 1e5 do t = {t} end return t";
    client.send(&["EVAL", nested, "0"]).unwrap();
    // However deep it is, it ends with an error in place of the innermost values.
    crate::wait_until("the reply is there", || {
        let _ = client.fill(std::time::Instant::now() + std::time::Duration::from_millis(100));
        client.raw().ends_with(b"-ERR reached lua stack limit\r\n")
    });
    client.clear_raw();
    assert_eq!(ask(&mut client, &["PING"]), "PONG");
    let many =
        "local t = {} for i = 1, 7900 do t[i] = 'a' end return #redis.call('MGET', unpack(t))";
    assert_eq!(ask(&mut client, &["EVAL", many, "0"]), "7900");
}
