//! CLUSTER MYID, INFO, NODES, REPLICAS: what the node knows, shown.

use super::state;
use crate::command::context::Context;
use crate::command::error::{Error, Result};
use crate::engine::routing::is_plain;
use crate::resp::{Args, Reply};

/// `CLUSTER MYID`
pub fn myid(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    reply.bulk(state(ctx)?.myself().id.as_bytes());
    Ok(())
}

/// `CLUSTER MYSHARDID`
///
/// The nodes that have the same slots are a shard. It is known by the id of its master.
pub fn myshardid(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    let cluster = state(ctx)?;
    reply.bulk(cluster.node(cluster.my_shard()).id.as_bytes());
    Ok(())
}

/// `CLUSTER INFO`
pub fn info(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    reply.verbatim("txt", state(ctx)?.describe_info().as_bytes());
    Ok(())
}

/// `CLUSTER NODES`
pub fn nodes(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    let plain = is_plain(ctx.engine, ctx.client);
    reply.verbatim("txt", state(ctx)?.describe_nodes(true, plain).as_bytes());
    Ok(())
}

/// `CLUSTER REPLICAS node-id`
pub fn replicas(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (cluster, plain) = (state(ctx)?, is_plain(ctx.engine, ctx.client));
    let key = cluster.known(args.at(2)).map_err(|text| Error::text(format!("ERR {text}")))?;
    if cluster.node(key).is_replica() {
        return Err(Error::new("ERR The specified node is not a master"));
    }
    let replicas: Vec<_> = cluster.replicas(key).collect();
    reply.array(replicas.len());
    for (key, replica) in replicas {
        reply.bulk(cluster.describe_node(key, replica, plain).as_bytes());
    }
    Ok(())
}

/// `CLUSTER SLAVES node-id`
pub fn slaves(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    replicas(ctx, args, reply)
}
