//! ZREM, and removing a range.

use super::bounds::{By, Selection};
use super::{Args, Context, EventClasses, Reply, Result, SortedSet};

/// `ZREM key member [member ...]`
pub fn zrem(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let mut removed = 0;
    if let Some(zset) = ctx.write_as::<SortedSet>(&args[1])? {
        removed = args.iter().skip(2).filter(|member| zset.remove(member).is_some()).count();
    }
    if removed > 0 {
        ctx.modified(EventClasses::ZSET, "zrem", &args[1]);
        ctx.remove_if_gone::<SortedSet>(&args[1]);
    }
    reply.count(removed);
    Ok(())
}

/// `ZREMRANGEBYRANK key start stop`
pub fn zremrangebyrank(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    remove_range(ctx, args, By::Rank, "zremrangebyrank", reply)
}

/// `ZREMRANGEBYSCORE key min max`
pub fn zremrangebyscore(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    remove_range(ctx, args, By::Score, "zremrangebyscore", reply)
}

/// `ZREMRANGEBYLEX key min-member max-member`
pub fn zremrangebylex(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    remove_range(ctx, args, By::Lex, "zremrangebylex", reply)
}

fn remove_range(
    ctx: &mut Context<'_>,
    args: Args<'_>,
    by: By,
    event: &str,
    reply: &mut Reply,
) -> Result {
    let key = args.at(1);
    let selection = Selection::parse(by, args.at(2), args.at(3))?;
    let Some(zset) = ctx.write_as::<SortedSet>(key)? else {
        reply.integer(0);
        return Ok(());
    };
    let ranks = selection.ranks(zset, false);
    let (removed, all) = (ranks.len(), ranks.len() == zset.len());
    if !all {
        zset.remove_range(ranks);
    }
    if removed > 0 {
        ctx.modified(EventClasses::ZSET, event, key);
    }
    if all {
        // The whole value: freed where nobody waits for it.
        ctx.remove(key);
        ctx.notify(EventClasses::GENERIC, "del", key);
    }
    reply.count(removed);
    Ok(())
}
