//! The figures of a look: what the engine counts anyway.

use serde_json::{Value, json};

use super::Database;
use crate::config::VERSION;
use crate::engine::Engine;
use crate::engine::append_only::AofState;
use crate::engine::background::Kind;
use crate::engine::contention::Durations;
use crate::engine::role::Link;
use crate::replication::failover::address_of;
use crate::system::memory;

/// Entries of the slow log that are shown.
const MOST_ENTRIES: usize = 16;

/// What one taking of the lock has shown.
pub struct Figures {
    pub(super) at_ms: i64,
    pub(super) server: Value,
    pub(super) lock: Value,
    pub(super) journal: Value,
    pub(super) memory: Value,
    pub(super) databases: Vec<Database>,
    /// The append-only file has yet to get what somebody waits for.
    pub(super) file_is_busy: bool,
}

/// Reads them.
pub fn read(engine: &mut Engine) -> Figures {
    let databases =
        engine.databases.iter().enumerate().filter(|(_, keyspace)| !keyspace.is_empty());
    let databases = databases.map(|(number, keyspace)| Database {
        number,
        keys: keyspace.len(),
        expiring: keyspace.expiring(),
    });
    let databases = databases.collect();
    let used = memory::used();
    let at_ms = engine.unix_ms();
    engine.stats.note_memory(used, at_ms / 1000);
    let writer = &engine.aof.writer;
    let is_on = engine.aof.state != AofState::Off;
    Figures {
        at_ms,
        server: server(engine),
        lock: json!({
            "waits": durations(&engine.contention.waited),
            "holds": durations(&engine.contention.held),
        }),
        journal: journal(engine),
        memory: json!({
            "used": used,
            "peak": engine.stats.used_memory_peak,
            "max": engine.config.maxmemory,
            "backlog": engine.replication.backlog.memory(),
            "startup": engine.startup_memory.min(used),
        }),
        databases,
        file_is_busy: is_on && (writer.buffered() > 0 || writer.is_syncing()),
    }
}

fn server(engine: &Engine) -> Value {
    let stats = &engine.stats;
    json!({
        "version": VERSION,
        "role": if engine.is_replica() { "replica" } else { "master" },
        "loading": engine.loading,
        "uptime_s": engine.clock.since(engine.started).as_secs(),
        "commands": stats.total_commands_processed,
        "ops_per_s": stats.operations.per_second(),
        "net_in": stats.total_net_input_bytes,
        "net_out": stats.total_net_output_bytes,
        "expired": stats.expired_keys,
        "expired_fields": stats.expired_subkeys,
        "evicted": stats.evicted_keys,
        "hits": stats.keyspace_hits,
        "misses": stats.keyspace_misses,
    })
}

/// How many took up to so many microseconds.
fn durations(durations: &Durations) -> Value {
    durations.buckets().map(|(end_ns, count)| json!([end_ns as f64 / 1000.0, count])).collect()
}

/// Where the effects of commands go, and how far they have come.
fn journal(engine: &Engine) -> Value {
    let (replication, aof) = (&engine.replication, &engine.aof);
    let (begin, len) = replication.backlog.range();
    let replicas = replication.replicas.iter().filter_map(|key| {
        let client = engine.clients.get(*key);
        let replica = client.replica.as_ref()?;
        let (ip, port) = address_of(client);
        Some(json!({
            "address": format!("{}:{port}", String::from_utf8_lossy(&ip)),
            "state": replica.phase.name(),
            "offset": replica.acknowledged,
            "lag_s": replica.lag_s(&engine.clock),
        }))
    });
    let replicas: Vec<Value> = replicas.collect();
    let master = replication.master.as_ref().map(|master| {
        let link = match master.link {
            Link::Up => "up",
            Link::Syncing => "syncing",
            _ => "down",
        };
        let lag_s =
            (master.link == Link::Up).then(|| engine.clock.since(master.last_heard).as_secs());
        json!({"address": format!("{}:{}", master.host, master.port), "link": link, "lag_s": lag_s})
    });
    json!({
        "offset": replication.offset(),
        "backlog_first": if replication.active { begin + 1 } else { 0 },
        "backlog_bytes": len,
        "backlog_size": engine.config.repl_backlog_size,
        "aof": {
            "on": aof.state != AofState::Off,
            "size": aof.writer.size(),
            "base_size": aof.base_size,
            "buffered": aof.writer.buffered(),
            "syncing": aof.writer.is_syncing(),
            "appended": aof.writer.appended(),
            "synced": aof.writer.synced(),
            "rewriting": engine.background.is_running(Kind::Rewrite),
        },
        "saving": {
            "running": engine.background.is_running(Kind::Save),
            "dirty": engine.dirty,
            "last_save_s": engine.saving.last_save,
            "ok": engine.saving.last_ok,
        },
        "replicas": replicas,
        "master": master,
    })
}

/// The newest entries of the slow log.
pub fn slowlog(engine: &mut Engine) -> Value {
    let entries = engine.command_logs.slow.entries().take(MOST_ENTRIES).map(|entry| {
        let args: Vec<_> = entry.args.iter().map(|arg| String::from_utf8_lossy(arg)).collect();
        json!({
            "id": entry.id,
            "at_s": entry.time_s,
            "took_us": entry.cost,
            "waited_us": entry.waited_us,
            "args": args,
            "client": entry.peer,
            "name": String::from_utf8_lossy(&entry.client_name),
        })
    });
    let entries: Vec<Value> = entries.collect();
    json!({"threshold_us": engine.config.slowlog_log_slower_than, "entries": entries})
}
