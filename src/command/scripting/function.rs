//! FUNCTION: libraries of functions.

use super::script::kill_running;
use crate::command::args::{Options, is};
use crate::command::context::{Context, wrong_subcommand};
use crate::command::error::{self, Error, Result, until_nul};
use crate::engine::execution::Origin;
use crate::engine::libraries::Same;
use crate::engine::scripting::Library;
use crate::number::glob;
use crate::resp::{Args, Reply};

/// `FUNCTION LOAD [REPLACE] function-code`
pub fn load(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let mut same = Same::Refuse;
    let mut options = Options::new(args, 2);
    while options.left() > 1 {
        if !options.take("REPLACE") {
            let shown = until_nul(options.next().unwrap_or_default());
            return Err(Error::text([b"ERR Unknown option given: ", shown].concat()));
        }
        same = Same::Replace;
    }
    let limit = ctx.engine.config.lua_memory_limit as usize;
    // It has been loaded elsewhere in time, and must be here, too.
    let known_good = matches!(ctx.origin, Origin::Loader | Origin::Master);
    let source = &args[args.len() - 1];
    let name =
        ctx.engine.scripting.load_library(source, same, known_good, limit).map_err(Error::text)?;
    ctx.engine.dirty += 1;
    reply.bulk(&name);
    Ok(())
}

/// `FUNCTION DELETE library-name`
pub fn delete(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let library = ctx.engine.scripting.remove_library(&args[2]);
    let library = library.ok_or(Error::new("ERR Library not found"))?;
    ctx.engine.scripting.forget(&library);
    ctx.engine.dirty += 1;
    reply.ok();
    Ok(())
}

/// `FUNCTION FLUSH [ASYNC|SYNC]`
pub fn flush(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    if args.len() > 3 {
        return Err(wrong_subcommand(args));
    }
    let known = args.get(2).is_none_or(|how| is(how, "SYNC") || is(how, "ASYNC"));
    if !known {
        return Err(Error::new("ERR FUNCTION FLUSH only supports SYNC|ASYNC option"));
    }
    flush_all(ctx);
    ctx.engine.dirty += 1;
    reply.ok();
    Ok(())
}

/// Forgets all libraries.
pub fn flush_all(ctx: &mut Context<'_>) {
    let (_, bytes) = ctx.engine.scripting.interpreter_bytes();
    let count = ctx.engine.scripting.function_count();
    if let Some(interpreter) = ctx.engine.scripting.flush_libraries() {
        ctx.engine.lazy_free.send(interpreter, bytes as u64, count as u64);
    }
}

/// `FUNCTION LIST [LIBRARYNAME library-name-pattern] [WITHCODE]`
pub fn list(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (mut pattern, mut with_code) = (None, false);
    let mut options = Options::new(args, 2);
    while options.left() > 0 {
        if !with_code && options.take("WITHCODE") {
            with_code = true;
        } else if pattern.is_none() && options.take("LIBRARYNAME") {
            let given = options.next();
            pattern = Some(given.ok_or(Error::new("ERR library name argument was not given"))?);
        } else {
            let shown = until_nul(options.next().unwrap_or_default());
            return Err(Error::text([b"ERR Unknown argument ", shown].concat()));
        }
    }
    let is_wanted = |name: &[u8]| pattern.is_none_or(|pattern| glob::matches(pattern, name, true));
    let libraries = ctx.engine.scripting.libraries();
    reply.array(libraries.keys().filter(|name| is_wanted(name)).count());
    for (name, library) in libraries.iter().filter(|(name, _)| is_wanted(name)) {
        write_library(name, library, with_code, reply);
    }
    Ok(())
}

fn write_library(name: &[u8], library: &Library, with_code: bool, reply: &mut Reply) {
    reply.map(3 + usize::from(with_code));
    reply.bulk(b"library_name");
    reply.bulk(name);
    reply.bulk(b"engine");
    reply.bulk(b"LUA");
    reply.bulk(b"functions");
    reply.array(library.functions.len());
    for function in &library.functions {
        reply.map(3);
        reply.bulk(b"name");
        reply.bulk(&function.name);
        reply.bulk(b"description");
        reply.bulk_or_null(function.description.as_deref());
        reply.bulk(b"flags");
        reply.set(function.flags.names().count());
        function.flags.names().for_each(|flag| reply.simple(flag));
    }
    if with_code {
        reply.bulk(b"library_code");
        reply.bulk(&library.source);
    }
}

/// `FUNCTION STATS`
pub fn stats(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    let scripting = &ctx.engine.scripting;
    if scripting.running.as_ref().is_some_and(|running| !running.is_function) {
        return Err(error::busy(false));
    }
    reply.map(2);
    reply.bulk(b"running_script");
    match &scripting.running {
        None => reply.null(),
        Some(running) => {
            reply.map(3);
            reply.bulk(b"name");
            reply.bulk(&running.name);
            reply.bulk(b"command");
            let command = running.request.args();
            reply.array(command.len());
            command.iter().for_each(|arg| reply.bulk(arg));
            reply.bulk(b"duration_ms");
            reply.integer(running.elapsed().as_millis() as i64);
        }
    }
    reply.bulk(b"engines");
    reply.map(1);
    reply.bulk(b"LUA");
    reply.map(2);
    reply.bulk(b"libraries_count");
    reply.count(scripting.libraries().len());
    reply.bulk(b"functions_count");
    reply.count(scripting.function_count());
    Ok(())
}

/// `FUNCTION KILL`
pub fn kill(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    kill_running(ctx, true, reply)
}
