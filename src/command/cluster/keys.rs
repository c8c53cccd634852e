//! CLUSTER KEYSLOT, COUNTKEYSINSLOT, GETKEYSINSLOT: the keys of a slot.

use super::state;
use crate::cluster::{SLOTS, Slot};
use crate::command::context::Context;
use crate::command::error::{self, Error, Result};
use crate::number;
use crate::resp::{Args, Reply};
use crate::store::hash_slot::hash_slot;

/// `CLUSTER KEYSLOT key`
pub fn keyslot(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    state(ctx)?;
    reply.count(hash_slot(&args[2]).into());
    Ok(())
}

/// `CLUSTER COUNTKEYSINSLOT slot`
pub fn countkeysinslot(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    state(ctx)?;
    let slot = slot(integer(&args[2])?).ok_or(Error::new("ERR Invalid slot"))?;
    reply.count(ctx.keyspace().count_in_slot(slot));
    Ok(())
}

/// `CLUSTER GETKEYSINSLOT slot count`
pub fn getkeysinslot(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    state(ctx)?;
    let (number, count) = (integer(&args[2])?, integer(&args[3])?);
    let wanted = slot(number).zip(usize::try_from(count).ok());
    let (slot, count) = wanted.ok_or(Error::new("ERR Invalid slot or number of keys"))?;
    let keyspace = ctx.keyspace();
    reply.array_of(|reply| {
        let entries = keyspace.entries_in_slot(slot).take(count);
        entries.map(|entry| reply.bulk(&entry.key)).count()
    });
    Ok(())
}

fn integer(text: &[u8]) -> Result<i64> {
    number::parse_i64(text).ok_or(error::NOT_INTEGER)
}

fn slot(number: i64) -> Option<Slot> {
    Slot::try_from(number).ok().filter(|slot| usize::from(*slot) < SLOTS)
}
