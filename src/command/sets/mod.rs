//! Sets: members that are in or not.
//!
//! What combines several sets is in [`crate::command::sets::algebra`]. SPOP chooses at random, so the journal
//! gets what it has chosen: one SREM for each member, as Redis writes it, or the removal of the key
//! when nothing is left.

pub mod algebra;

use std::collections::HashSet;

use super::args::count;
use super::context::Context;
use super::error::{self, Result};
use super::sampling::{self, Draws};
use crate::catalogue::Command;
use crate::command::keys::scan::{ScanOptions, parse_cursor, reply_found, reply_nothing};
use crate::config::EventClasses;
use crate::resp::{Args, Reply};
use crate::store::{Bytes, Set};

/// `SADD key member [member ...]`
pub fn sadd(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let max_intset = ctx.engine.config.set_max_intset_entries;
    let set: &mut Set = ctx.write_or_create(&args[1])?;
    let added = args.iter().skip(2).filter(|member| set.add(member, max_intset)).count();
    if added > 0 {
        ctx.modified(EventClasses::SET, "sadd", &args[1]);
    }
    reply.count(added);
    Ok(())
}

/// `SREM key member [member ...]`
pub fn srem(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let mut removed = 0;
    if let Some(set) = ctx.write_as::<Set>(&args[1])? {
        removed = args.iter().skip(2).filter(|member| set.remove(member)).count();
    }
    if removed > 0 {
        ctx.modified(EventClasses::SET, "srem", &args[1]);
        ctx.remove_if_gone::<Set>(&args[1]);
    }
    reply.count(removed);
    Ok(())
}

/// `SMOVE source destination member`
pub fn smove(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (source, destination, member) = (args.at(1), args.at(2), args.at(3));
    let max_intset = ctx.engine.config.set_max_intset_entries;
    let Some(set) = ctx.write_as::<Set>(source)? else {
        reply.integer(0);
        return Ok(());
    };
    let is_member = set.contains(member);
    ctx.write_as::<Set>(destination)?;
    if !is_member || source == destination {
        reply.integer(is_member.into());
        return Ok(());
    }
    if let Some(set) = ctx.write_as::<Set>(source)? {
        set.remove(member);
    }
    ctx.modified(EventClasses::SET, "srem", source);
    ctx.remove_if_gone::<Set>(source);
    let set: &mut Set = ctx.write_or_create(destination)?;
    if set.add(member, max_intset) {
        ctx.modified(EventClasses::SET, "sadd", destination);
    }
    reply.integer(1);
    Ok(())
}

/// `SCARD key`
pub fn scard(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply.count(ctx.read_as::<Set>(&args[1])?.map_or(0, Set::len));
    Ok(())
}

/// `SISMEMBER key member`
pub fn sismember(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let set: Option<&Set> = ctx.read_as(&args[1])?;
    reply.integer(set.is_some_and(|set| set.contains(&args[2])).into());
    Ok(())
}

/// `SMISMEMBER key member [member ...]`
pub fn smismember(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let set: Option<&Set> = ctx.read_as(&args[1])?;
    reply.array(args.len() - 2);
    for member in args.iter().skip(2) {
        reply.integer(set.is_some_and(|set| set.contains(member)).into());
    }
    Ok(())
}

/// `SMEMBERS key`
pub fn smembers(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let set: Option<&Set> = ctx.read_as(&args[1])?;
    reply.set(set.map_or(0, Set::len));
    reply.each(set.into_iter().flatten(), |reply, member| reply.bulk(&member));
    Ok(())
}

/// `SPOP key [count]`
pub fn spop(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    match args.len() {
        2 => pop_one(ctx, &args[1], reply),
        3 => pop_many(ctx, &args[1], count(&args[2])?, reply),
        _ => Err(error::SYNTAX),
    }
}

fn pop_one(ctx: &mut Context<'_>, key: &[u8], reply: &mut Reply) -> Result {
    let mut random = sampling::generator(ctx);
    let set: Option<&mut Set> = ctx.write_as(key)?;
    let Some(popped) = set.and_then(|set| set.pop(&mut || random.next_u64())) else {
        reply.null();
        return Ok(());
    };
    ctx.modified(EventClasses::SET, "spop", key);
    ctx.remove_if_gone::<Set>(key);
    ctx.propagate(&[b"SREM", key, &popped]);
    reply.bulk(&popped);
    Ok(())
}

fn pop_many(ctx: &mut Context<'_>, key: &[u8], count: usize, reply: &mut Reply) -> Result {
    let mut random = sampling::generator(ctx);
    let set = match ctx.write_as::<Set>(key)? {
        Some(set) if count > 0 => set,
        _ => {
            reply.set(0);
            return Ok(());
        }
    };
    if count >= set.len() {
        reply.set(set.len());
        set.iter().for_each(|member| reply.bulk(&member));
        ctx.modified(EventClasses::SET, "spop", key);
        ctx.remove(key);
        ctx.notify(EventClasses::GENERIC, "del", key);
        ctx.propagate(&[b"DEL", key]);
        return Ok(());
    }
    let popped: Vec<Bytes> =
        (0..count).filter_map(|_| set.pop(&mut || random.next_u64())).collect();
    ctx.modified(EventClasses::SET, "spop", key);
    reply.set(count);
    for member in &popped {
        reply.bulk(member);
        ctx.propagate(&[b"SREM", key, member]);
    }
    Ok(())
}

/// `SRANDMEMBER key [count]`
pub fn srandmember(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let mut random = sampling::generator(ctx);
    let draws = match args.len() {
        2 => {
            let set: Option<&Set> = ctx.read_as(&args[1])?;
            reply.bulk_or_null(set.and_then(|set| set.random(&mut || random.next_u64())));
            return Ok(());
        }
        3 => Draws::parse(&args[2])?,
        _ => return Err(error::SYNTAX),
    };
    let Some(set) = ctx.read_as::<Set>(&args[1])? else {
        reply.array(0);
        return Ok(());
    };
    match draws {
        Draws::Any(count) => {
            reply.array(count);
            reply.each(0..count, |reply, _| {
                let drawn = set.random(&mut || random.next_u64());
                drawn.into_iter().for_each(|member| reply.bulk(&member));
            });
        }
        Draws::Different(count) if sampling::is_small_part(count, set.len()) => {
            reply.array(count);
            let mut seen = HashSet::new();
            while seen.len() < count {
                let drawn = set.random(&mut || random.next_u64());
                let new = drawn.filter(|member| seen.insert(member.clone().into_bytes()));
                new.into_iter().for_each(|member| reply.bulk(&member));
            }
        }
        Draws::Different(count) => {
            let count = count.min(set.len());
            reply.array(count);
            let chosen = sampling::choose(set.iter(), count, &mut random);
            reply.each(chosen, |reply, member| reply.bulk(&member));
        }
    }
    Ok(())
}

/// `SSCAN key cursor [MATCH pattern] [COUNT count]`
pub fn sscan(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let compat = ctx.compat();
    let cursor = parse_cursor(&args[2], compat)?;
    let Some(set) = ctx.read_as::<Set>(&args[1])? else {
        reply_nothing(reply);
        return Ok(());
    };
    let options = ScanOptions::parse(args, 3, Command::Sscan, compat)?;
    reply_found(reply, |reply| {
        let mut found = 0;
        let next = set.scan(cursor, options.count, &mut |member| {
            if options.matches(member) {
                found += 1;
                reply.bulk(member);
            }
        });
        (next, found)
    });
    Ok(())
}
