//! XINFO: a stream, its groups and their consumers, as people and monitoring look at them.

use super::group::no_group_of_key;
use super::{StreamId, reply_entries, reply_entry, reply_id};
use crate::command::args::{integer, is};
use crate::command::context::{Context, wrong_subcommand};
use crate::command::error::{self, Result};
use crate::config::CompatVersion;
use crate::resp::{Args, Reply};
use crate::store::Stream;
use crate::store::stream::{Block, Consumer, Group, Pending};

/// How much of each list XINFO STREAM FULL shows, if it isn't told.
const DEFAULT_FULL_COUNT: usize = 10;

/// `XINFO STREAM key [FULL [COUNT count]]`
pub fn xinfo_stream(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let compat = ctx.compat();
    let stream = ctx.read_as::<Stream>(&args[2])?.ok_or(error::NO_SUCH_KEY)?;
    let full = full_count(args)?;
    reply.map(if full.is_some() { 9 } else { 10 });
    reply_counters(stream, reply);
    match full {
        None => {
            reply.bulk(b"groups");
            reply.count(stream.groups().len());
            for (name, entry) in [("first-entry", stream.first()), ("last-entry", stream.last())] {
                reply.bulk(name.as_bytes());
                match entry {
                    Some(entry) => reply_entry(entry, reply),
                    None => reply.null(),
                }
            }
        }
        Some(count) => {
            reply.bulk(b"entries");
            reply_entries(stream.range(StreamId::MIN, StreamId::MAX).take(count), reply);
            reply.bulk(b"groups");
            reply.array(stream.groups().len());
            for (name, group) in stream.groups() {
                reply_full_group(stream, (name, group), count, compat, reply);
            }
        }
    }
    Ok(())
}

/// How much FULL shows of each list; None: it isn't asked for.
fn full_count(args: Args<'_>) -> Result<Option<usize>> {
    let syntax = || wrong_subcommand(args);
    match args.len() {
        3 => Ok(None),
        4 | 6 if !is(&args[3], "FULL") => Err(syntax()),
        4 => Ok(Some(DEFAULT_FULL_COUNT)),
        6 if is(&args[4], "COUNT") => Ok(Some(match integer(&args[5])? {
            ..0 => DEFAULT_FULL_COUNT,
            0 => usize::MAX,
            count => count as usize,
        })),
        _ => Err(syntax()),
    }
}

/// The seven fields that both forms begin with.
fn reply_counters(stream: &Stream, reply: &mut Reply) {
    reply.bulk(b"length");
    reply.count(stream.len());
    reply.bulk(b"radix-tree-keys");
    reply.count(stream.blocks().len());
    reply.bulk(b"radix-tree-nodes");
    reply.count(radix_tree_nodes(stream));
    reply.bulk(b"last-generated-id");
    reply_id(stream.last_id, reply);
    reply.bulk(b"max-deleted-entry-id");
    reply_id(stream.max_deleted_id, reply);
    reply.bulk(b"entries-added");
    reply.integer(stream.entries_added as i64);
    reply.bulk(b"recorded-first-entry-id");
    reply_id(stream.first_id(), reply);
}

/// The nodes of the radix tree in which Redis would keep the same blocks. We keep a list, but the
/// number is part of the reply, and it follows from the blocks' first IDs alone.
fn radix_tree_nodes(stream: &Stream) -> usize {
    let key = |block: &Block| (u128::from(block.first().ms) << 64) | u128::from(block.first().seq);
    let keys: Vec<[u8; KEY_LEN]> = stream.blocks().map(|block| key(block).to_be_bytes()).collect();
    if keys.is_empty() { 1 } else { nodes_below(&keys, 0) }
}

/// Bytes of an ID as a key of the tree.
const KEY_LEN: usize = 16;

/// The nodes for sorted `keys` that agree in their first `depth` bytes: one for what more they have
/// in common, if anything, and one where they part, or where the only one ends.
fn nodes_below(keys: &[[u8; KEY_LEN]], depth: usize) -> usize {
    let (first, last) = (keys[0], keys[keys.len() - 1]);
    let parts_at = (depth..KEY_LEN).find(|&at| first[at] != last[at]).unwrap_or(KEY_LEN);
    let here = usize::from(parts_at > depth) + 1;
    if parts_at == KEY_LEN {
        return here;
    }
    let branches = keys.chunk_by(|a, b| a[parts_at] == b[parts_at]);
    here + branches.map(|branch| nodes_below(branch, parts_at + 1)).sum::<usize>()
}

fn reply_full_group(
    stream: &Stream,
    (name, group): (&[u8], &Group),
    count: usize,
    compat: CompatVersion,
    reply: &mut Reply,
) {
    reply.map(7);
    reply.bulk(b"name");
    reply.bulk(name);
    reply.bulk(b"last-delivered-id");
    reply_id(group.last_id, reply);
    reply_progress(stream, group, compat, reply);
    reply.bulk(b"pel-count");
    reply.count(group.pending().len());
    reply.bulk(b"pending");
    reply.array(group.pending().len().min(count));
    for (id, pending) in group.pending().iter().take(count) {
        reply.array(4);
        reply_id(*id, reply);
        reply.bulk(&pending.consumer);
        reply_delivery(pending, reply);
    }
    reply.bulk(b"consumers");
    reply.array(group.consumers().len());
    for (name, consumer) in group.consumers() {
        reply_full_consumer(group, (name, consumer), count, compat, reply);
    }
}

/// How far the group is, and how far behind; null where nobody can tell.
fn reply_progress(stream: &Stream, group: &Group, compat: CompatVersion, reply: &mut Reply) {
    let lag = match compat.tells_lag_of_all() {
        true => stream.lag_of_all(group),
        false => stream.lag(group),
    };
    let numbers = [("entries-read", group.entries_read.map(|count| count as i64)), ("lag", lag)];
    for (name, number) in numbers {
        reply.bulk(name.as_bytes());
        match number {
            Some(number) => reply.integer(number),
            None => reply.null(),
        }
    }
}

fn reply_full_consumer(
    group: &Group,
    (name, consumer): (&[u8], &Consumer),
    count: usize,
    compat: CompatVersion,
    reply: &mut Reply,
) {
    let tells_activity = compat.tells_activity_of_consumers();
    reply.map(4 + usize::from(tells_activity));
    reply.bulk(b"name");
    reply.bulk(name);
    reply.bulk(b"seen-time");
    reply.integer(consumer.seen_time_ms);
    if tells_activity {
        reply.bulk(b"active-time");
        reply.integer(consumer.active_time_ms.unwrap_or(-1));
    }
    reply.bulk(b"pel-count");
    reply.count(consumer.pending().len());
    reply.bulk(b"pending");
    reply.array(consumer.pending().len().min(count));
    for id in consumer.pending().keys().take(count) {
        reply.array(3);
        reply_id(*id, reply);
        reply_delivery(&group.pending()[id], reply);
    }
}

fn reply_delivery(pending: &Pending, reply: &mut Reply) {
    reply.integer(pending.delivery_time_ms);
    reply.integer(pending.delivery_count as i64);
}

/// `XINFO GROUPS key`
pub fn xinfo_groups(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let compat = ctx.compat();
    let stream = ctx.read_as::<Stream>(&args[2])?.ok_or(error::NO_SUCH_KEY)?;
    reply.array(stream.groups().len());
    for (name, group) in stream.groups() {
        reply.map(6);
        reply.bulk(b"name");
        reply.bulk(name);
        reply.bulk(b"consumers");
        reply.count(group.consumers().len());
        reply.bulk(b"pending");
        reply.count(group.pending().len());
        reply.bulk(b"last-delivered-id");
        reply_id(group.last_id, reply);
        reply_progress(stream, group, compat, reply);
    }
    Ok(())
}

/// `XINFO CONSUMERS key groupname`
pub fn xinfo_consumers(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (now_ms, tells_activity) = (ctx.now_ms, ctx.compat().tells_activity_of_consumers());
    let (key, name) = (args.at(2), args.at(3));
    let stream = ctx.read_as::<Stream>(key)?.ok_or(error::NO_SUCH_KEY)?;
    let group = stream.group(name).ok_or_else(|| no_group_of_key(name, key))?;
    reply.array(group.consumers().len());
    for (name, consumer) in group.consumers() {
        reply.map(3 + usize::from(tells_activity));
        reply.bulk(b"name");
        reply.bulk(name);
        reply.bulk(b"pending");
        reply.count(consumer.pending().len());
        reply.bulk(b"idle");
        let since = |at_ms: i64| now_ms.saturating_sub(at_ms).max(0);
        reply.integer(since(consumer.seen_time_ms));
        if tells_activity {
            reply.bulk(b"inactive");
            reply.integer(consumer.active_time_ms.map_or(-1, since));
        }
    }
    Ok(())
}
