//! Transactions: MULTI queues, EXEC runs the queue as a whole, WATCH makes it conditional.
//!
//! Between MULTI and EXEC, `execute` takes each request through all of its gates, but then hands
//! it to [`queue`] instead of calling it. A request that a gate refuses dooms the transaction. EXEC
//! runs the queue by the same `call` that runs everything, under one taking of the lock and with
//! one clock, so nobody sees a part of it, and its effects become one unit of the journal.
//!
//! There is no rollback: a queued command that fails while EXEC runs it replies its error in its
//! place, and the others go on.

pub mod queue;

use super::context::{Context, Propagation};
use super::error::{Error, Result};
use super::execute::call;
use super::permission;
use super::server::explain;
use crate::catalogue::row;
use crate::engine::execution::Origin;
use crate::engine::transaction::Queued;
use crate::engine::watch;
use crate::resp::{Args, Reply};

/// `MULTI`
pub fn multi(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    let client = ctx.client();
    if client.transaction.is_some() {
        return Err(Error::new("ERR MULTI calls can not be nested"));
    }
    client.transaction = Some(Box::default());
    reply.ok();
    Ok(())
}

/// `DISCARD`
pub fn discard(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    if ctx.client().transaction.take().is_none() {
        return Err(Error::new("ERR DISCARD without MULTI"));
    }
    watch::unwatch(ctx.engine, ctx.client);
    reply.ok();
    Ok(())
}

/// `EXEC`
pub fn exec(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    let transaction = ctx.client().transaction.take();
    let transaction = transaction.ok_or(Error::new("ERR EXEC without MULTI"))?;
    let expired = watch::any_expired(ctx.engine, ctx.client, ctx.now_ms);
    let broken = watch::unwatch(ctx.engine, ctx.client);
    if transaction.aborted {
        return Err(Error::new("EXECABORT Transaction discarded because of previous errors."));
    }
    if broken || expired {
        reply.null_array();
        return Ok(());
    }
    reply.array(transaction.len());
    let client = ctx.client();
    let held = std::mem::replace(&mut client.holds_pushes, true);
    client.executes = Some(transaction.size());
    for queued in transaction.queue() {
        run(ctx, queued, reply);
    }
    let client = ctx.client();
    (client.holds_pushes, client.executes) = (held, None);
    Ok(())
}

/// Runs one queued command with the clock of EXEC. The loader and the link to a master, which may
/// send transactions too, keep their origin.
fn run(ctx: &mut Context<'_>, queued: &Queued, reply: &mut Reply) {
    let origin = if ctx.origin == Origin::Client { Origin::Exec } else { ctx.origin };
    let begun = ctx.engine.clock.tick();
    let mut inner = Context {
        db: ctx.engine.clients.get(ctx.client).db,
        engine: ctx.engine,
        client: ctx.client,
        now_ms: ctx.now_ms,
        begun,
        origin,
        command: queued.command,
        propagation: Propagation::AsSent,
    };
    let (row, args) = (row(queued.command), queued.request.args());
    if let Err(error) = permission::check_queued(inner.engine, inner.client, row, args) {
        let stats = &mut inner.engine.stats;
        stats.command(row.command).rejected_calls += 1;
        stats.error(error.code());
        reply.error(error.as_bytes());
        return;
    }
    if inner.engine.journey.is_some() {
        return explain::call_explained(&mut inner, row, args, reply);
    }
    call(&mut inner, row, args, reply);
}

/// `WATCH key [key ...]`
pub fn watch(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    if ctx.client().transaction.is_some() {
        return Err(Error::new("ERR WATCH inside MULTI is not allowed"));
    }
    // Once broken, no further key can make a difference.
    if !ctx.client().watches.broken {
        for key in args.iter().skip(1) {
            watch::watch(ctx.engine, ctx.client, ctx.db, key, ctx.now_ms);
        }
    }
    reply.ok();
    Ok(())
}

/// `UNWATCH`
pub fn unwatch(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    watch::unwatch(ctx.engine, ctx.client);
    reply.ok();
    Ok(())
}
