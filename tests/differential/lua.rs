//! Random Lua expressions over everything that a script can call.
//!
//! ```text
//! number()  12   #'ab'   (3 % -2)   math.floor(..)   string.byte(..)   bit.bxor(..)
//! text()    'ab'   'a' .. 1   string.format('%5.1f', ..)   cjson.encode(..)   struct.pack(..)
//! table()   {1, 'a'}   {string.find(..)}   cjson.decode(..)   redis.call('lrange', ..)
//! ```
//!
//! Now and then an expression has the wrong type.
//!
//! What it leaves out on purpose: more than one key in a table with names, for their order is that of a hash
//! table; the settings of cjson, which in Redis outlive the script; `tostring` of a table, which is another
//! address in each server.

use crate::generator::Random;
use crate::texts::{format_item, json, layout, packed, pattern, quoted, replacement, subject};

/// How deep expressions are nested.
const DEEPEST: usize = 4;

/// The state of a script that is being written.
pub struct Lua<'r> {
    /// What decides.
    pub random: &'r mut Random,
    depth: usize,
}

impl<'r> Lua<'r> {
    /// Nothing is written yet.
    pub fn new(random: &'r mut Random) -> Self {
        Lua { random, depth: 0 }
    }

    fn nested(&mut self, write: fn(&mut Self) -> String) -> String {
        self.depth += 1;
        let text = write(self);
        self.depth -= 1;
        text
    }

    /// A value of any type.
    pub fn any(&mut self) -> String {
        match self.random.below(12) {
            0..=2 => self.number(),
            3..=5 => self.text(),
            6 | 7 => self.table(),
            8 => self.random.pick(&["true", "false", "nil", "cjson.null"]).to_owned(),
            9 => self.condition(),
            _ => self.call(),
        }
    }

    /// A number, mostly.
    pub fn number(&mut self) -> String {
        const LITERALS: &[&str] = &[
            "0",
            "1",
            "2",
            "3",
            "7",
            "10",
            "16",
            "100",
            "255",
            "256",
            "-1",
            "-2",
            "-7",
            "0.5",
            "0.1",
            "-1.5",
            "2.5",
            "1e3",
            "1e15",
            "1e16",
            "123456789.125",
            "2^31",
            "2^32",
            "2^53",
            "-2^31",
            "2^63",
            "-2^63",
            "2^64",
            "1e100",
            "1e308",
            "-1e-7",
            "5e-324",
            "(0/0)",
            "(1/0)",
            "(-1/0)",
            "-0.0",
            "'10'",
            "'0x10'",
            "' 5 '",
            "'1e1'",
            "0xff",
            "math.pi",
            "math.huge",
        ];
        if self.random.chance(2) {
            return self.nested(Self::any_scalar);
        }
        if self.depth >= DEEPEST || self.random.chance(45) {
            return self.random.pick(LITERALS).to_owned();
        }
        let kind = self.random.below(16);
        match kind {
            0..=3 => {
                let operator = self.random.pick(&["+", "-", "*", "/", "%", "^"]);
                format!("({} {operator} {})", self.nested(Self::number), self.nested(Self::number))
            }
            4 => format!("-({})", self.nested(Self::number)),
            5 => format!("#({})", self.nested(Self::text)),
            6 => format!("#{}", self.nested(Self::list)),
            7 => {
                const FUNCTIONS: &[&str] = &[
                    "abs", "ceil", "floor", "sqrt", "exp", "log", "log10", "sin", "cos", "atan",
                    "deg", "rad", "modf", "frexp",
                ];
                let function = self.random.pick(FUNCTIONS);
                format!("(math.{function}({}))", self.nested(Self::number))
            }
            8 => {
                const FUNCTIONS: &[&str] =
                    &["max", "min", "fmod", "pow", "atan2", "ldexp", "random"];
                let function = self.random.pick(FUNCTIONS);
                let (a, b) = (self.nested(Self::number), self.nested(Self::number));
                format!("math.{function}({a}, {b})")
            }
            9 => format!("tonumber({})", self.nested(Self::text)),
            10 => {
                let digits = self
                    .random
                    .pick(&["'10'", "'ff'", "'zz'", "' 7'", "'-11'", "'8'", "''", "'1.5'"]);
                format!(
                    "tonumber({digits}, {})",
                    self.random.pick(&["2", "8", "10", "16", "36", "1", "37"])
                )
            }
            11 => {
                const FUNCTIONS: &[&str] = &[
                    "band", "bor", "bxor", "lshift", "rshift", "arshift", "rol", "ror", "tobit",
                    "bnot", "bswap",
                ];
                let function = self.random.pick(FUNCTIONS);
                let (a, b) = (self.nested(Self::number), self.nested(Self::number));
                format!("bit.{function}({a}, {b})")
            }
            12 => {
                let text = self.nested(Self::text);
                format!("(string.byte({text}, {}))", self.random.below(5) as i64 - 2)
            }
            13 => "math.random()".to_owned(),
            14 => format!("struct.size({})", quoted(layout(self.random).0.as_bytes())),
            _ => format!("select('#', {})", self.nested(Self::any)),
        }
    }

    fn any_scalar(&mut self) -> String {
        match self.random.below(3) {
            0 => self.random.pick(&["true", "false", "nil", "cjson.null"]).to_owned(),
            1 => self.number(),
            _ => self.text(),
        }
    }

    /// A string, mostly.
    pub fn text(&mut self) -> String {
        if self.random.chance(2) {
            return self.nested(Self::any_scalar);
        }
        if self.depth >= DEEPEST || self.random.chance(30) {
            return quoted(&subject(self.random));
        }
        match self.random.below(22) {
            0 | 1 => format!("({} .. {})", self.nested(Self::text), self.nested(Self::text)),
            2 => format!("({} .. {})", self.nested(Self::text), self.nested(Self::number)),
            3 | 4 => format!("tostring({})", self.nested(Self::number)),
            5 => {
                let (a, b) = (self.nested(Self::number), self.nested(Self::number));
                format!("string.sub({}, {a}, {b})", self.nested(Self::text))
            }
            6 => format!(
                "string.rep({}, {})",
                self.nested(Self::text),
                self.random.below(6) as i64 - 1
            ),
            7 => {
                let function = self.random.pick(&["upper", "lower", "reverse"]);
                format!("string.{function}({})", self.nested(Self::text))
            }
            8..=11 => self.formatted(),
            12 => format!(
                "table.concat({}, {})",
                self.nested(Self::list),
                quoted(&subject(self.random))
            ),
            13 => format!("cjson.encode({})", self.nested(Self::any)),
            14 => format!("cmsgpack.pack({})", self.nested(Self::any)),
            15 => self.packed_structure(),
            16 => format!("redis.sha1hex({})", self.nested(Self::text)),
            17 => format!("type({})", self.nested(Self::any)),
            18 | 19 => self.substituted(),
            20 => {
                format!("bit.tohex({}, {})", self.nested(Self::number), self.nested(Self::number))
            }
            _ => format!(
                "({}):{}()",
                self.nested(Self::text),
                self.random.pick(&["upper", "len", "byte"])
            ),
        }
    }

    fn formatted(&mut self) -> String {
        let (mut format, mut values) = (String::new(), String::new());
        for _ in 0..1 + self.random.below(2) {
            let (item, kind) = format_item(self.random);
            format.push_str(&item);
            let value = match kind {
                's' | 'q' => self.nested(Self::text),
                _ => self.nested(Self::number),
            };
            values.push_str(&format!(", {value}"));
        }
        format!("string.format({}{values})", quoted(format.as_bytes()))
    }

    fn packed_structure(&mut self) -> String {
        let (format, count) = layout(self.random);
        let kinds: String =
            format.chars().filter(|c| c.is_ascii_alphabetic() && *c != 'x').collect();
        let mut values = String::new();
        for index in 0..count {
            let value = match kinds.as_bytes().get(index) {
                Some(b's' | b'c') => self.nested(Self::text),
                _ => self.nested(Self::number),
            };
            values.push_str(&format!(", {value}"));
        }
        format!("struct.pack({}{values})", quoted(format.as_bytes()))
    }

    fn substituted(&mut self) -> String {
        let text = self.nested(Self::text);
        let pattern = quoted(&pattern(self.random));
        let replacement = match self.random.below(9) {
            0 => "function(...) return select('#', ...) .. ':' .. tostring((...)) end".to_owned(),
            1 => "function(a, b) return b end".to_owned(),
            2 => "{a='1', b=2, ab='x', [1]='one'}".to_owned(),
            3 => format!(
                "function(c) error({}) end",
                self.random.pick(&["c", "{err='x'}", "{err=c}", "c, 2"])
            ),
            4 => format!(
                "setmetatable({{}}, {{__index=function(t, k) return {} end}})",
                self.nested(Self::any)
            ),
            _ => replacement(self.random),
        };
        let most = if self.random.chance(20) {
            format!(", {}", self.nested(Self::number))
        } else {
            String::new()
        };
        format!("(string.gsub({text}, {pattern}, {replacement}{most}))")
    }

    /// A table, mostly.
    fn table(&mut self) -> String {
        if self.depth >= DEEPEST {
            return self.random.pick(&["{}", "{1}", "{a=1}"]).to_owned();
        }
        match self.random.below(18) {
            0..=3 => self.list(),
            4 => {
                const KEYS: &[&str] = &[
                    "a", "[1]", "[2]", "['1']", "[1.5]", "[0]", "[-1]", "[20]", "['']", "[true]",
                    "ok", "err",
                ];
                format!("{{{}={}}}", self.random.pick(KEYS), self.nested(Self::any))
            }
            5 => {
                const FIELDS: &[&str] =
                    &["double", "map", "set", "big_number", "ok", "err", "verbatim_string"];
                format!("{{{}={}}}", self.random.pick(FIELDS), self.nested(Self::any))
            }
            6 => format!("{{double={}}}", self.nested(Self::number)),
            7 => format!("cjson.decode({})", quoted(&json(self.random))),
            8 => format!("{{cmsgpack.unpack({})}}", quoted(&packed(self.random))),
            9 => format!("{{cmsgpack.unpack(cmsgpack.pack({}))}}", self.nested(Self::any)),
            10 => format!("cjson.decode(cjson.encode({}))", self.nested(Self::list)),
            11 => {
                let bytes = packed(self.random);
                format!(
                    "{{struct.unpack({}, {})}}",
                    quoted(layout(self.random).0.as_bytes()),
                    quoted(&bytes)
                )
            }
            12 => format!("{{struct.unpack('>I2', {})}}", self.nested(Self::text)),
            13..=15 => self.matched(),
            16 => format!(
                "{{unpack({}, {}, {})}}",
                self.list(),
                self.random.below(4),
                self.random.below(6)
            ),
            _ => self.call(),
        }
    }

    /// A table of some values.
    pub fn list(&mut self) -> String {
        let values: Vec<String> =
            (0..self.random.below(4)).map(|_| self.nested(Self::any)).collect();
        format!("{{{}}}", values.join(", "))
    }

    fn matched(&mut self) -> String {
        let text = self.nested(Self::text);
        let pattern = quoted(&pattern(self.random));
        let start = if self.random.chance(25) {
            format!(", {}", self.nested(Self::number))
        } else {
            String::new()
        };
        match self.random.below(6) {
            0..=2 => format!("{{string.find({text}, {pattern}{start})}}"),
            3 | 4 => format!("{{string.match({text}, {pattern}{start})}}"),
            _ => format!(
                "(function() local t = {{}} for a, b in string.gmatch({text}, {pattern}) do \
                 t[#t + 1] = tostring(a) .. tostring(b) end return t end)()"
            ),
        }
    }

    fn condition(&mut self) -> String {
        match self.random.below(4) {
            0 => {
                let operator = self.random.pick(&["==", "~=", "<", "<=", ">", ">="]);
                format!("({} {operator} {})", self.nested(Self::number), self.nested(Self::number))
            }
            1 => format!(
                "({} {} {})",
                self.nested(Self::text),
                self.random.pick(&["==", "<", "<="]),
                self.nested(Self::text)
            ),
            2 => format!("({} and {})", self.nested(Self::any), self.nested(Self::any)),
            _ => format!("(not {})", self.nested(Self::any)),
        }
    }

    /// A command. Its arguments may be anything.
    fn call(&mut self) -> String {
        const COMMANDS: &[(&str, usize)] = &[
            ("'set', 'k'", 1),
            ("'get', 'k'", 0),
            ("'append', 'k'", 1),
            ("'incrby', 'n'", 1),
            ("'incrbyfloat', 'f'", 1),
            ("'rpush', 'l'", 2),
            ("'lrange', 'l', 0, -1", 0),
            ("'lpop', 'l'", 1),
            ("'hset', 'h', 'f'", 1),
            ("'hgetall', 'h'", 0),
            ("'hmget', 'h', 'f'", 1),
            ("'sadd', 's', 'm'", 0),
            ("'smembers', 's'", 0),
            ("'zadd', 'z'", 2),
            ("'zscore', 'z'", 1),
            ("'zrange', 'z', 0, -1, 'withscores'", 0),
            ("'ping'", 0),
            ("'echo'", 1),
            ("'nosuch'", 1),
            ("'get'", 0),
            ("'lpush', 'k'", 1),
            ("'del'", 1),
            ("'mget', 'k', 'nosuch', 'n'", 0),
            ("'exists'", 2),
            ("'type'", 1),
            ("'strlen'", 1),
            ("'getrange', 'k'", 2),
            ("'setrange', 'k', 3", 1),
            ("'spop', 'nosuch'", 0),
            ("'lpop', 'nosuch', 2", 0),
            ("'object', 'nosuch'", 1),
            ("'blpop', 'nosuch'", 1),
            ("'expire', 'k'", 1),
            ("'debug', 'protocol'", 1),
            ("'zincrby', 'z'", 2),
            ("'zmscore', 'z'", 2),
            ("'hincrbyfloat', 'h', 'f'", 1),
            ("'geoadd', 'g'", 3),
            ("'config'", 1),
        ];
        let (command, count) = self.random.pick(COMMANDS);
        let mut args = command.to_owned();
        for _ in 0..count {
            let value = match self.random.below(10) {
                0..=4 => self.nested(Self::number),
                5..=8 => self.nested(Self::text),
                _ => self.random.pick(&["KEYS[1]", "ARGV[1]", "ARGV[2]", "'k'", "'l'"]).to_owned(),
            };
            args.push_str(&format!(", {value}"));
        }
        format!("redis.{}({args})", self.random.pick(&["call", "call", "pcall"]))
    }
}
