//! Comparing with what is there: the conditions of SET and DELEX, DELIFEQ, and DIGEST.
//!
//! Who has read a value and wants to replace or remove it only if nobody was faster says which one it was:
//! the value itself, or, if that is long, its digest. A digest is the 64-bit XXH3 of the bytes in sixteen
//! hexadecimal digits, so that clients can compute it, too. It says "changed" reliably enough between
//! friends; who can choose values can make two with the same one.
//!
//! | option          | SET and DELEX do it if the value     | SET, if there is no key |
//! |-----------------|--------------------------------------|-------------------------|
//! | `IFEQ value`    | is this one                          | no                      |
//! | `IFNE value`    | is another one                       | yes                     |
//! | `IFDEQ digest`  | has this digest                      | no                      |
//! | `IFDNE digest`  | has another one                      | yes                     |
//!
//! `IFEQ` is what Valkey 8.1 has, too, and DELIFEQ is Valkey's name for `DELEX IFEQ`.

use xxhash_rust::xxh3::xxh3_64;

use super::is;
use crate::command::context::Context;
use crate::command::error::{Error, Result};
use crate::config::EventClasses;
use crate::resp::{Args, Reply};
use crate::store::Str;
use crate::store::value::Kind;

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Test {
    Equal,
    NotEqual,
    DigestEqual,
    DigestNotEqual,
}

impl Test {
    /// The test that an option names.
    pub(super) fn of_option(word: &[u8]) -> Option<Test> {
        let tests = [
            ("IFEQ", Test::Equal),
            ("IFNE", Test::NotEqual),
            ("IFDEQ", Test::DigestEqual),
            ("IFDNE", Test::DigestNotEqual),
        ];
        tests.into_iter().find(|(name, _)| is(word, name)).map(|(_, test)| test)
    }
}

/// What the old value is compared with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Condition<'a> {
    pub(super) test: Test,
    pub(super) with: &'a [u8],
}

/// Sixteen hexadecimal digits.
const DIGEST_LEN: usize = 16;

impl Condition<'_> {
    /// Whether the key's value meets the condition; None: there is no such key.
    pub(super) fn holds_of(self, ctx: &mut Context<'_>, key: &[u8]) -> Result<Option<bool>> {
        let Ok(slot) = ctx.find(key) else { return Ok(None) };
        self.holds(Str::of(&ctx.keyspace().entry(slot).value)?).map(Some)
    }

    fn holds(self, text: &Str) -> Result<bool> {
        match self.test {
            Test::Equal => Ok(text.with_bytes(|bytes| bytes == self.with)),
            Test::NotEqual => Ok(text.with_bytes(|bytes| bytes != self.with)),
            Test::DigestEqual | Test::DigestNotEqual if self.with.len() != DIGEST_LEN => {
                Err(Error::new("ERR must be exactly 16 hexadecimal characters"))
            }
            Test::DigestEqual => Ok(digest_of(text).as_bytes().eq_ignore_ascii_case(self.with)),
            Test::DigestNotEqual => Ok(!digest_of(text).as_bytes().eq_ignore_ascii_case(self.with)),
        }
    }

    /// Whether it is met where there is no value.
    pub(super) fn holds_of_nothing(self) -> bool {
        matches!(self.test, Test::NotEqual | Test::DigestNotEqual)
    }
}

fn digest_of(text: &Str) -> String {
    format!("{:016x}", text.with_bytes(xxh3_64))
}

/// `DIGEST key`
pub fn digest(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let digest = ctx.read_as::<Str>(&args[1])?.map(digest_of);
    reply.bulk_or_null(digest.as_ref().map(String::as_bytes));
    Ok(())
}

/// `DELEX key [IFEQ ifeq-value|IFNE ifne-value|IFDEQ ifdeq-digest|IFDNE ifdne-digest]`
pub fn delex(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let key = args.at(1);
    let may_go = match args.len() {
        2 => true,
        4 => is_as_asked(ctx, key, &args[2], &args[3])?,
        _ => return Err(Error::arity("delex")),
    };
    remove(ctx, key, may_go, reply);
    Ok(())
}

/// Whether there is a key that meets DELEX' condition. That is looked at only if there is a string.
fn is_as_asked(ctx: &mut Context<'_>, key: &[u8], option: &[u8], with: &[u8]) -> Result<bool> {
    let Ok(slot) = ctx.find(key) else { return Ok(false) };
    let Ok(text) = Str::of(&ctx.keyspace().entry(slot).value) else {
        return Err(Error::new("ERR Key should be of string type if conditions are specified"));
    };
    let Some(test) = Test::of_option(option) else {
        return Err(Error::new("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE"));
    };
    Condition { test, with }.holds(text)
}

/// `DELIFEQ key value`
pub fn delifeq(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let condition = Condition { test: Test::Equal, with: &args[2] };
    let may_go = condition.holds_of(ctx, &args[1])? == Some(true);
    remove(ctx, &args[1], may_go, reply);
    Ok(())
}

/// Removes a key if it may go. The effect compares nothing: it is known that it went.
fn remove(ctx: &mut Context<'_>, key: &[u8], may_go: bool, reply: &mut Reply) {
    let removed = may_go && ctx.remove(key);
    if removed {
        ctx.modified(EventClasses::GENERIC, "del", key);
        ctx.propagate(&[b"DEL", key]);
    }
    reply.integer(removed.into());
}
