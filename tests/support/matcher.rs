//! Compares a reply with what a script expects, where some of the text cannot be known beforehand.
//!
//! ```text
//! <any>            any text within the line; alone in a block, any reply
//! <int>            an integer            <int 90..100>   one within these bounds, both included
//! <hex 40>         forty hex digits
//! <ms now+100s>    a Unix time in milliseconds, a hundred seconds after the command
//! <s now+100s>     the same in seconds
//! ...              as a line of its own: any number of lines
//! ```
//!
//! "Now" is the time between the start of the script and the arrival of the reply: a script may
//! read back what an earlier line wrote. Everything else is compared byte for byte, an unknown
//! `<word>` included. Left out on purpose: regular expressions. An expectation nobody can read at
//! a glance is no specification.

use std::time::{SystemTime, UNIX_EPOCH};

/// The span of time, in Unix milliseconds, that "now" may mean.
#[derive(Clone, Copy)]
pub struct Clock {
    /// When the script began.
    pub from_ms: i64,
    /// When the reply was there.
    pub to_ms: i64,
}

/// The wall clock in milliseconds.
pub fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64)
}

enum Token<'a> {
    Literal(&'a str),
    Any,
    Hex(usize),
    Int(i64, i64),
}

/// Does `actual` satisfy `expected`, line by line?
pub fn matches(expected: &[String], actual: &[String], clock: Clock) -> bool {
    if let [only] = expected
        && only == "<any>"
    {
        return true;
    }
    match expected.split_first() {
        None => actual.is_empty(),
        Some((line, rest)) if line == "..." => {
            (0..=actual.len()).any(|skipped| matches(rest, &actual[skipped..], clock))
        }
        Some((line, rest)) => actual.split_first().is_some_and(|(first, others)| {
            line_matches(&tokens(line, clock), first) && matches(rest, others, clock)
        }),
    }
}

/// The same for replies without a fixed order: both sides are sorted first, at every depth.
pub fn matches_unordered(expected: &[String], actual: &[String], clock: Clock) -> bool {
    matches(&sorted(expected), &sorted(actual), clock)
}

/// Milliseconds in `100s`, `10ms`, `5m`, `2h`, `1d`.
pub fn duration_ms(text: &str) -> Option<i64> {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    Some(digits.parse::<i64>().ok()? * unit_ms)
}

/// The distance from now in `now`, `now+100s`, `now-5ms`.
pub fn now_offset_ms(text: &str) -> Option<i64> {
    let text = text.strip_prefix("now")?;
    match text.chars().next() {
        None => Some(0),
        Some('+') => duration_ms(&text[1..]),
        Some('-') => duration_ms(&text[1..]).map(|ms| -ms),
        Some(_) => None,
    }
}

fn tokens(pattern: &str, clock: Clock) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut literal = 0;
    let mut at = 0;
    while let Some(open) = pattern[at..].find('<').map(|i| at + i) {
        at = open + 1;
        let Some(close) = pattern[open..].find('>').map(|i| open + i) else { break };
        if let Some(token) = token(&pattern[open + 1..close], clock) {
            found.push(Token::Literal(&pattern[literal..open]));
            found.push(token);
            literal = close + 1;
            at = literal;
        }
    }
    found.push(Token::Literal(&pattern[literal..]));
    found
}

fn token(name: &str, clock: Clock) -> Option<Token<'static>> {
    let (word, argument) = name.split_once(' ').unwrap_or((name, ""));
    match word {
        "any" if argument.is_empty() => Some(Token::Any),
        "int" if argument.is_empty() => Some(Token::Int(i64::MIN, i64::MAX)),
        "int" => {
            let (low, high) = argument.split_once("..")?;
            Some(Token::Int(low.parse().ok()?, high.parse().ok()?))
        }
        "hex" => argument.parse().ok().map(Token::Hex),
        "ms" => {
            let offset = now_offset_ms(argument)?;
            Some(Token::Int(clock.from_ms + offset, clock.to_ms + offset))
        }
        "s" => {
            // Redis rounds to the nearest second in one place and down in another.
            let offset = now_offset_ms(argument)?;
            let seconds = |ms: i64| (ms + offset).div_euclid(1000);
            Some(Token::Int(seconds(clock.from_ms), seconds(clock.to_ms) + 1))
        }
        _ => None,
    }
}

fn line_matches(pattern: &[Token], text: &str) -> bool {
    let Some((token, rest)) = pattern.split_first() else { return text.is_empty() };
    match token {
        Token::Literal(literal) => {
            text.strip_prefix(literal).is_some_and(|text| line_matches(rest, text))
        }
        Token::Any => (0..=text.len())
            .any(|at| text.get(at..).is_some_and(|remainder| line_matches(rest, remainder))),
        Token::Hex(count) => text.get(..*count).is_some_and(|digits| {
            digits.bytes().all(|b| b.is_ascii_hexdigit()) && line_matches(rest, &text[*count..])
        }),
        Token::Int(low, high) => {
            let sign = usize::from(text.starts_with('-'));
            let digits = text[sign..].bytes().take_while(u8::is_ascii_digit).count();
            let (number, remainder) = text.split_at(sign + digits);
            number.parse().is_ok_and(|n: i64| (*low..=*high).contains(&n))
                && line_matches(rest, remainder)
        }
    }
}

/// Takes the numbers off the elements of a printed array, sorts the elements, and does the same
/// within each of them.
fn sorted(lines: &[String]) -> Vec<String> {
    let mut elements: Vec<Vec<String>> = Vec::new();
    let mut width = 0;
    for line in lines {
        match number_width(line) {
            Some(found) if elements.is_empty() || found == width => {
                width = found;
                elements.push(vec![line[width..].to_string()]);
            }
            _ => match elements.last_mut() {
                Some(element) => element.push(line.get(width..).unwrap_or(line).to_string()),
                None => return lines.to_vec(),
            },
        }
    }
    let mut elements: Vec<Vec<String>> = elements.iter().map(|e| sorted(e)).collect();
    elements.sort();
    elements.into_iter().flatten().collect()
}

/// The width of `12) `, `3~ ` or `4# ` at the start of a line.
fn number_width(line: &str) -> Option<usize> {
    let blanks = line.len() - line.trim_start().len();
    let digits = line[blanks..].bytes().take_while(u8::is_ascii_digit).count();
    let mark = line[blanks + digits..].get(..2)?;
    (digits > 0 && [") ", "~ ", "# ", "> "].contains(&mark)).then_some(blanks + digits + 2)
}

#[cfg(test)]
fn check(expected: &[&str], actual: &[&str]) -> (bool, bool) {
    let own = |lines: &[&str]| lines.iter().map(|l| l.to_string()).collect::<Vec<_>>();
    let clock = Clock { from_ms: 5_000, to_ms: 6_000 };
    let (expected, actual) = (own(expected), own(actual));
    (matches(&expected, &actual, clock), matches_unordered(&expected, &actual, clock))
}

#[test]
fn matchers_bound_what_they_accept() {
    assert!(check(&["(integer) <int 90..100>"], &["(integer) 100"]).0);
    assert!(!check(&["(integer) <int 90..100>"], &["(integer) 101"]).0);
    assert!(!check(&["(integer) <int>"], &["(integer) x"]).0);
    assert!(check(&["PXAT <ms now+100s>"], &["PXAT 105500"]).0);
    assert!(!check(&["PXAT <ms now+100s>"], &["PXAT 106001"]).0);
    assert!(check(&["\"a<any>c\""], &["\"abbc\""]).0 && !check(&["\"a<any>c\""], &["\"ab\""]).0);
    assert!(check(&["<int>) x", "...", "z"], &["1) x", "y", "z"]).0);
    assert!(!check(&["<unknown>"], &["1"]).0 && check(&["<unknown>"], &["<unknown>"]).0);
}

#[test]
fn unordered_ignores_order_and_nothing_else() {
    let nested = ["1) \"0\"", "2) 1) \"b\"", "   2) \"a\""];
    assert_eq!(check(&["1) \"0\"", "2) 1) \"a\"", "   2) \"b\""], &nested), (false, true));
    assert!(!check(&["1) \"0\"", "2) 1) \"a\"", "   2) \"c\""], &nested).1);
    assert!(!check(&["1) \"0\""], &["1) \"0\"", "2) \"0\""]).1);
}
