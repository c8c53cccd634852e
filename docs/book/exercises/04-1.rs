//! Finding the row.
//!
//! Write `look_up`: it finds a command by its name, in any case, and checks the number of words. An arity
//! of 2 means exactly two words, the name included; -2 means at least two. The errors are those of Redis:
//!
//! - `ERR unknown command 'GETT', with args beginning with: 'a' 'b' ` (each argument in quotes with a
//!   blank behind it; the name as it was written)
//! - `ERR wrong number of arguments for 'get' command` (the name as it is in the table)

#[derive(Debug, PartialEq)]
pub struct Row {
    pub name: &'static str,
    pub arity: i32,
}

pub const ROWS: &[Row] = &[
    Row { name: "del", arity: -2 },
    Row { name: "get", arity: 2 },
    Row { name: "ping", arity: -1 },
    Row { name: "set", arity: -3 },
];

/// The row that a request asks for. It has at least one word.
pub fn look_up(request: &[&str]) -> Result<&'static Row, String> {
    Err("ERR unknown command".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case() {
        for request in [&["get", "k"][..], &["GET", "k"], &["gEt", "k"]] {
            assert_eq!(look_up(request).map(|row| row.name), Ok("get"), "{request:?}");
        }
    }

    #[test]
    fn words_are_counted() {
        for right in [&["ping"][..], &["ping", "x"], &["set", "k", "v"], &["del", "a", "b", "c"]] {
            assert_eq!(look_up(right).map(|row| row.name), Ok(right[0]));
        }
        let error = |name| Err(format!("ERR wrong number of arguments for '{name}' command"));
        for wrong in [&["get"][..], &["get", "a", "b"], &["set", "k"], &["del"]] {
            assert_eq!(look_up(wrong).map(|row| row.name), error(wrong[0]));
        }
        assert_eq!(look_up(&["GET"]).map(|row| row.name), error("get"));
    }

    #[test]
    fn what_is_unknown_is_shown() {
        let error = "ERR unknown command 'GETT', with args beginning with: 'a' 'b' ";
        assert_eq!(look_up(&["GETT", "a", "b"]), Err(error.into()));
        let error = "ERR unknown command 'ge', with args beginning with: ";
        assert_eq!(look_up(&["ge"]), Err(error.into()));
    }
}
