//! CLUSTER SLOT-STATS: how many keys each slot has, and what is done with them.

use super::state;
use crate::cluster::{SLOTS, Slot};
use crate::command::args::{Options, integer_in, is};
use crate::command::context::{Context, wrong_subcommand};
use crate::command::error::{self, Error, Result};
use crate::resp::{Args, Reply};

const INVALID_SLOT: Error = Error::new("ERR Invalid or out of range slot");

/// What is told of a slot. All but the first is there if it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Metric {
    KeyCount,
    CpuUsec,
    BytesIn,
    BytesOut,
}

const METRICS: [(Metric, &str); 4] = [
    (Metric::KeyCount, "key-count"),
    (Metric::CpuUsec, "cpu-usec"),
    (Metric::BytesIn, "network-bytes-in"),
    (Metric::BytesOut, "network-bytes-out"),
];

/// `CLUSTER SLOT-STATS <SLOTSRANGE start-slot end-slot|ORDERBY metric [LIMIT limit] [ASC|DESC]>`
///
/// Only slots of this shard are told of.
pub fn slot_stats(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let mut slots = slots_of_shard(ctx)?;
    if is(args.at(2), "SLOTSRANGE") && args.len() == 5 {
        let number = |text| integer_in(text, 0, SLOTS as i64 - 1, INVALID_SLOT);
        let (first, last) = (number(args.at(3))?, number(args.at(4))?);
        if first > last {
            return Err(Error::text(format!(
                "ERR Start slot number {first} is greater than end slot number {last}"
            )));
        }
        slots.retain(|slot| (first..=last).contains(&i64::from(*slot)));
    } else if is(args.at(2), "ORDERBY") && args.len() >= 4 {
        let (metric, limit, ascends) = parse_order(ctx, args)?;
        let mut ordered: Vec<(u64, Slot)> =
            slots.iter().map(|slot| (figure(ctx, *slot, metric), *slot)).collect();
        // Among equal ones, always the lowest slot first.
        ordered.sort_by_key(|(figure, _)| if ascends { *figure } else { u64::MAX - *figure });
        slots = ordered.into_iter().take(limit).map(|(_, slot)| slot).collect();
    } else {
        return Err(wrong_subcommand(args));
    }
    reply.array(slots.len());
    for slot in slots {
        reply.array(2);
        reply.integer(slot.into());
        let shown = METRICS.iter().filter(|(metric, _)| is_counted(ctx, *metric));
        reply.map(shown.clone().count());
        for (metric, name) in shown {
            reply.bulk(name.as_bytes());
            reply.integer(figure(ctx, slot, *metric) as i64);
        }
    }
    Ok(())
}

/// The metric, how many slots, and whether the least comes first.
fn parse_order(ctx: &Context<'_>, args: Args<'_>) -> Result<(Metric, usize, bool)> {
    const UNKNOWN: Error = Error::new("ERR Unrecognized sort metric for ORDERBY.");
    const AGAIN: Error = Error::new("ERR Multiple filters of the same type are disallowed.");
    const NO_LIMIT: Error =
        Error::new("ERR Limit has to lie in between 1 and 16384 (maximum number of slots).");
    let named = METRICS.iter().find(|(_, name)| is(args.at(3), name));
    let metric = named.map(|(metric, _)| *metric).filter(|metric| is_counted(ctx, *metric));
    let metric = metric.ok_or(UNKNOWN)?;
    let (mut limit, mut ascends) = (None, None);
    let mut options = Options::new(args, 4);
    while let Some(option) = options.next() {
        match option {
            _ if is(option, "LIMIT") && options.left() > 0 => {
                let number = integer_in(options.value()?, 1, SLOTS as i64, NO_LIMIT)?;
                if limit.replace(number as usize).is_some() {
                    return Err(AGAIN);
                }
            }
            _ if is(option, "ASC") || is(option, "DESC") => {
                if ascends.replace(is(option, "ASC")).is_some() {
                    return Err(AGAIN);
                }
            }
            _ => return Err(error::SYNTAX),
        }
    }
    Ok((metric, limit.unwrap_or(SLOTS), ascends.unwrap_or(false)))
}

fn is_counted(ctx: &Context<'_>, metric: Metric) -> bool {
    metric == Metric::KeyCount || ctx.engine.config.cluster_slot_stats_enabled
}

fn figure(ctx: &Context<'_>, slot: Slot, metric: Metric) -> u64 {
    let usage = ctx.engine.stats.slots.of(slot);
    match metric {
        Metric::KeyCount => ctx.engine.databases[0].count_in_slot(slot) as u64,
        Metric::CpuUsec => usage.busy_ns / 1000,
        Metric::BytesIn => usage.received,
        Metric::BytesOut => usage.sent,
    }
}

/// The slots of this node, or of its master.
fn slots_of_shard(ctx: &Context<'_>) -> Result<Vec<Slot>> {
    let cluster = state(ctx)?;
    let ranges = cluster.node(cluster.my_shard()).slots.ranges();
    Ok(ranges.flat_map(|(first, last)| first..=last).collect())
}
