//! EVAL, EVALSHA, FCALL and their `_RO` forms: who is to run, with which keys.

use super::host::Call;
use super::run::run;
use crate::command::args::integer;
use crate::command::context::Context;
use crate::command::error::{Error, Result};
use crate::command::server::monitor;
use crate::engine::Engine;
use crate::engine::scripting::Script;
use crate::number;
use crate::resp::{Args, Reply};
use crate::scripting::{Sha1Hex, sha1_hex};

/// `EVAL script numkeys [key [key ...]] [arg [arg ...]]`
pub fn eval(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    by_text(ctx, args, reply, false)
}

/// `EVAL_RO script numkeys [key [key ...]] [arg [arg ...]]`
pub fn eval_ro(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    by_text(ctx, args, reply, true)
}

/// `EVALSHA sha1 numkeys [key [key ...]] [arg [arg ...]]`
pub fn evalsha(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    by_sha1(ctx, args, reply, false)
}

/// `EVALSHA_RO sha1 numkeys [key [key ...]] [arg [arg ...]]`
pub fn evalsha_ro(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    by_sha1(ctx, args, reply, true)
}

fn by_text(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply, read_only: bool) -> Result {
    monitor::show_before(ctx, args);
    let keys = count_keys(args)?;
    let sha1 = sha1_hex(&args[1]);
    let script = match ctx.engine.scripting.script(&sha1) {
        Some(script) => script,
        None => {
            let script = add(ctx.engine, sha1, &args[1])?;
            let evicted = ctx.engine.scripting.add_forgettable(&sha1);
            ctx.engine.stats.evicted_scripts += u64::from(evicted);
            script
        }
    };
    ctx.engine.scripting.note_use(&sha1);
    start(ctx, args, reply, script, &sha1, keys, read_only)
}

/// Compiles a script, and keeps it.
pub fn add(engine: &mut Engine, sha1: Sha1Hex, source: &[u8]) -> Result<Script> {
    let limit = engine.config.lua_memory_limit as usize;
    engine.scripting.add_script(sha1, source, limit).map_err(Error::text)
}

fn by_sha1(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply, read_only: bool) -> Result {
    monitor::show_before(ctx, args);
    if args[1].len() != size_of::<Sha1Hex>() {
        return Err(NO_SCRIPT);
    }
    let keys = count_keys(args)?;
    let script = ctx.engine.scripting.script(&args[1]).ok_or(NO_SCRIPT)?;
    let mut sha1 = Sha1Hex::try_from(&args[1]).map_err(|_| NO_SCRIPT)?;
    sha1.make_ascii_lowercase();
    ctx.engine.scripting.note_use(&sha1);
    start(ctx, args, reply, script, &sha1, keys, read_only)
}

const NO_SCRIPT: Error = Error::new("NOSCRIPT No matching script. Please use EVAL.");

fn start<'a>(
    ctx: &mut Context<'_>,
    args: Args<'a>,
    reply: &mut Reply,
    script: Script,
    name: &'a [u8],
    keys: usize,
    read_only: bool,
) -> Result {
    let call = Call {
        id: script.id,
        flags: script.flags,
        name,
        keys: args.from(3).first(keys),
        args: args.from(3 + keys),
        read_only,
        is_function: false,
    };
    run(ctx, args, call, reply)
}

fn count_keys(args: Args<'_>) -> Result<usize> {
    check_key_count(args, integer(&args[2])?)
}

fn check_key_count(args: Args<'_>, keys: i64) -> Result<usize> {
    if keys > args.len() as i64 - 3 {
        return Err(Error::new("ERR Number of keys can't be greater than number of args"));
    }
    usize::try_from(keys).map_err(|_| Error::new("ERR Number of keys can't be negative"))
}

/// `FCALL function numkeys [key [key ...]] [arg [arg ...]]`
pub fn fcall(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    by_name(ctx, args, reply, false)
}

/// `FCALL_RO function numkeys [key [key ...]] [arg [arg ...]]`
pub fn fcall_ro(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    by_name(ctx, args, reply, true)
}

fn by_name(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply, read_only: bool) -> Result {
    monitor::show_before(ctx, args);
    let function = ctx.engine.scripting.function(&args[1]);
    let function = function.ok_or(Error::new("ERR Function not found"))?;
    let (id, flags, name) = (function.id, function.flags, function.name.clone());
    let keys = number::parse_i64(&args[2]).ok_or(Error::new("ERR Bad number of keys provided"))?;
    let keys = check_key_count(args, keys)?;
    let (keys, rest) = (args.from(3).first(keys), args.from(3 + keys));
    let call = Call { id, flags, name: &name, keys, args: rest, read_only, is_function: true };
    run(ctx, args, call, reply)
}
