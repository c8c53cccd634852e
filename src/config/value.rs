//! The kinds of value a parameter can have: how each is parsed, checked, shown and written back.
//!
//! A `Kind` is a tiny object that stands in a row of the table (`parameters.rs`) and knows one
//! notation. The table's macro asks it four questions:
//!
//! | question              | asked by                                            |
//! |-----------------------|-----------------------------------------------------|
//! | `parse(words)`        | command line, file, environment, `CONFIG SET`       |
//! | `format(value)`       | `CONFIG GET`                                        |
//! | `lines(value)`        | `CONFIG REWRITE` (quoted, with units, maybe several)|
//! | `syntax()`            | `--help`                                            |
//!
//! Here are the kinds whose value is one word: yes/no, integers, amounts of memory, one of several
//! names. Words that are kept as they are stand in `verbatim.rs`, kinds of several words in `compound.rs`.
//!
//! Refusals are the exact texts of Redis 7.0.15, because operators grep for them. Left out on
//! purpose: fractional units (`1.5gb`) and terabytes, which Redis does not take either.
//!
//! Words are bytes, as arguments of commands are.

use std::fmt::Display;
use std::marker::PhantomData;

use crate::number::parse_i64;

/// The largest value of a C `int`, the upper limit of many parameters.
pub const INT_MAX: i64 = i32::MAX as i64;
/// The largest value of a C `long long`, the upper limit of the others.
pub const LONG_MAX: i64 = i64::MAX;

/// One notation of configuration values. See the module's table of who asks what.
pub trait Kind {
    /// What the field of `Config` holds.
    type Value;

    /// Parses the words that follow a parameter's name. `now` is the present value, for the one
    /// kind whose text changes only a part of it.
    fn parse(&self, words: &[&[u8]], now: &Self::Value) -> Result<Self::Value, String>;

    /// The value as `CONFIG GET` shows it.
    fn format(&self, value: &Self::Value) -> Vec<u8>;

    /// The value as configuration text, one string for each line it needs.
    fn lines(&self, value: &Self::Value) -> Vec<String> {
        vec![String::from_utf8_lossy(&self.format(value)).into_owned()]
    }

    /// The notation in a few characters, for `--help`.
    fn syntax(&self) -> String;
}

/// The only word, or the complaint that there are more or fewer.
pub fn one_word<'a>(words: &[&'a [u8]]) -> Result<&'a [u8], String> {
    match words {
        [word] => Ok(word),
        _ => Err("wrong number of arguments".to_owned()),
    }
}

/// A word as text.
pub fn text(word: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(word).map_err(|_| "argument must be UTF-8 text".to_owned())
}

/// `yes` or `no`.
pub struct YesNo;

impl Kind for YesNo {
    type Value = bool;

    fn parse(&self, words: &[&[u8]], _now: &bool) -> Result<bool, String> {
        let word = one_word(words)?;
        if word.eq_ignore_ascii_case(b"yes") {
            Ok(true)
        } else if word.eq_ignore_ascii_case(b"no") {
            Ok(false)
        } else {
            Err("argument must be 'yes' or 'no'".to_owned())
        }
    }

    fn format(&self, value: &bool) -> Vec<u8> {
        if *value { "yes" } else { "no" }.into()
    }

    fn syntax(&self) -> String {
        "yes|no".to_owned()
    }
}

/// A `YesNo` that may only be `no`, because cacheflow lacks the feature.
pub struct OnlyNo(pub &'static str);

impl Kind for OnlyNo {
    type Value = bool;

    fn parse(&self, words: &[&[u8]], now: &bool) -> Result<bool, String> {
        if YesNo.parse(words, now)? { Err(self.0.to_owned()) } else { Ok(false) }
    }

    fn format(&self, value: &bool) -> Vec<u8> {
        YesNo.format(value)
    }

    fn syntax(&self) -> String {
        "no".to_owned()
    }
}

/// A choice that may only be `off`, because cacheflow lacks the others.
pub struct Off(pub &'static str);

impl Kind for Off {
    type Value = bool;

    fn parse(&self, words: &[&[u8]], _now: &bool) -> Result<bool, String> {
        if one_word(words)?.eq_ignore_ascii_case(b"off") { Ok(false) } else { Err(self.0.into()) }
    }

    fn format(&self, _value: &bool) -> Vec<u8> {
        b"off".into()
    }

    fn syntax(&self) -> String {
        "off".to_owned()
    }
}

/// A whole number between two limits. Made by [`integer`].
pub struct Integer<T> {
    min: i64,
    max: i64,
    clamp: (i64, i64),
    target: PhantomData<T>,
}

/// A whole number between `min` and `max`, inclusive.
pub const fn integer<T>(min: i64, max: i64) -> Integer<T> {
    Integer { min, max, clamp: (min, max), target: PhantomData }
}

impl<T> Integer<T> {
    /// Accepted values outside these limits are quietly moved to the nearest one (`hz 1000`).
    pub const fn clamped(self, low: i64, high: i64) -> Self {
        Self { clamp: (low, high), ..self }
    }
}

impl<T: TryFrom<i64> + Display> Kind for Integer<T> {
    type Value = T;

    fn parse(&self, words: &[&[u8]], _now: &T) -> Result<T, String> {
        let number =
            parse_i64(one_word(words)?).ok_or("argument couldn't be parsed into an integer")?;
        if !(self.min..=self.max).contains(&number) {
            return Err(out_of_range(self.min, self.max));
        }
        let number = number.clamp(self.clamp.0, self.clamp.1);
        T::try_from(number).map_err(|_| out_of_range(self.min, self.max))
    }

    fn format(&self, value: &T) -> Vec<u8> {
        value.to_string().into()
    }

    fn syntax(&self) -> String {
        let max = match self.max {
            INT_MAX | LONG_MAX => String::new(),
            max => max.to_string(),
        };
        match self.min {
            min if min == i64::from(i32::MIN) => "number".to_owned(),
            min => format!("{min}..{max}"),
        }
    }
}

fn out_of_range(min: impl Display, max: impl Display) -> String {
    format!("argument must be between {min} and {max} inclusive")
}

/// An amount of memory, with or without a unit. Made by [`memory`].
pub struct Memory<T> {
    min: u64,
    max: u64,
    least: u64,
    target: PhantomData<T>,
}

/// An amount of memory between `min` and `max` bytes.
pub const fn memory<T>(min: u64, max: u64) -> Memory<T> {
    Memory { min, max, least: min, target: PhantomData }
}

impl<T> Memory<T> {
    /// Smaller amounts are accepted and quietly raised to this one.
    pub const fn at_least(self, least: u64) -> Self {
        Self { least, ..self }
    }
}

impl<T: TryFrom<u64> + TryInto<u64> + Display + Copy> Kind for Memory<T> {
    type Value = T;

    fn parse(&self, words: &[&[u8]], _now: &T) -> Result<T, String> {
        let bytes = parse_memory(one_word(words)?).ok_or("argument must be a memory value")?;
        if !(self.min..=self.max).contains(&bytes) {
            return Err(out_of_range(self.min, self.max));
        }
        T::try_from(bytes.max(self.least)).map_err(|_| out_of_range(self.min, self.max))
    }

    fn format(&self, value: &T) -> Vec<u8> {
        value.to_string().into()
    }

    fn lines(&self, value: &T) -> Vec<String> {
        vec![(*value).try_into().map_or_else(|_| value.to_string(), format_memory)]
    }

    fn syntax(&self) -> String {
        "bytes".to_owned()
    }
}

/// Bytes written as `100`, `1k` (1000), `1kb` (1024), and so on with m and g, in any letter case.
/// No digits at all mean 0, and what does not fit saturates: both as Redis does.
pub fn parse_memory(word: &[u8]) -> Option<u64> {
    let digits = word.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, unit) = word.split_at(digits);
    let factor: u64 = match unit.to_ascii_lowercase().as_slice() {
        b"" | b"b" => 1,
        b"k" => 1000,
        b"kb" => 1 << 10,
        b"m" => 1_000_000,
        b"mb" => 1 << 20,
        b"g" => 1_000_000_000,
        b"gb" => 1 << 30,
        _ => return None,
    };
    let next =
        |sum: u64, digit: &u8| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
    Some(number.iter().fold(0, next).saturating_mul(factor))
}

/// The shortest exact notation: `1gb` rather than `1073741824`.
pub fn format_memory(bytes: u64) -> String {
    for (unit, shift) in [("gb", 30), ("mb", 20), ("kb", 10)] {
        if bytes > 0 && bytes.trailing_zeros() >= shift {
            return format!("{}{unit}", bytes >> shift);
        }
    }
    bytes.to_string()
}

/// File permissions in octal, 0 to 777.
pub struct Octal;

impl Kind for Octal {
    type Value = u32;

    fn parse(&self, words: &[&[u8]], _now: &u32) -> Result<u32, String> {
        let word = one_word(words)?;
        // The empty word is 0 here: Redis reads it with strtoll.
        let number = match word {
            [] => Some(0),
            word => text(word).ok().and_then(|word| i64::from_str_radix(word, 8).ok()),
        };
        match number {
            Some(mode @ 0..=0o777) => Ok(mode as u32),
            Some(..0 | 0o1000..=0o7777) => {
                Err("argument must be between 0 and 777 inclusive".into())
            }
            _ => Err("argument couldn't be parsed as an octal number".to_owned()),
        }
    }

    fn format(&self, value: &u32) -> Vec<u8> {
        format!("{value:o}").into()
    }

    fn syntax(&self) -> String {
        "octal".to_owned()
    }
}

/// An enum whose variants have configuration names. The `choice!` macro
/// writes the implementation.
pub trait Choice: Copy + PartialEq + 'static {
    /// All names with their values, in the order in which error messages list them.
    const ALL: &'static [(&'static str, Self)];

    /// The configuration name of this value.
    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, value)| *value == self).map_or("", |(name, _)| name)
    }
}

/// Declares an enum together with the names its variants have in configuration text.
macro_rules! choice {
    ($(#[$meta:meta])* $type:ident { $($(#[$doc:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $type { $($(#[$doc])* $variant,)+ }

        impl $crate::config::value::Choice for $type {
            const ALL: &'static [(&'static str, Self)] = &[$(($name, Self::$variant),)+];
        }
    };
}
pub(crate) use choice;

/// One name out of several. Made by [`one_of`].
pub struct OneOf<E>(PhantomData<E>);

/// One of the names of the enum that the field holds.
pub const fn one_of<E: Choice>() -> OneOf<E> {
    OneOf(PhantomData)
}

impl<E: Choice> Kind for OneOf<E> {
    type Value = E;

    fn parse(&self, words: &[&[u8]], _now: &E) -> Result<E, String> {
        let word = one_word(words)?;
        let found = E::ALL.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word));
        found.map(|(_, value)| *value).ok_or_else(|| must_be_one_of(E::ALL.iter().map(|row| row.0)))
    }

    fn format(&self, value: &E) -> Vec<u8> {
        value.name().into()
    }

    fn syntax(&self) -> String {
        E::ALL.iter().map(|(name, _)| *name).collect::<Vec<_>>().join("|")
    }
}

/// The refusal of a name that is not among `names`.
pub fn must_be_one_of(names: impl Iterator<Item = &'static str>) -> String {
    let names: Vec<_> = names.collect();
    format!("argument(s) must be one of the following: {}", names.join(", "))
}

/// The refusal, or the value as CONFIG GET shows it. Starts from `now`.
#[cfg(test)]
pub fn outcome<K: Kind>(kind: &K, now: &K::Value, text: &str) -> String {
    let words: Vec<&[u8]> = text.split(' ').map(str::as_bytes).collect();
    let shown = |value| String::from_utf8(kind.format(&value)).unwrap();
    kind.parse(&words, now).map_or_else(|reason| reason, shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_units_are_decimal_without_b_and_binary_with_it() {
        let cases = [
            ("1k", 1000),
            ("1KB", 1024),
            ("3m", 3_000_000),
            ("3Mb", 3 << 20),
            ("2g", 2_000_000_000),
            ("2gb", 2 << 30),
            ("7b", 7),
            ("01", 1),
            ("k", 0),
            ("", 0),
            ("18446744073709551616", u64::MAX),
        ];
        for (text, bytes) in cases {
            assert_eq!(parse_memory(text.as_bytes()), Some(bytes), "{text}");
        }
        for text in ["-1", "+1", "1.5mb", "1 kb", "1t", "0x10", "10 ", "50%"] {
            assert_eq!(parse_memory(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn memory_is_written_with_the_largest_exact_unit_and_reads_back() {
        let amounts = [(0, "0"), (1, "1"), (1024, "1kb"), (1000, "1000"), (3 << 20, "3mb")];
        for (bytes, text) in amounts.into_iter().chain([(u64::MAX, "18446744073709551615")]) {
            assert_eq!(format_memory(bytes), text);
            assert_eq!(parse_memory(text.as_bytes()), Some(bytes));
        }
    }

    #[test]
    fn refusals_have_the_words_of_redis() {
        let port = integer::<u16>(0, 65535);
        assert_eq!(
            port.parse(&[b"x"], &0).unwrap_err(),
            "argument couldn't be parsed into an integer"
        );
        assert_eq!(
            port.parse(&[b"65536"], &0).unwrap_err(),
            "argument must be between 0 and 65535 inclusive"
        );
        assert_eq!(port.parse(&[b"1", b"2"], &0).unwrap_err(), "wrong number of arguments");
        assert_eq!(YesNo.parse(&[b"on"], &false).unwrap_err(), "argument must be 'yes' or 'no'");
        assert_eq!(
            Octal.parse(&[b"778"], &0).unwrap_err(),
            "argument couldn't be parsed as an octal number"
        );
        assert_eq!(
            Octal.parse(&[b"-1"], &0).unwrap_err(),
            "argument must be between 0 and 777 inclusive"
        );
    }
}
