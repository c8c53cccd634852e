//! DEBUG HTSTATS and HTSTATS-KEY: how evenly hash tables spread what they hold.
//!
//! The form is that of Redis, which people's scripts read. A chain is what shares a place: the keys of a
//! database that are at home in the same place of their sub-table, the members of a set in one bucket
//! (see [`crate::store::chains`]).

use std::fmt::Write;

use crate::command::context::Context;
use crate::command::error::{Error, NO_SUCH_KEY, Result};
use crate::number::parse_i64;
use crate::resp::Reply;
use crate::store::Value;
use crate::store::chains::Chains;

/// `DEBUG HTSTATS dbid`
pub fn of_database(ctx: &mut Context<'_>, db: &[u8], reply: &mut Reply) -> Result {
    let db = parse_i64(db).ok_or(crate::command::error::NOT_INTEGER)?;
    let keyspace = usize::try_from(db).ok().and_then(|db| ctx.engine.databases.get(db));
    let keyspace = keyspace.ok_or(Error::new("ERR Out of range database"))?;
    let mut text = String::from("[Dictionary HT]\n");
    describe(&keyspace.chains(), &mut text);
    text.push_str("[Expires HT]\n");
    describe(&keyspace.chains_of_deadlines(), &mut text);
    reply.verbatim("txt", text.as_bytes());
    Ok(())
}

/// `DEBUG HTSTATS-KEY key`
pub fn of_key(ctx: &mut Context<'_>, key: &[u8], reply: &mut Reply) -> Result {
    let chains = match ctx.peek(key).ok_or(NO_SUCH_KEY)? {
        Value::Set(set) => set.chains(),
        Value::Hash(hash) => hash.chains(),
        Value::SortedSet(zset) => zset.chains(),
        Value::Str(_) | Value::List(_) | Value::Stream(_) => None,
    };
    let chains = chains.ok_or(Error::new(
        "ERR The value stored at the specified key is not represented using an hash table",
    ))?;
    let mut text = String::new();
    describe(&chains, &mut text);
    reply.verbatim("txt", text.as_bytes());
    Ok(())
}

fn describe(chains: &Chains, text: &mut String) {
    text.push_str("Hash table 0 stats (main hash table):\n");
    let (places, entries, taken) = (chains.places(), chains.entries(), chains.taken());
    if entries == 0 {
        text.push_str("No stats available for empty dictionaries\n");
        return;
    }
    let longest = chains.lengths().next_back().map_or(0, |(length, _)| length);
    let average = entries as f64 / taken.max(1) as f64;
    let _ = write!(
        text,
        " table size: {places}\n number of elements: {entries}\n different slots: {taken}\n max \
         chain length: {longest}\n avg chain length (counted): {average:.2}\n avg chain length \
         (computed): {average:.2}\n Chain length distribution:\n"
    ); // a String takes all
    for (length, count) in chains.lengths() {
        let share = count as f64 / places as f64 * 100.0;
        let _ = writeln!(text, "   {length}: {count} ({share:.2}%)");
    }
}
