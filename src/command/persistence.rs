//! Commands that save the data, and tell when that was.

use super::context::Context;
use super::error::{Error, Result};
use crate::persistence::disk;
use crate::resp::{Args, Reply};

/// All that Redis says when saving fails; the log has the reason.
const FAILED: Error = Error::new("ERR");

/// SAVE
///
/// Everybody waits until the disk has the file.
pub fn save(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    disk::save_now(ctx.engine).map_err(|_| FAILED)?;
    reply.ok();
    Ok(())
}

/// LASTSAVE
pub fn lastsave(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    reply.integer(ctx.engine.saving.last_save);
    Ok(())
}
