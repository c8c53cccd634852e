//! CLUSTER MEET, FORGET, REPLICATE, FAILOVER, RESET and others: who is a node, and of what kind.

use super::{change, not_kept, state};
use crate::cluster::manual::Manner;
use crate::command::args::{integer, is};
use crate::command::context::Context;
use crate::command::error::{self, Error, Result};
use crate::engine::cluster::{self, BUS_PORT_OFFSET};
use crate::engine::tracking;
use crate::number;
use crate::persistence::disk;
use crate::resp::{Args, Reply};

fn wrong_number_of_arguments(args: Args<'_>) -> Error {
    let name = String::from_utf8_lossy(args.at(1));
    Error::text(format!(
        "ERR unknown subcommand or wrong number of arguments for '{name}'. Try CLUSTER HELP."
    ))
}

/// `CLUSTER MEET ip port [cluster-bus-port]`
pub fn meet(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    state(ctx)?;
    if args.len() > 5 {
        return Err(wrong_number_of_arguments(args));
    }
    let ip = String::from_utf8_lossy(args.at(2));
    let kind = ctx.compat().kind_of_port();
    let port = |index: usize, what: &str| {
        number::parse_i64(args.at(index)).ok_or_else(|| {
            let shown = String::from_utf8_lossy(args.at(index));
            Error::text(format!("ERR Invalid {kind}{what} port specified: {shown}"))
        })
    };
    let client_port = port(3, "base")?;
    let bus_port = match args.len() {
        5 => port(4, "bus")?,
        _ => client_port.saturating_add(BUS_PORT_OFFSET.into()),
    };
    change(ctx, |cluster| cluster.meet(&ip, client_port, bus_port))?;
    reply.ok();
    Ok(())
}

/// `CLUSTER FORGET node-id`
pub fn forget(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let twice = ctx.compat().forgets_twice();
    change(ctx, |cluster| match twice && cluster.has_forgotten(args.at(2)) {
        true => Ok(()),
        false => cluster.forget_by_command(args.at(2)),
    })?;
    reply.ok();
    Ok(())
}

/// `CLUSTER REPLICATE node-id`
pub fn replicate(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let has_keys = !ctx.engine.databases[0].is_empty();
    change(ctx, |cluster| cluster.replicate(args.at(2), has_keys))?;
    reply.ok();
    Ok(())
}

/// `CLUSTER FAILOVER [FORCE|TAKEOVER]`
pub fn failover(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    state(ctx)?;
    let manner = match (args.len(), args.get(2)) {
        (2, _) => Manner::Agreed,
        (3, Some(word)) if is(word, "FORCE") => Manner::Force,
        (3, Some(word)) if is(word, "TAKEOVER") => Manner::Takeover,
        (3, _) => return Err(error::SYNTAX),
        _ => return Err(wrong_number_of_arguments(args)),
    };
    change(ctx, |cluster| cluster.fail_over(manner))?;
    reply.ok();
    Ok(())
}

/// `CLUSTER RESET [HARD|SOFT]`
///
/// A replica's keys go with its master; a master has to be without keys.
pub fn reset(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let is_replica = state(ctx)?.is_replica();
    let hard = match (args.len(), args.get(2)) {
        (2, _) => false,
        (3, Some(word)) if is(word, "HARD") => true,
        (3, Some(word)) if is(word, "SOFT") => false,
        (3, _) => return Err(error::SYNTAX),
        _ => return Err(wrong_number_of_arguments(args)),
    };
    if !is_replica && !ctx.engine.databases[0].is_empty() {
        let text = "ERR CLUSTER RESET can't be called with master nodes containing keys";
        return Err(Error::new(text));
    }
    let changed = change(ctx, |cluster| {
        cluster.reset(hard);
        Ok(())
    });
    if is_replica {
        ctx.engine.empty_database(0);
        tracking::flushed(ctx.engine);
        disk::save_nothing(ctx.engine);
        ctx.propagate(&[b"FLUSHALL"]); // what is in the append-only file goes, too
    }
    changed?;
    reply.ok();
    Ok(())
}

/// `CLUSTER SET-CONFIG-EPOCH config-epoch`
pub fn set_config_epoch(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    state(ctx)?;
    let epoch = integer(args.at(2))?;
    change(ctx, |cluster| cluster.set_config_epoch(epoch))?;
    reply.ok();
    Ok(())
}

/// `CLUSTER BUMPEPOCH`
pub fn bumpepoch(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    let (bumped, epoch) = change(ctx, |cluster| {
        let bumped = cluster.bump_epoch().is_some();
        Ok((bumped, cluster.myself().config_epoch))
    })?;
    reply.simple(&format!("{} {epoch}", if bumped { "BUMPED" } else { "STILL" }));
    Ok(())
}

/// `CLUSTER SAVECONFIG`
pub fn saveconfig(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    state(ctx)?;
    cluster::tell(ctx.engine, |cluster| cluster.save_by_command());
    cluster::save_now(ctx.engine).map_err(not_kept)?;
    reply.ok();
    Ok(())
}

/// `CLUSTER COUNT-FAILURE-REPORTS node-id`
pub fn count_failure_reports(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let count = change(ctx, |cluster| {
        let key = cluster.known(args.at(2))?;
        Ok(cluster.count_reports(key))
    })?;
    reply.count(count);
    Ok(())
}
