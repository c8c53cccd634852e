//! The server as a whole: how many keys, empty it, swap databases, what time is it, stop.

use crate::command::args::{Options, integer, is};
use crate::command::context::Context;
use crate::command::error::{self, Error, Result};
use crate::config::VERSION;
use crate::engine::execution::Origin;
use crate::engine::shutdown::ShutdownRequest;
use crate::engine::tracking;
use crate::number::parse_i64;
use crate::persistence::disk;
use crate::persistence::shutdown::{self, Outcome};
use crate::resp::{Args, Reply};

/// `DBSIZE`
///
/// Keys whose time is over count until they are removed.
pub fn dbsize(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    reply.count(ctx.keyspace().len());
    Ok(())
}

/// `FLUSHDB [ASYNC|SYNC]`
pub fn flushdb(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    check_flush_option(args)?;
    empty(ctx, ctx.db);
    tracking::flushed(ctx.engine);
    ctx.propagate_as_sent(args); // even if there was nothing: a replica may have something
    reply.ok();
    Ok(())
}

/// `FLUSHALL [ASYNC|SYNC]`
pub fn flushall(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    check_flush_option(args)?;
    for db in 0..ctx.engine.databases.len() {
        empty(ctx, db);
    }
    tracking::flushed(ctx.engine);
    if ctx.origin != Origin::Loader {
        disk::save_nothing(ctx.engine);
    }
    ctx.propagate_as_sent(args);
    reply.ok();
    Ok(())
}

/// Both are accepted and mean the same: memory is always freed by a thread of its own.
fn check_flush_option(args: Args<'_>) -> Result {
    match (args.len(), args.get(1)) {
        (1, _) => Ok(()),
        (2, Some(option)) if is(option, "ASYNC") || is(option, "SYNC") => Ok(()),
        _ => Err(error::SYNTAX),
    }
}

fn empty(ctx: &mut Context<'_>, db: usize) {
    let removed = ctx.engine.empty_database(db);
    ctx.engine.dirty += removed as u64;
}

/// `SWAPDB index1 index2`
pub fn swapdb(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    if ctx.is_in_cluster() {
        return Err(Error::new("ERR SWAPDB is not allowed in cluster mode"));
    }
    let index = |text: &[u8], otherwise: Error| {
        parse_i64(text).and_then(|index| i32::try_from(index).ok()).ok_or(otherwise)
    };
    let one = index(&args[1], Error::new("ERR invalid first DB index"))?;
    let other = index(&args[2], Error::new("ERR invalid second DB index"))?;
    let count = ctx.engine.databases.len();
    let exists = |index: i32| usize::try_from(index).ok().filter(|index| *index < count);
    let (Some(one), Some(other)) = (exists(one), exists(other)) else {
        return Err(error::DB_OUT_OF_RANGE);
    };
    if one != other {
        ctx.engine.swap_databases(one, other);
    }
    ctx.engine.dirty += 1;
    reply.ok();
    Ok(())
}

/// `TIME`
pub fn time(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    let now = match &ctx.engine.scripting.running {
        Some(script) if ctx.origin == Origin::Script && ctx.compat().stops_clock_of_scripts() => {
            ctx.engine.unix_us_at(script.started)
        }
        _ => ctx.engine.unix_us_at(ctx.engine.clock.tick()),
    };
    reply.array(2);
    reply.bulk_integer(now / 1_000_000);
    reply.bulk_integer(now % 1_000_000);
    Ok(())
}

/// `SHUTDOWN [NOSAVE|SAVE] [NOW] [FORCE] [ABORT]`
///
/// There is no reply: that the connection closes is the answer. See [`crate::persistence::shutdown`].
pub fn shutdown(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let mut request = ShutdownRequest::default();
    let mut abort = false;
    let mut options = Options::new(args, 1);
    while let Some(option) = options.next() {
        match option {
            _ if is(option, "NOSAVE") && request.save != Some(true) => request.save = Some(false),
            _ if is(option, "SAVE") && request.save != Some(false) => request.save = Some(true),
            _ if is(option, "NOW") => request.now = true,
            _ if is(option, "FORCE") => request.force = true,
            _ if is(option, "ABORT") => abort = true,
            _ => return Err(error::SYNTAX),
        }
    }
    if abort && request != ShutdownRequest::default() {
        return Err(error::SYNTAX);
    }
    if abort {
        if !shutdown::abort(ctx.engine) {
            return Err(Error::new("ERR No shutdown in progress."));
        }
        reply.ok();
        return Ok(());
    }
    if let Some(running) = &ctx.engine.scripting.running {
        // What it has done so far is half of a unit, and nobody could wait for replicas.
        if request.save != Some(false) {
            return Err(error::busy(running.is_function));
        }
        request.now = true;
    }
    match shutdown::begin(ctx.engine, request) {
        Outcome::Decided => shutdown::part(ctx.engine, ctx.client),
        Outcome::Waiting => shutdown::wait(ctx.engine, ctx.client),
        Outcome::Failed => return Err(Error::new(shutdown::FAILED)),
    }
    Ok(())
}

/// The drawing's size when LOLWUT doesn't say.
const COLUMNS: i64 = 40;
const ROWS: i64 = 8;

/// `LOLWUT [VERSION version]`
///
/// A maze after a program of one line that home computers of the 1980s ran
/// (`10 PRINT CHR$(205.5+RND(1)); : GOTO 10`), and the version under it. Columns and rows may follow.
pub fn lolwut(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let mut numbers = args.from(1);
    if numbers.len() >= 2 && is(numbers.at(0), "VERSION") {
        integer(numbers.at(1))?; // there is only one version to choose from
        numbers = numbers.from(2);
    }
    let size = |index: usize, default: i64, most: i64| -> Result<i64> {
        match numbers.get(index) {
            Some(text) if !is(text, "VERSION") => Ok(integer(text)?.clamp(1, most)),
            _ => Ok(default),
        }
    };
    let (columns, rows) = (size(0, COLUMNS, 200)?, size(1, ROWS, 100)?);
    let mut text = String::new();
    for _ in 0..rows {
        text.extend((0..columns).map(|_| if ctx.random() & 1 == 0 { '╱' } else { '╲' }));
        text.push('\n');
    }
    let redis = ctx.compat().version();
    text.push_str(&format!("\ncacheflow {VERSION}, as Redis ver. {redis}\n"));
    reply.verbatim("txt", text.as_bytes());
    Ok(())
}

/// `MODULE LIST`
///
/// This server has none, and tools that ask are glad to hear it.
pub fn module_list(_ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    reply.array(0);
    Ok(())
}
