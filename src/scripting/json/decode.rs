//! `cjson.decode`.

use std::borrow::Cow;

use super::Settings;
use crate::scripting::limits::{BYTES_PER_BYTE, build};
use crate::scripting::lua::{
    Either, IntoLua, Item, Lua, MultiValue, Result, Value, bad_argument, bytes, one, pairs,
    raise_here, sequence, string_argument,
};

/// `cjson.decode(text)`
pub fn decode(lua: &Lua, args: MultiValue, settings: &Settings) -> Result<MultiValue> {
    if args.len() != 1 {
        return bad_argument(lua, 1, "expected 1 argument");
    }
    let text = string_argument(lua, &args, 0)?;
    let text = text.as_bytes();
    if text.len() >= 2 && (text[0] == 0 || text[1] == 0) {
        return raise_here(lua, "JSON parser does not support UTF-16 or UTF-32");
    }
    build(lua, text.len() * BYTES_PER_BYTE, || {
        let mut decoder = Decoder { lua, settings, text: &text, at: 0, token_at: 0 };
        let token = decoder.next();
        let value = decoder.value(token, 0)?.into_lua(lua)?;
        match decoder.next() {
            Token::End => one(value),
            token => decoder.unexpected("the end", &token),
        }
    })
}

/// A piece of JSON.
enum Token<'a> {
    ObjectBegin,
    ObjectEnd,
    ArrayBegin,
    ArrayEnd,
    String(Cow<'a, [u8]>),
    Number(f64),
    Boolean(bool),
    Null,
    Colon,
    Comma,
    End,
    Error(&'static str),
}

struct Decoder<'a> {
    lua: &'a Lua,
    settings: &'a Settings,
    text: &'a [u8],
    at: usize,
    /// Where the last token, or the error in it, is.
    token_at: usize,
}

impl<'a> Decoder<'a> {
    fn unexpected<T>(&self, expected: &str, token: &Token<'_>) -> Result<T> {
        let found = match token {
            Token::ObjectBegin => "T_OBJ_BEGIN",
            Token::ObjectEnd => "T_OBJ_END",
            Token::ArrayBegin => "T_ARR_BEGIN",
            Token::ArrayEnd => "T_ARR_END",
            Token::String(_) => "T_STRING",
            Token::Number(_) => "T_NUMBER",
            Token::Boolean(_) => "T_BOOLEAN",
            Token::Null => "T_NULL",
            Token::Colon => "T_COLON",
            Token::Comma => "T_COMMA",
            Token::End => "T_END",
            Token::Error(text) => text,
        };
        let at = self.token_at + 1;
        raise_here(self.lua, format!("Expected {expected} but found {found} at character {at}"))
    }

    fn value(&mut self, token: Token<'a>, depth: i64) -> Result<Item<'a>> {
        let value = match token {
            Token::String(text) => return self.text(text),
            Token::Number(number) => Value::Number(number),
            Token::Boolean(value) => Value::Boolean(value),
            Token::Null => Value::NULL,
            Token::ObjectBegin => self.object(depth + 1)?,
            Token::ArrayBegin => self.array(depth + 1)?,
            token => return self.unexpected("value", &token),
        };
        Ok(Either::Right(value))
    }

    fn text(&self, text: Cow<'a, [u8]>) -> Result<Item<'a>> {
        match text {
            Cow::Borrowed(text) => Ok(Either::Left(bytes(text))),
            Cow::Owned(text) => Ok(Either::Right(Value::String(self.lua.create_string(text)?))),
        }
    }

    fn descend(&self, depth: i64) -> Result<()> {
        if depth > self.settings.decode_max_depth.min(DEEPEST) {
            let at = self.token_at + 1;
            let text = format!("Found too many nested data structures ({depth}) at character {at}");
            return raise_here(self.lua, text);
        }
        Ok(())
    }

    fn object(&mut self, depth: i64) -> Result<Value> {
        self.descend(depth)?;
        let mut token = self.next();
        let mut is_open = !matches!(token, Token::ObjectEnd);
        pairs(self.lua, || {
            if !is_open {
                return Ok(None);
            }
            let key = match std::mem::replace(&mut token, Token::End) {
                Token::String(key) => self.text(key)?,
                token => return self.unexpected("object key string", &token),
            };
            let colon = self.next();
            if !matches!(colon, Token::Colon) {
                return self.unexpected("colon", &colon);
            }
            let value = self.next();
            let value = self.value(value, depth)?;
            match self.next() {
                Token::ObjectEnd => is_open = false,
                Token::Comma => token = self.next(),
                token => return self.unexpected("comma or object end", &token),
            }
            Ok(Some((key, value)))
        })
    }

    fn array(&mut self, depth: i64) -> Result<Value> {
        self.descend(depth)?;
        let mut token = self.next();
        let mut is_open = !matches!(token, Token::ArrayEnd);
        sequence(self.lua, || {
            if !is_open {
                return Ok(None);
            }
            let value = self.value(std::mem::replace(&mut token, Token::End), depth)?;
            match self.next() {
                Token::ArrayEnd => is_open = false,
                Token::Comma => token = self.next(),
                token => return self.unexpected("comma or array end", &token),
            }
            Ok(Some(value))
        })
    }

    fn next(&mut self) -> Token<'a> {
        while matches!(self.peek(0), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
        self.token_at = self.at;
        let simple = match self.peek(0) {
            b'{' => Token::ObjectBegin,
            b'}' => Token::ObjectEnd,
            b'[' => Token::ArrayBegin,
            b']' => Token::ArrayEnd,
            b':' => Token::Colon,
            b',' => Token::Comma,
            0 => return Token::End, // also in the middle, as in C
            b'"' => return self.string(),
            b'-' | b'0'..=b'9' => {
                if !self.settings.decode_invalid && self.is_invalid_number() {
                    return Token::Error("invalid number");
                }
                return self.number();
            }
            _ => return self.word(),
        };
        self.at += 1;
        simple
    }

    /// The byte so far ahead; zero behind the end.
    fn peek(&self, ahead: usize) -> u8 {
        self.text.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn word(&mut self) -> Token<'a> {
        let words = [
            ("true", Token::Boolean(true)),
            ("false", Token::Boolean(false)),
            ("null", Token::Null),
        ];
        for (word, token) in words {
            if self.text[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return token;
            }
        }
        let may_be_number = matches!(self.peek(0), b'+' | b'i' | b'I' | b'n' | b'N');
        if may_be_number && self.settings.decode_invalid && self.is_invalid_number() {
            return self.number();
        }
        Token::Error("invalid token")
    }

    /// Whether this is a number in C, but not in JSON.
    fn is_invalid_number(&self) -> bool {
        let sign = usize::from(self.peek(0) == b'-');
        match self.peek(sign) {
            b'+' => true,
            b'0' => matches!(self.peek(sign + 1) | 0x20, b'x' | b'0'..=b'9'),
            b'1'..=b'9' => false,
            _ => {
                let rest = &self.text[self.at + sign..];
                ["inf", "nan"].iter().any(|word| {
                    rest.get(..3).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
                })
            }
        }
    }

    fn number(&mut self) -> Token<'a> {
        match crate::scripting::number_format::parse_c_number(&self.text[self.at..]) {
            Some((number, len)) => {
                self.at += len;
                Token::Number(number)
            }
            None => Token::Error("invalid number"),
        }
    }

    fn string(&mut self) -> Token<'a> {
        self.at += 1;
        let mut out = Cow::Borrowed(&[][..]);
        loop {
            let run = memchr::memchr3(b'"', b'\\', 0, &self.text[self.at..]);
            let run = run.unwrap_or(self.text.len() - self.at);
            let plain = &self.text[self.at..self.at + run];
            match &mut out {
                Cow::Borrowed([]) => out = Cow::Borrowed(plain),
                _ => out.to_mut().extend_from_slice(plain),
            }
            self.at += run;
            match self.peek(0) {
                b'"' => {
                    self.at += 1;
                    return Token::String(out);
                }
                b'\\' => {}
                _ => return self.error("unexpected end of string"),
            }
            let escaped = match self.peek(1) {
                b'b' => 0x08,
                b't' => b'\t',
                b'n' => b'\n',
                b'f' => 0x0c,
                b'r' => b'\r',
                other @ (b'"' | b'\\' | b'/') => other,
                b'u' => match self.unicode() {
                    Some((character, len)) => {
                        let mut utf8 = [0; 4];
                        let character = character.encode_utf8(&mut utf8);
                        out.to_mut().extend_from_slice(character.as_bytes());
                        self.at += len;
                        continue;
                    }
                    None => return self.error("invalid unicode escape code"),
                },
                _ => return self.error("invalid escape code"),
            };
            out.to_mut().push(escaped);
            self.at += 2;
        }
    }

    fn error(&mut self, text: &'static str) -> Token<'a> {
        self.token_at = self.at;
        Token::Error(text)
    }

    /// The character of `\uXXXX`, or of two of them, and how many bytes they take.
    fn unicode(&self) -> Option<(char, usize)> {
        let unit = |ahead: usize| {
            let digits = self.text.get(self.at + ahead..self.at + ahead + 4)?;
            let digits = std::str::from_utf8(digits).ok()?;
            if digits.starts_with('+') { None } else { u32::from_str_radix(digits, 16).ok() }
        };
        let first = unit(2)?;
        if !(0xd800..0xe000).contains(&first) {
            return Some((char::from_u32(first)?, 6));
        }
        let is_pair = first < 0xdc00 && self.peek(6) == b'\\' && self.peek(7) == b'u';
        let second =
            is_pair.then(|| unit(8)).flatten().filter(|low| (0xdc00..0xe000).contains(low))?;
        let character = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        Some((char::from_u32(character)?, 12))
    }
}

/// However deep a script allows texts to be nested, the stack has an end.
const DEEPEST: i64 = 1000;
