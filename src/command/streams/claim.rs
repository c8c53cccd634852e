//! Claiming: XCLAIM and XAUTOCLAIM hand entries that somebody was given to somebody else.
//!
//! Both have the same effect for each entry, which is also that of XREADGROUP: an XCLAIM that
//! forces the entry's state, whatever it was.
//!
//! ```text
//! XCLAIM key group consumer 0 id TIME <ms> RETRYCOUNT <n> FORCE JUSTID LASTID <group's last>
//! ```
//!
//! An entry that is pending but no longer in the stream can't be claimed; it is taken off the
//! list. The effect is the same XCLAIM, in the name of who had it: it finds no entry either, and
//! does the same.

use super::effects::{propagate_claim, propagate_pending, propagate_position};
use super::{
    StreamId, current, existing_group, group_changed, range_start, reply_entry, reply_id,
    see_who_asks, strict_id,
};
use crate::command::args::{Options, integer, integer_in, is};
use crate::command::context::Context;
use crate::command::error::{self, Error, Result, until_nul};

use crate::resp::{Args, Reply};
use crate::store::Stream;
use crate::store::stream::{Claim, Claimed, Pending};

/// The options of XCLAIM.
struct ClaimOptions {
    claim: Claim,
    last_id: StreamId,
}

/// `XCLAIM key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-milliseconds]
/// [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID id]`
pub fn xclaim(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    ctx.propagate_nothing();
    let (key, group, consumer) = (args.at(1), args.at(2), args.at(3));
    existing_group(ctx, key, group)?;
    let min_idle_ms = min_idle(&args[4], "XCLAIM")?;
    let ids: Vec<StreamId> = args.from(5).iter().map_while(|it| strict_id(it, 0).ok()).collect();
    let options = claim_options(args, 5 + ids.len(), ctx.now_ms, min_idle_ms)?;
    let mut moved_on = advance(ctx, key, group, options.last_id)?;
    let mut claimed = 0;
    let mut body = reply.part();
    for (at, id) in ids.into_iter().enumerate() {
        let text = args.at(5 + at);
        match claim_one(ctx, key, group, consumer, id, &options.claim)? {
            Claimed::No => continue,
            Claimed::Yes => {
                claimed += 1;
                reply_claimed(ctx, key, id, options.claim.just_id, &mut body);
                propagate_claim(ctx, key, group, text, id, None);
            }
            Claimed::Deleted(pending) => propagate_pending(ctx, key, group, text, &pending, None),
        }
        group_changed(ctx, None, key);
        moved_on = false; // the effects above name the group's last ID
    }
    see_who_asks(ctx, key, group, consumer)?;
    if moved_on {
        propagate_position(ctx, key, group);
        group_changed(ctx, None, key);
    }
    reply.array(claimed);
    reply.append(&body);
    Ok(())
}

fn min_idle(text: &[u8], command: &str) -> Result<i64> {
    let error = || Error::text(format!("ERR Invalid min-idle-time argument for {command}"));
    Ok(integer(text).map_err(|_| error())?.max(0))
}

fn claim_options(
    args: Args<'_>,
    start: usize,
    now_ms: i64,
    min_idle_ms: i64,
) -> Result<ClaimOptions> {
    let (mut time, mut delivery_count, mut last_id) = (None, None, StreamId::MIN);
    let (mut force, mut just_id) = (false, false);
    let mut options = Options::new(args, start);
    let number = |options: &mut Options<'_>, name: &str| {
        let error = |_| Error::text(format!("ERR Invalid {name} option argument for XCLAIM"));
        integer(options.value()?).map_err(error)
    };
    while let Some(option) = options.next() {
        let has_value = options.left() >= 1;
        match option {
            _ if is(option, "FORCE") => force = true,
            _ if is(option, "JUSTID") => just_id = true,
            _ if is(option, "IDLE") && has_value => {
                time = Some(now_ms.wrapping_sub(number(&mut options, "IDLE")?));
            }
            _ if is(option, "TIME") && has_value => time = Some(number(&mut options, "TIME")?),
            _ if is(option, "RETRYCOUNT") && has_value => {
                delivery_count = u64::try_from(number(&mut options, "RETRYCOUNT")?).ok();
            }
            _ if is(option, "LASTID") && has_value => last_id = strict_id(options.value()?, 0)?,
            _ => {
                let text = [b"ERR Unrecognized XCLAIM option '", until_nul(option), b"'"];
                return Err(Error::text(text.concat()));
            }
        }
    }
    // A time that can't be, as clients with another clock send it, is taken for "now".
    let delivery_time_ms = time.filter(|time| (0..=now_ms).contains(time)).unwrap_or(now_ms);
    let claim = Claim { now_ms, min_idle_ms, delivery_time_ms, delivery_count, just_id, force };
    Ok(ClaimOptions { claim, last_id })
}

/// Moves the group on to `last_id`, if it is not there yet; true if so.
fn advance(ctx: &mut Context<'_>, key: &[u8], group: &[u8], last_id: StreamId) -> Result<bool> {
    let stream = ctx.write_as::<Stream>(key)?;
    let Some(group) = stream.and_then(|stream| stream.group_mut(group)) else { return Ok(false) };
    let ahead = last_id > group.last_id;
    group.last_id = group.last_id.max(last_id);
    Ok(ahead)
}

/// Claims one entry. A consumer is created when it gets its first one, which is told.
fn claim_one(
    ctx: &mut Context<'_>,
    key: &[u8],
    group: &[u8],
    consumer: &[u8],
    id: StreamId,
    claim: &Claim,
) -> Result<Claimed> {
    let Some(stream) = ctx.write_as::<Stream>(key)? else { return Ok(Claimed::No) };
    let known = stream.group(group).is_some_and(|it| it.consumers().contains_key(consumer));
    let claimed = stream.claim(group, id, consumer, claim);
    if !known && claimed == Claimed::Yes {
        group_changed(ctx, Some("xgroup-createconsumer"), key);
    }
    Ok(claimed)
}

fn reply_claimed(
    ctx: &mut Context<'_>,
    key: &[u8],
    id: StreamId,
    just_id: bool,
    reply: &mut Reply,
) {
    if just_id {
        reply_id(id, reply);
    } else if let Some(entry) = current(ctx, key).and_then(|stream| stream.range(id, id).next()) {
        reply_entry(entry, reply);
    }
}

/// `XAUTOCLAIM key group consumer min-idle-time start-id [COUNT count] [JUSTID]`
pub fn xautoclaim(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    ctx.propagate_nothing();
    let (key, group, consumer) = (args.at(1), args.at(2), args.at(3));
    let min_idle_ms = min_idle(&args[4], "XAUTOCLAIM")?;
    let start = range_start(&args[5])?;
    let (mut count, mut just_id) = (100, false);
    let mut options = Options::new(args, 6);
    while let Some(option) = options.next() {
        match option {
            _ if is(option, "COUNT") => {
                let error = Error::new("ERR COUNT must be > 0");
                count = integer_in(options.value()?, 1, MOST_CLAIMED, error)? as usize;
            }
            _ if is(option, "JUSTID") => just_id = true,
            _ => return Err(error::SYNTAX),
        }
    }
    existing_group(ctx, key, group)?;
    let now_ms = ctx.now_ms;
    let claim = Claim {
        now_ms,
        min_idle_ms,
        delivery_time_ms: now_ms,
        delivery_count: None,
        just_id,
        force: false,
    };
    let Some(stream) = ctx.write_as::<Stream>(key)? else { return Ok(()) };
    let known = stream.group(group).is_some_and(|it| it.consumers().contains_key(consumer));
    let found = stream.autoclaim(group, consumer, start, count, &claim);
    if !known && !found.claimed.is_empty() {
        group_changed(ctx, Some("xgroup-createconsumer"), key);
    }
    ctx.engine.dirty += (found.claimed.len() + found.deleted.len()) as u64;
    propagate_found(ctx, key, group, &found.claimed, &found.deleted);
    see_who_asks(ctx, key, group, consumer)?;
    reply.array(3);
    reply_id(found.next, reply);
    reply.array(found.claimed.len());
    for id in &found.claimed {
        reply_claimed(ctx, key, *id, just_id, reply);
    }
    reply.array(found.deleted.len());
    found.deleted.iter().for_each(|(id, _)| reply_id(*id, reply));
    Ok(())
}

/// The largest COUNT of XAUTOCLAIM: Redis reserves memory for that many IDs.
const MOST_CLAIMED: i64 = i64::MAX / size_of::<StreamId>() as i64;

/// The effects of an XAUTOCLAIM, in the order of the list it walked over.
fn propagate_found(
    ctx: &mut Context<'_>,
    key: &[u8],
    group: &[u8],
    claimed: &[StreamId],
    deleted: &[(StreamId, Pending)],
) {
    if !ctx.engine.journal.is_needed() {
        return;
    }
    let mut deleted = deleted.iter().peekable();
    for claimed in claimed.iter().map(Some).chain([None]) {
        while let Some((id, pending)) = deleted.next_if(|(id, _)| claimed.is_none_or(|c| id < c)) {
            propagate_pending(ctx, key, group, id.to_string().as_bytes(), pending, None);
        }
        if let Some(id) = claimed {
            propagate_claim(ctx, key, group, id.to_string().as_bytes(), *id, None);
        }
    }
}
