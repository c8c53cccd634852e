//! Streams: entries are added, counted, removed; the files below read, trim and share them out.
//!
//! | file      | commands                                                  |
//! |-----------|-----------------------------------------------------------|
//! | this one  | XADD XLEN XDEL XSETID, and the IDs and replies of them all |
//! | `trim`    | XTRIM, and the options it shares with XADD                 |
//! | `read`    | XRANGE XREVRANGE XREAD XREADGROUP                          |
//! | `group`   | XGROUP XACK XPENDING                                       |
//! | `claim`   | XCLAIM XAUTOCLAIM                                          |
//! | `remove`  | XDELEX XACKDEL: removal that knows of groups               |
//! | `info`    | XINFO                                                      |
//!
//! Two things are decided here and nowhere else. What an ID may look like in which place: `-` and
//! `+` where a range is meant, `(` in front of an excluded end, `5` for `5-0` or for the end of
//! millisecond 5. And what a change is: an entry that comes or goes is one for everybody who
//! watches the key, but a group that has read something is not (as in Redis), for the entries are
//! what they were; see `group_changed`.

pub mod claim;
mod effects;
pub mod group;
pub mod info;
pub mod read;
pub mod remove;
pub mod trim;

use super::args::{Options, is};
use super::context::Context;
use super::error::{self, Error, Result, until_nul};
use crate::catalogue::row;
use crate::config::EventClasses;
use crate::resp::{Args, Reply};
use crate::store::Stream;
use crate::store::stream::{BlockLimits, Entry, Group, StreamId};
use crate::store::value::Kind;
use trim::TrimOptions;

const INVALID_ID: Error = Error::new("ERR Invalid stream ID specified as stream command argument");
const NOT_AFTER_TOP: Error =
    Error::new("ERR The ID specified in XADD is equal or smaller than the target stream top item");
const EXHAUSTED: Error =
    Error::new("ERR The stream has exhausted the last possible ID, unable to add more items");
const TOO_LARGE: Error = Error::new("ERR Elements are too large to be stored");

/// An ID is read through a buffer of this size in Redis; a longer text is none, zeros or not.
const LONGEST_ID: usize = 127;
/// An entry whose names and values are longer than this together doesn't fit into a block.
const LONGEST_ENTRY: usize = 1 << 30;

/// An ID where only an ID will do: `ms-seq`, or `ms` for `ms-missing_seq`.
fn strict_id(text: &[u8], missing_seq: u64) -> Result<StreamId> {
    let fits = text.len() <= LONGEST_ID;
    fits.then(|| StreamId::parse(text, missing_seq)).flatten().ok_or(INVALID_ID)
}

/// An ID, `-` for the first one there can be, or `+` for the last.
fn id_or_end(text: &[u8], missing_seq: u64) -> Result<StreamId> {
    match text {
        b"-" => Ok(StreamId::MIN),
        b"+" => Ok(StreamId::MAX),
        _ => strict_id(text, missing_seq),
    }
}

/// Where a range begins; `(` in front of the ID leaves it out.
fn range_start(text: &[u8]) -> Result<StreamId> {
    match text.strip_prefix(b"(").filter(|id| !id.is_empty()) {
        None => id_or_end(text, 0),
        Some(excluded) => strict_id(excluded, 0)?
            .next()
            .ok_or(Error::new("ERR invalid start ID for the interval")),
    }
}

/// Where a range ends; `(` in front of the ID leaves it out.
fn range_end(text: &[u8]) -> Result<StreamId> {
    match text.strip_prefix(b"(").filter(|id| !id.is_empty()) {
        None => id_or_end(text, u64::MAX),
        Some(excluded) => strict_id(excluded, u64::MAX)?
            .prev()
            .ok_or(Error::new("ERR invalid end ID for the interval")),
    }
}

/// Every argument as an ID: all are checked before anything is done to the first.
fn strict_ids(args: Args<'_>) -> Result<Vec<StreamId>> {
    args.iter().map(|text| strict_id(text, 0)).collect()
}

fn reply_id(id: StreamId, reply: &mut Reply) {
    reply.bulk(id.to_string().as_bytes());
}

/// An entry: `[id, [name, value, ...]]`.
fn reply_entry(entry: Entry<'_>, reply: &mut Reply) {
    reply.array(2);
    reply_id(entry.id, reply);
    reply.array(entry.fields.len() * 2);
    for (name, value) in entry.fields {
        reply.bulk(name);
        reply.bulk(value);
    }
}

/// Entries, as an array whose length shows at the end.
fn reply_entries<'a>(entries: impl Iterator<Item = Entry<'a>>, reply: &mut Reply) {
    reply.array_of(|reply| {
        let mut count = 0;
        reply.each(entries, |reply, entry| {
            reply_entry(entry, reply);
            count += 1;
        });
        count
    });
}

/// A change to what a group knows. It counts and is told, but no transaction that watches the key
/// fails because of it.
fn group_changed(ctx: &mut Context<'_>, event: Option<&str>, key: &[u8]) {
    ctx.engine.dirty += 1;
    if let Some(event) = event {
        ctx.notify(EventClasses::STREAM, event, key);
    }
}

/// The stream as it is now, to look at what a command has done so far; no use is counted.
fn current<'c>(ctx: &'c mut Context<'_>, key: &[u8]) -> Option<&'c Stream> {
    ctx.peek(key).and_then(|value| Stream::of(value).ok())
}

/// Makes a consumer known to its group, if it isn't; true if so.
fn create_consumer(
    ctx: &mut Context<'_>,
    key: &[u8],
    group: &[u8],
    consumer: &[u8],
) -> Result<bool> {
    let now_ms = ctx.now_ms;
    let stream = ctx.write_as::<Stream>(key)?;
    let Some(group) = stream.and_then(|stream| stream.group_mut(group)) else { return Ok(false) };
    let created = !group.consumers().contains_key(consumer);
    if created {
        group.see_consumer(consumer, now_ms);
        group_changed(ctx, Some("xgroup-createconsumer"), key);
    }
    Ok(created)
}

/// Whoever asks a group is seen, and a member of it, in Redis 8.2 even if there is nothing to be had.
/// Copies get to know of it, as there, when there is something.
fn see_who_asks(ctx: &mut Context<'_>, key: &[u8], group: &[u8], consumer: &[u8]) -> Result {
    if !ctx.compat().sees_consumers_that_get_nothing() {
        return Ok(());
    }
    create_consumer(ctx, key, group, consumer)?;
    let now_ms = ctx.now_ms;
    if let Some(group) = ctx.write_as::<Stream>(key)?.and_then(|stream| stream.group_mut(group)) {
        group.see_consumer(consumer, now_ms);
    }
    Ok(())
}

/// The group, or Redis' answer to a question about one that is not there.
fn existing_group<'c>(
    ctx: &'c mut Context<'_>,
    key: &[u8],
    group: &[u8],
) -> Result<(&'c Stream, &'c Group)> {
    let found = ctx.read_as::<Stream>(key)?.and_then(|it| Some((it, it.group(group)?)));
    found.ok_or_else(|| no_group(b"No such key", key, b"or consumer group", group, b""))
}

/// `NOGROUP <intro> '<a>' <between> '<b>'<end>`
fn no_group(intro: &[u8], a: &[u8], between: &[u8], b: &[u8], end: &[u8]) -> Error {
    let (a, b) = (until_nul(a), until_nul(b));
    let text = [b"NOGROUP ", intro, b" '", a, b"' ", between, b" '", b, b"'", end].concat();
    Error::text(text)
}

/// What XADD was given as ID.
enum NewId {
    /// `*`: the server's clock decides.
    Auto,
    /// `ms-*`: the next free one of this millisecond.
    Within(u64),
    /// All of it.
    Exactly(StreamId),
}

impl NewId {
    fn parse(text: &[u8]) -> Result<Self> {
        if text == b"*" {
            return Ok(NewId::Auto);
        }
        match text.strip_suffix(b"-*") {
            Some(ms) if !ms.contains(&b'-') => Ok(NewId::Within(strict_id(ms, 0)?.ms)),
            _ => Ok(NewId::Exactly(strict_id(text, 0)?)),
        }
    }
}

/// `XADD key [NOMKSTREAM] [KEEPREF|DELREF|ACKED] [<MAXLEN|MINID> [=|~] threshold [LIMIT count]]
/// <*|id> field value [field value ...]`
pub fn xadd(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let key = args.at(1);
    let mut options = Options::new(args, 2);
    let mut trim = TrimOptions::default();
    let mut make_stream = true;
    // What is no option is the ID. If even that is missing, the number of fields is wrong.
    let mut new_id = None;
    while let Some(option) = options.next() {
        match option {
            _ if is(option, "NOMKSTREAM") => make_stream = false,
            _ if trim.take(option, &mut options)? => {}
            id => {
                new_id = Some(NewId::parse(id)?);
                break;
            }
        }
    }
    let id_at = options.position() - 1;
    trim.check(ctx)?;
    let fields = options.rest();
    let Some(new_id) = new_id.filter(|_| fields.len() > 0 && fields.len().is_multiple_of(2)) else {
        return Err(Error::arity(row(ctx.command).name));
    };
    if matches!(new_id, NewId::Exactly(StreamId::MIN)) {
        return Err(Error::new("ERR The ID specified in XADD must be greater than 0-0"));
    }
    if fields.iter().map(<[u8]>::len).sum::<usize>() > LONGEST_ENTRY {
        return Err(TOO_LARGE);
    }
    if !make_stream && ctx.write_as::<Stream>(key)?.is_none() {
        reply.null();
        return Ok(());
    }
    let (now_ms, limits) = (ctx.now_ms as u64, block_limits(ctx));
    // All IDs of a millisecond may be used; Redis has no words of its own for that.
    let used_up = if ctx.compat().says_used_up_is_not_after() { NOT_AFTER_TOP } else { TOO_LARGE };
    let stream = ctx.write_or_create::<Stream>(key)?;
    let id = append(stream, &new_id, now_ms, fields, &limits)?.ok_or(used_up)?;
    let id_text = id.to_string();
    reply.bulk(id_text.as_bytes());
    ctx.modified(EventClasses::STREAM, "xadd", key);
    if trim.run(ctx, key)? > 0 {
        ctx.notify(EventClasses::STREAM, "xtrim", key);
    }
    let chosen = (!matches!(new_id, NewId::Exactly(_))).then_some((id_at, id_text.as_bytes()));
    trim.propagate(ctx, args, chosen);
    Ok(())
}

fn block_limits(ctx: &Context<'_>) -> BlockLimits {
    let config = &ctx.engine.config;
    BlockLimits { bytes: config.stream_node_max_bytes, entries: config.stream_node_max_entries }
}

/// Appends an entry under the ID that was asked for; returns that ID, or none if all of the
/// millisecond are used.
fn append(
    stream: &mut Stream,
    new_id: &NewId,
    now_ms: u64,
    fields: Args<'_>,
    limits: &BlockLimits,
) -> Result<Option<StreamId>> {
    if stream.last_id == StreamId::MAX {
        return Err(EXHAUSTED);
    }
    let id = match new_id {
        NewId::Auto => stream.next_id(now_ms).ok_or(EXHAUSTED)?,
        NewId::Within(ms) => match stream.next_id_within(*ms) {
            Some(id) => id,
            None => return Ok(None),
        },
        NewId::Exactly(id) => *id,
    };
    let pairs = (0..fields.len()).step_by(2).map(|at| (fields.at(at), fields.at(at + 1)));
    if stream.append(id, pairs, limits) { Ok(Some(id)) } else { Err(NOT_AFTER_TOP) }
}

/// `XLEN key`
pub fn xlen(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply.count(ctx.read_as::<Stream>(&args[1])?.map_or(0, Stream::len));
    Ok(())
}

/// `XDEL key id [id ...]`
pub fn xdel(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let key = args.at(1);
    let Some(stream) = ctx.write_as::<Stream>(key)? else {
        reply.integer(0);
        return Ok(());
    };
    let ids = strict_ids(args.from(2))?;
    let deleted = ids.into_iter().filter(|id| stream.delete(*id)).count();
    if deleted > 0 {
        ctx.modified(EventClasses::STREAM, "xdel", key);
        ctx.engine.dirty += deleted as u64 - 1;
    }
    reply.count(deleted);
    Ok(())
}

/// `XSETID key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-entry-id]`
pub fn xsetid(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (key, last_id) = (args.at(1), strict_id(&args[2], 0)?);
    let mut entries_added = None;
    let mut max_deleted_id = StreamId::MIN;
    let mut options = Options::new(args, 3);
    while let Some(option) = options.next() {
        match option {
            _ if is(option, "ENTRIESADDED") => {
                const NEGATIVE: Error = Error::new("ERR entries_added must be positive");
                entries_added = Some(u64::try_from(options.integer()?).or(Err(NEGATIVE))?);
            }
            _ if is(option, "MAXDELETEDID") => {
                max_deleted_id = strict_id(options.value()?, 0)?;
                if last_id < max_deleted_id {
                    let text = "ERR The ID specified in XSETID is smaller than the provided \
                                max_deleted_entry_id";
                    return Err(Error::new(text));
                }
            }
            _ => return Err(error::SYNTAX),
        }
    }
    let compares_deleted = ctx.compat().compares_deleted_ids();
    let stream = ctx.write_as::<Stream>(key)?.ok_or(error::NO_SUCH_KEY)?;
    if compares_deleted && last_id < stream.max_deleted_id {
        let text = "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id";
        return Err(Error::new(text));
    }
    if let Some(last) = stream.last() {
        if last_id < last.id {
            let text = "ERR The ID specified in XSETID is smaller than the target stream top item";
            return Err(Error::new(text));
        }
        if entries_added.is_some_and(|count| count < stream.len() as u64) {
            let text = "ERR The entries_added specified in XSETID is smaller than the target \
                        stream length";
            return Err(Error::new(text));
        }
    }
    stream.last_id = last_id;
    stream.entries_added = entries_added.unwrap_or(stream.entries_added);
    if max_deleted_id != StreamId::MIN {
        stream.max_deleted_id = max_deleted_id;
    }
    group_changed(ctx, Some("xsetid"), key);
    reply.ok();
    Ok(())
}
