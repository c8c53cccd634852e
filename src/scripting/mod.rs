//! Scripts: the Lua interpreter, and what it gives to those who program it.
//!
//! | file                                  | what it is                                             |
//! |---------------------------------------|--------------------------------------------------------|
//! | [`interpreter`]                       | compile, run, limits: start reading here               |
//! | [`lua`]                               | the one file that knows the interpreter's crate, and how errors travel |
//! | [`host`]                              | what a script asks of the server                       |
//! | [`limits`]                            | memory and time that it may take                       |
//! | [`sandbox`], `prelude.lua`            | which globals there are, and that nobody changes them  |
//! | [`api`]                               | the table `redis`                                      |
//! | [`convert`]                           | replies to Lua values and back                         |
//! | [`flags`], [`registration`]           | what scripts and functions say about themselves        |
//! | [`text`], [`pattern`], [`substitute`] | the part of the string library that has to be interruptible |
//! | [`number_format`], [`random`]         | numbers as C prints them, and the same random numbers for every script |
//! | [`json_encode`], [`json_decode`]      | `cjson`                                                |
//! | [`msgpack_pack`], [`msgpack_unpack`]  | `cmsgpack`                                             |
//! | [`structs`], [`bit`]                  | `struct`, `bit`                                        |
//!
//! The room knows the protocol, for what a script calls and gets back are requests and replies; it
//! knows no command, no data and no lock. Those come in by way of [`host::Host`].
//!
//! Lua 5.1 has holes that a hostile script could use. Where each is closed:
//!
//! - binary code is refused wherever text is compiled ([`lua::compile`]), and a compiled text is named
//!   by a constant, never by itself
//! - libraries are seen through empty tables that refuse changes ([`sandbox`]), also the one behind
//!   strings; there is no `newproxy`, so no `__gc`
//! - `unpack`, `bit.tohex`, `string.rep` and the pattern functions are replaced by ones that check
//! - memory is limited by the allocator, nesting by counting, time by a hook that nothing can catch

pub mod api;
pub mod bit;
pub mod convert;
pub mod flags;
pub mod host;
pub mod interpreter;
pub mod json_decode;
pub mod json_encode;
pub mod limits;
pub mod lua;
pub mod msgpack_pack;
pub mod msgpack_unpack;
pub mod number_format;
pub mod pattern;
pub mod random;
pub mod registration;
pub mod sandbox;
pub mod structs;
pub mod substitute;
pub mod text;

pub use self::flags::ScriptFlags;
pub use self::host::{Host, Pace};
pub use self::interpreter::{Interpreter, Outcome, ScriptId};
pub use self::registration::Registration;
