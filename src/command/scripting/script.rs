//! SCRIPT: the cache of scripts.

use super::eval::add;
use crate::command::args::is;
use crate::command::context::Context;
use crate::command::error::{self, Error, Result};
use crate::resp::{Args, Reply};
use crate::scripting::sha1_hex;

/// `SCRIPT LOAD script`
pub fn load(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let sha1 = sha1_hex(&args[2]);
    if ctx.engine.scripting.script(&sha1).is_none() {
        add(ctx.engine, sha1, &args[2])?;
    }
    reply.bulk(&sha1);
    Ok(())
}

/// `SCRIPT EXISTS sha1 [sha1 ...]`
pub fn exists(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply.array(args.len() - 2);
    for sha1 in args.iter().skip(2) {
        reply.integer(ctx.engine.scripting.script(sha1).is_some().into());
    }
    Ok(())
}

/// `SCRIPT FLUSH [ASYNC|SYNC]`
pub fn flush(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let known = args.get(2).is_none_or(|how| is(how, "SYNC") || is(how, "ASYNC"));
    if args.len() > 3 || !known {
        return Err(Error::new("ERR SCRIPT FLUSH only support SYNC|ASYNC option"));
    }
    let (bytes, _) = ctx.engine.scripting.interpreter_bytes();
    let count = ctx.engine.scripting.script_count();
    if let Some(interpreter) = ctx.engine.scripting.flush_scripts() {
        ctx.engine.lazy_free.send(interpreter, bytes as u64, count as u64);
    }
    reply.ok();
    Ok(())
}

/// `SCRIPT KILL`
pub fn kill(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    kill_running(ctx, false, reply)
}

/// Ends what is running, if it may be ended: SCRIPT KILL a script, FUNCTION KILL a function.
pub fn kill_running(ctx: &mut Context<'_>, function: bool, reply: &mut Reply) -> Result {
    let Some(running) = &mut ctx.engine.scripting.running else {
        return Err(Error::new("NOTBUSY No scripts in execution right now."));
    };
    if running.is_protected {
        return Err(Error::new(
            "UNKILLABLE The busy script was sent by a master instance in the context of replication \
             and cannot be killed.",
        ));
    }
    if running.has_written {
        return Err(Error::new(
            "UNKILLABLE Sorry the script already executed write commands against the dataset. You \
             can either wait the script termination or kill the server in a hard way using the \
             SHUTDOWN NOSAVE command.",
        ));
    }
    if running.is_function != function {
        return Err(error::busy(running.is_function));
    }
    running.kill = true;
    reply.ok();
    Ok(())
}

/// `SCRIPT DEBUG <YES|SYNC|NO>`
pub fn debug(_ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    if is(&args[2], "NO") {
        reply.ok();
        return Ok(());
    }
    if is(&args[2], "YES") || is(&args[2], "SYNC") {
        return Err(Error::new("ERR this server has no debugger for scripts"));
    }
    Err(Error::new("ERR Use SCRIPT DEBUG YES/SYNC/NO"))
}
