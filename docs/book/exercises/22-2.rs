//! What can't be known beforehand.
//!
//! Write `matches`: whether the lines that have come are those that were expected. In what is expected,
//!
//! - a line `...` stands for any number of lines, also none,
//! - `<any>` within a line stands for any text, also none,
//! - `<int 90..100>` for an integer within these bounds, both included, as many digits as there are,
//!
//! and everything else for itself, an unknown `<word>` included. A line has at most one of these.

pub fn matches(expected: &[&str], actual: &[&str]) -> bool {
    expected == actual
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letter_by_letter() {
        assert!(matches(&["OK"], &["OK"]) && !matches(&["OK"], &["OK", "OK"]));
        assert!(!matches(&["OK"], &["ok"]) && matches(&[], &[]));
        assert!(matches(&["<word>"], &["<word>"]) && !matches(&["<word>"], &["word"]));
    }

    #[test]
    fn any_text() {
        assert!(matches(&["a <any> c"], &["a b b c"]) && matches(&["<any>"], &[""]));
        assert!(!matches(&["aa<any>aa"], &["aaa"]), "no letter counts twice");
    }

    #[test]
    fn numbers_within_bounds() {
        let expected = ["(integer) <int -1..100>"];
        for right in ["(integer) -1", "(integer) 100", "(integer) 7"] {
            assert!(matches(&expected, &[right]), "{right}");
        }
        for wrong in ["(integer) 101", "(integer) -2", "(integer) ", "(integer) 7x", "(integer) +7"]
        {
            assert!(!matches(&expected, &[wrong]), "{wrong}");
        }
    }

    #[test]
    fn any_lines() {
        assert!(matches(&["a", "...", "z"], &["a", "b", "c", "z"]));
        assert!(matches(&["a", "...", "z"], &["a", "z"]));
        assert!(matches(&["...", "b", "...", "b"], &["b", "a", "b"]));
        assert!(!matches(&["a", "...", "z"], &["a", "b"]));
        assert!(matches(&["..."], &[]));
    }
}
