//! A generator of hostile scripts: from a seed, always the same ones.
//!
//! A script is put together of pieces that each know one way to make trouble, with values that are
//! trouble themselves. Most of it fails; that is what `pcall` is for, which is around many pieces. Scripts
//! that write end by themselves, since nobody could end them otherwise.

/// Numbers that need not be good ones, always the same after the same seed.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % end
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// The script of this number.
pub fn script(seed: u64) -> String {
    let mut random = Random::new(seed);
    for _ in 0..10 {
        random.below(2);
    }
    let writes = random.one_in(4);
    let mut source = String::from(PRELUDE);
    for _ in 0..1 + random.below(6) {
        let piece = piece(&mut random, writes, 3);
        let wrapped = match random.below(6) {
            0 => piece,
            1 => format!(
                "xpcall(function() {piece} end, function(e) {} end)",
                statement(&mut random)
            ),
            2 => format!("coroutine.wrap(function() {piece} end)()"),
            _ => format!("pcall(function() {piece} end)"),
        };
        source.push_str(&wrapped);
        source.push('\n');
    }
    source.push_str("return ");
    source.push_str(&value(&mut random, 2));
    source
}

/// What all pieces may use.
const PRELUDE: &str =
    "local t, s, f, n = {1, 2, 3, x = 'y'}, 'text', function(...) return ... end, 0\n";

const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "1",
    "-1",
    "2",
    "255",
    "1e3",
    "1e5",
    "7999",
    "8000",
    "-2147483648",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "2^53",
    "-2^53",
    "2^63",
    "-2^63",
    "2^64",
    "1e308",
    "-1e308",
    "1/0",
    "-1/0",
    "0/0",
    "0.5",
    "1e-320",
];

const STRINGS: &[&str] = &[
    "''",
    "'a'",
    "s",
    r"'\0'",
    r"'\255\0\27Lua'",
    "'%'",
    "'(.-)-(.*)'",
    "('x'):rep(1e3)",
    "('x'):rep(1e6)",
    "('(a*'):rep(30)",
    "('['):rep(1000)",
    "('[1,'):rep(2000)",
    r#"('{"a":'):rep(2000)"#,
    r"('\145'):rep(3000)",
    r"('\129\1'):rep(3000)",
    r"'\219\255\255\255\255x'",
    r"'\221\255\255\255\255'",
    r"'\223\255\255\255\255'",
    "tostring(n)",
    "'1e400'",
    "'0x'",
];

const PATTERNS: &[&str] = &[
    "'.-b'",
    "'(.-)%1'",
    "'%b()'",
    "'%f[%a]'",
    "('.-'):rep(20) .. 'b'",
    "('a?'):rep(30) .. ('a'):rep(30)",
    "'[^%z]*'",
    "'()()()'",
    "('()'):rep(40)",
    "'%'",
    "'[a'",
    "'[%'",
    "'^$'",
    "'*'",
    "'%9'",
    "'(()'",
    "')'",
    "'[]]'",
    "'[^]'",
    "'[a-]'",
    "'%f'",
    "'%b'",
    "'%bx'",
    "('(x'):rep(33)",
    "'x*x*x*x*y'",
];

const FORMATS: &[&str] = &[
    "'>I2i4'",
    "'c0'",
    "'c2147483647'",
    "'c99999999999'",
    "'i33'",
    "'!3i'",
    "'!16d'",
    "'s'",
    "'bBhHlLdf'",
    "('x'):rep(1e5)",
    "'i32'",
    "'I0'",
    "'c'",
    "'Bc0'",
    "'>!8 s i1'",
];

fn value(random: &mut Random, depth: usize) -> String {
    match random.below(if depth == 0 { 4 } else { 12 }) {
        0 => random.pick(NUMBERS).into(),
        1 => random.pick(STRINGS).into(),
        2 => {
            random.pick(&["nil", "true", "false", "t", "f", "KEYS", "ARGV", "_G", "string"]).into()
        }
        3 => random.pick(&["n", "s", "t", "redis", "cjson.null", "coroutine.running()"]).into(),
        4 => format!("{{{}, {}}}", value(random, depth - 1), value(random, depth - 1)),
        5 => format!(
            "{{{} = {}}}",
            random.pick(&[
                "err",
                "ok",
                "map",
                "set",
                "double",
                "big_number",
                "verbatim_string",
                "x"
            ]),
            value(random, depth - 1)
        ),
        6 => format!("{{[{}] = {}}}", value(random, 0), value(random, depth - 1)),
        7 => format!(
            "setmetatable({{}}, {{{} = {}}})",
            random.pick(&[
                "__index",
                "__newindex",
                "__call",
                "__tostring",
                "__gc",
                "__mode",
                "__len",
                "__eq",
                "__lt",
                "__concat",
                "__metatable",
                "__unm"
            ]),
            value(random, depth - 1)
        ),
        8 => call(random, depth - 1),
        9 => format!("function(...) {} end", statement(random)),
        10 => format!("select('#', {})", value(random, depth - 1)),
        _ => format!(
            "({} {} {})",
            value(random, 0),
            random.pick(&["..", "+", "==", "<", "and", "or", "%", "^"]),
            value(random, 0)
        ),
    }
}

/// A call of a library's function with arguments that it may not like.
fn call(random: &mut Random, depth: usize) -> String {
    let a = value(random, depth);
    let b = value(random, 0);
    match random.below(26) {
        0 => format!("string.rep({a}, {b})"),
        1 => format!("string.format({a}, {b})"),
        2 => format!(
            "string.format('%{}', {b})",
            random.pick(&[
                "s", "q", "d", "99.99f", "x", "c", "999d", ".1000s", "-#+ 0d", "5", "i", "u", "e",
                "p"
            ])
        ),
        3 => format!(
            "string.{}({a}, {})",
            random.pick(&["find", "match", "gmatch"]),
            random.pick(PATTERNS)
        ),
        4 => format!("string.gsub({a}, {}, {b}, {})", random.pick(PATTERNS), random.pick(NUMBERS)),
        5 => format!(
            "string.{}({a}, {b}, {})",
            random.pick(&["byte", "sub", "char", "lower", "upper", "reverse", "len", "dump"]),
            random.pick(NUMBERS)
        ),
        6 => format!("unpack({a}, {b}, {})", random.pick(NUMBERS)),
        7 => format!("table.concat({a}, {b}, {}, {})", random.pick(NUMBERS), random.pick(NUMBERS)),
        8 => format!(
            "table.{}({a}, {b})",
            random
                .pick(&["insert", "remove", "sort", "getn", "maxn", "foreach", "foreachi", "setn"])
        ),
        9 => format!("cjson.encode({a})"),
        10 => format!("cjson.decode({a})"),
        11 => format!(
            "cjson.{}({b})",
            random.pick(&[
                "encode_sparse_array",
                "encode_max_depth",
                "decode_max_depth",
                "encode_number_precision",
                "encode_keep_buffer",
                "encode_invalid_numbers",
                "decode_invalid_numbers",
                "new"
            ])
        ),
        12 => format!("cmsgpack.pack({a}, {b})"),
        13 => format!(
            "cmsgpack.{}({a}, {b}, {})",
            random.pick(&["unpack", "unpack_one", "unpack_limit"]),
            random.pick(NUMBERS)
        ),
        14 => format!("struct.pack({}, {a}, {b})", random.pick(FORMATS)),
        15 => format!(
            "struct.{}({}, {a}, {b})",
            random.pick(&["unpack", "size"]),
            random.pick(FORMATS)
        ),
        16 => format!(
            "bit.{}({a}, {b})",
            random.pick(&["tohex", "tobit", "bnot", "band", "lshift", "rol", "bswap", "arshift"])
        ),
        17 => format!(
            "redis.{}({a}, {b})",
            random.pick(&[
                "sha1hex",
                "error_reply",
                "status_reply",
                "log",
                "setresp",
                "set_repl",
                "acl_check_cmd",
                "breakpoint",
                "debug",
                "replicate_commands",
                "register_function"
            ])
        ),
        18 => format!("redis.{}({a})", random.pick(&["call", "pcall"])),
        19 => format!(
            "redis.pcall({}, {a}, {b})",
            random.pick(&[
                "'get'",
                "'lrange'",
                "'keys'",
                "'config'",
                "'eval'",
                "'fcall'",
                "'script'",
                "'info'",
                "'object'",
                "'sort_ro'",
                "'subscribe'"
            ])
        ),
        20 => format!(
            "{}({a}, {b})",
            random.pick(&[
                "rawget",
                "rawset",
                "rawequal",
                "setmetatable",
                "getmetatable",
                "next",
                "pairs",
                "ipairs",
                "tonumber",
                "tostring",
                "type",
                "select",
                "error",
                "assert",
                "pcall",
                "xpcall",
                "load",
                "loadstring",
                "collectgarbage",
                "gcinfo",
                "getfenv"
            ])
        ),
        21 => format!(
            "loadstring({})",
            random.pick(&[
                "string.dump(f)",
                r"'\27Lua'",
                "'return ' .. ('('):rep(300)",
                "('a='):rep(1000)",
                "'return ' .. ('{'):rep(1e5)",
                "'x=[' .. ('='):rep(1e6) .. '['",
                "('local a;'):rep(250)",
                "'return \"' .. ('x'):rep(1e6) .. '\"'",
                "'goto x'",
                "('do '):rep(300)",
                "'return 1' .. ('..1'):rep(500)",
                "'f(' .. ('1,'):rep(300) .. '1)'"
            ])
        ),
        22 => format!(
            "coroutine.{}({a}, {b})",
            random.pick(&["create", "resume", "wrap", "yield", "status"])
        ),
        23 => format!(
            "math.{}({a}, {b})",
            random.pick(&[
                "random",
                "randomseed",
                "floor",
                "fmod",
                "max",
                "pow",
                "frexp",
                "ldexp",
                "modf",
                "huge"
            ])
        ),
        24 => format!(
            "collectgarbage({})",
            random.pick(&[
                "'stop'",
                "'collect'",
                "'step', 1e9",
                "'count'",
                "'setpause', 1e9",
                "'setpause', -1",
                "'setstepmul', 0",
                "'restart'"
            ])
        ),
        _ => format!("f({a}, {b})"),
    }
}

fn statement(random: &mut Random) -> String {
    match random.below(8) {
        0 => format!("t[{}] = {}", value(random, 0), value(random, 1)),
        1 => format!("s = {}", value(random, 1)),
        2 => format!(
            "{} = {}",
            random.pick(&[
                "x",
                "_G.x",
                "string.x",
                "redis.call",
                "pcall",
                "KEYS",
                "print",
                "_G",
                "math.random"
            ]),
            value(random, 0)
        ),
        3 => format!("return {}", value(random, 1)),
        4 => format!("error({})", value(random, 1)),
        5 => "n = n + 1".into(),
        _ => format!("local v = {}", call(random, 1)),
    }
}

/// Something that doesn't end, or ends late.
fn piece(random: &mut Random, writes: bool, depth: usize) -> String {
    let times = if writes {
        "for i = 1, 50 do"
    } else {
        random.pick(&[
            "for i = 1, 1e5 do",
            "for i = 1, 100 do",
            "while true do",
            "for i = 1, 1e3 do",
        ])
    };
    match random.below(24) {
        0 if depth > 0 => format!("{times} {} end", piece(random, writes, 0)),
        1 if depth > 0 => format!("{times} pcall(function() {} end) end", piece(random, writes, 0)),
        2 => format!("{times} t[#t + 1] = {} end", value(random, 1)),
        3 => format!("{times} s = s .. {} end", random.pick(STRINGS)),
        4 => "for i = 1, 64 do s = s .. s end".into(),
        5 => format!("{times} t = {{t, t}} end return {}(t)", random.pick(&["cjson.encode", "cmsgpack.pack",
            "tostring", "unpack"])),
        6 => "local function r(x) return r(x) + 1 end r(1)".into(),
        7 => format!("local function r() {}(r) end r()", random.pick(&["pcall", "xpcall(error, ", "coroutine.wrap",
            "string.gsub('x', '.', r) pcall"])).replace("(error, (r)", "(error, r)"),
        8 => "local function r() return (string.gsub('x', '.', r)) end r()".into(),
        9 => "local function r() return coroutine.wrap(r)() end r()".into(),
        10 => "local m = {} m.__index = function(x, k) return x[k] end local v = setmetatable({}, m).x".into(),
        11 => "local m = setmetatable({}, {}) getmetatable(m).__call = m m()".into(),
        12 => "local a = {} for i = 1, 1e4 do a = setmetatable({}, {__index = a}) end local v = a.x".into(),
        13 => format!("{times} coroutine.wrap(function() {} end)() end", statement(random)),
        14 => "local co = {} for i = 1, 1e6 do co[i] = coroutine.create(f) end".into(),
        15 => format!("local a = {{}} for i = 1, 1e4 do a[i] = {} end table.sort(a, function(x, y) return {} end)",
            random.pick(&["i", "-i", "i % 7", "{}", "tostring(i)"]),
            random.pick(&["true", "false", "x", "x < y", "not (x < y)", "error('x')", "math.random() < 0.5"])),
        16 => format!("string.{}(('a'):rep({}), {})", random.pick(&["find", "match"]),
            random.pick(&["1e3", "1e5", "30"]), random.pick(PATTERNS)),
        17 => format!("string.gsub(('a'):rep(1e5), {}, {})", random.pick(PATTERNS), value(random, 1)),
        18 => format!("xpcall(function() error({}) end, function(e) {} error(e) end)", value(random, 1),
            if writes { "" } else { random.pick(&["while true do end", "return f(e)", "error(e)"]) }),
        19 if writes => format!("redis.{}({}, 'k' .. (n % 10), {}, {})", random.pick(&["call", "pcall"]),
            random.pick(&["'set'", "'rpush'", "'sadd'", "'append'", "'hset'", "'setrange'", "'expire'",
            "'del'", "'zadd'", "'incr'", "'mget'", "'lpop'"]), value(random, 1), value(random, 0)),
        20 => format!("cjson.decode(cjson.encode({}))", value(random, 2)),
        21 => format!("cmsgpack.unpack(cmsgpack.pack({}))", value(random, 2)),
        22 => "local a = {} for i = 1, 7000 do a[i] = ('x'):rep(1e6) end redis.pcall('echo', unpack(a))".into(),
        _ => statement(random),
    }
}
