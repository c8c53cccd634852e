//! `cjson.encode`.

use super::{Invalid, Settings};
use crate::scripting::limits::Buffer;
use crate::scripting::lua::{
    BString, Error, Function, Lua, MultiValue, Raise, Result, Table, Value, bad_argument,
    one_string, raise, raise_here, type_name,
};
use crate::scripting::number_format::push_g;

/// What an encoded text consists of, while it is put together.
struct Encoder<'a> {
    settings: &'a Settings,
    /// Tells the length of a table that is a list: `list_length` of the prelude.
    list_length: &'a Function,
    out: Buffer<'a>,
    /// What can't be encoded. It is raised where `encode` was called, not from within a walk through a table.
    failure: Option<String>,
}

/// `cjson.encode(value)`
pub fn encode(
    lua: &Lua,
    args: MultiValue,
    settings: &Settings,
    list_length: &Function,
) -> Result<MultiValue> {
    let (1, Some(value)) = (args.len(), args.front()) else {
        return bad_argument(lua, 1, "expected 1 argument");
    };
    let mut encoder = Encoder { settings, list_length, out: Buffer::new(lua), failure: None };
    let outcome = encoder.value(value, 0);
    if let Some(text) = encoder.failure {
        return raise_here(lua, text);
    }
    outcome?;
    one_string(lua, encoder.out.as_bytes())
}

impl Encoder<'_> {
    fn value(&mut self, value: &Value, depth: i64) -> Result<()> {
        match value {
            Value::String(text) => self.string(&text.as_bytes()),
            Value::Integer(integer) => self.number(*integer as f64),
            Value::Number(number) => self.number(*number),
            Value::Boolean(true) => self.raw(b"true"),
            Value::Boolean(false) => self.raw(b"false"),
            Value::Nil => self.raw(b"null"),
            Value::LightUserData(pointer) if pointer.0.is_null() => self.raw(b"null"),
            Value::Table(table) => self.table(table, depth + 1),
            other => self.cant(type_name(other), "type not supported"),
        }
    }

    fn cant<T>(&mut self, what: &str, why: &str) -> Result<T> {
        self.fail(format!("Cannot serialise {what}: {why}"))
    }

    fn fail<T>(&mut self, text: String) -> Result<T> {
        self.failure = Some(text);
        raise(Raise::Text(Vec::new()))
    }

    fn raw(&mut self, text: &[u8]) -> Result<()> {
        self.out.extend(text)
    }

    fn table(&mut self, table: &Table, depth: i64) -> Result<()> {
        if depth > self.settings.encode_max_depth.min(DEEPEST) {
            return self.fail(format!("Cannot serialise, excessive nesting ({depth})"));
        }
        if table.raw_len() == 0 && depth < SHALLOW && self.plain_object(table, depth)? {
            return Ok(());
        }
        let (largest, items, has_only_texts): (f64, f64, bool) = self.list_length.call(table)?;
        let settings = self.settings;
        let is_sparse = settings.sparse_ratio > 0
            && largest > items * settings.sparse_ratio as f64
            && largest > settings.sparse_safe as f64;
        if is_sparse && !settings.sparse_convert {
            return self.cant("table", "excessively sparse array");
        }
        if has_only_texts && largest > 0.0 {
            self.texts(table)
        } else if largest > 0.0 && largest == items && depth < SHALLOW {
            self.dense_list(table, depth)
        } else if largest > 0.0 && !is_sparse {
            self.list(table, largest as i64, depth)
        } else {
            self.object(table, depth)
        }
    }

    /// An object whose keys are texts that no number looks like: such a text can be read without a
    /// reference to it. Anything else is left to those who look at everything; then nothing is written.
    fn plain_object(&mut self, table: &Table, depth: i64) -> Result<bool> {
        let start = self.out.as_bytes().len();
        let mut is_plain = true;
        let outcome = table.for_each(|key: BString, value: Value| {
            is_plain = !may_be_number(&key);
            if !is_plain {
                return raise(Raise::Text(Vec::new()));
            }
            self.separator(start)?;
            self.string(&key)?;
            self.out.push(b':')?;
            self.value(&value, depth)
        });
        if !is_plain || matches!(outcome, Err(Error::FromLuaConversionError { .. })) {
            self.out.bytes().truncate(start);
            return Ok(false);
        }
        outcome?;
        self.close_object(start)?;
        Ok(true)
    }

    /// A list of nothing but texts.
    fn texts(&mut self, list: &Table) -> Result<()> {
        self.out.push(b'[')?;
        let mut is_first = true;
        list.for_each_value(|text: BString| {
            if !std::mem::replace(&mut is_first, false) {
                self.out.push(b',')?;
            }
            self.string(&text)
        })?;
        self.out.push(b']')
    }

    /// A list without gaps.
    fn dense_list(&mut self, list: &Table, depth: i64) -> Result<()> {
        self.out.push(b'[')?;
        let mut is_first = true;
        list.for_each_value(|value: Value| {
            if !std::mem::replace(&mut is_first, false) {
                self.out.push(b',')?;
            }
            self.value(&value, depth)
        })?;
        self.out.push(b']')
    }

    /// A list with gaps.
    fn list(&mut self, table: &Table, len: i64, depth: i64) -> Result<()> {
        self.out.push(b'[')?;
        for index in 1..=len {
            if index > 1 {
                self.out.push(b',')?;
            }
            let value = table.raw_get::<Value>(index)?;
            self.value(&value, depth)?;
        }
        self.raw(b"]")
    }

    fn object(&mut self, table: &Table, depth: i64) -> Result<()> {
        let start = self.out.as_bytes().len();
        if depth < SHALLOW {
            table.for_each(|key: Value, value: Value| self.field(start, &key, &value, depth))?;
        } else {
            for pair in table.pairs::<Value, Value>() {
                let (key, value) = pair?;
                self.field(start, &key, &value, depth)?;
            }
        }
        self.close_object(start)
    }

    /// What stands before a field of the object that begins at `start`.
    fn separator(&mut self, start: usize) -> Result<()> {
        self.out.push(if self.out.as_bytes().len() == start { b'{' } else { b',' })
    }

    fn close_object(&mut self, start: usize) -> Result<()> {
        if self.out.as_bytes().len() == start {
            self.out.push(b'{')?;
        }
        self.out.push(b'}')
    }

    /// A field of the object that begins at `start`.
    fn field(&mut self, start: usize, key: &Value, value: &Value, depth: i64) -> Result<()> {
        self.separator(start)?;
        match key {
            Value::String(text) => self.string(&text.as_bytes())?,
            Value::Integer(_) | Value::Number(_) => {
                self.out.push(b'"')?;
                self.value(key, depth)?;
                self.out.push(b'"')?;
            }
            _ => return self.cant(type_name(key), "table key must be a number or string"),
        }
        self.out.push(b':')?;
        self.value(value, depth)
    }

    fn number(&mut self, number: f64) -> Result<()> {
        if !number.is_finite() {
            match self.settings.encode_invalid {
                Invalid::Refused => return self.cant("number", "must not be NaN or Inf"),
                Invalid::Null => return self.raw(b"null"),
                Invalid::Allowed => {}
            }
        }
        if number.is_nan() {
            return self.raw(b"nan"); // whatever its sign
        }
        self.out.make_room(LONGEST_NUMBER)?;
        push_g(self.out.bytes(), number, self.settings.precision as usize);
        Ok(())
    }

    fn string(&mut self, text: &[u8]) -> Result<()> {
        self.out.push(b'"')?;
        let mut rest = text;
        while let Some(at) = rest.iter().position(is_escaped) {
            self.out.extend(&rest[..at])?;
            match rest[at] {
                b'"' => self.raw(b"\\\"")?,
                b'\\' => self.raw(b"\\\\")?,
                b'/' => self.raw(b"\\/")?,
                0x08 => self.raw(b"\\b")?,
                b'\t' => self.raw(b"\\t")?,
                b'\n' => self.raw(b"\\n")?,
                0x0c => self.raw(b"\\f")?,
                b'\r' => self.raw(b"\\r")?,
                byte => self.raw(format!("\\u{byte:04x}").as_bytes())?,
            }
            rest = &rest[at + 1..];
        }
        self.out.extend(rest)?;
        self.raw(b"\"")
    }
}

/// A number is not longer, however many digits are wanted.
const LONGEST_NUMBER: usize = 64;

/// However deep a script allows tables to be nested, the stack has an end.
const DEEPEST: i64 = 4000;

/// Up to this depth tables are walked through in the fast way, which goes deeper into C each time.
const SHALLOW: i64 = 32;

/// Whether a number as a text looks like this.
fn may_be_number(text: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_digit() || *byte == b'-';
    text.first().is_some_and(is_digit) || matches!(text, b"inf" | b"nan")
}

fn is_escaped(byte: &u8) -> bool {
    matches!(byte, 0..=0x1f | 0x7f | b'"' | b'\\' | b'/')
}
