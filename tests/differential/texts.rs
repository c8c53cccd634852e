//! Texts that the string library and its relatives of a script are given: patterns, formats, JSON,
//! MessagePack, the formats of `struct`.
//!
//! Each is mostly right and now and then damaged, for what a library says of nonsense is part of what
//! scripts see.

use crate::generator::Random;

/// A string as Lua reads it, whatever bytes are in it.
pub fn quoted(text: &[u8]) -> String {
    let mut out = String::from("'");
    for byte in text {
        match byte {
            b'\'' | b'\\' => out.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => out.push(char::from(*byte)),
            _ => out.push_str(&format!("\\{byte:03}")),
        }
    }
    out + "'"
}

/// What patterns are matched with: few letters, so that they match now and then.
pub fn subject(random: &mut Random) -> Vec<u8> {
    const ALPHABET: &[u8] = b"aaabbcAB12 ,.-%()[]\n\0\xe4";
    (0..random.below(14)).map(|_| random.pick(ALPHABET)).collect()
}

/// A pattern.
pub fn pattern(random: &mut Random) -> Vec<u8> {
    const ITEMS: &[&str] = &[
        "a", "b", "1", ".", "%a", "%d", "%w", "%s", "%p", "%c", "%l", "%u", "%x", "%z", "%A", "%D",
        "%W", "%S", "[ab]", "[^a]", "[a-c]", "[%d%s]", "[^%w]", "[]]", "[^]]", "[a-]", "[%]]",
        "%%", "%.", "%-", "%(", "-", "]", ",", " ",
    ];
    const SUFFIXES: &[&str] = &["", "", "", "", "*", "+", "-", "?"];
    const SPECIALS: &[&str] =
        &["()", "%b()", "%bab", "%f[%w]", "%f[^a]", "%1", "%2", "$", "^", "\0"];
    const MALFORMED: &[&str] =
        &["(", ")", "%", "[", "[^", "[a", "%b", "%bx", "%f", "%9", "[]", "[%"];
    let mut out = String::new();
    if random.chance(15) {
        out.push('^');
    }
    let mut open = 0;
    for _ in 0..1 + random.below(5) {
        match random.below(20) {
            0..=2 => {
                out.push('(');
                open += 1;
            }
            3 if open > 0 => {
                out.push(')');
                open -= 1;
            }
            4 => out.push_str(random.pick(SPECIALS)),
            5 if random.chance(20) => out.push_str(random.pick(MALFORMED)),
            _ => {}
        }
        out.push_str(random.pick(ITEMS));
        out.push_str(random.pick(SUFFIXES));
    }
    if !random.chance(3) {
        out.extend(std::iter::repeat_n(')', open));
    }
    if random.chance(15) {
        out.push('$');
    }
    out.into_bytes()
}

/// What stands in place of a match.
pub fn replacement(random: &mut Random) -> String {
    const PIECES: &[&str] = &["x", "%0", "%1", "%2", "%%", "", "<", ">", "%a", "%", "\0"];
    let text: String = (0..random.below(4)).map(|_| random.pick(PIECES)).collect();
    quoted(text.as_bytes())
}

/// One item of `string.format`: flags, width, precision and kind.
pub fn format_item(random: &mut Random) -> (String, char) {
    const KINDS: &[char] =
        &['d', 'd', 'i', 'u', 'x', 'X', 'o', 'c', 'e', 'E', 'f', 'g', 'g', 'G', 's', 's', 'q'];
    const WIDTHS: &[&str] = &["", "", "", "1", "5", "12", "99"];
    const PRECISIONS: &[&str] = &["", "", "", ".", ".0", ".3", ".14", ".99"];
    let mut out = String::from("%");
    while random.chance(25) {
        out.push(random.pick(&['-', '+', ' ', '#', '0']));
    }
    out.push_str(random.pick(WIDTHS));
    out.push_str(random.pick(PRECISIONS));
    if random.chance(1) {
        out.push_str("100"); // more digits than it takes
    }
    let kind =
        if random.chance(1) { random.pick(&['y', '%', '*', 'p']) } else { random.pick(KINDS) };
    out.push(kind);
    (out, kind)
}

/// A JSON text; one object has at most one key, for their order is nobody's business.
pub fn json(random: &mut Random) -> Vec<u8> {
    let mut out = String::new();
    push_json(random, 0, &mut out);
    let mut out = out.into_bytes();
    if random.chance(25) && !out.is_empty() {
        let at = random.below(out.len());
        match random.below(3) {
            0 => drop(out.remove(at)),
            1 => out.insert(at, random.pick(b"\"[]{},:0-.eE+ xX\\u\0n")),
            _ => out.truncate(at),
        }
    }
    out
}

fn push_json(random: &mut Random, depth: usize, out: &mut String) {
    const NUMBERS: &[&str] = &[
        "0",
        "1",
        "-1",
        "-0",
        "1.5",
        "1e3",
        "1E-2",
        "123456789012345678",
        "0.1",
        "1e400",
        "01",
        "0x1f",
        "-0x1.8p1",
        "inf",
        "nan",
        "-Infinity",
        "+1",
        ".5",
        "5.",
        "1e",
        "9007199254740993",
    ];
    const STRINGS: &[&str] = &[
        "\"\"",
        "\"a\"",
        "\"\\u0041\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        "\"\\n\\/\\\\\\\"\"",
        "\"\\x\"",
        "\"\\u00e\"",
        "\"ä\"",
        "\"\\u0000\"",
        "\"a b\"",
    ];
    if random.chance(10) {
        out.push_str(random.pick(&[" ", "\n", "\t "]));
    }
    match random.below(if depth > 3 { 6 } else { 10 }) {
        0 | 1 => out.push_str(random.pick(NUMBERS)),
        2 => out.push_str(&random.below(1000).to_string()),
        3 => out.push_str(random.pick(STRINGS)),
        4 => out.push_str(random.pick(&["true", "false", "null"])),
        5 => out.push_str(random.pick(&["[]", "{}"])),
        6..=8 => {
            out.push('[');
            for index in 0..1 + random.below(3) {
                if index > 0 {
                    out.push(',');
                }
                push_json(random, depth + 1, out);
            }
            out.push(']');
        }
        _ => {
            out.push('{');
            out.push_str(random.pick(STRINGS));
            out.push(':');
            push_json(random, depth + 1, out);
            out.push('}');
        }
    }
}

/// Bytes that may be MessagePack.
pub fn packed(random: &mut Random) -> Vec<u8> {
    const MARKERS: &[u8] = &[
        0x00, 0x7f, 0x80, 0x81, 0x90, 0x91, 0x92, 0xa0, 0xa1, 0xa3, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4,
        0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf, 0xd0, 0xd1, 0xd2, 0xd3, 0xd9, 0xda, 0xdc, 0xde, 0xe0,
        0xff,
    ];
    let byte = |random: &mut Random| match random.below(3) {
        0 => random.pick(MARKERS),
        1 => random.below(4) as u8,
        _ => random.below(256) as u8,
    };
    (0..random.below(12)).map(|_| byte(random)).collect()
}

/// A format of `struct`, and how many values it takes.
pub fn layout(random: &mut Random) -> (String, usize) {
    const OPTIONS: &[&str] = &[
        "b", "B", "h", "H", "i", "I", "l", "L", "T", "f", "d", "s", "i3", "I3", "i8", "i16", "c3",
        "c0", "c1", "i1", "I2",
    ];
    const OTHERS: &[&str] =
        &[">", "<", "=", "!", "!4", "!8", "x", " ", "y", "!3", "i0", "i33", "%"];
    let (mut out, mut values) = (String::new(), 0);
    for _ in 0..random.below(5) {
        if random.chance(25) {
            let harmless = if random.chance(85) { 8 } else { OTHERS.len() };
            out.push_str(random.pick(&OTHERS[..harmless]));
        }
        out.push_str(random.pick(OPTIONS));
        values += 1;
    }
    (out, values)
}
