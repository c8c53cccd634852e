//! FUNCTION DUMP and RESTORE: all libraries in one payload, as DUMP makes it of a value.

use super::function::flush_all;
use crate::command::args::is;
use crate::command::context::{Context, unknown_subcommand};
use crate::command::error::{Error, Result};
use crate::engine::libraries::Same;
use crate::rdb::dump::{PayloadError, decode_functions, dump_functions};
use crate::resp::{Args, Reply};

/// `FUNCTION DUMP`
pub fn dump(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    reply.bulk(&dump_functions(&ctx.engine.scripting.sources()));
    Ok(())
}

/// `FUNCTION RESTORE payload [FLUSH | APPEND | REPLACE]`
pub fn restore(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    if args.len() > 4 {
        return Err(unknown_subcommand(args));
    }
    let (mut flushes, mut same) = (false, Same::Refuse);
    match args.get(3) {
        None => {}
        Some(policy) if is(policy, "APPEND") => {}
        Some(policy) if is(policy, "REPLACE") => same = Same::Replace,
        Some(policy) if is(policy, "FLUSH") => flushes = true,
        Some(_) => {
            return Err(Error::new(
                "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.",
            ));
        }
    }
    let sources = decode_functions(&args[2]).map_err(|error| match error {
        PayloadError::Trailer => Error::new("ERR DUMP payload version or checksum are wrong"),
        PayloadError::Value(_) => Error::new("ERR given type is not a function"),
    })?;
    let before = ctx.engine.scripting.sources();
    if flushes {
        flush_all(ctx);
    }
    let limit = ctx.engine.config.lua_memory_limit as usize;
    for source in &sources {
        if let Err(text) = ctx.engine.scripting.load_library(source, same, false, limit) {
            // All or nothing: what was there comes back.
            flush_all(ctx);
            for source in &before {
                let _ = ctx.engine.scripting.load_library(source, Same::Replace, true, limit);
            }
            return Err(Error::text(text));
        }
    }
    ctx.engine.dirty += 1;
    reply.ok();
    Ok(())
}
