//! What the commands have in common that wait until there is something to take from a key.
//!
//! How waiting works is told in [`crate::engine::blocking`]. Such a command is its twin that doesn't
//! wait, and a deadline: BLPOP is LPOP, and BZPOPMIN is ZPOPMIN. The first of the keys that has
//! something decides ([`first_of`]); only when none has, the client waits for all of them ([`wait`]).

use std::time::Duration;

use super::context::Context;
use super::error::{self, Error, Result};
use crate::engine::blocking::Awaited;
use crate::engine::execution::Origin;
use crate::number::{parse_f64, parse_i64};
use crate::resp::{Args, Reply};
use crate::store::value::Kind;
use crate::system::clock::Tick;

/// Reads a timeout in seconds, with fractions. None: for ever.
pub fn timeout(ctx: &Context<'_>, text: &[u8]) -> Result<Option<Tick>> {
    let knows_long = ctx.compat().knows_long_timeouts();
    let millis = match parse_i64(text).and_then(|seconds| seconds.checked_mul(1000)) {
        Some(millis) => millis,
        None => {
            let millis = (parse_f64(text).ok_or(TIMEOUT_NOT_FLOAT)? * 1000.0).ceil();
            match millis >= i64::MAX as f64 {
                true if knows_long => i64::MAX,
                true => -1, // it wraps around in Redis 7.0, and is reported as negative
                false => millis as i64,
            }
        }
    };
    if knows_long && millis > i64::MAX - ctx.now_ms {
        return Err(error::TIMEOUT_TOO_LONG);
    }
    match u64::try_from(millis) {
        Err(_) => Err(TIMEOUT_NEGATIVE),
        Ok(0) => Ok(None),
        Ok(millis) => Ok(Some(ctx.engine.clock.after(Duration::from_millis(millis)))),
    }
}

const TIMEOUT_NOT_FLOAT: Error = Error::new("ERR timeout is not a float or out of range");
const TIMEOUT_NEGATIVE: Error = Error::new("ERR timeout is negative");

/// The first of the keys that the client may take from and that is there, as its place among them.
/// To a client that has been waiting, a key of another type is not there (in Redis 7.0).
pub fn first_of<K: Kind>(ctx: &mut Context<'_>, keys: Args<'_>) -> Result<Option<usize>> {
    let (is_tried_again, compat) = (ctx.origin == Origin::Unblocked, ctx.compat());
    for (place, key) in keys.iter().enumerate() {
        match ctx.write_as::<K>(key).map(|value| value.is_some()) {
            Ok(true) if ctx.may_take_from(key) => return Ok(Some(place)),
            Err(error) if !is_tried_again || compat.executes_waiting_anew() => return Err(error),
            _ => {}
        }
    }
    Ok(None)
}

/// Waits for any of the keys; replies a null array if the client may not wait.
pub fn wait(
    ctx: &mut Context<'_>,
    awaited: Awaited,
    args: Args<'_>,
    keys: Args<'_>,
    deadline: Option<Tick>,
    reply: &mut Reply,
) {
    if !ctx.block_on(awaited, args, keys, deadline) {
        reply.null_array();
    }
}
