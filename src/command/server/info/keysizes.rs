//! INFO threads and keysizes, sections that came with Redis 8.
//!
//! ```text
//! db0_distrib_strings_sizes:1=3,64=17      three strings of one byte, seventeen of 64 to 127
//! db0_distrib_lists_items:2=1,1K=4
//! ```
//!
//! Redis keeps count of the sizes. We look at every key when we are asked, and so only when we are asked
//! by name: INFO with no argument must not take longer the more there is.

use std::collections::BTreeMap;

use super::Fields;
use crate::command::context::Context;
use crate::store::{Keyspace, Value};

/// INFO threads: what the threads of connections have done, all of them together.
pub fn threads(ctx: &mut Context<'_>, fields: &mut Fields) {
    let (stats, clients) = (&ctx.engine.stats, ctx.engine.clients.connected());
    let (reads, writes) = (stats.total_reads_processed, stats.total_writes_processed);
    fields.put("io_thread_0", format_args!("clients={clients},reads={reads},writes={writes}"));
}

/// What the types of data are called, each with what is counted.
const KINDS: [&str; 5] =
    ["strings_sizes", "lists_items", "sets_items", "zsets_items", "hashes_items"];

/// `INFO keysizes`
pub fn keysizes(ctx: &mut Context<'_>, fields: &mut Fields) {
    if !fields.is_named {
        return;
    }
    for (number, keyspace) in ctx.engine.databases.iter().enumerate() {
        for (kind, sizes) in KINDS.iter().zip(distribution(keyspace)) {
            let parts = sizes.into_iter().map(|(size, count)| format!("{}={count}", shown(size)));
            let parts: Vec<String> = parts.collect();
            if !parts.is_empty() {
                fields.put(format_args!("db{number}_distrib_{kind}"), parts.join(","));
            }
        }
    }
}

/// How many values of each kind are of which size, rounded down to a power of two.
fn distribution(keyspace: &Keyspace) -> [BTreeMap<usize, u64>; 5] {
    let mut found: [BTreeMap<usize, u64>; 5] = Default::default();
    for entry in keyspace.iter() {
        let (kind, size) = match &entry.value {
            Value::Str(text) => (0, text.len()),
            Value::List(list) => (1, list.len()),
            Value::Set(set) => (2, set.len()),
            Value::SortedSet(zset) => (3, zset.len()),
            Value::Hash(hash) => (4, hash.len()),
            Value::Stream(_) => continue,
        };
        let rounded = size.checked_ilog2().map_or(0, |log| 1 << log);
        *found[kind].entry(rounded).or_default() += 1;
    }
    found
}

/// A power of two, in units of 1024.
fn shown(size: usize) -> String {
    match size.checked_ilog2().unwrap_or(0) / 10 {
        0 => size.to_string(),
        1 => format!("{}K", size >> 10),
        2 => format!("{}M", size >> 20),
        _ => format!("{}G", size >> 30),
    }
}
