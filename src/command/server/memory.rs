//! MEMORY: what a key takes, and where the memory is.

use crate::command::args::{Options, is};
use crate::command::context::Context;
use crate::command::error::{self, Result};
use crate::command::server::info::memory::{Memory, table_overhead};
use crate::number::format_human_bytes;
use crate::resp::{Args, Reply};
use crate::store::keyspace::Entry;
use crate::system::memory as process;

/// Elements of a large collection that are looked at when SAMPLES doesn't say.
const DEFAULT_SAMPLES: usize = 5;
/// What the keyspace's table keeps for a key beside its entry: a position and a tag, with the
/// room that a hash table leaves free.
const POSITION_SIZE: usize = 5;

/// The bytes that a key and its value take, the keyspace's share for it included.
pub fn size_of_entry(entry: &Entry, samples: usize) -> usize {
    size_of::<Entry>() + POSITION_SIZE + entry.key.heap_size() + entry.value.heap_size(samples)
}

/// `MEMORY USAGE key [SAMPLES count]`
pub fn memory_usage(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let mut samples = DEFAULT_SAMPLES;
    let mut options = Options::new(args, 3);
    while let Some(option) = options.next() {
        match option {
            _ if is(option, "SAMPLES") => {
                samples = usize::try_from(options.integer()?).map_err(|_| error::SYNTAX)?;
            }
            _ => return Err(error::SYNTAX),
        }
    }
    let keyspace = ctx.keyspace();
    match keyspace.find(&args[2]) {
        Ok(slot) => reply.count(size_of_entry(keyspace.entry(slot), samples)),
        Err(_) => reply.null(),
    }
    Ok(())
}

/// `MEMORY STATS`
pub fn memory_stats(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    let memory = Memory::measure(ctx.engine);
    let keys: usize = ctx.engine.databases.iter().map(|keyspace| keyspace.len()).sum();
    let since_start = memory.used - memory.startup;
    let (ratio, waste) = (memory.fragmentation(), memory.fragmentation_bytes());
    let used = memory.used as i64;
    let scripting = &ctx.engine.scripting;
    let later = |name, value| ctx.compat().shows_later_figures().then_some((name, value));
    let no_bytes = || Figure::Integer(0);
    let (eval, functions) = scripting.interpreter_bytes();
    let mut figures = vec![
        ("peak.allocated", Figure::Integer(memory.peak as i64)),
        ("total.allocated", Figure::Integer(used)),
        ("startup.allocated", Figure::Integer(memory.startup as i64)),
        ("replication.backlog", Figure::Integer(memory.backlog as i64)),
        ("clients.slaves", Figure::Integer(memory.replicas as i64)),
        ("clients.normal", Figure::Integer(memory.clients as i64)),
        ("cluster.links", Figure::Integer(ctx.engine.cluster_link_memory() as i64)),
        ("aof.buffer", Figure::Integer(memory.aof as i64)),
        ("lua.caches", Figure::Integer(scripting.script_bytes() as i64)),
        ("functions.caches", Figure::Integer(scripting.library_bytes() as i64)),
    ];
    figures.extend(later("replica.fullsync.buffer", no_bytes()));
    figures.extend(later("script.VMs", Figure::Integer((eval + functions) as i64)));
    let databases = ctx.engine.databases.iter().enumerate();
    let filled = databases.filter(|(_, keyspace)| !keyspace.is_empty());
    figures.extend(filled.map(|(db, keyspace)| {
        let slots = keyspace.slots_size() as u64;
        ("", Figure::Database { db, tables: table_overhead(keyspace) - slots, slots })
    }));
    figures.extend(later("overhead.db.hashtable.lut", no_bytes()));
    figures.extend(later("overhead.db.hashtable.rehashing", no_bytes()));
    figures.extend(later("db.dict.rehashing.count", no_bytes()));
    figures.extend(later("allocator.muzzy", no_bytes()));
    figures.extend([
        ("overhead.total", Figure::Integer(memory.overhead() as i64)),
        ("keys.count", Figure::Integer(keys as i64)),
        ("keys.bytes-per-key", Figure::Integer(since_start as i64 / keys.max(1) as i64)),
        ("dataset.bytes", Figure::Integer(memory.dataset() as i64)),
        ("dataset.percentage", Figure::Double(memory.dataset_percentage())),
        ("peak.percentage", Figure::Double(memory.peak_percentage())),
        ("allocator.allocated", Figure::Integer(used)),
        ("allocator.active", Figure::Integer(memory.resident as i64)),
        ("allocator.resident", Figure::Integer(memory.resident as i64)),
        ("allocator-fragmentation.ratio", Figure::Double(ratio)),
        ("allocator-fragmentation.bytes", Figure::Integer(waste)),
        ("allocator-rss.ratio", Figure::Double(1.0)),
        ("allocator-rss.bytes", Figure::Integer(0)),
        ("rss-overhead.ratio", Figure::Double(1.0)),
        ("rss-overhead.bytes", Figure::Integer(0)),
        ("fragmentation", Figure::Double(ratio)),
        ("fragmentation.bytes", Figure::Integer(waste)),
    ]);
    reply.map(figures.len());
    figures.into_iter().for_each(|(name, figure)| figure.write(name, reply));
    Ok(())
}

/// One line of MEMORY STATS.
enum Figure {
    Integer(i64),
    Double(f64),
    /// A database's number and the size of its tables, which hold deadlines as well, and of its index
    /// of slots.
    Database {
        db: usize,
        tables: u64,
        slots: u64,
    },
}

impl Figure {
    fn write(self, name: &str, reply: &mut Reply) {
        match self {
            Figure::Integer(value) => {
                reply.bulk(name.as_bytes());
                reply.integer(value);
            }
            Figure::Double(value) => {
                reply.bulk(name.as_bytes());
                reply.double(value);
            }
            Figure::Database { db, tables, slots } => {
                reply.bulk(format!("db.{db}").as_bytes());
                reply.map(3);
                reply.bulk(b"overhead.hashtable.main");
                reply.integer(tables as i64);
                reply.bulk(b"overhead.hashtable.expires");
                reply.integer(0);
                reply.bulk(b"overhead.hashtable.slot-to-keys");
                reply.integer(slots as i64);
            }
        }
    }
}

/// Below this much memory there is nothing to diagnose.
const TOO_LITTLE: u64 = 5 << 20;

/// `MEMORY DOCTOR`
pub fn memory_doctor(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    let memory = Memory::measure(ctx.engine);
    let connections = ctx.engine.clients.connected().max(1) as u64;
    let mut report = String::new();
    if memory.used < TOO_LITTLE {
        report.push_str("There is hardly any data: ask again when there is more.\n");
    } else {
        if memory.peak > memory.used / 2 * 3 {
            let peak = format_human_bytes(memory.peak);
            report.push_str(&format!(
                "* Peak: at some time {peak} were in use, half as much again as now. The \
                 operating system may not have got all of it back.\n"
            ));
        }
        if memory.fragmentation() > 1.4 && memory.fragmentation_bytes() > 10 << 20 {
            report.push_str(&format!(
                "* Fragmentation: resident memory is {:.2} times what is in use. MEMORY PURGE or \
                 a restart helps.\n",
                memory.fragmentation()
            ));
        }
        if memory.clients / connections > 200 << 10 {
            report.push_str(
                "* Clients: their buffers take more than 200 KB each on average. Some client may \
                 send huge requests, or not read its replies.\n",
            );
        }
        if report.is_empty() {
            report.push_str("No problem with memory was found.\n");
        }
    }
    reply.verbatim("txt", report.as_bytes());
    Ok(())
}

/// `MEMORY PURGE`
///
/// Without it, pages go back to the system when they were unused for a second.
pub fn memory_purge(_ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    process::purge();
    reply.ok();
    Ok(())
}

/// `MEMORY MALLOC-STATS`
pub fn memory_malloc_stats(_ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    let statistics = process::statistics();
    reply.bulk(statistics.as_deref().unwrap_or(b"Stats not supported for the current allocator"));
    Ok(())
}
