//! Groups: XGROUP makes, moves and removes them, XACK says "done", XPENDING asks who isn't.

use super::{
    StreamId, create_consumer, existing_group, group_changed, id_or_end, no_group, range_end,
    range_start, reply_id, strict_id, strict_ids,
};
use crate::command::args::{Options, is};
use crate::command::context::{Context, wrong_subcommand};
use crate::command::error::{self, Error, Result};
use crate::config::CompatVersion;
use crate::resp::{Args, Reply};
use crate::store::Stream;
use crate::store::stream::Group;

const KEY_REQUIRED: Error = Error::new(
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to \
     use the MKSTREAM option to create an empty stream automatically.",
);

/// Options that XGROUP CREATE may have, all of them once.
const MOST_CREATE_ARGS: usize = 8;

/// The stream that an XGROUP subcommand works on.
fn stream<'c>(ctx: &'c mut Context<'_>, key: &[u8]) -> Result<&'c mut Stream> {
    ctx.write_as::<Stream>(key)?.ok_or(KEY_REQUIRED)
}

/// A stream's group that has to be there.
fn group<'c>(ctx: &'c mut Context<'_>, key: &[u8], name: &[u8]) -> Result<&'c mut Group> {
    stream(ctx, key)?.group_mut(name).ok_or_else(|| no_group_of_key(name, key))
}

/// What XGROUP and XINFO CONSUMERS say when only the group is missing.
pub(super) fn no_group_of_key(name: &[u8], key: &[u8]) -> Error {
    no_group(b"No such consumer group", name, b"for key name", key, b"")
}

/// `ENTRIESREAD` and, for CREATE, `MKSTREAM`.
fn group_options(args: Args<'_>, creates: bool) -> Result<(Option<u64>, bool)> {
    let (mut entries_read, mut make_stream) = (None, false);
    let mut options = Options::new(args, 5);
    while let Some(option) = options.next() {
        match option {
            _ if is(option, "MKSTREAM") && creates => make_stream = true,
            _ if is(option, "ENTRIESREAD") && options.left() >= 1 => {
                const NEGATIVE: Error =
                    Error::new("ERR value for ENTRIESREAD must be positive or -1");
                entries_read = match options.integer()? {
                    -1 => None, // unknown, in so many words
                    count => Some(u64::try_from(count).or(Err(NEGATIVE))?),
                };
            }
            _ => return Err(wrong_subcommand(args)),
        }
    }
    Ok((entries_read, make_stream))
}

/// How many entries a group is taken to have read when it is said to have read so many.
fn believed(read: u64, added: u64, compat: CompatVersion) -> u64 {
    if compat.limits_entries_read() { read.min(added) } else { read }
}

/// `XGROUP CREATE key groupname <id|$> [MKSTREAM] [ENTRIESREAD entries-read]`
pub fn xgroup_create(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (key, name) = (args.at(2), args.at(3));
    let (entries_read, make_stream) = group_options(args, true)?;
    let found = ctx.write_as::<Stream>(key)?;
    let last_id = found.map(|stream| stream.last_id);
    if last_id.is_none() && !make_stream {
        return Err(KEY_REQUIRED);
    }
    if args.len() > MOST_CREATE_ARGS {
        return Err(wrong_subcommand(args));
    }
    let id = match &args[4] {
        b"$" => last_id.unwrap_or(StreamId::MIN),
        id => strict_id(id, 0)?,
    };
    let compat = ctx.compat();
    let stream = ctx.write_or_create::<Stream>(key)?;
    let entries_read = entries_read.map(|read| believed(read, stream.entries_added, compat));
    if !stream.create_group(name, Group::new(id, entries_read)) {
        return Err(Error::new("BUSYGROUP Consumer Group name already exists"));
    }
    if last_id.is_none() {
        ctx.modified_quietly(key);
        ctx.engine.dirty -= 1;
    }
    group_changed(ctx, Some("xgroup-create"), key);
    reply.ok();
    Ok(())
}

/// `XGROUP SETID key groupname <id|$> [ENTRIESREAD entries-read]`
pub fn xgroup_setid(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (key, name) = (args.at(2), args.at(3));
    let (entries_read, _) = group_options(args, false)?;
    let compat = ctx.compat();
    let found = stream(ctx, key)?;
    let (last_id, added) = (found.last_id, found.entries_added);
    let group = group(ctx, key, name)?;
    if !matches!(args.len(), 5 | 7) {
        return Err(wrong_subcommand(args));
    }
    group.last_id = if &args[4] == b"$" { last_id } else { id_or_end(&args[4], 0)? };
    group.entries_read = entries_read.map(|read| believed(read, added, compat));
    group_changed(ctx, Some("xgroup-setid"), key);
    reply.ok();
    Ok(())
}

/// `XGROUP DESTROY key groupname`
pub fn xgroup_destroy(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let key = args.at(2);
    let destroyed = stream(ctx, key)?.destroy_group(&args[3]).is_some();
    if destroyed {
        group_changed(ctx, Some("xgroup-destroy"), key);
        // Whoever waits on behalf of the group has to be told that it is no more.
        ctx.engine.blocking.key_changed(ctx.db, key);
    }
    reply.integer(destroyed.into());
    Ok(())
}

/// `XGROUP CREATECONSUMER key groupname consumername`
pub fn xgroup_createconsumer(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (key, name) = (args.at(2), args.at(3));
    group(ctx, key, name)?;
    let created = create_consumer(ctx, key, name, &args[4])?;
    reply.integer(created.into());
    Ok(())
}

/// `XGROUP DELCONSUMER key groupname consumername`
pub fn xgroup_delconsumer(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let key = args.at(2);
    let pending = group(ctx, key, &args[3])?.delete_consumer(&args[4]);
    if pending.is_some() {
        group_changed(ctx, Some("xgroup-delconsumer"), key);
    }
    reply.count(pending.unwrap_or(0));
    Ok(())
}

/// `XACK key group id [id ...]`
pub fn xack(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (key, name) = (args.at(1), args.at(2));
    if ctx.read_as::<Stream>(key)?.is_none_or(|stream| stream.group(name).is_none()) {
        reply.integer(0);
        return Ok(());
    }
    let ids = strict_ids(args.from(3))?;
    let group = group(ctx, key, name)?;
    let acknowledged = ids.into_iter().filter_map(|id| group.ack(id)).count();
    ctx.engine.dirty += acknowledged as u64;
    reply.count(acknowledged);
    Ok(())
}

/// Which pending entries the long form of XPENDING asks for.
struct Filter<'a> {
    min_idle_ms: i64,
    start: StreamId,
    end: StreamId,
    count: usize,
    consumer: Option<&'a [u8]>,
}

impl<'a> Filter<'a> {
    /// `[IDLE min-idle-time] start end count [consumer]`
    fn parse(args: Args<'a>) -> Result<Self> {
        let mut options = Options::new(args, 3);
        let min_idle_ms = if options.take("IDLE") { options.integer()? } else { 0 };
        let (start, end) = (options.value()?, options.value()?);
        let count = options.integer()?.max(0) as usize;
        let (start, end) = (range_start(start)?, range_end(end)?);
        Ok(Filter { min_idle_ms, start, end, count, consumer: options.next() })
    }
}

/// `XPENDING key group [[IDLE min-idle-time] start-id end-id count [consumer]]`
pub fn xpending(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let filter = match args.len() {
        3 => None,
        6..=9 => Some(Filter::parse(args)?),
        _ => return Err(error::SYNTAX),
    };
    let now_ms = ctx.now_ms;
    let (_, group) = existing_group(ctx, &args[1], &args[2])?;
    match filter {
        None => reply_summary(group, reply),
        Some(filter) => reply_pending(group, &filter, now_ms, reply),
    }
    Ok(())
}

/// How many entries are pending, the first and the last of them, and how many each consumer has.
fn reply_summary(group: &Group, reply: &mut Reply) {
    let pending = group.pending();
    reply.array(4);
    reply.count(pending.len());
    let (Some((first, _)), Some((last, _))) = (pending.first_key_value(), pending.last_key_value())
    else {
        reply.null();
        reply.null();
        return reply.null_array();
    };
    reply_id(*first, reply);
    reply_id(*last, reply);
    reply.array_of(|reply| {
        let busy = group.consumers().iter().filter(|(_, it)| !it.pending().is_empty());
        busy.map(|(name, consumer)| {
            reply.array(2);
            reply.bulk(name);
            reply.bulk_integer(consumer.pending().len() as i64);
        })
        .count()
    });
}

fn reply_pending(group: &Group, filter: &Filter<'_>, now_ms: i64, reply: &mut Reply) {
    let idle = |since_ms: i64| now_ms.saturating_sub(since_ms);
    reply.array_of(|reply| {
        let pending = group.pending_range(filter.start..=filter.end, filter.consumer);
        let idle_enough = pending.filter(|(_, it)| {
            filter.min_idle_ms == 0 || idle(it.delivery_time_ms) >= filter.min_idle_ms
        });
        let shown = idle_enough.take(filter.count).map(|(id, pending)| {
            reply.array(4);
            reply_id(id, reply);
            reply.bulk(&pending.consumer);
            reply.integer(idle(pending.delivery_time_ms).max(0));
            reply.integer(pending.delivery_count as i64);
        });
        shown.count()
    });
}
