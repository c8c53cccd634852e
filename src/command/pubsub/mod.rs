//! The commands of publish/subscribe. What they act on is in [`crate::engine::pubsub`].
//!
//! A confirmation is a push, one for each name, so `SUBSCRIBE a b` is answered twice. In RESP2,
//! where pushes can't be told from replies, a client that has subscriptions may only change them,
//! PING, and end (see `check` in [`super::execute`](mod@super::execute)).

use super::context::{Context, wrong_subcommand};
use super::error::{Error, Result};
use crate::catalogue::Command;
use crate::engine::cluster;
use crate::engine::execution::Origin;
use crate::engine::pubsub::{self, Space};
use crate::number::glob;
use crate::resp::{Args, Reply, Request};
use crate::store::Bytes;

/// `SUBSCRIBE channel [channel ...]`
pub fn subscribe(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    add(ctx, args, reply, Space::Channel, "subscribe")
}

/// `PSUBSCRIBE pattern [pattern ...]`
pub fn psubscribe(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    add(ctx, args, reply, Space::Pattern, "psubscribe")
}

/// `SSUBSCRIBE shardchannel [shardchannel ...]`
///
/// Unlike its relatives it may not be part of a transaction.
pub fn ssubscribe(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    if ctx.origin == Origin::Exec {
        return Err(Error::new("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client"));
    }
    add(ctx, args, reply, Space::Shard, "ssubscribe")
}

fn add(
    ctx: &mut Context<'_>,
    args: Args<'_>,
    reply: &mut Reply,
    space: Space,
    kind: &str,
) -> Result {
    for name in args.iter().skip(1) {
        pubsub::subscribe(ctx.engine, ctx.client, space, name);
        confirm(ctx, reply, kind, Some(name), space);
    }
    Ok(())
}

fn confirm(
    ctx: &mut Context<'_>,
    reply: &mut Reply,
    kind: &str,
    name: Option<&[u8]>,
    space: Space,
) {
    reply.push(3);
    reply.bulk(kind.as_bytes());
    reply.bulk_or_null(name);
    reply.count(ctx.client().subscriptions.count(space));
}

/// `UNSUBSCRIBE [channel [channel ...]]`
pub fn unsubscribe(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    remove(ctx, args, reply, Space::Channel, "unsubscribe")
}

/// `PUNSUBSCRIBE [pattern [pattern ...]]`
pub fn punsubscribe(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    remove(ctx, args, reply, Space::Pattern, "punsubscribe")
}

/// `SUNSUBSCRIBE [shardchannel [shardchannel ...]]`
pub fn sunsubscribe(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    remove(ctx, args, reply, Space::Shard, "sunsubscribe")
}

fn remove(
    ctx: &mut Context<'_>,
    args: Args<'_>,
    reply: &mut Reply,
    space: Space,
    kind: &str,
) -> Result {
    let names = match args.len() {
        1 => ctx.client().subscriptions.names(space),
        _ => args.iter().skip(1).map(Bytes::new).collect(),
    };
    if names.is_empty() {
        confirm(ctx, reply, kind, None, space);
    }
    for name in names {
        pubsub::unsubscribe(ctx.engine, ctx.client, space, &name);
        confirm(ctx, reply, kind, Some(&name), space);
    }
    Ok(())
}

/// Whether a command changes subscriptions. Its confirmations are sent whatever CLIENT REPLY says.
pub fn is_subscription(command: Command) -> bool {
    use Command::{Psubscribe, Punsubscribe, Ssubscribe, Subscribe, Sunsubscribe, Unsubscribe};
    matches!(
        command,
        Subscribe | Unsubscribe | Psubscribe | Punsubscribe | Ssubscribe | Sunsubscribe
    )
}

/// `PUBLISH channel message`
pub fn publish(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply.count(pubsub::publish(ctx.engine, args.at(1), args.at(2)));
    pass_on(ctx, args, false);
    Ok(())
}

/// `SPUBLISH shardchannel message`
pub fn spublish(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply.count(pubsub::publish_to_shard(ctx.engine, args.at(1), args.at(2)));
    pass_on(ctx, args, true);
    Ok(())
}

/// Replicas have listeners of their own, and so have the other nodes of a cluster, which are told over its
/// bus.
fn pass_on(ctx: &mut Context<'_>, args: Args<'_>, shard: bool) {
    let told = cluster::tell(ctx.engine, |nodes| nodes.publish(args.at(1), args.at(2), shard));
    if told.is_some() {
        return;
    }
    let request = ctx.under_own_name(args);
    ctx.engine.journal.replicate_only(ctx.db, request.as_ref().map_or(args, Request::args));
}

/// `PUBSUB CHANNELS [pattern]`
pub fn pubsub_channels(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    list(ctx, args, reply, Space::Channel)
}

/// `PUBSUB SHARDCHANNELS [pattern]`
pub fn pubsub_shardchannels(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    list(ctx, args, reply, Space::Shard)
}

fn list(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply, space: Space) -> Result {
    if args.len() > 3 {
        return Err(wrong_subcommand(args));
    }
    let shown = |name: &&Bytes| args.get(2).is_none_or(|p| glob::matches(p, name, false));
    reply.array_of(|reply| {
        let names = ctx.engine.pubsub.names(space).filter(shown);
        names.map(|name| reply.bulk(name)).count()
    });
    Ok(())
}

/// `PUBSUB NUMSUB [channel [channel ...]]`
pub fn pubsub_numsub(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    count(ctx, args, reply, Space::Channel)
}

/// `PUBSUB SHARDNUMSUB [shardchannel [shardchannel ...]]`
pub fn pubsub_shardnumsub(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    count(ctx, args, reply, Space::Shard)
}

fn count(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply, space: Space) -> Result {
    reply.array((args.len() - 2) * 2);
    for name in args.iter().skip(2) {
        reply.bulk(name);
        reply.count(ctx.engine.pubsub.subscribers(space, name));
    }
    Ok(())
}

/// `PUBSUB NUMPAT`
pub fn pubsub_numpat(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    reply.count(ctx.engine.pubsub.len(Space::Pattern));
    Ok(())
}
