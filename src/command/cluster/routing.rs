//! ASKING, READONLY, READWRITE: what a client of a cluster says of what it sends.

use super::state;
use crate::command::context::Context;
use crate::command::error::Result;
use crate::engine::execution::Origin;
use crate::engine::routing::Asking;
use crate::resp::{Args, Reply};

/// `ASKING`
pub fn asking(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    state(ctx)?;
    if ctx.origin == Origin::Client {
        ctx.client().routing.asking = Asking::Next;
    }
    reply.ok();
    Ok(())
}

/// `READONLY`
pub fn readonly(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    state(ctx)?;
    ctx.client().routing.reads_replicas = true;
    reply.ok();
    Ok(())
}

/// `READWRITE`
pub fn readwrite(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    state(ctx)?;
    ctx.client().routing.reads_replicas = false;
    reply.ok();
    Ok(())
}
