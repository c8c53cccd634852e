//! Redis' glob patterns, as KEYS, SCAN, PSUBSCRIBE and CONFIG GET use them.
//!
//! | pattern | matches |
//! |---|---|
//! | `*` | any run of bytes, also none |
//! | `?` | any one byte |
//! | `[abc]` `[a-z]` `[^a]` | one byte of, or not of, a set |
//! | `\x` | the byte x itself |
//!
//! Patterns are bytes, not text, and never invalid: a `[` that is not closed ends with the
//! pattern, a `\` at the end stands for itself. The details agree with Redis byte for byte.
//!
//! A naive matcher tries every split at every star, which takes exponential time on `a*a*a*b`.
//! This one goes back only to the *last* star. That is enough: whatever an earlier star could
//! leave over, the later one can swallow.

/// Redis calls itself once for each star that it is inside of, and gives up at this depth.
const STARS_MAX: usize = 1000;

/// Whether the whole of `text` matches `pattern`; `nocase` ignores the case of ASCII letters.
///
/// The empty text matches only the empty pattern, not even `*`. KEYS and SCAN find an empty key
/// under `*` all the same, because they take that one pattern for "no pattern".
pub fn matches(pattern: &[u8], text: &[u8], nocase: bool) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on after a mismatch: the pattern after the last star, and the text it tried.
    let mut retry = None;
    let mut stars = 0;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            p += pattern[p..].iter().take_while(|byte| **byte == b'*').count();
            if p == pattern.len() {
                return true;
            }
            stars += 1;
            if stars > STARS_MAX {
                return false;
            }
            retry = Some((p, t));
        } else if let Some(next) = match_one(pattern, p, text[t], nocase) {
            (p, t) = (next, t + 1);
        } else if let Some((after_star, tried)) = retry {
            (p, t) = (after_star, tried + 1);
            retry = Some((p, t));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*') && (p == pattern.len() || !text.is_empty())
}

/// Matches one byte against the element at `p`; returns where the next element starts.
fn match_one(pattern: &[u8], p: usize, byte: u8, nocase: bool) -> Option<usize> {
    let (hit, next) = match pattern[p..] {
        [] => return None,
        [b'?', ..] => (true, p + 1),
        [b'[', ..] => match_set(pattern, p + 1, byte, nocase),
        [b'\\', escaped, ..] => (same(escaped, byte, nocase), p + 2),
        [literal, ..] => (same(literal, byte, nocase), p + 1),
    };
    hit.then_some(next)
}

/// Matches one byte against the set whose `[` stands before `p`.
fn match_set(pattern: &[u8], mut p: usize, byte: u8, nocase: bool) -> (bool, usize) {
    let negated = pattern.get(p) == Some(&b'^');
    p += usize::from(negated);
    let mut hit = false;
    loop {
        match pattern[p..] {
            [] => break,
            // An escaped byte is compared as it is, even if case is ignored elsewhere.
            [b'\\', escaped, ..] => {
                hit |= escaped == byte;
                p += 2;
            }
            [b']', ..] => {
                p += 1;
                break;
            }
            [from, b'-', to, ..] => {
                hit |= in_range(from, to, byte, nocase);
                p += 3;
            }
            [literal, ..] => {
                hit |= same(literal, byte, nocase);
                p += 1;
            }
        }
    }
    (hit != negated, p)
}

/// Ranges may be given backwards. Bytes count as signed, as `char` does in C on x86.
fn in_range(from: u8, to: u8, byte: u8, nocase: bool) -> bool {
    let (low, high) = if from as i8 > to as i8 { (to, from) } else { (from, to) };
    let fold = |byte: u8| (if nocase { byte.to_ascii_lowercase() } else { byte }) as i8;
    (fold(low)..=fold(high)).contains(&fold(byte))
}

fn same(a: u8, b: u8, nocase: bool) -> bool {
    a == b || (nocase && a.eq_ignore_ascii_case(&b))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    type Case = (&'static [u8], &'static [u8], bool);

    /// Recorded from redis-server 7.0.15 (`KEYS pattern` with one key).
    #[test]
    fn patterns_as_redis_matches_them() {
        let cases: &[Case] = &[
            (b"hello", b"hello", true),
            (b"hello", b"hellO", false),
            (b"h?llo", b"hallo", true),
            (b"h?llo", b"hllo", false),
            (b"h*llo", b"heeello", true),
            (b"h*llo", b"hllo", true),
            (b"*", b"anything", true),
            (b"a**", b"a", true),
            (b"**", b"", false),
            (b"", b"", true),
            (b"", b"a", false),
            (b"*a*b*c", b"xxaxxbxxc", true),
            (b"*a*b*c", b"xxbxxaxxc", false),
            (b"h[ae]llo", b"hello", true),
            (b"h[ae]llo", b"hillo", false),
            (b"h[^e]llo", b"hello", false),
            (b"h[^e]llo", b"hallo", true),
            (b"h[a-c]llo", b"hbllo", true),
            (b"h[c-a]llo", b"hbllo", true),
            (b"[a-", b"-", true),
            (b"[a-]", b"-", false),
            (b"[a-]", b"a", true),
            (b"[]", b"a", false),
            (b"[]a]", b"a]", false),
            (b"[^]", b"a", true),
            (b"[^]", b"", false),
            (b"[", b"[", false),
            (b"[^", b"x", true),
            (b"[a", b"a", true),
            (b"[ab", b"b", true),
            (b"[ab", b"bc", false),
            (b"[a\\", b"\\", true),
            (b"[\\]]", b"]", true),
            (b"[\\a-c]", b"b", false),
            (b"[\\a-c]", b"-", true),
            (b"[a-\\]x]", b"b", false),
            (b"[!a]", b"b", false),
            (b"[!a]", b"!", true),
            (b"\\*", b"*", true),
            (b"\\*", b"a", false),
            (b"a\\", b"a\\", true),
            (b"a\\", b"a", false),
            (b"\\", b"\\", true),
            (b"\\\\", b"\\", true),
            (b"[\x00-\xff]", b"a", false),
            (b"[\x00-\xff]", b"\xff", true),
            (b"[\x80-\xff]", b"\x90", true),
            (b"[a-\xff]", b"\x00", true),
            (b"?", b"\xff", true),
            (b"*\xff", b"a\xff", true),
        ];
        for (pattern, text, expected) in cases {
            let shown = String::from_utf8_lossy(pattern);
            assert_eq!(matches(pattern, text, false), *expected, "{shown} on {text:?}");
        }
    }

    /// Recorded from redis-server 7.0.15 (`COMMAND LIST FILTERBY PATTERN`).
    #[test]
    fn case_is_ignored_except_after_a_backslash_in_a_set() {
        let cases: &[Case] = &[
            (b"S?T", b"set", true),
            (b"[S]et", b"set", true),
            (b"[R-T]ET", b"set", true),
            (b"[\\S]et", b"set", false),
            (b"[^S]et", b"set", false),
            (b"\\S*T", b"set", true),
            (b"S*", b"set", true),
            (b"[T-R]et", b"set", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches(pattern, text, true), *expected, "{pattern:?}");
        }
    }

    #[test]
    fn hostile_patterns_answer_at_once() {
        let start = Instant::now();
        let text = vec![b'a'; 10_000];
        let many_stars = [b"a*".repeat(32), b"b".to_vec()].concat();
        assert!(!matches(&many_stars, &text, false));
        assert!(!matches(&b"b*".repeat(5000), &text, false));
        assert!(!matches(&vec![b'a'; 100_000], &text, false));
        assert!(!matches(&vec![b'['; 100_000], &text, false));
        assert!(matches(&vec![b'*'; 100_000], &text, false));
        assert!(start.elapsed() < Duration::from_secs(1));
    }

    /// Recorded from redis-server 7.0.15: the 1001st star counts unless it is the last byte.
    #[test]
    fn too_many_stars_do_not_match() {
        let text = vec![b'b'; 6000];
        assert!(matches(&b"b*".repeat(1001), &text, false));
        assert!(!matches(&b"b*".repeat(1002), &text, false));
        assert!(matches(&b"*b".repeat(1000), &text, false));
        assert!(!matches(&b"*b".repeat(1001), &text, false));
    }
}
