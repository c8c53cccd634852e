//! Scripts: the Lua interpreter, and what it gives to those who program it.
//!
//! | file                                  | what it is                                             |
//! |---------------------------------------|--------------------------------------------------------|
//! | [`interpreter`]                       | compile, run, limits: start reading here               |
//! | [`lua`]                               | the one file that knows the interpreter's crate, and how errors travel |
//! | [`protected`]                         | compiling, and calling functions of scripts            |
//! | [`host`]                              | what a script asks of the server                       |
//! | [`limits`]                            | memory and time that it may take                       |
//! | [`sandbox`], `prelude.lua`            | which globals there are, and that nobody changes them  |
//! | [`api`]                               | the table `redis`                                      |
//! | [`convert`]                           | replies to Lua values and back                         |
//! | [`flags`], [`registration`]           | what scripts and functions say about themselves        |
//! | [`strings`]                           | the part of the string library that has to be interruptible |
//! | [`number_format`], [`random`]         | numbers as C prints them, and the same random numbers for every script |
//! | [`json`], [`msgpack`]                 | `cjson`, `cmsgpack`                                    |
//! | [`structs`], [`bit`]                  | `struct`, `bit`                                        |
//!
//! The room knows the protocol, for what a script calls and gets back are requests and replies; it
//! knows no command, no data and no lock. Those come in by way of [`host::Host`].
//!
//! Lua 5.1 has holes that a hostile script could use. Where each is closed:
//!
//! - binary code is refused wherever text is compiled ([`protected::compile`]), and a compiled text is named
//!   by a constant, never by itself
//! - libraries are seen through empty tables that refuse changes ([`sandbox`]), also the one behind
//!   strings; there is no `newproxy`, so no `__gc`
//! - `unpack`, `bit.tohex`, `string.rep` and the pattern functions are replaced by ones that check
//! - memory is limited by the allocator, nesting by counting, time by a hook that nothing can catch

use sha1::{Digest, Sha1};

pub mod api;
pub mod bit;
pub mod convert;
pub mod flags;
pub mod host;
pub mod interpreter;
pub mod json;
pub mod limits;
pub mod lua;
pub mod msgpack;
pub mod number_format;
pub mod protected;
pub mod random;
pub mod registration;
pub mod sandbox;
pub mod strings;
pub mod structs;

pub use self::flags::ScriptFlags;
pub use self::host::{Host, Pace};
pub use self::interpreter::{Interpreter, Outcome};
pub use self::registration::{Registration, ScriptId};

/// What the interpreter is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// EVAL.
    Scripts,
    /// FUNCTION LOAD and FCALL.
    Functions,
}

/// A SHA1 as it is written: 40 lower-case digits.
pub type Sha1Hex = [u8; 40];

/// The SHA1 of a text.
pub fn sha1_hex(text: &[u8]) -> Sha1Hex {
    let mut hex = [0; 40];
    for (digits, byte) in hex.chunks_exact_mut(2).zip(Sha1::digest(text)) {
        digits.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
    }
    hex
}

fn digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'a' + value - 10 }
}
