//! Inline requests: a plain line of words, as typed into telnet or written in a configuration.
//!
//! Words are separated by blanks. A word may be quoted: between double quotes `\n \r \t \b \a`,
//! `\xHH` and `\` before any other character are escapes; between single quotes only `\'` is.
//! A closing quote must be followed by a blank or the end of the line.

/// The quotes of the line don't match up.
#[derive(Debug, PartialEq, Eq)]
pub struct Unbalanced;

/// Splits `line` into words, appending their bytes to `out` and reporting each word's range there.
pub fn split(
    line: &[u8],
    out: &mut Vec<u8>,
    mut word: impl FnMut(usize, usize),
) -> Result<(), Unbalanced> {
    let mut rest = line;
    loop {
        let blanks = rest.iter().take_while(|b| b.is_ascii_whitespace() || **b == 0x0b).count();
        rest = &rest[blanks..];
        if rest.is_empty() || rest[0] == 0 {
            return Ok(());
        }
        let start = out.len();
        rest = one_word(rest, out)?;
        word(start, out.len());
    }
}

/// The words of `line`, each in an allocation of its own: for callers where speed is no matter.
pub fn words(line: &[u8]) -> Result<Vec<Vec<u8>>, Unbalanced> {
    let (mut bytes, mut ranges) = (Vec::new(), Vec::new());
    split(line, &mut bytes, |start, end| ranges.push(start..end))?;
    Ok(ranges.into_iter().map(|range| bytes[range].to_vec()).collect())
}

/// Appends the first word of `rest` to `out` and returns what follows it.
fn one_word<'a>(mut rest: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], Unbalanced> {
    loop {
        match rest {
            [b'"', after @ ..] => return double_quoted(after, out),
            [b'\'', after @ ..] => return single_quoted(after, out),
            [] | [b' ' | b'\n' | b'\r' | b'\t' | 0, ..] => return Ok(rest),
            [byte, after @ ..] => {
                out.push(*byte);
                rest = after;
            }
        }
    }
}

fn double_quoted<'a>(mut rest: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], Unbalanced> {
    loop {
        let (byte, after) = match rest {
            [b'"', after @ ..] => return closed(after),
            [b'\\', b'x', high, low, after @ ..] if is_hex(*high) && is_hex(*low) => {
                (hex(*high) << 4 | hex(*low), after)
            }
            [b'\\', escaped, after @ ..] => (unescape(*escaped), after),
            [byte, after @ ..] => (*byte, after),
            [] => return Err(Unbalanced),
        };
        out.push(byte);
        rest = after;
    }
}

fn single_quoted<'a>(mut rest: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], Unbalanced> {
    loop {
        let (byte, after) = match rest {
            [b'\\', b'\'', after @ ..] => (b'\'', after),
            [b'\'', after @ ..] => return closed(after),
            [byte, after @ ..] => (*byte, after),
            [] => return Err(Unbalanced),
        };
        out.push(byte);
        rest = after;
    }
}

/// After a closing quote only a blank or the end may follow.
fn closed(after: &[u8]) -> Result<&[u8], Unbalanced> {
    match after.first() {
        Some(byte) if !byte.is_ascii_whitespace() && *byte != 0x0b => Err(Unbalanced),
        _ => Ok(after),
    }
}

fn unescape(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'a' => 0x07,
        other => other,
    }
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

/// The value of a hexadecimal digit.
pub fn hex(byte: u8) -> u8 {
    (byte as char).to_digit(16).unwrap_or(0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &[&[u8]]) {
        assert_eq!(words(line.as_bytes()).unwrap(), expected, "{line}");
    }

    #[test]
    fn words_are_separated_by_blanks() {
        check("", &[]);
        check("   ", &[]);
        check("  SET  k\tv ", &[b"SET", b"k", b"v"]);
    }

    #[test]
    fn quotes_keep_blanks_and_escapes() {
        check(r#"SET "a b" 'c d'"#, &[b"SET", b"a b", b"c d"]);
        check(r#""\x00\xfF\n\"\q" '\n\''"#, &[b"\x00\xff\n\"q", b"\\n'"]);
        check(r#"a"b c""#, &[b"ab c"]);
        check(r#""""#, &[b""]);
    }

    #[test]
    fn quotes_must_balance() {
        for line in [r#""abc"#, "'abc", r#""a"b"#, "'a'b", r#""\"#] {
            assert_eq!(words(line.as_bytes()), Err(Unbalanced), "{line}");
        }
    }
}
