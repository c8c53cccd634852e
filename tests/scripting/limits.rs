//! Memory, nesting and time: a script comes to its end before the process does.

use std::time::{Duration, Instant};

use crate::hostile::memory;
use crate::{Server, answer, ask, wait_until};

const LIMIT_MB: u64 = 8;

fn small_server() -> Server {
    Server::start(&["--lua-memory-limit", &(LIMIT_MB << 20).to_string()])
}

/// Scripts that ask for more than there is, in the interpreter or outside of it.
const GREEDY: &[&str] = &[
    "return ('x'):rep(1e9)",
    "return ('x'):rep(2147483647)",
    "local s = 'x' while true do s = s .. s end",
    "local t = {} while true do t[#t + 1] = {} end",
    "local t = {} for i = 1, 1e9 do t[i] = 'key' .. i end",
    "local t = {} for i = 1, 1000 do t[i] = ('x'):rep(1e6) .. i end",
    "local t, s = {}, ('x'):rep(1e6) for i = 1, 1000 do t[i] = s end return table.concat(t)",
    "return (('x'):rep(1e6):gsub('x', ('y'):rep(1000)))",
    "return (('x'):rep(1e6):gsub('x', function() return ('y'):rep(1000) end))",
    "local t, s = {}, ('x'):rep(1e6) for i = 1, 1000 do t[i] = s end return cjson.encode(t)",
    "local t = ('x'):rep(1e4) for i = 1, 40 do t = {t, t} end return cjson.encode(t)",
    "return cjson.encode(('\\1'):rep(1e6))",
    "local t, s = {}, ('x'):rep(1e6) for i = 1, 1000 do t[i] = s end return cmsgpack.pack(t)",
    "local t = ('x'):rep(1e4) for i = 1, 9 do t = {t, t, t, t, t, t, t, t, t} end \
     return cmsgpack.pack(t)",
    "local s = ('x'):rep(1e6) return struct.pack('sssssss', s, s, s, s, s, s, s)",
    "return cjson.decode('[' .. ('[],'):rep(2e6) .. '1]')",
    "local t, s = {}, ('x'):rep(1e6) for i = 1, 7000 do t[i] = s end return redis.call('ECHO', unpack(t))",
    "redis.call('SET', KEYS[1], ('x'):rep(1e6)) local t = {} for i = 1, 7000 do t[i] = KEYS[1] end \
     return redis.call('MGET', unpack(t))",
    "local t = ('x'):rep(1e4) for i = 1, 40 do t = {t, t} end return t",
    "local t, s = {}, ('x'):rep(1e6) for i = 1, 7000 do t[i] = s end return t",
    "local t = {} for i = 1, 1e6 do t[i] = coroutine.create(function() end) end",
    "return load(function() return ('x'):rep(1e6) end)",
    "local a, b = ('x'):rep(2e6), 'y' while true do b = b .. a end",
    "return string.format('%s%s%s%s', ('x'):rep(2e6), ('x'):rep(2e6), ('x'):rep(2e6), ('x'):rep(2e6))",
];

#[test]
fn who_asks_for_too_much_memory_gets_an_error() {
    let server = small_server();
    let mut client = server.connect();
    for script in GREEDY {
        let begun = Instant::now();
        let found = ask(&mut client, &["EVAL", script, "1", "key"]);
        println!("{:?}: {script}", begun.elapsed());
        assert!(
            found.contains("not enough memory"),
            "{script}: {}",
            &found[..found.len().min(300)]
        );
        // It has left nothing behind that the next one would miss.
        let next = "return #('x'):rep(1e6)";
        assert_eq!(ask(&mut client, &["EVAL", next, "0"]), "1000000", "after {script}");
        let (resident, peak) = memory(&server);
        assert!(peak < 5 * LIMIT_MB + 60, "{script}: {peak} MB, now {resident}");
    }
    let used: u64 = server.info("used_memory_vm_eval").parse().unwrap();
    assert!(used < LIMIT_MB << 20, "{used}");
    println!("resident, peak: {:?}", memory(&server));
}

#[test]
fn what_is_swallowed_comes_back() {
    let server = small_server();
    let mut client = server.connect();
    let script = "local failed = 0 for i = 1, 50 do \
                  if not pcall(function() local s = 'x' while true do s = s .. s end end) then \
                  failed = failed + 1 end end return failed";
    assert_eq!(ask(&mut client, &["EVAL", script, "0"]), "50");
}

/// Scripts that go deeper than there is a stack for.
const DEEP: &[&str] = &[
    "local function r(x) return 1 + r(x) end return r(1)",
    "local function r() return pcall(r) end return {r()}",
    "local function r() return (pcall(r)) end r() error('x')",
    "local function r() return xpcall(r, r) end r() error('x')",
    "local function r() return (string.gsub('x', 'x', r)) end return r()",
    "local function r() return coroutine.wrap(r)() end return r()",
    "local function r() local co = coroutine.create(r) return coroutine.resume(co) end r() error('x')",
    "local function r() return coroutine.wrap(function() return (string.gsub('x', 'x', r)) end)() end \
     return r()",
    "local m = {} m.__index = function(t, k) return t[k .. 'x'] end return setmetatable({}, m).x",
    "local m = {} m.__newindex = function(t, k, v) t[k .. 'x'] = v end setmetatable({}, m).x = 1",
    "local m = {} m.__call = function(t) return 1 + t() end return setmetatable({}, m)()",
    "local m = {} m.__tostring = function(t) return tostring(t) end return tostring(setmetatable({}, m))",
    "local m = {} m.__concat = function(a, b) return a .. b end local t = setmetatable({}, m) return t .. t",
    "local m = {} m.__lt = function(a, b) return a < b end \
     local a, b = setmetatable({}, m), setmetatable({}, m) return a < b",
    "local function r(a, b) table.sort({1, 2, 3}, r) return a < b end r(1, 2) error('x')",
    "local function r() load(r) end r() error('x')",
    "error(setmetatable({}, {__tostring = function() error('x') end}))",
    "xpcall(error, function(e) error(e) end) error('x')",
    "local a = {} for i = 1, 1e5 do a = setmetatable({}, {__index = a}) end return a.x",
    "return ('(' ):rep(1000)",
    "return ('x'):rep(1000):find(('(x'):rep(32))",
    "return ('x'):rep(1e5):match(('x?'):rep(1e5))",
    "return loadstring('return ' .. ('('):rep(1e5))",
    "return loadstring('return ' .. ('{'):rep(1e5))",
    "return loadstring(('do '):rep(1e5))",
    "return loadstring('return ' .. ('-'):rep(1e5) .. '1')",
    "return loadstring('return ' .. ('not '):rep(1e5) .. '1')",
    "return loadstring(('a='):rep(1e5))",
    "return loadstring('return 1' .. ('..1'):rep(1e5))",
    "return loadstring('return 1' .. ('^1'):rep(1e5))",
    "return loadstring(('function f() '):rep(1e5))",
    "return loadstring(('local a '):rep(1e5))",
    "return loadstring('return f' .. ('(f'):rep(1e5))",
    "return loadstring('return f' .. ('{f'):rep(1e5))",
    "return loadstring('if a then ' .. ('elseif a then '):rep(5000) .. 'end')",
];

#[test]
fn who_goes_too_deep_gets_an_error_or_nothing() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    for script in DEEP {
        println!("{script}");
        let found = ask(&mut client, &["EVAL", script, "0"]);
        assert_ne!(found, "closed", "{script}");
        assert_eq!(ask(&mut client, &["EVAL", "return 1", "0"]), "1", "after {script}");
    }
}

/// The same where scripts come from elsewhere, and run on other threads: a library when the server
/// starts, and a script in the append-only file.
#[test]
fn stacks_are_as_deep_for_what_is_loaded() {
    let server = Server::start(&["--appendonly", "yes", "--aof-use-rdb-preamble", "yes"]);
    // Nothing is caught while a library is loaded, so this one stays just within the limit.
    let library = "#!lua name=lib\nlocal depth = 0 local function r() depth = depth + 1 \
                   if depth < 60 then return (('x'):gsub('x', r)) end end r() \
                   redis.register_function('f', function() return 1 end)";
    assert_eq!(ask(&mut server.connect(), &["FUNCTION", "LOAD", library]), "lib");
    assert_eq!(server.ask("FCALL f 0"), "1");
    let server = Server(server.0.restart(&["--appendonly", "yes"]).unwrap());
    assert_eq!(server.ask("FCALL f 0"), "1");
    server.ask("BGREWRITEAOF");
    wait_until("it is rewritten", || server.info("aof_rewrite_in_progress") == "0");
    let server = Server(server.0.restart(&["--appendonly", "yes"]).unwrap());
    assert_eq!(server.ask("FCALL f 0"), "1");
    // A replica gets it with the snapshot, on the thread of its link.
    let replica = Server::start(&[]);
    replica.ask(&format!("REPLICAOF 127.0.0.1 {}", server.0.port));
    wait_until("the replica has it", || replica.info("master_link_status") == "up");
    assert!(replica.ask("FUNCTION LIST").starts_with("[[library_name lib "));
}

/// Scripts that would go on for ever, in ways that nothing but a look at the clock ends.
const ENDLESS: &[&str] = &[
    "while true do end",
    "while true do pcall(function() while true do end end) end",
    "local function r() pcall(r) r() end r()",
    "repeat until pcall(error) == 1",
    "xpcall(function() error('x') end, function() while true do end end)",
    "while true do xpcall(function() while true do end end, function(e) return e end) end",
    "local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end",
    "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
    "local t = setmetatable({}, {__index = function(t, k) while true do end end}) return t.x",
    "local t = setmetatable({}, {__index = function(t, k) return k end}) while true do local x = t.y end",
    "return ('a'):rep(1e5):find(('.-'):rep(20) .. 'b')",
    "return ('a'):rep(30):match(('a?'):rep(30) .. ('a'):rep(30) .. 'b')",
    "return ('('):rep(1e6):find('%b()x')",
    "return ('a'):rep(1e6):find('(.*)%1b')",
    "return ('a'):rep(1e6):find('[' .. ('b'):rep(1e6) .. ']')",
    "while true do ('a'):rep(1e6):find('b', 1, true) end",
    "while true do ('a'):rep(1e5):gsub('a', 'b') end",
    "('x'):gsub('x', function() while true do end end)",
    "table.sort({1, 2, 3, 4}, function(a, b) while true do end end)",
    "local t = {} for i = 1, 1e5 do t[i] = i end while true do pcall(table.sort, t, function(a, b) return true end) end",
    "local t = {} for i = 1, 3000 do t[i] = i % 1000 end while true do table.sort(t) end",
    "while true do pcall(table.insert, {1, 2, 3}, -2147483648, 1) end",
    "local t = {} for i = 1, 1e6 do t[i] = i end while true do table.insert(t, 1, 1) end",
    "local t = {} for i = 1, 1e4 do t[i] = 'x' end while true do table.concat(t, 'xxxxxxxx') end",
    "while true do ('x'):rep(1e6) end",
    "local s = ('x'):rep(1e6) while true do local t = s .. 'y' end",
    "while true do collectgarbage() end",
    "collectgarbage('stop') while true do local t = {} end",
    "while true do redis.call('GET', 'key') end",
    "while true do redis.pcall('NOSUCH') end",
    "while true do cjson.decode(cjson.encode({1, {2}, 'x'})) end",
    "while true do cmsgpack.unpack(cmsgpack.pack({1, {2}, 'x'})) end",
    "while true do loadstring('return 1')() end",
    "local i = 0 return load(function() i = i + 1 return '--' end)",
    "for _ in function() return 1 end do end",
];

#[test]
fn whatever_goes_on_for_ever_can_be_killed() {
    let server = Server::start(&["--busy-reply-threshold", "50"]);
    let mut slowest = (Duration::ZERO, "");
    for script in ENDLESS {
        let mut caller = server.connect();
        caller.send(&["EVAL", script, "0"]).unwrap();
        let mut killer = server.connect();
        let begun = Instant::now();
        wait_until(script, || ask(&mut killer, &["SCRIPT", "KILL"]) == "OK");
        let found = answer(&mut caller);
        assert!(found.contains("Script killed by user with SCRIPT KILL"), "{script}: {found}");
        println!("{:?}: {script}", begun.elapsed());
        slowest = slowest.max((begun.elapsed(), script));
        assert_eq!(server.ask("PING"), "PONG");
    }
    println!("the slowest took {slowest:?}");
}
