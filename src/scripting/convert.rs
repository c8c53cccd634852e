//! Replies become Lua values, and Lua values replies.
//!
//! | reply                | Lua                          | comes back as                      |
//! |----------------------|------------------------------|------------------------------------|
//! | `:1`                 | a number                     | `:1`, cut to an integer            |
//! | `$3 abc`             | a string                     | `$3 abc`                           |
//! | `+OK`, `-ERR`        | `{ok=..}`, `{err=..}`        | the same                           |
//! | `*2`                 | a table                      | `*2`, up to the first nil          |
//! | `$-1`, `*-1`         | false                        | `$-1`                              |
//! | `_`                  | nil                          | `$-1` or `_`                       |
//! | `%1`, `~1`           | `{map=..}`, `{set=..}`       | the same                           |
//! | `,1.5`, `#t`, `(123` | `{double=..}`, a boolean, `{big_number=..}` | the same            |
//! | `=5 txt:a`           | `{verbatim_string={..}}`     | the same                           |
//!
//! There is no tree in between: replies are read from the bytes that the command has written, and a
//! value is written into the buffer of the connection.

use super::host;
use super::limits;
use super::lua::{
    BString, Either, Function, IntoLua, Item, Lua, Result, Table, Value, bytes, pairs, sequence,
    to_i64,
};
use crate::number;
use crate::resp::{Protocol, Reply};

/// Reads replies one after the other.
pub struct ReplyReader<'a> {
    lua: &'a Lua,
    rest: &'a [u8],
}

impl<'a> ReplyReader<'a> {
    /// Reads from `bytes`, which a [`Reply`] has written.
    pub fn new(lua: &'a Lua, bytes: &'a [u8]) -> Self {
        ReplyReader { lua, rest: bytes }
    }

    /// The next value.
    pub fn value(&mut self) -> Result<Value> {
        match self.item()? {
            Either::Left(bytes) => bytes.into_lua(self.lua),
            Either::Right(value) => Ok(value),
        }
    }

    fn item(&mut self) -> Result<Item<'a>> {
        let line = self.line();
        match line.split_first() {
            Some((b'$', text)) if text.first() != Some(&b'-') => {
                let len = number::parse_i64(text).unwrap_or_default();
                Ok(Either::Left(bytes(self.bulk(len as usize))))
            }
            Some((marker, text)) => self.other(*marker, text).map(Either::Right),
            None => Ok(Either::Right(Value::Nil)),
        }
    }

    /// A value that is no string.
    fn other(&mut self, marker: u8, text: &[u8]) -> Result<Value> {
        let lua = self.lua;
        let len = || number::parse_i64(text).unwrap_or_default();
        match marker {
            b':' => Ok(Value::Integer(len())),
            b'$' => Ok(Value::Boolean(false)),
            b'+' => self.wrapped("ok", Either::Left(bytes(text))),
            b'-' => error_table(self.lua, text, true),
            b'*' if len() < 0 => Ok(Value::Boolean(false)),
            b'*' | b'>' => {
                let mut left = 0..len();
                sequence(lua, || left.next().map(|_| self.item()).transpose())
            }
            b'%' => {
                let mut left = 0..len();
                let next = || left.next().map(|_| Ok((self.item()?, self.item()?))).transpose();
                let map = pairs(lua, next)?;
                self.wrapped("map", Either::Right(map))
            }
            b'~' => {
                let mut left = 0..len();
                let is_member = || Either::Right(Value::Boolean(true));
                let next = || left.next().map(|_| Ok((self.item()?, is_member()))).transpose();
                let set = pairs(lua, next)?;
                self.wrapped("set", Either::Right(set))
            }
            b'#' => Ok(Value::Boolean(text == b"t")),
            b',' => {
                let double = number::parse_f64(text).unwrap_or(f64::NAN);
                self.wrapped("double", Either::Right(Value::Number(double)))
            }
            b'(' => self.wrapped("big_number", Either::Left(bytes(text))),
            b'=' => {
                let text = self.bulk(len() as usize);
                let table = self.lua.create_table()?;
                table.raw_set("format", self.lua.create_string(&text[..3])?)?;
                table.raw_set("string", self.lua.create_string(&text[4..])?)?;
                self.wrapped("verbatim_string", Either::Right(Value::Table(table)))
            }
            _ => Ok(Value::Nil), // `_`
        }
    }

    fn wrapped(&self, field: &str, value: Item<'_>) -> Result<Value> {
        let table = self.lua.create_table_with_capacity(0, 1)?;
        table.raw_set(field, value)?;
        Ok(Value::Table(table))
    }

    fn line(&mut self) -> &'a [u8] {
        let end = memchr::memchr(b'\r', self.rest).unwrap_or(self.rest.len());
        let line = &self.rest[..end];
        self.rest = self.rest.get(end + 2..).unwrap_or_default();
        line
    }

    fn bulk(&mut self, len: usize) -> &'a [u8] {
        let text = &self.rest[..len];
        self.rest = &self.rest[len + 2..];
        text
    }
}

/// The table by which a script sees an error.
pub fn error_table(lua: &Lua, text: &[u8], counted: bool) -> Result<Value> {
    let table = lua.create_table()?;
    table.raw_set("err", lua.create_string(text)?)?;
    if counted {
        table.raw_set("ignore_error_stats_update", true)?;
    }
    Ok(Value::Table(table))
}

/// Errors and statuses end where C's strings do.
pub fn until_nul(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// How deep tables may be nested that become a reply. Redis' limit is its interpreter's stack, about
/// eight times as much; no client reads either.
const DEEPEST: usize = 1000;

/// What a script has returned, on its way into a reply.
pub struct Answer<'a> {
    /// Tells what a table stands for: `shape` of the prelude.
    pub shape: &'a Function,
    /// The protocol that the script has chosen; it decides what becomes of booleans.
    protocol: Protocol,
    /// The errors in it.
    pub errors: Errors,
    /// How long the reply may become.
    longest: usize,
    /// Values that were written: a table that is in itself many times stands for more than memory holds.
    written: usize,
    /// Why it ends early.
    outcome: Result<()>,
}

/// After so many values it is looked whether it goes on.
const VALUES_PER_LOOK: usize = 1000;

/// Errors that a script has returned, for the statistics.
#[derive(Debug, Default)]
pub struct Errors {
    /// There were some: the call has failed.
    pub any: bool,
    /// Those that no command of the script has raised before: nobody has counted them yet.
    pub uncounted: Vec<Vec<u8>>,
}

impl<'a> Answer<'a> {
    /// Replies may be so long as the interpreter may be large.
    pub fn new(shape: &'a Function, protocol: Protocol, longest: usize) -> Self {
        let errors = Errors::default();
        Answer { shape, protocol, errors, longest, written: 0, outcome: Ok(()) }
    }

    /// Writes a value, and tells what errors are in it.
    pub fn write(mut self, value: &Value, reply: &mut Reply) -> Result<Errors> {
        self.longest = self.longest.saturating_add(reply.len());
        self.write_nested(value, reply, 0);
        self.outcome.map(|()| self.errors)
    }

    /// The same for a table of which it is known what it stands for.
    pub fn write_table(
        mut self,
        table: &Table,
        shape: (i64, Value),
        reply: &mut Reply,
    ) -> Result<Errors> {
        self.longest = self.longest.saturating_add(reply.len());
        self.shaped(table, shape, reply, 0);
        self.outcome.map(|()| self.errors)
    }

    /// Whether it goes on.
    fn goes_on(&mut self, reply: &Reply) -> bool {
        self.written += 1;
        if self.outcome.is_ok() && reply.len() > self.longest {
            self.outcome = limits::no_memory();
        }
        if self.outcome.is_ok() && self.written.is_multiple_of(VALUES_PER_LOOK) {
            self.outcome = host::tick();
        }
        self.outcome.is_ok()
    }

    fn write_nested(&mut self, value: &Value, reply: &mut Reply, depth: usize) {
        if depth >= DEEPEST {
            return self.too_deep(reply);
        }
        if !self.goes_on(reply) {
            return;
        }
        match value {
            Value::String(text) => reply.bulk(&text.as_bytes()),
            Value::Integer(integer) => reply.integer(*integer),
            Value::Number(number) => reply.integer(to_i64(*number)),
            Value::Boolean(value) if self.protocol == Protocol::Resp3 => reply.boolean(*value),
            Value::Boolean(true) => reply.integer(1),
            Value::Table(table) => self.table(table, reply, depth),
            _ => reply.null(),
        }
    }

    fn table(&mut self, table: &Table, reply: &mut Reply, depth: usize) {
        // Looked at in Lua, for there it costs a fraction.
        match self.shape.call::<(i64, Value)>(table) {
            Ok(shape) => self.shaped(table, shape, reply, depth),
            Err(_) => self.too_deep(reply),
        }
    }

    /// Writes a table as what `shape` has said of it: what it stands for, and the value inside that says so.
    fn shaped(
        &mut self,
        table: &Table,
        (shape, value): (i64, Value),
        reply: &mut Reply,
        depth: usize,
    ) {
        match (shape, &value) {
            (1, Value::String(text)) => {
                let counted = table.raw_get::<bool>("ignore_error_stats_update");
                self.error(until_nul(&text.as_bytes()), counted.unwrap_or(false), reply);
            }
            (2, Value::String(text)) => reply.simple_text(until_nul(&text.as_bytes())),
            (3, Value::Number(number)) => reply.double(*number),
            (3, Value::Integer(number)) => reply.double(*number as f64),
            (4, Value::Table(map)) => {
                // Counted first: so many references can't be held at a time.
                reply.map(map.pairs::<Value, Value>().count());
                for (key, value) in map.pairs::<Value, Value>().flatten() {
                    if self.outcome.is_err() {
                        return;
                    }
                    self.write_nested(&key, reply, depth + 3);
                    self.write_nested(&value, reply, depth + 3);
                }
            }
            (5, Value::Table(set)) => {
                reply.set(set.pairs::<Value, Value>().count());
                for (member, _) in set.pairs::<Value, Value>().flatten() {
                    if self.outcome.is_err() {
                        return;
                    }
                    self.write_nested(&member, reply, depth + 3);
                }
            }
            (6, Value::String(digits)) => reply.big_number(&digits.as_bytes()),
            (7, Value::Table(verbatim)) => {
                let field = |name| verbatim.raw_get::<Value>(name);
                match (field("string"), field("format")) {
                    (Ok(Value::String(text)), Ok(Value::String(format))) => {
                        reply.verbatim(three_letters(&format.as_bytes()), &text.as_bytes());
                    }
                    _ => self.array(table, reply, depth),
                }
            }
            (8, _) if depth + 1 < DEEPEST => self.texts(table, reply),
            _ => self.array(table, reply, depth),
        }
    }

    /// A list of nothing but texts, which are read without a reference to each.
    fn texts(&mut self, list: &Table, reply: &mut Reply) {
        reply.array_of(|reply| {
            let mut len = 0;
            let _ = list.for_each_value(|text: BString| {
                if !self.goes_on(reply) {
                    return self.outcome.clone();
                }
                reply.bulk(&text);
                len += 1;
                Ok(())
            });
            len
        });
    }

    fn too_deep(&mut self, reply: &mut Reply) {
        self.error(b"ERR reached lua stack limit", false, reply);
    }

    fn error(&mut self, text: &[u8], counted: bool, reply: &mut Reply) {
        // The end of a line at its end goes; one inside becomes a blank.
        let end = text.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n'));
        let text = &text[..end.map_or(0, |end| end + 1)];
        self.errors.any = true;
        if !counted {
            self.errors.uncounted.push(text.to_vec());
        }
        reply.error(text);
    }

    fn array(&mut self, table: &Table, reply: &mut Reply, depth: usize) {
        reply.array_of(|reply| {
            let mut len = 0;
            loop {
                match table.raw_get::<Value>(len as i64 + 1) {
                    Ok(Value::Nil) | Err(_) => return len,
                    Ok(_) if self.outcome.is_err() => return len,
                    Ok(value) => self.write_nested(&value, reply, depth + 1),
                }
                len += 1;
            }
        });
    }
}

/// The format of a verbatim string has exactly three bytes.
fn three_letters(format: &[u8]) -> [u8; 3] {
    let mut letters = [b' '; 3];
    letters.iter_mut().zip(until_nul(format)).for_each(|(letter, byte)| *letter = *byte);
    letters
}
