//! INFO memory, and the figures that MEMORY STATS and MEMORY DOCTOR share with it.
//!
//! `used_memory` is what the program has allocated (see [`crate::system::memory`]). Part of it is overhead:
//! what the program had at the start, the tables of the keyspaces, the buffers of connections. The
//! rest is the data set. Figures of Redis' own allocator (`allocator_*`) are given as the same
//! numbers seen from outside: what is allocated, and what is resident.

use super::Fields;
use crate::command::context::Context;
use crate::engine::eviction::evict::not_counted;
use crate::engine::scripting::Scripting;
use crate::engine::{ClientKey, Engine};
use crate::store::{Bytes, Keyspace, Value};
use crate::system::memory as process;

/// The figures.
pub struct Memory {
    /// Bytes allocated.
    pub used: u64,
    /// The most there ever were.
    pub peak: u64,
    /// Bytes of physical memory.
    pub resident: u64,
    /// Bytes that were allocated before there was data.
    pub startup: u64,
    /// Bytes of all connections, replicas' excepted.
    pub clients: u64,
    /// Bytes of the replication stream that the backlog keeps,
    pub backlog: u64,
    /// and those that only replicas keep there, which have yet to read them.
    pub replicas: u64,
    /// Bytes that wait to be written to the append-only file.
    pub aof: u64,
    /// Bytes of the keyspaces' tables, beyond the keys and values that lie in them.
    pub tables: u64,
}

impl Memory {
    /// Takes the measures.
    pub fn measure(engine: &mut Engine) -> Self {
        let used = process::used();
        let now_s = engine.unix_ms() / 1000;
        engine.stats.note_memory(used, now_s);
        let is_client = |key: &ClientKey| !engine.clients.get(*key).is_replica();
        let of_client = |key| engine.clients.get(key).memory() as u64;
        let connections = engine.clients.connections().into_iter();
        let stream = engine.replication.backlog.memory();
        let backlog = match engine.replication.replicas.is_empty() {
            true => stream,
            false => stream.min(engine.config.repl_backlog_size),
        };
        Memory {
            used,
            peak: engine.stats.used_memory_peak,
            resident: process::resident(),
            startup: engine.startup_memory.min(used),
            clients: connections.filter(is_client).map(of_client).sum(),
            backlog,
            replicas: stream - backlog,
            aof: engine.aof.writer.buffered(),
            tables: engine.databases.iter().map(table_overhead).sum(),
        }
    }

    /// Bytes that are not data.
    pub fn overhead(&self) -> u64 {
        let buffers = self.clients + self.backlog + self.replicas + self.aof;
        (self.startup + buffers + self.tables).min(self.used)
    }

    /// Bytes of data.
    pub fn dataset(&self) -> u64 {
        self.used - self.overhead()
    }

    /// Percentage of data in what was allocated since the start.
    pub fn dataset_percentage(&self) -> f64 {
        percentage(self.dataset(), self.used - self.startup)
    }

    /// Percentage of the peak that is in use.
    pub fn peak_percentage(&self) -> f64 {
        percentage(self.used, self.peak)
    }

    /// Resident by used memory: what the allocator wastes, or keeps in reserve.
    pub fn fragmentation(&self) -> f64 {
        self.resident as f64 / self.used.max(1) as f64
    }

    /// The same as a difference.
    pub fn fragmentation_bytes(&self) -> i64 {
        self.resident as i64 - self.used as i64
    }
}

/// Bytes of a keyspace's tables that are neither keys nor values.
pub fn table_overhead(keyspace: &Keyspace) -> u64 {
    let contents = keyspace.len() * (size_of::<Bytes>() + size_of::<Value>());
    (keyspace.table_size() - contents) as u64
}

fn percentage(part: u64, whole: u64) -> f64 {
    part as f64 * 100.0 / whole.max(1) as f64
}

/// `INFO memory`
pub fn memory(ctx: &mut Context<'_>, fields: &mut Fields) {
    let memory = Memory::measure(ctx.engine);
    let config = &ctx.engine.config;
    fields.bytes("used_memory", memory.used);
    fields.bytes("used_memory_rss", memory.resident);
    fields.bytes("used_memory_peak", memory.peak);
    fields.put_later("used_memory_peak_time", ctx.engine.stats.used_memory_peak_s);
    fields.put("used_memory_peak_perc", format_args!("{:.2}%", memory.peak_percentage()));
    fields.put("used_memory_overhead", memory.overhead());
    fields.put("used_memory_startup", memory.startup);
    fields.put("used_memory_dataset", memory.dataset());
    fields.put("used_memory_dataset_perc", format_args!("{:.2}%", memory.dataset_percentage()));
    fields.put("allocator_allocated", memory.used);
    fields.put("allocator_active", memory.resident);
    fields.put("allocator_resident", memory.resident);
    fields.put_later("allocator_muzzy", 0);
    fields.bytes("total_system_memory", process::of_machine());
    scripts(&ctx.engine.scripting, fields);
    fields.bytes("maxmemory", config.maxmemory);
    fields.put("maxmemory_policy", config_value(ctx.engine, "maxmemory-policy"));
    ratios(&memory, fields);
    fields.put("mem_not_counted_for_evict", not_counted(ctx.engine));
    fields.put("mem_replication_backlog", memory.backlog);
    fields.put("mem_total_replication_buffers", memory.backlog + memory.replicas);
    fields.put_later("mem_replica_full_sync_buffer", 0);
    fields.put("mem_clients_slaves", memory.replicas);
    fields.put("mem_clients_normal", memory.clients);
    fields.put("mem_cluster_links", ctx.engine.cluster_link_memory());
    fields.put("mem_aof_buffer", memory.aof);
    fields.put("mem_allocator", process::ALLOCATOR_NAME);
    fields.put_later("mem_overhead_db_hashtable_rehashing", 0);
    fields.put("active_defrag_running", 0);
    fields.put("lazyfree_pending_objects", ctx.engine.lazy_free.pending_objects());
    fields.put("lazyfreed_objects", ctx.engine.lazy_free.freed_objects());
}

/// What scripts and functions take: their interpreters, and what is kept of them beside.
fn scripts(scripting: &Scripting, fields: &mut Fields) {
    let (eval, functions) = scripting.interpreter_bytes();
    let (scripts, libraries) = (scripting.script_bytes(), scripting.library_bytes());
    fields.put("used_memory_lua", eval);
    fields.put("used_memory_vm_eval", eval);
    fields.human("used_memory_lua", eval as u64);
    fields.put("used_memory_scripts_eval", scripts);
    fields.put("number_of_cached_scripts", scripting.script_count());
    fields.put("number_of_functions", scripting.function_count());
    fields.put("number_of_libraries", scripting.libraries().len());
    fields.put("used_memory_vm_functions", functions);
    fields.bytes("used_memory_vm_total", (eval + functions) as u64);
    fields.put("used_memory_functions", libraries);
    fields.bytes("used_memory_scripts", (scripts + libraries) as u64);
}

/// Where memory is lost between what was asked for and what the process has.
fn ratios(memory: &Memory, fields: &mut Fields) {
    let (ratio, bytes) = (memory.fragmentation(), memory.fragmentation_bytes());
    fields.put("allocator_frag_ratio", format_args!("{ratio:.2}"));
    fields.put("allocator_frag_bytes", bytes);
    fields.put("allocator_rss_ratio", "1.00");
    fields.put("allocator_rss_bytes", 0);
    fields.put("rss_overhead_ratio", "1.00");
    fields.put("rss_overhead_bytes", 0);
    fields.put("mem_fragmentation_ratio", format_args!("{ratio:.2}"));
    fields.put("mem_fragmentation_bytes", bytes);
}

/// A parameter as CONFIG GET shows it.
fn config_value(engine: &Engine, name: &str) -> String {
    let parameter = crate::config::lookup(name);
    let value = parameter.map_or_else(Vec::new, |(_, parameter)| (parameter.get)(&engine.config));
    String::from_utf8_lossy(&value).into_owned()
}
