//! Keys, whatever they hold: are they there, what is their type, delete, list, rename, copy, move.
//!
//! Deleting never waits for memory to be freed: large values go to the thread that does that and
//! nothing else. So DEL and UNLINK are one function here.

pub mod dump;
pub mod encoding;
pub mod expiry;
pub mod migrate;
pub mod object;
pub mod scan;
pub mod sort;

use super::args::{Options, is};
use super::context::Context;
use super::error::{self, Error, Result};
use crate::config::EventClasses;
use crate::number::glob;
use crate::resp::{Args, Reply};
use crate::store::Bytes;

/// `DEL key [key ...]`
///
/// `UNLINK key [key ...]`
pub fn del(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let mut removed = 0;
    for key in args.iter().skip(1) {
        if ctx.remove(key) {
            ctx.modified(EventClasses::GENERIC, "del", key);
            removed += 1;
        }
    }
    reply.integer(removed);
    Ok(())
}

/// `EXISTS key [key ...]`
pub fn exists(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply.count(args.iter().skip(1).filter(|key| ctx.look(key).is_some()).count());
    Ok(())
}

/// `TOUCH key [key ...]`
pub fn touch(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply.count(args.iter().skip(1).filter(|key| ctx.read(key).is_some()).count());
    Ok(())
}

/// `TYPE key`
pub fn type_of(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply.simple(ctx.look(&args[1]).map_or("none", |value| value.type_name()));
    Ok(())
}

/// `KEYS pattern`
///
/// Expired keys are not listed, nor deleted: this command only looks.
pub fn keys(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let pattern = args.at(1);
    let (all, now) = (pattern == b"*", ctx.now_ms);
    let keyspace = ctx.keyspace();
    reply.array_of(|reply| {
        let mut count = 0;
        for (entry, deadline) in keyspace.iter_with_deadlines() {
            if deadline.is_none_or(|at| at >= now)
                && (all || glob::matches(pattern, &entry.key, false))
            {
                reply.bulk(&entry.key);
                count += 1;
                if reply.is_over_limit() {
                    break;
                }
            }
        }
        count
    });
    Ok(())
}

/// `RANDOMKEY`
pub fn randomkey(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    ctx.effects_are_apart();
    reply.bulk_or_null(random_key(ctx));
    Ok(())
}

/// How many expired keys a replica, which may not delete them, draws before it shows one.
const EXPIRED_DRAWS: usize = 100;

/// Draws until a key comes that has not expired; those that have are deleted on the way.
fn random_key(ctx: &mut Context<'_>) -> Option<Bytes> {
    let mut draws = 0;
    loop {
        let random = ctx.random();
        let key = ctx.keyspace().random(random)?.key.clone();
        draws += 1;
        let is_there = ctx.exists(&key);
        if is_there || draws > EXPIRED_DRAWS && ctx.keyspace().find(&key).is_ok() {
            return Some(key);
        }
    }
}

/// `RENAME key newkey`
pub fn rename(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    move_to_name(ctx, args, false)?;
    reply.ok();
    Ok(())
}

/// `RENAMENX key newkey`
pub fn renamenx(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let renamed = move_to_name(ctx, args, true)?;
    reply.integer(renamed.into());
    Ok(())
}

/// Gives a key another name. False: the name is taken, and `only_new` was asked for.
fn move_to_name(ctx: &mut Context<'_>, args: Args<'_>, only_new: bool) -> Result<bool> {
    let (from, to) = (&args[1], &args[2]);
    if ctx.write(from).is_none() {
        return Err(error::NO_SUCH_KEY);
    }
    if from == to {
        return Ok(!only_new);
    }
    let was = ctx.type_of(to);
    if was.is_some() {
        if only_new {
            return Ok(false);
        }
        ctx.remove(to);
    }
    let Some((entry, deadline)) = ctx.take(from) else { return Err(error::NO_SUCH_KEY) };
    if let Err(vacant) = ctx.find(to) {
        ctx.put(vacant, to, entry, deadline);
    }
    ctx.modified_quietly(from);
    ctx.engine.key_modified(ctx.db, to);
    ctx.notify(EventClasses::GENERIC, "rename_from", from);
    ctx.notify(EventClasses::GENERIC, "rename_to", to);
    ctx.overwritten(to, was);
    Ok(true)
}

/// Source and destination are one and the same.
const SAME_OBJECT: Error = Error::new("ERR source and destination objects are the same");

/// `MOVE key db`
pub fn move_key(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    if ctx.is_in_cluster() {
        return Err(Error::new("ERR MOVE is not allowed in cluster mode"));
    }
    let key = &args[1];
    let to = ctx.database_index(&args[2])?;
    if to == ctx.db {
        return Err(SAME_OBJECT);
    }
    if ctx.write(key).is_none() {
        reply.integer(0);
        return Ok(());
    }
    let Err(vacant) = ctx.in_database(to, |ctx| ctx.find(key)) else {
        reply.integer(0);
        return Ok(());
    };
    if let Some((entry, deadline)) = ctx.take(key) {
        ctx.in_database(to, |ctx| ctx.put(vacant, key, entry, deadline));
        ctx.modified_quietly(key);
        ctx.engine.key_modified(to, key);
        ctx.notify(EventClasses::GENERIC, "move_from", key);
        ctx.in_database(to, |ctx| ctx.notify(EventClasses::GENERIC, "move_to", key));
    }
    reply.integer(1);
    Ok(())
}

/// `COPY source destination [DB destination-db] [REPLACE]`
///
/// A collection's copy shares its contents with the original until one of the two changes.
pub fn copy(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (from, to) = (&args[1], &args[2]);
    let (mut db, mut replace) = (ctx.db, false);
    let mut options = Options::new(args, 3);
    while let Some(option) = options.next() {
        match option {
            _ if is(option, "REPLACE") => replace = true,
            _ if is(option, "DB") && options.left() > 0 => {
                db = ctx.database_index(options.value()?)?;
            }
            _ => return Err(error::SYNTAX),
        }
    }
    if ctx.is_in_cluster() && db != 0 {
        if ctx.compat().counts_databases_of_cluster() {
            return Err(error::DB_OUT_OF_RANGE);
        }
        let text = "ERR Copying to another database is not allowed in cluster mode";
        return Err(Error::new(text));
    }
    if db == ctx.db && from == to {
        return Err(SAME_OBJECT);
    }
    let Some(value) = ctx.read(from).cloned() else {
        reply.integer(0);
        return Ok(());
    };
    let slot = ctx.keyspace().find(from).ok();
    let deadline = slot.and_then(|slot| ctx.keyspace().deadline(slot));
    let copied = ctx.in_database(db, |ctx| {
        let was = ctx.type_of(to);
        if was.is_some() && !replace {
            return false;
        }
        ctx.remove(to);
        if let Err(vacant) = ctx.find(to) {
            let slot = ctx.add(vacant, to, value);
            if let Some(at) = deadline {
                ctx.set_deadline(slot, at);
            }
        }
        ctx.modified(EventClasses::GENERIC, "copy_to", to);
        ctx.overwritten(to, was);
        true
    });
    reply.integer(copied.into());
    Ok(())
}
