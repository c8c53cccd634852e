//! CLUSTER MYID, INFO, NODES: what the node knows, shown.

use super::state;
use crate::command::context::Context;
use crate::command::error::Result;
use crate::resp::{Args, Reply};

/// `CLUSTER MYID`
pub fn myid(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    reply.bulk(state(ctx)?.myself().id.as_bytes());
    Ok(())
}

/// `CLUSTER INFO`
pub fn info(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    reply.verbatim("txt", state(ctx)?.describe_info().as_bytes());
    Ok(())
}

/// `CLUSTER NODES`
pub fn nodes(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    reply.verbatim("txt", state(ctx)?.describe_nodes(true).as_bytes());
    Ok(())
}
