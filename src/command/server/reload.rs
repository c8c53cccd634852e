//! DEBUG RELOAD: saves the data and loads it again, so that tests see what becomes of it on the way.

use crate::command::args::{Options, is};
use crate::command::context::Context;
use crate::command::error::{Error, Result};
use crate::engine::progress::Progress;
use crate::persistence::disk;
use crate::resp::Args;

const FAILED: Error = Error::new("ERR Error trying to load the RDB dump, check server logs.");

/// `DEBUG RELOAD [NOSAVE] [NOFLUSH] [MERGE]`
///
/// With NOFLUSH, what is loaded comes on top of what there is. A key that is in both is taken from the
/// file with MERGE; without, it is an error, and nothing changes (redis-server 7.0.15 crashes).
pub fn reload(ctx: &mut Context<'_>, args: Args<'_>) -> Result {
    let (mut saves, mut flushes, mut merges) = (true, true, false);
    let mut options = Options::new(args, 2);
    while let Some(option) = options.next() {
        match option {
            _ if is(option, "NOSAVE") => saves = false,
            _ if is(option, "NOFLUSH") => flushes = false,
            _ if is(option, "MERGE") => merges = true,
            _ => {
                return Err(Error::new(
                    "ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.",
                ));
            }
        }
    }
    if saves {
        disk::save_now(ctx.engine).map_err(|_| Error::new("ERR"))?;
    }
    let path = disk::snapshot_path(&ctx.engine.config).ok_or(FAILED)?;
    let reading = disk::Reading::of(ctx.engine);
    let data = reading.read_file(&path, &Progress::default()).map_err(|error| {
        crate::warning!("DEBUG RELOAD: {}: {error}", path.display());
        FAILED
    })?;
    if flushes {
        return disk::install(ctx.engine, data).map_err(|_| FAILED);
    }
    disk::install_on_top(ctx.engine, data, merges).map_err(|reason| {
        crate::warning!("DEBUG RELOAD: {reason}");
        FAILED
    })
}
