//! Reading: ranges by ID, and whatever came after an ID, for oneself or for a consumer group.
//!
//! XREADGROUP is a write: it moves the group on and notes who has got what. Its effects are not
//! its own text, for a copy must not depend on what is in its stream and who asks first. They say
//! what each entry's state is now:
//!
//! ```text
//! XREADGROUP GROUP g ann STREAMS s >   ->   XCLAIM s g ann 0 5-1 TIME <ms> RETRYCOUNT 1 FORCE
//!                                             JUSTID LASTID 5-1           one for each entry
//! XREADGROUP GROUP g ann NOACK ...     ->   XGROUP CREATECONSUMER s g ann, if it is new
//!                                           XGROUP SETID s g 5-1 ENTRIESREAD 12
//! ```
//!
//! Reading one's own history (an ID instead of `>`) counts as another delivery, which, as in
//! Redis, is nobody's business but this server's.

use std::time::Duration;

use super::effects::{propagate_claim, propagate_position};
use super::{
    StreamId, create_consumer, current, group_changed, no_group, range_end, range_start,
    reply_entries, reply_entry, reply_id, see_who_asks, strict_id,
};
use crate::catalogue::Command;
use crate::command::args::{Options, integer, is};
use crate::command::context::Context;
use crate::command::error::{self, Error, Result};
use crate::engine::blocking::Awaited;
use crate::engine::execution::Origin;
use crate::resp::{self, Args, Protocol, Reply};
use crate::store::Stream;

/// `XRANGE key start-id end-id [COUNT count]`
pub fn xrange(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply_range(ctx, args, (2, 3), reply)
}

/// `XREVRANGE key end-id start-id [COUNT count]`
pub fn xrevrange(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply_range(ctx, args, (3, 2), reply)
}

/// `ends` are the places of the range's beginning and end; who names the end first reads backwards.
fn reply_range(
    ctx: &mut Context<'_>,
    args: Args<'_>,
    ends: (usize, usize),
    reply: &mut Reply,
) -> Result {
    let start = range_start(&args[ends.0])?;
    let end = range_end(&args[ends.1])?;
    let mut count = usize::MAX;
    let mut options = Options::new(args, 4);
    while let Some(option) = options.next() {
        match option {
            _ if is(option, "COUNT") => count = options.integer()?.max(0) as usize,
            _ => return Err(error::SYNTAX),
        }
    }
    match ctx.read_as::<Stream>(&args[1])? {
        None => reply.array(0),
        Some(_) if count == 0 => reply.null_array(),
        Some(_) if start > end => reply.array(0),
        Some(stream) if ends.0 < ends.1 => {
            reply_entries(stream.range(start, end).take(count), reply);
        }
        Some(stream) => reply_entries(stream.range_back(start, end).take(count), reply),
    }
    Ok(())
}

/// `XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]`
pub fn xread(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    read(ctx, args, reply)
}

/// `XREADGROUP GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK]
/// STREAMS key [key ...] id [id ...]`
pub fn xreadgroup(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    // The effects come one by one with what is read; the request itself is none.
    ctx.propagate_nothing();
    read(ctx, args, reply)
}

/// What a client that has waited gets at most, if it didn't say: an ID long past must not make
/// everybody wait while millions of entries are replied.
const COUNT_AFTER_WAIT: usize = 1000;

/// What the arguments of XREAD and XREADGROUP ask for.
struct Request<'a> {
    /// At most so many entries of each stream.
    count: usize,
    /// Milliseconds to wait for entries; 0 is for ever.
    block: Option<u64>,
    group: Option<ForGroup<'a>>,
    keys: Args<'a>,
    ids: Args<'a>,
}

/// On whose behalf XREADGROUP reads.
#[derive(Clone, Copy)]
struct ForGroup<'a> {
    group: &'a [u8],
    consumer: &'a [u8],
    no_ack: bool,
}

/// Where to begin in one stream.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Since {
    /// Behind this ID; in a group: with what the consumer holds already.
    Id(StreamId),
    /// With what no consumer of the group has been given yet.
    New,
}

impl<'a> Request<'a> {
    fn parse(ctx: &Context<'_>, args: Args<'a>) -> Result<Self> {
        let for_group = ctx.command == Command::Xreadgroup;
        let (mut count, mut block, mut group, mut no_ack) = (0, None, None, false);
        let mut options = Options::new(args, 1);
        while let Some(option) = options.next() {
            let left = options.left();
            match option {
                _ if is(option, "BLOCK") && left >= 1 => {
                    if ctx.origin == Origin::Script && !ctx.compat().lets_scripts_not_wait() {
                        return Err(from_script(args));
                    }
                    block = Some(timeout(ctx, options.value()?)?);
                }
                _ if is(option, "COUNT") => count = options.integer()?.max(0) as usize,
                _ if is(option, "STREAMS") && left >= 1 => {
                    let (keys, ids) = streams(ctx, options.rest())?;
                    if for_group && group.is_none() {
                        return Err(Error::new("ERR Missing GROUP option for XREADGROUP"));
                    }
                    let group = group.map(|(group, consumer)| ForGroup { group, consumer, no_ack });
                    let count = match count {
                        0 if ctx.origin == Origin::Unblocked => COUNT_AFTER_WAIT,
                        0 => usize::MAX,
                        count => count,
                    };
                    return Ok(Request { count, block, group, keys, ids });
                }
                _ if is(option, "GROUP") && left >= 2 => {
                    group = Some((options.value()?, options.value()?));
                    if !for_group {
                        return Err(only_for_groups("GROUP"));
                    }
                }
                _ if is(option, "NOACK") => {
                    no_ack = true;
                    if !for_group {
                        return Err(only_for_groups("NOACK"));
                    }
                }
                _ => return Err(error::SYNTAX),
            }
        }
        Err(error::SYNTAX)
    }
}

/// Divides `key ... id ...` in the middle.
fn streams<'a>(ctx: &Context<'_>, rest: Args<'a>) -> Result<(Args<'a>, Args<'a>)> {
    let (keys, ids) = (rest.first(rest.len() / 2), rest.from(rest.len() / 2));
    if keys.len() == ids.len() {
        return Ok((keys, ids));
    }
    if ctx.compat().names_unbalanced_command() {
        let (name, ids) = match ctx.command {
            Command::Xreadgroup => ("xreadgroup", "an ID or '>'"),
            _ => ("xread", "an ID, '+', or '$'"),
        };
        return Err(Error::text(format!(
            "ERR Unbalanced '{name}' list of streams: for each stream key {ids} must be specified."
        )));
    }
    // XREADGROUP says the same.
    let text = "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be \
                specified.";
    Err(Error::new(text))
}

fn only_for_groups(option: &str) -> Error {
    let text = "option is only supported by XREADGROUP. You called XREAD instead.";
    Error::text(format!("ERR The {option} {text}"))
}

fn from_script(args: Args<'_>) -> Error {
    let text = b" command is not allowed with BLOCK option from scripts";
    Error::text([b"ERR ", args.at(0), &text[..]].concat())
}

/// A time to wait in milliseconds.
fn timeout(ctx: &Context<'_>, text: &[u8]) -> Result<u64> {
    let not_integer = Error::new("ERR timeout is not an integer or out of range");
    let millis = integer(text).or(Err(not_integer))?;
    if ctx.compat().knows_long_timeouts() && millis > i64::MAX - ctx.now_ms {
        return Err(error::TIMEOUT_TOO_LONG);
    }
    u64::try_from(millis).or(Err(Error::new("ERR timeout is negative")))
}

fn read(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let request = Request::parse(ctx, args)?;
    if ctx.origin == Origin::Unblocked && !ctx.compat().executes_waiting_anew() {
        return read_at_last(ctx, &request, reply);
    }
    let mut since = Vec::with_capacity(request.keys.len());
    for (key, id) in request.keys.iter().zip(request.ids.iter()) {
        since.push(begin(ctx, request.group, key, id)?);
    }
    let mut served = 0;
    // The header says how many streams have something, which shows only at the end.
    let mut body = reply.part();
    for (key, since) in request.keys.iter().zip(&since) {
        served += usize::from(serve(ctx, &request, key, *since, &mut body)?);
        if let Some(ForGroup { group, consumer, .. }) = request.group {
            see_who_asks(ctx, key, group, consumer)?;
        }
    }
    if served > 0 {
        reply_header(served, reply);
        reply.append(&body);
    } else if !wait(ctx, args, &request, &since) {
        reply.null_array();
    }
    Ok(())
}

/// The reply is a map from stream to entries; in RESP2, an array of pairs.
fn reply_header(streams: usize, reply: &mut Reply) {
    match reply.protocol {
        Protocol::Resp2 => reply.array(streams),
        Protocol::Resp3 => reply.map(streams),
    }
}

/// Waits for the streams, if BLOCK asks for it; false if it doesn't, or may not here.
fn wait(ctx: &mut Context<'_>, args: Args<'_>, request: &Request<'_>, since: &[Since]) -> bool {
    let Some(millis) = request.block else { return false };
    let wait = (millis > 0).then(|| Duration::from_millis(millis)); // 0: for ever
    let deadline = wait.map(|wait| ctx.engine.clock.after(wait));
    // `$` means the last ID at this moment, not at the moment when something comes.
    let first_id = args.len() - since.len();
    let resolved = since.iter().map(|since| match since {
        Since::Id(id) => id.to_string(),
        Since::New => ">".to_owned(),
    });
    let resolved: Vec<String> = resolved.collect();
    let ids = resolved.iter().map(String::as_bytes);
    let again = resp::Request::new(args.first(first_id).iter().chain(ids));
    match request.group {
        Some(_) => ctx.block_on(Awaited::GroupEntry, again.args(), request.keys, deadline),
        None => ctx.block_on(Awaited::Stream, again.args(), request.keys, deadline),
    }
}

/// Called again for a client that has waited: one of its streams has changed. It gets what that
/// one has, and only that; if there is nothing after all, it goes on waiting.
fn read_at_last(ctx: &mut Context<'_>, request: &Request<'_>, reply: &mut Reply) -> Result {
    let Some(at) = request.keys.iter().position(|key| ctx.may_take_from(key)) else {
        return Ok(());
    };
    let (key, id) = (request.keys.at(at), request.ids.at(at));
    let group = request.group.map(|asks| asks.group);
    let Some(stream) = current(ctx, key) else {
        let error = Error::new("UNBLOCKED the stream key no longer exists");
        return if group.is_some() { Err(error) } else { Ok(()) };
    };
    let since = match group {
        None => strict_id(id, 0)?,
        Some(group) => match stream.group(group) {
            Some(group) => group.last_id,
            None => return Err(GROUP_IS_GONE),
        },
    };
    if stream.last_id <= since {
        return Ok(());
    }
    reply_header(1, reply);
    reply_name(key, reply);
    match request.group {
        Some(asks) => serve_new(ctx, asks, key, request.count, reply)?,
        None => {
            let start = since.next().unwrap_or(StreamId::MAX);
            reply_entries(stream.range(start, StreamId::MAX).take(request.count), reply);
        }
    }
    Ok(())
}

const GROUP_IS_GONE: Error =
    Error::new("NOGROUP the consumer group this client was blocked on no longer exists");

/// Resolves the ID given for one stream, and checks that there is a group to read for.
fn begin(
    ctx: &mut Context<'_>,
    group: Option<ForGroup<'_>>,
    key: &[u8],
    id: &[u8],
) -> Result<Since> {
    let knows_last = ctx.compat().knows_last_id_in_groups();
    let stream = ctx.read_as::<Stream>(key)?;
    if let Some(ForGroup { group, .. }) = group
        && stream.is_none_or(|stream| stream.group(group).is_none())
    {
        let end = b" in XREADGROUP with GROUP option";
        return Err(no_group(b"No such key", key, b"or consumer group", group, end));
    }
    match (id, group) {
        (b"$", None) => Ok(Since::Id(stream.map_or(StreamId::MIN, |stream| stream.last_id))),
        (b"$", Some(_)) => Err(meaningless(id)),
        (b"+", Some(_)) if knows_last => Err(meaningless(id)),
        (b"+", None) => Ok(Since::Id(stream.map_or(StreamId::MIN, before_last))),
        (b">", None) => Err(Error::new(
            "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> \
             <consumer> option.",
        )),
        (b">", Some(_)) => Ok(Since::New),
        (id, group) => Ok(match strict_id(id, 0)? {
            // To Redis the last ID there is and `>` are the same thing.
            StreamId::MAX if group.is_some() => Since::New,
            id => Since::Id(id),
        }),
    }
}

/// The error about an ID that only XREAD has a use for.
fn meaningless(id: &[u8]) -> Error {
    Error::text(
        [
            b"ERR The ",
            id,
            b" ID is meaningless in the context of XREADGROUP: you want to read the history of \
              this consumer by specifying a proper ID, or use the > ID to get new messages. The ",
            id,
            b" ID would just return an empty result set.",
        ]
        .concat(),
    )
}

/// Where to begin for the last entry; if there is none, where the next one will be.
fn before_last(stream: &Stream) -> StreamId {
    stream.last().and_then(|entry| entry.id.prev()).unwrap_or(stream.last_id)
}

/// Replies what one stream has, if anything; true if so.
fn serve(
    ctx: &mut Context<'_>,
    request: &Request<'_>,
    key: &[u8],
    since: Since,
    reply: &mut Reply,
) -> Result<bool> {
    // Repeated in the request, the first reading may have changed things: look again.
    let Some(stream) = ctx.read_as::<Stream>(key)? else { return Ok(false) };
    match (request.group, since) {
        (None, Since::Id(id)) => {
            let start = id.next().filter(|_| stream.last().is_some_and(|last| last.id > id));
            let Some(start) = start else { return Ok(false) };
            reply_name(key, reply);
            reply_entries(stream.range(start, StreamId::MAX).take(request.count), reply);
        }
        (Some(asks), Since::Id(id)) => {
            reply_name(key, reply);
            serve_history(ctx, asks, key, id, request.count, reply)?;
        }
        (Some(asks), _) => {
            let last_read = stream.group(asks.group).map(|group| group.last_id);
            let last = stream.last().map(|entry| entry.id);
            if last_read.is_none() || last <= last_read {
                return Ok(false);
            }
            reply_name(key, reply);
            serve_new(ctx, asks, key, request.count, reply)?;
        }
        (None, Since::New) => return Ok(false), // `begin` has refused it
    }
    Ok(true)
}

fn reply_name(key: &[u8], reply: &mut Reply) {
    if reply.protocol == Protocol::Resp2 {
        reply.array(2);
    }
    reply.bulk(key);
}

/// What the consumer holds already. An entry that is gone from the stream has no fields any more.
fn serve_history(
    ctx: &mut Context<'_>,
    asks: ForGroup<'_>,
    key: &[u8],
    after: StreamId,
    count: usize,
    reply: &mut Reply,
) -> Result {
    see_consumer(ctx, asks, key)?;
    let now_ms = ctx.now_ms;
    if let Some(stream) = ctx.write_as::<Stream>(key)? {
        let start = after.next().unwrap_or(StreamId::MAX);
        let held = stream.reread_group(asks.group, asks.consumer, start, count, now_ms);
        reply.array(held.len());
        for (id, _) in held {
            match stream.range(id, id).next() {
                Some(entry) => reply_entry(entry, reply),
                None => {
                    reply.array(2);
                    reply_id(id, reply);
                    reply.null_array();
                }
            }
        }
    }
    ctx.engine.dirty += 1;
    Ok(())
}

/// The next entries that nobody in the group has been given.
fn serve_new(
    ctx: &mut Context<'_>,
    asks: ForGroup<'_>,
    key: &[u8],
    count: usize,
    reply: &mut Reply,
) -> Result {
    see_consumer(ctx, asks, key)?;
    let (now_ms, doubts) = (ctx.now_ms, ctx.compat().doubts_counts());
    let Some(stream) = ctx.write_as::<Stream>(key)? else { return Ok(()) };
    if doubts {
        stream.doubt_count(asks.group);
    }
    let given = stream.read_group(asks.group, asks.consumer, count, asks.no_ack, now_ms);
    let Some(given) = given else {
        // What came was trimmed away at once, and a client that has waited is told even that.
        reply.array(0);
        return Ok(());
    };
    reply.array(given.count);
    let mut ids = Vec::with_capacity(given.count);
    for entry in stream.range(given.first, given.last) {
        ids.push(entry.id);
        reply_entry(entry, reply);
    }
    if asks.no_ack {
        propagate_position(ctx, key, asks.group);
    } else if ctx.engine.journal.is_needed() {
        for id in ids {
            let id_text = id.to_string();
            propagate_claim(ctx, key, asks.group, id_text.as_bytes(), id, Some(id));
        }
    }
    group_changed(ctx, None, key);
    Ok(())
}

/// Makes the consumer known. Without NOACK, the XCLAIM of its first entry will create it anywhere
/// else, too.
fn see_consumer(ctx: &mut Context<'_>, asks: ForGroup<'_>, key: &[u8]) -> Result {
    if create_consumer(ctx, key, asks.group, asks.consumer)? && asks.no_ack {
        ctx.propagate(&[b"XGROUP", b"CREATECONSUMER", key, asks.group, asks.consumer]);
    }
    Ok(())
}
