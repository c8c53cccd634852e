//! The kinds of value that are kept as they were written: names, paths, passwords.
//!
//! A password may be any bytes, and so may what is only handed on to others. What is a name or a path of
//! our own has to be UTF-8.

use super::value::{Kind, one_word, text};
use super::words::quote;

/// Any text, quoted when written back. The field says with an empty string that there is none.
pub struct Text(pub &'static str);

impl Kind for Text {
    type Value = String;

    fn parse(&self, words: &[&[u8]], _now: &String) -> Result<String, String> {
        Ok(text(one_word(words)?)?.to_owned())
    }

    fn format(&self, value: &String) -> Vec<u8> {
        value.clone().into()
    }

    fn lines(&self, value: &String) -> Vec<String> {
        vec![quote(value)]
    }

    fn syntax(&self) -> String {
        self.0.to_owned()
    }
}

/// Any bytes: passwords, and what is only handed on. The field says with no bytes that there are none.
pub struct Bytes(pub &'static str);

impl Kind for Bytes {
    type Value = Vec<u8>;

    fn parse(&self, words: &[&[u8]], _now: &Vec<u8>) -> Result<Vec<u8>, String> {
        one_word(words).map(<[u8]>::to_vec)
    }

    fn format(&self, value: &Vec<u8>) -> Vec<u8> {
        value.clone()
    }

    fn lines(&self, value: &Vec<u8>) -> Vec<String> {
        vec![quote(value)]
    }

    fn syntax(&self) -> String {
        self.0.to_owned()
    }
}

/// Text that must pass a check.
pub struct Checked(pub &'static str, pub fn(&str) -> Result<(), String>);

impl Kind for Checked {
    type Value = String;

    fn parse(&self, words: &[&[u8]], _now: &String) -> Result<String, String> {
        let word = text(one_word(words)?)?;
        self.1(word).map(|()| word.to_owned())
    }

    fn format(&self, value: &String) -> Vec<u8> {
        value.clone().into()
    }

    fn lines(&self, value: &String) -> Vec<String> {
        vec![quote(value)]
    }

    fn syntax(&self) -> String {
        self.0.to_owned()
    }
}
