//! Runs a script: from a request to the interpreter, and back to a reply.

use std::sync::Arc;

use super::host::{Call, ScriptHost};
use crate::command::context::Context;
use crate::command::error::{Error, Result};
use crate::command::gates::{self, Denial};
use crate::engine::ClientKey;
use crate::engine::execution::Origin;
use crate::engine::scripting::{Running, client};
use crate::resp::{Args, Protocol, Reply, Request};
use crate::scripting::{Outcome, ScriptFlags};
use crate::system::clock::machine_now;

/// Runs a script and writes its reply.
pub fn run<'a>(
    ctx: &mut Context<'_>,
    request: Args<'a>,
    call: Call<'a>,
    reply: &mut Reply,
) -> Result {
    check(ctx, &call)?;
    ctx.propagate_nothing(); // its effects are those of the commands it calls
    let scripting = &mut ctx.engine.scripting;
    let interpreter = match call.is_function {
        true => scripting.functions_interpreter.take(),
        false => scripting.scripts_interpreter.take(),
    };
    let Some(mut interpreter) = interpreter else {
        return Err(Error::new("ERR a script can't call another one"));
    };
    let client = begin(ctx, &call, interpreter.memory_before());
    let mut host = ScriptHost { ctx, client, call: &call, request };
    let start = reply.len();
    let outcome = interpreter.run(&mut host, call.id, call.keys, call.args, reply);
    ctx.engine.journal.targets = crate::journal::EVERYBODY;
    crate::engine::busy::end(ctx.engine);
    if ctx.engine.shutdown.is_some() {
        ctx.engine.journal.discard(); // it was cut off in the middle
        ctx.client().disconnect();
    }
    let scripting = &mut ctx.engine.scripting;
    scripting.running = None;
    match call.is_function {
        true => scripting.functions_interpreter = Some(interpreter),
        false => scripting.scripts_interpreter = Some(interpreter),
    }
    let ended = conclude(ctx, &call, outcome, start, reply);
    if ctx.origin == Origin::Master {
        // Nobody reads this reply, but an error would say that the data differs. As it has ended here, it has
        // there.
        reply.truncate(start);
        reply.null();
        return Ok(());
    }
    ended
}

/// Replies how a script has ended, and counts its errors.
fn conclude(
    ctx: &mut Context<'_>,
    call: &Call<'_>,
    outcome: Outcome,
    start: usize,
    reply: &mut Reply,
) -> Result {
    match outcome {
        Outcome::Replied(errors) => {
            let stats = &mut ctx.engine.stats;
            stats.command(ctx.command).failed_calls += u64::from(errors.any);
            for text in errors.uncounted {
                stats.error(Error::text(text).code());
            }
            Ok(())
        }
        Outcome::Failed { mut text, place, counted } => {
            reply.truncate(start);
            if let Some((source, line)) = place {
                text.extend_from_slice(b" script: ");
                text.extend_from_slice(call.name);
                text.extend_from_slice(b", on ");
                text.extend_from_slice(&source);
                text.extend_from_slice(format!(":{line}.").as_bytes());
            }
            if !counted {
                return Err(Error::text(text));
            }
            ctx.engine.stats.command(ctx.command).failed_calls += 1;
            reply.error(&text);
            Ok(())
        }
    }
}

/// Refuses what may not run here and now. Most was refused by the gates, which know the script's flags.
fn check(ctx: &mut Context<'_>, call: &Call<'_>) -> Result {
    let obeys = matches!(ctx.origin, Origin::Loader | Origin::Master);
    let flags = call.flags;
    let engine = &mut *ctx.engine;
    if flags.has(ScriptFlags::COMPATIBLE) {
        let is_denied = gates::denial(engine) == Some(Denial::Stale) && !obeys;
        return if is_denied { Err(gates::MASTER_DOWN) } else { Ok(()) };
    }
    if engine.cluster.is_some() && flags.has(ScriptFlags::NO_CLUSTER) && !obeys {
        return Err(Error::new("ERR Can not run script on cluster, 'no-cluster' flag is set."));
    }
    if !flags.has(ScriptFlags::NO_WRITES) && call.read_only {
        return Err(Error::new("ERR Can not execute a script with write flag using *_ro command."));
    }
    Ok(())
}

/// Notes what is running, and prepares the client as which it calls commands.
fn begin(ctx: &mut Context<'_>, call: &Call<'_>, interpreter_bytes: usize) -> ClientKey {
    let key = client(ctx.engine);
    let caller = ctx.engine.clients.get(ctx.client);
    let unrestricted = caller.unrestricted;
    if !Arc::ptr_eq(&caller.user, &ctx.engine.clients.get(key).user) {
        let user = Arc::clone(&caller.user);
        ctx.engine.clients.get_mut(key).user = user;
    }
    let db = ctx.db;
    let state = ctx.engine.clients.get_mut(key);
    (state.unrestricted, state.db, state.protocol) = (unrestricted, db, Protocol::Resp2);
    ctx.engine.scripting.running = Some(Running {
        name: Vec::new(),
        request: Request::default(),
        started: ctx.begun,
        began: machine_now(),
        is_function: call.is_function,
        has_written: false,
        kill: false,
        is_slow: false,
        is_protected: matches!(ctx.origin, Origin::Loader | Origin::Master),
        interpreter_bytes,
    });
    key
}
