//! Commands that save the data, and tell when that was.

use super::args::is;
use super::context::Context;
use super::error::{self, Error, Result};
use crate::engine::background::Kind;
use crate::engine::execution::Origin;
use crate::persistence::background;
use crate::persistence::disk;
use crate::resp::{Args, Reply};

const SAVE_IN_PROGRESS: Error = Error::new("ERR Background save already in progress");
const REWRITE_IN_PROGRESS: Error =
    Error::new("ERR Background append only file rewriting already in progress");
const OTHER_IN_PROGRESS: Error = Error::new(
    "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in \
     order to schedule a BGSAVE whenever possible.",
);
const CANT_REWRITE: Error = Error::new(
    "ERR Can't execute an AOF background rewriting. Please check the server logs for more \
     information.",
);

/// All that Redis says when saving fails; the log has the reason.
const FAILED: Error = Error::new("ERR");

/// `SAVE`
///
/// Everybody waits until the disk has the file.
pub fn save(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    if ctx.engine.background.is_running(Kind::Save) {
        return Err(SAVE_IN_PROGRESS);
    }
    disk::save_now(ctx.engine).map_err(|_| FAILED)?;
    reply.ok();
    Ok(())
}

/// `BGSAVE [SCHEDULE]`
///
/// The file will hold the data of this moment, whatever is written before it is complete.
pub fn bgsave(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let schedule = match args.len() {
        1 => false,
        2 if is(&args[1], "SCHEDULE") => true,
        _ => return Err(error::SYNTAX),
    };
    if ctx.engine.background.is_running(Kind::Save) {
        return Err(SAVE_IN_PROGRESS);
    }
    let in_transaction = ctx.origin == Origin::Exec;
    if ctx.engine.background.running.is_some() || in_transaction {
        if !schedule && !in_transaction {
            return Err(OTHER_IN_PROGRESS);
        }
        ctx.engine.background.save_scheduled = true;
        reply.simple("Background saving scheduled");
    } else if background::begin_save(ctx.engine) {
        reply.simple("Background saving started");
    } else {
        return Err(FAILED);
    }
    Ok(())
}

/// `BGREWRITEAOF`
pub fn bgrewriteaof(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    if ctx.engine.config.refuses_append_only {
        crate::warning!("No append-only file: a server to throw away writes no files");
        return Err(CANT_REWRITE);
    }
    if ctx.engine.background.is_running(Kind::Rewrite) {
        return Err(REWRITE_IN_PROGRESS);
    }
    if ctx.engine.background.running.is_some() || ctx.origin == Origin::Exec {
        ctx.engine.background.rewrite_scheduled = true;
        ctx.engine.aof.consecutive_failures = 0;
        reply.simple("Background append only file rewriting scheduled");
    } else if background::begin_rewrite(ctx.engine) {
        reply.simple("Background append only file rewriting started");
    } else {
        return Err(CANT_REWRITE);
    }
    Ok(())
}

/// `LASTSAVE`
pub fn lastsave(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    reply.integer(ctx.engine.saving.last_save);
    Ok(())
}
