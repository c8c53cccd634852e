//! A line of configuration text as words, and words as text again.
//!
//! ```text
//! requirepass "two words \"quoted\" \x21"      C escapes between double quotes
//! masterauth 'it\'s'                           only \' between single ones
//! ```
//!
//! Words are any bytes. What is written is ASCII, so that an editor changes nothing by the way.

/// Splits a line into words the way a shell would, more or less. Quotes may open in the middle of
/// a word, but where they close the word must end.
pub fn split_words(line: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let unbalanced = || "Unbalanced quotes in configuration line".to_owned();
    let mut words = Vec::new();
    let mut rest = line.trim_ascii_start();
    while !rest.is_empty() {
        let mut word = Vec::new();
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            match byte {
                b'"' | b'\'' => {
                    rest = quoted(byte, rest, &mut word).ok_or_else(unbalanced)?;
                    if !rest.first().is_none_or(u8::is_ascii_whitespace) {
                        return Err(unbalanced());
                    }
                }
                byte if byte.is_ascii_whitespace() => break,
                byte => word.push(byte),
            }
        }
        words.push(word);
        rest = rest.trim_ascii_start();
    }
    Ok(words)
}

/// Appends what stands between quotes to `word`; `rest` begins behind the opening one. Returns
/// what follows the closing one, if there is one.
fn quoted<'a>(quote: u8, mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        rest = match rest {
            [byte, after @ ..] if *byte == quote => return Some(after),
            [b'\\', b'\'', after @ ..] if quote == b'\'' => {
                word.push(b'\'');
                after
            }
            [b'\\', b'x', high, low, after @ ..]
                if quote == b'"' && high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0) as u8;
                word.push(digit(*high) << 4 | digit(*low));
                after
            }
            [b'\\', escaped, after @ ..] if quote == b'"' => {
                word.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 0x08,
                    b'a' => 0x07,
                    other => *other,
                });
                after
            }
            [byte, after @ ..] => {
                word.push(*byte);
                after
            }
            [] => return None,
        };
    }
}

/// Bytes as text in double quotes, which the file reader turns into the same bytes again.
pub fn quote(bytes: impl AsRef<[u8]>) -> String {
    let bytes = bytes.as_ref();
    let mut quoted = String::with_capacity(bytes.len() + 2);
    quote_to(bytes, &mut quoted);
    quoted
}

/// The same, behind a text: as MONITOR and redis-cli show bytes, too.
pub fn quote_to(bytes: &[u8], quoted: &mut String) {
    quoted.push('"');
    for byte in bytes {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(*byte)]),
            b'\n' => quoted.push_str("\\n"),
            b'\r' => quoted.push_str("\\r"),
            b'\t' => quoted.push_str("\\t"),
            0x07 => quoted.push_str("\\a"),
            0x08 => quoted.push_str("\\b"),
            b' '..=b'~' => quoted.push(char::from(*byte)),
            other => quoted.push_str(&format!("\\x{other:02x}")),
        }
    }
    quoted.push('"');
}

/// The word itself where it reads as one plain word, quoted otherwise.
pub fn quote_if_needed(word: impl AsRef<[u8]>) -> String {
    let word = word.as_ref();
    let plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\');
    match std::str::from_utf8(word) {
        Ok(text) if !word.is_empty() && word[0] != b'#' && word.iter().all(plain) => {
            text.to_owned()
        }
        _ => quote(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_escapes() {
        let cases: [(&str, &[&str]); 7] = [
            ("a  b\tc ", &["a", "b", "c"]),
            (r#"a "b c" '' """#, &["a", "b c", "", ""]),
            (r#""a\x41\n\"b""#, &["aA\n\"b"]),
            (r"'a\'b\n'", &[r"a'b\n"]),
            (r#"a"b c""#, &["ab c"]),
            ("a#b # c", &["a#b", "#", "c"]),
            ("", &[]),
        ];
        for (line, words) in cases {
            let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
            assert_eq!(split_words(line.as_bytes()).unwrap(), words, "{line}");
        }
        for line in ["\"x", "'x", "\"x\\", "\"a\"b", "'a'\"b\""] {
            let error = split_words(line.as_bytes()).unwrap_err();
            assert_eq!(error, "Unbalanced quotes in configuration line");
        }
    }

    #[test]
    fn quoting_protects_what_the_reader_would_change() {
        assert_eq!(quote("a \"b\"\\\n\u{1}"), r#""a \"b\"\\\n\x01""#);
        assert_eq!(quote(b"\xff\x07"), r#""\xff\a""#);
        assert_eq!(quote_if_needed("~*"), "~*");
        assert_eq!(quote_if_needed("a b"), "\"a b\"");
        assert_eq!(quote_if_needed(""), "\"\"");
    }

    proptest::proptest! {
        /// What CONFIG REWRITE writes is what the next start reads, whatever is in it.
        #[test]
        fn quoted_words_read_back_as_they_were(
            words in proptest::collection::vec(proptest::prelude::any::<Vec<u8>>(), 0..4),
        ) {
            for write in [quote, quote_if_needed] {
                let line: Vec<_> = words.iter().map(write).collect();
                let line = line.join(" ");
                proptest::prop_assert!(line.is_ascii());
                proptest::prop_assert_eq!(&split_words(line.as_bytes()).unwrap(), &words);
            }
        }
    }
}
