//! From Lua to a reply.
//!
//! Write `reply`: what a script returns, as RESP2.
//!
//! | value | reply |
//! |---|---|
//! | nil, false | `$-1`, a null |
//! | true | the integer 1 |
//! | a number | an integer: the fraction is cut off, towards zero |
//! | a text | a bulk string |
//! | a table with the field `err` | an error: that text. It comes before `ok` |
//! | a table with the field `ok` | a simple string: that text |
//! | any other table | an array of what is at 1, 2, 3 and so on, up to the first that is nil |

use std::collections::BTreeMap;

pub enum Lua {
    Nil,
    Boolean(bool),
    Number(f64),
    Text(String),
    /// What is at 1, 2, 3 and so on; and what is under names.
    Table(Vec<Lua>, BTreeMap<&'static str, String>),
}

pub fn reply(value: &Lua) -> String {
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: Vec<Lua>) -> Lua {
        Lua::Table(items, BTreeMap::new())
    }

    fn named(fields: &[(&'static str, &str)]) -> Lua {
        let fields = fields.iter().map(|(name, text)| (*name, text.to_string()));
        Lua::Table(Vec::new(), fields.collect())
    }

    #[test]
    fn single_values() {
        assert_eq!(reply(&Lua::Nil), "$-1\r\n");
        assert_eq!(reply(&Lua::Boolean(false)), "$-1\r\n");
        assert_eq!(reply(&Lua::Boolean(true)), ":1\r\n");
        assert_eq!(reply(&Lua::Number(3.99)), ":3\r\n");
        assert_eq!(reply(&Lua::Number(-3.99)), ":-3\r\n");
        assert_eq!(reply(&Lua::Text("hé".into())), "$3\r\nhé\r\n");
    }

    #[test]
    fn tables_with_names() {
        assert_eq!(reply(&named(&[("ok", "fine")])), "+fine\r\n");
        assert_eq!(reply(&named(&[("err", "MY error"), ("ok", "fine")])), "-MY error\r\n");
        assert_eq!(reply(&named(&[("size", "3")])), "*0\r\n");
    }

    #[test]
    fn lists() {
        let inner = list(vec![Lua::Text("four".into()), Lua::Boolean(false)]);
        let items = vec![Lua::Number(1.0), inner, Lua::Nil, Lua::Number(5.0)];
        assert_eq!(reply(&list(items)), "*2\r\n:1\r\n*2\r\n$4\r\nfour\r\n$-1\r\n");
        assert_eq!(reply(&list(vec![named(&[("err", "E")])])), "*1\r\n-E\r\n");
    }
}
