//! Lua's patterns: a backtracking matcher that counts its steps.
//!
//! The original in C knows no limit: a pattern like `.-.-.-.-x` over a long text takes days, during
//! which nobody could stop it. This one calls `interrupt` every now and then, which may end it, and
//! refuses patterns that would need a deep stack.
//!
//! ```text
//! item      .  %a  [set]  x        what one character must be
//! suffix    *  +  -  ?             how often
//! also      (..)  ()  %1  %bxy  %f[set]  ^..  ..$
//! ```

/// Captures that a pattern may have.
const MOST_CAPTURES: usize = 32;
/// How deep the matcher may call itself.
const DEEPEST: usize = 1000;
/// So many steps are made between two looks at the clock.
const STEPS_PER_TICK: usize = 1_000_000;

/// A capture, while and after it matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Capture {
    /// Begun, and not ended yet.
    #[default]
    Open,
    /// A part of the text.
    Text {
        /// Its length.
        len: usize,
    },
    /// `()`: where the match stood.
    Position,
}

/// Why there is no match.
#[derive(Debug)]
pub enum Failure<E> {
    /// The pattern makes no sense.
    Malformed(&'static str),
    /// It was interrupted.
    Interrupted(E),
}

/// What a step results in: the end of the match, if there is one.
type Matched<E> = Result<Option<usize>, Failure<E>>;

/// Matches one pattern at different places of one text.
pub struct Matcher<'a, F> {
    text: &'a [u8],
    pattern: &'a [u8],
    captures: [(usize, Capture); MOST_CAPTURES],
    level: usize,
    depth: usize,
    steps: usize,
    interrupt: F,
}

impl<'a, E, F: FnMut() -> Result<(), E>> Matcher<'a, F> {
    /// A pattern ends where a C string would.
    pub fn new(text: &'a [u8], pattern: &'a [u8], interrupt: F) -> Self {
        let pattern = pattern.split(|byte| *byte == 0).next().unwrap_or_default();
        let captures = [(0, Capture::Open); MOST_CAPTURES];
        Matcher { text, pattern, captures, level: 0, depth: 0, steps: 0, interrupt }
    }

    /// The end of the match that begins at `start`.
    pub fn match_at(&mut self, start: usize) -> Matched<E> {
        self.level = 0;
        self.depth = 0;
        self.run(start, 0)
    }

    /// How many captures the last match has.
    pub fn captures(&self) -> usize {
        self.level
    }

    /// Where capture number `index` of the last match begins, and what it is.
    pub fn capture(&self, index: usize) -> (usize, Capture) {
        self.captures[index]
    }

    /// Matches the pattern from `p` on with the text from `s` on.
    fn run(&mut self, s: usize, p: usize) -> Matched<E> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Failure::Malformed("pattern too complex"));
        }
        let end = self.steps_from(s, p);
        self.depth -= 1;
        end
    }

    fn steps_from(&mut self, mut s: usize, mut p: usize) -> Matched<E> {
        loop {
            self.steps(1)?;
            let next = match self.pattern[p..] {
                [] => return Ok(Some(s)),
                [b'(', b')', ..] => return self.open(s, p + 2, Capture::Position),
                [b'(', ..] => return self.open(s, p + 1, Capture::Open),
                [b')', ..] => return self.close(s, p + 1),
                [b'$'] => return Ok((s == self.text.len()).then_some(s)),
                [b'%', b'b', ..] => self.balanced(s, p + 2)?.map(|s| (s, p + 4)),
                [b'%', b'f', ..] => self.frontier(s, p + 2)?.map(|p| (s, p)),
                [b'%', digit, ..] if digit.is_ascii_digit() => {
                    self.back_reference(s, digit)?.map(|s| (s, p + 2))
                }
                _ => return self.item(s, p),
            };
            match next {
                Some(next) => (s, p) = next,
                None => return Ok(None),
            }
        }
    }

    /// Something was done that takes as long as looking at so many bytes.
    #[inline]
    fn steps(&mut self, bytes: usize) -> Result<(), Failure<E>> {
        self.steps += bytes;
        if self.steps >= STEPS_PER_TICK {
            self.steps = 0;
            (self.interrupt)().map_err(Failure::Interrupted)?;
        }
        Ok(())
    }

    /// One item with its suffix, and everything behind it.
    fn item(&mut self, mut s: usize, mut p: usize) -> Matched<E> {
        loop {
            let end = self.item_end(p)?;
            self.steps(end - p)?;
            let suffix = self.pattern.get(end).copied();
            let matches = self.one(s, p, end);
            match suffix {
                Some(b'?') => {
                    if matches && let Some(found) = self.run(s + 1, end + 1)? {
                        return Ok(Some(found));
                    }
                    return self.run(s, end + 1);
                }
                Some(b'*') => return self.longest(s, p, end),
                Some(b'+') if matches => return self.longest(s + 1, p, end),
                Some(b'-') => return self.shortest(s, p, end),
                _ if !matches => return Ok(None),
                _ => {}
            }
            // An item without a suffix: no need to go deeper for the next one.
            (s, p) = (s + 1, end);
            if !self.is_plain_item(p) {
                return self.run(s, p);
            }
        }
    }

    /// Whether a single character is matched at `p`, rather than one of the special forms.
    fn is_plain_item(&self, p: usize) -> bool {
        match self.pattern[p..] {
            [] | [b'(' | b')', ..] | [b'$'] => false,
            [b'%', next, ..] => !matches!(next, b'b' | b'f') && !next.is_ascii_digit(),
            _ => true,
        }
    }

    /// As many as there are, then fewer.
    fn longest(&mut self, s: usize, p: usize, end: usize) -> Matched<E> {
        let mut count = 0;
        while self.one(s + count, p, end) {
            self.steps(end - p)?;
            count += 1;
        }
        loop {
            if let Some(found) = self.run(s + count, end + 1)? {
                return Ok(Some(found));
            }
            if count == 0 {
                return Ok(None);
            }
            count -= 1;
        }
    }

    /// As few as will do.
    fn shortest(&mut self, mut s: usize, p: usize, end: usize) -> Matched<E> {
        loop {
            if let Some(found) = self.run(s, end + 1)? {
                return Ok(Some(found));
            }
            self.steps(end - p)?;
            if !self.one(s, p, end) {
                return Ok(None);
            }
            s += 1;
        }
    }

    fn open(&mut self, s: usize, p: usize, what: Capture) -> Matched<E> {
        if self.level >= MOST_CAPTURES {
            return Err(Failure::Malformed("too many captures"));
        }
        self.captures[self.level] = (s, what);
        self.level += 1;
        let found = self.run(s, p)?;
        if found.is_none() {
            self.level -= 1;
        }
        Ok(found)
    }

    fn close(&mut self, s: usize, p: usize) -> Matched<E> {
        let open = (0..self.level).rev().find(|index| self.captures[*index].1 == Capture::Open);
        let Some(index) = open else { return Err(Failure::Malformed("invalid pattern capture")) };
        self.captures[index].1 = Capture::Text { len: s - self.captures[index].0 };
        let found = self.run(s, p)?;
        if found.is_none() {
            self.captures[index].1 = Capture::Open;
        }
        Ok(found)
    }

    /// `%bxy`: from an x to the y that belongs to it.
    fn balanced(&mut self, s: usize, p: usize) -> Matched<E> {
        let [open, close, ..] = self.pattern[p..] else {
            return Err(Failure::Malformed("unbalanced pattern"));
        };
        if self.text.get(s) != Some(&open) {
            return Ok(None);
        }
        let mut nested = 1;
        for (index, byte) in self.text.iter().enumerate().skip(s + 1) {
            if *byte == close {
                nested -= 1;
                if nested == 0 {
                    self.steps(index - s)?;
                    return Ok(Some(index + 1));
                }
            } else if *byte == open {
                nested += 1;
            }
        }
        self.steps(self.text.len() - s)?;
        Ok(None)
    }

    /// `%f[set]`: between a character that is not in the set and one that is.
    fn frontier(&mut self, s: usize, p: usize) -> Matched<E> {
        if self.pattern.get(p) != Some(&b'[') {
            return Err(Failure::Malformed("missing '[' after '%f' in pattern"));
        }
        let end = self.item_end(p)?;
        self.steps(end - p)?;
        let before = if s == 0 { 0 } else { self.text[s - 1] };
        let here = self.text.get(s).copied().unwrap_or(0);
        let is_frontier = !self.in_set(before, p, end - 1) && self.in_set(here, p, end - 1);
        Ok(is_frontier.then_some(end))
    }

    fn back_reference(&mut self, s: usize, digit: u8) -> Matched<E> {
        let index = usize::from(digit).wrapping_sub(usize::from(b'1'));
        let captured = self.captures.get(index).filter(|_| index < self.level);
        let (start, len) = match captured.copied() {
            Some((start, Capture::Text { len })) => (start, len),
            Some((_, Capture::Position)) => return Ok(None), // it has no text to be the same as
            _ => return Err(Failure::Malformed("invalid capture index")),
        };
        self.steps(len)?;
        let same = self.text[s..].starts_with(&self.text[start..start + len]);
        Ok(same.then_some(s + len))
    }

    /// Where the item at `p` ends.
    fn item_end(&self, p: usize) -> Result<usize, Failure<E>> {
        match self.pattern[p] {
            b'%' if p + 1 >= self.pattern.len() => {
                Err(Failure::Malformed("malformed pattern (ends with '%')"))
            }
            b'%' => Ok(p + 2),
            b'[' => {
                let mut at = p + 1;
                if self.pattern.get(at) == Some(&b'^') {
                    at += 1;
                }
                loop {
                    // The first character belongs to the set, even if it is a bracket.
                    match self.pattern.get(at) {
                        None => {
                            return Err(Failure::Malformed("malformed pattern (missing ']')"));
                        }
                        Some(b'%') if at + 1 < self.pattern.len() => at += 2,
                        Some(_) => at += 1,
                    }
                    if self.pattern.get(at) == Some(&b']') {
                        return Ok(at + 1);
                    }
                }
            }
            _ => Ok(p + 1),
        }
    }

    /// Whether the character at `s` is what the item from `p` to `end` wants.
    #[inline]
    fn one(&self, s: usize, p: usize, end: usize) -> bool {
        let Some(byte) = self.text.get(s).copied() else { return false };
        match self.pattern[p] {
            b'.' => true,
            b'%' => is_in_class(byte, self.pattern[p + 1]),
            b'[' => self.in_set(byte, p, end - 1),
            literal => literal == byte,
        }
    }

    /// Whether a character is in the set between the bracket at `p` and the one at `end`.
    fn in_set(&self, byte: u8, p: usize, end: usize) -> bool {
        let mut at = p + 1;
        let negated = self.pattern[at] == b'^';
        at += usize::from(negated);
        while at < end {
            let found = match self.pattern[at..end] {
                [b'%', class, ..] => {
                    at += 2;
                    is_in_class(byte, class)
                }
                [low, b'-', high, ..] => {
                    at += 3;
                    (low..=high).contains(&byte)
                }
                [literal, ..] => {
                    at += 1;
                    literal == byte
                }
                [] => break,
            };
            if found {
                return !negated;
            }
        }
        negated
    }
}

/// `%a` and its like; an upper-case letter means all others; what is no letter means itself.
fn is_in_class(byte: u8, class: u8) -> bool {
    let found = match class.to_ascii_lowercase() {
        b'a' => byte.is_ascii_alphabetic(),
        b'c' => byte.is_ascii_control(),
        b'd' => byte.is_ascii_digit(),
        b'l' => byte.is_ascii_lowercase(),
        b'p' => byte.is_ascii_punctuation(),
        b's' => byte.is_ascii_whitespace() || byte == 0x0b,
        b'u' => byte.is_ascii_uppercase(),
        b'w' => byte.is_ascii_alphanumeric(),
        b'x' => byte.is_ascii_hexdigit(),
        b'z' => byte == 0,
        _ => return class == byte,
    };
    found != class.is_ascii_uppercase()
}
