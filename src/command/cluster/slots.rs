//! CLUSTER ADDSLOTS, DELSLOTS, their ranges, FLUSHSLOTS and SETSLOT: whose slots are, by command.

use super::{change, state};
use crate::cluster::{SLOTS, Slot};
use crate::command::args::is;
use crate::command::context::Context;
use crate::command::error::{Error, Result};
use crate::number;
use crate::resp::{Args, Reply};

/// A slot's number.
pub fn slot(text: &[u8]) -> Result<Slot> {
    let number = number::parse_i64(text).and_then(|number| usize::try_from(number).ok());
    let slot = number.filter(|number| *number < SLOTS);
    slot.map(|slot| slot as Slot).ok_or(Error::new("ERR Invalid or out of range slot"))
}

fn list(args: Args<'_>) -> Result<Vec<Slot>> {
    args.iter().skip(2).map(slot).collect()
}

/// The slots of pairs of first and last.
fn ranges(args: Args<'_>) -> Result<Vec<Slot>> {
    if args.len() % 2 == 1 {
        let name = String::from_utf8_lossy(args.at(1)).to_lowercase();
        return Err(Error::arity(&format!("cluster|{name}")));
    }
    let mut slots = Vec::new();
    for index in (2..args.len()).step_by(2) {
        let (first, last) = (slot(args.at(index))?, slot(args.at(index + 1))?);
        if first > last {
            let text =
                format!("ERR start slot number {first} is greater than end slot number {last}");
            return Err(Error::text(text));
        }
        // Of more slots than there are one comes twice already: ranges that repeat take no more memory.
        if slots.len() <= SLOTS {
            slots.extend(first..=last);
        }
    }
    Ok(slots)
}

/// `CLUSTER ADDSLOTS slot [slot ...]`
pub fn addslots(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    state(ctx)?;
    let slots = list(args)?;
    change(ctx, |cluster| cluster.add_slots(&slots))?;
    reply.ok();
    Ok(())
}

/// `CLUSTER ADDSLOTSRANGE start-slot end-slot [start-slot end-slot ...]`
pub fn addslotsrange(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    state(ctx)?;
    let slots = ranges(args)?;
    change(ctx, |cluster| cluster.add_slots(&slots))?;
    reply.ok();
    Ok(())
}

/// `CLUSTER DELSLOTS slot [slot ...]`
pub fn delslots(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    state(ctx)?;
    let slots = list(args)?;
    change(ctx, |cluster| cluster.delete_slots(&slots))?;
    reply.ok();
    Ok(())
}

/// `CLUSTER DELSLOTSRANGE start-slot end-slot [start-slot end-slot ...]`
pub fn delslotsrange(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    state(ctx)?;
    let slots = ranges(args)?;
    change(ctx, |cluster| cluster.delete_slots(&slots))?;
    reply.ok();
    Ok(())
}

/// `CLUSTER FLUSHSLOTS`
pub fn flushslots(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    state(ctx)?;
    if !ctx.engine.databases[0].is_empty() {
        return Err(Error::new("ERR DB must be empty to perform CLUSTER FLUSHSLOTS."));
    }
    change(ctx, |cluster| {
        cluster.flush_slots();
        Ok(())
    })?;
    reply.ok();
    Ok(())
}

/// `CLUSTER SETSLOT slot <IMPORTING node-id|MIGRATING node-id|NODE node-id|STABLE>`
pub fn setslot(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    if state(ctx)?.is_replica() {
        return Err(Error::new("ERR Please use SETSLOT only with masters."));
    }
    let slot = slot(args.at(2))?;
    let keys = ctx.engine.databases[0].count_in_slot(slot);
    let action = args.at(3);
    change(ctx, |cluster| match args.get(4).filter(|_| args.len() == 5) {
        Some(id) if is(action, "MIGRATING") => cluster.migrate_slot(slot, id),
        Some(id) if is(action, "IMPORTING") => cluster.import_slot(slot, id),
        Some(id) if is(action, "NODE") => cluster.give_slot(slot, id, keys),
        None if is(action, "STABLE") && args.len() == 4 => {
            cluster.settle_slot(slot);
            Ok(())
        }
        _ => Err("Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP".into()),
    })?;
    reply.ok();
    Ok(())
}
