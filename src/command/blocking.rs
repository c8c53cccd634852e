//! Commands that wait until there is something to take from a list or a sorted set.
//!
//! How waiting works is told in [`crate::engine::blocking`]. Here each command is its twin that doesn't
//! wait, and a deadline. The first of the keys that has something decides; only when none has, the
//! client waits for all of them.

use std::time::{Duration, Instant};

use super::args::is;
use super::context::Context;
use super::error::{self, Error, Result};
use super::lists::{end_argument, pop_first_of, pop_one};
use super::multi_pop::MultiPop;
use super::sorted_sets::pop;
use crate::command::lists::moving::move_element;
use crate::engine::ClientKey;
use crate::engine::blocking::{Awaited, interrupt, time_out};
use crate::engine::execution::Origin;
use crate::number::{parse_f64, parse_i64};
use crate::resp::{Args, Reply};
use crate::store::list::End;
use crate::store::value::Kind;
use crate::store::{List, SortedSet};

/// Reads a timeout in seconds, with fractions. None: for ever.
pub fn timeout(text: &[u8]) -> Result<Option<Instant>> {
    let millis = match parse_i64(text).and_then(|seconds| seconds.checked_mul(1000)) {
        Some(millis) => millis,
        None => {
            let millis = (parse_f64(text).ok_or(TIMEOUT_NOT_FLOAT)? * 1000.0).ceil();
            // What is too large for a clock wraps around in Redis, and is reported as negative.
            if millis >= i64::MAX as f64 { -1 } else { millis as i64 }
        }
    };
    match u64::try_from(millis) {
        Err(_) => Err(TIMEOUT_NEGATIVE),
        Ok(0) => Ok(None),
        Ok(millis) => Ok(Instant::now().checked_add(Duration::from_millis(millis))),
    }
}

const TIMEOUT_NOT_FLOAT: Error = Error::new("ERR timeout is not a float or out of range");
const TIMEOUT_NEGATIVE: Error = Error::new("ERR timeout is negative");

/// The first of the keys that the client may take from and that is there, as its place among them.
/// To a client that has been waiting, a key of another type is not there.
fn first_of<K: Kind>(ctx: &mut Context<'_>, keys: Args<'_>) -> Result<Option<usize>> {
    for (place, key) in keys.iter().enumerate() {
        match ctx.write_as::<K>(key).map(|value| value.is_some()) {
            Ok(true) if ctx.may_take_from(key) => return Ok(Some(place)),
            Err(error) if ctx.origin != Origin::Unblocked => return Err(error),
            _ => {}
        }
    }
    Ok(None)
}

/// Waits for any of the keys; replies a null array if the client may not wait.
fn wait(
    ctx: &mut Context<'_>,
    awaited: Awaited,
    args: Args<'_>,
    keys: Args<'_>,
    deadline: Option<Instant>,
    reply: &mut Reply,
) {
    if !ctx.block_on(awaited, args, keys, deadline) {
        reply.null_array();
    }
}

/// `BLPOP key [key ...] timeout`
pub fn blpop(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    pop_element(ctx, args, reply, End::Front, b"LPOP")
}

/// `BRPOP key [key ...] timeout`
pub fn brpop(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    pop_element(ctx, args, reply, End::Back, b"RPOP")
}

fn pop_element(
    ctx: &mut Context<'_>,
    args: Args<'_>,
    reply: &mut Reply,
    end: End,
    effect: &[u8],
) -> Result {
    let keys = args.from(1).first(args.len() - 2);
    let deadline = timeout(&args[args.len() - 1])?;
    let Some(place) = first_of::<List>(ctx, keys)? else {
        wait(ctx, Awaited::List, args, keys, deadline, reply);
        return Ok(());
    };
    let key = keys.at(place);
    reply.array(2);
    reply.bulk(key);
    reply.bulk_or_null(pop_one(ctx, key, end)?);
    ctx.propagate(&[effect, key]);
    Ok(())
}

/// `BLMPOP timeout numkeys key [key ...] <LEFT|RIGHT> [COUNT count]`
pub fn blmpop(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let deadline = timeout(&args[1])?;
    let MultiPop { keys, end, count } = MultiPop::parse(args, 2, end_argument)?;
    match first_of::<List>(ctx, keys)? {
        Some(place) => {
            pop_first_of(ctx, keys.from(place).first(1), end, count, reply)?;
        }
        None => wait(ctx, Awaited::List, args, keys, deadline, reply),
    }
    Ok(())
}

/// `BLMOVE source destination <LEFT|RIGHT> <LEFT|RIGHT> timeout`
pub fn blmove(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (from, to) = (end_argument(&args[3])?, end_argument(&args[4])?);
    if move_or_wait(ctx, args, from, to, timeout(&args[5])?, reply)? {
        // Redis keeps the client's spelling unless it has waited; so do we, byte for byte.
        let (from, to) = match ctx.origin {
            Origin::Unblocked => (side(from), side(to)),
            _ => (args.at(3), args.at(4)),
        };
        ctx.propagate(&[b"LMOVE", args.at(1), args.at(2), from, to]);
    }
    Ok(())
}

fn side(end: End) -> &'static [u8] {
    match end {
        End::Front => b"left",
        End::Back => b"right",
    }
}

/// `BRPOPLPUSH source destination timeout`
pub fn brpoplpush(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    if move_or_wait(ctx, args, End::Back, End::Front, timeout(&args[3])?, reply)? {
        ctx.propagate(&[b"RPOPLPUSH", args.at(1), args.at(2)]);
    }
    Ok(())
}

/// True: an element was moved.
fn move_or_wait(
    ctx: &mut Context<'_>,
    args: Args<'_>,
    from: End,
    to: End,
    deadline: Option<Instant>,
    reply: &mut Reply,
) -> Result<bool> {
    let source = args.from(1).first(1);
    if first_of::<List>(ctx, source)?.is_none() {
        if !ctx.block_on(Awaited::List, args, source, deadline) {
            reply.null();
        }
        return Ok(false);
    }
    reply.bulk_or_null(move_element(ctx, args.at(1), from, args.at(2), to)?);
    Ok(true)
}

/// `BZPOPMIN key [key ...] timeout`
pub fn bzpopmin(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    pop_member(ctx, args, reply, pop::ScoreEnd::Min)
}

/// `BZPOPMAX key [key ...] timeout`
pub fn bzpopmax(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    pop_member(ctx, args, reply, pop::ScoreEnd::Max)
}

fn pop_member(
    ctx: &mut Context<'_>,
    args: Args<'_>,
    reply: &mut Reply,
    end: pop::ScoreEnd,
) -> Result {
    let keys = args.from(1).first(args.len() - 2);
    let deadline = timeout(&args[args.len() - 1])?;
    let Some(place) = first_of::<SortedSet>(ctx, keys)? else {
        wait(ctx, Awaited::SortedSet, args, keys, deadline, reply);
        return Ok(());
    };
    pop::pop(ctx, keys.at(place), end, 1, pop::Shape::KeyAndOne, reply)?;
    ctx.propagate(&[end.command(), keys.at(place)]);
    Ok(())
}

/// `BZMPOP timeout numkeys key [key ...] <MIN|MAX> [COUNT count]`
pub fn bzmpop(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let deadline = timeout(&args[1])?;
    let MultiPop { keys, end, count } = MultiPop::parse(args, 2, pop::ScoreEnd::parse)?;
    match first_of::<SortedSet>(ctx, keys)? {
        Some(place) => {
            pop::pop_first_of(ctx, keys.from(place).first(1), end, count, reply)?;
        }
        None => wait(ctx, Awaited::SortedSet, args, keys, deadline, reply),
    }
    Ok(())
}

/// `CLIENT UNBLOCK client-id [TIMEOUT|ERROR]`
pub fn client_unblock(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let with_error = match args.get(3) {
        None => false,
        Some(word) if is(word, "TIMEOUT") => false,
        Some(word) if is(word, "ERROR") => true,
        Some(_) => {
            return Err(Error::new("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"));
        }
    };
    if args.len() > 4 {
        return Err(error::SYNTAX);
    }
    let id = super::args::integer(&args[2])?;
    let id = u64::try_from(id).unwrap_or(0);
    // What a SHUTDOWN waits for is for SHUTDOWN ABORT to end, and a pause for CLIENT UNPAUSE.
    let clients = &ctx.engine.clients;
    let waits_for_data = |client: &ClientKey| {
        let wait = clients.get(*client).wait.as_ref();
        wait.is_some_and(|wait| wait.awaited.is_for_data())
    };
    let client = clients.by_id(id).filter(waits_for_data);
    let unblocked = client.is_some_and(|client| match with_error {
        true => {
            if let Some(command) = ctx.engine.clients.get(client).last_command {
                ctx.engine.stats.command(command).failed_calls += 1;
            }
            interrupt(ctx.engine, client, "UNBLOCKED client unblocked via CLIENT UNBLOCK")
        }
        false => time_out(ctx.engine, client),
    });
    reply.integer(unblocked.into());
    Ok(())
}
