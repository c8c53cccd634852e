//! FUNCTION DUMP and RESTORE: all libraries in one payload, as DUMP makes it of a value.

use super::function::flush_all;
use crate::command::args::is;
use crate::command::context::{Context, wrong_subcommand};
use crate::command::error::{Error, Result};
use crate::engine::libraries::Same;
use crate::rdb::dump::{PayloadError, decode_functions, dump_functions};
use crate::resp::{Args, Reply};
use crate::scripting::flags::library_name;

/// `FUNCTION DUMP`
pub fn dump(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    reply.bulk(&dump_functions(&ctx.engine.scripting.sources()));
    Ok(())
}

/// `FUNCTION RESTORE serialized-value [FLUSH|APPEND|REPLACE]`
pub fn restore(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    if args.len() > 4 {
        return Err(wrong_subcommand(args));
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
    for source in &sources {
        if let Err(error) = load(ctx, source, same) {
            // All or nothing: what was there comes back.
            flush_all(ctx);
            let limit = ctx.engine.config.lua_memory_limit as usize;
            for source in &before {
                let _ = ctx.engine.scripting.load_library(source, Same::Replace, true, limit);
            }
            return Err(error);
        }
    }
    ctx.engine.dirty += 1;
    reply.ok();
    Ok(())
}

fn load(ctx: &mut Context<'_>, source: &[u8], same: Same) -> Result {
    let scripting = &mut ctx.engine.scripting;
    let (name, _) = library_name(source).map_err(Error::text)?;
    if same == Same::Refuse && scripting.libraries().contains_key(&name) {
        return Err(Error::text([b"ERR Library ", &name[..], b" already exists"].concat()));
    }
    let limit = ctx.engine.config.lua_memory_limit as usize;
    scripting.load_library(source, same, false, limit).map_err(Error::text)?;
    Ok(())
}
